"""Peat of a small watershed: the mean water table of a year sets the balance, and decomposition keeps out."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.peat import Peat
from watershed_c.state import Watershed

#: of these tests
SLOPE, INTERCEPT, DENSITY = 0.8, -0.1, 50.0


def peat_of(w: Watershed, **changes: object) -> Peat:
    given = {
        "peat": w.unit == 1, "loss": np.full(w.clay.size, np.nan), "density": np.full(w.water.shape, DENSITY),
        "slope": SLOPE, "intercept": INTERCEPT,
    }  # fmt: skip
    return Peat(w, **{**given, **changes})


def hold(w: Watershed, layers: int) -> float:
    """Fill the lowest layers with water, the others to field capacity; the depth of the water table."""
    w.water[w.cells] = w.field_capacity[w.cells]
    if layers:
        w.water[w.cells, -layers:] = w.saturation[w.cells, -layers:]
    w.ledger.start_afresh()
    return float(w.layer_bottom[-1 - layers])


def carbon(w: Watershed) -> np.ndarray:
    return w.stocks[:, :, w.constituents.of_group("soc")].sum(axis=(1, 2))


def take(w: Watershed, peat: Peat, months: range) -> None:
    for index in months:
        w.at(build.step(index))
        peat.run_one_step(build.MONTH)
        w.ledger.check("peat", peat.transforms)
        w.ledger.close()


def test_a_constant_water_table_gives_linear_loss_and_subsidence() -> None:
    w = build.watershed()
    depth, peat = hold(w, 1), peat_of(w)
    assert 0 < peat.cells.size < w.cells.size
    before, height = carbon(w), w.elevation.copy()
    for years in (1, 2, 3):
        take(w, peat, range(12 * years - 12, 12 * years))
        lost = years * (SLOPE * depth + INTERCEPT)
        assert before[peat.cells] - carbon(w)[peat.cells] == pytest.approx(lost, rel=1e-10)
        assert height[peat.cells] - w.elevation[peat.cells] == pytest.approx(lost / DENSITY, rel=1e-8)
    others = np.setdiff1d(w.cells, peat.cells)
    assert (carbon(w)[others] == before[others]).all() and (w.elevation[others] == height[others]).all()
    assert peat.findings()["mean_subsidence"] == pytest.approx(lost / DENSITY, rel=1e-10)


def test_wetter_peat_loses_less_and_the_wettest_gains() -> None:
    change = []
    for layers in (0, 1, 2, 3, 4):
        w = build.watershed()
        hold(w, layers)
        before = carbon(w)
        peat = peat_of(w)
        take(w, peat, range(12))
        change.append((carbon(w) - before)[peat.cells].mean())
    assert (np.diff(change) > 0.0).all() and change[0] < 0.0 < change[-1]


def test_the_flux_follows_the_mean_of_the_last_twelve_months() -> None:
    w = build.watershed()
    dry, peat = hold(w, 1), peat_of(w)
    take(w, peat, range(12))
    wet, before = hold(w, 3), carbon(w)
    take(w, peat, range(12, 15))
    mean = [(dry * (12 - n) + wet * n) / 12.0 for n in (1, 2, 3)]
    lost = sum(SLOPE * depth + INTERCEPT for depth in mean) / 12.0
    assert (before - carbon(w))[peat.cells] == pytest.approx(lost, rel=1e-9)


def test_methane_of_wet_peat_is_told_and_taken_from_nothing() -> None:
    """Drained 16, wet 288 kg CH4 ha-1 yr-1; the column loses what it would without."""
    told = []
    for layers in (1, 4):
        w = build.watershed()
        depth, n = hold(w, layers), w.clay.size
        peat = peat_of(w, methane=(np.full(n, 16e-4), np.full(n, 288e-4)), wet_depth=0.3)
        plain = peat_of(other := build.watershed())
        hold(other, layers)
        take(w, peat, range(24))
        take(other, plain, range(24))
        np.testing.assert_array_equal(carbon(w), carbon(other))
        found, rate = peat.findings(), (288.0 if depth <= 0.3 else 16.0)
        assert found["methane_t_ha_yr"] == pytest.approx(1e-3 * rate, rel=1e-12)
        assert w.methane[peat.cells] == pytest.approx(2e-4 * rate, rel=1e-12) and w.methane.sum() > 0.0
        lost = 10.0 * (SLOPE * depth + INTERCEPT) * 44.009 / 12.011
        assert found["co2e_t_ha_yr"] == pytest.approx(27e-3 * rate + lost, rel=1e-9)
        told.append((depth, found))
    (deep, dry), (shallow, wet) = told
    assert deep > 0.3 >= shallow and wet["methane_t_ha_yr"] > dry["methane_t_ha_yr"]
    assert dry["carbon_dioxide_t_ha_yr"] - wet["carbon_dioxide_t_ha_yr"] == pytest.approx(
        10.0 * SLOPE * (deep - shallow) * 44.009 / 12.011, rel=1e-9
    )


def test_a_known_loss_is_taken_whatever_the_water_table() -> None:
    w = build.watershed()
    hold(w, 1)
    before, peat = carbon(w), peat_of(w, loss=np.full(w.clay.size, 0.4))
    take(w, peat, range(12))
    assert (before - carbon(w))[peat.cells] == pytest.approx(0.4, rel=1e-10)


def test_decomposition_leaves_peat_alone_and_books_no_input_there() -> None:
    w, other = build.watershed(), build.watershed()
    here = w.unit == 1
    w.respired[here], w.doc_produced[here] = 0.0, 0.0
    before = w.stocks.copy()
    Decomposition(w, build.pool_model(), doc_fraction=0.02, peat=here).run_one_step(build.MONTH)
    w.ledger.check("decomposition", ("soc",))
    Decomposition(other, build.pool_model(), doc_fraction=0.02).run_one_step(build.MONTH)
    assert (w.stocks[here] == before[here]).all() and not w.respired[here].any()
    assert (w.stocks[~here] == other.stocks[~here]).all()


def test_measured_peat_is_in_one_pool() -> None:
    w = build.watershed()
    peat = peat_of(w, slowest=3)
    measured = np.full(w.water.shape, 4.0)
    peat.start_from(measured, np.full(w.clay.size, 0.3))
    pools = w.constituents.of_group("soc")
    assert (w.stocks[peat.cells][:, :, pools[3]] == 4.0).all() and carbon(w)[peat.cells] == pytest.approx(20.0)
    assert w.substratum[peat.cells][:, pools].sum(axis=1) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slope": -1.0}, "slope must be"),
        ({"intercept": np.inf}, "intercept finite"),
        ({"density": np.zeros(3)}, "density must be"),
        ({"loss": np.zeros(3)}, "must be of shape"),
        ({"slowest": 9}, "slowest must be"),
    ],
)
def test_refuses(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        peat_of(build.watershed(), **changes)


def test_decomposition_refuses_peat_of_another_shape() -> None:
    w = build.watershed()
    with pytest.raises(ValueError, match="peat must be of shape"):
        Decomposition(w, build.pool_model(), peat=np.zeros(3, dtype=bool))
