"""Weather in whole scenarios: trends, drawn months, methods of demand, sun on slopes; runs repeat to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import assemble, initialise
from watershed_c.components.soil_water import SoilWater
from watershed_c.errors import ScenarioError
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import resume, run

GENERATOR = {
    "climate.generator": {"seed": 5, "temperature_deviation": "1 K"},
    "processes.soil_water.rain_days": 12,
}
RAIN = np.array([74.0, 59.0, 62.0, 51.0, 52.0, 57.0, 34.0, 55.0, 58.0, 56.0, 75.0, 71.0])


def inputs(changes: dict | None = None) -> Inputs:
    return resolve(runs.small(changes or {}), overwrite=True)


def problems(changes: dict) -> str:
    with pytest.raises(ScenarioError) as caught:
        inputs(changes)
    return str(caught.value)


def test_drawn_weather_keeps_the_normals_and_what_held_before() -> None:
    found = inputs(GENERATOR | {"time.start": "2001-01", "time.end": "2040-12"}).climate
    assert len(found) == 480 and not found.is_normals and found.before is not None
    assert found.climatology(found.precipitation) == pytest.approx(RAIN)
    assert found.precipitation.std() > 10.0 and found.wet_days is not None
    assert found.wet_days.mean() == pytest.approx(12.0, rel=0.05)
    assert found.before.precipitation == pytest.approx(RAIN)
    again = inputs(GENERATOR | {"time.start": "2001-01", "time.end": "2040-12"}).climate
    assert again.precipitation.tobytes() == found.precipitation.tobytes()
    every = {"climate.generator": {"seed": 5, "totals": "month"}}
    exact = inputs(GENERATOR | every | {"time.start": "2001-01"}).climate
    assert exact.precipitation[:12] == pytest.approx(RAIN) and exact.wet_days.std() > 1.0


def test_trend_and_change_by_month() -> None:
    by_month = [0.0] * 6 + [2.0] + [0.0] * 5
    found = inputs(
        {
            "time.start": "2001-01", "time.end": "2020-12",
            "climate.change": {"temperature_trend": "0.5 K", "temperature_by_month": by_month, "precipitation": "10 %"},
        }
    ).climate  # fmt: skip
    assert found.temperature[6] == pytest.approx(16.0 + 2.0 + 0.5 * 6 / 120)
    assert found.temperature[120] - found.temperature[0] == pytest.approx(0.5)
    assert found.precipitation[:12] == pytest.approx(1.1 * RAIN)
    assert found.before.temperature[6] == pytest.approx(18.0) and found.before.is_normals


def test_what_is_missing_is_told_at_once() -> None:
    text = problems({"climate.pet": "penman_monteith"})
    for column in ("tmin_degC", "tmax_degC", "radiation_MJ_m2_day", "humidity_%", "wind_2m_m_s"):
        assert column in text
    scenario = runs.small({"climate.generator": {"seed": 1}})
    scenario.processes.soil_water.rain_days = None
    with pytest.raises(ScenarioError, match="generator.rain_days"):
        resolve(scenario, overwrite=True)
    assert "none left" in problems({"climate.change": {"precipitation": "-60 %", "precipitation_by_month": -0.5}})


def test_erosivity_from_the_year() -> None:
    """690 mm and more: R of Renard & Freimund's second relation, met over the months where snow takes nothing."""
    model = assemble(inputs({"climate.erosivity": {"method": "renard_freimund_annual", "snow_reduces": False}}))
    climate = model.model.processes["climate"]
    total = RAIN.sum()
    assert climate.monthly_erosivity.sum() == pytest.approx(0.0483 * total**1.610)


