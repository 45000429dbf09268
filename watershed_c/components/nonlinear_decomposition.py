"""Turnover of soil organic carbon in every layer by a model with microbes, whose fluxes are not linear in the pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.components.nonlinear_forcing import Forcing
from watershed_c.components.nonlinear_slopes import slopes_of_pools, slopes_of_twins
from watershed_c.components.released_nitrogen import follow_nitrogen
from watershed_c.kernels.nonlinear_decomposition import ADVANCE, fastest_loss, halvings
from watershed_c.kernels.nonlinear_runs import CARRY_TWIN
from watershed_c.kernels.rate_modifiers import DEPTH_SCALE
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.pools.nonlinear_model import NonlinearPoolModel

#: share of the mean input of a column that every layer gets where a first steady state is sought: what mixing brings
BROUGHT_BY_MIXING = 0.01


class NonlinearDecomposition(Process):
    """Carry the pools of a non-linear carbon model over the step, respire, make DOC, and add the input of cropping.

    Runs after climate, cropping and soil water of the same step, and before dissolved carbon. Input enters evenly
    during the step.

    Parameters
    ----------
    watershed : Watershed
        Its constituents hold the model's pools as consecutive rows of the group ``soc``; ``units.inputs`` has
        as many pools.
    model : NonlinearPoolModel
        Clay and bulk density are the watershed's own; other properties that it needs are given in ``properties`` and
        ``of_units``.
    depth_scale : float, m, at least 0.01
        Depth over which all rates fall to 1/e below the calibration depth of the model, where the model has that
        modifier. ``math.inf``: no decline.
    doc_fraction : float, 0 to 1
        Share of what would be respired that becomes dissolved organic carbon, of models that leach none themselves.
    dissolved : bool
        Whether dissolved carbon takes up what the model leaches; without, it is booked as respired.
    substep_days : float, d, above 0 to 31
        Longest substep; default the model's own. It is halved in cells where a pool lives too short for it.
    properties : mapping name -> (n,)
        What the model wants to know of the soil beside clay and bulk density, in its units.
    of_units : mapping name -> (U,)
        What it wants to know of the plant input of a management unit; its amount in a year (kg C m-2 yr-1) is scaled
        with the plant input of the cell.
    twins : IsotopeTwins, optional
        14C and 13C of the pools.

    Attributes
    ----------
    for_twins : bool
        Whether `modifier` is that of the twins: fluxes over the stocks they leave.

    Raises
    ------
    ValueError
        A parameter is out of range, or model and watershed do not fit.

    Notes
    -----
    Equations: :mod:`watershed_c.kernels.mimics`, :mod:`watershed_c.kernels.millennial`, and of the twins
    :mod:`watershed_c.kernels.nonlinear_twins`;
    docs/processes/decomposition.md.
    """

    _name = "NonlinearDecomposition"
    _info = info(
        reads=(
            "temperature", "precipitation", "pet", "clay", "bulk_density", "unit", "input_scale", "water",
            "field_capacity", "wilting_point", "saturation",
        ),
        changes=("stocks",),
        writes=("respired", "doc_produced"),
        may_write=("doc_produced_c14", "doc_produced_c13"),
    )  # fmt: skip
    ledger_terms = Decomposition.ledger_terms
    transforms = ("soc", "c14", "c13")
    changes_only = ("soc", "c14", "c13")

    def __init__(
        self,
        watershed: Watershed,
        model: NonlinearPoolModel,
        *,
        depth_scale: float = DEPTH_SCALE,
        doc_fraction: float = 0.0,
        dissolved: bool = False,
        substep_days: float | None = None,
        properties: Mapping[str, np.ndarray] | None = None,
        of_units: Mapping[str, np.ndarray] | None = None,
        twins: IsotopeTwins | None = None,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        if not depth_scale >= 0.01:
            raise ValueError(f"depth_scale must be at least 0.01 m, is {depth_scale}")
        if not 0.0 <= doc_fraction <= 1.0:
            raise ValueError(f"doc_fraction must be 0 to 1, is {doc_fraction}")
        if substep_days is not None and not 0.0 < substep_days <= 31.0:
            raise ValueError(f"substep_days must be above 0 to 31, is {substep_days}")
        rows = w.constituents.of_group("soc")
        if tuple(w.constituents.names[row] for row in rows) != model.pools or (np.diff(rows) != 1).any():
            raise ValueError(
                f"the soc rows must be {', '.join(model.pools)} of {model.name}, one after the other"
            )
        if w.units.inputs.shape[2] != len(model.pools):
            raise ValueError(
                f"units.inputs has {w.units.inputs.shape[2]} pools, {model.name} has {len(model.pools)}"
            )
        self.model, self.twins, self.for_twins = model, twins, False
        self._cite_as = "" if twins is None else twins.citation
        self.substep_days = model.substep_days if substep_days is None else substep_days
        self._doc = (0.0, float(dissolved)) if model.leaches else (float(doc_fraction), 0.0)
        self._first_row, self._pools = int(rows[0]), len(model.pools)
        self._amount = w.work(0)
        self._forcing = Forcing(w, model, self._first_row, depth_scale, properties or {}, of_units or {})
        self.warnings.extend(self._forcing.warnings)
        if model.leaches and not dissolved:
            self.warnings.append(
                f"processes.dissolved_carbon is off: what {model.name} leaches is booked as respired, there being no "
                "soil water to take it"
            )
        # the matrix of the search for the initial carbon stands in `modifier` alone
        self.rates, self.coefficients = np.ones((self._pools, 1)), np.ones((w.clay.size, 1))

    # -- a step -----------------------------------------------------------------------------------------------------
    def run_one_step(self, dt: float) -> None:
        """Advance by ``dt`` (yr) and book it."""
        w, model = self.watershed, self.model
        forcing = self._forcing
        forcing.follow(dt)
        plant, amendment = forcing.inputs()
        fixed = (*forcing.arrays(), forcing.parameters, forcing.in_time)
        fewest, finer = model.substeps(dt, self.substep_days), self._halvings(dt)
        if self.twins is not None:  # they go through the step with the pools as they are before it

            def turnover(row: int, slower: float, plant: np.ndarray, amendment: np.ndarray, *left: np.ndarray) -> None:
                self._turn_over(row, slower, plant, amendment, fewest << finer, dt, *left)

            self.twins.run_one_step(turnover, plant, amendment, dt)
        follow_nitrogen(w, w.cells, self._first_row, plant, amendment, before=True)
        for often in np.unique(finer):
            over_cells(
                ADVANCE[model.kernel_name], w.cells[finer == often], w.stocks, self._first_row, *fixed,
                fewest << int(often), *self._doc, dt, w.respired, w.doc_produced,
            )  # fmt: skip
        follow_nitrogen(w, w.cells, self._first_row, plant, amendment, before=False)
        amount = self._amount
        np.take(plant.sum(axis=(1, 2)), w.unit, out=amount, mode="clip")
        amount *= w.plant_scale
        w.ledger.book("plant_input", "soc", amount)
        np.take(amendment.sum(axis=(1, 2)), w.unit, out=amount, mode="clip")
        w.ledger.book("amendment", "soc", amount)
        w.ledger.book("respired", "soc", w.respired, factor=-1.0)
        if max(self._doc) > 0.0:
            w.ledger.book("doc_production", "soc", w.doc_produced, factor=-1.0)

    def _turn_over(
        self, row: int, slower: float, plant: np.ndarray, amendment: np.ndarray, substeps: np.ndarray, dt: float,
        respired: np.ndarray, dissolved: np.ndarray,
    ) -> None:  # fmt: skip
        """Carry the twin whose rows begin at ``row`` over the step, in as many substeps as each cell (c) takes."""
        w, layers, first, (of_respired, of_leached) = self.watershed, self.watershed.layer_bottom.size, 0, self._doc
        for cells, state, rate, inputs in self._forcing.lanes():
            twin, entering = self._forcing.twin(cells, row, plant, amendment)
            count = np.repeat(substeps[first : first + cells.size], layers)
            out, solute = np.empty((2, count.size))
            over_cells(
                CARRY_TWIN[self.model.kernel_name], np.argsort(count, kind="stable"), state, twin, rate, inputs,
                entering, slower, dt, count, out, solute,
            )  # fmt: skip
            for p in range(self._pools):
                w.stocks[cells, :, row + p] = twin[p].reshape(-1, layers)
            in_water = of_respired * out + of_leached * solute
            dissolved[cells] = in_water.reshape(-1, layers)
            respired[cells] = (out + solute - in_water).reshape(-1, layers)
            first += cells.size

    def _halvings(self, dt: float) -> np.ndarray:
        """How often the substep is halved in each of the cells (c): Runge-Kutta must follow the fastest pool."""
        cells = self.watershed.cells
        result = np.zeros(cells.size, dtype=np.int64)
        if self.model.kernel_name != "millennial":  # MIMICS has no pool that lives for less than weeks
            return result
        longest, first = dt / self.model.substeps(dt, self.substep_days), 0
        for chunk, state, rate, inputs in self._forcing.lanes():
            loss = np.empty(state.shape[1])
            fastest_loss(state, rate, inputs, loss)
            result[first : first + chunk.size] = halvings(loss.reshape(chunk.size, -1).max(axis=1), longest)
            first += chunk.size
        return result

    # -- the search for the initial carbon --------------------------------------------------------------------------
    @property
    def modifier(self) -> np.ndarray:
        """Slopes of the fluxes at the present state, yr-1: (n, L, P (P + 1)), as ``model.pathways`` has them; the last
        P are those with the plant input of the cell, kg C m-2 yr-1, and nothing for the twins.
        """
        w = self.watershed
        result = np.zeros((w.clay.size, w.layer_bottom.size, self._pools * (self._pools + 1)))
        slopes = slopes_of_twins if self.for_twins else slopes_of_pools
        slopes(self.model, self._forcing, result)
        return result

    def response(self, modifier: np.ndarray, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n) of a table (n, L, P) of what each pool gains a year per plant input of the unit, at first."""
        pools = self._pools
        return np.arange(modifier.shape[0]), np.ascontiguousarray(modifier[:, :, pools * pools :])

    def start_from_steady_state(self, forcings: Iterator[float]) -> None:
        """Fill every layer with the steady state of its mean rates and inputs, alone.

        Parameters
        ----------
        forcings : iterator of float
            Each turn brings the forcing of a step to the watershed; yields its length, yr.
        """
        w, years, mean = self.watershed, 0.0, []  # type: ignore[var-annotated]
        for dt in forcings:
            self._forcing.follow(dt)
            now = [(cells, rate * dt, inputs * dt) for cells, _, rate, inputs in self._forcing.lanes()]
            mean = [(c, r + s, i + j) for (c, r, i), (_, s, j) in zip(mean, now, strict=True)] if mean else now
            years += dt
        layers, guess = w.layer_bottom.size, np.array(self.model.kernel.RESIDENCE_YEARS)[:, None]
        for cells, rate, inputs in mean:
            inputs = inputs.reshape(self._pools, cells.size, layers) / years
            brought = BROUGHT_BY_MIXING * inputs.mean(axis=2, keepdims=True) * (w.reference[cells] > 0.0)
            inputs = (inputs + brought).reshape(self._pools, -1)
            state = self.model.steady_state(rate / years, inputs)
            state = np.where(np.isfinite(state), state, guess * inputs.sum(axis=0))
            for p in range(self._pools):
                w.stocks[cells, :, self._first_row + p] = state[p].reshape(-1, layers)
