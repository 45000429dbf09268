"""Bulk density as a scenario sets it."""

from __future__ import annotations

from watershed_c.scenario.fields import Length, Share, Time, item
from watershed_c.scenario.processes.base import Process


class BulkDensity(Process):
    """[processes.bulk_density]: density follows organic matter, tillage, rain, wheels; on when its table is there."""

    relaxation_time: Time = item(
        7.5, "over which settled density goes 63 % of the way to that of the organic matter present", gt=0.0, le=100.0,
        source="a prior: 5 to 10 yr",
    )  # fmt: skip
    traffic: Share = item(
        0.0, "compaction by wheels, from the start of the run on, where implements work; 5 to 10 % is a prior",
        ge=0.0, le=0.5,
    )  # fmt: skip
    traffic_depth: Length = item(0.4, "down to which wheels compact", gt=0.0, le=1.5, source="a prior")
