"""The examples of docs/practices.md are rotations that run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from watershed_c.management.library import load_library
from watershed_c.management.rotation import schedule
from watershed_c.scenario.management import Rotation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "practices.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
EXAMPLES = {name: record for block in BLOCKS for name, record in tomllib.loads(block)["rotation"].items()}

#: degC of the months, Rothamsted
CLIMATE = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_page_is_a_calendar(name: str) -> None:
    calendar = schedule({name: Rotation.model_validate(EXAMPLES[name])}, load_library(), CLIMATE)[name]
    assert calendar.seasons
    events = EXAMPLES[name].get("event", [])
    assert bool(calendar.tillage) == any(event["do"] == "till" for event in events)
    assert bool(calendar.amendments) == any(event["do"] == "manure" for event in events)
    assert any(season.straw_burnt for season in calendar.seasons) == any(event["do"] == "burn" for event in events)


def test_the_page_has_an_example_of_every_action() -> None:
    done = {event["do"] for record in EXAMPLES.values() for event in record.get("event", [])}
    assert {"till", "harvest", "burn", "kill", "manure", "sow", "irrigate"} <= done and len(EXAMPLES) >= 12


def test_tillage_intensity_falls_from_plough_to_drill() -> None:
    calendars = schedule({name: Rotation.model_validate(EXAMPLES[name]) for name in EXAMPLES}, load_library(), CLIMATE)
    found = [calendars[name].tillage_intensity for name in ("ploughed", "strip-till", "no-till")]
    assert found[0] > 80.0 > 15.0 > found[1] > found[2] > 0.0
