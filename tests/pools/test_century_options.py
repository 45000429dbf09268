"""What CENTURY has beside its sets, as a user can have it: tillage at a point, the anaerobic factor by law."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support import shared
from watershed_c.data import data_path
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model

#: g m-2 per t ha-1
G_M2 = 100.0


def test_tillage_of_daycent_is_a_modifier_of_pools() -> None:
    """Passive carbon gains on tilled days of April what the program prints, with the factor of those days by pool."""
    table = np.genfromtxt(shared("reference/pools/daycent/daycent_eqt_base_daily.csv"), delimiter=",", names=True)
    model = load_model("century:ddcent17")
    assert isinstance(model, CompiledPoolModel)
    soil, per_day = {"clay": 14.0, "silt": 16.0, "sand": 70.0, "ph": 7.0}, 1.0 / 360.0  # a day of April
    slow_to_active = float(model.pool_rates({k: np.array([v]) for k, v in soil.items()})[model.pools.index("slow"), 0])
    slow_to_active *= 1.0 - 0.55 - (0.003 + 0.009 * 0.14)
    tilled = 0
    for before, after in zip(table[:-1], table[1:], strict=True):
        if before["year"] != after["year"] or not 95 <= after["doy"] <= 119:
            continue
        stirred = after["f_som22tosom12"] / (per_day * slow_to_active * before["som2c2"] * after["bgdefac"])
        start = {pool: 0.0 for pool in model.pools}
        for pool, column in (("active", "som1c2"), ("slow", "som2c2"), ("passive", "som3c")):
            start[pool] = before[column] / G_M2
        forcing = {"modifier": np.array([after["bgdefac"]])}
        forcing |= {f"modifier.{pool}": np.array([stirred]) for pool in ("active", "slow")}
        run = model.simulate(forcing, soil, start, scheme="euler", steps_per_year=360)
        gained = G_M2 * float(run.soil_carbon.sel(pool="passive")[0] - run.initial_soil_carbon.sel(pool="passive"))
        printed = after["f_som12tosom3"] + after["f_som22tosom3"] - after["f_som3tosom12"] / 0.45
        gross = after["f_som12tosom3"] + after["f_som22tosom3"] + after["f_som3tosom12"] / 0.45
        assert gained == pytest.approx(printed, abs=3e-3 * gross + 2.5e-6)
        tilled += stirred > 5.0
    assert tilled >= 3


def test_anaerobic_factor_of_century_is_a_law_of_a_set(tmp_path: Path) -> None:
    """At twice the rain that begins to matter half of the loss of rate, in soil pools only; none where water drains."""
    folder = tmp_path / "century"
    shutil.copytree(data_path("models", "pools", "century"), folder)
    base = (folder / "sets" / "century4.toml").read_text()
    for name, drain in (("wet", 0.0), ("drained", 1.0)):
        law = f'\n[[modifiers]]\nfactor = "moisture"\nlaw = "anaerobic"\nparameters = {{ drain = {drain} }}\n'
        law += 'pools = ["soil_structural_lignin", "soil_structural", "soil_metabolic", "active", "slow", "passive"]\n'
        (folder / "sets" / f"{name}.toml").write_text(base + law)
    month = {"temperature": np.array([15.0]), "rain": np.array([90.0]), "pet": np.array([40.0])}
    kept = {}
    for name in ("century4", "wet", "drained"):
        model = load_model(f"{folder}:{name}")
        soil = {key: 0.5 * (q.low + q.high) for key, q in model.properties.items()} | {"clay": 20.0}
        start = {pool: 1.0 if pool.endswith("metabolic") else 0.0 for pool in model.pools}
        run = model.simulate(month, soil, start, scheme="exact")  # type: ignore[attr-defined]
        kept[name] = -np.log(run.soil_carbon[0].sel(pool=["surface_metabolic", "soil_metabolic"]).values)
    # R = 2.25: 1 - 0.7 (2.25 - 1.5) / (3 - 1.5)
    np.testing.assert_allclose(kept["wet"] / kept["century4"], [1.0, 0.65], rtol=1e-12)
    np.testing.assert_allclose(kept["drained"], kept["century4"], rtol=1e-12)
