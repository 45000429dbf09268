"""Resolved inputs: the right number on the right node, and amounts that are those the user gave."""
# ruff: noqa: E501  changes of the scenario stay on one line

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.scenario.valid import COLUMNS, ROWS, VALID, base, write
from watershed_c.constituents import CALCITE_PER_CARBON, ORGANIC_MATTER_PER_CARBON
from watershed_c.errors import ScenarioError
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.kernels.erodibility import epic
from watershed_c.processes import annual_erosivity, erosivity_shares
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import load, loads
from watershed_c.scenario.resolve import resolve


def inputs(folder: Path, *changes: tuple[str, str]) -> Inputs:
    text = VALID
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return resolve(load(write(folder, text)))


def at(result: Inputs, x: float, y: float) -> int:
    column = int((x - result.terrain.x_left) / result.terrain.dx)
    return int((y - result.terrain.y_bottom) / result.terrain.dy) * result.shape[1] + column


def test_maps_land_on_their_nodes(here: Path) -> None:
    result = inputs(here)
    # a collar of one cell, so that no cell of the catchment is on the perimeter
    assert result.shape == (ROWS + 2, COLUMNS + 2) and result.active.sum() == ROWS * COLUMNS - 1
    assert not result.active.reshape(result.shape)[[0, -1]].any()
    node = at(result, 55.0, 45.0)  # row 4 from the south, column 5
    assert result.elevation[node] == 100.0 + 4.0 + 0.3 * 2
    assert result.column.clay[node] == pytest.approx(0.20)
    assert result.land.names[result.land.index[node]] == "grass"
    assert result.column.soc[node].sum() > 0.0 and result.points["foot"] == at(result, 35.0, 25.0)
    # water leaves at the lowest edge cell: the foot of the valley
    (outlet,) = np.flatnonzero(result.status == 1)
    assert outlet == at(result, 35.0, 5.0)
    assert result.reference_elevation == pytest.approx(result.elevation[result.active].mean())


def test_stock_above_its_depth_is_the_one_given(here: Path) -> None:
    for profile in ('profile = "uniform"', 'profile = "exponential", e_folding_depth = "20 cm", uniform_depth = "7 cm"'):
        for depth, share in (("30 cm", [1.0, 1.0, 0.0]), ("20 cm", None)):
            result = inputs(here, ('depth = "30 cm" }', f'depth = "{depth}", {profile} }}'))
            node = at(result, 55.0, 45.0)
            soc = result.column.soc[node]
            if share is not None:
                assert soc @ share == pytest.approx(4.4, rel=1e-12)
            else:
                assert soc[0] < 4.4 < soc[:2].sum()
            assert (soc > 0.0).all()
            concentration = soc / (result.column.bulk_density[node] * result.column.thickness)
            assert (np.diff(concentration) <= 1e-15).all()


def test_exponential_profile_against_quadrature(here: Path) -> None:
    result = inputs(here, ('depth = "30 cm" }', 'depth = "25 cm", profile = "exponential", e_folding_depth = "20 cm", uniform_depth = "15 cm" }'))
    node = at(result, 55.0, 45.0)
    depth = (np.arange(600000) + 0.5) * 1e-6
    shape = np.exp(-np.maximum(depth - 0.15, 0.0) / 0.2)
    shape *= 4.4 / shape[depth < 0.25].sum()
    for layer, (top, bottom) in enumerate(((0.0, 0.1), (0.1, 0.3), (0.3, 0.6))):
        assert result.column.soc[node, layer] == pytest.approx(shape[(depth > top) & (depth < bottom)].sum(), rel=1e-5)


