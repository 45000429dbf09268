"""The farming calendar: what every management unit shows and receives this month, or in this part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.soil_water import MOST
from watershed_c.names import info
from watershed_c.state import TillageEvent, Watershed

if TYPE_CHECKING:
    from watershed_c.management.tables import UnitTables

#: dates that a message names
MOST_DATES = 5
HYDROLOGIC_GROUPS = ("A", "B", "C", "D")


class Cropping(Process):
    """Set cover, crop coefficient, curve number, queued carbon input and tillage passes of every unit for the month.

    It queues and books nothing: decomposition adds the input and books it, tillage takes the passes.

    Parameters
    ----------
    watershed : Watershed
        With one row of ``units`` per unit of the tables and as many pools as ``allocate`` gives.
    tables : UnitTables
    allocate : callable
        ``allocate(kind, **quality)``: shares (P) of the pools, as ``PoolModel.allocate_known`` of the model.
    first_year : int
        Calendar year in which a unit of offset 0 is in the first year of its rotation.
    hydrologic_group : {"A", "B", "C", "D"}
        Column of the curve numbers (TR-55).
    changes : sequence of (month, nodes, unit, field)
        Cells that belong to another unit and field from that month on, counted since year 0; each (c,) int64. Of two
        of a month the later one holds.

    Raises
    ------
    ValueError
        The tables do not fit the watershed, or the group is unknown.
    """

    _name = "Cropping"
    _info = info(changes=("unit", "field"))
    _cite_as = """@article{bolinder2007,
  author = {Bolinder, M. A. and Janzen, H. H. and Gregorich, E. G. and Angers, D. A. and VandenBygaart, A. J.},
  title = {An approach for estimating net primary productivity and annual carbon inputs to soil for common
           agricultural crops in Canada},
  journal = {Agriculture, Ecosystems and Environment}, volume = {118}, pages = {29--42}, year = {2007}}
@techreport{renard1997,
  author = {Renard, K. G. and Foster, G. R. and Weesies, G. A. and McCool, D. K. and Yoder, D. C.},
  title = {Predicting soil erosion by water: a guide to conservation planning with the Revised Universal Soil Loss
           Equation (RUSLE)}, institution = {USDA Agriculture Handbook 703}, year = {1997}}"""

    def __init__(
        self,
        watershed: Watershed,
        *,
        tables: UnitTables,
        allocate: Callable[..., np.ndarray],
        first_year: int,
        hydrologic_group: str = "B",
        changes: Sequence[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = (),
    ) -> None:
        super().__init__(watershed)
        if hydrologic_group not in HYDROLOGIC_GROUPS:
            raise ValueError(f"hydrologic_group must be one of {', '.join(HYDROLOGIC_GROUPS)}, is {hydrologic_group!r}")
        self.tables = tables
        self.first_month = 12 * first_year
        #: by month: nodes, and their units and fields from then on
        self.changes: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for month, nodes, unit, field in changes:
            soil = watershed.is_soil[nodes]
            nodes, unit, field = nodes[soil], unit[soil], field[soil]
            if month in self.changes:
                earlier = self.changes[month]
                nodes, unit, field = (np.concatenate(of) for of in zip(earlier, (nodes, unit, field), strict=True))
            self.changes[month] = nodes, unit, field
        self.group = HYDROLOGIC_GROUPS.index(hydrologic_group)
        self.inputs, self.amendment = tables.by_pool(allocate)
        self.c4_inputs, self.c4_amendment = tables.of_c4_plants(allocate)
        expected, found = self.inputs.shape[1:], watershed.units.inputs.shape
        if expected != found:
            raise ValueError(f"the tables have (units, layers, pools) = {expected}, the watershed has {found}")
        if tables.irrigates:
            watershed.irrigate()
        self.late = tables.late(first_year)
        for what, days in self.late.items():
            more = f" and in {len(days) - MOST_DATES} other years" if len(days) > MOST_DATES else ""
            dates = f"{', '.join(days[:MOST_DATES])}{more}"
            self.warnings.append(f"{what} before its temperature sum is reached, at the latest date: {dates}")
        used = watershed.unit[watershed.cells]
        if used.size and not 0 <= used.min() <= used.max() < expected[0]:
            raise ValueError(f"cells have units {used.min()} to {used.max()}, the tables have {expected[0]}")

    def findings(self) -> dict[str, float]:
        """Years in which something is done though the temperature sum that dates it is not reached."""
        return {f"{what} before its temperature sum, years": float(len(days)) for what, days in self.late.items()}

    def run_one_step(self, dt: float) -> None:
        """Turn the calendar to the month of the watershed's step, ``dt`` in yr.

        Part of a month gets that part of the month's input; passes are queued for the first step of their month.
        """
        state, tables, part = self.watershed.units, self.tables, dt * 12.0
        month = self.watershed.calendar_month - self.first_month
        if self.watershed.month_begins and self.watershed.calendar_month in self.changes:
            nodes, unit, field = self.changes[self.watershed.calendar_month]
            self.watershed.unit[nodes], self.watershed.field[nodes] = unit, field
        state.cover_factor[:] = tables.at(tables.cover_factor, month)
        state.cover_factor_annual[:] = tables.at(tables.cover_factor_annual, month)
        state.canopy_cover[:] = tables.at(tables.canopy_cover, month)
        state.fall_height[:] = tables.at(tables.fall_height, month)
        state.ground_cover[:] = tables.at(tables.ground_cover, month)
        state.plant_cover[:] = tables.at(tables.plant_cover, month)
        state.crop_coefficient[:] = tables.at(tables.crop_coefficient, month)
        state.curve_number[:] = tables.at(tables.curve_number, month)[:, self.group]
        state.root_fraction[:] = tables.at(tables.root_fraction, month)
        state.inputs[:] = tables.at(self.inputs, month) * part
        state.amendment[:] = tables.at(self.amendment, month) * part
        state.c4_inputs[:] = tables.at(self.c4_inputs, month) * part
        state.c4_amendment[:] = tables.at(self.c4_amendment, month) * part
        if tables.limes:
            state.lime = tables.at(tables.lime, month) * part
        if tables.irrigates:
            state.irrigation[:] = tables.at(tables.irrigation, month)
            state.irrigation[:, MOST] *= part
        state.tillage[:] = [
            TillageEvent(unit, p.depth, p.efficiency, p.transport, p.inversion, p.burial)
            for unit, row in enumerate(tables.month_of(month))
            for p in tables.tillage[unit][row]
            if self.watershed.month_begins
        ]
