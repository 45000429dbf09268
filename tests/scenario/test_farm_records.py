"""Records of a farm: each parcel has its own calendar in their years; mistakes are told by file and line, all at once."""
# ruff: noqa: E501  changes of the scenario stay on one line

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.scenario.test_land_history import parcels
from tests.scenario.test_resolve import at
from tests.scenario.valid import VALID, write
from watershed_c.assembly import assemble
from watershed_c.errors import ScenarioError
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import _land

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "farm_records.csv"
TEXT = VALID.replace("[land]\n", '[land]\nrecords = "records.csv"\nparcels = { map = "parcels.asc" }\n')


def read(folder: Path, records: str, text: str = TEXT) -> Inputs:
    parcels(folder)
    (folder / "records.csv").write_text(records)
    return resolve(load(write(folder, text)))


def wrong(folder: Path, records: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(folder, records)
    return str(caught.value)


def test_the_example_is_the_calendar_of_its_parcels(here: Path) -> None:
    result = read(here, EXAMPLE.read_text(encoding="utf-8"))
    first, second = (result.calendars[f"parcel {number}"] for number in (1, 2))
    # 2001 is the first year of the run: wheat is harvested in its third, sown and ploughed for in its second; the five
    # years of the cycle, one of fallow, go round: 2006 is its first
    wheat, mustard, maize = (season for season in first.seasons if season.crop.kind in ("annual", "cover"))
    assert [season.crop.name for season in (wheat, mustard, maize)] == ["winter-wheat", "mustard-cover", "silage-maize"]
    assert (wheat.start, wheat.end) == (365 + 284, 2 * 365 + 213)
    assert (wheat.yield_dry_matter, wheat.straw_removed, maize.yield_dry_matter) == pytest.approx((0.68, 0.85, 1.55))
    assert mustard.start == 2 * 365 + 236 and mustard.end == 3 * 365 + 91  # until the plough
    assert [(p.day, p.implement.name) for p in first.tillage] == [(365 + 280, "mouldboard-plough"), (3 * 365 + 91, "mouldboard-plough")]
    assert [(dose.day, dose.nitrogen) for dose in first.fertilisation] == [(2 * 365 + 78, pytest.approx(0.014))]
    assert first.turns == [(3 * 365 + 192, 35.0)] and first.amendments[0].carbon == pytest.approx(0.270, abs=5e-4)
    grass = [season for season in first.seasons if season.crop.name == "grass-clover"]
    assert [season.start // 365 for season in grass] == [0, 4] and grass[0].yield_dry_matter == pytest.approx(0.565)
    assert [crop.name for crop in second.years] == ["soybean", "fallow", "barley", "fallow"]
    # before and after its records a parcel is what the map says
    south, node = at(result, 15.0, 25.0), np.array([at(result, 15.0, 65.0)])
    names, changes = result.land.names, result.land.changes
    assert names[result.land.index[south]] == "maize-wheat" and [c.year for c in changes] == [2003, 2006, 2007]
    assert names[changes[0].index[np.searchsorted(changes[0].nodes, south)]] == "parcel 1"
    assert names[changes[1].index[np.searchsorted(changes[1].nodes, node[0])]] == "maize-wheat"
    assert result.land.recorded == {"parcel 1", "parcel 2"}


def test_records_are_followed_by_the_run(here: Path) -> None:
    """One unit a parcel, in the rows of the tables that its dates ask for, from the first month on where records are older."""
    text = TEXT.replace('start = "2001-01"', 'start = "2003-06"')
    assembly = assemble(read(here, EXAMPLE.read_text(encoding="utf-8"), text))
    tables, w, model = assembly.tables, assembly.watershed, assembly.model
    unit = tables.unit("parcel 1")
    assert tables.names[unit] == "parcel 1+0" and tables.offsets["parcel 1"] == 1
    assert assembly.cycle_months == 24  # of what is there before the start
    row = tables.irrigation[:, unit, 0]
    assert np.flatnonzero(row).tolist() == [12 + 6] and row.max() == 12 * 35.0  # July 2004
    assert not (w.unit == unit).any()
    # hectares by year, of which the work of the run is told: 2003 to 2006
    hectares = _land(assembly)
    parcel = 0.01 * (w.is_soil & (assembly.inputs.land.parcel == 1)).sum()
    assert hectares["parcel 1+0"] == pytest.approx([parcel] * 4 + [0.0] * 4)
    assert sum(hectares.values()) == pytest.approx(0.01 * w.cells.size)
    w.at(model.clock.step(0))
    model.processes["cropping"].run_one_step(1.0 / 12.0)
    assert (w.unit == unit).sum() == (w.is_soil & (assembly.inputs.land.parcel == 1)).sum() > 0
    for month in range(1, 60):
        w.at(model.clock.step(month))
        model.processes["cropping"].run_one_step(1.0 / 12.0)
    assert not (w.unit == unit).any()  # 2007: the class of the map again


def test_what_is_wrong_is_told_by_line(here: Path) -> None:
    head = "parcel,date,event,crop,material,amount,unit,depth_cm,implement\n"
    rows = (
        "1,2003-03-20,sow,barlie,,,,,\n"
        "1,20-03-2003,harvest,barley,,,,,\n"
        "one,2003-07-20,harvest,barley,,,,,\n"
        "2,2003-07-20,harvest,,,,,,\n"
    )
    found = wrong(here, head + rows)
    for words in ('records.csv:2  crop = barlie  is not known. Did you mean "barley"?', "records.csv:3  date = 20-03-2003  must be a date",
                  "records.csv:4  parcel = one  must be a whole number", "records.csv:5  crop  is missing: harvest is of a crop"):
        assert words in found
    rows = (
        "1,2003-03-20,sow,barley,,,,,\n1,2003-07-20,harvest,barley,,4,t/ha,,\n1,2003-05-01,till,,,,,20,\n"
        "1,2003-08-20,manure,,,30,miles,,\n1,2003-08-21,drill,,,,,,\n"
        "2,2003-07-20,harvest,barley,,,,,\n2,2005-07-20,harvest,barley,,,,,\n"
    )
    found = wrong(here, head + rows)
    for words in ('records.csv:5  amount = 30  does not know the unit "miles"', "records.csv:6  event = drill  must be", "records.csv:7  parcel = 2  has no crop in 2004"):
        assert words in found, found
    rows = (
        "1,2003-03-20,sow,barley,,,,,\n1,2003-07-20,harvest,barley,,40,t/ha,,\n"
        "2,2003-05-01,till,,,,,20,\n2,2003-07-20,harvest,barley,,,,,\n9,2003-01-01,fallow,,,,,,\n"
    )
    found = wrong(here, head + rows)
    for words in ("records.csv:3  parcel 1 = 40 t/ha  is far above", "records.csv:4  parcel 2 = till 05-01  tills barley", "records.csv:6  parcel = 9  is no parcel"):
        assert words in found, found



def test_each_gap_has_the_cover_crop_that_was_sown_in_it(here: Path) -> None:
    rows = ["1,2003-08-01,harvest,barley", "1,2003-08-20,sow,mustard-cover", "1,2004-09-20,harvest,maize",
            "1,2004-10-05,sow,rye-cover", "1,2005-10-01,harvest,soybean"]  # fmt: skip
    calendar = read(here, "\n".join(["parcel,date,event,crop", *rows]) + "\n").calendars["parcel 1"]
    covers = [(s.crop.name, s.start) for s in calendar.seasons if s.crop.kind == "cover"]
    assert covers == [("mustard-cover", 2 * 365 + 231), ("rye-cover", 3 * 365 + 277)]
    told = wrong(here, "\n".join(["parcel,date,event,crop", *rows, "1,2003-08-25,sow,rye-cover"]) + "\n")
    assert "records.csv:7  crop = rye-cover  is the second cover crop of 2003, after mustard-cover" in told


def test_cuts_of_a_sward_are_weighed_each_in_its_unit(here: Path) -> None:
    head = "parcel,date,event,crop,amount,unit\n"
    rows = "1,2003-05-20,harvest,grass-clover,3000,kg/ha\n1,2003-08-20,harvest,grass-clover,2,t/ha\n"
    seasons = read(here, head + rows).calendars["parcel 1"].seasons
    assert [s.yield_dry_matter for s in seasons if s.crop.name == "grass-clover"] == pytest.approx([0.5])
    told = wrong(here, head + rows.replace("3000", "some").replace("2,t/ha", "0,t/ha") + "1,2003-10-01,harvest,grass-clover,4,bales\n")
    for words in ('records.csv:2  amount = some  "some kg/ha" is not a number with a unit', "records.csv:3  amount = 0  must be above 0",
                  'records.csv:4  amount = 4  does not know the unit "bales"'):
        assert words in told, told
