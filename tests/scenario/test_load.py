"""Reading scenarios: defaults, overrides, copies, round trips, explanations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.valid import VALID, write
from watershed_c.errors import Problem, ScenarioError
from watershed_c.scenario.explain import explain, explain_keys, json_schema, key_table
from watershed_c.scenario.load import load, loads, shipped_scenarios
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.template import TEMPLATE
from watershed_c.scenario.toml_lines import key_lines


def test_values_are_in_the_units_inside() -> None:
    scenario = loads(VALID)
    assert scenario.soil.layers == [0.1, 0.2, 0.3]
    assert scenario.soil.bulk_density.value == pytest.approx(1350.0)
    assert scenario.rotation["maize-wheat"].event[0].depth == 0.25
    assert scenario.processes.carbonate.enabled is False
    assert loads(VALID + "[processes.carbonate]\n").processes.carbonate.enabled is True


def test_everything_written_gives_the_scenario_again() -> None:
    text = VALID + """
[[processes.custom]]
import = "landlab.components:LinearDiffuser"
params = { linear_diffusivity = 0.01, deposit = true, method = "simple" }
[soil.sic]
value = "4 %"
as = "CaCO3"
[climate.change]
temperature = "+1.5 K"
precipitation = "-5 %"
"""
    scenario = loads(text)
    again = loads(scenario.to_toml())
    assert again == scenario
    assert again.to_toml() == scenario.to_toml()
    assert again.climate.change.precipitation == -0.05
    assert 'depth = "0.25 m"' in scenario.to_toml()


def test_overrides_by_dotted_key_and_event_id() -> None:
    changes = [
        "time.end=2030-12",
        "processes.water_erosion.enabled=false",
        "rotation.maize-wheat.spring-plough.depth=10 cm",
        "soil.layers=['30 cm']",
        "soil.clay.units=g/kg",
        "soil.sand.value=10 %",
    ]
    scenario = loads(VALID, overrides=changes)
    assert scenario.time.end == "2030-12"
    assert scenario.processes.water_erosion.enabled is False
    assert scenario.rotation["maize-wheat"].event[0].depth == 0.1
    assert scenario.soil.layers == [0.3]
    assert scenario.soil.sand is not None and scenario.soil.sand.value == 0.1


def test_with_gives_a_copy_and_assignment_is_validated() -> None:
    scenario = loads(VALID)
    other = scenario.with_(**{"processes.water_erosion.enabled": False, "soil.clay": "20 %"})
    assert other.soil.clay.value == 0.2 and scenario.soil.clay.map == "clay.asc"
    assert scenario.processes.water_erosion.enabled and not other.processes.water_erosion.enabled
    scenario.soil.clay = "25 %"  # type: ignore[assignment]
    assert scenario.soil.clay.value == 0.25
    with pytest.raises(ScenarioError) as caught:
        other.with_({"soil.clay": "140 %"})
    assert caught.value.problems[0].key == "soil.clay"


def test_a_folder_a_file_and_a_shipped_name_can_be_loaded(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert load(path).path == path and load(path).name == "orme"
    path.rename(tmp_path / "scenario.toml")
    assert load(tmp_path).name == tmp_path.name
    for name in shipped_scenarios():
        assert load(name).name == name
    with pytest.raises(ScenarioError, match="neither a scenario file"):
        load("no-such-scenario")


def test_lines_of_keys() -> None:
    text = 'a = 1\n[t]\nx = [\n  1,\n  { b = 2 },\n]\ny = """\n[no]\n"""\nz = {p = 1, q = 2}\n'
    text += "[[t.e]]\nc = 1\n[[t.e]]\nc = 2 # x = 3\n"
    lines = key_lines(text)
    assert lines[("a",)] == 1 and lines[("t", "x")] == 3 and lines[("t", "x", 1)] == 5
    assert lines[("t", "y")] == 7 and lines[("t", "z", "q")] == 10
    assert lines[("t", "e", 0, "c")] == 12 and lines[("t", "e", 1, "c")] == 14
    assert ("no",) not in lines and ("t", "e", 1, "x") not in lines


def test_every_key_explains_itself() -> None:
    for key in explain_keys():
        text = explain(key)
        assert text.startswith(key)
        assert len(text.splitlines()) > 1, key
    assert "source" in explain("climate.lapse_rate") and "K/km" in explain("climate.lapse_rate")
    with pytest.raises(ScenarioError, match='Did you mean "soil.clay"'):
        explain("soil.clya")


def test_json_schema_lists_the_tables() -> None:
    schema = json_schema()
    assert set(schema["properties"]) >= {"domain", "time", "climate", "soil", "land", "rotation", "schema"}
    assert schema["additionalProperties"] is False


def test_template_resolves_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inputs = resolve(loads(TEMPLATE))
    assert inputs.active.sum() == 300 and set(inputs.land.names) == {"grass", "maize-wheat"}
    # every key that the comments offer is a key
    text = TEMPLATE
    for key in ("change", "sic", "channel_area", "reference_elevation", "import", "after", "elevation_change"):
        text = text.replace(f"# {key} ", f"{key} ")
    for table in ("[processes.carbonate]", "[processes.dissolved_carbon]", "[[processes.custom]]"):
        text = text.replace(f"# {table}", table)
    offered = loads(text)
    assert offered.soil.sic is not None and offered.climate.change.temperature == 1.5


def test_the_page_lists_every_key() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")
    assert key_table() in page, "write it anew: python -m watershed_c.scenario.explain docs/scenario.md"


def test_problem_lines() -> None:
    problem = Problem("a.toml", 3, "soil.clay", "140 %", "must be 0-100 %.")
    assert str(problem) == "a.toml:3  soil.clay = 140 %  must be 0-100 %."
    error = ScenarioError([Problem("a", 1, "x"), Problem("a", 2, "y")])
    assert str(error).count("\n") == 1 and error.exit_code == 2


def test_a_variant_can_unset_what_another_model_does_not_use() -> None:
    erosion = "processes.water_erosion."
    changes = {f"{erosion}model": "mmf", f"{erosion}mmf": {"cohesion": 3.0}}
    scenario = loads(VALID, file="valley.toml")
    with pytest.raises(ScenarioError, match="does not use"):
        scenario.with_(changes)
    unset = scenario.with_(changes | {f"{erosion}ktc_low": "none", f"{erosion}ktc_high": "none"})
    assert unset.processes.water_erosion.ktc_low is None and unset.processes.water_erosion.unused == []
