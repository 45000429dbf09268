"""Calendars, what they refuse, and the tables of management units."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.errors import ScenarioError
from watershed_c.kernels import cover as rusle
from watershed_c.management.calendar import Season
from watershed_c.management.cycle import Climatology, canopy_growth, depth_shares, plant_carbon
from watershed_c.management.heat import daily_temperature
from watershed_c.management.library import load_library
from watershed_c.management.reading import MONTH_STARTS
from watershed_c.management.roots import ROOT_LAWS, crop_root_shares, root_shares
from watershed_c.management.rotation import schedule
from watershed_c.management.tables import build_units
from watershed_c.pools import load_model

LIBRARY = load_library()
#: Rothamsted means (degC); rain mm and erosivity with a summer peak
CLIMATE = Climatology(
    np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]),
    np.array([60.0, 50, 50, 50, 55, 60, 60, 65, 65, 70, 70, 65]),
    np.array([20.0, 20, 25, 35, 60, 90, 100, 95, 60, 40, 30, 25]),
)
LAYERS = np.array([0.05, 0.1, 0.23, 0.5, 1.0])
PLOUGH = {"id": "plough", "on": "04-15", "do": "till"}


def build(rotations, layers=LAYERS, **options):
    return build_units(rotations, LIBRARY, layer_bottom=layers, climate=CLIMATE, **options)


def one(years, *events, layers=LAYERS, roots="jackson", **record):
    return build({"r": {"years": years, "event": list(events), **record}}, layers, roots=roots)


def season(name, yield_dry_matter, removed=math.nan):
    return Season(LIBRARY.crops[name], 0, 200, yield_dry_matter, removed)


def problems(record, name="r"):
    with pytest.raises(ScenarioError) as caught:
        schedule({name: record}, LIBRARY)
    return str(caught.value)


# ---- carbon ------------------------------------------------------------------------------------------------


def test_wheat_carbon_of_6_tonnes():
    """T3.1: 6 t DM ha-1: CS 4.042, CR 0.989, CE 0.654 t C ha-1; 5.685 with straw, 2.250 with straw exported."""
    product, straw, roots, exudates = plant_carbon(season("winter-wheat", 0.6))
    assert (product, 10 * straw, 10 * roots, 10 * exudates) == pytest.approx((0.0, 4.042, 0.989, 0.654), abs=5e-4)
    assert 10 * (straw + roots + exudates) == pytest.approx(5.685, abs=1e-3)
    assert 10 * sum(plant_carbon(season("winter-wheat", 0.6, 0.85))) == pytest.approx(2.250, abs=1e-3)


def test_stubble_stays_when_all_straw_goes():
    crop = LIBRARY.crops["winter-wheat"]
    retained, removed = plant_carbon(season("winter-wheat", 0.6))[1], plant_carbon(season("winter-wheat", 0.6, 1.0))[1]
    assert removed == pytest.approx(crop.straw_left_when_removed * retained)


def test_roots_follow_yield_or_do_not():
    """T3.2: doubling the yield changes fixed root input by nothing and proportional input by a factor of two."""
    low, high = season("barley", 0.4), season("barley", 0.8)
    for mode, factor in (("proportional", 2.0), ("fixed", 1.0)):
        assert sum(plant_carbon(high, mode)[2:]) == pytest.approx(factor * sum(plant_carbon(low, mode)[2:]))
    mixed = sum(plant_carbon(high, "mixed")[2:])
    assert mixed == pytest.approx(0.5 * (sum(plant_carbon(high, "fixed")[2:]) + sum(plant_carbon(high)[2:])))


def test_published_root_distribution():
    """T3.4: beta .966 gives .292/.499/.749 above 10/20/40 cm; .961 gives .549/.697/.981 above 20/30/100 cm."""
    assert np.cumsum(root_shares(0.966, np.array([0.1, 0.2, 0.4]))) == pytest.approx([0.292, 0.499, 0.749], abs=1e-3)
    assert np.cumsum(root_shares(0.961, np.array([0.2, 0.3, 1.0]))) == pytest.approx([0.549, 0.697, 0.981], abs=1e-3)
    # with a deepest root, more below 30 cm and as much above 1 m
    deeper = np.cumsum(root_shares(0.98, np.array([0.3, 1.0, 2.0]), 1.067))
    assert deeper == pytest.approx([0.514, 0.981, 1.0], abs=1e-3)


ROTATIONS = {
    "arable": {
        "years": ["maize", "winter-wheat", "potato"],
        "cover_crop": "rye-cover",
        "event": [
            {"id": "a", "on": "04-10", "do": "till", "crop": "maize"},
            {"id": "b", "on": "10-28", "do": "till", "crop": "winter-wheat", "implement": "disk-harrow", "depth": 0.12},
            {"id": "w", "on": "11-02", "do": "sow", "crop": "winter-wheat"},
            {"id": "c", "on": "04-05", "do": "manure", "carbon": 0.15, "crop": "maize"},
            {
                "id": "d",
                "on": "09-20",
                "do": "manure",
                "carbon": 0.1,
                "material": "cattle-slurry",
                "depth": 0.1,
                "crop": "potato",
            },
            {"id": "e", "on": "09-21", "do": "residue", "carbon": 0.05, "crop": "potato"},
            {"id": "f", "on": "08-03", "do": "harvest", "crop": "winter-wheat", "straw_removed": 0.6},
        ],
    },
    "ley": {
        "years": ["grass", "grass", "winter-wheat"],
        "event": [{"on": "10-01", "do": "till", "crop": "winter-wheat"}],
    },
    "double": {
        "years": [["winter-barley", "soybean"], "maize"],
        "event": [
            {"on": "07-14", "do": "sow", "crop": "soybean"},
            {"on": "10-12", "do": "harvest", "crop": "soybean"},
            {"on": "07-12", "do": "till", "year": 1, "implement": "disk-harrow"},
            {"on": "04-15", "do": "till", "crop": "maize"},
        ],
    },
    "forest": {"years": ["deciduous-forest"]},
    "bare": {"years": ["fallow"]},
}


def expected_carbon(name):
    """Carbon of one cycle from the seasons themselves, kg C m-2."""
    calendar = schedule({name: ROTATIONS[name]}, LIBRARY)[name]
    return sum(sum(plant_carbon(s)) for s in calendar.seasons) + sum(a.carbon for a in calendar.amendments)


@pytest.mark.parametrize("name", ["arable", "double", "forest", "bare"])
def test_no_carbon_is_lost_between_calendar_and_tables(name):
    tables = build({name: ROTATIONS[name]})
    months = tables.cycle_months[0]
    placed = tables.input_by_source[:months, 0].sum() + tables.root_carbon_below_profile[:months, 0].sum()
    assert placed == pytest.approx(expected_carbon(name), rel=1e-12, abs=1e-15)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(st.lists(st.floats(0.01, 0.22), max_size=6, unique_by=lambda x: round(x, 3)))
def test_input_does_not_depend_on_how_23_cm_are_cut(cuts):
    """Rule 10: the same total, month by month and source by source, however many layers there are."""
    rotation = {"arable": ROTATIONS["arable"]}
    whole = build(rotation, np.array([0.23]))
    cut = build(rotation, np.array([*sorted(cuts), 0.23]))
    assert np.allclose(cut.input_by_source.sum(axis=2), whole.input_by_source.sum(axis=2), rtol=1e-12, atol=1e-16)
    assert np.allclose(cut.root_carbon_below_profile, whole.root_carbon_below_profile, rtol=1e-12, atol=1e-16)
    assert np.allclose(cut.root_fraction.sum(axis=2), 1.0)


def test_residues_go_into_the_tilled_layer_when_tilled_in_at_once():
    """Harvest 23 October; ploughed a week later to 23 cm: 99 % over the tilled depth, by thickness."""
    straw = plant_carbon(season("maize", LIBRARY.crops["maize"].yield_dry_matter))[1]
    left, tilled = one(["maize"]), one(["maize"], {"on": "10-30", "do": "till", "depth": 0.23})
    change = (tilled.input_by_source - left.input_by_source)[9, 0, :, 0]
    assert change == pytest.approx(0.99 * straw * (depth_shares(0.23, LAYERS) - np.eye(5)[0]), rel=1e-9, abs=1e-15)
    assert (tilled.input_by_source - left.input_by_source)[:9].max() == 0.0
    late = one(["maize"], {"on": "12-20", "do": "till"})
    assert np.array_equal(late.input_by_source, left.input_by_source)


def test_roots_enter_while_the_crop_grows():
    tables = one(["maize"])
    by_month = tables.input_by_source[:, 0, 1:].sum(axis=(1, 2))
    assert (by_month[5:10] > 0).all() and (by_month[[0, 1, 2, 3, 11]] == 0).all()
    assert np.argmax(by_month) in (7, 8)


def test_leaf_litter_falls_in_autumn_on_the_top_layer():
    tables = build({"f": ROTATIONS["forest"]})
    top = tables.input_by_source[:, 0, 0, 0]
    assert top[9] == pytest.approx(max(top)) and top[9] > 5 * top[6]
    assert tables.sources[0].quality["dpm_rpm"] == 0.25


def test_prescribed_plant_input_keeps_shape_and_amendments():
    record = {**ROTATIONS["arable"], "plant_input": 0.4}
    free, scaled = build({"r": record}), build({"r": record}, prescribed=True)
    plants = np.array([not source.amendment for source in free.sources])
    assert scaled.input_by_source[:36, 0][..., plants].sum() == pytest.approx(3 * 0.4)
    assert np.array_equal(scaled.input_by_source[..., ~plants], free.input_by_source[..., ~plants])
    ratio = (
        scaled.input_by_source[..., plants][free.input_by_source[..., plants] > 0]
        / free.input_by_source[..., plants][free.input_by_source[..., plants] > 0]
    )
    assert np.ptp(ratio) < 1e-12


def rothc(kind, dpm_rpm=None, **unused):
    if kind == "manure":
        return np.array([0.49, 0.49, 0.0, 0.02, 0.0])
    return np.array([dpm_rpm / (1 + dpm_rpm), 1 / (1 + dpm_rpm), 0.0, 0.0, 0.0])


def test_input_by_pool_keeps_the_sum_and_knows_what_is_brought():
    tables = build(ROTATIONS)
    every, brought = tables.by_pool(rothc)
    assert np.allclose(every.sum(axis=-1), tables.input_by_source.sum(axis=-1), rtol=1e-12)
    u = tables.unit("arable")
    assert brought[:36, u].sum() == pytest.approx(0.15 + 0.1 + 0.05)
    assert brought[:36, u, :, 3].sum() == pytest.approx(0.02 * 0.25)
    assert (every >= brought).all()


@pytest.mark.parametrize(
    ("model", "crop", "pool", "residue", "root"),
    [
        # structural carbon: 1 - 0.85 + 0.018 L/N; DayCent's lignin of maize, IPCC's nitrogen; linseed has one lignin
        ("century", "maize", "structural", 0.15 + 0.018 * 0.12 / 0.0063, 0.15 + 0.018 * 0.06 / 0.0063),
        ("century", "linseed", "structural", 0.15 + 0.018 * 0.15 / 0.0063, 0.15 + 0.018 * 0.15 / 0.0063),
        # h of AMG_base; roots of Holos in ICBM: as much old carbon as 0.3 of it
        ("amg", "maize", "humified", 0.233, 0.4),
        ("amg", "rice", "humified", 0.217, 0.4),
        ("icbm", "maize", "old", 0.0, (0.3 - 0.125) / (1.0 - 0.125)),
        ("yasso07", "grass", "water", 0.427518, 0.506844),
        ("rothc", "maize", "dpm", 1.44 / 2.44, 1.44 / 2.44),
        ("mimics", "maize", "litm", None, None),  # keeps the litter it was calibrated with
    ],
)
def test_roots_and_residues_are_told_apart_where_a_model_does(model, crop, pool, residue, root):
    pools, tables = load_model(model), one([crop], *([PLOUGH] if crop == "maize" else []))
    every, brought = tables.by_pool(pools.allocate_known)
    one_of = [pool in name for name in pools.pools]
    kinds = np.array([source.kind for source in tables.sources])
    of = {kind: tables.input_by_source[..., kinds == kind].sum() for kind in set(kinds)}
    assert set(of) <= {"residue", "root"} and of["root"] > 0.0 and not brought.any()
    assert every.sum() == pytest.approx(sum(of.values()), rel=1e-12)
    shares = (residue, root) if root is not None else 2 * (pools.allocate("plant")[one_of].sum(),)
    expected = of.get("residue", 0.0) * shares[0] + of["root"] * shares[1]
    assert every[..., one_of].sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("material", "humified"), [("cattle-slurry", 0.45), ("compost", 0.77)])
def test_amendments_by_kind_in_amg(material, humified):
    """K1 of AMG_base; what is not humified is respired within the year."""
    pools = load_model("amg")
    event = {"on": "04-10", "do": "manure", "material": material, "amount": 1.0, "depth": 0.23}
    brought = one(["maize"], event).by_pool(pools.allocate_known)[1].sum(axis=(0, 1, 2))
    assert brought == pytest.approx(brought.sum() * np.array([humified, 1.0 - humified, 0.0, 0.0]), rel=1e-12)


def test_biochar_goes_where_it_lasts():
    """H/C 0.35 at 9.225 degC, the mean of the year: 1.105 - 0.570 H/C = 0.905 of the carbon to IOM, the rest to RPM."""
    model = load_model("rothc")
    char = {"on": "04-10", "do": "manure", "material": "biochar-wood", "amount": 1.0, "depth": 0.23}
    tables = one(["maize"], char)
    _, brought = tables.by_pool(model.allocate_known)
    total = 0.8 * 0.77
    assert brought.sum() == pytest.approx(total) and brought[:, :, 3:].sum() == 0.0
    by_pool = dict(zip(model.pools, brought.sum(axis=(0, 1, 2)) / total, strict=True))
    assert by_pool["iom"] == pytest.approx(1.10465 - 0.56985 * 0.35, abs=1e-4)
    assert by_pool["rpm"] == pytest.approx(1.0 - by_pool["iom"])
    assert tables.char_laid.sum() == 0.0
    own, left = load_model("rothc:biochar"), one(["maize"], {k: v for k, v in char.items() if k != "depth"})
    brought = left.by_pool(own.allocate_known)[1]
    assert brought[3, 0, 0, own.pools.index("char")] == pytest.approx(left.char_laid[3, 0], rel=1e-12)
    assert left.char_laid.sum() == pytest.approx(total * by_pool["iom"])
    with pytest.raises(ValueError, match="model icbm knows no input 'biochar'; known: plant, root, manure"):
        tables.by_pool(load_model("icbm").allocate_known)


def test_amendments_go_where_their_kind_goes():
    """Compost by its DPM/RPM in RothC, cattle manure and sludge by their humification in ICBM, the others as manure."""
    rothc, icbm = load_model("rothc"), load_model("icbm")

    def shares(model, material):
        tables = one(["maize"], {"on": "04-10", "do": "manure", "material": material, "carbon": 0.2, "depth": 0.2})
        found = tables.by_pool(model.allocate_known)[1].sum(axis=(0, 1, 2))
        assert found.sum() == pytest.approx(0.2)
        return dict(zip(model.pools, found / 0.2, strict=True))

    # h = 0.9: DPM/RPM = 2.02 - 2.174 0.9 = 0.0634 of what is not humus
    compost = shares(rothc, "compost")
    assert compost["dpm"] == pytest.approx(0.98 * 0.0634 / 1.0634, rel=0.01) and compost["hum"] == pytest.approx(0.02)
    assert compost["bio"] == compost["iom"] == 0.0
    for material in ("cattle-fym", "cattle-slurry", "sewage-sludge"):
        assert shares(rothc, material)["dpm"] == pytest.approx(0.49)
    # what is humified of it in all is h
    for material, h in (("cattle-fym", 0.25), ("sewage-sludge", 0.34), ("compost", 0.31)):
        found = shares(icbm, material)
        assert found["old"] + 0.125 * found["young"] == pytest.approx(h)


def test_roots_by_the_law_that_is_chosen():
    jackson, fan = (one(["winter-wheat"], roots=law) for law in ROOT_LAWS)
    shares = crop_root_shares(LIBRARY.crops["winter-wheat"], LAYERS, "fan")
    assert fan.root_fraction[0, 0] == pytest.approx(shares / shares.sum())
    assert fan.root_carbon_below_profile.sum() > 1.5 * jackson.root_carbon_below_profile.sum()
    for tables in (jackson, fan):
        assert np.allclose(tables.root_fraction.sum(axis=2), 1.0)
    total = [t.input_by_source.sum() + t.root_carbon_below_profile.sum() for t in (jackson, fan)]
    assert total[0] == pytest.approx(total[1], rel=1e-12)
    with pytest.raises(ValueError, match="roots must be one of jackson, fan, is 'schenk'"):
        one(["maize"], roots="schenk")


# ---- units and months --------------------------------------------------------------------------------------


def test_offsets_are_the_same_rotation_years_later():
    tables = build(ROTATIONS)
    assert tables.names[:3] == ("arable+0", "arable+1", "arable+2") and len(tables.names) == 3 + 3 + 2 + 1 + 1
    first = tables.unit("arable")
    for table in (tables.cover_factor, tables.input_by_source, tables.crop_coefficient):
        for offset in (1, 2, 4):
            for month in (0, 7, 40):
                assert np.array_equal(
                    tables.at(table, month)[tables.unit("arable", offset)], tables.at(table, month + 12 * offset)[first]
                )


def test_short_cycles_repeat_and_months_before_the_start_wrap():
    tables = build(ROTATIONS)
    forest = tables.unit("forest")
    assert tables.cycle_months[forest] == 12
    assert np.array_equal(tables.at(tables.input_by_source, 25)[forest], tables.at(tables.input_by_source, 1)[forest])
    assert np.array_equal(tables.at(tables.cover_factor, -12), tables.at(tables.cover_factor, 60))


def test_winter_wheat_is_sown_the_autumn_before():
    tables = one(["winter-wheat", "maize"])
    assert tables.canopy_cover[:7, 0].min() > 0.1 and tables.canopy_cover[8:12, 0].max() == 0.0
    assert 0.0 < tables.canopy_cover[22, 0] < 0.2  # November of the maize year


def test_an_event_of_a_winter_crop_is_put_in_the_autumn_when_the_field_is_free():
    tables = one(
        ["maize", "winter-wheat"],
        {"on": "10-25", "do": "till", "crop": "winter-wheat"},
        {"on": "10-28", "do": "sow", "crop": "winter-wheat"},
    )
    assert [m for m, passes in enumerate(tables.tillage[0]) if passes] == [9]
    stubble = one(
        ["maize", "winter-wheat"],
        {"on": "08-20", "do": "till", "crop": "winter-wheat"},
        {"on": "10-28", "do": "sow", "crop": "winter-wheat"},
    )
    assert [m for m, passes in enumerate(stubble.tillage[0]) if passes] == [12 + 7]  # maize stands in August


def test_passes_carry_depth_mixing_and_transport_in_order():
    tables = one(
        ["maize"],
        {"on": "04-20", "do": "till", "implement": "rotary-harrow"},
        {"on": "04-10", "do": "till", "depth": 0.125},
        {"on": "05-01", "do": "none"},
    )
    plough, harrow = tables.tillage[0][3]
    assert (plough.day, plough.depth, plough.efficiency) == (99, 0.125, 0.95)
    assert plough.transport == pytest.approx(0.5 * LIBRARY.implements["mouldboard-plough"].transport)
    assert harrow.transport == LIBRARY.implements["rotary-harrow"].transport
    assert sum(map(len, tables.tillage[0])) == 2


def test_cover_crop_stands_between_main_crops_until_tilled():
    with_cover = one(["barley", "maize"], PLOUGH | {"crop": "maize"}, cover_crop="rye-cover")
    without = one(["barley", "maize"], PLOUGH | {"crop": "maize"})
    assert with_cover.canopy_cover[10, 0] > 0.4 and without.canopy_cover[10, 0] == 0.0
    assert with_cover.canopy_cover[14, 0] > 0.6  # March of the maize year
    assert with_cover.input_by_source[:24].sum() > without.input_by_source[:24].sum() + 0.1
    assert (with_cover.cover_factor_annual[:24] < without.cover_factor_annual[:24]).any()


def test_a_ley_ends_where_the_next_crop_begins():
    tables = build({"ley": ROTATIONS["ley"]})
    assert tables.canopy_cover[:21, 0].min() == 1.0 and tables.canopy_cover[21, 0] < 0.1
    assert tables.cover_factor[21, 0] > 0.2 > tables.cover_factor[20, 0]
    assert tables.biodiffusivity_class[0] == "grassland"


def test_plant_cover_is_yes_or_no():
    tables = build(ROTATIONS)
    assert set(np.unique(tables.plant_cover)) == {0.0, 1.0}
    assert tables.plant_cover[:, tables.unit("forest")].all() and not tables.plant_cover[:, tables.unit("bare")].any()


def test_crop_coefficient_and_curve_number_stay_between_their_stages():
    tables = one(["maize"])
    assert tables.crop_coefficient.min() == pytest.approx(0.3) and 1.0 < tables.crop_coefficient.max() <= 1.2
    assert tables.crop_coefficient[9, 0] < tables.crop_coefficient[8, 0]  # it dries
    assert (tables.curve_number[:, 0] == (67, 78, 85, 89)).all()


def test_slurry_is_injected_into_a_sward_that_stays():
    inject = {"on": "05-10", "do": "till", "implement": "slurry-injector"}
    tables = one(["grass"], inject)
    assert tables.canopy_cover.min() == 1.0 and len(tables.tillage[0][4]) == 1
    assert "is tilled 05-10 although the rotation keeps it" in problems(
        {"years": ["grass"], "event": [inject | {"implement": "chisel-plough"}]}
    )


def test_strip_tillage_leaves_a_cover_crop_until_the_crop_is_sown():
    """Maize is sown 6 May: the plough of 15 April ends the cover crop, strips do not."""
    april = [
        one(["maize"], {"on": "04-15", "do": "till", "implement": tool}, cover_crop="rye-cover").canopy_cover[3, 0]
        for tool in ("mouldboard-plough", "strip-tiller")
    ]
    assert april[0] < 0.5 * april[1] < april[1]


def test_tillage_intensity_of_a_rotation_is_that_of_its_passes():
    events = [
        {"on": "04-10", "do": "till", "crop": "maize", "depth": 0.2},
        {"on": "05-01", "do": "till", "implement": "disk-harrow"},
    ]
    calendar = schedule({"r": {"years": ["maize", "soybean"], "event": events}}, LIBRARY)["r"]
    plough, disk = LIBRARY.implements["mouldboard-plough"], LIBRARY.implements["disk-harrow"]
    expected = 0.5 * plough.intensity(0.2, plough.speed) + disk.intensity(disk.depth, disk.speed)
    assert calendar.tillage_intensity == pytest.approx(expected) and expected == pytest.approx(69, abs=2)


def test_what_a_pass_moves_follows_its_speed_and_depth():
    """(speed / own)^a (depth / own)^b times the coefficient; what says neither has the bits it had."""
    plough = LIBRARY.implements["mouldboard-plough"]
    record = {"years": ["maize"], "event": [{**PLOUGH, "speed": 4.0, "depth": 0.5 * plough.depth}]}
    for a, b in ((0.0, 1.0), (0.4, 2.0)):
        (done,) = build({"r": record}, speed_exponent=a, depth_exponent=b).tillage[0][3]
        assert done.transport == pytest.approx(plough.transport * (4.0 / plough.speed) ** a * 0.5**b, rel=1e-14)
    record["event"] = [PLOUGH]
    (done,) = build({"r": record}, speed_exponent=0.4, depth_exponent=2.0).tillage[0][3]
    assert done.transport == plough.transport


# ---- two crops in a year, relay, temperature sums, single years ---------------------------------------------


def test_two_crops_are_harvested_in_one_year():
    calendar = schedule({"r": ROTATIONS["double"]}, LIBRARY)["r"]
    harvests = [(season.crop.name, season.end // 365) for season in calendar.seasons]
    assert harvests == [("winter-barley", 0), ("soybean", 0), ("maize", 1)]
    assert [p.day for p in calendar.tillage] == [192, 365 + 104]
    late = ROTATIONS["double"] | {"event": [{"on": "06-20", "do": "sow", "crop": "soybean"}]}
    assert "soybean is sown 06-20 but winter-barley stands until" in problems(late)
    assert "stands all year" in problems({"years": [["grass", "maize"]]})


def test_a_relay_crop_waits_in_the_shade_and_is_there_at_the_harvest():
    """Sown into barley on 1 May, at a tenth of the ground at most; after the harvest it has a head start."""
    sow = {"on": "05-01", "do": "sow", "crop": "clover-cover"}
    drilled, relay = (one(["barley"], sow, cover_crop="clover-cover", relay=way) for way in (False, True))
    record = {"years": ["barley"], "event": [sow], "cover_crop": "clover-cover", "relay": True}
    calendar = schedule({"r": record}, LIBRARY)["r"]
    barley, clover = sorted(calendar.seasons, key=lambda s: s.crop.kind)
    assert (clover.start, clover.shaded_until, clover.in_the_light) == (120, barley.end, clover.end - barley.end)
    assert relay.canopy_cover[5, 0] == drilled.canopy_cover[5, 0] > 0.5  # of the barley
    assert relay.canopy_cover[7, 0] > drilled.canopy_cover[7, 0] + 0.05
    assert relay.input_by_source.sum() > drilled.input_by_source.sum()
    assert "sown into no standing crop" in problems({"years": ["barley"], "cover_crop": "clover-cover", "relay": True})
    assert "needs a cover_crop" in problems({"years": ["barley"], "relay": True})
    apart = {"years": ["barley", "maize"], "cover_crop": ["none", "rye-cover"], "relay": [True, False]}
    assert "relay[0] = true  needs a cover_crop in the same place" in problems(apart)


def test_dates_by_temperature_sum_are_those_of_the_mean_year():
    """Summed by hand, day by day: maize is sown 150 degC d above 8 degC after New Year and ripe 700 later."""
    days = daily_temperature(CLIMATE.temperature)
    above = np.maximum(days - 8.0, 0.0)
    sown = int(np.argmax(np.cumsum(above) >= 60.0)) + 1
    ripe = sown + int(np.argmax(np.cumsum(above[sown:]) >= 550.0)) + 1
    events = [
        {"id": "sow", "do": "sow", "crop": "maize", "temperature_sum": 60.0, "since": "01-01"},
        {"id": "cut", "do": "harvest", "crop": "maize", "temperature_sum": 550.0},
    ]
    record = {"years": ["maize"], "event": events, "canopy_sums": {"maize": [50.0, 150.0, 250.0, 400.0]}}
    grown = schedule({"r": record}, LIBRARY, CLIMATE.temperature)["r"].seasons[0]
    assert (grown.start, grown.end) == (sown, ripe)
    cover = canopy_growth(grown)
    assert cover[int(np.argmax(np.cumsum(above[sown:]) >= 150.0)) + 1] == pytest.approx(0.5)
    warmer = schedule({"r": record}, LIBRARY, CLIMATE.temperature + 1.0)["r"].seasons[0]
    assert warmer.start < sown and warmer.end < ripe
    # lines between the middles of months round their tops off
    means = np.add.reduceat(days, MONTH_STARTS[:-1]) / np.diff(MONTH_STARTS)
    assert means == pytest.approx(CLIMATE.temperature, abs=0.4)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"do": "harvest", "crop": "maize", "temperature_sum": 1500.0}, "maize does not ripen: from sowing on 05-06"),
        ({"do": "till", "crop": "maize", "temperature_sum": 5000.0, "since": "01-01"}, "is never reached"),
        ({"do": "till", "temperature_sum": 100.0}, "is above the base temperature of a crop"),
        ({"do": "sow", "crop": "maize", "temperature_sum": 100.0}, 'set since = "01-01"'),
        ({"do": "till", "on": "05-01", "year": 3}, "must be a year of the rotation, 1 to 1"),
    ],
)
def test_what_temperature_sums_and_years_refuse(event, words):
    with pytest.raises(ScenarioError, match=words):
        schedule({"r": {"years": ["maize"], "event": [event]}}, LIBRARY, CLIMATE.temperature)


def test_an_event_of_one_year_is_not_in_the_others():
    events = [
        {"on": "08-10", "do": "harvest", "crop": "barley", "year": 2},
        {"on": "03-20", "do": "sow", "crop": "barley", "year": 1},
        {"on": "10-20", "do": "sow", "crop": "winter-wheat", "year": 2},
        {"on": "11-05", "do": "till", "year": 3},
        {"on": "09-01", "do": "manure", "carbon": 0.1, "year": 1},
    ]
    record = {"years": ["barley", "barley", "winter-wheat"], "event": events}
    calendar = schedule({"r": record}, LIBRARY)["r"]
    first, second, wheat = calendar.seasons
    usual = LIBRARY.crops["barley"]
    assert (first.start, first.end) == (78, usual.harvested) and second.end == 365 + 221
    assert second.start == 365 + usual.sown and wheat.start == 365 + 292
    assert [p.day for p in calendar.tillage] == [730 + 308] and [a.day for a in calendar.amendments] == [243]


# ---- grazing ------------------------------------------------------------------------------------------------


def test_animals_leave_the_dung_of_what_they_eat():
    """2 units a hectare from May to October: 2 * 12.5 kg * 184 d = 4.6 t DM of 13; 35 % of its carbon is dung."""
    herd = {"start": "05-01", "end": "10-31", "livestock_units": 2.0}
    mown, grazed = one(["grass"]), one(["grass"], grazing=[herd])
    dung = grazed.input_by_source.sum(axis=(1, 2, 3)) - mown.input_by_source.sum(axis=(1, 2, 3))
    assert dung.sum() == pytest.approx(0.46 * 0.35 * LIBRARY.crops["grass"].dry_matter_carbon, rel=1e-12)
    assert np.flatnonzero(dung > 1e-12).tolist() == list(range(4, 10))
    assert dung[4] / dung[5] == pytest.approx(31 / 30)
    added = [source for source in grazed.sources if source.amendment]
    assert len(added) == 1 and grazed.input_by_source[..., grazed.sources.index(added[0])][:, 0, 1:].sum() == 0.0


def test_feet_close_the_soil_of_heavily_grazed_swards():
    """Up to 30 % eaten the sward's own curve number; from 70 % what poor pasture has above good comes on top."""
    plain = np.array(LIBRARY.crops["grass"].curve_number)
    for share, added in ((0.2, 0.0), (0.5, 0.5), (0.9, 1.0)):
        units = share * 1.3 * 1e4 / (12.5 * 184)
        tables = one(["grass"], grazing=[{"start": "05-01", "end": "10-31", "livestock_units": units}])
        expected = plain + added * (np.array([68, 79, 86, 89]) - np.array([39, 61, 74, 80]))
        assert tables.curve_number[:, 0] == pytest.approx(np.tile(expected, (12, 1)))


