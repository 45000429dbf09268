"""Initial carbon: where the pools stand when the run begins, and what plant input keeps them there (coupling rules 13-15).

Four ways. *steady*: the periodic steady state of the coupled model itself, lateral and substratum terms included (14a); the plant input of each cell either is
what its land use gives or is found so that the stock equals the measured one. *history*: the steady state of an earlier land use without erosion, then a coupled
run from clearing to the start (14b). *stable_cells*: the plant input that sustains the measured stock on cells that hardly erode, given to all cells
of the land use; then the steady state with erosion (14c). *inversion*: plain inversion without erosion, which reads eroded cells as low-input ones: it warns and tells the drift.

All rest on one solver: run a cycle of the coupled model, correct the pools towards the fixed point with each cell's own mean rates
(``kernels/steady_column.py``), repeat. The correction is approximate, the fixed point is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from watershed_c.clock import Clock, Step
from watershed_c.components.base import Process
from watershed_c.coupling import advance
from watershed_c.errors import ModelFailure
from watershed_c.kernels.steady_column import correct_columns
from watershed_c.parallel import over_cells
from watershed_c.pools import CompiledPoolModel
from watershed_c.pools.steady import falloon_iom
from watershed_c.state import Watershed

#: processes that move soil between cells
LATERAL = ("water_erosion", "tillage_erosion")
#: relative change of the SOC stock per year at which the solver stops: a fiftieth of the 0.1 % per decade that users are promised
TOLERANCE = 2e-6
#: change of the plant input of a cell, relative to its unit's, below which it is found (99 % of the cells)
SETTLED = 1e-3
#: corrections after which the solver gives up; each contracts the defect by about ten
MOST_CORRECTIONS = 40
#: years of forcing that fill soil and groundwater before carbon is looked at
WATER_YEARS = 10
#: m; depth of the stock Falloon's relation speaks of
FALLOON_DEPTH = 0.23
#: share of the cells of a land use, those with the least soil gain or loss, that count as stable
STABLE_SHARE = 1.0 / 3.0


@dataclass
class Measured:
    """What is known of the carbon at the start.

    Attributes
    ----------
    stock : (n,) kg m-2, SOC from the surface to ``depth``
    depth : float, m
    substratum : (n,) kg SOC per kg mineral below the profile
    """

    stock: np.ndarray
    depth: float
    substratum: np.ndarray


@dataclass
class Report:
    """What was assumed and reached."""

    method: str
    corrections: int = 0
    drift_per_decade: float = 0.0
    scale_quantiles: tuple[float, float, float] = (1.0, 1.0, 1.0)
    without_input: int = 0
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    net_erosion: np.ndarray | None = None


class Initialiser:
    """Brings a watershed to its initial carbon.

    Parameters
    ----------
    watershed : Watershed
        Soil, terrain and the carbonate rows are set.
    processes : mapping of str to Process
    model : CompiledPoolModel
    clock : Clock
    cycle_months : int
        Length of the cycle of climate and rotations.
    measured : Measured
    """

    def __init__(
        self,
        watershed: Watershed,
        processes: Mapping[str, Process],
        model: CompiledPoolModel,
        clock: Clock,
        cycle_months: int,
        measured: Measured,
    ) -> None:
        self.watershed, self.processes, self.model, self.clock = watershed, dict(processes), model, clock
        self.cycle_months, self.measured = cycle_months, measured
        self.pools = watershed.constituents.of_group("soc")
        turning = np.flatnonzero(model.rates > 0.0)
        self.active = self.pools[turning]
        self.inert = self.pools[model.rates == 0.0]
        position = np.full(model.rates.size, -1, dtype=np.int64)
        position[turning] = np.arange(turning.size)
        self._rates = np.ascontiguousarray(model.rates[turning])
        self._source, self._destination = position[model.source], position[model.destination]
        thickness = watershed.layer_bottom - watershed.layer_top
        self._share = np.clip((measured.depth - watershed.layer_top) / thickness, 0.0, 1.0)
        self._falloon_share = np.clip((FALLOON_DEPTH - watershed.layer_top) / thickness, 0.0, 1.0)
        self._composed = False

    # -- the four ways ----------------------------------------------------------------------------------------------
    def steady(self, *, match: bool) -> Report:
        """The periodic steady state of the coupled model; with ``match`` the plant input is found that holds the measured stock."""
        report = Report("steady")
        self._fill_with_water()
        self._solve(report, lateral=True, match=match)
        return self._finish(report, match)

    def inversion(self) -> Report:
        """Plain inversion at a steady state without erosion."""
        report = Report("inversion")
        self._fill_with_water()
        self._solve(report, lateral=False, match=True)
        report = self._finish(report, match=True)
        report.warnings.append(
            "plain inversion takes the measured stock for a steady state without erosion: eroding cells are read as low-input ones. "
            f"With erosion on and nothing changed, SOC drifts by {100.0 * report.drift_per_decade:+.3f} % per decade; "
            'carbon.initial.method = "steady" includes erosion'
        )
        return report

    def stable_cells(self) -> Report:
        """Plant input by land use from its stable cells, then the steady state with erosion."""
        report = Report("stable_cells")
        w = self.watershed
        self._fill_with_water()
        self._solve(report, lateral=False, match=True)
        moved = np.abs(self._observe_cycle(lateral=True))
        for unit in range(w.units.inputs.shape[0]):
            cells = w.cells[w.unit[w.cells] == unit]
            if cells.size:
                stable = cells[moved[cells] <= np.quantile(moved[cells], STABLE_SHARE)]
                w.input_scale[cells] = np.median(w.input_scale[stable])
        self._solve(report, lateral=True, match=False)
        predicted = w.stocks[:, :, self.pools].sum(axis=2) @ self._share
        ratio = predicted[w.cells] / np.maximum(self.measured.stock[w.cells], 1e-12)
        report.lines.append(f"stock predicted from stable cells over measured: median {np.median(ratio):.3f}")
        return self._finish(report, match=False)

    def history(self, years: int, natural_units: np.ndarray) -> Report:
        """Steady state without erosion under an earlier land use, then ``years`` of the coupled model from clearing to the start.

        Parameters
        ----------
        years : int
        natural_units : (n,) int64
            Management unit of each node before clearing.
        """
        report = Report("history")
        w = self.watershed
        present = w.unit.copy()
        w.unit[:] = natural_units
        self._fill_with_water()
        self._solve(report, lateral=False, match=False)
        w.unit[:] = present
        months = 12 * years
        for month in range(months):
            advance(w, self.processes, self._before_start(months - month))
        report.lines.append(f"{years} years from clearing to the start")
        return self._finish(report, match=False)

    # -- the solver -------------------------------------------------------------------------------------------------
    def _solve(self, report: Report, *, lateral: bool, match: bool) -> None:
        w = self.watershed
        years = self.cycle_months / 12.0
        cells = w.cells
        last_defect, relaxation = np.full(w.elevation.size, np.inf), np.ones(w.elevation.size)
        for correction in range(MOST_CORRECTIONS):
            before = w.stocks.copy()
            net_erosion, modifier, inputs, exchange = self._cycle(lateral=lateral)
            carbonate = np.setdiff1d(np.arange(len(w.constituents)), self.active)
            w.stocks[:, :, carbonate] = before[:, :, carbonate]  # only the pools that turn over are sought
            defect = np.ascontiguousarray(w.stocks[:, :, self.active] - before[:, :, self.active])
            inert = w.stocks[:, :, self.inert].sum(axis=2) @ self._share
            old_scale = w.input_scale.copy()
            over_cells(
                correct_columns, cells, self.active, self._rates, self._source, self._destination, self.model.coefficient_index,
                self.processes["decomposition"].coefficients, modifier, w.reference, net_erosion, exchange, years, w.unit, inputs,  # type: ignore[attr-defined]
                self._share, self.measured.stock - inert, w.input_scale, match, w.stocks, defect, last_defect, relaxation,
            )  # fmt: skip
            self._set_inert(match)
            self._set_substratum()
            w.ledger.open()
            report.corrections += 1
            stock = w.stocks[cells][:, :, self.active].sum()
            change = np.abs(defect[cells].sum(axis=(1, 2))).sum() / max(stock, 1e-300) / years
            moved = np.quantile(np.abs(w.input_scale[cells] - old_scale[cells]), 0.99) if match else 0.0
            if correction > 1 and change < TOLERANCE and moved < SETTLED:
                return
        raise ModelFailure(
            f"no steady state was found in {MOST_CORRECTIONS} corrections: SOC still changes by {change:.1e} per year. "
            'Try carbon.initial.method = "history"'
        )

    def _cycle(self, *, lateral: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """One cycle of the coupled model from the present state; elevation is held. Net erosion (n,), mean modifier (n, L), input (U, L, P), exchange (n, L-1), per year."""
        w = self.watershed
        years = self.cycle_months / 12.0
        processes = self.processes if lateral else {k: v for k, v in self.processes.items() if k not in LATERAL}
        lost = w.ledger.map_of("soil", "lateral")
        lost[:] = 0.0
        elevation = w.elevation.copy()
        modifier = np.zeros(w.mineral.shape)
        inputs = np.zeros((w.units.inputs.shape[0], w.layer_bottom.size, self.active.size))
        exchange = self.processes["soil_column"].exchange_rate() if "soil_column" in processes else np.zeros((w.elevation.size, w.layer_bottom.size - 1))  # type: ignore[attr-defined]
        turning = np.flatnonzero(self.model.rates > 0.0)
        for month in range(self.cycle_months):
            advance(w, processes, self._before_start(self.cycle_months - month))
            modifier += self.processes["decomposition"].modifier / self.cycle_months  # type: ignore[attr-defined]
            inputs += np.maximum(w.units.inputs - w.units.amendment, 0.0)[:, :, turning] / years
            for event in w.units.tillage if lateral else ():
                within = w.layer_bottom[:-1] < event.depth
                tilled = w.unit == event.unit
                exchange[np.ix_(tilled, within)] += event.efficiency / years * w.reference[np.ix_(tilled, np.append(within, False))]
        w.elevation[:] = elevation
        return -lost / years, modifier, inputs, exchange

    def _observe_cycle(self, *, lateral: bool) -> np.ndarray:
        """Net erosion (n,) kg m-2 yr-1 over a cycle, the state left as it was."""
        w = self.watershed
        kept = {name: values.copy() for name, values in w.state_arrays().items()}
        net_erosion = self._cycle(lateral=lateral)[0]
        for name, values in w.state_arrays().items():
            values[...] = kept[name]
        w.ledger.open()
        return net_erosion

    def _fill_with_water(self) -> None:
        """Bring soil water, groundwater and moisture deficit to their cycle."""
        w = self.watershed
        names = ("climate", "cropping", "soil_water")
        processes = {name: process for name, process in self.processes.items() if name in names}
        months = self.cycle_months * max(1, round(12 * WATER_YEARS / self.cycle_months))
        w.ledger.open()
        for month in range(months):
            advance(w, processes, self._before_start(months - month))

    def _set_inert(self, match: bool) -> None:
        """Inert carbon by Falloon on the 0-23 cm stock, evaluated here only and a tracer ever after (rule 13).

        Its content per mineral mass is the same at all depths and below the profile: a column that sinks into its substratum then keeps it.
        """
        w = self.watershed
        if not self.inert.size:
            return
        active = w.stocks[:, :, self.active].sum(axis=2)
        top = active @ self._falloon_share
        if match:
            iom = falloon_iom(top / np.maximum(active @ self._share, 1e-12) * self.measured.stock)
        else:
            iom = np.zeros_like(top)
            for _ in range(30):
                iom = falloon_iom(top + iom)
        mass = w.reference @ self._falloon_share
        content = np.divide(iom, mass, out=np.zeros_like(iom), where=mass > 0.0)
        w.stocks[:, :, self.inert[0]] = content[:, None] * w.reference
        w.substratum[:, self.inert[0]] = np.minimum(content, self.measured.substratum)

    def _set_substratum(self) -> None:
        """Carbon below the profile: the given content, what is not inert composed like the deepest layer."""
        w = self.watershed
        deepest = w.stocks[:, -1, self.active]
        total = deepest.sum(axis=1)
        share = np.divide(deepest, total[:, None], out=np.zeros_like(deepest), where=total[:, None] > 0.0)
        rest = self.measured.substratum - w.substratum[:, self.inert].sum(axis=1)
        w.substratum[:, self.active] = share * np.maximum(rest, 0.0)[:, None]

    def _before_start(self, months: int) -> Step:
        """The step so many months before the start of the run."""
        first = self.clock.start_year * 12 + self.clock.start_month - months
        return Step(-months, first // 12, first % 12, 1.0 / 12.0)

    def _finish(self, report: Report, match: bool) -> Report:
        w = self.watershed
        kept = {name: values.copy() for name, values in w.state_arrays().items()}
        before = w.stocks[w.cells][:, :, self.pools].sum()
        report.net_erosion = self._cycle(lateral=True)[0]
        after = w.stocks[w.cells][:, :, self.pools].sum()
        report.drift_per_decade = float((after - before) / before * 120.0 / self.cycle_months) if before > 0.0 else 0.0
        for name, values in w.state_arrays().items():
            values[...] = kept[name]
        low, middle, high = np.quantile(w.input_scale[w.cells], [0.05, 0.5, 0.95])
        report.scale_quantiles = (float(low), float(middle), float(high))
        report.without_input = int((w.input_scale[w.cells] <= 0.0).sum())
        report.lines.append(f"drift of a no-change control run: {100.0 * report.drift_per_decade:+.4f} % of SOC per decade")
        if match:
            report.lines.append(f"plant input found, relative to the land use's own: median {middle:.2f}, 5-95 % {low:.2f}-{high:.2f}")
            outside = (w.input_scale[w.cells] < 0.5) | (w.input_scale[w.cells] > 2.0)
            if outside.any():
                report.warnings.append(
                    f"the plant input that holds the measured SOC is less than half or more than twice what land use and yield give in "
                    f"{100.0 * outside.mean():.1f} % of the cells (rule 15): check SOC, yields or the depth profile"
                )
        w.ledger.start_afresh()
        return report
