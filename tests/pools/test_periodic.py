"""The state that a repeated year brings about: it returns after the year, and a long run comes to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model
from watershed_c.pools.periodic import periodic_state
from watershed_c.pools.points import Drivers, Soil, run_points

DECAY = (1.2e-4,)


def case(model: CompiledPoolModel, points: int = 20) -> tuple[Drivers, Soil]:
    """Modifiers of a warm climate; two kinds of input, each in a month of its own, with a twin."""
    rng = np.random.default_rng(3)
    weather = {"modifier": rng.uniform(1.0, 3.0, (12, points))}
    amount = np.zeros((12, 2, points))
    amount[3, 0], amount[9, 1] = rng.uniform(0.01, 0.3, (2, points))
    share = np.stack((model.allocate("plant"), model.allocate("manure")))
    activity = rng.uniform(0.9, 1.1, (12, 1))
    soil = Soil(
        {name: rng.uniform(5.0, 40.0, points) for name in model.properties},
        *(np.arange(points), np.zeros(points, dtype=np.int64), np.arange(points)),
        depth=np.array([0.23]),
    )
    return Drivers(weather, np.zeros((12, 1)), amount, share, activity), soil


def after(
    model: CompiledPoolModel, year: Drivers, soil: Soil, state: np.ndarray, years: int, scheme: str = ""
) -> np.ndarray:
    """The state some years on."""
    steps = 12 * years
    return run_points(
        model, year, soil, state, steps=steps, record=np.array([steps - 1]), scheme=scheme, decay=DECAY
    ).pools[0]  # fmt: skip


def of_lignin_apart(model: CompiledPoolModel) -> np.ndarray:
    """Input of lignin alone, then of what it protects alone: its share in the litter changes most there."""
    share = np.zeros((2, len(model.pools)))
    for kind, suffix in enumerate(("structural_lignin", "structural")):
        for place in ("surface", "soil"):
            share[kind, model.pools.index(f"{place}_{suffix}")] = 0.5
    return share


@pytest.mark.parametrize("name", ["rothc", "icbm", "yasso07"])
def test_a_linear_model_returns_after_its_year(name: str) -> None:
    model = load_model(name)
    year, soil = case(model)
    factor = np.random.default_rng(4).uniform(0.5, 1.5, (12, len(model.pools)))
    for driven in (year, replace(year, pool_factor=factor)):
        state, deficit = periodic_state(model, driven, soil, decay=DECAY)
        assert deficit.size == 0 and (state >= 0.0).all() and (state[0].sum(axis=0) > 0.0).all()
        np.testing.assert_allclose(after(model, driven, soil, state, 1), state, rtol=1e-13)


@pytest.mark.parametrize("scheme", ["exact", "sequential_exponential", "rk4"])
def test_lignin_that_comes_in_a_month_of_its_own(scheme: str) -> None:
    model = replace(load_model("century"), substeps=4)
    year, soil = case(model)
    year = replace(year, share=of_lignin_apart(model))
    state, _ = periodic_state(model, year, soil, scheme=scheme, decay=DECAY)
    np.testing.assert_allclose(after(model, year, soil, state, 1, scheme), state, rtol=1e-11)
    if scheme == "exact":  # from nothing, and from other litter
        other = 0.5 * state
        other[:, 4] *= 3.0
        np.testing.assert_allclose(after(model, year, soil, other, 10_000, scheme), state, rtol=1e-9)


def test_lignin_of_litter_that_others_feed() -> None:
    """No folder has it, but one may: then all pools are looked for together."""
    model = load_model("century")
    fed = model.pools.index("soil_structural")
    small = model.coefficient_index[(model.source == model.pools.index("active")) & (model.destination == 8)]
    model = replace(
        model,
        source=np.append(model.source, model.pools.index("active")),
        destination=np.append(model.destination, fed),
        coefficient_index=np.append(model.coefficient_index, small),
    )
    year, soil = case(model)
    state, _ = periodic_state(model, replace(year, share=of_lignin_apart(model)), soil, decay=DECAY)
    returned = after(model, replace(year, share=of_lignin_apart(model)), soil, state, 1)
    np.testing.assert_allclose(returned, state, rtol=1e-11)


def test_where_a_pool_turns_over_nothing_there_is_no_state() -> None:
    model = load_model("rothc")
    year, soil = case(model, 3)
    year.weather["modifier"][:, 1] = 0.0
    state, _ = periodic_state(model, year, soil, inert=0.2, decay=DECAY)
    assert np.isnan(state[0, :4, 1]).all() and np.isfinite(state[:, :, [0, 2]]).all()
    assert (state[:, 4] == 0.2).all()
