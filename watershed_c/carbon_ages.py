"""How old the carbon of each cell is, how long what enters stays, and what a year's input is worth in time.

Storage is a stock; sequestration is what the input amounts to over the time it stays (:mod:`watershed_c.pools.ages`).
Both are taken here from the cell's own rates: means over a whole cycle of the rotations, of all its layers and of the
mixing between them. What erosion takes is no exit and what it lays down no input: the maps are of turnover.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from watershed_c.clock import Step
from watershed_c.components.base import Process
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.soil_column import SoilColumn, mixed_by_tillage
from watershed_c.pools import CompiledPoolModel
from watershed_c.pools.ages import carbon_sequestration, climate_benefit, mean_times
from watershed_c.state import Watershed

#: cells whose matrices are made together
CHUNK = 256
#: for run.json
CITATIONS = (
    "Sierra CA et al. (2021) The climate benefit of carbon sequestration. Biogeosciences 18, 1029-1048, "
    "doi:10.5194/bg-18-1029-2021",
    "Joos F et al. (2013) Carbon dioxide and climate impulse response functions for the computation of greenhouse gas "
    "metrics: a multi-model analysis. Atmos. Chem. Phys. 13, 2793-2825, doi:10.5194/acp-13-2793-2013",
)


class CarbonAges:
    """Watches the steps of a run and makes maps of ages and of what input is worth.

    Parameters
    ----------
    watershed : Watershed
    processes : mapping of str to Process
        With ``decomposition`` by a linear model.
    model : CompiledPoolModel
    cycle_months : int
        Of the rotations.
    horizon : float, yr
        Over which what remains of a year's input is added up.
    variables : sequence of str
        Of ``names.AGE_MAPS``.
    """

    def __init__(
        self,
        watershed: Watershed,
        processes: Mapping[str, Process],
        model: CompiledPoolModel,
        cycle_months: int,
        horizon: float,
        variables: Sequence[str],
    ) -> None:
        w = self._watershed = watershed
        decomposition = processes["decomposition"]
        assert isinstance(decomposition, Decomposition)
        self._decomposition, self._model, self._cycle = decomposition, model, cycle_months
        column = processes.get("soil_column")
        self._column = column if isinstance(column, SoilColumn) else None
        self._tills = "tillage_erosion" in processes
        self.horizon, self.variables = horizon, tuple(variables)
        shapes = {
            "modifier": decomposition.modifier.shape,
            "plant": w.units.inputs.shape,
            "amendment": w.units.inputs.shape,
            "tilled": (w.elevation.size, w.layer_bottom.size - 1),
        }
        #: means of the last whole cycle; sums of the one that has begun
        self._mean = {name: np.zeros(shape) for name, shape in shapes.items()}
        self._sum = {name: np.zeros(shape) for name, shape in shapes.items()}
        self._months = np.zeros(1, dtype=np.int64)

    def memory(self) -> dict[str, np.ndarray]:
        """What a restart must bring back."""
        tables = {f"{part}_{name}": values for part, table in (("mean", self._mean), ("sum", self._sum))
                  for name, values in table.items()}  # fmt: skip
        return {"months": self._months, **tables}

    def take(self, step: Step) -> None:
        """Look at a step that has been taken."""
        w, total = self._watershed, self._sum
        total["modifier"] += self._decomposition.modifier / (self._cycle * step.parts)
        years = self._cycle / 12.0
        total["plant"] += np.maximum(w.units.inputs - w.units.amendment, 0.0) / years
        total["amendment"] += w.units.amendment / years
        if self._tills:
            mixed_by_tillage(w, total["tilled"], years)
        self._months += step.ends_month
        if self._months[0] == self._cycle:
            self._months[0] = 0
            for name, values in total.items():
                self._mean[name][...] = values
                values[...] = 0.0

    def maps(self) -> dict[str, np.ndarray]:
        """Every variable (n); nan where nothing enters or a pool does not turn over."""
        w, cells = self._watershed, self._watershed.cells
        found = {name: np.full(w.elevation.size, np.nan) for name in self.variables}
        horizons = np.array([self.horizon])
        for part in np.array_split(cells, 1 + cells.size // CHUNK):
            inputs = self._inputs(part)
            matrix = self._matrix(part)
            whole = (inputs.sum(axis=1) > 0.0) & (np.diagonal(matrix, axis1=1, axis2=2) < 0.0).all(axis=1)
            part, inputs, matrix = part[whole], inputs[whole], matrix[whole]
            if not part.size:
                continue
            times = mean_times(matrix, inputs)
            values = {"cAge": times.age, "cTransit": times.transit}
            if "cSequestration" in self.variables:
                values["cSequestration"] = carbon_sequestration(matrix, inputs, horizons)[:, 0]
            if "climateBenefit" in self.variables:
                values["climateBenefit"] = climate_benefit(matrix, inputs, horizons)[:, 0]
            for name in self.variables:
                found[name][part] = values[name]
        return found

    def _inputs(self, cells: np.ndarray) -> np.ndarray:
        """What enters the pools that turn over, layer by layer (c, L P), kg C m-2 yr-1."""
        w = self._watershed
        unit, turning = w.unit[cells], ~self._model.inert
        plant = self._mean["plant"][unit] * w.input_scale[cells, None, None]
        total = (plant + self._mean["amendment"][unit])[:, :, turning]
        return np.ascontiguousarray(total.reshape(cells.size, -1))

    def _matrix(self, cells: np.ndarray) -> np.ndarray:
        """Turnover and mixing of the pools that turn over (c, L P, L P), yr-1, column = donor."""
        w, paths = self._watershed, self._model.pathways
        decomposition = self._decomposition
        turning = np.flatnonzero(~self._model.inert)
        position = np.full(self._model.inert.size, -1)
        position[turning] = np.arange(turning.size)
        count, layers, pools = cells.size, w.layer_bottom.size, turning.size
        rate = decomposition.rates[:, cells if decomposition.rates.shape[1] > 1 else np.zeros(count, dtype=np.int64)]
        matrix = np.zeros((count, layers, pools, layers, pools))
        modifier, coefficients = self._mean["modifier"][cells], decomposition.coefficients[cells]
        exchange = self._mean["tilled"][cells]
        if self._column is not None:
            exchange = exchange + self._column.exchange_rate()[cells]
        for layer in range(layers):
            here = matrix[:, layer, :, layer, :]
            for p, pool in enumerate(turning):
                here[:, p, p] -= rate[pool] * modifier[:, layer, paths.group[pool]]
            for source, to, number, group in zip(
                paths.source, paths.destination, paths.coefficient_index, paths.transfer_group, strict=True
            ):
                lost = rate[source] * modifier[:, layer, group]
                here[:, position[to], position[source]] += coefficients[:, number] * lost
        for layer in range(layers - 1):
            for p in range(pools):
                for giver, taker in ((layer, layer + 1), (layer + 1, layer)):
                    moved = exchange[:, layer] / w.reference[cells, giver]
                    matrix[:, giver, p, giver, p] -= moved
                    matrix[:, taker, p, giver, p] += moved
        return matrix.reshape(count, layers * pools, layers * pools)
