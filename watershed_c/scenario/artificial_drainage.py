"""Which cells have which drains."""

from __future__ import annotations

import numpy as np

from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import Grid
from watershed_c.scenario.processes.soil_water import Drains
from watershed_c.scenario.toml_lines import KeyPath


def drained_cells(
    check: Checker, grid: Grid, groups: dict[str, np.ndarray] | None, known_classes: set[str]
) -> np.ndarray | None:
    """(S, n) bool, nodes that have each of processes.artificial_drainage.system.

    None where the process is off or the map cannot be read; ``groups`` is None where land use is not known.
    """
    table, key = check.scenario.processes.artificial_drainage, ("processes", "artificial_drainage")
    if not table.enabled:
        return None
    if not table.system:
        hint = 'e.g. [[processes.artificial_drainage.system]] classes = ["wheat"] spacing = "10 m" depth = "0.9 m"'
        check.add((*key, "system"), "", "is missing: at least one kind of drains.", hint)
        return None
    codes = None
    if table.map is not None:
        raster = check.map((*key, "map"), table.map, None, grid.dem)
        if raster is None:
            return None
        codes = grid.window(raster.values)
    bottom = sum(check.scenario.soil.layers)
    found = np.zeros((len(table.system), grid.status.size), dtype=bool)
    for number, one in enumerate(table.system):
        place = (*key, "system", number)
        if one.depth > bottom * (1.0 + 1e-9):
            wrong = f"is below the base of the lowest layer ({bottom:g} m), from which the water table rises."
            check.add((*place, "depth"), f"{one.depth:g} m", wrong, "Add layers, or drain less deep.")
        _years(check, place, one)
        here = np.zeros(grid.status.size, dtype=bool)
        for name in one.classes:
            if groups is None:
                continue
            if name in groups:
                here |= groups[name]
            elif name in known_classes:
                check.warnings.append(f"processes.artificial_drainage: no cell is {name}: it is not drained")
            else:
                hint = messages.nearest_hint(name, groups)
                check.add((*place, "classes"), name, f"no land-use class has this name ({', '.join(groups)}).", hint)
        if one.codes and codes is None:
            check.add((*place, "codes"), one.codes, "need processes.artificial_drainage.map, whose numbers they are.")
        elif codes is not None:
            here |= np.isin(codes, one.codes)
        found[number] = here & grid.soil
    if groups is not None and not found.any():
        check.warnings.append("processes.artificial_drainage: no cell has drains")
    return found


def _years(check: Checker, place: KeyPath, drains: Drains) -> None:
    """Tell where drains are laid or blocked outside the run."""
    first, last = (int(text[:4]) for text in (check.scenario.time.start, check.scenario.time.end))
    for key, instead in (("since", "Leave it out: they are there from the start."), ("until", "Leave the drains out.")):
        year = getattr(drains, key)
        if year is not None and year <= first:
            check.add((*place, key), year, f"must be after the first year of the run, {first}.", instead)
        elif year is not None and year > last:
            check.warnings.append(f"processes.artificial_drainage: {key} = {year} is after the end of the run")
