"""Model folders: what is loaded, and every way in which one is refused."""

from __future__ import annotations

import copy
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watershed_c.data import data_path
from watershed_c.pools.loader import ModelError, available_models, compile_model, load_model

FOLDER = data_path("models", "pools", "rothc")
CONTENT = tomllib.loads((FOLDER / "model.toml").read_text())


def test_rothc_is_what_the_sources_say() -> None:
    model = load_model("rothc")
    assert "rothc" in available_models()
    assert model.pools == ("dpm", "rpm", "bio", "hum", "iom")
    np.testing.assert_array_equal(model.rates, [10.0, 0.3, 0.66, 0.02, 0.0])
    np.testing.assert_array_equal(model.inert, [False, False, False, False, True])
    assert model.carriers == ("particulate", "particulate", "mineral", "mineral", "mineral")
    assert model.calibration_depth == 0.23
    # CO2 / (BIO + HUM) = 3.51 at the 23.4 % clay of Rothamsted
    bio, hum = model.coefficients({"clay": 23.4})[0]
    assert (1.0 - bio - hum) / (bio + hum) == pytest.approx(3.514, abs=5e-4)
    assert bio / hum == pytest.approx(0.46 / 0.54, rel=1e-14)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.parent.iterdir() if path.is_dir()))
def test_every_folder_has_its_reference_and_says_which_reading_was_taken(name: str) -> None:
    assert (FOLDER.parent / name / "reference.csv").is_file()
    page = (FOLDER.parent / name / "README.md").read_text(encoding="utf-8")
    assert "## Which reading was taken" in page


def test_coefficients_are_those_of_each_cell() -> None:
    model = load_model("rothc")
    clay = np.random.default_rng(2).choice([5.0, 23.4, 60.0], size=200)
    table = model.coefficients({"clay": clay})
    ratio = 1.67 * (1.85 + 1.60 * np.exp(-0.0786 * clay))
    np.testing.assert_allclose(table, np.column_stack([0.46 / (1 + ratio), 0.54 / (1 + ratio)]), rtol=1e-14)
    assert table.flags.c_contiguous
    shares = model.respired_fractions(table)
    np.testing.assert_allclose(shares[:, :4], (ratio / (1 + ratio))[:, None].repeat(4, axis=1), rtol=1e-14)
    for bad in ({"clay": 140.0}, {"clay": np.nan}, {}, {"clay": 20.0, "sand": 3.0}):
        with pytest.raises(ValueError, match="clay|sand"):
            model.coefficients(bad)


def test_allocation_sums_to_one_and_knows_its_parameters() -> None:
    model = load_model("rothc")
    np.testing.assert_allclose(model.allocate("plant"), [1.44 / 2.44, 1 / 2.44, 0, 0, 0], rtol=1e-15)
    np.testing.assert_allclose(model.allocate("plant", dpm_rpm=0.25), [0.2, 0.8, 0, 0, 0], rtol=1e-15)
    np.testing.assert_array_equal(model.allocate("manure"), [0.49, 0.49, 0.0, 0.02, 0.0])
    other = model.allocate("manure", manure_dpm_rpm=0.25, humus=0.5)
    np.testing.assert_allclose(other, [0.1, 0.4, 0.0, 0.5, 0.0], rtol=1e-15)
    for kind, parameters in (("slurry", {}), ("manure", {"lignin": 0.1}), ("plant", {"dpm_rpm": -1.0})):
        with pytest.raises(ValueError, match="slurry|lignin|dpm_rpm"):
            model.allocate(kind, **parameters)
    np.testing.assert_array_equal(
        model.allocate_known("plant", dpm_rpm=0.25, lignin=0.1), model.allocate("plant", dpm_rpm=0.25)
    )
    with pytest.raises(ValueError, match="knows no input 'slurry'"):
        model.allocate_known("slurry", lignin=0.1)


Change = Callable[[dict[str, Any]], None]


def put(*path: Any) -> Change:
    """A change that sets the last of ``path`` at the place the others name."""

    def change(content: dict[str, Any]) -> None:
        place: Any = content
        for key in path[:-2]:
            place = place[key]
        place[path[-2]] = path[-1]

    return change


