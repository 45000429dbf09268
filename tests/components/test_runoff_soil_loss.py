"""What sees runoff and what does not (rule 24), a plane in closed form, and parameters that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from tests.components.test_water_erosion import make
from watershed_c.components.runoff_soil_loss import MmfParameters
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.kernels.flow_routing import in_flow_order

MMF = MmfParameters(cohesion=3.0, detachability=0.3)
MODELS = {
    "rusle": {"transport_capacity_coefficient": (1.0, 4.0)},
    "musle": {"transport_capacity_coefficient": (1.0, 4.0), "wet_days": 10.0},
    "mmf": {"mmf": MMF},
}


def lost(model: str, runoff: float, seed: int = 1) -> tuple[float, float]:
    """Gross erosion and export of a month with a share of its runoff, t."""
    w = build.watershed(seed)
    w.runoff *= runoff
    erosion = WaterErosion(w, model=model, **MODELS[model])
    w.ledger.open()
    erosion.run_one_step(build.MONTH)
    w.ledger.check("WaterErosion")
    assert w.ledger.worst_residual < 1.0
    return float(erosion.gross_erosion[w.cells].sum()), float(erosion.exported.sum())


@pytest.mark.parametrize("model", ["musle", "mmf"])
def test_less_runoff_less_erosion(model: str) -> None:
    """Drains or better infiltration that halve runoff lower erosion; saturation that doubles it raises it."""
    half, as_is, double = (lost(model, share) for share in (0.5, 1.0, 2.0))
    assert half[0] < as_is[0] < double[0] and half[1] < as_is[1] < double[1]
    assert lost(model, 0.0)[1] == 0.0


def test_rusle_does_not_see_runoff() -> None:
    assert lost("rusle", 0.5) == lost("rusle", 1.0) == lost("rusle", 2.0)


def test_musle_is_rusle_with_another_agent() -> None:
    """Where every cell gives the same runoff factor as R, all else is the same."""
    one, two = build.watershed(), build.watershed()
    musle = WaterErosion(one, model="musle", **MODELS["musle"])
    musle.run_one_step(build.MONTH)
    two.erosivity[:] = musle.loss.agent(build.MONTH)
    rusle = WaterErosion(two, model="rusle", **MODELS["rusle"])
    rusle.run_one_step(build.MONTH)
    np.testing.assert_array_equal(one.mineral, two.mineral)
    np.testing.assert_array_equal(musle.exported, rusle.exported)


def test_snow_that_melts_in_a_month_without_rain_erodes_as_one_event() -> None:
    """Soil water sheds it as one event, too."""
    w = build.watershed()
    found = []
    for told, days in ((None, 1.0), (None, 0.0), (1.0, 0.0)):
        w.wet_days = days
        musle = WaterErosion(w, model="musle", **MODELS["musle"] | {"wet_days": told})
        found.append(musle.loss.agent(build.MONTH)[w.cells].sum())
    assert found[0] == found[1] == found[2] > 0.0


def test_musle_twice_the_runoff_is_2_to_the_1_12() -> None:
    w = build.watershed()
    musle = WaterErosion(w, model="musle", **MODELS["musle"])
    first = musle.loss.agent(build.MONTH).copy()
    w.runoff *= 2.0
    cells = w.cells[first[w.cells] > 0.0]
    np.testing.assert_allclose(musle.loss.agent(build.MONTH)[cells] / first[cells], 2.0**1.12, rtol=1e-12)


def plane(w) -> None:
    """Every column of cells runs straight to the south at 10 %."""
    columns = w.shape[1]
    nodes = np.arange(w.elevation.size)
    w.elevation[:] = 0.1 * w.dy * (nodes // columns)
    w.order = np.flatnonzero(w.active)[::-1].astype(np.int64)
    receivers = np.full((nodes.size, 1), -1, dtype=np.int64)
    receivers[w.order, 0] = w.order - columns
    w.first_receiver, w.receivers, w.weights = in_flow_order(w.order, receivers, np.ones((nodes.size, 1)))
    rows = w.shape[0] - 1 - nodes // columns
    w.drainage_area[:] = w.cell_area * rows
    w.gradient_x[:], w.gradient_y[:] = 0.0, 0.1
    w.routing_version += 1


@pytest.mark.parametrize(("k", "limited"), [(0.001, "detachment"), (0.3, "transport")])
def test_uniform_slope_loses_what_one_element_of_mmf_does(k: float, limited: str) -> None:
    """12 equal months on a plane: export per area is min(F + H, T) of the annual model."""
    w = make(channel=False)
    plane(w)
    w.units.cover_factor[:] = 1.0
    w.units.canopy_cover[:] = w.units.ground_cover[:] = 0.0
    w.temperature[:], w.precipitation[:] = 15.0, 60.0
    w.runoff[w.cells] = 4.0
    w.ledger.start_afresh()
    erosion = WaterErosion(w, model="mmf", mmf=MmfParameters(3.0, k), depressions="breach")
    for month in range(12):
        w.month = month
        erosion.run_one_step(1.0 / 12.0)
        w.ledger.check("WaterErosion")
    sine = 0.1 / np.sqrt(1.01)
    detached = 1e-3 * k * 720.0 * 20.6 + 1e-3 * 48.0**1.5 * sine / 1.5
    capacity = 1e-3 * 48.0**2 * sine
    assert (detached < capacity) == (limited == "detachment")
    loss = erosion.exported.sum() / w.cells.size
    assert loss == pytest.approx(min(detached, capacity), rel=1e-9)


def test_frozen_ground_loses_nothing_to_rain() -> None:
    w = build.watershed()
    w.temperature[:] = -1.0
    w.runoff[:] = 0.0
    erosion = WaterErosion(w, model="mmf", mmf=MMF)
    erosion.run_one_step(build.MONTH)
    assert not erosion.gross_erosion.any()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"cohesion": 0.0}, "cohesion must be above 0 kPa"),
        ({"detachability": -1.0}, "detachability must be at least 0"),
        ({"rain_intensity": 0.0}, "rain_intensity"),
        ({"rain_energy": "brandt"}, "rain_energy must be one of"),
        ({"interception": 2.0}, "interception"),
    ],
)
def test_parameters_of_mmf_that_are_refused(parameters: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MmfParameters(**{"cohesion": 3.0, "detachability": 0.3} | parameters)
