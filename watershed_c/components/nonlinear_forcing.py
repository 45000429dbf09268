"""What a non-linear pool model sees in each layer: arguments of its rates, inputs, and what slows it at depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.components.rate_environment import LayerByLayer
from watershed_c.kernels import nonlinear_decomposition as steps
from watershed_c.kernels.rate_modifiers import depth_shares
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.pools.nonlinear_model import NonlinearPoolModel

#: cells looked at together where slopes or steady states are sought
CHUNK = 1024
#: state of air and soil at which a model must have rates on every cell: degC; factor or m3 m-3
TEMPERATE, MOIST = 10.0, 0.3


class Forcing:
    """The present state of air, soil and plants as the kernel of a model takes it.

    Parameters
    ----------
    watershed : Watershed
    model : NonlinearPoolModel
    first_row : int
        Of the pools among the constituents.
    depth_scale : float, m
    properties, of_units : mapping
        As :class:`watershed_c.components.nonlinear_decomposition.NonlinearDecomposition`.

    Attributes
    ----------
    factor : (n, L, 2)
        Product of the moisture laws, and what slows all rates at depth.
    parameters, in_time : as the kernel takes them
    """

    def __init__(
        self,
        watershed: Watershed,
        model: NonlinearPoolModel,
        first_row: int,
        depth_scale: float,
        properties: Mapping[str, np.ndarray],
        of_units: Mapping[str, np.ndarray],
    ) -> None:
        w = self._watershed = watershed
        self._model, self._first_row, self._dt = model, first_row, 1.0 / 12.0
        self.parameters, self.in_time = model.vector, steps.RATES_IN_TIME[model.kernel_name]
        above, below = depth_shares(w.layer_top, w.layer_bottom, model.calibration_depth, depth_scale)
        self._environment = LayerByLayer(w, model, above + below, first_row)
        self.warnings = self._environment.warnings
        self.factor = np.ones((*w.water.shape, 2))
        self._nominal = w.layer_bottom - w.layer_top
        self._thickness = np.empty(w.water.shape)
        self._follow_thickness()
        self._find_arguments(properties, of_units)
        self._check_rates()

    def _find_arguments(self, properties: Mapping[str, np.ndarray], of_units: Mapping[str, np.ndarray]) -> None:
        """Where each argument of the model's rates comes from."""
        w, model = self._watershed, self._model
        absent = sorted(set(model.properties) - {"clay", "bulk_density", *properties, *of_units})
        if absent:
            raise ValueError(f"model {model.name} needs soil properties that are not there: {', '.join(absent)}")
        moisture = steps.MOISTURE
        if model.moisture_unit != "-":
            moisture = steps.VOLUMETRIC
            if not (w.saturation[w.cells] > 0.0).all():
                raise ValueError(f"model {model.name} works with the water of each layer: soil_water must be on")
        known = {"temperature": steps.TEMPERATURE, "moisture": moisture, "thickness": steps.THICKNESS,
                 "bulk_density": steps.DENSITY}  # fmt: skip
        kind: list[int] = []
        column: list[int] = []
        cell_values: list[np.ndarray] = []
        unit_values: list[np.ndarray] = []
        self._clay_row = self._ph_row = -1
        for name in model.arguments:
            column.append(0)
            if name in known:
                kind.append(known[name])
            elif name in of_units:
                kind.append(steps.SCALED if model.of_plant_input.get(name) == "amount" else steps.OF_UNIT)
                column[-1] = len(unit_values)
                unit_values.append(np.asarray(of_units[name], dtype=np.float64))
            else:
                kind.append(steps.OF_CELL)
                column[-1] = len(cell_values)
                if name == "clay":
                    self._clay_row = len(cell_values)
                elif name == "ph":
                    self._ph_row = len(cell_values)
                cell_values.append(100.0 * w.clay if name == "clay" else np.array(properties[name], dtype=np.float64))
                model.properties[name].check(cell_values[-1][w.cells])
        self._kind, self._column = np.array(kind, dtype=np.int64), np.array(column, dtype=np.int64)
        self._of_cell = np.array(cell_values).reshape(len(cell_values), w.clay.size)
        self._of_unit = np.array(unit_values).reshape(len(unit_values), w.units.inputs.shape[0])

    def _check_rates(self) -> None:
        """Rates of a temperate month must be there on every cell."""
        w, kernel, cells = self._watershed, self._model.kernel, self._watershed.cells
        arguments = np.full((self._kind.size, cells.size), MOIST)
        for a, (kind, column) in enumerate(zip(self._kind, self._column, strict=True)):
            if kind == steps.TEMPERATURE:
                arguments[a] = TEMPERATE
            elif kind == steps.THICKNESS:
                arguments[a] = self._thickness[cells, 0]
            elif kind == steps.DENSITY:
                arguments[a] = w.bulk_density[cells, 0]
            elif kind == steps.OF_CELL:
                arguments[a] = self._of_cell[column, cells]
            elif kind in (steps.OF_UNIT, steps.SCALED):
                arguments[a] = self._of_unit[column, w.unit[cells]]
        rate = np.empty((len(kernel.RATES), cells.size))
        kernel.rates(*arguments, self.parameters, rate)
        bad = np.flatnonzero(~np.isfinite(rate).all(axis=0))
        if bad.size:
            place = ", ".join(f"{n} = {v:g}" for n, v in zip(self._model.arguments, arguments[:, bad[0]], strict=True))
            raise ValueError(f"model {self._model.name} has no rates in {bad.size} cells, first where {place}")

    def follow(self, dt: float) -> None:
        """Factors and properties of the present state."""
        self._dt = dt
        if self._clay_row >= 0:
            np.multiply(self._watershed.clay, 100.0, out=self._of_cell[self._clay_row])
        if self._ph_row >= 0 and self._watershed.ph.size:
            depth, bounds = self._model.calibration_depth, self._model.properties["ph"]
            self._of_cell[self._ph_row] = self._watershed.mean_ph(depth, bounds)
        if self._watershed.bedrock is not None:
            self._follow_thickness()
        self._environment.update(self.factor, dt)

    def _follow_thickness(self) -> None:
        """Of the fine earth of each layer, (n, L) m: without stones, and what rock leaves of it."""
        np.divide(self._nominal, self._watershed.of_fine_earth(np.ones(self._thickness.shape)), out=self._thickness)

    def inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Of plants and amendments, (U, L, P); a difference of round-off must not take carbon from the soil."""
        units = self._watershed.units
        amendment = np.ascontiguousarray(units.amendment, dtype=np.float64)
        return np.maximum(units.inputs - amendment, 0.0), amendment

    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels of :mod:`watershed_c.kernels.nonlinear_decomposition` take between rows and parameters."""
        w = self._watershed
        of_unit = np.ascontiguousarray(w.by_rows(self._of_unit.T, layered=False).T)
        return (
            w.rows_of_units(), *map(w.by_rows, self.inputs()), w.plant_scale, w.input_scale, w.temperature,
            w.layer_temperature, self.factor, w.water, self._thickness, w.bulk_density, self._of_cell, of_unit,
            self._kind, self._column,
        )  # fmt: skip

    def lanes(self, more: float = 0.0) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Chunks of cells (c), and state (P, cL), rates (Q, cL) and inputs (P, cL) per year of their layers now.

        ``more`` is added to the plant input of each cell, relative to its unit's.
        """
        w, kernel = self._watershed, self._model.kernel
        forcing = list(self.arrays())
        forcing[3:5] = (scale + more for scale in forcing[3:5])
        for first in range(0, w.cells.size, CHUNK):
            cells = w.cells[first : first + CHUNK]
            state, inputs, arguments, slowing = self._gather(cells, self._first_row, forcing)
            rate = np.empty((len(kernel.RATES), slowing.size))
            kernel.rates(*arguments, self.parameters, rate)
            steps.slow(rate, self.in_time, slowing)
            yield cells, state, rate, inputs

    def twin(
        self, cells: np.ndarray, row: int, plant: np.ndarray, amendment: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """State (P, cL) and inputs (P, cL) per year of a twin in the layers of ``cells``, whose rows begin at ``row``.

        ``plant`` and ``amendment`` (U, L, P) are those of the twin.
        """
        forcing = list(self.arrays())
        forcing[1:3] = map(self._watershed.by_rows, (plant, amendment))
        state, inputs, *_ = self._gather(cells, row, forcing)
        return state, inputs

    def _gather(self, cells: np.ndarray, row: int, forcing: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        pools, lanes = len(self._model.pools), cells.size * self._nominal.size
        state, inputs = np.empty((pools, lanes)), np.empty((pools, lanes))
        arguments, slowing = np.empty((self._kind.size, lanes)), np.empty(lanes)
        gather: Any = steps.gather
        gather(cells, 0, self._watershed.stocks, row, *forcing, self._dt, state, inputs, arguments, slowing)
        return state, inputs, arguments, slowing
