"""Factors in all combinations: the runs, their effects against a known response, and what is wrong with them."""
# ruff: noqa: E501  a mistake a line

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from tests import runs
from watershed_c.comparison import Comparison
from watershed_c.data import data_path
from watershed_c.errors import ScenarioError
from watershed_c.factorial import effects
from watershed_c.measures import Row
from watershed_c.scenario.load import load, loads
from watershed_c.scenario.variants import combinations, members
from watershed_c.variants import run_variants

FACTORS = """
[factors.no-plough]
rotation.maize-wheat.plough.do = "none"
[factors.no-manure]
"rotation.maize-wheat.manure.do" = "none"
"""


def test_effects_of_a_known_response() -> None:
    """y = 10 + 3 a - 2 b + 1 ab + 0 c with levels of -1 and 1: effects are twice the coefficients."""
    names = ("a", "b", "c")
    combined = {"_".join(on) or "baseline": on for k in range(4) for on in itertools.combinations(names, k)}

    def response(on: tuple[str, ...]) -> float:
        a, b, _ = (1.0 if name in on else -1.0 for name in names)
        return 10.0 + 3.0 * a - 2.0 * b + a * b

    values = [response(on) for on in combined.values()]
    table = Comparison(list(combined), [Row("y", "t", values), Row("same", "t", [1.0] * 8)])
    (found,) = effects(table, combined)
    assert found.mean == pytest.approx(10.0, rel=1e-12)
    wanted = {"a": 6.0, "b": -4.0, "c": 0.0, "a x b": 2.0, "a x c": 0.0, "b x c": 0.0}
    assert found.effects == pytest.approx(wanted, abs=1e-12)


def test_one_command_runs_all_combinations(tmp_path: Path) -> None:
    scenario = loads(runs.SMALL + FACTORS, overrides={"time.end": "2001-10"})
    done = run_variants(scenario, output=tmp_path / "out", quiet=True)
    names = ["baseline", "no-plough", "no-manure", "no-plough_no-manure"]
    assert list(done.runs) == list(combinations(scenario)) == names
    manure = [done.comparison.value("manure and other amendments", name) for name in names]
    assert manure[0] == manure[1] > 0.0 == manure[2] == manure[3]
    found = {row.label: row for row in done.effects}["manure and other amendments"]
    assert found.effects == pytest.approx({"no-plough": 0.0, "no-manure": -manure[0], "no-plough x no-manure": 0.0})
    with (tmp_path / "out" / "comparison" / "effects.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:5] == ["quantity", "unit", "mean", "no-plough", "no-manure"] and len(rows) == len(done.effects)


def test_the_shipped_factorial_is_valid() -> None:
    scenario = load(data_path("scenarios", "hillslope"), variants="factorial")
    found = members(scenario)
    assert len(found) == 8 and set(found) == set(combinations(scenario))
    assert len({member.to_toml() for member in found.values()}) == 8
    assert scenario.rotation["field"].years == ["winter-wheat", "maize"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('[factors.a]\n"soil.clay" = "20 %"\n[factors.b]\n"soil.clay" = "30 %"\n', "factors.b.soil.clay = 30 %  is changed by the factor a, too"),
        ('[factors.a]\n"soil.clay" = "20 %"\n[variants.a]\n"soil.sand" = "30 %"\n', "factors.a  is a variant, too"),
        ('[factors.a]\n"soil.clya" = "20 %"\n', 'factors.a.soil.clya  unknown key. Did you mean "clay"?'),
        ('[factors.a]\n"time.end" = "2010-12"\n', "factors.a.time.end = 2010-12  cannot differ between variants"),
        ("".join(f'[factors.f{n}]\n"output.horizon" = {n + 1}\n' for n in range(6)), "factors  must have at most 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_factors_is_told(written: str, told: str) -> None:
    with pytest.raises(ScenarioError) as problems:
        loads(runs.SMALL + written, file="slope.toml")
    assert told in str(problems.value)


def test_a_wrong_baseline_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(runs.SMALL)
    (tmp_path / "wrong.toml").write_text('[baseline]\n"soil.clya" = "20 %"\n[factors.a]\n"soil.sand" = "30 %"\n')
    with pytest.raises(ScenarioError, match=r'wrong.toml:2  baseline.soil.clya  unknown key. Did you mean "clay"'):
        load(tmp_path, variants="wrong")
