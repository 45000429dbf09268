"""What must hold of the assembled model as a whole, whatever the scenario (coupling rules 1-5, 9, 10, 13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import runs
from watershed_c import initial_carbon, parallel
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.pools import site
from watershed_c.pools.points import run_points
from watershed_c.scenario.load import load, shipped_scenarios
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import run


def assembled(scenario: Scenario) -> Assembly:
    """A scenario with its initial carbon."""
    assembly = assemble(resolve(scenario, overwrite=True))
    initialise(assembly)
    return assembly


# -- the carbon model in the watershed is the carbon model -----------------------------------------------------------

#: everything that moves, mixes or feeds back
COUPLING = (
    *("soil_water", "flow_routing", "water_erosion", "tillage_erosion", "soil_column"),
    *("carbonate", "dissolved_carbon"),
)


@pytest.mark.parametrize("layers", [[23], [9, 14], [2, 3, 5, 6, 7]], ids=["1 layer", "2 layers", "5 layers"])
def test_every_cell_is_official_rothc(layers: list[int]) -> None:
    """Rules 5, 9, 10: alone, each cell of a watershed is RothC at a point to 1e-12, however its 23 cm are cut.

    Temperature falls with height, clay and land use differ, maize and wheat alternate, manure is brought, the plant
    input of each cell was found from its measured carbon. Ten years, every month, every pool.
    """
    scenario = runs.small(
        {
            **{f"processes.{name}.enabled": False for name in COUPLING},
            "time.end": "2011-03",
            "soil.layers": [f"{thickness} cm" for thickness in layers],
            "soil.clay": {"by_class": {"pasture": "12 %", "maize-wheat": "31 %"}},
            "soil.soc": {"by_class": {"pasture": "62 t/ha", "maize-wheat": "41 t/ha"}, "depth": "23 cm"},
            "climate.lapse_rate": -0.02,
            "carbon": {"initial": {"method": "steady"}, "plant_input": "inverted"},
        }
    )
    assembly = assembled(scenario)
    w, model, steps = assembly.watershed, assembly.model, assembly.model.clock.steps
    cells, rows = w.cells, w.constituents.of_group("soc")
    assert len(np.unique(w.unit[cells])) >= 2 and len(np.unique(w.input_scale[cells])) >= 8
    start, deficit = w.stocks[cells][:, :, rows].sum(axis=1), w.deficit[cells]
    weather, cover, inputs, course = [], [], [], []
    while not model.done:
        model.step()
        weather.append([w.temperature[cells], w.precipitation[cells], w.pet[cells]])
        units, unit = w.units, w.unit[cells]
        cover.append(units.plant_cover[unit])
        plant = (units.inputs - units.amendment).sum(axis=1)[unit]
        inputs.append(w.input_scale[cells, None] * plant + units.amendment.sum(axis=1)[unit])
        course.append(w.stocks[cells][:, :, rows].sum(axis=1))
    temperature, rain, pet = np.array(weather).transpose(1, 2, 0)
    worst = 0.0
    for i, cell in enumerate(cells):
        drivers = site.site_drivers(
            {"temperature": temperature[i], "rain": rain[i], "pet": pet[i]},
            np.array(cover)[:, i].astype(float),
            np.array(inputs)[:, i],
        )
        soil = site.point({"clay": 100.0 * w.clay[cell]}, 0.23)
        run = run_points(assembly.pools, drivers, soil, start[i].reshape(1, -1, 1), deficit=float(deficit[i]))
        alone = run.pools[:, 0, :, 0]
        difference = np.abs(np.array(course)[:, i] - alone).max(axis=1)
        worst = max(worst, float((difference / alone.sum(axis=1)).max()))
        assert alone.shape == (steps, 5)
    assert worst <= 1e-12
    assert np.ptp(np.array(course).sum(axis=2), axis=0).min() > 0.01  # and something happened


# -- nothing is lost -------------------------------------------------------------------------------------------------


def assert_books_close(assembly: Assembly, before: np.ndarray) -> None:
    """Every account closes cumulatively, and the change of SOC of each cell is what its kinds add up to."""
    w = assembly.watershed
    ledger, cells = w.ledger, w.cells
    stocks = ledger.domain_stocks()
    for label, stock in stocks.items():
        terms = [
            a for (where, term), a in ledger.run_totals.amounts.items() if where == label and "_export" not in term
        ]
        gross = ledger.gross_totals.get(label, 0.0)
        allowed = 1e-10 * gross + 1e-11 * abs(stock) + 1e-15 * cells.size * w.cell_area
        assert abs(stock - ledger.initial[label] - sum(terms)) <= allowed, label
    assert ledger.worst_residual <= 1.0
    change = w.stock("soc")[cells] - before
    kinds = {kind: values[cells] for kind, values in ledger.soc_by_kind.items()}
    size = w.stock("soc")[cells].max() + sum(np.abs(values).max() for values in kinds.values())
    # below the moving surface, and the same material: without what came in at the base and went out there
    assert np.abs(change - sum(kinds.values())).max() <= 1e-11 * size
    same_material = change - kinds["substratum"]
    assert np.abs(same_material - kinds["vertical"] - kinds["lateral"] - kinds["internal"]).max() <= 1e-11 * size
    # what the cells lost laterally left the catchment
    lateral = {
        term: a for (where, term), a in ledger.run_totals.amounts.items() if where == "soc" and "_export" in term
    }
    assert kinds["lateral"].sum() * w.cell_area == pytest.approx(-sum(lateral.values()), rel=1e-9, abs=1e-9 * size)


def take(assembly: Assembly, steps: int) -> None:
    """Some steps, and the books."""
    before = assembly.watershed.stock("soc")[assembly.watershed.cells]
    for _ in range(steps):
        assembly.model.step()
    assert_books_close(assembly, before)


def shortened(name: str) -> Scenario:
    """A shipped scenario with less history, its ledger proven after every process."""
    scenario = load(name)
    short = {"carbon.initial.years": 1} if scenario.carbon.initial.method == "history" else {}
    return scenario.with_({"numerics.ledger": "process", **short})


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_close(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All accounts after every process of every step, over the months of tillage, in every cell."""
    monkeypatch.setattr(initial_carbon, "CONTROL_MONTHS", 1)
    assembly = assembled(shortened(name))
    take(assembly, 6)
    assert {"soil", "water", "soc", "doc", "dic", "calcium"} <= set(assembly.watershed.ledger.initial)


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[str, dict[str, Any], int]:
    """A scenario text with random land, soil, options and processes; a random terrain to go with it."""

    def choose(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    def number(low: float, high: float) -> float:
        return round(draw(st.floats(low, high)), 4)

    thicknesses = draw(st.lists(st.integers(3, 40), min_size=1, max_size=5))
    erosion, tillage, mixing = choose(True, True, False), choose(True, True, False), choose(True, True, False)
    column = erosion or tillage or mixing
    sic, water = choose(True, False), choose(True, True, False)
    method = choose("steady", "history", "stable_cells", "inversion")
    initial = {"method": method} | (
        {"years": 2, "history_class": choose("pasture", "fallow")} if method == "history" else {}
    )
    model = choose("rusle", "musle", "mmf") if water else "rusle"
    laws = [
        {"law": "none"}, {"law": "constant", "ratio": 2.0, "mineral": 0.8}, {"law": "watem_c"},
        {"law": "menzel_1980"}, {"law": "menzel_1980", "events_per_year": 12.0},
        *([{"law": "swat"}] if water else []),
    ]  # fmt: skip
    sorting = choose({"size_classes": True, "enrichment": {"law": "none"}}, *({"enrichment": law} for law in laws))
    warm = number(-6.0, 18.0)
    changes: dict[str, Any] = {
        "domain": {"dem": "dem.asc", "outlet": choose("lowest", "edges"), "channel_area": choose("none", "600 m2")},
        "time.start": f"2001-{draw(st.integers(1, 12)):02d}",
        "time.end": "2003-12",
        "climate.constant.temperature": [warm + 9.0 * float(np.sin((m - 3.5) / 6.0 * np.pi)) for m in range(12)],
        "climate.constant.precipitation": number(0.0, 220.0),
        "climate.erosivity.annual": number(0.0, 3000.0),
        "soil.layers": [f"{thickness} cm" for thickness in thicknesses],
        "soil.clay": f"{number(2.0, 50.0)} %",
        "soil.bulk_density": f"{number(1.0, 1.7)} g/cm3",
        "soil.soc": {"value": f"{number(0.2, 3.0)} %", "e_folding_depth": "25 cm"},
        "soil.soc.profile": choose("uniform", "exponential"),
        "soil.erodibility": choose(number(0.0, 0.07), {"law": choose("epic", "torri", "renard")}),
        "soil.substratum.soc": f"{number(0.0, 0.4)} %",
        "carbon.initial": initial,
        "carbon.plant_input": "prescribed" if method in ("steady", "history") and choose(True, False) else "inverted",
        "processes.soil_water.enabled": water,
        "processes.soil_water.rain_days": number(0.5, 28.0),
        "processes.soil_water.initial_abstraction": choose(0.2, 0.05),
        "processes.flow_routing": {
            "method": choose("multiple", "d8"),
            "depressions": choose("trap", "breach"),
            "reroute_threshold": choose(0.0, 0.05),
        },
        "processes.water_erosion": {
            "enabled": erosion,
            "length_exponent": choose("van_oost_2003", "mccool_1989"),
            "slope_factor": choose("nearing_1997", "mccool_1987"),
            "model": model,
            **({"mmf": {"cohesion": number(1.0, 12.0)}, "ktc_low": None, "ktc_high": None} if model == "mmf" else {}),
            **sorting,
            "transit_mineralisation": choose(0.0, 0.1),
            "downstream_mineralisation": choose(0.0, 0.5),
        },
        "processes.tillage_erosion.enabled": tillage,
        "processes.soil_column": {"enabled": column, "biodiffusivity": "1 cm2/yr" if mixing else "0 cm2/yr"},
        "processes.carbonate.enabled": sic and water and choose(True, False),
        "processes.dissolved_carbon.enabled": water and choose(True, False),
        "numerics.ledger": choose("process", "step"),
    }  # fmt: skip
    if sic:
        deep = choose("0 cm", "20 cm") if sum(thicknesses) > 20 else "0 cm"
        changes["soil.sic"] = {"value": f"{number(0.0, 40.0)} %", "as": "CaCO3", "decarbonated_depth": deep}
    else:  # at all depths: columns may be thinner than the soil of the small scenario is decarbonated
        changes["soil.sic"] = {"value": "4 %", "as": "CaCO3"}
    if method == "history" and choose(False, False, True):
        changes["processes.custom"] = [
            {
                "import": "landlab.components:LinearDiffuser",
                "params": {"linear_diffusivity": 0.01},
                "name": "creep",
                "after": "water_erosion" if erosion else "decomposition",
                "elevation_change": "flux" if column else "uplift",
                **({"flux_field": "hillslope_sediment__unit_volume_flux"} if column else {}),
            }
        ]
    return runs.SMALL, changes, draw(st.integers(0, 2**31))


def rough(seed: int, rows: int = 7, columns: int = 6) -> Raster:
    """A rough slope with pits and, sometimes, a hole."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[0:rows, 0:columns]
    steep = random.uniform(0.01, 0.3) * 10.0
    height = (
        100.0
        + steep * row
        + 0.3 * steep * np.abs(column - 2.3)
        + random.uniform(0.0, 1.0) * random.normal(size=row.shape)
    )
    if seed % 3 == 0:
        height[rows - 1, : columns // 2] = np.nan
    return Raster(height, 10.0, 10.0)


@settings(
    max_examples=20, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)  # fmt: skip
@given(case=scenarios())
def test_random_scenarios_close(tmp_path: Path, case: tuple[str, dict[str, Any], int]) -> None:
    text, changes, seed = case
    write_raster(tmp_path / "dem.asc", rough(seed))
    (tmp_path / "random.toml").write_text(text)
    assembly = assembled(load(tmp_path / "random.toml", changes))
    take(assembly, 14)


# -- two control volumes ---------------------------------------------------------------------------------------------


def test_column_and_material_differ_by_what_came_from_below() -> None:
    """Rule 1: in soil of one composition to any depth, the column below the moving surface neither gains nor loses
    carbon where soil erodes, while the same material loses what was carried away."""
    passive = {f"processes.{name}.enabled": False for name in ("decomposition", "carbonate", "dissolved_carbon")}
    scenario = runs.small(
        {
            **passive,
            "soil.sic": {"value": "4 %", "as": "CaCO3"},
            "soil.soc": {"value": "1.2 %", "profile": "uniform"},
            "soil.substratum.soc": "1.2 %",
            "processes.water_erosion.enrichment": {"law": "none"},
        }
    )
    assembly = assembled(scenario)
    w = assembly.watershed
    below = w.substratum[w.cells][:, w.constituents.of_group("soc")].sum(axis=1)
    assert w.stock("soc")[w.cells] == pytest.approx(below * w.reference[w.cells].sum(axis=1), rel=1e-9)
    before = w.stock("soc")[w.cells]
    while not assembly.model.done:
        assembly.model.step()
    assert_books_close(assembly, before)
    kinds = {kind: values[w.cells] for kind, values in w.ledger.soc_by_kind.items()}
    eroding = kinds["lateral"] < -1e-3
    assert eroding.sum() > 10
    change = w.stock("soc")[w.cells] - before
    assert np.abs(change[eroding]).max() < 1e-9 * before.max()
    lost = assembly.model.processes["water_erosion"].gross_erosion  # type: ignore[attr-defined]
    assert lost[w.cells].max() > 0.1
    assert (change - kinds["substratum"])[eroding] == pytest.approx(kinds["lateral"][eroding], rel=1e-9)


# -- the same land, another number of threads, another orientation ---------------------------------------------------


def test_same_bits_for_one_and_two_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run: initial carbon, maps, series, ledger, final state. 40 cells in chunks of 5."""
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 5)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    before = parallel.get_threads()
    steady = {"carbon.initial": {"method": "steady"}, "carbon.plant_input": "inverted", "time.end": "2002-08"}
    try:
        found = [
            run(runs.small(steady, **{"numerics.threads": n}), output=tmp_path / str(n), quiet=True).directory
            for n in (1, 2)
        ]
    finally:
        parallel.set_threads(before)
    runs.assert_same_run(*found)
    assert [runs.record(folder)["threads"] for folder in found] == [1, 2]


