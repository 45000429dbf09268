"""A baseline and its variants: one start, one command, told apart; and what is wrong with them, all at once."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests import runs
from watershed_c import costs
from watershed_c.cli import main
from watershed_c.comparison import compare
from watershed_c.data import data_path
from watershed_c.errors import ScenarioError
from watershed_c.management.library import load_library
from watershed_c.measures import RATE_ROUND_OFF, READ, FinishedRun
from watershed_c.names import OUTPUT
from watershed_c.scenario.load import load, loads
from watershed_c.scenario.variants import members
from watershed_c.simulation import open_results, run
from watershed_c.variants import START, FinishedVariants, resume_variants, run_variants

PRICES = """
[nutrients]
potassium = { by_class = { maize-wheat = "0.2 g/kg", pasture = "0.1 g/kg" } }
[prices]
discount_rate = "4 %"
operations = { mouldboard-plough = 110.0 }
materials = { cattle-fym = 12.0 }
yields = { maize = 180.0, winter-wheat = 200.0 }
nitrogen = 1.5
carbon_dioxide = 50.0
"""
VARIANTS = """
[variants.same]
title = "nothing differs"
[variants.no-plough]
rotation.maize-wheat.plough.do = "none"
[variants.more-manure]
"rotation.maize-wheat.manure.carbon" = "4 t/ha"
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> FinishedVariants:
    folder = tmp_path_factory.mktemp("variants")
    # pores that follow carbon, and are full in winter
    wet = 'rain_days = 12\nfollows_soc = true\nbase_conductivity = "0.2 mm/day"'
    (folder / "slope.toml").write_text(runs.SMALL.replace("rain_days = 12", wet) + PRICES + VARIANTS)
    return run_variants(load(folder / "slope.toml"), output=folder / "out", quiet=True)


# -- running ---------------------------------------------------------------------------------------------------------
def test_every_run_has_a_folder_and_begins_with_the_same_carbon(together: FinishedVariants) -> None:
    starts = []
    for name, folder in together.runs.items():
        assert runs.record(folder)["status"] == "done", name
        with open_results(folder) as results:
            starts.append(results.cSoilOrg.isel(time=0).values)
    assert list(together.runs) == ["baseline", "same", "no-plough", "more-manure"]
    for start in starts[1:]:
        np.testing.assert_array_equal(start, starts[0])


def test_a_variant_that_changes_nothing_is_the_baseline(together: FinishedVariants) -> None:
    first, other = (together.runs[name] / "ledger.csv" for name in ("baseline", "same"))
    assert first.read_bytes() == other.read_bytes()


def test_what_differs_is_what_was_changed(together: FinishedVariants) -> None:
    table = together.comparison
    per = 1.0 / runs.record(together.runs["baseline"])["budget"]["years"]
    soil = 2.0  # t C/ha more in the years of maize, on the fields of the slope
    more = table.value("manure and other amendments", "more-manure")
    less = table.value("manure and other amendments", "baseline")
    assert more == pytest.approx(2.0 * less, rel=1e-12) and 0.0 < less < soil * 3 * per
    assert table.value("SOC at the end", "more-manure") > table.value("SOC at the end", "baseline")
    assert table.value("gain of SOC against the first", "same") == pytest.approx(0.0, abs=1e-6)


def test_the_gain_is_the_sum_of_its_parts(together: FinishedVariants) -> None:
    """The identity of the ledger, told for differences: float32 maps on one side, float64 books on the other."""
    table = together.comparison
    for name in ("no-plough", "more-manure"):
        parts = [
            next((row.values[table.names.index(name)] for row in table.rows if row.label == f"  of it {part}"), 0.0)
            for part in ("from plants and air", "moved sideways", "from or to below the profile")
        ]
        assert table.value("gain of SOC against the first", name) == pytest.approx(sum(parts), abs=2e-5)