@pytest.mark.parametrize(
    ("years", "herd", "words"),
    [
        (["grass"], {"livestock_units": 8.0}, r"eat 18.4 t DM/ha in year 1, where 13.0 grow. At most 0.71 of them"),
        (["pasture"], {}, "is grazed by itself"),
        (["maize"], {}, "finds no sward"),
        (["grass"], {"start": "11-01"}, "must begin before it ends"),
        (["grass"], {"material": "dungg"}, "is not known"),
        (["grass", "maize"], {"year": 2}, "falls on no day of grass"),
    ],
)
def test_what_grazing_refuses(years, herd, words):
    herd = {"start": "05-01", "end": "10-31", "livestock_units": 2.0, **herd}
    with pytest.raises(ScenarioError, match=words):
        schedule({"r": {"years": years, "grazing": [herd]}}, LIBRARY)


# ---- practices ---------------------------------------------------------------------------------------------


def straw_of(*events, years=("barley",), **record):
    """Straw that enters the soil in a year, kg C m-2: what a calendar gives beyond its roots and exudates."""
    calendar = schedule({"r": {"years": list(years), "event": list(events), **record}}, LIBRARY)["r"]
    return sum(plant_carbon(s)[1] for s in calendar.seasons) / len(years)


def test_burnt_straw_does_not_reach_the_soil():
    """Barley harvested 23 July, 0.8 of its straw burns unless said; what is baled first does not burn."""
    burn = {"id": "fire", "on": "08-05", "do": "burn"}
    kept = straw_of()
    assert straw_of(burn) == pytest.approx(0.2 * kept)
    assert straw_of(burn | {"burnt": 0.5}) == pytest.approx(0.5 * kept)
    baled = {"on": "07-23", "do": "harvest", "straw_removed": 0.6}
    assert straw_of(baled, burn) == pytest.approx(0.2 * 0.4 * kept)
    tables, usual = one(["barley"], burn), one(["barley"])
    assert usual.input_by_source.sum() - tables.input_by_source.sum() == pytest.approx(0.8 * kept)
    assert (tables.residue_cover[7:, 0] < usual.residue_cover[7:, 0]).all()
    assert tables.cover_factor_annual[0, 0] > usual.cover_factor_annual[0, 0]


