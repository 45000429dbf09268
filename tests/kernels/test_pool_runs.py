"""Runs at many points: bits that depend neither on threads nor on where blocks begin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from watershed_c.parallel import get_threads, set_threads
from watershed_c.pools.loader import load_model
from watershed_c.pools.points import Course, Drivers, Soil, run_points


def many(name: str, points: int = 5000) -> tuple[Drivers, Soil, np.ndarray]:
    """Series that blocks have in common here and not there, for weather, cover and input."""
    model = load_model(name)
    rng = np.random.default_rng(2)
    months = 14
    weather = {
        "temperature": rng.uniform(-5.0, 25.0, (months, 4)),
        "rain": rng.uniform(0.0, 120.0, (months, 4)),
        "pet": rng.uniform(0.0, 120.0, (months, 4)),
    }
    kinds = ("plant", "manure")
    drivers = Drivers(
        weather, rng.integers(0, 2, (months, 3)).astype(float), rng.uniform(0.0, 0.1, (months, 2, 5)),
        np.stack([model.allocate(kind) for kind in kinds]), rng.uniform(0.9, 1.1, (months, 1)),
    )  # fmt: skip
    series = [np.arange(points) * count // points for count in (4, 3, 5)]
    for column in series:
        column[700:1500] = rng.integers(0, column.max() + 1, 800)
    properties = {key: rng.uniform(5.0, 45.0, points) for key in model.properties}
    soil = Soil(properties, *series, depth=np.array([0.23]))
    return drivers, soil, rng.uniform(0.1, 3.0, (2, len(model.pools), points))


def part(soil: Soil, points: slice) -> Soil:
    return replace(
        soil, properties={key: values[points] for key, values in soil.properties.items()},
        weather=soil.weather[points], cover=soil.cover[points], input=soil.input[points],
    )  # fmt: skip


@pytest.mark.parametrize(("name", "scheme"), [("rothc", ""), ("century", "exact")])
def test_bits_depend_neither_on_threads_nor_on_where_blocks_begin(name: str, scheme: str) -> None:
    model = load_model(name)
    drivers, soil, start = many(name)

    def run(points: slice) -> Course:
        return run_points(
            model, drivers, part(soil, points), np.ascontiguousarray(start[:, :, points]), scheme=scheme, decay=(1e-4,)
        )

    threads = get_threads()
    try:
        set_threads(1)
        whole = run(slice(None))
        set_threads(2)
        in_threads = run(slice(None))
    finally:
        set_threads(threads)
    for field in ("pools", "respired", "deficit"):
        np.testing.assert_array_equal(getattr(whole, field), getattr(in_threads, field))
    assert np.isfinite(whole.pools).all()
    # rates and weather of RothC and CENTURY are the same for every part: so is how often fractions double
    for first, last in ((17, 5000), (701, 1203), (4999, 5000)):
        alone = run(slice(first, last))
        np.testing.assert_array_equal(alone.pools, whole.pools[..., first:last])
        np.testing.assert_array_equal(alone.respired, whole.respired[..., first:last])
