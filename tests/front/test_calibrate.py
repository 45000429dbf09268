"""Calibration finds the coefficients that made a yield, says when none can, and ranks pairs by model efficiency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.front.test_watem_scenario import one_year, written
from tests.front.test_watem_sedem import typed, valley
from tests.watem_inputs import write_case, write_choices
from watershed_c.front.calibrate import Calibrated, Unreachable, best, coefficient_for, scan
from watershed_c.front.calibrate_scenario import CalibratedScenario
from watershed_c.io.watem_files import read_choices
from watershed_c.scenario.load import load


def test_a_yield_gives_back_the_coefficients_that_made_it(tmp_path: Path) -> None:
    path, _, _ = write_case(tmp_path, "synthetic_valley_default")
    catchment = Calibrated(read_choices(path))
    for high in (5.0, 12.0, 33.0):
        made = catchment.river(0.3 * high, high)
        low, found = coefficient_for(catchment.river, made, 0.3)
        assert found == pytest.approx(high, rel=1e-9) and low == pytest.approx(0.3 * high, rel=1e-9)
    assert catchment.river(3.0, 12.0) == pytest.approx(catchment.year(3.0, 12.0).totals()["river"] / 1000.0)
    result = typed("calibrate", path, "--measured", str(catchment.river(3.6, 12.0)))
    assert result.exit_code == 0 and "ktc low = 3.6\n" in result.output and "ktc high = 12\n" in result.output
    assert "cells of 10 m, van_oost_2000" in result.output


def test_what_cannot_be_reached_is_told_with_what_can(tmp_path: Path) -> None:
    path = write_choices(tmp_path, valley(), 10.0)
    catchment = Calibrated(read_choices(path))
    most = catchment.river(1e6, 1e6)
    with pytest.raises(Unreachable, match="at most"):
        coefficient_for(catchment.river, 1.01 * most, 0.3)
    result = typed("calibrate", path, "--measured", str(2.0 * most))
    assert result.exit_code == 2 and "at most" in result.output and "choices.ini" in result.output
    for words in (["--measured", "0"], ["--measured", "1", "--measured", "2"], ["--measured", "1", "--ratio", "0"]):
        assert typed("calibrate", path, *words).exit_code == 2
    alike = typed("calibrate", path, path, "--measured", "50", "--measured", "50", "--output", tmp_path / "alike")
    assert alike.exit_code == 2 and "must differ between catchments" in " ".join(alike.output.split())
    assert not (tmp_path / "alike").exists()


def test_the_pair_of_highest_efficiency_within_the_band_of_ratios(tmp_path: Path) -> None:
    """Three catchments whose yields were made with (3, 10): the grid holds that pair and finds it."""
    grid = "[Calibration]\nKTcLow_lower = 1\nKTcLow_upper = 5\nKTcHigh_lower = 5\nKTcHigh_upper = 15\nsteps = 4\n"
    paths = []
    for number, factor in enumerate((1.0, 1.5, 0.6)):
        maps = valley()
        maps["dtm"] = 100.0 + factor * (maps["dtm"] - 100.0)
        paths.append(write_choices(tmp_path / str(number), maps, 10.0, parameters=grid))
    catchments = [Calibrated(read_choices(path)) for path in paths]
    measured = [catchment.river(3.0, 10.0) for catchment in catchments]
    trials = scan(catchments, measured)
    assert len(trials) == 25  # all of low 1 to 5 and high 5 to 15
    found = best(trials, (0.25, 0.35))
    assert found is not None and (found.low, found.high) == (3.0, 10.0)
    assert found.efficiency == pytest.approx(1.0) and found.slope == pytest.approx(1.0)
    simulated = np.array(trials[0].simulated)
    spread = ((np.array(measured) - np.mean(measured)) ** 2).sum()
    assert trials[0].efficiency == pytest.approx(1.0 - ((simulated - measured) ** 2).sum() / spread)
    assert best(trials, (0.9, 0.95)) is None
    words = [word for value in measured for word in ("--measured", str(value))]
    result = typed("calibrate", *paths, *words, "--output", tmp_path)
    assert result.exit_code == 0 and "ktc low = 3\n" in result.output and "model efficiency 1.000" in result.output
    table = (tmp_path / "calibration.txt").read_text().splitlines()
    assert len(table) == 26 and table[0].startswith("ktc_low;ktc_high;")


def test_a_scenario_gives_back_the_coefficients_that_made_its_yield(tmp_path: Path) -> None:
    """Of its months, with crops' C; the year that a run has with them is that of the calibration, ponds and all."""
    changes = {"processes.water_erosion.cover_map": "none", "processes.water_erosion.cover_threshold": 0.06,
               "pond.river": {"at": [75.0, 135.0], "trapping": 0.4}}  # fmt: skip
    scenario = load(written(tmp_path), changes)
    catchment = CalibratedScenario(scenario)
    made = catchment.river(2.4, 8.0)
    low, high = coefficient_for(catchment.river, made, 0.3)
    assert high == pytest.approx(8.0, rel=1e-9) and low == pytest.approx(2.4, rel=1e-9)
    assert catchment.years == 1.0 and catchment.river(3.0, 12.0) > 1.05 * made
    pair = {"processes.water_erosion.ktc_low": 2.4, "processes.water_erosion.ktc_high": 8.0}
    erosion = one_year(scenario.with_(pair))
    w = erosion.watershed
    entered = erosion.exported * erosion.export.delivered()
    assert 1e-3 * entered[w.channel].sum() * w.cell_area == pytest.approx(made, rel=1e-9)
    assert erosion.exported[w.channel].sum() > 1.2 * entered[w.channel].sum()


def test_a_scenario_from_the_command_line(tmp_path: Path) -> None:
    path = written(tmp_path)
    # with constant C as with the choices file itself
    made = Calibrated(read_choices(tmp_path / "choices.ini")).river(2.4, 8.0)
    result = typed("calibrate", path, "--measured", str(made))
    assert result.exit_code == 0 and "ktc_low = 2.4\n" in result.output and "ktc_high = 8\n" in result.output
    assert "enter the channel in the mean year" in result.output and "months of this scenario" in result.output
    assert typed("calibrate", path, path, "--measured", "1", "--measured", "2").exit_code == 2
    path.write_text(path.read_text().replace("[processes.water_erosion]", "[processes.water_erosion]\nenabled = false"))
    off = typed("calibrate", path, "--measured", "1")
    assert off.exit_code == 2 and "no transport capacity coefficients" in " ".join(off.output.split())
