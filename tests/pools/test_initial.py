"""Starts from a measured stock: closed forms, long spin-ups, the pedotransfer functions as FAO ran them."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import xarray as xr

from tests.pools.test_simulate import climate
from tests.support import shared
from watershed_c.pools.datasets import InputError
from watershed_c.pools.initial import PEDOTRANSFER, Measured, falloon_of_profile, weihermueller_pools
from watershed_c.pools.loader import load_model
from watershed_c.pools.steady import falloon_iom

#: FAO (2020), GSOCseq scripts: pools of the pedotransfer functions by land use, a * pool + b
LAND_USE = {
    (2, 12, 13): {"rpm": (0.9902, 0.4788), "bio": (1.09038, 0.04055), "hum": (0.9878, -0.3818)},
    (4,): {"rpm": (1.7631, 0.4043), "bio": (0.9757, 0.0209), "hum": (0.8712, -0.2904)},
    (3, 5, 6, 8): {"rpm": (1.3837, 0.4692), "bio": (1.03401, 0.02531), "hum": (0.9316, -0.5243)},
}
SOIL = {"clay": 23.4, "depth": 23.0, "iom": 3.0}


def rows(name: str) -> list[dict[str, str]]:
    with (shared("reference/pools/gsocseq") / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def with_manure() -> dict[str, np.ndarray]:
    return climate(12) | {"manure": np.where(np.arange(12) == 10, 1.5, 0.0)}


def test_falloon_is_evaluated_once_on_the_plough_layer() -> None:
    """60 t/ha in five layers have 5.19 of inert carbon, not the 4.15 of five evaluations (coupling rule 13)."""
    edges = np.linspace(0.0, 0.23, 6)
    layers = falloon_of_profile(np.full((1, 5), 1.2), edges[:-1], edges[1:])
    assert layers.sum() * 10.0 == pytest.approx(0.049 * 60.0**1.139, rel=1e-13)
    assert falloon_iom(np.full(5, 1.2)).sum() * 10.0 == pytest.approx(4.15, abs=0.01)
    # half of the second layer is below: the share found above holds there too
    deep = falloon_of_profile(np.array([[6.0, 4.0]]), np.array([0.0, 0.13]), np.array([0.13, 0.33]))
    share = 0.049 * 80.0**0.139
    np.testing.assert_allclose(deep, [[6.0 * share, 4.0 * share]], rtol=1e-13)


def test_sought_plant_input_sustains_the_stock_for_ten_thousand_years() -> None:
    rothc = load_model("rothc")
    given = with_manure()
    run = rothc.simulate(given, SOIL, Measured(soc=60.0, method="plant_input"))
    assert float(run.initial_soil_carbon.sum()) == pytest.approx(60.0, rel=1e-13)
    assert float(run.initial_soil_carbon[4]) == pytest.approx(3.0, rel=1e-14)
    scaled = given | {"plant": given["plant"] * float(run.input_scale)}
    long = {name: np.tile(values, 10_000) for name, values in scaled.items()}
    spun = rothc.simulate(long, SOIL, {pool: 0.0 for pool in rothc.pools[:4]}, every="end")
    np.testing.assert_allclose(spun.soil_carbon[-1], run.initial_soil_carbon, rtol=1e-9)
    # the run has the input given, not the one sought
    assert not np.isclose(float(run.cSoil[-1]), 60.0, rtol=1e-4)
    stays = rothc.simulate(scaled, SOIL, Measured(soc=60.0), every="end")
    assert float(stays.input_scale) == pytest.approx(1.0, rel=1e-12)
    assert float(stays.cSoil[-1]) == pytest.approx(60.0, rel=1e-12)


def test_radiocarbon_follows_the_sought_input() -> None:
    rothc = load_model("rothc")
    given = with_manure() | {"fraction_modern": np.full(12, 0.98)}
    run = rothc.simulate(given, SOIL, Measured(soc=60.0))
    scaled = given | {"plant": given["plant"] * float(run.input_scale)}
    at_equilibrium = rothc.simulate(scaled, SOIL)
    again = rothc.simulate(scaled, SOIL, Measured(soc=60.0))
    np.testing.assert_allclose(again.Delta14C, at_equilibrium.Delta14C, rtol=0.0, atol=1e-8)
    share = rothc.simulate(scaled, SOIL, Measured(soc=60.0, method="fractions"))
    np.testing.assert_allclose(share.Delta14C, at_equilibrium.Delta14C, rtol=0.0, atol=1e-8)


def test_closed_form_of_the_gsocseq_protocol() -> None:
    """Its analytic spin-up: constant modifier, continuous input; pools and the input that sustains them."""
    rothc = load_model("rothc")
    expected = rows("analytic_spinup_13B_ownsolve")
    pixels = {row["id"]: row for row in rows("inputs_spinup")}
    mine = [pixels[row["id"]] for row in expected]
    number = lambda table, name: np.array([float(row[name]) for row in table])  # noqa: E731
    soc = number(mine, "SOC")
    point = xr.Dataset({
        "clay": ("pixel", number(mine, "clay")), "iom": ("pixel", 10.0 * falloon_iom(soc / 10.0)),
    })  # fmt: skip
    np.testing.assert_allclose(point.iom, number(expected, "IOM"), rtol=1e-12)
    forcing = xr.Dataset({
        "modifier": (("time", "pixel"), np.tile(number(expected, "mean_xi"), (12, 1))),
        "plant": ("time", np.full(12, 1.0 / 12.0)), "dpm_rpm": ("pixel", number(mine, "DR")),
    })  # fmt: skip
    run = rothc.simulate(forcing, point, Measured(soc=xr.DataArray(soc, dims="pixel")), scheme="exact")
    shares = rothc.simulate(
        forcing, point, Measured(soc=xr.DataArray(soc, dims="pixel"), method="fractions"), scheme="exact"
    )
    np.testing.assert_allclose(run.input_scale, number(expected, "Ceq"), rtol=1e-10)
    for pool in rothc.pools:
        oracle = number(expected, pool.upper())
        np.testing.assert_allclose(run.initial_soil_carbon.sel(pool=pool), oracle, rtol=1e-9)
        np.testing.assert_allclose(shares.initial_soil_carbon.sel(pool=pool), oracle, rtol=1e-9)


def test_pedotransfer_functions_as_fao_ran_them() -> None:
    """Pools before their correction for land use; the misprint is what the scripts have."""
    pixels = {row["id"]: row for row in rows("inputs_spinup")}
    compared = 0
    for row in rows("out_1_spinup"):
        pixel = pixels[row["id"]]
        correction = [table for classes, table in LAND_USE.items() if int(pixel["LU"]) in classes]
        if not correction or row["RPM_pedotransfer"] in ("", "NA", "NaN") or float(row["SOC_pedotransfer"]) == 0.0:
            continue
        soc, clay = float(pixel["SOC"]), float(pixel["clay"])
        iom = 10.0 * float(falloon_iom(np.array(soc / 10.0)))
        assert iom == pytest.approx(float(row["IOM_pedotransfer"]), rel=1e-12)
        found = weihermueller_pools(np.array(soc), np.array(iom), np.array(clay), misprint=True)
        printed = weihermueller_pools(np.array(soc), np.array(iom), np.array(clay))
        rest = soc - iom
        for pool in PEDOTRANSFER:
            a, b = correction[0][pool]
            corrected = a * float(found[pool]) + b
            rest -= corrected
            assert corrected == pytest.approx(float(row[f"{pool.upper()}_pedotransfer"]), abs=1e-9), (row["id"], pool)
        assert rest == pytest.approx(float(row["DPM_pedotransfer"]), abs=1e-9)
        assert float(printed["rpm"] / found["rpm"]) == pytest.approx(1.0 + 0.0007 * soc / (0.184 * soc + 0.1555))
        assert sum(map(float, printed.values())) == pytest.approx(soc, rel=1e-14)
        compared += 1
    assert compared >= 15


def test_pedotransfer_as_a_start() -> None:
    rothc = load_model("rothc")
    soil = {"clay": np.array([10.0, 25.0]), "depth": 30.0}
    soc = np.array([40.0, 100.0])
    run = rothc.simulate(climate(12), soil, Measured(soc=soc, method="weihermueller"))
    start, iom = run.initial_soil_carbon, 10.0 * falloon_iom(soc / 10.0)
    expected = weihermueller_pools(soc, iom, soil["clay"])
    assert (expected["dpm"] < 0.0).all()  # by some 0.02 t/ha
    np.testing.assert_array_equal(start.sel(pool="dpm"), 0.0)
    np.testing.assert_allclose(start.sum("pool"), soc, rtol=1e-13)
    np.testing.assert_allclose(start.sel(pool="iom"), iom, rtol=1e-13)
    for pool in PEDOTRANSFER:
        factor = (soc - iom) / (soc - iom - expected["dpm"])
        np.testing.assert_allclose(start.sel(pool=pool), expected[pool] * factor, rtol=1e-13)
    little = rothc.simulate(climate(12), soil | {"iom": 1.0}, Measured(soc=soc, method="weihermueller"))
    whole = weihermueller_pools(soc, np.array(1.0), soil["clay"])
    for pool in rothc.pools:
        np.testing.assert_allclose(little.initial_soil_carbon.sel(pool=pool), whole[pool], rtol=1e-12)
    assert "Weihermueller" in run.attrs["assumptions"] and "Falloon" in run.attrs["assumptions"]
    other = rothc.simulate(climate(12), soil, Measured(soc=soc, method="weihermueller", misprint=True))
    assert (other.initial_soil_carbon.sel(pool="rpm") < run.initial_soil_carbon.sel(pool="rpm")).all()
    with pytest.raises(InputError, match="for the pools of RothC"):
        load_model("icbm").simulate({"modifier": np.ones(12)}, {}, Measured(soc=50.0, method="weihermueller"))
    with pytest.raises(InputError, match="less than the inert carbon"):
        rothc.simulate(climate(12), {**SOIL, "iom": 60.0}, Measured(soc=50.0, method="weihermueller"))


def test_layers_share_one_profile() -> None:
    """Stocks by layer, inert carbon evaluated once for the profile; the dimension layer may stand anywhere."""
    rothc = load_model("rothc")
    soil = xr.Dataset({
        "clay": ("layer", [20.0, 22.0, 25.0]), "depth": 23.0,
        "layer_top": ("layer", [0.0, 10.0, 23.0]), "layer_bottom": ("layer", [10.0, 23.0, 40.0]),
    })  # fmt: skip
    soc = xr.DataArray([[30.0, 30.0, 20.0], [20.0, 15.0, 10.0]], dims=("site", "layer"))
    forcing = xr.Dataset({name: ("time", values) for name, values in climate(12).items()})
    forcing["plant"] = forcing.plant * xr.DataArray([0.6, 0.3, 0.1], dims="layer")
    run = rothc.simulate(forcing, soil, Measured(soc=soc))
    share = 0.049 * np.array([60.0, 35.0]) ** 0.139
    inert = run.initial_soil_carbon.sel(pool="iom").transpose("site", "layer")
    np.testing.assert_allclose(inert, soc * share[:, None], rtol=1e-12)
    np.testing.assert_allclose(run.initial_soil_carbon.sum("pool").transpose("site", "layer"), soc, rtol=1e-12)
    with pytest.raises(InputError, match="layer_bottom  is missing"):
        rothc.simulate(forcing, soil.drop_vars("layer_bottom"), Measured(soc=soc))


def test_measured_fractions() -> None:
    rothc = load_model("rothc")
    shares = {"dpm": 0.01, "rpm": 0.15, "bio": 0.02, "hum": 0.75, "iom": 0.07}
    run = rothc.simulate(climate(12), {"clay": 20.0}, Measured(50.0, "measured_fractions", shares))
    np.testing.assert_allclose(run.initial_soil_carbon, 50.0 * np.array(list(shares.values())), rtol=1e-14)
    with pytest.raises(InputError, match="must add up to 1"):
        rothc.simulate(climate(12), {"clay": 20.0}, Measured(50.0, "measured_fractions", shares | {"hum": 0.7}))
    with pytest.raises(InputError, match='initial.fraction.hmu  is not known. Did you mean "fraction.hum"'):
        rothc.simulate(climate(12), {"clay": 20.0}, Measured(50.0, "measured_fractions", {"hmu": 1.0}))


def test_starts_that_there_are_not() -> None:
    rothc = load_model("rothc")
    with pytest.raises(InputError, match="must not be less than the inert carbon"):
        rothc.simulate(with_manure(), SOIL, Measured(soc=2.0))
    socs = xr.DataArray([60.0, 4.0, 50.0], dims="field")
    with pytest.raises(InputError, match=r'cannot be sustained.*\(1 of 3 points, first at field 1\).*"fractions"'):
        rothc.simulate(with_manure(), SOIL, Measured(soc=socs))
    kept = rothc.simulate(with_manure(), SOIL, Measured(soc=socs, method="fractions"))
    np.testing.assert_allclose(kept.initial_soil_carbon.sum("pool"), socs, rtol=1e-13)
    with pytest.raises(InputError, match='Did you mean "plant_input"'):
        rothc.simulate(with_manure(), SOIL, Measured(soc=60.0, method="plant-input"))
    frozen = with_manure() | {"temperature": np.full(12, -20.0)}
    with pytest.raises(InputError, match="no equilibrium"):
        rothc.simulate(frozen, SOIL)
    century = load_model("century")
    given = {"modifier": np.ones(52), "plant": np.full(52, 0.05), "manure": np.full(52, 0.01)}
    ground = {"clay": 20.0, "silt": 30.0}
    with pytest.raises(InputError, match="without manure"):
        century.simulate(given, ground, Measured(soc=60.0), steps_per_year=52)
    del given["manure"]
    run = century.simulate(given, ground, Measured(soc=60.0), steps_per_year=52)
    assert float(run.initial_soil_carbon.sum()) == pytest.approx(60.0, rel=1e-12)
    given["plant"] = given["plant"] * float(run.input_scale)
    end = century.simulate(given, ground, Measured(soc=60.0), steps_per_year=52, every="end")
    assert float(end.cSoil[-1]) == pytest.approx(60.0, rel=1e-9)
