"""What every process of a scenario has."""

from __future__ import annotations

from watershed_c.scenario.fields import Table, item


class Process(Table):
    """What every process has."""

    enabled: bool = item(True, "false switches the process off: it then costs nothing")
