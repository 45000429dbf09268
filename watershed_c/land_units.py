"""Which management unit the land of every cell is, before the run and from when on another."""

from __future__ import annotations

import numpy as np

from watershed_c.management.tables import UnitTables
from watershed_c.scenario.inputs import Inputs
from watershed_c.state import Watershed


def units_of(inputs: Inputs, tables: UnitTables, index: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Management unit of each class (place in the names of the land) and shift, in years, in the mean year."""
    names = inputs.land.names
    first = np.array([tables.first_unit[name] for name in names], dtype=np.int64)
    years = np.array([tables.offsets[name] for name in names], dtype=np.int64)
    return first[index] + offset % years[index]


def units_by_year(inputs: Inputs, tables: UnitTables, index: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """The same in the run, where rotations may follow the temperatures of its years."""
    names, found = inputs.land.names, units_of(inputs, tables, index, offset)
    for rotation, shift in tables.by_year:
        here = (index == names.index(rotation)) & (offset % tables.offsets[rotation] == shift)
        found[here] = tables.unit_by_year(rotation, shift)
    return found


def land_changes(inputs: Inputs, tables: UnitTables) -> list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Units and fields that cells get in later years, or when the run begins: month since year 0, nodes, those."""
    land = inputs.land
    year, month = (int(part) for part in inputs.scenario.time.start.split("-")[:2])
    begins = 12 * year + month - 1
    changes = []
    nodes = np.flatnonzero(land.index >= 0)
    unit = units_by_year(inputs, tables, land.index[nodes], land.offset[nodes])
    follows = unit != units_of(inputs, tables, land.index[nodes], land.offset[nodes])
    if follows.any():
        changes.append((begins, nodes[follows], unit[follows], land.field[nodes[follows]]))
    for change in land.changes:
        unit = units_by_year(inputs, tables, change.index, change.offset)
        changes.append((max(12 * change.year, begins), change.nodes, unit, change.field))
    return changes


def values_of_changes(
    watershed: Watershed, inputs: Inputs, tables: UnitTables, of_units: np.ndarray
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Values (c) of soil nodes (c) from each month on at which their land use changes, by those of the units (U).

    Nodes whose unit has none, NaN, keep theirs. What changes when a run begins because a calendar follows its years is
    the same land use.
    """
    found, count = [], len(inputs.land.changes)
    for month, nodes, unit, _ in land_changes(inputs, tables)[-count:] if count else []:
        values = of_units[unit]
        known = watershed.is_soil[nodes] & np.isfinite(values)
        if known.any():
            found.append((month, nodes[known], values[known]))
    return found