def test_mineral_and_what_is_carried_make_the_dry_soil(here: Path) -> None:
    sic = '\n[soil.sic]\nvalue = "10 %"\nas = "CaCO3"\ndecarbonated_depth = "20 cm"\n[soil.substratum]\nsic = "3 %"\n'
    result = inputs(here, ("[carbon]", sic + "[carbon]"))
    cells, column = result.active, result.column
    soil = column.mineral + ORGANIC_MATTER_PER_CARBON * column.soc + CALCITE_PER_CARBON * column.sic
    np.testing.assert_allclose(soil[cells], np.broadcast_to(1350.0 * column.thickness, soil[cells].shape), rtol=1e-13)
    # half of the second layer and all of the third hold 10 % calcite
    expected = 0.10 / CALCITE_PER_CARBON * 1350.0 * np.array([0.0, 0.1, 0.3])
    np.testing.assert_allclose(column.sic[cells], np.broadcast_to(expected, column.sic[cells].shape), rtol=1e-12)
    # the substratum goes on with the concentration at the base; its ratio is to minerals alone
    base_soc = column.soc[cells, 2] / (1350.0 * 0.3)
    share = 1.0 - ORGANIC_MATTER_PER_CARBON * base_soc - CALCITE_PER_CARBON * 0.03
    np.testing.assert_allclose(column.substratum_soc[cells], base_soc / share, rtol=1e-12)
    np.testing.assert_allclose(column.substratum_sic[cells], 0.03 / share, rtol=1e-12)


def test_values_by_layer_and_by_class(here: Path) -> None:
    result = inputs(
        here,
        ('bulk_density = "1.35 g/cm3"', 'bulk_density = { by_layer = ["1.2 g/cm3", "1.4 g/cm3", "1500 kg/m3"] }'),
        ('sand = "30 %"', 'sand = { by_class = { grass = "20 %", maize-wheat = "30 %" } }'),
        ('soc = { map = "soc.asc", units = "t/ha", depth = "30 cm" }', 'soc = { by_layer = ["2 %", "1 %", "15 t/ha"] }'),
    )
    node = at(result, 15.0, 45.0)
    assert result.column.sand is not None and result.column.sand[node] == 0.3
    assert result.column.sand[at(result, 55.0, 45.0)] == 0.2
    np.testing.assert_allclose(result.column.soc[node], [0.02 * 1200 * 0.1, 0.01 * 1400 * 0.2, 1.5])


def test_catchment_of_a_point(here: Path) -> None:
    write(here)
    row, column = np.mgrid[0:20, 0:21]
    # two valleys that fall to the south
    dem = Raster(100.0 + row + 2.0 * np.abs(np.abs(column - 10) - 5), 10.0, 10.0, 1000.0, 2000.0)
    text = VALID.replace('"lowest"', "[1155.0, 2025.0]").replace('{ map = "clay.asc", units = "%" }', '"20 %"')
    text = text.replace('soc = { map = "soc.asc", units = "t/ha"', 'soc = { value = "50 t/ha"')
    text = text.replace('map = "landuse.asc"\nclasses = { 1 = "maize-wheat", 2 = "grass" }', 'rules = [{ class = "grass" }]')
    text = text.replace("[35.0, 25.0]", "[1155.0, 2105.0]")
    path = write(here, text)
    write_raster(here / "dem.asc", dem)
    result = resolve(load(path))
    inside = np.flatnonzero(result.active)
    x = result.terrain.x[inside % result.shape[1]]
    assert x.min() > 1100.0 and 100 < inside.size < 250
    full_row = round((result.terrain.y_bottom - 2000.0) / 10.0) + inside // result.shape[1]
    full_column = round((result.terrain.x_left - 1000.0) / 10.0) + inside % result.shape[1]
    np.testing.assert_array_equal(result.elevation[inside], dem.values[full_row, full_column])


def test_rules_parcels_and_offsets(here: Path) -> None:
    result = inputs(
        here,
        ('map = "landuse.asc"\nclasses = { 1 = "maize-wheat", 2 = "grass" }',
         'parcels = { size = "900 m2" }\nrules = [{ class = "grass", min_elevation = "105 m" }, { class = "maize-wheat" }]'),
        ('years = ["maize", "winter-wheat"]', 'years = ["maize", "winter-wheat"]\noffset = "by_parcel"'),
    )  # fmt: skip
    cells, land = result.active, result.land
    grass = land.index == land.names.index("grass")
    np.testing.assert_array_equal(grass[cells], result.elevation[cells] >= 105.0)
    assert set(np.unique(land.offset[cells & ~grass])) == {0, 1}
    for field in np.unique(land.field[cells]):
        assert np.unique(land.index[land.field == field]).size == 1
        assert (land.field == field).sum() <= 9
    assert (land.field[cells] >= 0).all() and (land.field[~cells] == -1).all()


