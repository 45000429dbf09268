"""Plant input that sustains a measured stock, and inert carbon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from watershed_c.pools.loader import load_model
from watershed_c.pools.periodic import periodic_state
from watershed_c.pools.points import Drivers, Soil, run_points
from watershed_c.pools.steady import falloon_inert, sustaining_scale


def test_inverted_input_holds_the_measured_stock_for_a_century() -> None:
    model = load_model("rothc")
    rng = np.random.default_rng(4)
    months, points = 12, 3
    plant, manure = np.zeros((months, 2)), np.zeros((months, 2))
    plant[3:8] = [0.04, 0.02]
    manure[9, 1] = 0.1
    weather = {"modifier": rng.uniform(0.1, 2.5, (months, points))}
    soil = Soil(
        {"clay": np.array([5.0, 23.4, 60.0])}, np.arange(points), np.zeros(points, dtype=np.int64),
        np.array([0, 1, 0]), np.array([0.23]),
    )  # fmt: skip
    share = np.stack((model.allocate("plant"), model.allocate("manure")))

    def fed(plant_scale: float, manure_scale: float) -> np.ndarray:
        amount = np.stack((plant_scale * plant, manure_scale * manure), axis=1)
        state, _ = periodic_state(model, Drivers(weather, np.zeros((months, 1)), amount, share), soil)
        return state[0]

    from_plant, from_manure = fed(1.0, 0.0), fed(0.0, 1.0)
    measured = np.array([5.0, 7.0, 3.0])
    inert = falloon_inert(measured[:, None] * [0.6, 0.4], np.array([0.0, 0.15]), np.array([0.15, 0.3])).sum(axis=1)
    scale, attained = sustaining_scale(measured, inert, from_plant.sum(axis=0), from_manure.sum(axis=0))
    assert attained.all() and (scale > 0.0).all()
    stocks = scale * from_plant + from_manure
    stocks[4] = inert
    assert stocks.sum(axis=0) == pytest.approx(measured, rel=1e-12)
    amount = np.stack((plant[:, soil.input] * scale, manure[:, soil.input]), axis=1)
    own = Drivers(weather, np.zeros((months, 1)), amount, share)
    course = run_points(
        model, own, replace(soil, input=np.arange(points)), stocks[None], steps=1200, record=np.array([1199])
    )
    np.testing.assert_allclose(course.pools[0, 0], stocks, rtol=1e-11)


def test_a_stock_that_no_input_sustains_is_said_so() -> None:
    scale, attained = sustaining_scale(
        np.array([5.0, 5.0, 5.0, 5.0]),
        np.array([0.4, 0.4, 0.4, 0.4]),
        np.array([2.0, 2.0, 0.0, np.nan]),
        np.array([0.6, 4.7, 0.6, 0.6]),
    )
    np.testing.assert_array_equal(attained, [True, False, False, False])
    np.testing.assert_allclose(scale, [2.0, 0.0, 0.0, 0.0])


def test_inert_carbon_is_evaluated_once() -> None:
    """Rule 13: 60 t/ha gives 5.19 t/ha of inert carbon however it is cut; as five layers apart it would be
    4.15."""
    for layers in (1, 5, 7):
        bottom = np.linspace(0.0, 0.23, layers + 1)[1:]
        top = np.concatenate(([0.0], bottom[:-1]))
        share = np.linspace(2.0, 1.0, layers)
        soc = 6.0 * share / share.sum()
        inert = falloon_inert(soc[None, :], top, bottom)[0]
        assert inert.sum() * 10.0 == pytest.approx(0.049 * 60.0**1.139, rel=1e-12)
        assert inert.sum() * 10.0 == pytest.approx(5.19, abs=0.01)
        np.testing.assert_allclose(inert / soc, inert[0] / soc[0], rtol=1e-14)
    apart = sum(falloon_inert(np.array([[1.2]]), np.array([0.0]), np.array([0.23]))[0, 0] for _ in range(5))
    assert apart * 10.0 == pytest.approx(4.15, abs=0.01)


def test_inert_carbon_counts_only_the_topsoil_part_of_a_layer_that_straddles() -> None:
    top, bottom = np.array([0.0, 0.2, 0.3]), np.array([0.2, 0.3, 0.6])
    soc = np.array([[5.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    inert = falloon_inert(soc, top, bottom)
    topsoil = 5.0 + 2.0 * 0.3
    share = 0.1 * 0.049 * (10.0 * topsoil) ** 1.139 / topsoil
    np.testing.assert_allclose(inert[0], soc[0] * share, rtol=1e-12)
    assert (inert[1] == 0.0).all()


@pytest.mark.parametrize(
    ("name", "pool", "ratio"), [("icbm", "old", 0.3 / 0.125), ("amg", "active", 0.4 / 0.217), ("rothc", "hum", 1.0)]
)
def test_roots_leave_as_much_humus_as_their_sources_say(name: str, pool: str, ratio: float) -> None:
    """Steady humus of roots over that of the same carbon above the ground: Holos, AMG_base; RothC has one ratio."""
    model = load_model(name)
    matrix = model.matrix({name: np.array([20.0]) for name in model.properties})[0]
    turning = np.flatnonzero(~model.inert)
    stock = [
        np.linalg.solve(-matrix[np.ix_(turning, turning)], model.allocate_known(kind)[turning])
        for kind in ("root", "residue")
    ]
    place = list(turning).index(model.pools.index(pool))
    assert stock[0][place] / stock[1][place] == pytest.approx(ratio, rel=1e-12)
