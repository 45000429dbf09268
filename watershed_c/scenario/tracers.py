"""Fallout radionuclides as a scenario tells them, and what they come to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import model_validator

from watershed_c.constituents import TRACERS, Fallout
from watershed_c.io.fallout import FalloutError, read_fallout
from watershed_c.scenario import messages
from watershed_c.scenario.fields import Activity, ActivityFlux, ArealMass, Length, Table, item

if TYPE_CHECKING:
    from watershed_c.scenario.checker import Checker


class Tracer(Table):
    """[tracers.NAME]: a fallout radionuclide, cs137 or pb210."""

    fallout: str | None = item(
        None, "table (.csv) with columns year and deposition: Bq m-2 in that year, or shares of any unit with "
        "reference_inventory",
    )  # fmt: skip
    flux: ActivityFlux | None = item(None, "fallout that is the same in all years", ge=0.0, le=1e6)
    reference_inventory: Activity | None = item(
        None, "inventory at the end of reference_year where soil neither goes nor comes: deposition is scaled to it",
        gt=0.0, le=1e7,
    )  # fmt: skip
    reference_year: int | None = item(None, "when reference_inventory was measured", ge=1900, le=2500)
    relaxation_mass: ArealMass = item(
        4.0, "mass of soil over which what has just fallen declines to 1/e with depth", ge=0.0, le=100.0,
        source="Walling & He 1999, J. Environ. Qual. 28, 611",
    )  # fmt: skip
    initial: Activity = item(0.0, "inventory at the start of the run", ge=0.0, le=1e7)
    initial_depth: Length | None = item(
        None, "depth to which the initial inventory is mixed evenly; the whole profile if not given", gt=0.0, le=10.0
    )

    @model_validator(mode="after")
    def _one(self) -> Tracer:
        if (self.fallout is None) == (self.flux is None):
            raise ValueError("must have either fallout (a table by year) or flux (the same in all years).")
        if (self.reference_inventory is None) != (self.reference_year is None):
            raise ValueError("must have both reference_inventory and reference_year, or neither.")
        if self.reference_inventory is not None and self.fallout is None:
            raise ValueError("has reference_inventory, which scales the table of fallout: a flux is not scaled.")
        if self.initial_depth is not None and self.initial == 0.0:
            raise ValueError("has initial_depth without initial, the inventory it is the depth of.")
        return self


def read_tracers(check: Checker) -> dict[str, Fallout]:
    """Fallout of each tracer of the scenario; problems where it cannot be read."""
    found: dict[str, Fallout] = {}
    for name, tracer in check.scenario.tracers.items():
        if name not in TRACERS:
            hint = messages.nearest_hint(name, TRACERS) or f"There are: {', '.join(TRACERS)}."
            check.add(("tracers", name), "", "is not a tracer.", hint)
            continue
        depth = float(np.sum(check.scenario.soil.layers))
        if tracer.initial_depth is not None and tracer.initial_depth > depth * (1.0 + 1e-9):
            wrong = f"is below the lowest layer ({100.0 * depth:g} cm)."
            check.add(("tracers", name, "initial_depth"), f"{100.0 * tracer.initial_depth:g} cm", wrong)
        if tracer.fallout is None:
            assert tracer.flux is not None
            found[name] = Fallout(0, np.zeros(0), tracer.flux, tracer.relaxation_mass)
            continue
        try:
            first, amounts = read_fallout(check.path(tracer.fallout))
        except FalloutError as error:
            check.add(("tracers", name, "fallout"), tracer.fallout, str(error))
            continue
        source = Fallout(first, amounts, 0.0, tracer.relaxation_mass)
        if tracer.reference_inventory is not None and tracer.reference_year is not None:
            left = source.inventory(TRACERS[name].decay, tracer.reference_year)
            if left <= 0.0:
                wrong = "is before anything of the table has fallen."
                check.add(("tracers", name, "reference_year"), tracer.reference_year, wrong)
                continue
            source = replace(source, amounts=amounts * (tracer.reference_inventory / left))
        start = int(check.scenario.time.start[:4])
        if tracer.initial == 0.0 and source.amounts[: max(start - first, 0)].any():
            check.warnings.append(
                f"tracers.{name}: the run starts in {start}, after fallout began in {first}: give initial, what the "
                "soil then held"
            )
        found[name] = source
    return found
