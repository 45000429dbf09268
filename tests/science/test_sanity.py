"""What a soil scientist expects of a whole run: signs of sensitivities, sums that must add up, ranges of nature.

Every test runs the assembled model, all processes on, on a slope of 40 cells; a value is expected only where theory
gives it (zero, proportion, order), else the sign is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.runs import small
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.constituents import CALCITE_PER_CARBON, ORGANIC_MATTER_PER_CARBON
from watershed_c.errors import ScenarioError
from watershed_c.scenario.resolve import resolve

YEARS = 2
PERIOD = {"time.start": "2001-01", "time.end": f"{2000 + YEARS}-12"}
#: all land one rotation, the stock that its input sustains: no history in the way
ARABLE = ("land.rules", '[{ class = "maize-wheat" }]')
FOREST = ("land.rules", '[{ class = "deciduous-forest" }]')
STEADY = ("carbon.initial", '{ method = "steady" }')
NO_ENRICHMENT = ("processes.water_erosion.enrichment", '{ law = "none" }')
Change = tuple[str, Any]


@dataclass
class Ran:
    """An assembly after its steps: ledger totals (kg), stocks at the start, soil gained (kg m-2), means of steps."""

    assembly: Assembly
    totals: dict[tuple[str, str], float]
    start: np.ndarray
    lateral: np.ndarray
    tillage: np.ndarray
    erosivity: np.ndarray
    carbon_dioxide: np.ndarray

    @property
    def sediment(self) -> float:
        """kg of dry sediment that left."""
        sic = CALCITE_PER_CARBON * self.total("sic", "water_erosion_export")
        organic = ORGANIC_MATTER_PER_CARBON * self.total("soc", "water_erosion_export")
        return self.total("soil", "water_erosion_export") + organic + sic

    def total(self, account: str, term: str) -> float:
        """Sum over the run, kg."""
        return self.totals.get((account, term), 0.0)

    def stock(self, group: str) -> np.ndarray:
        """Mean stock of each layer at the start, kg m-2."""
        w = self.assembly.watershed
        return self.start[w.cells][:, :, w.constituents.of_group(group)].sum(axis=2).mean(axis=0)


@cache
def ran(*changes: Change) -> Ran:
    """Two years of the small slope with some keys changed."""
    assembly = assemble(resolve(small(PERIOD | dict(map(_value, changes))), overwrite=True))
    initialise(assembly)
    w, carbonate = assembly.watershed, assembly.model.processes.get("carbonate")
    start, erosivity, gas = w.stocks.copy(), np.zeros(12), np.zeros(w.water.shape)
    lateral, tillage = (w.ledger.map_of("soil", term) for term in ("lateral", "tillage_erosion"))
    totals: dict[tuple[str, str], float] = {}
    while not assembly.model.done:
        for key, amount in assembly.model.step().items():
            totals[key] = totals.get(key, 0.0) + amount
        erosivity[w.month] += w.erosivity[w.cells].mean() / YEARS
        gas += getattr(carbonate, "carbon_dioxide", 0.0) / (12.0 * YEARS)
    return Ran(assembly, totals, start, lateral, tillage, erosivity, gas)


def _value(change: Change) -> Change:
    """Tables are written as TOML, so that a change can be a key of the cache."""
    import tomllib

    key, value = change
    return (key, tomllib.loads(f"x = {value}")["x"]) if isinstance(value, str) and value[:1] in "[{" else change


# -- carbon ----------------------------------------------------------------------------------------------------------


def test_warming_of_three_kelvin_lowers_the_carbon_that_the_same_input_sustains() -> None:
    given: tuple[Change, ...] = (ARABLE, STEADY, ("climate.constant.pet", 45.0))
    warmer = ran(*given, ("climate.change.temperature", "3 K")).stock("soc").sum()
    now = ran(*given).stock("soc").sum()
    assert 0.6 * now < warmer < 0.95 * now


def test_clay_keeps_carbon() -> None:
    stocks = [ran(ARABLE, STEADY, ("soil.clay", clay)).stock("soc").sum() for clay in ("10 %", "25 %", "40 %")]
    assert stocks[0] < stocks[1] < stocks[2]


def test_plant_input_is_what_yields_leave() -> None:
    """Straw, roots and exudates of the crop files' yields by Bolinder's shares, less what is below the profile."""
    found = ran(ARABLE, STEADY)
    w, tables = found.assembly.watershed, found.assembly.tables
    library = {name: crop for calendar in found.assembly.inputs.calendars.values() for name, crop in _crops(calendar)}
    expected = 0.0
    for name in ("maize", "winter-wheat"):
        crop = library[name]
        expected += crop.yield_dry_matter * crop.dry_matter_carbon / crop.product * (1.0 - crop.product)
    below = tables.root_carbon_below_profile[:24, tables.unit("maize-wheat")].sum()
    area = w.cells.size * w.cell_area
    assert found.total("soc", "plant_input") / area == pytest.approx(expected - below, rel=5e-3)
    assert found.total("soc", "amendment") / area == pytest.approx(0.2)  # 2 t C/ha of manure, once in the rotation


def _crops(calendar: Any) -> list[tuple[str, Any]]:
    return [(crop.name, crop) for crop in calendar.years]


def test_dissolved_carbon_is_the_share_of_what_would_be_respired() -> None:
    found = ran(ARABLE, STEADY)
    made, respired = -found.total("soc", "doc_production"), -found.total("soc", "respired")
    assert made == pytest.approx(0.02 * (made + respired), rel=1e-9)
    assert found.total("doc", "doc_production") == pytest.approx(made, rel=1e-12)


def test_carbon_dioxide_of_soil_air_rises_with_depth() -> None:
    w, gas = ran(ARABLE, STEADY).assembly.watershed, ran(ARABLE, STEADY).carbon_dioxide
    assert (np.diff(gas[w.cells], axis=1) > 0.0).all()
    assert 500.0 < np.median(gas[w.cells, 0]) and np.median(gas[w.cells, -1]) < 100_000.0  # ppm


# -- erosion ----------------------------------------------------------------------------------------------------------


def test_months_of_erosivity_sum_to_the_year_given_and_to_less_with_snow() -> None:
    assert ran(ARABLE, STEADY).erosivity.sum() == pytest.approx(900.0, rel=1e-9)
    winter = "[-3.0, 1.0, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]"
    cold, mild = (ran(ARABLE, STEADY, *more).erosivity for more in ((("climate.constant.temperature", winter),), ()))
    assert cold[0] == 0.0
    assert cold[1] == pytest.approx(0.5 * mild[1])  # half of what falls at 1 degC is rain
    assert cold[2:] == pytest.approx(mild[2:])


def test_twice_the_erosivity_gives_about_twice_the_sediment() -> None:
    """Soil loss and capacity are proportional to R; C rises a little, as rain smooths tilled soil sooner."""
    ratio = ran(ARABLE, STEADY, ("climate.erosivity.annual", 1800.0)).sediment / ran(ARABLE, STEADY).sediment
    assert 1.9 < ratio < 2.4


def test_forest_yields_little_sediment() -> None:
    assert 0.0 < ran(FOREST, STEADY).sediment < 0.1 * ran(ARABLE, STEADY).sediment


def test_without_tillage_nothing_is_moved_by_it_and_cover_protects() -> None:
    untilled = ran(ARABLE, STEADY, ("rotation.maize-wheat.event.plough.do", "none"))
    tilled = ran(ARABLE, STEADY)
    assert tilled.tillage.any() and not untilled.tillage.any()
    factors = [
        found.assembly.tables.cover_factor_annual[:24, found.assembly.tables.unit("maize-wheat")].mean()
        for found in (untilled, tilled)
    ]
    assert factors[0] < 0.8 * factors[1]
    assert untilled.sediment < tilled.sediment


def test_tillage_keeps_the_soil_of_every_parcel() -> None:
    """Soil crosses no border: with smaller parcels each keeps its own, and banks grow where there was none."""
    moved = {}
    for size in ("0.2 ha", "0.04 ha"):
        found = ran(ARABLE, STEADY, ("land.parcels.size", size))
        w = found.assembly.watershed
        net = found.tillage[w.cells]
        sums = np.bincount(w.field[w.cells], weights=net)
        assert np.abs(sums).max() < 1e-10 * np.abs(net).sum()
        moved[size] = np.abs(net).sum()
    assert moved["0.04 ha"] > 1.2 * moved["0.2 ha"]


def test_sediment_has_the_carbon_of_the_soil_it_comes_from() -> None:
    found = ran(ARABLE, STEADY, NO_ENRICHMENT, ("processes.tillage_erosion.enabled", False))
    w = found.assembly.watershed
    organic = found.start[:, 0][:, w.constituents.of_group("soc")].sum(axis=1)
    lime = found.start[:, 0][:, w.constituents.of_group("sic")].sum(axis=1)
    soil = w.reference[:, 0] + ORGANIC_MATTER_PER_CARBON * organic + CALCITE_PER_CARBON * lime
    content = (organic / np.where(soil > 0.0, soil, 1.0))[w.cells]
    carried = found.total("soc", "water_erosion_export") / found.sediment
    # the year's cycle of fresh residues is in the sediment, not in the state of January
    assert 0.97 * content.min() < carried < 1.10 * content.max()


def test_enrichment_exports_more_carbon_in_the_same_sediment_and_closes() -> None:
    plain = ran(ARABLE, STEADY, NO_ENRICHMENT)
    twice = ran(ARABLE, STEADY, ("processes.water_erosion.enrichment", '{ law = "constant", ratio = 2.0 }'))
    contents = [found.total("soc", "water_erosion_export") / found.sediment for found in (plain, twice)]
    # the steady topsoil that loses more carbon holds less of it
    assert 1.5 < contents[1] / contents[0] <= 2.0
    for found in (plain, twice):
        assert max(found.assembly.watershed.ledger.cumulative_residual().values()) < 1e-10
    assert twice.sediment == pytest.approx(plain.sediment, rel=1e-3)


def test_channel_holds_no_soil_and_takes_no_part() -> None:
    found = ran(ARABLE, STEADY, ("domain.channel_area", "600 m2"))
    w = found.assembly.watershed
    assert w.channel.any() and not (w.channel & w.is_soil).any()
    for held in (w.mineral, w.stocks, w.deposit, w.water, w.doc, w.dic):
        assert not held[w.channel].any()
    assert (w.field[w.channel] == -1).all()


# -- carbonate and water ----------------------------------------------------------------------------------------------


def test_calcareous_subsoil_comes_up_where_soil_is_lost() -> None:
    found = ran(
        ARABLE,
        STEADY,
        ("soil.sic", '{ value = "0 %" }'),
        ("soil.substratum.sic", "2 %"),
        ("processes.carbonate.enabled", False),
    )
    w = found.assembly.watershed
    rows = w.constituents.of_group("sic")
    gained = (w.stocks - found.start)[w.cells][:, :, rows].sum(axis=2)
    lost = -found.lateral[w.cells]
    eroding, other = lost > 1e-3, lost < -1e-3
    assert eroding.any() and other.any()
    # what is exhumed is the soil lost at the content below the profile: 2 % of carbonate C is 16.7 % of calcite
    content = 0.02 / (1.0 - 0.02 * CALCITE_PER_CARBON - ORGANIC_MATTER_PER_CARBON * 0.002)
    always = eroding & (lost > np.quantile(lost, 0.75))
    assert gained[always].sum(axis=1) == pytest.approx(content * lost[always], rel=0.05)
    assert np.abs(gained[other][:, -1]).max() < gained[always][:, -1].min()


def test_more_rain_dissolves_more_carbonate() -> None:
    dissolved = [
        -ran(ARABLE, STEADY, ("climate.change.precipitation", change)).total("sic", "carbonate_dissolved")
        for change in ("-10 %", "0 %", "25 %")
    ]
    assert 0.0 < dissolved[0] < dissolved[1] < dissolved[2]


def test_water_of_the_year_adds_up() -> None:
    found = ran(ARABLE, STEADY)
    w = found.assembly.watershed
    area, rain = w.cells.size * w.cell_area, 704.0
    names = ("precipitation", "evapotranspiration", "runoff", "baseflow")
    parts = {name: found.total("water", name) / area / YEARS for name in names}
    assert parts["precipitation"] == pytest.approx(rain)
    # storage returns to where it was, year by year
    assert sum(parts.values()) == pytest.approx(0.0, abs=0.01 * rain)
    assert 0.4 * rain < -parts["evapotranspiration"] < 0.9 * rain


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("cover_crop", "rye-cover", "never stands"),  # ploughed on 20 October: no gap of 60 days
        ("yields", {"maize": "90 t/ha"}, "far above the highest yield"),  # dt/ha or fresh matter meant
    ],
)
def test_what_cannot_be_meant_is_refused(key: str, value: object, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        resolve(small({f"rotation.maize-wheat.{key}": value}), overwrite=True)


def test_keys_that_a_run_does_not_use_are_told() -> None:
    scenario = small({"carbon.plant_input": "inverted", "climate.change.pet": "10 %"})
    told = assemble(resolve(scenario, overwrite=True)).warnings
    assert any("carbon.plant_input" in text for text in told) and any("climate.change.pet" in text for text in told)


def test_dissolved_carbon_leaves_from_the_first_year_as_it_will_later() -> None:
    """Sorption delays DOC by decades: a run must not begin with an empty store."""
    found = ran(ARABLE, STEADY)
    w = found.assembly.watershed
    area = w.cells.size * w.cell_area * YEARS
    kept = sum(found.totals[("doc", term)] for term in ("doc_production", "doc_mineralised", "doc_leached")) / area
    assert abs(kept) < 0.1 * found.total("doc", "doc_production") / area


def test_grassland_and_forest_are_land_of_low_transport_capacity() -> None:
    """The default threshold of annual C parts what is never ploughed of the crop library from ploughed fields."""
    ploughed = {
        "maize": "04-10", "soybean": "04-10", "potato": "03-20", "sugar-beet": "03-10", "barley": "03-01",
        "rapeseed": "08-10", "winter-wheat": "09-20",
    }  # fmt: skip
    event = {"do": "till", "implement": "mouldboard-plough"}
    rotation = {name: {"years": [name], "event": [{**event, "on": day}]} for name, day in ploughed.items()}
    grown = [*ploughed, "deciduous-forest", "pasture", "grass"]
    rules = [{"class": name, "max_elevation": f"{100 + number} m"} for number, name in enumerate(grown[:-1])]
    changes = {"rotation": rotation, "land.rules": [*rules, {"class": grown[-1]}]}
    assembly = assemble(resolve(small({**changes, "carbon.initial": {"method": "steady"}}), overwrite=True))
    erosion = assembly.model.processes["water_erosion"]
    names = (name.partition("+")[0] for name in assembly.tables.names)
    annual = dict(zip(names, assembly.tables.cover_factor_annual[0], strict=True))
    low = {name for name, cover in annual.items() if cover <= erosion.loss.cover_threshold}
    assert low == set(grown) - set(ploughed), annual
