"""What stays as it was at the start where land use changes: told once, as nobody would look for it."""

from __future__ import annotations

from watershed_c.scenario.fields import Spatial
from watershed_c.scenario.land import LandUse
from watershed_c.scenario.schema import Scenario


def kept_where_land_changes(scenario: Scenario, land: LandUse) -> list[str]:
    """A warning that names the keys, none where land use does not change."""
    if not land.changes:
        return []
    processes = scenario.processes
    tables = {"soil": scenario.soil}
    tables |= {f"processes.{name}": getattr(processes, name) for name in ("tillage_erosion", "soil_water")}
    found = [
        f"{table}.{key} by class"
        for table, of in tables.items()
        for key, value in vars(of).items()
        if isinstance(value, Spatial) and getattr(value, "by_class", None) is not None
    ]
    if (erosion := processes.water_erosion).enabled:
        maps = ("cover_map", "practice_map", "ktc_map")
        found += [f"processes.water_erosion.{key}" for key in maps if getattr(erosion, key) is not None]
    found += ["processes.peat.classes"] if processes.peat.enabled else []
    found += ["processes.artificial_drainage.system"] if processes.artificial_drainage.enabled else []
    if not found:
        return []
    return [f"land use changes, and these stay as the land of the start has them: {', '.join(found)}"]