def test_only_the_crop_that_is_named_burns_in_every_one_of_its_years():
    burn = {"on": "08-05", "do": "burn", "crop": "barley", "burnt": 1.0}
    years = ("barley", "maize", "barley")
    calendar = schedule({"r": {"years": list(years), "event": [burn]}}, LIBRARY)["r"]
    assert [s.crop.name for s in calendar.seasons] == list(years)
    assert [s.straw_burnt for s in calendar.seasons] == [1.0, 0.0, 1.0]


def test_a_cover_crop_is_killed_without_tillage():
    """Rolled or sprayed on 1 April, maize is drilled into it on 6 May: its residues lie between."""
    drill = {"on": "05-05", "do": "till", "implement": "direct-drill"}
    kill = {"on": "04-01", "do": "kill"}
    alive, killed = (one(["maize"], drill, *more, cover_crop="rye-cover") for more in ((), (kill,)))
    assert alive.canopy_cover[3, 0] > 0.7 and killed.canopy_cover[3, 0] == 0.0
    assert killed.residue_cover[3, 0] > alive.residue_cover[3, 0]
    assert not any(p for month in killed.tillage[0][:4] for p in month)
    assert killed.cover_factor[3, 0] < 0.3


def test_the_last_year_of_a_sward_is_killed():
    """Grass of two years, sprayed on 20 September of the second; maize is drilled the spring after."""
    years = ["grass", "grass", "maize"]
    kill = {"on": "09-20", "do": "kill"}
    tables = one(years, kill, {"on": "05-05", "do": "till", "crop": "maize", "implement": "direct-drill"})
    assert tables.canopy_cover[:20, 0].min() == 1.0 and tables.canopy_cover[21:28, 0].max() == 0.0
    assert tables.canopy_cover[20, 0] == pytest.approx(19 / 30)