def test_slope_radiation_reaches_demand_and_melt() -> None:
    """The made-up slope falls to the south: more sun in winter than on the map; without the key nothing changes."""
    model = assemble(inputs({"climate.slope_radiation": True})).model
    climate, water = model.processes["climate"], model.processes["soil_water"]
    ratio = climate.radiation_ratio
    assert ratio is water.melt_ratio and ratio.shape == (12, model.watershed.snow.size)
    assert (ratio[0, model.watershed.cells] > 1.0).all()
    off = assemble(inputs()).model
    assert off.processes["climate"].radiation_ratio is None and off.processes["soil_water"].melt_ratio is None


def test_a_year_of_days_runs_by_penman_monteith(tmp_path: Path) -> None:
    """Days with radiation, wind and humidity: demand and wet days are those of each month; the ledger closes."""
    days = np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]")
    season = -np.cos(2.0 * np.pi * (np.arange(days.size) - 15) / 365.0)
    rain = np.where(np.arange(days.size) % 5 < 2, 5.0, 0.0) * (1.0 + 0.5 * season)
    header = "date,tmin_degC,tmax_degC,precipitation_mm,radiation_MJ_m2_day,wind_10m_m_s,rhmin_%,rhmax_%"
    table = zip(days, season, rain, strict=True)
    rows = (f"{day},{5 + 8 * s},{12 + 9 * s},{p},{11 + 8 * s},4,55,90" for day, s, p in table)
    (tmp_path / "days.csv").write_text("\n".join([header, *rows]))
    climate = {
        "source": str(tmp_path / "days.csv"), "latitude": 51.8, "pet": "penman_monteith", "slope_radiation": True,
        "erosivity": {"annual": 900.0},
    }  # fmt: skip
    scenario = runs.small({"time.start": "2001-01", "time.end": "2001-12", "climate": climate})
    scenario.processes.soil_water.rain_days = None
    found = resolve(scenario, overwrite=True).climate
    month = days.astype("datetime64[M]")
    wet = [(rain[month == name] >= 1.0).sum() for name in np.unique(month)]
    assert found.wet_days.tolist() == wet and found.precipitation.sum() == pytest.approx(rain.sum())
    finished = run(scenario, output=tmp_path / "run", quiet=True)
    assert runs.record(finished.directory)["status"] == "done"


@pytest.mark.parametrize("drift", [GENERATOR, {"climate.change": {"temperature_trend": "1 K"}}])
def test_a_run_of_two_months_has_the_climate_of_a_year(drift: dict) -> None:
    assembly = assemble(inputs(drift | {"time.start": "2001-06", "time.end": "2001-07"}))
    assert len(assembly.inputs.climate) == 12
    assert np.isfinite(assembly.model.processes["climate"].monthly_erosivity).all()


def test_initial_carbon_is_found_before_the_trend(tmp_path: Path) -> None:
    assembly = assemble(inputs({"climate.change": {"temperature_trend": "2 K"}}))
    report = initialise(assembly)
    assert any("climate before the start: the normals" in line for line in report.lines)


def test_drawn_weather_repeats_to_the_bit(tmp_path: Path) -> None:
    """A run, the same in two threads, and one that broke off after a restart file and was resumed."""
    changes = GENERATOR | {"climate.slope_radiation": True, "time.end": "2002-01", "output.checkpoint_every": "0.5 yr"}
    whole = run(runs.small(changes), output=tmp_path / "whole", quiet=True).directory
    threads = run(runs.small(changes | {"numerics.threads": 2}), output=tmp_path / "two", quiet=True).directory
    runs.assert_same_arrays(whole / "results.nc", threads / "results.nc")
    original = SoilWater.run_one_step

    def break_off(self: SoilWater, dt: float) -> None:
        if self.watershed.ledger.step == 7:
            raise RuntimeError("the machine stops")
        original(self, dt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SoilWater, "run_one_step", break_off)
        with pytest.raises(RuntimeError, match="the machine stops"):
            run(runs.small(changes), output=tmp_path / "broken", quiet=True)
    resume(tmp_path / "broken", quiet=True)
    runs.assert_same_run(whole, tmp_path / "broken")
