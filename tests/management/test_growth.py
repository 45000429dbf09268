"""Seasons by month: every one has an end, months have one owner, and offsets shift them."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.management.calendar import Season
from watershed_c.management.cycle import Climatology, canopy_growth
from watershed_c.management.growth import green_cover, growth_tables, straw_lost, unknown_crops
from watershed_c.management.library import load_library
from watershed_c.management.tables import build_units

LIBRARY = load_library()


def seasons_of(**record):
    units = build_units(
        {"field": record}, LIBRARY, layer_bottom=np.array([0.1, 0.5]),
        climate=Climatology(build.TEMPERATURE, build.RAIN, build.EROSIVITY),
    )  # fmt: skip
    return growth_tables(units)


def test_a_year_of_maize_a_cover_crop_and_barley():
    seasons = seasons_of(years=["maize", "barley"], cover_crop="rye-cover")
    names = [crop.name for crop in seasons.crops]
    owner = [names[c] if c >= 0 else "" for c in seasons.crop[:, 0]]
    # maize from May, harvested in October; barley from March to July, rye in both gaps
    assert owner[5:9] == ["maize"] * 4 and owner[16:18] == ["barley"] * 2
    assert {"maize", "barley", "rye-cover"} == set(owner) - {""}
    assert seasons.begins.sum() == seasons.ends.sum() == 2 * 4, "a unit has maize, rye, barley, rye"
    assert np.allclose(seasons.elapsed[seasons.ends], 1.0, rtol=1e-12)
    for offset in (0, 1):  # a unit a year ahead is in the other year
        assert (np.roll(seasons.crop[:, 0], -12 * offset) == seasons.crop[:, offset]).all()


def test_perennials_end_with_the_year_and_winter_crops_begin_in_the_year_before():
    seasons = seasons_of(years=["grass", "grass", "winter-wheat"])
    names = [crop.name for crop in seasons.crops]
    first = [names[c] if c >= 0 else "" for c in seasons.crop[:, 0]]
    assert first[:12] == ["grass"] * 12 and seasons.ends[11, 0] and seasons.begins[0, 0]
    assert first[31] == "winter-wheat" and seasons.ends[31, 0]  # August of the third year
    assert first[22] == "winter-wheat", "sown in October of the second year"


def test_leaves_yellow_as_the_crop_coefficient_falls():
    wheat = LIBRARY.crops["winter-wheat"]
    season = Season(wheat, -76, 215, 0.5)
    cover, full = green_cover(season), canopy_growth(season)
    _, middle, last = wheat.crop_coefficient
    assert cover[-1] == pytest.approx(full[-1] * last / middle) and (cover[:-30] == full[:-30]).all()


@pytest.mark.parametrize(
    ("removed", "burnt", "lost"), [(float("nan"), 0.0, (0.0, 0.0)), (1.0, 0.0, (0.85, 0.0)), (0.5, 0.8, (0.5, 0.4))]
)
def test_straw_that_leaves_the_field(removed: float, burnt: float, lost: tuple[float, float]):
    assert straw_lost(Season(LIBRARY.crops["barley"], 80, 200, 0.5, removed, burnt)) == pytest.approx(lost)


def test_every_crop_but_fallow_knows_how_it_grows():
    assert unknown_crops(LIBRARY.crops.values()) == ["fallow"]
    for crop in LIBRARY.crops.values():
        assert not crop.optimum_temperature <= crop.base_temperature


def test_a_relay_crop_has_the_months_that_the_crop_above_it_leaves():
    seasons = seasons_of(
        years=["barley", "maize"], cover_crop="clover-cover", relay=True,
        event=[{"on": "05-01", "do": "sow", "crop": "clover-cover", "year": 1}],
    )  # fmt: skip
    names = [crop.name for crop in seasons.crops]
    owner = [names[c] if c >= 0 else "" for c in seasons.crop[:, 0]]
    assert owner[4:7] == ["barley"] * 3 and set(owner[8:15]) == {"clover-cover"}, "sown in May, barley is cut in July"
    clover = seasons.crop[:, 0] == names.index("clover-cover")
    assert seasons.begins[clover, 0].sum() == seasons.ends[clover, 0].sum() >= 1
