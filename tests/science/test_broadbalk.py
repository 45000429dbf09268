"""Row 5 of the validation: Broadbalk 1936-2015 from plant inputs found on 1865-1914 (scenarios/broadbalk)."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.support import shared

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "broadbalk"


@pytest.fixture(scope="module")
def broadbalk() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("broadbalk_run", FOLDER / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_prediction_is_as_close_as_required(broadbalk: ModuleType) -> None:
    outcome = broadbalk.evaluate()
    for plot in broadbalk.PLOTS:
        assert outcome.rmse[plot] <= 6.0, plot
    assert outcome.rmse["FYM1885"] <= 8.0
    since = outcome.years >= broadbalk.JUDGED[0]
    mean = {plot: soc[since].mean() for plot, soc in outcome.soc.items()}
    assert mean["FYM1843"] > mean["FYM1885"] > mean["N3PK"] > mean["PK"] >= mean["nil"]


def test_nothing_later_than_1914_is_seen(broadbalk: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other measurements after 1914 change the judgement and no prediction."""
    before = broadbalk.evaluate()
    data = {
        plot: {year: value + (10.0 if year > 1914 else 0.0) for year, value in values.items()}
        for plot, values in broadbalk.measured().items()
    }
    data["FYM1885"] = dict.fromkeys(data["FYM1885"], 0.0)
    monkeypatch.setattr(broadbalk, "measured", lambda: data)
    after = broadbalk.evaluate()
    assert after.plant_input == before.plant_input and after.rmse != before.rmse
    for plot, soc in before.soc.items():
        np.testing.assert_array_equal(soc, after.soc[plot])


def test_runs_start_at_the_stocks_that_are_given(broadbalk: ModuleType) -> None:
    outcome = broadbalk.evaluate()
    start = broadbalk._run(broadbalk.BASELINE, outcome.plant_input["start"], lambda _: 0.0, None, None)
    assert start.equilibrium[:4].sum() + broadbalk.INERT == pytest.approx(28.8, abs=1e-3)
    assert broadbalk.INERT == pytest.approx(2.25, abs=0.005)
    assert outcome.soc["FYM1885"][outcome.years == 1884] == pytest.approx(26.784)
    assert all(amount > 0.0 for amount in outcome.plant_input.values())


def test_the_page_has_the_numbers_of_the_script(broadbalk: ModuleType) -> None:
    outcomes = {name: broadbalk.evaluate(setup) for name, setup in broadbalk.ALTERNATIVES.items()}
    assert broadbalk.table(outcomes) in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_data_are_those_of_the_archive(broadbalk: ModuleType) -> None:
    archive = {row["year"]: row for row in rows(shared("reference/broadbalk/broadbalk_SOC_t_ha_0_23cm.csv"))}
    names = {"nil": "plot3_nil", "PK": "plot5_PK", "N3PK": "plot8_N3PK", "FYM1843": "plot2.2_FYM1843",
             "FYM1885": "plot2.1_FYM1885"}  # fmt: skip
    ours = {row["year"]: row for row in rows(FOLDER / "soc_t_ha.csv")}
    assert set(archive) - set(ours) == {"1967"}  # of a plot that is not used
    assert all(row[plot] == archive[year][name] for year, row in ours.items() for plot, name in names.items())
    weather = shared("reference/rothamsted_weather")
    rain = {
        (row["year"], row["month"]): row["rain_mm"] for row in rows(weather / "rothamsted_monthly_rain_1853_2018.csv")
    }
    warmth = {
        (row["year"], row["month"]): row["tmean_C"] for row in rows(weather / "rothamsted_monthly_1985_2017.csv")
    }
    months = rows(FOLDER / "weather_1853_2015.csv")
    assert len(months) == 163 * 12 - 2
    for row in months:
        when = (row["year"], row["month"])
        assert (row["rain_mm"], row["tmean_C"]) == (rain[when], warmth.get(when, ""))
    normals = [row for row in rows(weather / "rothamsted_30yr_monthly_means.csv") if row["period"] == "1961-1990"]
    for row, normal in zip(rows(FOLDER / "normals_1961_1990.csv"), normals, strict=True):
        assert row == {name: normal[name] for name in row}


def test_the_figure_is_drawn(broadbalk: ModuleType, tmp_path: Path) -> None:
    setups = {"baseline": broadbalk.BASELINE, "no fallow": broadbalk.ALTERNATIVES["no fallow"]}
    broadbalk.draw({name: broadbalk.evaluate(setup) for name, setup in setups.items()}, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 50_000
