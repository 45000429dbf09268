"""IPCC Tier 2 steady-state method: every intermediate of an independent port, the recursion by hand, what it is not."""

from __future__ import annotations

import csv
import tomllib

import numpy as np
import pytest

from tests.pools.matrices import MODELS
from tests.support import shared
from watershed_c.kernels.ipcc_tier2 import PARAMETERS, default_parameters
from watershed_c.pools.ipcc_tier2 import TierTwo, tier_two


def _case(years: int = 8, fields: int = 3) -> dict:
    rng = np.random.default_rng(11)
    return {
        "temperature": rng.uniform(-5.0, 30.0, (years, 12, fields)),
        "precipitation": rng.uniform(0.0, 150.0, (years, 12, fields)),
        "evapotranspiration": rng.uniform(5.0, 160.0, (years, 12, fields)),
        "carbon": rng.uniform(2.0, 6.0, (years, fields)),
        "lignin": rng.uniform(0.07, 0.15, (years, fields)),
        "nitrogen": rng.uniform(0.008, 0.03, (years, fields)),
        "sand": np.linspace(0.1, 0.8, fields),
        "tillage": rng.choice(["full", "reduced", "none"], (years, fields)),
    }


def test_the_folders_table_is_the_oracle() -> None:
    oracle = shared("reference/pools/ipcc/ipcc2019_tier2.csv").read_text()
    assert (MODELS / "ipcc-tier2" / "reference.csv").read_text() == oracle


def test_every_intermediate_of_the_independent_port() -> None:
    with (MODELS / "ipcc-tier2" / "reference.csv").open() as file:
        rows = list(csv.DictReader(file))
    fields = len(rows)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    def months(name: str) -> np.ndarray:
        return np.array([[float(row[f"{name}{month}"]) for row in rows] for month in range(1, 13)])[None]

    # the port has 0.2 / 2.63 where the guidelines print 0.076: up to 1.6e-3 of the temperature factor
    parameters = default_parameters()
    parameters[list(PARAMETERS).index("temperature_scale")] = 0.2 / 2.63
    result = tier_two(
        parameters=parameters,
        temperature=months("T"),
        precipitation=months("P"),
        evapotranspiration=months("PET"),
        carbon=column("C")[None],
        lignin=column("LC")[None],
        nitrogen=column("NC")[None],
        sand=column("sand"),
        tillage=np.array([[{"no": "none"}.get(row["till"], row["till"]) for row in rows]]),
        start=np.zeros((3, fields)),
    )
    names = {
        "Tfac": "temperature_factor",
        "Wfac": "water_factor",
        "f4": "f4",
        "beta": "beta",
        "alpha": "alpha",
        "ka": "active_rate",
        "ks": "slow_rate",
        "kp": "passive_rate",
    }
    for theirs, ours in names.items():
        assert result.intermediate[ours][0] == pytest.approx(column(theirs), rel=1e-12), theirs
    for pool, name in enumerate(("A_ss", "S_ss", "P_ss")):
        assert result.steady[0, pool] == pytest.approx(column(name), rel=1e-12), name
    # from nothing, one year: min(1, k) of the steady state
    shares = np.minimum(1.0, [column("ka"), column("ks"), column("kp")])
    assert result.stocks[1] == pytest.approx(shares * result.steady[0], rel=1e-12)


def test_water_factor_saturates() -> None:
    """The quadratic term is subtracted: 1.5 at R = 1.25, as the guidelines' curve; added it would be 2.25."""
    case = _case(1, 1)
    case |= {"precipitation": np.full((1, 12, 1), 500.0), "evapotranspiration": np.full((1, 12, 1), 100.0)}
    wet = tier_two(**case, start=np.zeros((3, 1))).intermediate["water_factor"][0, 0]
    assert wet == pytest.approx(1.5 * (0.2129 + 1.331 * 1.25 - 0.2413 * 1.25**2), rel=1e-14)
    case["evapotranspiration"][:] = 0.0
    assert tier_two(**case, start=np.zeros((3, 1))).intermediate["water_factor"][0, 0] == wet
    irrigated = np.ones((1, 12, 1), dtype=bool)
    under = tier_two(**case, irrigated=irrigated, start=np.zeros((3, 1))).intermediate["water_factor"][0, 0]
    assert under == pytest.approx(1.5 * 0.775, rel=1e-14)