# ---- cover-management factor ------------------------------------------------------------------------------


def test_bare_fallow_is_the_unit_plot():
    tables = build({"bare": ROTATIONS["bare"]})
    assert tables.cover_factor == pytest.approx(1.0) and tables.cover_factor_annual == pytest.approx(1.0)


def test_subfactors_at_their_limits():
    assert rusle.canopy_subfactor(np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0])) == pytest.approx(
        [1, 0, 1 - math.exp(-0.328)]
    )
    assert rusle.surface_cover_subfactor(np.array([0.0, 0.5]), np.full(2, 6.096)) == pytest.approx([1, math.exp(-1.75)])
    assert rusle.roughness_subfactor(np.array([6.096, 48.3])) == pytest.approx([1, math.exp(-0.026 * 42.204)])
    assert rusle.roughness_left(48.3, np.array([0.0, 25.4, 1e6]), np.array([0.0, 17.02, 0.0])) == pytest.approx(
        [48.3, 6.096 + 42.204 * math.exp(-0.07 - 0.006), 6.096]
    )
    assert rusle.residue_ground_cover(np.array([0.0, math.log(2.0)])) == pytest.approx([0.0, 0.5])


def test_residues_decay_best_warm_and_wet_and_not_when_frozen():
    warm, wet = np.array([-30.0, -7.76, 10.0, 37.0]), np.full(4, 100.0)
    share = rusle.decay_opportunity(warm, wet)
    assert share[0] == share[1] == 0.0 and 0.0 < share[2] < 1.0 and share[3] == pytest.approx(1.0)
    assert rusle.decay_opportunity(np.array([37.0]), np.array([12.88])) == pytest.approx(0.5)


