"""Processes of somebody else."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from watershed_c.scenario.fields import Table, item


class CustomProcess(Table):
    """[[processes.custom]]: any Landlab component, by its import path."""

    import_path: str = Field(
        alias="import", description='where it is: "landlab.components:LinearDiffuser"',
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )  # fmt: skip
    name: str = item(
        "", "name in the ledger and in messages: letters, digits, _ and -; the class name if not given",
        pattern=r"^([A-Za-z][\w-]*)?$",
    )  # fmt: skip
    params: dict[str, Any] = item(doc="keyword parameters of the component", factory=dict)
    after: str = item("tillage_erosion", "the process it runs after")
    elevation_change: Literal["uplift", "flux", "refuse"] = item(
        "refuse", "what a change of elevation means: uplift of the land, soil moved by flux_field, or an error (rule 8)"
    )
    flux_field: str = item("", "grid field with the soil flux, for elevation_change = flux")
    enabled: bool = item(True, "false leaves it out")

    @model_validator(mode="after")
    def _flux(self) -> CustomProcess:
        if self.name.endswith("_export"):
            raise ValueError(f'has the name "{self.name}"; what ends in _export is an export of the ledger.')
        if (self.elevation_change == "flux") != bool(self.flux_field):
            raise ValueError('must have flux_field with elevation_change = "flux", and only then.')
        return self