def test_no_decay_above_the_hottest_temperature() -> None:
    case = _case(1, 1)
    case["temperature"][:] = 45.0
    with pytest.raises(ValueError, match="without any decay"):
        tier_two(**case, start=np.zeros((3, 1)))
    case["temperature"][0, 0] = 33.69
    factor = tier_two(**case, start=np.zeros((3, 1))).intermediate["temperature_factor"][0, 0]
    assert factor == pytest.approx(1.0 / 12.0, rel=1e-14)


def test_run_in_is_the_steady_state_of_means_and_years_relax() -> None:
    case = _case()
    result = tier_two(**case, run_in=5)
    assert isinstance(result, TierTwo) and result.stocks.shape == (4, 3, 3) and result.change.shape == (3, 3)
    # by hand, the second field
    values = dict(zip(PARAMETERS, default_parameters(), strict=True))
    full = tier_two(**case, start=np.zeros((3, 3)))
    warmth = full.intermediate["temperature_factor"][:5, 1].mean()
    water = full.intermediate["water_factor"][:5, 1].mean()
    carbon, lignin, nitrogen = (case[name][:5, 1].mean() for name in ("carbon", "lignin", "nitrogen"))
    till = np.mean([values[f"tillage_{name}"] for name in case["tillage"][:5, 1]])
    f2 = np.mean([values[f"f2_{name}"] for name in case["tillage"][:5, 1]])
    f4 = 1.0 - 0.0855 - (0.17 + 0.68 * case["sand"][1])
    beta = carbon * (0.85 - 0.018 * lignin / nitrogen)
    alpha = beta * 0.378 + (carbon * (1 - lignin) - beta) * f2 + carbon * lignin * 0.455 * (0.42 + 0.0504 * 0.45)
    alpha /= 1.0 - f4 * 0.42 - 0.0855 * 0.45 - f4 * 0.0504 * 0.45
    k = np.array([7.4 * (0.25 + 0.75 * case["sand"][1]) * till, 0.209 * till, 0.00689]) * warmth * water
    active = alpha / k[0]
    slow = (carbon * lignin * 0.455 + active * k[0] * f4) / k[1]
    passive = (active * k[0] * 0.0855 + slow * k[1] * 0.0504) / k[2]
    assert result.stocks[0, :, 1] == pytest.approx([active, slow, passive], rel=1e-12)
    for year in range(3):
        rates = [result.intermediate[f"{pool}_rate"][year] for pool in ("active", "slow", "passive")]
        before = result.stocks[year]
        after = before + (result.steady[year] - before) * np.minimum(1.0, rates)
        assert result.stocks[year + 1] == pytest.approx(after, rel=1e-14)
    assert result.change == pytest.approx(np.diff(result.stocks.sum(axis=1), axis=0), rel=1e-14)


def test_same_year_again_and_again_changes_nothing() -> None:
    case = _case()
    for name, array in case.items():
        if name != "sand":
            case[name] = np.repeat(array[:1], 8, axis=0)
    assert np.abs(tier_two(**case, run_in=5).change).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("carbon", np.full((8, 3), -1.0), "carbon"),
        ("lignin", np.full((8, 3), 0.6), "does not cover"),
        ("nitrogen", np.full((8, 3), 1e-3), "does not cover"),
        ("sand", np.full(3, 70.0), "sand"),
        ("tillage", np.full((8, 3), "plough"), "tillage"),
        ("temperature", np.zeros((8, 11, 3)), "temperature must be"),
        ("run_in", 4, "run_in"),
        ("run_in", 9, "longer"),
        ("irrigated", np.zeros((8, 12, 3)), "irrigated"),
        ("parameters", np.zeros(3), "parameters"),
        ("start", np.zeros((3, 2)), "start"),
    ],
)
def test_bad_input_is_told(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tier_two(**(_case() | {name: value}))


def test_folder_refuses_to_be_coupled() -> None:
    content = tomllib.loads((MODELS / "ipcc-tier2" / "model.toml").read_text(encoding="utf-8"))
    assert content["couples"] is False and "erosion" in content["couples_reason"]
    table = {name: given["value"] for name, given in content["parameters"].items()}
    assert table == {name: value for name, (value, _, _) in PARAMETERS.items()}