def test_tilled_fallow_follows_roughness_alone():
    """One pass a year on a fallow: C is the mean of SR over the smoothing of the ridge, in closed form by day."""
    tables = one(["fallow"], {"on": "01-01", "do": "till"})
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    rain = np.cumsum(np.repeat(CLIMATE.precipitation / lengths, lengths))
    erosivity = np.cumsum(np.repeat(CLIMATE.erosivity / lengths, lengths))
    left = np.exp(-0.07 / 25.4 * (rain - rain[0]) - 0.006 / 17.02 * (erosivity - erosivity[0]))
    ratio = np.exp(-0.026 * 42.204 * left)
    expected = [part.mean() for part in np.split(ratio, np.cumsum(lengths)[:-1])]
    assert tables.cover_factor[:, 0] == pytest.approx(expected, rel=1e-9)


def test_the_residue_cycle_is_steady():
    """Writing the rotation twice changes nothing: the state of the first day is that after endless cycles."""
    once, twice = one(["maize"], PLOUGH), one(["maize", "maize"], PLOUGH)
    for name in ("residue_cover", "cover_factor", "crop_coefficient"):
        assert np.allclose(getattr(twice, name)[:, 0], np.tile(getattr(once, name)[:, 0], 2), rtol=1e-9, atol=1e-15)