def quantity(units: str, value: float = 0.1) -> dict[str, Any]:
    return {"value": value, "units": units, "range": [0.0, 10.0], "source": "coleman_jenkinson_1996"}


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("fast", "rate", "pool dpm: rate_per_yr is in 365.25 yr-1, must be in yr-1"),
        ("slow + fast", "rate", "pool dpm: rate_per_yr: 'slow \\+ fast' adds yr-1 and 365.25 yr-1"),
        ("slow + size", "rate", "'slow \\+ size' adds yr-1 and 0.01 m"),
        ("slow * size", "rate", "pool dpm: rate_per_yr is in 0.01 m yr-1, must be in yr-1"),
        ("min(slow, size)", "rate", "'min\\(slow, size\\)' compares yr-1 and 0.01 m"),
        ("slow * exp(size)", "rate", "'exp\\(size\\)' takes exp of something in 0.01 m"),
        ("slow * 2 ** size", "rate", "has an exponent in 0.01 m"),
        ("slow ** half", "rate", "'slow \\*\\* half' raises yr-1 to a power that is not a number"),
        ("0.001 * slow", "fraction", "transfers: fraction '0.001 \\* slow' is in yr-1, must have no unit"),
        ("1 / (clay + size)", "definition", "definitions.co2_ratio: 'clay \\+ size' adds no unit and 0.01 m"),
        ("0.49 + 0 * slow", "input", "inputs.manure.fractions.dpm is in yr-1, must have no unit"),
        ("1 - 0 * slow", "modifier", "modifiers: '1 - 0 \\* slow' is in yr-1, must have no unit"),
        ("odd", "rate", "parameters.odd.units: does not know the unit"),
    ],
)
def test_units_of_expressions_must_agree(text: str, at: str, message: str) -> None:
    content = copy.deepcopy(CONTENT)
    content["parameters"] = {"slow": quantity("yr-1"), "fast": quantity("d-1"), "size": quantity("cm", 1.0),
                             "half": quantity("-", 0.5), "odd": quantity("furlong")}  # fmt: skip
    if text != "odd":
        del content["parameters"]["odd"]
    put(*{
        "rate": ("pools", 0, "rate_per_yr", text),
        "fraction": ("transfers", 0, "fraction", text),
        "definition": ("definitions", "co2_ratio", text),
        "input": ("inputs", "manure", "fractions", "dpm", text),
        "modifier": ("modifiers", [{"factor": "texture", "expression": text}]),
    }[at])(content)  # fmt: skip
    with pytest.raises(ModelError, match=message):
        compile_model(content, FOLDER)


