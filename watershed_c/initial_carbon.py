"""Initial carbon: where the pools stand when the run begins, and what plant input keeps them there (coupling rules
13-15).

Four ways. *steady*: the periodic steady state of the coupled model itself, lateral and substratum terms included
(14a); the plant input of each cell either is
what its land use gives or is found so that the stock equals the measured one. *history*: the steady state of an
earlier land use without erosion, then a coupled
run from clearing to the start (14b). *stable_cells*: the plant input that sustains the measured stock on cells that
hardly erode, given to all cells
of the land use; then the steady state with erosion (14c). *inversion*: plain inversion without erosion, which reads
eroded cells as low-input ones: it warns and tells the drift.

All rest on one solver: run a cycle of the coupled model, correct the pools towards the fixed point with each cell's
own mean rates
(``kernels/steady_column.py``), repeat. The correction is approximate, the fixed point is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from watershed_c.clock import Clock, Step
from watershed_c.components.base import Process
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.components.soil_column import mixed_by_tillage
from watershed_c.components.surface_residues import SurfaceResidues
from watershed_c.coupling import advance
from watershed_c.errors import ModelFailure
from watershed_c.kernels.steady_column import correct_columns
from watershed_c.names import STATE
from watershed_c.parallel import over_cells
from watershed_c.pools import PoolModel
from watershed_c.pools.steady import falloon_iom
from watershed_c.state import Watershed

#: relative change of the SOC stock per year at which the solver stops: a fiftieth of the 0.1 % per decade that users
#: are promised
TOLERANCE = 2e-6
#: change of the plant input of a cell, relative to its unit's, below which it is found (99 % of the cells)
SETTLED = 1e-3
#: largest relative difference from the measured stock, in any cell that gets plant input
MATCHED = 5e-4
#: the same, at which a solver that has made all its corrections is believed, with a warning: 0.1 % per decade
ACCEPTED = 1e-4
#: corrections after which the solver gives up; each contracts the defect by about ten
MOST_CORRECTIONS = 40
#: length of the control run whose drift is told, in whole cycles
CONTROL_MONTHS = 120
#: of a pool of a non-linear model that a correction leaves at least: none of its microbes may die of one
LEAST_SHARE = 0.2
#: of plant input relative to the given yields' that a correction reckons with at least
LEAST_RELATIVE = 1e-3
#: years of forcing that fill soil and groundwater before carbon is looked at
WATER_YEARS = 10
#: years that fill the surface with residues before carbon is looked at: resistant ones lie there for up to about 6
RESIDUE_YEARS = 30
#: m; depth of the stock Falloon's relation speaks of
FALLOON_DEPTH = 0.23
#: share of the cells of a land use, those with the least soil gain or loss, that count as stable: a choice, 0.1 to 0.5
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


@contextmanager
def _at_rest(processes: Mapping[str, Process]) -> Iterator[dict[str, Process]]:
    """The processes without what moves soil between cells: no water erosion, tillage only mixes, no component of
    others.
    """
    tillage = processes.get("tillage_erosion")
    scale = getattr(tillage, "scale", 0.0)
    still = {
        name: process
        for name, process in processes.items()
        if name != "water_erosion" and getattr(process, "elevation_change", "") != "flux"
    }
    try:
        if tillage is not None:
            tillage.scale = 0.0  # type: ignore[attr-defined]
        yield still
    finally:
        if tillage is not None:
            tillage.scale = scale  # type: ignore[attr-defined]


class Initialiser:
    """Brings a watershed to its initial carbon.

    Parameters
    ----------
    watershed : Watershed
        Soil, terrain and the carbonate rows are set.
    processes : mapping of str to Process
    model : PoolModel
    clock : Clock
    cycle_months : int
        Length of the cycle of climate and rotations.
    measured : Measured
    watch : callable of a step
        Called after each step of the control run, whose last cycle is that before the start.
    """

    def __init__(
        self,
        watershed: Watershed,
        processes: Mapping[str, Process],
        model: PoolModel,
        clock: Clock,
        cycle_months: int,
        measured: Measured,
        watch: Callable[[Step], None] | None = None,
    ) -> None:
        self.watershed, self.model, self.clock = watershed, model, clock
        # what is dissolved does not come back to the pools
        self.processes = {name: process for name, process in processes.items() if name != "dissolved_carbon"}
        self.cycle_months, self.measured, self.watch = cycle_months, measured, watch
        self.pools = watershed.constituents.of_group("soc")
        turning = np.flatnonzero(~model.inert)
        self.active = self.pools[turning]
        self.inert = self.pools[model.inert]
        position = np.full(model.inert.size, -1, dtype=np.int64)
        position[turning] = np.arange(turning.size)
        self._turning, self._paths = turning, model.pathways
        self._group = np.ascontiguousarray(self._paths.group[turning])
        self._source, self._destination = position[self._paths.source], position[self._paths.destination]
        thickness = watershed.layer_bottom - watershed.layer_top
        self._share = np.clip((measured.depth - watershed.layer_top) / thickness, 0.0, 1.0)
        self._falloon_share = np.clip((FALLOON_DEPTH - watershed.layer_top) / thickness, 0.0, 1.0)
        self._composed = False
        #: (n,) or 1: plant input of a cycle by what its crops yielded, per that of the given yields
        self._relative: np.ndarray | float = 1.0

    @property
    def pathways(self) -> tuple[np.ndarray, ...]:
        """Of the pools that turn over: group of each, donors, receivers, fraction and group of each transfer."""
        paths = self._paths
        return self._group, self._source, self._destination, paths.coefficient_index, paths.transfer_group

    # -- the four ways ----------------------------------------------------------------------------------------------
    def steady(self, *, match: bool) -> Report:
        """The periodic steady state of the coupled model; with ``match`` the plant input is found that holds the
        measured stock.
        """
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
            "plain inversion takes the measured stock for a steady state without erosion: eroding cells are read as "
            "low-input ones. "
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
        with self.state_kept():
            lost, gained = self._cycle(lateral=True)[:2]
            moved = np.abs(lost - gained)
        for unit in range(w.units.inputs.shape[0]):
            cells = w.cells[w.unit[w.cells] == unit]
            if cells.size:
                stable = cells[moved[cells] <= np.quantile(moved[cells], STABLE_SHARE)]
                w.input_scale[cells] = np.median(w.input_scale[stable])
        self._solve(report, lateral=True, match=False)
        self._compare(report, "predicted from stable cells")
        return self._finish(report, match=False)

    def history(self, years: int, natural_units: np.ndarray) -> Report:
        """Steady state without erosion under an earlier land use, then ``years`` of the coupled model from clearing
        to the start.

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
        terrain, carried = w.elevation.copy(), np.setdiff1d(np.arange(len(w.constituents)), [*self.pools, w.memory_row])
        measured = w.stocks[:, :, carried]
        self._advance(12 * years)
        # terrain, carbonate and tracers are known as they are at the start of the run; where soil came from is not
        w.elevation[:] = terrain
        w.stocks[:, :, carried] = measured
        w.ledger.open()
        report.lines.append(f"{years} years from clearing to the start")
        self._compare(report, "reached")
        return self._finish(report, match=False)

    def given(self, source: str) -> Report:
        """Stocks and plant input are set already, as ``source`` says."""
        report = Report("given")
        report.lines.append(f"stocks and plant input of {source}")
        if not self.watershed.water.any():
            self._fill_with_water()
        self.watershed.ledger.open()
        self._compare(report, "given")
        return self._finish(report, match=False)

    def passive(self, stocks: np.ndarray) -> Report:
        """The measured stocks (n, L) kg m-2 as they are: without decomposition SOC is moved and mixed, and nothing
        else.
        """
        w, report = self.watershed, Report("passive")
        slowest = self.model.slowest
        w.stocks[:, :, self.pools[slowest]] = stocks
        w.substratum[:, self.pools[slowest]] = self.measured.substratum
        self._fill_with_water()
        report.lines.append(
            f"without decomposition the measured SOC is passive; it is written as {self.model.pools[slowest]}"
        )
        return self._finish(report, match=False)

    # -- the solver -------------------------------------------------------------------------------------------------
    def _solve(self, report: Report, *, lateral: bool, match: bool) -> None:
        w = self.watershed
        years = self.cycle_months / 12.0
        cells = w.cells
        last_defect, relaxation = np.full(w.elevation.size, np.inf), np.ones(w.elevation.size)
        decomposition: Any = self.processes["decomposition"]
        self._leave_the_state_without_life()
        least = LEAST_SHARE if isinstance(decomposition, NonlinearDecomposition) else 0.0
        for correction in range(MOST_CORRECTIONS):
            before = w.stocks.copy()
            rising, sinking, modifier, inputs, exchange = self._cycle(lateral=lateral)
            carbonate = np.setdiff1d(np.arange(len(w.constituents)), self.active)
            w.stocks[:, :, carbonate] = before[:, :, carbonate]  # only the pools that turn over are sought
            defect = np.ascontiguousarray(w.stocks[:, :, self.active] - before[:, :, self.active])
            del before
            inert = w.stocks[:, :, self.inert].sum(axis=2) @ self._share
            old_scale = w.input_scale.copy()
            unit, gain = decomposition.response(modifier, inputs)
            np.multiply(w.input_scale, self._relative, out=w.input_scale)  # what multiplies the tables' input
            over_cells(
                correct_columns, cells, self.active, np.ascontiguousarray(decomposition.rates[self._turning]),
                *self.pathways, decomposition.coefficients, modifier, w.reference, rising, sinking, exchange, years,
                0.0, unit, gain, self._share, self.measured.stock - inert, w.input_scale, match, least, w.stocks,
                defect, last_defect, relaxation,
            )  # fmt: skip
            np.divide(w.input_scale, self._relative, out=w.input_scale)
            if match and w.has_residues:
                grown = np.divide(w.input_scale, old_scale, out=np.ones_like(old_scale), where=old_scale > 0.0)
                for lying in (w.residue, w.residue_cover, w.residue_nitrogen):
                    lying *= grown.reshape(-1, *(1,) * (lying.ndim - 1))
            self._set_inert(match)
            self._set_substratum()
            w.ledger.open()
            report.corrections += 1
            stock = w.stocks[cells][:, :, self.active].sum()
            change = np.abs(defect[cells].sum(axis=(1, 2))).sum() / max(stock, 1e-300) / years
            moved = np.quantile(np.abs(w.input_scale[cells] - old_scale[cells]), 0.99) if match else 0.0
            settled = correction > 1 and change < TOLERANCE and moved < SETTLED
            missed = self._missed() if match else 0.0
            if settled and missed < MATCHED:
                return
        if change >= ACCEPTED:
            raise ModelFailure(
                f"no steady state was found in {MOST_CORRECTIONS} corrections: SOC still changes by {change:.1e} per "
                'year. Try carbon.initial.method = "history"'
            )
        if not settled:
            report.warnings.append(
                f"the steady state is not sharp: SOC still changes by {change:.1e} of itself per year"
            )
        if missed >= MATCHED:
            report.warnings.append(f"the measured SOC is matched to {100.0 * missed:.2f} % in the worst cell")

    def _leave_the_state_without_life(self) -> None:
        """A non-linear model has a steady state without microbes too: start it near the one with them."""
        w, decomposition = self.watershed, self.processes["decomposition"]
        if isinstance(decomposition, NonlinearDecomposition) and not w.stocks[:, :, self.active].any():
            names = ("climate", "cropping", "soil_water")
            processes = {name: process for name, process in self.processes.items() if name in names}

            def forcings() -> Iterator[float]:
                for step in self.clock.before_start(self.cycle_months):
                    self.take(processes, step)
                    yield step.dt

            decomposition.start_from_steady_state(forcings())
            w.ledger.open()

    def _missed(self) -> float:
        """Largest relative difference from the measured stock among the cells whose plant input can be changed."""
        w = self.watershed
        cells = w.cells[(w.input_scale[w.cells] > 0.0) & (self.measured.stock[w.cells] > 0.0)]
        stock = w.stocks[cells][:, :, self.pools].sum(axis=2) @ self._share
        return float(np.abs(stock / self.measured.stock[cells] - 1.0).max(initial=0.0))

    def _cycle(self, *, lateral: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """One cycle of the coupled model from the present state, elevation held; ``lateral``: whether soil moves.

        Returns, per year: soil lost and gained, by steps in which a cell does the one or the other (n,), mean modifier
        (n, L), input (U, L, P), exchange (n, L-1).
        """
        with nullcontext(self.processes) if lateral else _at_rest(self.processes) as processes:
            return self.observe(processes)

    def observe(
        self, processes: Mapping[str, Process]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """See :meth:`_cycle`."""
        w = self.watershed
        years = self.cycle_months / 12.0
        decomposition, column = self.processes["decomposition"], processes.get("soil_column")
        moved = w.ledger.map_of("soil", "lateral")
        lost, gained = np.zeros(moved.size), np.zeros(moved.size)
        elevation = w.elevation.copy()
        modifier = np.zeros_like(decomposition.modifier)  # type: ignore[attr-defined]
        inputs = np.zeros((w.units.inputs.shape[0], w.layer_bottom.size, self.active.size))
        exchange = np.zeros((w.elevation.size, w.layer_bottom.size - 1))
        if column is not None:
            exchange += column.exchange_rate()  # type: ignore[attr-defined]
        turning, residues = self._turning, processes.get("surface_residues")
        if isinstance(residues, SurfaceResidues):
            residues.entered = np.zeros(w.units.inputs.shape)
        crops, given, grown = w.crops, np.zeros(moved.size), np.zeros(moved.size)
        for step in self.clock.before_start(self.cycle_months):
            moved[:] = 0.0
            self.take(processes, step)
            lost -= np.minimum(moved, 0.0) / years
            gained += np.maximum(moved, 0.0) / years
            modifier += decomposition.modifier / (self.cycle_months * step.parts)  # type: ignore[attr-defined]
            plant = np.maximum(w.units.inputs - w.units.amendment, 0.0)
            inputs += plant[:, :, turning] / years
            if crops is not None:
                of_cell = plant.sum(axis=(1, 2))[w.unit]
                given += of_cell
                grown += of_cell * crops.relative
            if "tillage_erosion" in processes:
                mixed_by_tillage(w, exchange, years)
        if isinstance(residues, SurfaceResidues) and residues.entered is not None:
            inputs += residues.entered[:, :, turning] / years
            residues.entered = None
        w.elevation[:] = elevation
        if crops is not None:
            relative = np.divide(grown, given, out=np.ones(given.size), where=given > 0.0)
            self._relative = np.maximum(relative, LEAST_RELATIVE)
        return lost, gained, modifier, inputs, exchange

    def _advance(self, months: int, watch: Callable[[Step], None] | None = None) -> None:
        """Take the coupled model through the last months before the start."""
        for step in self.clock.before_start(months):
            self.take(self.processes, step)
            if watch is not None:
                watch(step)

    def take(self, processes: Mapping[str, Process], step: Step) -> None:
        """A step before the start of the run, proven by the ledger as a whole."""
        ledger = self.watershed.ledger
        every_process, ledger.every_process = ledger.every_process, False
        try:
            advance(self.watershed, processes, step)
        finally:
            ledger.every_process = every_process

    @contextmanager
    def state_kept(self, processes: Mapping[str, Process] | None = None) -> Iterator[None]:
        """What happens inside is looked at and undone; what processes write anew in every step is not."""
        w, processes = self.watershed, processes or self.processes
        contracts = [contract for process in processes.values() for contract in process._info.items()]
        changed = {field for field, contract in contracts if contract["intent"] == "inout"}
        names = {name for name in w.state_arrays() if STATE[name].name in changed} | {"elevation"}
        kept = {name: getattr(w, name).copy() for name in names}
        owed = [] if w.mineralisation is None else [w.mineralisation.owed, w.mineralisation.returned]
        if w.crops is not None and w.crops.needed.any():  # a season is under way, and what it took is not in the soil
            owed += [w.crops.needed, w.crops.taken]
        kept_too = [values.copy() for values in owed]
        yield
        for name, values in kept.items():
            getattr(w, name)[...] = values
        for values, before in zip(owed, kept_too, strict=True):
            values[...] = before
        w.ledger.open()

    def _compare(self, report: Report, which: str) -> None:
        """Tell the stock that came out beside the one measured."""
        cells = self.watershed.cells
        stock = self.watershed.stocks[:, :, self.pools].sum(axis=2) @ self._share
        ratio = stock[cells] / np.maximum(self.measured.stock[cells], 1e-12)
        report.lines.append(f"stock {which} over measured: median {np.median(ratio):.3f}")

    def _fill_with_water(self) -> None:
        """Bring soil water, groundwater and moisture deficit to their cycle."""
        w = self.watershed
        names = {"climate", "cropping", "soil_water"}
        years, stocks = WATER_YEARS, None
        if w.has_residues:
            names |= {"decomposition", "surface_residues"}
            years, stocks = RESIDUE_YEARS, w.stocks.copy()
        processes = {name: process for name, process in self.processes.items() if name in names}
        months = self.cycle_months * max(1, round(12 * years / self.cycle_months))
        w.ledger.open()
        for step in self.clock.before_start(months):
            self.take(processes, step)
        if stocks is not None:
            w.stocks[:] = stocks
            if w.mineralisation is not None:
                w.mineralisation.returned[:] = 0.0  # in years without crops that take it
            w.ledger.open()

    def _set_inert(self, match: bool) -> None:
        """Inert carbon by Falloon on the 0-23 cm stock, evaluated here only and a tracer ever after (rule 13).

        Its content per mineral mass is the same at all depths and below the profile: a column that sinks into its
        substratum then keeps it.
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
        if w.bedrock is not None:
            lowest = w.layer_bottom.size - 1 - w.bedrock.empty
            deepest = w.stocks[np.arange(lowest.size), lowest][:, self.active]
        total = deepest.sum(axis=1)
        share = np.divide(deepest, total[:, None], out=np.zeros_like(deepest), where=total[:, None] > 0.0)
        rest = self.measured.substratum - w.substratum[:, self.inert].sum(axis=1)
        w.substratum[:, self.active] = share * np.maximum(rest, 0.0)[:, None]

    def _finish(self, report: Report, match: bool) -> Report:
        w = self.watershed
        months = self.cycle_months * math.ceil(CONTROL_MONTHS / self.cycle_months)
        lost = w.ledger.map_of("soil", "lateral")
        with self.state_kept():
            lost[:] = 0.0
            before = w.stocks[w.cells][:, :, self.pools].sum()
            self._advance(months, self.watch)
            after = w.stocks[w.cells][:, :, self.pools].sum()
            report.net_erosion = -lost * 12.0 / months
        report.drift_per_decade = float((after - before) / before * 120.0 / months) if before > 0.0 else 0.0
        low, middle, high = np.quantile(w.input_scale[w.cells], [0.05, 0.5, 0.95])
        report.scale_quantiles = (float(low), float(middle), float(high))
        report.without_input = int((w.input_scale[w.cells] <= 0.0).sum())
        report.lines.append(
            f"drift of a no-change control run: {100.0 * report.drift_per_decade:+.4f} % of SOC per decade"
        )
        if match:
            report.lines.append(
                f"plant input found, relative to the land use's own: median {middle:.2f}, 5-95 % {low:.2f}-{high:.2f}"
            )
            if report.without_input:
                report.lines.append(
                    f"{report.without_input} cells hold more carbon than measured without any plant input"
                )
            outside = (w.input_scale[w.cells] < 0.5) | (w.input_scale[w.cells] > 2.0)
            if outside.any():
                report.warnings.append(
                    "the plant input that holds the measured SOC is less than half or more than twice what "
                    "land use and yield give in "
                    f"{100.0 * outside.mean():.1f} % of the cells (rule 15): check SOC, yields or the depth profile"
                )
        w.ledger.start_afresh()
        return report
