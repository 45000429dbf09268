"""Which cells are peat, and what is known of their carbon balance."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.peat import IPCC, METHANE_DRAINED, METHANE_REWETTED
from watershed_c.names import AGE_MAPS
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker


def peat_cells(check: Checker, groups: dict[str, np.ndarray] | None, known_classes: set[str]) -> np.ndarray | None:
    """(n,) net carbon loss of peat, kg C m-2 yr-1: NaN by the water table, infinite where there is no peat.

    None where the process is off or land use is not known (``groups`` None).
    """
    table, key = check.scenario.processes.peat, ("processes", "peat")
    if not table.enabled:
        return None
    _needs(check)
    if not table.classes:
        check.add((*key, "classes"), "", "is missing: the land-use classes that are peat.", 'e.g. classes = ["fen"]')
    if groups is None:
        return None
    loss = np.full(next(iter(groups.values())).size, np.inf)
    for name in table.classes:
        if name in groups:
            loss[groups[name]] = IPCC[table.ipcc[name]] if name in table.ipcc else np.nan
        elif name in known_classes:
            check.warnings.append(f"processes.peat: no cell is {name}: it is no peat")
        else:
            hint = messages.nearest_hint(name, groups)
            check.add((*key, "classes"), name, f"no land-use class has this name ({', '.join(groups)}).", hint)
    return loss


def peat_methane(check: Checker, groups: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """(n,) and (n,) methane that peat gives off drained and wet, kg CH4 m-2 yr-1; None where it is not asked for."""
    table = check.scenario.processes.peat
    if not table.enabled or not table.methane:
        return None
    drained, wet = np.zeros((2, next(iter(groups.values())).size))
    for name, kind in table.methane.items():
        here = groups.get(name, np.zeros(drained.size, dtype=bool))
        wet[here] = METHANE_REWETTED[kind]
        drained[here] = METHANE_DRAINED[table.ipcc[name]] if name in table.ipcc else 0.0
    return drained, wet


def _needs(check: Checker) -> None:
    """What peat needs of the rest of the scenario."""
    scenario, key = check.scenario, ("processes", "peat")
    processes, table = scenario.processes, scenario.processes.peat
    for name in ("soil_water", "decomposition"):
        if not getattr(processes, name).enabled:
            check.add(("processes", name, "enabled"), False, "must be true while peat is on.")
    if processes.soil_water.base_conductivity is None and set(table.classes) - set(table.ipcc):
        wrong = "is missing: peat needs a base that holds a water table."
        check.add(("processes", "soil_water", "base_conductivity"), "", wrong, 'e.g. base_conductivity = "1 mm/day"')
    if scenario.carbon.isotopes.chosen:
        check.add(key, "", "cannot be on with carbon.isotopes: the isotopes of what peat gains are not known.")
    if processes.decomposition.buried == "material":
        check.add(key, "", 'cannot be on with decomposition.buried = "material": the pools of peat have no rates.')
    if ages := [name for name in scenario.output.maps if name in AGE_MAPS]:
        check.add(key, "", f"cannot be on with {ages[0]} in output.maps: the pools of peat do not turn over.")
