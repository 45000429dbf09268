"""Plant input that sustains a measured stock, and inert carbon."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.decomposition import decompose
from watershed_c.pools.loader import load_model
from watershed_c.pools.steady import falloon_inert, steady_state, sustaining_scale


def test_inverted_input_holds_the_measured_stock_for_a_century() -> None:
    model = load_model("rothc")
    n, layers = 3, 2
    cells, unit = np.arange(n), np.array([0, 1, 0])
    rng = np.random.default_rng(4)
    modifier = rng.uniform(0.1, 2.5, (12, n, layers))
    coefficients = model.coefficients({"clay": np.array([5.0, 23.4, 60.0])})
    plant, manure = np.zeros((2, 12, layers, 5)), np.zeros((2, 12, layers, 5))
    plant[:, 3:8] = np.array([0.04, 0.02])[:, None] * model.allocate("plant")
    manure[1, 9, 0] = 0.1 * model.allocate("manure")
    from_plant, from_manure = steady_state(
        model,
        cells,
        coefficients=coefficients,
        modifier=modifier,
        unit=unit,
        plant_by_unit=plant,
        manure_by_unit=manure,
    )
    measured = np.array([5.0, 7.0, 3.0])
    inert = falloon_inert(measured[:, None] * [0.6, 0.4], np.array([0.0, 0.15]), np.array([0.15, 0.3]))
    scale, attained = sustaining_scale(
        measured, inert.sum(axis=1), from_plant.sum(axis=(1, 2)), from_manure.sum(axis=(1, 2))
    )
    assert attained.all() and (scale > 0.0).all()
    stocks = scale[:, None, None] * from_plant + from_manure
    stocks[:, :, 4] = inert
    start = stocks.copy()
    assert stocks.sum(axis=(1, 2)) == pytest.approx(measured, rel=1e-12)
    waste = np.zeros((n, layers))
    for _ in range(100):
        for m in range(12):
            decompose(
                cells,
                stocks,
                0,
                model.rates,
                model.source,
                model.destination,
                model.coefficient_index,
                coefficients,
                modifier[m],
                unit,
                plant[:, m].copy(),
                scale,
                manure[:, m].copy(),
                0.0,
                1.0 / 12.0,
                waste,
                waste,
            )
    np.testing.assert_allclose(stocks, start, rtol=1e-11)


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


def test_carbon_into_an_inert_pool_has_no_steady_state() -> None:
    model = load_model("rothc")
    cell = np.zeros(1, dtype=np.int64)
    plant = np.zeros((1, 1, 1, 5))
    plant[..., 4] = 0.1
    with pytest.raises(ValueError, match="inert pool"):
        steady_state(
            model,
            cell,
            coefficients=model.coefficients({"clay": 20.0}),
            modifier=np.ones((1, 1, 1)),
            unit=cell,
            plant_by_unit=plant,
            manure_by_unit=np.zeros_like(plant),
        )
