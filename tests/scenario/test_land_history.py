"""Land use that changes: conversions, maps by year, a table of parcels; and what is wrong with them, by file and line."""
# ruff: noqa: E501  changes of the scenario stay on one line

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests.scenario.test_resolve import at, inputs
from tests.scenario.valid import COLUMNS, ROWS, VALID, base, write
from watershed_c.assembly import assemble
from watershed_c.errors import ScenarioError
from watershed_c.io.rasters import write_raster
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

PLACE = "[rotation.maize-wheat]\n"


def changed(folder: Path, text: str) -> Inputs:
    return inputs(folder, (PLACE, f"{text}\n{PLACE}"))


def problems(folder: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        resolve(load(write(folder, VALID.replace(PLACE, f"{text}\n{PLACE}"))))
    return str(caught.value)


def parcels(folder: Path) -> None:
    """Parcel 1 in the south, 2 in the north."""
    row, _ = np.mgrid[0:ROWS, 0:COLUMNS]
    write_raster(folder / "parcels.asc", base().with_values(np.where(row < 4, 1.0, 2.0)))


def yearly(folder: Path, years: list[int]) -> None:
    """From the second year on everything is grass."""
    with netCDF4.Dataset(folder / "landuse.nc", "w") as dataset:
        for name, values in (("year", years), ("y", 10.0 * np.arange(ROWS) + 5.0), ("x", 10.0 * np.arange(COLUMNS) + 5.0)):
            dataset.createDimension(name, len(values))
            dataset.createVariable(name, "f8", (name,))[:] = values
        codes = dataset.createVariable("landuse", "i4", ("year", "y", "x"))
        for number, _ in enumerate(years):
            codes[number] = np.full((ROWS, COLUMNS), 1 if number == 0 else 2)


def test_a_field_is_afforested_in_its_year(here: Path) -> None:
    """Maize and wheat above 103 m become forest in 2005; each class of a parcel is a field, as before."""
    result = changed(here, "[[land.change]]\nyear = 2005\nclass = 'maize-wheat'\nbecomes = 'deciduous-forest'\nmin_elevation = '103 m'")
    (change,) = result.land.changes
    assert change.year == 2005 and result.land.names == ("maize-wheat", "grass", "deciduous-forest")
    before = result.land.index[change.nodes]
    assert (before == 0).all() and (change.index == 2).all() and (result.elevation[change.nodes] >= 103.0).all()
    assert change.nodes.size == ((result.land.index == 0) & (result.elevation >= 103.0)).sum() > 0
    # a field of its own, unlike that of what stays
    assert np.unique(change.field).size == 1 and change.field[0] not in result.land.field[result.active]


def test_a_rotation_begins_with_its_first_year_when_a_cell_gets_it(here: Path) -> None:
    for year, offset in ((2004, 1), (2005, 0)):
        result = changed(here, f"[[land.change]]\nyear = {year}\nclass = 'grass'\nbecomes = 'maize-wheat'")
        (change,) = result.land.changes
        # in its year the unit is in year (year - 2001 + offset) of two
        assert (change.offset == offset).all() and (year - 2001 + offset) % 2 == 0


def test_conversions_of_parcels_follow_each_other(here: Path) -> None:
    parcels(here)
    head = '[land.parcels]\nmap = "parcels.asc"\n'
    steps = "[[land.change]]\nyear = 2004\nbecomes = 'grass'\nparcels = [1]\n[[land.change]]\nyear = 2006\nclass = 'grass'\nbecomes = 'fallow'\n"
    result = changed(here, head + steps)
    first, second = result.land.changes
    south, north = at(result, 15.0, 25.0), at(result, 55.0, 65.0)
    assert south in first.nodes and north not in first.nodes  # maize in the south; grass it was in the north
    assert south in second.nodes and north in second.nodes
    (here / "out.csv").write_text("Field;Year;Class\n1;2004;2\n2;1990;grass\n1;2006;fallow\n2;2006;fallow\n")
    text = VALID.replace("[land]\n", '[land]\ntable = "out.csv"\nparcels = { map = "parcels.asc" }\n')
    table = resolve(load(write(here, text)))
    # what is before the start holds at the start: all of the north is grass
    assert table.land.index[at(table, 15.0, 65.0)] == 1 and table.land.index[at(table, 15.0, 25.0)] == 0
    assert [change.year for change in table.land.changes] == [2004, 2006]
    assert (table.land.changes[1].index == table.land.names.index("fallow")).all()


def test_maps_by_year(here: Path) -> None:
    yearly(here, [1999, 2003, 2004])
    text = VALID.replace("[land]\n", '[land]\nyearly = "landuse.nc"\n')
    result = resolve(load(write(here, text)))
    assert (result.land.index[result.active] == 0).all()
    (change,) = result.land.changes  # 2004 is as 2003
    assert change.year == 2003 and (change.index == 1).all() and change.nodes.size == result.active.sum()
    alone = VALID.replace('[land]\nmap = "landuse.asc"\n', '[land]\nyearly = "landuse.nc"\n')
    same = resolve(load(write(here, alone)))
    assert np.array_equal(same.land.index, result.land.index) and same.land.changes[0].year == 2003
    yearly(here, [2002, 2003])
    with pytest.raises(ScenarioError, match="begins in 2002, after the start, 2001"):
        resolve(load(write(here, alone)))
    write_raster(here / "later.asc", base().with_values(np.full((ROWS, COLUMNS), 2.0)))
    result = changed(here, "[[land.change]]\nyear = 2005\nmap = 'later.asc'")
    assert result.land.changes[0].year == 2005 and (result.land.changes[0].index == 1).all()


def test_soil_and_practices_see_the_land_of_the_start(here: Path) -> None:
    """What is before the start is the land there: soil by class goes by it, practices take from it."""
    parcels(here)
    (here / "out.csv").write_text("parcel,year,class\n2,1990,grass\n1,1995,grass\n1,2004,maize-wheat\n")
    text = VALID.replace("[land]\n", '[land]\ntable = "out.csv"\nparcels = { map = "parcels.asc" }\n')
    text = text.replace("erodibility = 0.04", "erodibility = { by_class = { maize-wheat = 0.04, grass = 0.03 } }")
    rows = '[practice.rows]\nwhere = "lines"\nclass = "orchard"\non = ["grass"]\nwidth = "10 m"\nspacing = "30 m"\nangle = 0\n'
    result = resolve(load(write(here, text.replace(PLACE, rows + PLACE))))
    soil = result.active
    assert (result.column.erodibility[soil] == 0.03).all()
    orchard = result.land.index == result.land.names.index("orchard")
    assert 0 < orchard.sum() < soil.sum() and not np.isin(np.flatnonzero(orchard), result.land.changes[0].nodes).any()


def test_what_is_wrong_is_told_all_at_once(here: Path) -> None:
    found = problems(here, "[[land.change]]\nyear = 2005\nclass = 'gras'\nbecomes = 'oak'\n[[land.change]]\nyear = 2004\nbecomes = 'grass'\nparcels = [4]")
    for words in ("has no [rotation.oak] and is not a crop", 'is not a class of the land. Did you mean "grass"?', "needs land.parcels"):
        assert words in found
    assert "must have either becomes or map" in problems(here, "[[land.change]]\nyear = 2005")
    assert "which is of all cells" in problems(here, "[[land.change]]\nyear = 2005\nmap = 'a.asc'\nclass = 'grass'")
    assert "does not exist" in problems(here, "[[land.change]]\nyear = 2005\nmap = 'a.asc'")
    parcels(here)
    (here / "t.csv").write_text("parcel,year,class\n1,2004,grass\n1,2004,maize-wheat\nx,2004,grass\n9,2004,grass\n2,2004\n")
    text = VALID.replace("[land]\n", '[land]\ntable = "t.csv"\nparcels = { map = "parcels.asc" }\n')
    with pytest.raises(ScenarioError) as caught:
        resolve(load(write(here, text)))
    assert "t.csv:6  has 2 cells; the header has 3" in str(caught.value)
    (here / "t.csv").write_text("parcel,year,class\n1,2004,grass\n1,2004,maize-wheat\nx,2004,grass\n9,2005,gras\n")
    with pytest.raises(ScenarioError) as caught:
        resolve(load(write(here, text)))
    assert "t.csv:3  parcel = 1  has a class for 2004 already, in line 2" in str(caught.value)
    assert "t.csv:4  parcel = x  must be a whole number" in str(caught.value)
    assert "t.csv:5  parcel = 9  is no parcel of the map" in str(caught.value)
    assert "t.csv:5  class = gras  has no [rotation.gras]" in str(caught.value)
    (here / "t.csv").write_text("parcel,yaer,class\n")
    with pytest.raises(ScenarioError) as caught:
        resolve(load(write(here, text)))
    assert 'yaer  unknown column. Did you mean "year"?' in str(caught.value) and "has no column year (or from)" in str(caught.value)


@pytest.mark.parametrize("way", ["set", "class"])
def test_soil_is_mixed_as_under_the_land_use_it_has(here: Path, way: str) -> None:
    """By the set of land uses and by class, also in a run that is resumed after the change; a practice is no change."""
    mixing = 'parameters = "land_use"' if way == "set" else "biodiffusivity = { by_class = { maize-wheat = 5e-5, grass = 2e-4, deciduous-forest = 3e-4 } }"
    later = "[[land.change]]\nyear = 2005\nclass = 'maize-wheat'\nbecomes = 'deciduous-forest'\nmin_elevation = '103 m'\n"
    result = changed(here, f"{later}[processes.soil_column]\n{mixing}\n")
    nodes = result.land.changes[0].nodes
    for months in ([12 * 2004, 12 * 2005], [12 * 2007 + 3]):
        assembly = assemble(result)
        w, column = assembly.watershed, assembly.model.processes["soil_column"]
        before = column.biodiffusivity.copy()
        assert (before[nodes] == 5e-5).all()
        for month in months:
            w.calendar_month = month
            column.run_one_step(1.0 / 12.0)
            assert (column.biodiffusivity[nodes] == (3e-4 if month >= 12 * 2005 else 5e-5)).all()
        others = np.setdiff1d(w.cells, nodes)
        assert np.array_equal(column.biodiffusivity[others], before[others])


def test_what_does_not_follow_land_use_is_told(here: Path) -> None:
    write_raster(here / "c.asc", base().with_values(np.full((ROWS, COLUMNS), 0.2)))
    text = VALID.replace("ktc_low = 3\n", 'ktc_low = 3\ncover_map = "c.asc"\n').replace("erodibility = 0.04", "erodibility = { by_class = { maize-wheat = 0.04, grass = 0.03 } }")
    change = "[[land.change]]\nyear = 2005\nclass = 'maize-wheat'\nbecomes = 'grass'\n"
    told = "land use changes, and these stay as the land of the start has them: soil.erodibility by class, processes.water_erosion.cover_map"
    assert told in resolve(load(write(here, text.replace(PLACE, change + PLACE)))).warnings
    assert not any("stay as the land" in warning for warning in resolve(load(write(here, text))).warnings)