def test_depths_add_up_and_the_table_tells_the_rates_of_the_protocols(together: FinishedVariants) -> None:
    table, first = together.comparison, together.runs["baseline"]
    labels = [row.label for row in table.rows]
    start, end = labels.index("SOC at the end"), labels.index("SIC at the end")
    parts = [row for row in table.rows[start:end] if row.label.startswith("  SOC")]
    assert [row.label for row in parts] == ["  SOC 0-10 cm", "  SOC 10-30 cm", "  SOC 30-50 cm"]
    assert len(set(labels)) == len(labels)
    np.testing.assert_allclose(np.sum([row.values for row in parts], axis=0), table.rows[start].values, rtol=1e-12)
    with open_results(first) as results:
        soil = results.cell_kind.values == 1
        top = results.cSoilOrgTop.values[[0, -1]][:, soil].mean(axis=1) * 10.0
    assert table.value("SOC at the end, 0-30 cm", "baseline") == pytest.approx(top[1], rel=1e-6)
    absolute = [table.value("absolute sequestration rate, 0-30 cm", name) for name in ("baseline", "more-manure")]
    assert absolute[0] == pytest.approx((top[1] - top[0]) / 2.5, rel=1e-4)
    relative = table.value("relative sequestration rate, 0-30 cm", "more-manure")
    assert relative == pytest.approx(absolute[1] - absolute[0], rel=1e-9) and relative > 0.0


def test_four_per_thousand_is_counted_in_cells_and_drawn(together: FinishedVariants) -> None:
    table = together.comparison
    label = "area where SOC, 0-30 cm, grows by 4 per 1000 a year"
    for place, name in enumerate(table.names):
        growth = table.maps["soc_growth"][place]
        known = growth[np.isfinite(growth)]
        share = (known >= 0.004 * (1.0 - RATE_ROUND_OFF)).mean()
        assert table.value(label, name) == pytest.approx(100.0 * share, abs=1e-9)
    assert table.value(label, "more-manure") > table.value(label, "baseline")


def test_nutrients_follow_carbon_and_sediment(together: FinishedVariants) -> None:
    """The run enriches carbon 1.5 times: nitrogen is that of the carbon that left, phosphorus that of the sediment."""
    budget, table = runs.record(together.runs["baseline"])["budget"], together.comparison
    carbon = -budget["soc_by_kind"]["lateral"] * 1000.0 / budget["area"] / budget["years"]
    assert table.value("nitrogen lost with sediment", "baseline") == pytest.approx(carbon / 11.0, rel=1e-9)
    phosphorus = 1000.0 * budget["sediment_yield"] * 0.00057
    assert table.value("phosphorus lost with sediment", "baseline") == pytest.approx(phosphorus, rel=1e-9)
    # of the soil that was detached, here most of it on fields
    content = table.value("potassium lost with sediment", "baseline") / (1000.0 * budget["sediment_yield"])
    assert content == pytest.approx(budget["eroded_potassium"], rel=1e-9) and 0.00015 < content < 0.0002


def test_costs_are_prices_times_what_was_done(together: FinishedVariants) -> None:
    """Two autumns of ploughing, and manure in two Aprils, on the fields of the slope."""
    table, record = together.comparison, runs.record(together.runs["baseline"])
    share = record["land"]["maize-wheat+0"] / record["budget"]["area"]
    assert 0.3 < share < 1.0
    assert table.value("field work", "baseline") == pytest.approx(2 * 110.0 * share / 2.5, rel=1e-9)
    assert table.value("field work", "no-plough") == 0.0
    manure = 2 * 12.0 * share / 2.5 * 2.0 / 0.09  # t fresh/ha of 2 t C/ha
    assert table.value("manure and materials", "baseline") == pytest.approx(manure, rel=2e-3)
    assert table.value("manure and materials", "more-manure") == pytest.approx(2.0 * manure, rel=2e-3)
    extra = table.value("costs less returns", "more-manure") - table.value("costs less returns", "baseline")
    taken = table.value("CO2 taken up against the first", "more-manure")
    gain = table.value("  of it from plants and air", "more-manure")
    assert taken == pytest.approx(gain * 44.009 / 12.011, rel=1e-6)
    assert table.value("paid for CO2", "more-manure") == pytest.approx(50.0 * taken, rel=1e-12)
    # both fall in three years of which later ones count less: near the ratio of the sums
    assert table.value("cost of abatement", "more-manure") == pytest.approx(extra / taken, rel=0.1)


