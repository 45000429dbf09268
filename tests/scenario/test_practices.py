"""The examples of docs/practices.md run: rotations, practices that change land, ponds, a variant."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watershed_c.management.library import load_library
from watershed_c.management.rotation import schedule
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import loads
from watershed_c.scenario.management import Rotation
from watershed_c.scenario.practice import OF_PLACE
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.variants import members

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "practices.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
TABLES = [tomllib.loads(block) for block in BLOCKS]
EXAMPLES = {name: record for table in TABLES for name, record in table.get("rotation", {}).items()}

#: degC of the months, Rothamsted
CLIMATE = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_page_is_a_calendar(name: str) -> None:
    calendar = schedule({name: Rotation.model_validate(EXAMPLES[name])}, load_library(), CLIMATE)[name]
    assert calendar.seasons
    events = EXAMPLES[name].get("event", [])
    assert bool(calendar.tillage) == any(event["do"] == "till" for event in events)
    dunged = "grazing" in EXAMPLES[name]
    assert bool(calendar.amendments) == (dunged or any(event["do"] == "manure" for event in events))
    assert bool(calendar.fertilisation) == any(event["do"] == "fertilise" for event in events)
    assert any(season.straw_burnt for season in calendar.seasons) == any(event["do"] == "burn" for event in events)


#: a hillslope of 10 m cells, convex above, with one class of fields
LAND = """\
schema = 1
[domain]
channel_area = "7000 m2"
[domain.synthetic]
length = "800 m"
width = "80 m"
height = "70 m"
[climate]
source = "constant"
latitude = 50.8
[climate.constant]
temperature = 10.0
precipitation = 70.0
[climate.erosivity]
annual = 800.0
[soil]
clay = "20 %"
bulk_density = "1.35 g/cm3"
soc = "1 %"
erodibility = 0.04
[processes.soil_water]
enabled = false
[processes.decomposition]
enabled = false
[land]
rules = [{ class = "upland-fields" }]
[rotation.upland-fields]
years = ["maize"]
"""


def test_an_example_of_the_page_takes_land() -> None:
    scenario = loads(LAND)
    practices = {name: record for table in TABLES for name, record in table.get("practice", {}).items()}
    assert {record["where"] for record in practices.values()} == set(OF_PLACE)
    for name, record in practices.items():
        land = resolve(scenario.with_({f"practice.{name}": record})).land
        share = (land.index == land.names.index(record["class"])).sum() / (land.index >= 0).sum()
        assert 0.0 < share < 0.7, name
    ponds = {f"pond.{name}": record for table in TABLES for name, record in table.get("pond", {}).items()}
    kept = resolve(scenario.with_(ponds)).ponds
    assert kept is not None and kept.max() == 0.8
    (variants,) = (table["variants"] for table in TABLES if "variants" in table)
    for variant in list(members(scenario.with_({"variants": variants})).values())[1:]:
        assert (resolve(variant).land.index == 1).any()


def drained(table: dict[str, Any], **more: Any) -> Inputs:
    """The small land with the soil water, drains and rotations of an example."""
    processes = table["processes"]
    wet = {f"processes.soil_water.{key}": value for key, value in processes["soil_water"].items()}
    own = {
        **wet, "processes.soil_water.enabled": True, "processes.soil_water.rain_days": 12, "soil.sand": "40 %",
        "processes.decomposition.enabled": True, "processes.artificial_drainage": processes["artificial_drainage"],
        "rotation": table["rotation"], "time.start": "2001-01", "time.end": "2003-12",
    }  # fmt: skip
    return resolve(loads(LAND).with_({**own, **more}))


def test_the_examples_of_drains_lay_and_block_them_in_their_years() -> None:
    laid, rewetted = (table for table in TABLES if "artificial_drainage" in table.get("processes", {}))
    inputs = drained(laid, **{"land.rules": [{"class": "clay-field"}], "soil.layers": ["30 cm", "90 cm"]})
    ditches, tiles = inputs.scenario.processes.artificial_drainage.system
    assert ditches.until == tiles.since == 2002 and inputs.drains is not None
    assert (inputs.drains == inputs.drains[0]).all() and inputs.drains.any()
    more = {"processes.peat": rewetted["processes"]["peat"], "land.change": rewetted["land"]["change"]}
    inputs = drained(rewetted, **{**more, "land.rules": [{"class": "fen"}]})
    (system,) = inputs.scenario.processes.artificial_drainage.system
    assert inputs.drains is not None and inputs.drains.any()
    assert system.until == rewetted["land"]["change"][0]["year"] == 2002


def test_the_page_has_an_example_of_every_action() -> None:
    done = {event["do"] for record in EXAMPLES.values() for event in record.get("event", [])}
    assert {"till", "harvest", "burn", "kill", "manure", "fertilise", "sow", "irrigate"} <= done and len(EXAMPLES) >= 12


def test_tillage_intensity_falls_from_plough_to_drill() -> None:
    calendars = schedule({name: Rotation.model_validate(EXAMPLES[name]) for name in EXAMPLES}, load_library(), CLIMATE)
    found = [calendars[name].tillage_intensity for name in ("ploughed", "strip-till", "no-till")]
    assert found[0] > 80.0 > 15.0 > found[1] > found[2] > 0.0