def test_synthetic_slope_drains_over_its_foot(here: Path) -> None:
    for kind in ("plane", "convex-concave"):
        text = VALID.replace('dem = "dem.asc"', f'synthetic = {{ kind = "{kind}", length = "200 m", width = "50 m", height = "20 m" }}')
        text = text.replace('{ map = "clay.asc", units = "%" }', '"20 %"').replace('{ map = "soc.asc", units = "t/ha"', '{ value = "50 t/ha"')
        text = text.replace('map = "landuse.asc"\nclasses = { 1 = "maize-wheat", 2 = "grass" }', 'rules = [{ class = "grass" }]')
        result = resolve(load(write(here, text)))
        assert result.shape == (22, 7) and result.active.sum() == 100
        np.testing.assert_array_equal(np.flatnonzero(result.status == 1), np.arange(1, 6))
        heights = result.terrain.values[:21, 3]
        assert (np.diff(heights) > 0.0).all() and heights[-1] - heights[1] < 20.0


def test_change_of_climate(here: Path) -> None:
    result = inputs(here, ('[climate.erosivity]', '[climate.change]\ntemperature = "+1.5 K"\nprecipitation = "-5 %"\n[climate.erosivity]'))
    before = inputs(here)
    np.testing.assert_allclose(result.climate.temperature, before.climate.temperature + 1.5)
    np.testing.assert_allclose(result.climate.precipitation, 0.95 * before.climate.precipitation)


def test_constant_climate_is_twelve_months(here: Path) -> None:
    text = VALID.replace('source = "climate.csv"', 'source = "constant"\nconstant = { temperature = 10, precipitation = "60 mm" }')
    result = resolve(load(write(here, text)))
    assert result.climate.is_normals and len(result.climate) == 12
    assert (result.climate.precipitation == 60.0).all()


def test_rain_of_few_places_is_told_and_rain_of_none_refused(here: Path) -> None:
    wet = "constant = { temperature = 20, precipitation = %s }"
    for amount, said in ((["3000 mm", *["200 mm"] * 11], "3000 mm of rain in a month"), ("2300 mm", "27600 mm in 12 months")):
        text = VALID.replace('source = "climate.csv"', 'source = "constant"\n' + wet % json.dumps(amount))
        if isinstance(amount, list):
            assert any(said in warning and "Cherrapunji" in warning for warning in resolve(load(write(here, text))).warnings)
        else:
            with pytest.raises(ScenarioError, match=said):
                resolve(load(write(here, text)))


def test_values_for_land_that_is_not_there_are_told(here: Path) -> None:
    """A crop or rotation without a cell is no mistake: scenarios share their tables. A name of nothing is."""
    by_class = 'sand = { by_class = { maize-wheat = "20 %", grass = "40 %", deciduous-forest = "60 %" } }'
    result = inputs(here, ('sand = "30 %"', by_class))
    assert any("soil.sand.by_class: no cell is deciduous-forest" in warning for warning in result.warnings)
    with pytest.raises(ScenarioError, match="no land-use class has this name"):
        inputs(here, ('sand = "30 %"', by_class.replace("deciduous-forest", "deciduous-forrest")))


def test_work_below_the_profile_is_told(here: Path) -> None:
    assert not inputs(here, ('depth = "25 cm"', 'depth = "60 cm"')).warnings
    (warning,) = inputs(here, ('depth = "25 cm"', 'depth = "70 cm"')).warnings
    assert "rotation.maize-wheat: tillage to 70 cm goes below the lowest layer (60 cm)" in warning
    manure = 'do = "manure"\namount = "30 t/ha"\ndepth = "90 cm"'
    assert "what is worked in to 90 cm" in inputs(here, ('do = "till"\ndepth = "25 cm"', manure)).warnings[0]


@pytest.mark.parametrize(("hours", "said"), [(2.0, True), (3.0, False)])
def test_one_rain_of_two_durations_is_told(here: Path, hours: float, said: bool) -> None:
    water = ("rain_days = 12", 'rain_days = 12\ninfiltration = "green_ampt"\nstorm_duration = "3 h"')
    musle = ("ktc_low = 3", f'model = "musle"\nstorm_hours = {hours}\nktc_low = 3')
    found = inputs(here, water, musle).warnings
    assert any("one rain lasts 3 h in soil_water.storm_duration and 2 h in" in warning for warning in found) == said


def test_inversion_with_erosion_and_coarse_cells_warn(here: Path) -> None:
    result = inputs(here, ('model = "rothc"', 'model = "rothc"\ninitial = { method = "inversion" }'))
    assert any("inversion" in warning for warning in result.warnings)
    dem = base()
    assert not inputs(here).warnings and dem.dx == 10.0


