"""Radiocarbon of the models with microbes at points: the state of a cycle, long runs, the other scheme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from tests.pools.test_nonlinear_simulate import SOIL, weather
from watershed_c.kernels.nonlinear_twins import rates_by_donor
from watershed_c.kernels.radiocarbon import RADIOCARBON_DECAY
from watershed_c.pools.datasets import InputError
from watershed_c.pools.initial import Measured
from watershed_c.pools.loader import load_model

models = pytest.mark.parametrize("name", ["mimics", "millennial"])
#: fraction modern of the months of a year
MODERN = np.linspace(0.9, 1.1, 12)


def start_of(run: xr.Dataset, ratio: float | None = None) -> xr.Dataset:
    """The end of a run as a start, its radiocarbon replaced where a ratio is given."""
    carbon = run.soil_carbon[-1]
    return xr.Dataset({"soil_carbon": carbon, "modern_carbon": run.modern_carbon if ratio is None else ratio * carbon})


@models
def test_radiocarbon_of_the_equilibrium_is_that_of_a_long_run(name: str) -> None:
    model, years = load_model(name), 250
    steady = model.simulate(weather(name, 12) | {"fraction_modern": MODERN}, SOIL[name], every="end")
    forcing = weather(name, 12 * years) | {"fraction_modern": np.tile(MODERN, years)}
    long = model.simulate(forcing, SOIL[name], start_of(steady, 0.99), every="end")
    np.testing.assert_allclose(long.modern_carbon, steady.modern_carbon, rtol=1e-5)
    ratio = (steady.modern_carbon / steady.soil_carbon[-1]).values
    assert 0.99 < ratio.min() < ratio.max() < 1.05 and np.ptp(ratio) > 1e-3
    # carbon has the bits it has without radiocarbon
    alone = model.simulate(weather(name, 12), SOIL[name], every="end")
    np.testing.assert_array_equal(alone.soil_carbon, steady.soil_carbon)
    np.testing.assert_array_equal(alone.respired, steady.respired)


@models
def test_ages_of_a_steady_state_are_those_of_the_closed_form(name: str) -> None:
    """Under weather and input of ratio 1 that stand still the radiocarbon is ``(decay - A)^-1 I``, A of the fluxes; its
    decay at the end of each month costs half a month of it.
    """
    model = load_model(name)
    forcing = {key: np.full(12, values.mean()) for key, values in weather(name, 12).items()}
    soil = SOIL[name] | ({"productivity": 0.3, "metabolic_fraction": 0.4} if name == "mimics" else {})
    run = model.simulate(forcing | {"percent_modern": np.full(12, 100.0)}, soil, every="end")
    place = soil | {key: values[0] for key, values in forcing.items()} | {"thickness": 0.25}
    place.setdefault("moisture", 1.0)
    rate = np.empty((len(model.kernel.RATES), 1))
    model.kernel.rates(*(np.array([float(place[argument])]) for argument in model.arguments), model.vector, rate)
    carbon, modern = 0.1 * run.soil_carbon[-1].values, 0.1 * run.modern_carbon.values
    matrix = rates_by_donor(name, carbon[:, None], rate)[:, :, 0]
    entering = model.allocate("plant") * 1.2 * forcing["plant"][0]  # kg m-2 yr-1
    np.testing.assert_allclose(matrix @ carbon, -entering, atol=1e-9)
    expected = np.linalg.solve(RADIOCARBON_DECAY * np.eye(len(carbon)) - matrix, entering)
    np.testing.assert_allclose(modern, expected, rtol=RADIOCARBON_DECAY / 12.0)
    age = -np.log(modern / carbon) / RADIOCARBON_DECAY
    assert 1.0 < age.min() < age.max() < 200.0


@models
def test_schemes_agree_where_nothing_changes(name: str) -> None:
    model = load_model(name)
    year = {key: np.full(13, values.mean()) for key, values in weather(name, 12).items()}
    year["percent_modern"] = np.full(13, 90.0)
    begin = start_of(model.simulate(weather(name, 12) | {"fraction_modern": MODERN}, SOIL[name], every="end"))
    between = model.simulate(year, SOIL[name], begin, scheme="rk4_interpolated", every="end")
    held = model.simulate({key: values[:12] for key, values in year.items()}, SOIL[name], begin, every="end")
    np.testing.assert_allclose(between.modern_carbon, held.modern_carbon, rtol=1e-7)
    np.testing.assert_allclose(between.Delta14C, held.Delta14C, rtol=1e-6)


def test_radiocarbon_goes_with_the_sought_input() -> None:
    """As of the equilibrium under that input: a cycle with its plant input scaled has another ratio for each point."""
    model, stock = load_model("mimics"), np.array([30.0, 60.0])
    forcing = weather("mimics", 12) | {"fraction_modern": MODERN}
    soil: dict[str, Any] = SOIL["mimics"]
    found = model.simulate(forcing, soil, Measured(soc=stock, method="plant_input"), every="end")
    scale = found.input_scale.values
    scaled = {**forcing, "plant": forcing["plant"][:, None] * scale}
    again = model.simulate(scaled, soil, spin_up=scaled, every="end")
    start = model.simulate(scaled, soil, start_of(again), every="end")
    np.testing.assert_allclose(again.initial_soil_carbon.sum("pool"), stock, rtol=1e-9)
    np.testing.assert_allclose(start.modern_carbon, again.modern_carbon, rtol=1e-10)
    assert abs(float(again.Delta14C[-1, 0] - again.Delta14C[-1, 1])) > 0.01


def test_pools_without_their_radiocarbon_are_no_start() -> None:
    model = load_model("mimics")
    given = model.simulate(weather("mimics", 12), SOIL["mimics"], every="end")
    with pytest.raises(InputError, match="modern_carbon  is missing: the forcing has radiocarbon"):
        model.simulate(
            weather("mimics", 12) | {"fraction_modern": MODERN}, SOIL["mimics"],
            xr.Dataset({"soil_carbon": given.soil_carbon[-1]}),
        )  # fmt: skip
