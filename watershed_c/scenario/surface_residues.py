"""What residues on the surface need of the rest of the scenario."""

from __future__ import annotations

from watershed_c.names import AGE_MAPS
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.scenario.checker import Checker


def needs_of_residues(check: Checker, model: PoolModel) -> None:
    """Add what is wrong, where ``processes.surface_residues`` is on."""
    scenario, key = check.scenario, ("processes", "surface_residues")
    if not scenario.processes.surface_residues.enabled:
        if "cLitterSurf" in scenario.output.maps:
            number = scenario.output.maps.index("cLitterSurf")
            check.add(("output", "maps", number), "cLitterSurf", "needs [processes.surface_residues].")
        return
    if not scenario.processes.decomposition.enabled:
        check.add(("processes", "decomposition", "enabled"), False, "must be true while surface_residues is on.")
    if not isinstance(model, CompiledPoolModel):
        check.add(key, "", f"is for linear carbon models; {model.name} is not.")
    if scenario.carbon.isotopes.chosen:
        check.add(key, "", "cannot be on with carbon.isotopes: those of residues on the surface are not followed.")
    if ages := [name for name in scenario.output.maps if name in AGE_MAPS]:
        check.add(key, "", f"cannot be on with {ages[0]} in output.maps: time on the surface is not in these ages.")
