"""Calibration of a coupled scenario: the sediment of its mean year, month by month, without anything else of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from watershed_c.assembly import assemble
from watershed_c.components.runoff_soil_loss import MorganMorganFinney
from watershed_c.components.soil_loss import HIGH, LOW
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.coupling import advance
from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.weather import normals
from watershed_c.kernels.sediment import route_dry
from watershed_c.processes import climate_of
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario

#: what soil loss of a month is made of, in the order of the loop; soil water where that is of runoff
_NEEDED = ("climate", "cropping", "soil_water", "flow_routing")
#: years of normals before those that count, in which soil water finds its level
_SETTLING = 5
#: kg -> t
_TONNES = 1e-3


class CalibratedScenario:
    """The mean year of a scenario: its normals over one cycle of its rotations, on the terrain and soil of the start.

    Soil loss and what limits transport are found once, month by month; a pair of coefficients then costs one pass of
    dry soil a month. Columns are not touched: no step ever asks for more soil than there is, K stays, nothing grows.

    Parameters
    ----------
    scenario : Scenario or path

    Raises
    ------
    ScenarioError
        What is wrong with it; water erosion is off, or of a model without such coefficients.
    """

    def __init__(self, scenario: Scenario | Path) -> None:
        chosen = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.scenario, self.file = chosen, str(scenario) if isinstance(scenario, Path) else chosen._file
        inputs = resolve(chosen, overwrite=True)
        assembly = assemble(inputs)
        self.watershed = w = assembly.watershed
        erosion = assembly.model.processes.get("water_erosion")
        if not isinstance(erosion, WaterErosion) or isinstance(erosion.loss, MorganMorganFinney):
            wrong = "must be on, with model rusle or musle: there are no transport capacity coefficients to find."
            raise ScenarioError(Problem(self.file, key="processes.water_erosion", expectation=wrong))
        self._erosion = erosion
        processes = {name: one for name, one in assembly.model.processes.items() if name in _NEEDED}
        if chosen.processes.water_erosion.model == "rusle":
            processes.pop("soil_water", None)
        processes["climate"] = climate_of(w, inputs, normals(inputs.climate))
        loss, clock = erosion.loss, assembly.model.clock
        loss.coefficient = 1.0, 1.0
        loss.follow_terrain()
        self.years = assembly.cycle_months / 12.0
        before = -(-_SETTLING * 12 // assembly.cycle_months) * assembly.cycle_months if "soil_water" in processes else 0
        self._months: list[tuple[np.ndarray, np.ndarray]] = []
        w.ledger.open()
        for number, step in enumerate(clock.before_start(before + assembly.cycle_months)):
            advance(w, processes, step)
            if number >= before * clock.steps_per_month:
                potential, capacity = np.zeros((2, w.elevation.size))
                loss.of_step(step.dt, potential, capacity)
                self._months.append((potential, capacity))
        kinds = loss.kinds()
        self._low, self._high = kinds == LOW, kinds == HIGH
        # sediment is measured in the channel, or where there is none beyond the land
        self._counted = np.flatnonzero(w.channel if w.channel.any() else ~w.is_soil)
        self._delivered = erosion.export.delivered()[self._counted]

    def river(self, low: float, high: float) -> float:
        """Sediment that enters the channel (leaves, where there is none), less what ponds in it keep, t yr-1."""
        w, erosion = self.watershed, self._erosion
        factor = np.where(self._low, low, np.where(self._high, high, 1.0))
        entered, load, eroded, passing = np.zeros((4, w.elevation.size))
        for potential, capacity in self._months:
            load[:] = 0.0
            route_dry(
                w.order, w.first_receiver, w.receivers, w.weights, w.is_soil, w.in_depression, erosion.trap,
                erosion._kept, potential, factor * capacity, load, eroded, passing,
            )  # fmt: skip
            entered += load
        return float(entered[self._counted] @ self._delivered) * w.cell_area / self.years * _TONNES