def test_more_residue_less_loss():
    harvest = {"on": "10-23", "do": "harvest", "crop": "maize"}
    kept, removed = one(["maize"], PLOUGH, harvest), one(["maize"], PLOUGH, harvest | {"straw_removed": 1.0})
    assert (kept.cover_factor <= removed.cover_factor + 1e-12).all()
    assert kept.cover_factor[11, 0] < 0.5 * removed.cover_factor[11, 0]
    drilled = one(["maize"], {"on": "05-05", "do": "till", "implement": "direct-drill"})
    assert drilled.cover_factor_annual[0, 0] < 0.35 * kept.cover_factor_annual[0, 0]


def test_annual_factor_is_weighted_by_erosivity():
    tables = one(
        ["maize", "winter-wheat"], PLOUGH | {"crop": "maize"}, {"on": "10-28", "do": "sow", "crop": "winter-wheat"}
    )
    weight = CLIMATE.erosivity / CLIMATE.erosivity.sum()
    for year in (0, 1):
        rows = slice(12 * year, 12 * year + 12)
        assert tables.cover_factor_annual[rows, 0] == pytest.approx(tables.cover_factor[rows, 0] @ weight)
    assert (tables.cover_factor > 0).all() and (tables.cover_factor <= 1).all()


def test_permanent_vegetation_has_its_cited_constant():
    tables = build({"g": {"years": ["grass"]}, **{k: ROTATIONS[k] for k in ("forest",)}})
    assert tables.cover_factor[:, 0] == pytest.approx(0.05) and tables.cover_factor[:, 1] == pytest.approx(0.00116)


