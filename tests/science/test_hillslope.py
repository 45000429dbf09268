"""The part of the teaching slope that has a closed form: tillage on constant curvature."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.assembly import assemble, initialise
from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve


@pytest.mark.parametrize(
    ("way", "part"),
    [("direction='up_and_down'", 1.0), ("direction='contour'", 0.4), ("angle='180 deg'", 1.0), ("angle='90 deg'", 0.4)],
)
def test_every_cell_of_the_convex_half_loses_transport_coefficient_times_curvature(way: str, part: float) -> None:
    """Q = k_til c x on z = z0 - c x^2 / 2: a pass takes k_til c everywhere on the convex half and lays as much on the
    concave one; along the contour by the ratio of the coefficients less. The slope falls south.
    """
    settings = ["processes.water_erosion.enabled=false", "carbon.initial.years=1", "time.end=2003-12"]
    settings.append(f"processes.tillage_erosion.{way}")
    if "up_and_down" not in way:
        settings.append("processes.tillage_erosion.across=0.4")
    scenario = load("hillslope", settings)
    assembly = assemble(resolve(scenario, overwrite=True))
    watershed = assembly.watershed
    initialise(assembly)
    mineral, carbon = (watershed.ledger.map_of(label, "tillage_erosion") for label in ("soil", "soc"))
    while not assembly.model.done:
        assembly.model.step()
    dry = -(mineral + ORGANIC_MATTER_PER_CARBON * carbon) / 3.0  # three passes in three years
    loss = dry.reshape(watershed.shape)[1:-1, 1:-1][::-1]  # from the crest down
    convex, curvature = 200.0, 2.0 * 30.0 / (200.0 * 400.0)
    cells = int(convex / watershed.dx)
    expected = part * 234.0 * curvature  # kg m-2 of dry soil per mouldboard pass, one pass a year
    assert loss[: cells - 2] == pytest.approx(expected, rel=1e-3)
    assert loss[cells + 2 :] == pytest.approx(-expected, rel=1e-3)
    assert abs(loss.sum()) < 1e-3 * np.abs(loss).sum()