def test_what_grew_is_sold_where_a_run_has_growth(tmp_path: Path) -> None:
    """The yields of the harvests that came about, in place of those of the calendar; of a pasture what is kept."""
    told: dict[str, Any] = {"years": 2, "passes": {}, "sown": {}, "brought": {}, "fertilised": {}}
    told["reaped"] = {"maize": [20.0, 0.0], "oats": [0.0, 8.0], "pasture": [2.0, 2.0]}
    (tmp_path / "yields.csv").write_text(
        "step,month,rotation,crop,area_ha,yield_t_ha_dry\n9,2001-10,field+0,maize,2.0,7.5\n"
        "9,2001-10,field+1,maize,1.0,6.0\n19,2002-08,field+0,oats,2.0,3.5\n19,2002-08,field+0,rye-cover,2.0,1.0\n"
        "11,2001-12,pasture+0,pasture,1.0,4.0\n"
    )
    nothing = np.zeros(0)
    run = FinishedRun(tmp_path, {"work": told}, nothing, nothing, nothing, nothing, nothing, nothing, {})
    reaped = costs.work(run).reaped
    assert set(reaped) == {"maize", "oats", "pasture"}
    returned = load_library().crops["pasture"].product_returned
    assert 0.5 < returned < 1.0 and reaped["pasture"].tolist() == pytest.approx([4.0 * (1.0 - returned), 0.0])
    assert reaped["maize"].tolist() == [21.0, 0.0] and reaped["oats"].tolist() == [0.0, 7.0]


def test_maps_that_are_told_are_maps_that_runs_write() -> None:
    assert set(READ) <= set(OUTPUT)
    assert all((": sum" in OUTPUT[name].cell_methods) == summed for name, summed in READ.items())


