"""Whether a scenario brings strong acid into the water of the soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watershed_c.scenario.schema import Scenario


def acid_may_come(scenario: Scenario) -> bool:
    """Whether carbonate is on, and there is nitrogen, acid deposition, soil that has a pH, or irrigation water with
    other salts than calcium bicarbonate.
    """
    chosen = scenario.processes
    salts = any(water.bicarbonate != 2.0 * water.calcium for water in scenario.irrigation_water.values())
    comes = chosen.nitrogen.enabled or chosen.carbonate.acid_deposition > 0.0 or scenario.soil.ph is not None or salts
    return chosen.carbonate.enabled and comes
