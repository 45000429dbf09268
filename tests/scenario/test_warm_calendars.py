"""Rotations by temperature sum in a scenario: each year's own where the climate is a series, the mean year's elsewhere."""
# ruff: noqa: E501  changes of the scenario stay on one line

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.valid import VALID, climate, write
from watershed_c.assembly import assemble
from watershed_c.errors import ScenarioError
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

WARM = """\
[[rotation.maize-wheat.event]]
id = "cut"
crop = "maize"
do = "harvest"
temperature_sum = 700
[[land.change]]
year = 2003
class = "grass"
becomes = "maize-wheat"
[output]
"""
COLD = 2004


def years(rows: int = 120) -> str:
    """Ten years of the table of `valid.climate`; one of them cold, one without a summer worth the name."""
    months = [line.split(",") for line in climate().splitlines()[1:]]
    lines = []
    for row in range(rows):
        year, (month, temperature, rain) = 2001 + row // 12, months[row % 12]
        colder = 3.0 if year == COLD else 0.1 * (year % 3)
        lines.append(f"{year},{month},{float(temperature) - colder:.1f},{rain}")
    return "\n".join(["year,month,tmean_degC,precipitation_mm", *lines]) + "\n"


def scenario(folder: Path, table: str | None = None, text: str = VALID) -> Path:
    path = write(folder, text.replace("[output]\n", WARM))
    if table is not None:
        (folder / "climate.csv").write_text(table)
    return path


def test_the_run_has_the_dates_of_its_years_and_what_was_before_those_of_the_mean_year(tmp_path: Path) -> None:
    inputs = resolve(load(scenario(tmp_path, years())))
    # grass becomes maize and wheat in 2003, in year (2003 - 2001 + 0) of two
    assert list(inputs.by_year) == [("maize-wheat", 0)]
    assembly = assemble(inputs)
    w, tables, model = assembly.watershed, assembly.tables, assembly.model
    maize = inputs.land.index[w.cells] == 0
    before, during = tables.unit("maize-wheat"), tables.unit_by_year("maize-wheat")
    assert during != before and (w.unit[w.cells][maize] == before).all()
    cropping = model.processes["cropping"]
    assert sorted(cropping.changes) == [12 * 2001, 12 * 2003]
    w.calendar_month, w.month_begins = 12 * 2001, True
    cropping.run_one_step(1.0 / 12.0)
    assert (w.unit[w.cells][maize] == during).all() and not (w.unit[w.cells][~maize] == during).any()
    # maize years are 2001, 2003, ... : the cold one has wheat
    assert cropping.findings() == {}


def test_a_cold_summer_is_told_with_its_date(tmp_path: Path) -> None:
    text = VALID.replace('years = ["maize", "winter-wheat"]', 'years = ["maize", "winter-wheat"]\noffset = 1')
    inputs = resolve(load(scenario(tmp_path, years(), text)))
    cropping = assemble(inputs).model.processes["cropping"]
    what = "rotation.maize-wheat (offset 1): harvest of maize"
    (warning,) = cropping.warnings
    assert warning.startswith(f"{what} before its temperature sum is reached, at the latest date: {COLD}-1")
    assert cropping.findings() == {f"{what} before its temperature sum, years": 1.0}


def test_a_climate_that_is_the_same_every_year_keeps_the_mean_calendar(tmp_path: Path) -> None:
    head, *months = climate().splitlines()
    alike = [f"{year},{line}" for year in range(2001, 2011) for line in months]
    for table in (None, "\n".join([f"year,{head}", *alike]) + "\n"):
        assert resolve(load(scenario(tmp_path, table))).by_year == {}


def test_what_cannot_be_in_a_year_is_a_mistake_of_the_event(tmp_path: Path) -> None:
    disk = '[[rotation.maize-wheat.event]]\nid = "disk"\ncrop = "winter-wheat"\nyear = 1\ndo = "till"\ntemperature_sum = 2450\nsince = "01-01"\n'
    text = VALID.replace("[output]\n", disk + "[output]\n", 1).replace('"winter-wheat"]', '"winter-wheat"]\noffset = 1')
    with pytest.raises(ScenarioError) as caught:
        resolve(load(scenario(tmp_path, years(), text)))
    (problem,) = caught.value.problems
    assert problem.key == "rotation.maize-wheat.event.disk" and problem.line is not None
    assert f"tills maize, which stands from {COLD}-0" in problem.expectation