def test_erodibility_by_law_sees_texture_and_the_carbon_of_the_upper_20_cm(here: Path) -> None:
    result = inputs(here, ("erodibility = 0.04", 'erodibility = { law = "epic", stone_cover = "20 %" }'))
    node = at(result, 55.0, 45.0)  # clay 20 %, stock 44 t/ha to 30 cm, uniform: 4.4 kg m-2 in 405 kg m-2
    carbon = np.array([4.4 / 405.0])
    expected = epic(np.array([0.3]), np.array([0.2]), carbon)[0] * np.exp(-0.4)
    assert result.column.erodibility is not None
    assert result.column.erodibility[node] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(result.column.erodibility[~result.active]).all()


def series(here: Path, method: str, rows: list[str]) -> Inputs:
    (here / "rain.csv").write_text("\n".join(["time,precipitation_mm", *rows]) + "\n")
    return inputs(here, ("annual = 800", f'{method}\nseries = "rain.csv"'))


def test_storms_of_a_series_are_the_erosivity_of_the_mean_year(here: Path) -> None:
    """Two years with one even storm of 20 mm in 2 h every other July: half of its EI30 in July."""
    storm = [f"2001-07-05 {10 + i // 4}:{15 * (i % 4):02d},2.5" for i in range(8)]
    rows = ["2001-01-01 00:00,0", *storm, "2002-12-31 23:45,0"]
    found = series(here, 'method = "storms"', rows)
    ei = 20.0 * 0.29 * (1.0 - 0.72 * np.exp(-0.5)) * 10.0
    expected = np.zeros(12)
    expected[6] = ei / 2.0
    np.testing.assert_allclose(found.series_erosivity, expected, rtol=1e-12)
    assert annual_erosivity(found) == pytest.approx(ei / 2.0, rel=1e-12)
    np.testing.assert_allclose(erosivity_shares(found), expected / expected.sum())
    assert any("2.0 years of rain are few" in warning for warning in found.warnings)


def test_days_of_a_series_by_season(here: Path) -> None:
    days = np.arange(np.datetime64("2001-01-01"), np.datetime64("2002-01-01"))
    rows = [f"{day},{20.0 if str(day)[5:] in ('02-10', '07-10') else 5.0}" for day in days]
    coefficients = [0.1] * 6 + [0.3] * 6
    found = series(here, f'method = "daily"\ncoefficient = {coefficients}\nleast_rain = "12.7 mm"', rows)
    expected = np.zeros(12)
    expected[1], expected[6] = 0.1 * 20.0**1.81 * 28.25 / 28.0, 0.3 * 20.0**1.81
    np.testing.assert_allclose(found.series_erosivity, expected, rtol=1e-12)


def test_series_of_the_wrong_interval_is_refused(here: Path) -> None:
    rows = ["2001-01-01 00:00,0", "2001-01-01 01:00,0", "2001-12-31 23:00,0"]
    for method, said in (('method = "storms"', "60 minutes"), ('method = "daily"\ncoefficient = 0.2', "daily needs days")):
        with pytest.raises(ScenarioError, match=said):
            series(here, method, rows)


def test_power_of_the_fournier_index(here: Path) -> None:
    found = inputs(here, ("annual = 800", 'method = "fournier"\ncoefficient = 2.5\nexponent = 1.2'))
    assert annual_erosivity(found) == pytest.approx(2.5 * 60.0**1.2, rel=1e-12)  # 60 mm every month


def test_nomograph_says_where_it_is_not_the_nomograph(here: Path) -> None:
    changes = 'erodibility = { law = "nomograph", very_fine_sand = "100 %", structure = 2, permeability = 3 }'
    result = inputs(here, ("erodibility = 0.04", changes))
    assert any("more than 70 % silt" in warning for warning in result.warnings)


def test_written_scenario_resolves_to_the_same(here: Path) -> None:
    first = inputs(here)
    second = resolve(load(write(here, first.scenario.to_toml())))
    np.testing.assert_array_equal(first.column.soc, second.column.soc)
    np.testing.assert_array_equal(first.column.bulk_density, second.column.bulk_density)
    assert loads(first.scenario.to_toml()) == first.scenario
