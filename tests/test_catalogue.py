"""What comes with the program is listed as a scenario must name it; the doctor sees what is missing."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from tests import runs
from watershed_c import catalogue
from watershed_c.data import data_path
from watershed_c.errors import ScenarioError
from watershed_c.machine import peak_memory
from watershed_c.management.library import load_library
from watershed_c.pools.loader import available_models
from watershed_c.scenario.load import load, shipped_scenarios


def listed(text: str, heading: str) -> dict[str, str]:
    """Names and titles under a heading."""
    block = next(part for part in text.split("\n\n") if part.startswith(heading))
    rows = [line.split(maxsplit=1) for line in block.splitlines()[1:]]
    return {row[0]: row[1] if len(row) > 1 else "" for row in rows}


def test_every_model_crop_material_and_implement_is_listed() -> None:
    text, library = catalogue.models_text(), load_library()
    assert set(listed(text, "carbon models")) >= set(available_models())
    assert set(listed(text, "crops")) == set(library.crops)
    assert set(listed(text, "materials")) == set(library.materials)
    assert set(listed(text, "implements")) == set(library.implements)
    assert set(listed(text, "fertilisers")) == set(library.fertilisers)
    for heading in ("carbon models", "crops", "materials", "implements"):
        assert all(listed(text, heading).values()), "each has a title"


def test_what_is_listed_can_be_named() -> None:
    """Each shipped scenario loads by its name; each implement and material makes a valid event."""
    text = catalogue.models_text()
    scenarios = listed(catalogue.scenarios_text(), "scenarios")
    assert set(scenarios) == set(shipped_scenarios())
    for name, title in scenarios.items():
        assert load(name).title == title
    events = [{"on": "04-01", "do": "till", "implement": name} for name in listed(text, "implements")]
    events += [
        {"on": "03-01", "do": "manure", "material": name, "carbon": "1 t/ha"} for name in listed(text, "materials")
    ]
    for crop in listed(text, "crops"):
        runs.small({"rotation.maize-wheat": {"years": [crop], "event": events}})


def test_the_doctor_finds_this_machine_well() -> None:
    text, healthy = catalogue.doctor_text()
    assert healthy and text.splitlines()[-1] == "ready"
    for name in catalogue.REQUIRED:
        assert f"{name:<11} {metadata.version(name)}" in text


@pytest.mark.parametrize(("missing", "healthy"), [("xarray", False), ("rasterio", True)])
def test_the_doctor_says_what_is_missing_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, missing: str, healthy: bool
) -> None:
    version = metadata.version

    def without(name: str) -> str:
        if name == missing:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without)
    text, ready = catalogue.doctor_text()
    assert ready == healthy
    assert "pip install" in next(line for line in text.splitlines() if line.startswith(missing))


def test_requirements_are_those_of_the_package() -> None:
    declared = {re.split(r"[<>=; ]", entry)[0].lower() for entry in metadata.requires("watershed-c") or []}
    assert {name.lower() for name in catalogue.REQUIRED} <= declared


def test_citations_of_a_run(tmp_path: Path) -> None:
    assert catalogue.cite_text(None).startswith("@software{watershed_c") and "0.1" in catalogue.cite_text(None)
    (tmp_path / "run.json").write_text(json.dumps({"status": "done", "citations": ["@article{one}", "@book{two}"]}))
    assert catalogue.cite_text(tmp_path).endswith("@article{one}\n\n@book{two}")
    for content in ("{", "[1]"):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(ScenarioError, match="run.json"):
            catalogue.cite_text(tmp_path)
    with pytest.raises(ScenarioError, match="no run.json"):
        catalogue.cite_text(tmp_path / "nowhere")


def test_memory_is_measured() -> None:
    assert 50e6 < peak_memory() < 100e9
    assert data_path("models").is_dir()