ORIENTATIONS = {
    "east-west": lambda values: values[:, ::-1],
    "north-south": lambda values: values[::-1],
    "quarter turn": lambda values: np.rot90(values),
}


@pytest.mark.parametrize("method", ["multiple", "d8"])
def test_a_mirrored_land_has_mirrored_results(tmp_path: Path, method: str) -> None:
    """Water, sediment, tillage and carbon know no north: a land without ties, mirrored and turned."""
    random = np.random.default_rng(5)
    row, column = np.mgrid[0:7, 0:6]
    land = 100.0 + 0.9 * row + 0.4 * np.abs(column - 2.3) + 0.5 * random.random(row.shape)
    found: dict[str, list[np.ndarray]] = {}
    for name, turn in {"as it is": lambda values: values, **ORIENTATIONS}.items():
        write_raster(tmp_path / "dem.asc", Raster(np.ascontiguousarray(turn(land)), 10.0, 10.0))
        (tmp_path / "slope.toml").write_text(runs.SMALL)
        changes = {
            "domain": {"dem": "dem.asc", "outlet": "lowest"},
            "land.rules": [{"class": "winter-wheat", "max_elevation": "104 m"}, {"class": "maize-wheat"}],
            "processes.flow_routing.method": method,
        }
        assembly = assembled(load(tmp_path / "slope.toml", changes))
        w = assembly.watershed
        while not assembly.model.done:
            assembly.model.step()
        erosion = assembly.model.processes["water_erosion"]
        maps = [w.stock("soc"), w.elevation, w.drainage_area, w.doc.sum(axis=1), erosion.gross_erosion]  # type: ignore[attr-defined]
        found[name] = [np.where(w.active, values, np.nan).reshape(w.shape) for values in maps]
    reference = found.pop("as it is")
    assert np.nanmax(reference[-1]) > 0.1
    for name, maps in found.items():
        for expected, values in zip(reference, maps, strict=True):
            assert values == pytest.approx(ORIENTATIONS[name](expected), rel=1e-9, nan_ok=True), name
