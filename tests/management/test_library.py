"""The shipped crops are what their sources say, and a wrong file is refused with every reason."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from tests.support import shared
from watershed_c.data import data_path
from watershed_c.errors import ScenarioError
from watershed_c.management.cycle import canopy_growth
from watershed_c.management.library import (
    day_of_year,
    load_crop,
    load_implements,
    load_library,
    load_material,
    month_day,
)

LIBRARY = load_library()
ROWS = {
    "maize": "maize, grain", "soybean": "soybean", "winter-wheat": "wheat, winter", "barley": "barley, spring",
    "potato": "potato", "sugar-beet": "beet, sugar", "rapeseed": "rapeseed, winter",
}  # fmt: skip


def test_the_crops_of_this_version_are_there():
    assert set(LIBRARY.crops) == {*ROWS, "rye-cover", "grass", "pasture", "deciduous-forest", "fallow"}
    assert set(LIBRARY.materials) == {"cattle-fym", "cattle-slurry", "compost"}
    assert {"mouldboard-plough", "chisel-plough", "disk-harrow"} <= set(LIBRARY.implements)


def test_allocation_is_that_of_the_published_table():
    with shared("reference/crops/crop_allocation_SoilManageR.csv").open(encoding="utf-8") as file:
        table = {row["Crop"]: row for row in csv.DictReader(file)}
    columns = {
        "product": "RP",
        "straw": "RS",
        "roots": "RR",
        "exudates": "RE",
        "product_returned": "SP",
        "root_turnover": "SR",
    }
    for name, row in ROWS.items():
        crop = LIBRARY.crops[name]
        for key, column in columns.items():
            assert getattr(crop, key) == pytest.approx(float(table[row][column])), (name, key)
        assert crop.yield_dry_matter == pytest.approx(0.1 * float(table[row]["crop_product"]))
        assert crop.harvest_index == pytest.approx(float(table[row]["harvest_index"]), abs=1e-4)
        if table[row]["fixed_belowground_input"] == "True":
            assert crop.fixed_roots == pytest.approx(1e-4 * float(table[row]["C_input_root"]), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "days"), [("winter-wheat", 107.5), ("maize", 38.5), ("rapeseed", 23.5), ("potato", 32.0)]
)
def test_canopy_reaches_30_percent_when_the_source_says(name, days):
    """Days to 30 % cover as tabulated in SoilManageR plant_cover_LUT (Mosimann & Ruettimann 2006)."""
    cover = canopy_growth(LIBRARY.crops[name], 300)
    assert np.interp(0.3, cover[:200], np.arange(200)) == pytest.approx(days, abs=0.5)
    assert (np.diff(cover) >= 0).all() and cover[0] == 0.0 and cover[-1] <= 1.0


def test_rothc_ratios():
    ratio = {name: crop.dpm_rpm for name, crop in LIBRARY.crops.items() if crop.kind != "fallow"}
    assert ratio.pop("pasture") == 0.67 and ratio.pop("deciduous-forest") == 0.25
    assert set(ratio.values()) == {1.44}


def test_farmyard_manure_carbon():
    """T3.6: 30 t fresh manure bring 2.70 t C."""
    assert 30.0 * LIBRARY.materials["cattle-fym"].carbon_per_fresh == pytest.approx(2.70, abs=0.005)


def test_dates():
    assert day_of_year("01-01") == 0 and day_of_year("12-31") == 364 and day_of_year("03-01") == 59
    assert all(day_of_year(month_day(day)) == day for day in range(365))
    assert [day_of_year(text) for text in ("02-29", "13-01", "1-1", "04-31", "", None, 401)] == [None] * 7


def wrong(tmp_path: Path, old: str, new: str, crop: str = "winter-wheat") -> str:
    """Message of a crop file in which ``old`` (a pattern) is replaced."""
    text = data_path("models", "crops", f"{crop}.toml").read_text(encoding="utf-8")
    changed, count = re.subn(old, new, text, count=1, flags=re.MULTILINE)
    assert count == 1
    path = tmp_path / f"{crop}.toml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_crop(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("^straw = ", "strw = ", 'carbon.strw  unknown key. Did you mean "straw"?'),
        ("^straw = ", "strw = ", "carbon.straw  is missing; a crop of kind annual needs it."),
        ("^product = { value = 0.322", "product = { value = 0.422", "must sum to 1 (within 0.002)"),
        ('unit = "t ha-1"', 'unit = "kg ha-1"', 'carbon.yield_dry_matter.unit = kg ha-1  must be "t ha-1".'),
        ("value = 5.1,", "value = 51.0,", "carbon.yield_dry_matter = 51.0  must be 2.0-10.0 t ha-1."),
        ("value = 5.1,", "value = true,", "carbon.yield_dry_matter.value = True  must be a number."),
        ("value = 0.4005", "value = 0.5", "must be product / (product + straw) = 0.400."),
        (
            'kind = "annual"',
            'kind = "anual"',
            'kind = anual  must be one of annual, cover, perennial, fallow. Did you mean "annual"?',
        ),
        ('on = "10-16"', 'on = "10-32"', 'sown.on = 10-32  must be a date "MM-DD".'),
        (
            r"value = \[0.4, 1.15, 0.25\]",
            "value = [0.4, 1.15]",
            "water.crop_coefficient.value = [0.4, 1.15]  must be 3 numbers.",
        ),
        (r', source = "FAO-56[^"]*" }', " }", "must say where the number comes from."),
        ('^title = "', 'title = "" "', "is not valid TOML"),
    ],
)
def test_a_wrong_crop_file_says_what_is_wrong(tmp_path, old, new, message):
    assert message in wrong(tmp_path, old, new)


def test_the_published_triticale_row_would_be_refused(tmp_path):
    """Its shares sum to 1.243."""
    assert "= 1.243" in wrong(tmp_path, "^exudates = { value = 0.078", "exudates = { value = 0.321")


def test_all_problems_of_a_library_come_at_once(tmp_path):
    for folder in ("crops", "materials"):
        (tmp_path / folder).mkdir()
    (tmp_path / "crops" / "a.toml").write_text('kind = "fallow"\n', encoding="utf-8")
    (tmp_path / "materials" / "b.toml").write_text('title = "b"\nkind = "manur"\n', encoding="utf-8")
    (tmp_path / "implements.toml").write_text("[hoe]\ndepht = 1\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_library(tmp_path)
    text = str(caught.value)
    assert all(
        part in text
        for part in ("a.toml", "b.toml", "implements.toml", 'Did you mean "depth"?', 'Did you mean "manure"?')
    )


def test_materials_and_implements_read_alone():
    assert load_material(data_path("models", "materials", "compost.toml")).kind == "manure"
    plough = load_implements(data_path("models", "implements.toml"))["mouldboard-plough"]
    assert 70.0 <= plough.transport <= 400.0 and plough.depth == 0.25
