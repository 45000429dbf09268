"""Watershed C: water, sediment, drainage and soil carbon on one grid, one clock and one ledger.

The public names are imported when they are first used, so that ``import watershed_c`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Model": "watershed_c.coupling",
    "Scenario": "watershed_c.scenario.schema",
    "Watershed": "watershed_c.state",
    "Drainage": "watershed_c.scenario.drainage",
    "FlowRouter": "watershed_c.components.flow_routing",
    "assemble": "watershed_c.assembly",
    "compare": "watershed_c.comparison",
    "catchment_from_dem": "watershed_c.scenario.catchment",
    "initialise": "watershed_c.assembly",
    "load": "watershed_c.scenario.load",
    "open_results": "watershed_c.simulation",
    "pool_model": "watershed_c.pools",
    "resolve": "watershed_c.scenario.resolve",
    "resume": "watershed_c.simulation",
    "run": "watershed_c.simulation",
    "run_variants": "watershed_c.variants",
}
_CALLED = {"pool_model": "load_model"}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'watershed_c' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), _CALLED.get(name, name))