def test_units_that_agree_are_taken() -> None:
    """Numbers take the unit of what they stand beside, shares and masses over masses have none, roots halve."""
    content = copy.deepcopy(CONTENT)
    content["parameters"] = {"slow": quantity("yr-1"), "size": quantity("cm", 1.0), "per": quantity("cm-1", 1.0),
                             "mass": quantity("kg g-1"), "of": quantity("g kg-1")}  # fmt: skip
    text = "max(0.1, slow + 9) * exp(-per * size) * (1 - 0.1 * clay / 100) * sqrt(size ** 2) / size * exp(mass * of)"
    content["pools"][0]["rate_per_yr"] = text
    assert float(compile_model(content, FOLDER).rates[0]) > 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("polls", 1), "unknown key 'polls'. Did you mean 'pools'"),
        (put("pools", 0, "rate", 1.0), "pools\\[1\\]: unknown key 'rate'"),
        (put("schema", 1), "schema must be 2"),
        (put("name", "rothd"), "must be the name of its folder"),
        (put("scheme", "upwind"), "sequential_exponential, euler, rk4, exact"),
        (put("sources", ["nobody_1999"]), "nobody_1999"),
        (put("modifiers", {"temperature": "rothc"}), "\\[\\[modifiers\\]\\] tables"),
        (put("modifiers", 0, "factor", "temprature"), "factor 'temprature'. Did you mean 'temperature'"),
        (put("modifiers", 0, "law", "q11"), "must be one of constant, rothc"),
        (put("modifiers", 0, "parameters", {"steepnes": 1.0}), "no parameter 'steepnes'. Did you mean 'steepness'"),
        (put("modifiers", 0, "pools", ["dmp"]), "there is no pool 'dmp'. Did you mean 'dpm'"),
        (put("modifiers", 0, "expression", "clay"), "either a law or an expression"),
        (put("modifiers", [{"factor": "lignin", "law": "exponential", "of": ["dpm"]}]), "all of them in 'in'"),
        (put("modifiers", [{"factor": "texture", "expression": "1 - 0.02 * clay"}]), "its rate is -"),
        (
            put("parameters", {"half": {"value": 2.0, "units": "-", "range": [0.0, 1.0], "source": "rothc_code"}}),
            "half.value must be a number from 0 to 1",
        ),
        (put("parameters", {"half": {"value": 0.5, "units": "-", "range": [0.0, 1.0], "source": "no"}}), "'no' must"),
        (put("pools", 0, "place", "sky"), "soil, surface"),
        (put("pools", 0, "rate_per_yr", "clay - clay"), "pool dpm: its rate is 0"),
        (put("couples", "perhaps"), "couples must be true or false"),
        (put("substeps", 0), "substeps must be a whole number"),
        (put("pools", 0, "rate_per_yr", -1.0), "rate_per_yr must be a number from 0"),
        (put("pools", 4, "inert", False), "inert = true"),
        (put("pools", 4, "rate_per_yr", 0.1), "inert = true"),
        (put("pools", 1, "name", "dpm"), "declared twice"),
        (put("pools", 1, "name", "exp"), "cannot be a name"),
        (put("pools", 0, "carrier", "air"), "particulate, mineral"),
        (put("transfers", 0, "to", "bios"), "there is no pool 'bios'. Did you mean 'bio'"),
        (put("transfers", 0, "from", ["dpm", "dpm"]), "dpm -> bio is declared twice"),
        (put("transfers", 0, "from", ["iom"]), "iom is inert"),
        (put("transfers", 0, "fraction", "0.46 / (1 + co2_rato)"), "Did you mean 'co2_ratio'"),
        (put("transfers", 0, "fraction", "0.46 - 0.01 * clay"), "bio: fraction is -0.005 at clay = 46.5"),
        (put("transfers", 0, "fraction", "log(clay - 50)"), "must be 0 or more"),
        (put("transfers", 0, "fraction", "0.5 + 0.005 * clay"), "creates carbon"),
        (put("definitions", "co2_ratio", "clay * later"), "'later', which is not declared"),
        (put("definitions", "clay", "3"), "declared twice"),
        (put("properties", "clay", "range", [100.0, 0.0]), "low <= high"),
        (put("inputs", "manure", "fractions", "hum", "humus + 0.01"), "sum to 1.01"),
        (
            put("inputs", "plant", "fractions", "rpm", "1 - dpm_rpm / (1 + dpm_rpm) - 0.5"),
            "must be 0 or more",
        ),
        (
            put("inputs", "plant", "parameters", "dpm_rpm", "default", 99.0),
            "default must be a number from 0.01 to 10",
        ),
        (put("inputs", {}), "must have a kind 'plant'"),
        (put("reference", "file", "nowhere.csv"), "nowhere.csv"),
        (put("reference", "properties", {"clay": 400.0}), "outside 0 to 100"),
        (put("pools", []), "one or more"),
        (put("citations", 3), "citations must be a table"),
    ],
)
def test_a_bad_model_is_refused_saying_why(change: Change, message: str) -> None:
    content = copy.deepcopy(CONTENT)
    change(content)
    with pytest.raises(ModelError, match=message):
        compile_model(content, FOLDER)


def test_published_leak_is_caught() -> None:
    """Column sums of 1.0015, as in a published Yasso set, are more than round-off."""
    content = copy.deepcopy(CONTENT)
    content["transfers"] = [
        {"from": "dpm", "to": "rpm", "fraction": 1.0},
        {"from": "dpm", "to": "hum", "fraction": 0.0015},
    ]
    with pytest.raises(ModelError, match="pool dpm: 1.0015 of what it loses"):
        compile_model(content, FOLDER)
    content["transfers"][1]["fraction"] = 0.0
    compile_model(content, FOLDER)


def test_all_problems_are_told_at_once() -> None:
    content = copy.deepcopy(CONTENT)
    content["schema"] = 3
    content["pools"][0]["rate_per_yr"] = "fast"
    del content["pools"][2]["carrier"]
    with pytest.raises(ModelError) as caught:
        compile_model(content, FOLDER)
    assert len(caught.value.problems) >= 3


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "rothc"
    shutil.copytree(FOLDER, folder)
    assert load_model(folder).pools == load_model("rothc").pools
    (folder / "model.toml").write_text("schema = ")
    with pytest.raises(ModelError, match="not valid TOML"):
        load_model(folder)
    with pytest.raises(ModelError, match='Did you mean "rothc"'):
        load_model("roth-c")


def test_missing_data_say_where_they_were_sought() -> None:
    with pytest.raises(FileNotFoundError, match="no_such_folder"):
        data_path("no_such_folder")
