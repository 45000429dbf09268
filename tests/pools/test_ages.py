"""Ages, transit times and the worth of storage: other programs' tables, closed forms, quadrature, conservation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pools.matrices import solution
from tests.support import shared
from watershed_c.pools import ages
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model
from watershed_c.pools.turnover import turnover

#: relative; the tables are given to 15 digits
TOLERANCE = 1e-7
#: yr-1, densities below which a table holds nothing but round-off of the other program
NOTHING = 1e-120
#: yr, SoilR finds quantiles with R's uniroot at its default tolerance, .Machine$double.eps^0.25
ROOT_FINDING = 1.3e-4


def _table(name: str) -> list[list[str]]:
    with shared(f"reference/pools/soilr/{name}.csv").open() as file:
        return list(csv.reader(file))[1:]


def _case(model: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.array(_table(f"age_{model}_a1_matrix"), dtype=float)
    return rows[:, 1:-3], rows[:, -3], rows[:, -2:]


@pytest.mark.parametrize("model", ["rothc", "century"])
def test_soilr(model: str) -> None:
    matrix, rate, expected = _case(model)
    means = ages.mean_times(matrix, rate)
    assert means.stock == pytest.approx(expected[:, 0], rel=TOLERANCE)
    assert means.pool_age == pytest.approx(expected[:, 1], rel=TOLERANCE)
    stats = {name: float(value) for name, value in _table(f"age_{model}_a1_stats")}
    assert float(means.transit) == pytest.approx(stats["meanTransitTime"], rel=TOLERANCE)
    assert float(means.age) == pytest.approx(stats["meanSystemAge"], rel=TOLERANCE)
    assert means.stock.sum() == pytest.approx(stats["SOC_ss"], rel=TOLERANCE)
    for kind, quantiles, start in (
        ("transit", ages.transit_quantiles(matrix, rate), rate),
        ("age", ages.age_quantiles(matrix, rate), means.stock),
    ):
        for time, level in zip(quantiles, (0.05, 0.5, 0.95), strict=True):
            assert time == pytest.approx(stats[f"{kind}_q{level * 100:02.0f}"], abs=ROOT_FINDING)
            older = solution(matrix, np.zeros(rate.size), start / start.sum(), np.array([time])).sum()
            assert 1.0 - older == pytest.approx(level, abs=1e-11)
    table = np.array(_table(f"age_{model}_a1_ages"), dtype=float)
    assert ages.transit_density(matrix, rate, table[:, 0]) == pytest.approx(table[:, 1], rel=TOLERANCE)
    stock, pools = ages.age_density(matrix, rate, table[:, 0])
    assert stock == pytest.approx(table[:, 2], rel=TOLERANCE)
    assert pools == pytest.approx(table[:, 3:], rel=TOLERANCE, abs=NOTHING)


@pytest.mark.parametrize(
    ("name", "soil", "inputs", "parameters"),
    [
        ("rothc", {"clay": 23.4}, {"plant": 1.7}, {"dpm_rpm": 1.44}),
        # SoilR's structural litter has 0.1 of lignin: 0.0159 of all of it at a metabolic share of 0.841
        ("century", {"clay": 20.0, "silt": 45.0}, {"shoot": 52.0 * 345.0 / 795.0, "root": 52.0 * 450.0 / 795.0},
         {"lignin_nitrogen": 0.5, "lignin": 0.0159}),
    ],
)  # fmt: skip
def test_soilr_by_the_models_own_folder(name: str, soil: dict, inputs: dict, parameters: dict) -> None:
    model = load_model(name)
    assert isinstance(model, CompiledPoolModel)
    matrix, rate = turnover(model, soil, inputs, **parameters)
    stats = {stat: float(value) for stat, value in _table(f"age_{name}_a1_stats")}
    means = ages.mean_times(matrix, rate)
    assert float(means.transit) == pytest.approx(stats["meanTransitTime"], rel=TOLERANCE)
    assert float(means.age) == pytest.approx(stats["meanSystemAge"], rel=TOLERANCE)
    assert means.stock.sum() == pytest.approx(stats["SOC_ss"], rel=TOLERANCE)
    slower = ages.mean_times(*turnover(model, soil, inputs, modifier=0.5, **parameters))
    assert float(slower.age) == pytest.approx(2.0 * float(means.age), rel=1e-12)
    # the steady state is that of a run
    drivers = {f"input.{pool}": rate[i] for i, pool in enumerate(np.array(model.pools)[~model.inert])}
    still = {pool: 0.0 for pool, inert in zip(model.pools, model.inert, strict=True) if inert}
    run = model.simulate({key: np.array([value]) for key, value in drivers.items()} | {"modifier": np.ones(1)},
                         soil | still, steps_per_year=1, scheme="exact")  # fmt: skip
    assert float(run.initial_soil_carbon.sum()) == pytest.approx(stats["SOC_ss"], rel=TOLERANCE)


def test_turnover_tells_what_is_wrong() -> None:
    model = load_model("rothc")
    assert isinstance(model, CompiledPoolModel)
    for inputs, parameters, said in (
        ({"straw": 1.0}, {}, "knows no input 'straw'"),
        ({"plant": 1.0}, {"dpm_rmp": 1.0}, "has a parameter 'dpm_rmp'; there are: dpm_rpm"),
        ({}, {}, "more than 0"),
    ):
        with pytest.raises(ValueError, match=said):
            turnover(model, {"clay": 20.0}, inputs, **parameters)
    with pytest.raises(ValueError, match="clay"):
        turnover(model, {"clay": 120.0}, {"plant": 1.0})


def test_the_example_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "ages.md").read_text(encoding="utf-8")
    exec(compile(page.split("```python\n")[1].split("```")[0], "docs/ages.md", "exec"), {})
    first = [float(word) for word in capsys.readouterr().out.splitlines()[0].split()]
    assert first == pytest.approx([15.82, 9.31, 49.68], abs=5e-3)


def test_one_pool_is_exponential() -> None:
    rate, input_ = 0.25, 3.0
    matrix, u = np.array([[-rate]]), np.array([input_])
    means = ages.mean_times(matrix, u)
    assert (means.stock[0], means.transit, means.age) == pytest.approx((12.0, 4.0, 4.0), rel=1e-15)
    times = np.array([0.0, 1e-9, 0.3, 7.0, 400.0])
    assert ages.transit_density(matrix, u, times) == pytest.approx(rate * np.exp(-rate * times), rel=1e-11)
    distribution, pools = ages.age_distribution(matrix, u, times)
    assert distribution == pytest.approx(-np.expm1(-rate * times), abs=1e-14)
    assert pools[:, 0] == pytest.approx(distribution, abs=1e-14)
    levels = (0.01, 0.5, 0.999)
    assert ages.age_quantiles(matrix, u, levels) == pytest.approx(-np.log1p(-np.array(levels)) / rate, rel=1e-12)
    sequestered = -input_ / rate * np.expm1(-rate * times)
    assert ages.carbon_sequestration(matrix, u, times) == pytest.approx(sequestered, rel=1e-12)


def test_two_pools_in_series() -> None:
    """Young k1, of which h to old k2: transit density (1-h) k1 e1 + h k1 k2 (e2 - e1) / (k1 - k2)."""
    k1, k2, h = 0.8, 0.00605, 0.125
    matrix, rate = np.array([[-k1, 0.0], [h * k1, -k2]]), np.array([2.85, 0.0])
    means = ages.mean_times(matrix, rate)
    assert means.stock == pytest.approx([2.85 / k1, h * 2.85 / k2], rel=1e-14)
    assert means.transit == pytest.approx(1.0 / k1 + h / k2, rel=1e-14)
    assert means.pool_age == pytest.approx([1.0 / k1, 1.0 / k1 + 1.0 / k2], rel=1e-14)
    times = np.array([0.0, 0.1, 2.0, 50.0, 3000.0])
    fast, slow = np.exp(-k1 * times), np.exp(-k2 * times)
    density = (1.0 - h) * k1 * fast + h * k1 * k2 * (slow - fast) / (k1 - k2)
    assert ages.transit_density(matrix, rate, times) == pytest.approx(density, rel=1e-11)
    old = k1 * k2 * (slow - fast) / (k1 - k2)
    assert ages.age_density(matrix, rate, times)[1][:, 1] == pytest.approx(old, rel=1e-11, abs=1e-300)


@st.composite
def _systems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    pools = draw(st.integers(1, 5))
    numbers = st.floats(0.01, 1.0)
    rates = np.array([10.0 ** draw(st.floats(-3.0, 1.0)) for _ in range(pools)])
    matrix = np.array([[draw(numbers) for _ in range(pools)] for _ in range(pools)])
    np.fill_diagonal(matrix, 0.0)
    kept = np.array([draw(st.floats(0.0, 0.9)) for _ in range(pools)])
    matrix *= kept * rates / np.maximum(matrix.sum(axis=0), 1e-30)
    return matrix - np.diag(rates), np.array([draw(numbers) for _ in range(pools)])


@settings(max_examples=25, derandomize=True, deadline=None)
@given(_systems())
def test_stock_is_flux_times_transit_time_and_quantiles_invert(given_: tuple[np.ndarray, np.ndarray]) -> None:
    matrix, rate = given_
    means = ages.mean_times(matrix, rate)
    assert means.stock.sum() == pytest.approx(means.transit * rate.sum(), rel=1e-12)
    assert matrix @ means.stock == pytest.approx(-rate, rel=1e-9, abs=1e-12)
    # mean age of the stock is the mean of the pools' by their stocks
    assert means.age == pytest.approx(means.pool_age @ means.stock / means.stock.sum(), rel=1e-12)
    levels = (0.05, 0.5, 0.95)
    # squaring exponentials of rates that lie 1e4 apart multiplies round-off by as much
    transit = ages.transit_quantiles(matrix, rate, levels)
    assert ages.transit_distribution(matrix, rate, transit) == pytest.approx(levels, abs=1e-10)
    old = ages.age_quantiles(matrix, rate, levels)
    assert ages.age_distribution(matrix, rate, old)[0] == pytest.approx(levels, abs=1e-10)
    endless = ages.carbon_sequestration(matrix, rate, np.array([1e6]))
    assert endless[0] == pytest.approx(means.stock.sum(), rel=1e-8)


def test_densities_integrate_to_their_distributions_and_means() -> None:
    matrix, rate, _ = _case("century")
    # Gauss-Legendre on pieces that grow with time
    edges = np.concatenate(([0.0], np.geomspace(1e-3, 2e4, 120)))
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    times = (middle[:, None] + half[:, None] * nodes).ravel()
    weight = (half[:, None] * weights).ravel()
    means = ages.mean_times(matrix, rate)
    transit = ages.transit_density(matrix, rate, times)
    stock, pools = ages.age_density(matrix, rate, times)
    assert weight @ transit == pytest.approx(1.0, abs=1e-9)
    assert weight @ (times * transit) == pytest.approx(means.transit, rel=1e-9)
    assert weight @ (times * stock) == pytest.approx(means.age, rel=1e-9)
    assert weight @ pools == pytest.approx(np.ones(7), abs=1e-9)
    assert (weight * times) @ pools == pytest.approx(means.pool_age, rel=1e-9)
    early = times < edges[60]
    share = ages.transit_distribution(matrix, rate, edges[60:61])[0]
    assert weight[early] @ transit[early] == pytest.approx(share, abs=1e-10)
    distribution, by_pool = ages.age_distribution(matrix, rate, edges[60:61])
    assert weight[early] @ stock[early] == pytest.approx(distribution[0], abs=1e-10)
    assert weight[early] @ pools[early] == pytest.approx(by_pool[0], abs=1e-10)


def test_cells_at_once_are_cells_one_by_one() -> None:
    matrix, rate, _ = _case("rothc")
    factors = np.array([0.3, 1.0, 2.5])
    many = factors[:, None, None] * matrix
    times = np.array([0.5, 20.0])
    horizons = np.array([20.0, 100.0])
    for function, argument in (
        (ages.transit_density, times),
        (ages.transit_distribution, times),
        (ages.carbon_sequestration, horizons),
        (ages.climate_benefit, horizons),
    ):
        together = function(many, rate, argument)
        for cell in range(3):
            assert together[cell] == pytest.approx(function(many[cell], rate, argument), rel=1e-10)
    together = ages.transit_quantiles(many, rate)
    # time runs faster by the factor
    assert together * factors[:, None] == pytest.approx(np.tile(together[1], (3, 1)), rel=1e-10)
    assert ages.mean_times(many, rate).pool_age.shape == (3, 4)
    assert ages.age_density(many, rate, times)[1].shape == (3, 2, 4)


def test_warming_of_a_pulse_of_carbon_dioxide() -> None:
    """Joos et al. (2013): 92.5e-15 W m-2 yr per kg CO2 over 100 years; kg CO2 = 12/44 kg C."""
    warming = ages.absolute_warming(np.array([0.0, 100.0]))
    assert warming[0] == 0.0
    assert warming[1] * 12.0 / 44.0 == pytest.approx(92.5e-15, abs=0.05e-15)
    assert ages.RESPONSE_SHARES.sum() == pytest.approx(1.0, abs=1e-12)


def test_climate_benefit_is_the_double_integral() -> None:
    matrix, rate, _ = _case("rothc")
    horizon = 60.0
    times = np.linspace(0.0, horizon, 60001)
    # what is in the air of a pulse, integrated: H; the integral of h * r up to T is that of r(s) H(T - s)
    respired = rate.sum() * ages.transit_density(matrix, rate, times)
    returned = np.trapezoid(respired * ages.absolute_warming(horizon - times), times)
    expected = returned - rate.sum() * ages.absolute_warming(np.array([horizon]))[0]
    benefit = ages.climate_benefit(matrix, rate, np.array([horizon]))[0]
    assert benefit < 0.0
    assert benefit == pytest.approx(expected, rel=2e-5)


def test_limits_of_the_climate_benefit() -> None:
    rate, horizons = np.array([2.0]), np.array([10.0, 100.0, 500.0])
    kept = ages.climate_benefit(np.array([[-1e-12]]), rate, horizons)
    assert kept == pytest.approx(-2.0 * ages.absolute_warming(horizons), rel=1e-8)
    gone = ages.climate_benefit(np.array([[-1e4]]), rate, horizons)
    assert np.abs(gone / kept).max() < 1e-4
    slow, fast = (ages.climate_benefit(np.array([[-k]]), rate, horizons) for k in (0.02, 0.2))
    assert (slow < fast).all() and (fast < 0.0).all()


@pytest.mark.parametrize(
    ("matrix", "rate", "message"),
    [
        ([[-1.0, 0.0], [0.5, 0.0]], [1.0, 0.0], "pool 1 is inert"),
        ([[-1.0, 0.5], [1.0, -0.5]], [1.0, 0.0], "pool 0 never leaves"),
        ([[-1.0, 0.0], [1.2, -0.5]], [1.0, 0.0], "pool 0 passes on more"),
        ([[-1.0, -0.1], [0.2, -0.5]], [1.0, 0.0], "not a compartmental matrix"),
        ([[-1.0, 0.0], [0.2, -0.5]], [0.0, 0.0], "more than 0"),
        ([[-1.0, 0.0], [0.2, -0.5]], [1.0, -0.1], "0 or more"),
        ([[-1.0, 0.0], [np.nan, -0.5]], [1.0, 0.0], "finite"),
        ([[-1.0, 0.0]], [1.0, 0.0], "must be"),
    ],
)
def test_bad_systems_are_refused(matrix: list, rate: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ages.mean_times(np.array(matrix), np.array(rate))


def test_pool_that_no_input_reaches_has_no_age() -> None:
    means = ages.mean_times(np.array([[-1.0, 0.05], [0.0, -0.1]]), np.array([1.0, 0.0]))
    assert means.stock[1] == 0.0 and np.isnan(means.pool_age[1]) and means.age == pytest.approx(1.0)


def test_bad_times_and_levels_are_refused() -> None:
    matrix, rate = np.array([[-1.0]]), np.array([1.0])
    with pytest.raises(ValueError, match="times"):
        ages.transit_density(matrix, rate, np.array([-1.0]))
    with pytest.raises(ValueError, match="levels"):
        ages.age_quantiles(matrix, rate, (0.5, 1.0))