# ---- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"years": []}, "rotation.r.years  must name at least one crop."),
        ({"years": ["maze"]}, 'rotation.r.years = maze  is not known. Did you mean "maize"?'),
        ({"years": ["rye-cover"]}, 'is a cover crop; write cover_crop = "rye-cover".'),
        ({"years": ["maize"], "cover_crop": "barley"}, "rotation.r.cover_crop = barley  is not a cover crop."),
        (
            {"years": ["maize"], "cover_crop": "rye"},
            'rotation.r.cover_crop = rye  is not known. Did you mean "rye-cover"?',
        ),
        ({"years": ["maize"], "yields": {"maize": -1.0}}, "rotation.r.yields.maize = -1.0  must be above 0"),
        ({"years": ["maize"], "yields": {"barley": 1.0}}, "rotation.r.yields = barley  is not grown in this rotation."),
        (
            {"years": ["barley"], "event": [{"on": "09-20", "do": "sow"}]},
            "r.years[0] = barley  harvest before sowing: sown 09-20, harvested 07-23. It is not a winter crop.",
        ),
        (
            {"years": ["maize", "winter-wheat"], "event": [{"on": "10-16", "do": "sow", "crop": "winter-wheat"}]},
            "maize, winter-wheat  overlapping crops: winter-wheat is sown 10-16 but maize stands until 10-23.",
        ),
        (
            {"years": ["maize", "rapeseed"]},
            "maize, rapeseed  overlapping crops: rapeseed is sown 08-29 but maize stands until 10-23.",
        ),
        (
            {"years": ["maize", "winter-wheat"], "event": [PLOUGH | {"on": "10-12", "crop": "winter-wheat"}]},
            "r.plough = till 10-12  prepares winter-wheat, sown 10-28, but maize stands until 10-23.",
        ),
        (
            {"years": ["deciduous-forest"], "event": [PLOUGH]},
            "rotation.r.plough = till 04-15  tills deciduous-forest, which cannot be tilled.",
        ),
        ({"years": ["grass"], "event": [PLOUGH]}, "grass  is tilled 04-15 although the rotation keeps it."),
        ({"years": ["maize"], "event": [PLOUGH | {"implement": "mouldboard"}]}, 'Did you mean "mouldboard-plough"?'),
        (
            {"years": ["maize"], "event": [PLOUGH | {"depth": 25.0}]},
            "rotation.r.plough.depth = 25.0  must be above 0 and at most 1.0 m.",
        ),
        ({"years": ["maize"], "event": [PLOUGH | {"crop": "barley"}]}, "barley  is not grown in this rotation."),
        ({"years": ["maize"], "event": [PLOUGH | {"crop": "maiz"}]}, 'maiz  is not known. Did you mean "maize"?'),
        (
            {"years": ["maize"], "event": [PLOUGH | {"on": "02-29"}]},
            'rotation.r.plough.on = 02-29  must be a day "MM-DD"',
        ),
        ({"years": ["maize"], "event": [PLOUGH | {"do": "tilll"}]}, 'Did you mean "till"?'),
        (
            {"years": ["maize"], "event": [{"on": "04-01", "do": "manure"}]},
            "rotation.r.event 1.carbon = None  must be the carbon brought",
        ),
        (
            {"years": ["maize"], "event": [{"on": "04-01", "do": "manure", "carbon": 0.1, "material": "cattle-fim"}]},
            'cattle-fim  is not known. Did you mean "cattle-fym"?',
        ),
        ({"years": ["grass"], "event": [{"on": "04-01", "do": "sow", "crop": "grass"}]}, "which is there all year."),
        (
            {"years": ["maize", "barley"], "event": [{"on": "04-01", "do": "sow"}]},
            'crop = missing  do = "sow" needs a crop.',
        ),
        (
            {"years": ["maize"], "event": [PLOUGH | {"on": "07-15"}]},
            "rotation.r.plough = till 07-15  tills maize, which stands from 05-06 to 10-23. In a standing crop work: ",
        ),
        (
            {"years": ["maize", "winter-wheat"], "event": [PLOUGH]},
            "rotation.r.plough = till 04-15  tills winter-wheat, which stands from 10-28 to 08-03.",
        ),
        (
            {"years": ["barley"], "event": [{"id": "fire", "on": "10-05", "do": "burn"}]},
            "r.fire = burn 10-05  finds no straw of barley, harvested 07-23: it burns within 31 days of that.",
        ),
        (
            {"years": ["barley"], "event": [{"on": "08-10", "do": "burn"}, PLOUGH | {"on": "08-01"}]},
            "finds no straw of barley, harvested 07-23: mouldboard-plough buries it 08-01.",
        ),
        (
            {
                "years": ["winter-barley", "rapeseed"],
                "event": [
                    {"on": "07-25", "do": "sow", "crop": "rapeseed"},
                    {"on": "08-05", "do": "burn", "crop": "winter-barley"},
                ],
            },
            "burn 08-05  burns rapeseed, sown 07-25 after winter-barley, harvested 07-10.",
        ),
        (
            {"years": ["silage-maize"], "event": [{"on": "09-25", "do": "burn"}]},
            "rotation.r.event 1 = burn  takes the straw of silage-maize, which leaves none.",
        ),
        (
            {"years": ["silage-maize"], "event": [{"on": "09-20", "do": "harvest", "straw_removed": 0.5}]},
            "rotation.r.event 1 = harvest  takes the straw of silage-maize, which leaves none.",
        ),
        (
            {"years": ["barley"], "event": [{"on": "08-05", "do": "burn", "burnt": 80.0}]},
            "rotation.r.event 1.burnt = 80.0  must be 0 to 1.",
        ),
        (
            {"years": ["grass"], "event": [{"on": "09-01", "do": "burn", "crop": "grass"}]},
            "rotation.r.event 1.do = burn  cannot be done to grass, which is there all year.",
        ),
        (
            {"years": ["maize"], "event": [{"on": "09-01", "do": "kill", "crop": "maize"}]},
            "rotation.r.event 1.do = kill  ends cover crops and swards; maize is neither.",
        ),
        (
            {"years": ["deciduous-forest"], "event": [{"on": "09-01", "do": "kill", "crop": "deciduous-forest"}]},
            "rotation.r.event 1.do = kill  ends cover crops and swards; deciduous-forest is neither.",
        ),
        (
            {"years": ["grass"], "event": [{"id": "spray", "on": "09-01", "do": "kill"}]},
            "rotation.r.spray = kill 09-01  kills grass although the rotation keeps it.",
        ),
        (
            {"years": ["maize"], "event": [{"id": "early", "on": "04-20", "do": "sow"}, {"on": "05-10", "do": "sow"}]},
            "rotation.r.event 2 = sow 05-10  maize has a sow event already: early, 04-20.",
        ),
        (
            {"years": ["maize"], "event": [{"on": "10-01", "do": "harvest"}, {"on": "10-10", "do": "harvest"}]},
            "rotation.r.event 2 = harvest 10-10  maize has a harvest event already: event 1, 10-01.",
        ),
        (
            {"years": ["maize", "barley"], "event": [{"on": "08-01", "do": "burn"}]},
            'rotation.r.event 1.crop = missing  do = "burn" needs a crop.',
        ),
    ],
)
def test_a_wrong_rotation_says_what_is_wrong(record, message):
    assert message in problems(record)