def test_the_table_is_written(together: FinishedVariants) -> None:
    folder = together.directory / "comparison"
    with open(folder / "comparison.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["quantity", "unit", "baseline", "same", "no-plough", "more-manure"]
    written = {row[0]: row[2:] for row in rows[1:]}
    assert float(written["sediment yield"][0]) == runs.record(together.runs["baseline"])["budget"]["sediment_yield"]
    assert not list(folder.glob("*.png"))  # output.figures = false


def test_resume_makes_the_runs_that_are_missing(together: FinishedVariants, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "out"
    shutil.copytree(together.directory, copy)
    shutil.rmtree(copy / "no-plough")
    shutil.rmtree(copy / "comparison")
    kept = (copy / "more-manure" / "run.json").stat().st_mtime_ns
    again = resume_variants(copy, quiet=True)
    assert (copy / "more-manure" / "run.json").stat().st_mtime_ns == kept
    runs.assert_same_arrays(copy / "no-plough" / "results.nc", together.runs["no-plough"] / "results.nc")
    assert again.comparison.csv() == together.comparison.csv()


# -- the command line ------------------------------------------------------------------------------------------------
def test_a_start_that_was_not_copied_whole_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else resume would take it for that of the baseline."""

    def stopped(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:1000])
        raise KeyboardInterrupt

    monkeypatch.setattr("watershed_c.simulation.shutil.copyfile", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(runs.small({"time.end": "2001-04"}), output=tmp_path / "run", quiet=True, keep_start=True)
    assert (tmp_path / "run" / "restart.nc").is_file() and not (tmp_path / "run" / START).exists()


def test_compare_tells_runs_and_folders_of_runs(together: FinishedVariants, tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["compare", str(together.directory), "--output", str(tmp_path / "maps")])
    assert said.exit_code == 0 and "Compared with baseline" in said.output and "sediment yield" in said.output
    assert (tmp_path / "maps" / "comparison.csv").exists()
    drawn = [tmp_path / "maps" / f"{name}.png" for name in ("soc_end", "net_erosion", "soc_growth")]
    assert all(path.stat().st_size > 10_000 for path in drawn)
    two = [str(together.runs[name]) for name in ("no-plough", "more-manure")]
    said = CliRunner().invoke(main, ["compare", *two, "--json"])
    assert json.loads(said.output)["runs"] == ["no-plough", "more-manure"]


def test_runs_that_cannot_be_compared_say_why(together: FinishedVariants, tmp_path: Path) -> None:
    other = runs.small({"domain.synthetic.length": "100 m", "output.dir": str(tmp_path / "longer")})
    from watershed_c.simulation import run

    run(other, quiet=True)
    with pytest.raises(ScenarioError, match="has another grid than"):
        compare([together.runs["baseline"], tmp_path / "longer"])
    with pytest.raises(ScenarioError, match="at least two runs"):
        compare([together.runs["baseline"]])
    with pytest.raises(ScenarioError, match="is not the results folder of a run"):
        compare([together.runs["baseline"], tmp_path])


def test_a_folder_with_results_is_not_replaced(together: FinishedVariants) -> None:
    scenario = loads(runs.SMALL + PRICES + VARIANTS)
    with pytest.raises(ScenarioError, match="exists and is not empty"):
        run_variants(scenario, output=together.directory, quiet=True)


# -- mistakes --------------------------------------------------------------------------------------------------------
def test_everything_that_is_wrong_with_variants_is_told_at_once() -> None:
    wrong = """
[variants.one]
"soil.clya" = "20 %"
"soil.clay" = "140 %"
"time.end" = "2050-12"
[variants.baseline]
"soil.clay" = "20 %"
[variants."a b"]
"soil.clay" = "20 %"
"""
    with pytest.raises(ScenarioError) as told:
        loads(runs.SMALL + wrong, file="slope.toml")
    first = runs.SMALL.count("\n") + 2
    text = str(told.value)
    assert f'slope.toml:{first + 1}  variants.one.soil.clya' in text and 'Did you mean "clay"?' in text
    assert f"slope.toml:{first + 2}  variants.one.soil.clay = 140 %" in text
    assert f"slope.toml:{first + 3}  variants.one.time.end = 2050-12  cannot differ between variants" in text
    assert f"slope.toml:{first + 4}  variants.baseline  must be letters" in text
    assert "variants.a b  must be letters" in text


def test_a_variant_that_does_not_resolve_is_told_before_anything_is_written(tmp_path: Path) -> None:
    scenario = loads(runs.SMALL + '[variants.wild]\n"rotation.maize-wheat.years" = ["maise"]\n')
    with pytest.raises(ScenarioError, match=r'variants.wild.*maise.*Did you mean "maize"'):
        run_variants(scenario, output=tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


def test_variants_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(runs.SMALL)
    (tmp_path / "practices.toml").write_text(VARIANTS)
    (tmp_path / "wrong.toml").write_text('[variants.one]\n\n"soil.clya" = 1\n')
    (tmp_path / "more.toml").write_text("[soil]\nclay = 3\n")
    assert list(members(load(tmp_path, variants="practices"))) == ["baseline", "same", "no-plough", "more-manure"]
    with pytest.raises(ScenarioError, match=r"wrong.toml:3  variants.one.soil.clya"):
        load(tmp_path, variants=tmp_path / "wrong.toml")
    with pytest.raises(ScenarioError, match=r"more.toml:1  soil  has no place in a file of variants"):
        load(tmp_path, variants=tmp_path / "more.toml")
    with pytest.raises(ScenarioError, match=r'practises.*Did you mean "practices"'):
        load(tmp_path, variants="practises")


def test_the_shipped_practices_are_valid() -> None:
    found = members(load(data_path("scenarios", "jacksboro"), variants="practices"))
    assert len(found) == 12
    changed = {name: scenario.to_toml() for name, scenario in found.items()}
    assert len(set(changed.values())) == len(found)
