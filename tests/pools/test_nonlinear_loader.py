"""Folders of non-linear models: what is loaded, and every way in which one is refused."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import numpy as np
import pytest

from tests.pools.test_loader import Change, put
from watershed_c.data import data_path
from watershed_c.kernels import millennial
from watershed_c.pools import load_model
from watershed_c.pools.loader import ModelError, available_models, compile_model
from watershed_c.pools.nonlinear import parameter_vector
from watershed_c.pools.nonlinear_model import NonlinearPoolModel

FOLDER = data_path("models", "pools", "mimics")
CONTENT = tomllib.loads((FOLDER / "model.toml").read_text(encoding="utf-8"))
WET = data_path("models", "pools", "millennial")


def test_sets_and_parameters() -> None:
    assert {"mimics", "millennial", "rothc"} <= set(available_models())
    mimics = load_model("mimics")
    assert isinstance(mimics, NonlinearPoolModel)
    assert mimics.pools == ("litm", "lits", "micr", "mick", "somp", "somc", "soma") and not mimics.inert.any()
    assert mimics.couples and mimics.caution == "" and mimics.substeps(1.0 / 12.0) == 31
    assert set(mimics.sources) <= set(mimics.citations) and mimics.calibration_depth == 0.3
    bounded = load_model("mimics:bounded_turnover", {"turnover_r": 6e-4})
    assert bounded.parameters["turnover_modifier_high"].default == 1.2
    assert bounded.vector[28] == 6e-4 and not np.array_equal(bounded.vector, mimics.vector)
    for chosen in ("", ":fit", ":default", ":linear", ":equilibrium_chemistry"):
        model = load_model("millennial" + chosen)
        name = chosen.strip(":") or "fit"
        if name in ("fit", "default"):
            np.testing.assert_array_equal(model.vector, parameter_vector(millennial, name))
    with pytest.raises(ModelError, match="no such set of parameters: 'fitt'. Did you mean 'fit'"):
        load_model("millennial:fitt")
    with pytest.raises(ModelError, match="no such parameter: 'turnover_rr'. Did you mean 'turnover_r'"):
        load_model("mimics", {"turnover_rr": 1.0})
    with pytest.raises(ModelError, match="turnover_r.value must be a number from"):
        load_model("mimics", {"turnover_r": 1.0})


def test_plant_input_by_its_chemistry() -> None:
    mimics = load_model("mimics")
    shares = mimics.allocate("plant", lignin_nitrogen=20.0)
    np.testing.assert_allclose(shares[[0, 4]].sum(), 0.85 - 0.013 * 20.0, rtol=1e-14)
    assert mimics.of_plant_input == {"metabolic_fraction": (0, 4), "productivity": "amount"}


@pytest.mark.parametrize("name", ["mimics", "millennial"])
def test_reference_is_reproduced(name: str) -> None:
    model = load_model(name, reference=True)
    assert model.reference is not None and model.reference_difference() <= model.reference.tolerance


@pytest.mark.parametrize("name", ["mimics", "millennial"])
def test_pathways_are_the_jacobian(name: str) -> None:
    """Filled by its pathways, a matrix comes back."""
    paths = load_model(name).pathways
    pools = paths.group.size
    matrix = np.arange(1.0, pools * pools + 1).reshape(pools, pools)
    flat = matrix.ravel()
    found = np.diag(flat[paths.group])
    found[paths.destination, paths.source] = flat[paths.transfer_group]
    np.testing.assert_array_equal(found, matrix)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("polls", 1), "unknown key 'polls'. Did you mean 'pools'"),
        (put("schema", 1), "schema must be 2"),
        (put("name", "mimix"), "must be the name of its folder"),
        (put("sources", ["nobody_1999"]), "nobody_1999"),
        (put("kernel", "mimic"), "kernel = 'mimic' must be one of mimics, millennial"),
        (put("scheme", "euler"), "scheme = 'euler' must be one of rk4"),
        (put("substep_days", 0.0), "substep_days must be a number from 0.001 to 31"),
        (put("leaches", "no"), "leaches must be true or false"),
        (put("couples", 1), "couples must be true or false"),
        (put("calibration_depth_m", -1.0), "calibration_depth_m must be"),
        (put("arguments", ["temperature"]), "arguments must be those of the kernel, temperature, moisture, clay"),
        (put("properties", {}), "arguments: 'clay' is no \\[properties.clay\\]"),
        (put("properties", "silt", {"units": "%", "range": [0.0, 100.0]}), "properties.silt: the kernel does not use"),
        (put("properties", "clay", "range", [100.0, 0.0]), "low <= high"),
        (put("properties", "productivity", "of_plant_input", ["litx"]), "no pool 'litx'. Did you mean 'lit"),
        (put("properties", "productivity", "range", [-1.0, 3.0]), "rate tau_r is nan at .*productivity = -1"),
        (put("drivers", {}), "drivers must declare moisture"),
        (put("drivers", "moisture", "units", "mm"), "units = 'mm' must be one of -, m3 m-3"),
        (put("drivers", "snow", {"units": "-", "range": [0.0, 1.0]}), "only moisture is declared, not 'snow'"),
        (put("parameters", "turnover_r", "value", 1.0), "turnover_r.value must be a number from"),
        (put("parameters", "turnover_r", "units", "d-1"), "turnover_r.units must be 'h-1', is 'd-1'"),
        (put("parameters", "turnover_r", "source", "no"), "'no' must"),
        (put("parameters", "turnover_x", {"value": 1.0, "units": "-", "range": [0.0, 2.0], "source": "mimics_code"}),
         "turnover_x: neither kernel nor inputs use it. Did you mean 'turnover_"),
        (put("pools", 0, "name", "lits"), "pools must be those of the kernel, in its order: litm"),
        (put("pools", 0, "rate_per_yr", 1.0), "pools\\[1\\]: unknown key 'rate_per_yr'"),
        (put("pools", 0, "carrier", "air"), "particulate, mineral"),
        (put("modifiers", [{"factor": "temperature", "law": "q10"}]), "'temperature' is part of the kernel"),
        (put("modifiers", 0, "law", "moyanoo"), "must be one of constant"),
        (put("modifiers", 0, "pools", ["litm"]), "acts on all pools"),
        (put("inputs", {}), "must have a kind 'plant'"),
        (put("inputs", "manure", "fractions", "litm", "0.5"), "inputs.manure.fractions sum to"),
        (put("reference", "file", "nowhere.csv"), "nowhere.csv"),
        (put("reference", "properties", {"clay": 400.0}), "outside 0 to 100"),
        (put("reference", "tolerance_relative", 2.0), "tolerance_relative must be"),
    ],
)  # fmt: skip
def test_a_bad_model_is_refused_saying_why(change: Change, message: str) -> None:
    content: dict[str, Any] = copy.deepcopy(CONTENT)
    change(content)
    with pytest.raises(ModelError, match=message):
        compile_model(content, FOLDER)


def test_moisture_of_millennial_is_water() -> None:
    content = tomllib.loads((WET / "model.toml").read_text(encoding="utf-8"))
    content["modifiers"].append({"factor": "moisture", "law": "moyano"})
    with pytest.raises(ModelError, match="moisture is m3 m-3 in this kernel"):
        compile_model(content, WET)


def test_a_parameter_of_the_kernel_that_is_missing() -> None:
    content: dict[str, Any] = copy.deepcopy(CONTENT)
    del content["parameters"]["turnover_r"]
    with pytest.raises(ModelError, match="parameters: 'turnover_r' of the kernel is missing"):
        compile_model(content, FOLDER)


def test_all_problems_are_told_at_once() -> None:
    content: dict[str, Any] = copy.deepcopy(CONTENT)
    content["schema"] = 3
    content["substep_days"] = "long"
    content["parameters"]["turnover_r"]["units"] = "d-1"
    del content["pools"][2]["carrier"]
    with pytest.raises(ModelError) as caught:
        compile_model(content, FOLDER)
    assert len(caught.value.problems) >= 4


def test_reports_are_no_pool_models() -> None:
    with pytest.raises(ModelError, match="is no model of pools: .*use the model century with erosion"):
        load_model("ipcc-tier2")
    assert "ipcc-tier2" not in available_models()