def test_all_problems_of_all_rotations_come_at_once():
    with pytest.raises(ScenarioError) as caught:
        schedule({"a": {"years": ["maze"]}, "b": {"years": ["maize"], "event": [PLOUGH | {"depth": -1.0}]}}, LIBRARY)
    assert {problem.key for problem in caught.value.problems} == {"rotation.a.years", "rotation.b.plough.depth"}


def test_layers_climate_and_mode_are_checked():
    with pytest.raises(ValueError, match="must increase"):
        build({"r": {"years": ["maize"]}}, [0.2, 0.1])
    with pytest.raises(ValueError, match="belowground"):
        build({"r": {"years": ["maize"]}}, belowground="deep")
    with pytest.raises(ValueError, match="12 finite"):
        replace(CLIMATE, temperature=np.zeros(3))
    with pytest.raises(ValueError, match="negative"):
        replace(CLIMATE, erosivity=-np.ones(12))


@pytest.mark.parametrize(
    ("material", "carbon"), [("cattle-fym", 0.2696), ("cattle-slurry", 0.1131), ("compost", 0.3718)]
)
def test_fresh_mass_brings_the_carbon_of_its_material(material, carbon):
    """30 t of fresh mass per hectare: dry matter and carbon content of the material file, T3.6 for farmyard manure."""
    event = {"on": "04-01", "do": "manure", "amount": 3.0, "material": material}
    (brought,) = schedule({"r": {"years": ["maize"], "event": [event]}}, LIBRARY)["r"].amendments
    assert brought.carbon == pytest.approx(carbon, abs=5e-5)


def test_cover_factor_by_month_replaces_that_of_the_crop_stages() -> None:
    given = [0.01 * (month + 1) for month in range(24)]
    two = one(["maize", "winter-wheat"], PLOUGH | {"crop": "maize"}, cover_factor=given)
    np.testing.assert_allclose(two.cover_factor[:, 0], given)
    np.testing.assert_allclose(two.cover_factor[:, 1], given[12:] + given[:12])
    weight = CLIMATE.erosivity / CLIMATE.erosivity.sum()
    assert two.cover_factor_annual[3, 0] == pytest.approx(weight @ given[:12], rel=1e-12)
    twelve = one(["maize", "winter-wheat"], PLOUGH | {"crop": "maize"}, cover_factor=given[:12])
    np.testing.assert_allclose(twelve.cover_factor[:, 0], given[:12] * 2)
    np.testing.assert_allclose(one(["maize"], PLOUGH | {"crop": "maize"}, cover_factor=[0.2]).cover_factor, 0.2)


def test_prior_land_use_may_be_left_out_of_c() -> None:
    record = {"r": {"years": ["winter-wheat"], "event": [PLOUGH | {"on": "10-05"}]}}
    prior = LIBRARY.crops["winter-wheat"].prior_land_use
    assert prior < 1.0
    np.testing.assert_allclose(build(record).cover_factor, prior * build(record, prior_land_use=False).cover_factor)


def test_each_gap_has_its_cover_crop_and_its_way_to_be_sown() -> None:
    """Clover under barley, nothing after maize, rye after the harvest of soybean."""
    sow = [{"on": "05-01", "do": "sow", "crop": "clover-cover"}, {"on": "10-20", "do": "sow", "crop": "rye-cover"}]
    record = {
        "years": ["barley", "maize", "soybean"], "cover_crop": ["clover-cover", "none", "rye-cover"],
        "relay": [True, False, False], "event": sow,
    }  # fmt: skip
    calendar = schedule({"r": record}, LIBRARY)["r"]
    clover, rye = (s for s in calendar.seasons if s.crop.kind == "cover")
    barley, _, soybean = (s for s in calendar.seasons if s.crop.kind == "annual")
    assert clover.crop.name == "clover-cover" and clover.shaded_until == barley.end and clover.start == 120
    assert rye.crop.name == "rye-cover" and rye.shaded_until is None and rye.start == max(soybean.end + 7, 730 + 292)
    assert "3: one for each of years" in problems(record | {"cover_crop": ["clover-cover"]})
    assert "3: one for each of years" in problems(record | {"relay": [True]})
    assert "rye-cover  never stands" in problems(record | {"event": [*sow, PLOUGH | {"on": "11-20"}]})
