"""What the soil of a scenario carries beside the pools of its carbon model and their isotopes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from watershed_c.constituents import (
    ACIDITY,
    CARBONATE,
    DOLOMITE,
    DOLOMITE_LIME,
    GYPSUM,
    LIME,
    MEMORY,
    TEXTURE,
    TRACERS,
    Constituent,
)
from watershed_c.management.lime import load_limes
from watershed_c.scenario.minerals import are_followed

if TYPE_CHECKING:
    from watershed_c.management.calendar import Calendar
    from watershed_c.scenario.schema import Scenario


def rows_beside_pools(scenario: Scenario, calendars: Collection[Calendar]) -> list[Constituent]:
    """Constituents that follow those of the pools, in the order of the packed array."""
    chosen, sic, limes = scenario.processes, scenario.soil.sic, load_limes()
    spread = {name for calendar in calendars for _, name, _ in calendar.lime}
    rows = [] if sic is None else [*CARBONATE]
    rows += LIME if spread else ()
    if are_followed(scenario, calendars):
        rows.append(GYPSUM)
        if sic is not None and sic.lithogenic * sic.dolomite > 0.0:
            rows.append(DOLOMITE)
        rows += DOLOMITE_LIME if any(limes[name].dolomite for name in spread) else ()
    if chosen.carbonate.enabled and scenario.soil.ph is not None:
        rows.append(ACIDITY)
    if chosen.decomposition.enabled and chosen.decomposition.buried == "material":
        rows.append(MEMORY)
    if chosen.water_erosion.enabled and chosen.water_erosion.size_classes:
        rows += TEXTURE
    return [*rows, *(TRACERS[name] for name in scenario.tracers if name in TRACERS)]
