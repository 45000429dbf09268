"""Enrichment laws on a watershed: donors lose what leaves, years are years whatever the step, transit is booked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.components.test_water_erosion import make
from watershed_c.components.running_year import RunningYear
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON

SEASON = 1.0 + np.cos(2.0 * np.pi * (np.arange(12) - 6.0) / 12.0)


def run_years(w, erosion: WaterErosion, years: int = 1, parts: int = 1, season: np.ndarray = SEASON) -> np.ndarray:
    """Take years of seasonal erosivity in parts of a month; organic carbon exported in each year, kg."""
    exported = []
    for year in range(years):
        total = 0.0
        for month in range(12):
            for part in range(parts):
                w.calendar_month, w.month, w.month_begins = year * 12 + month, month, part == 0
                w.erosivity[:] = 2.0 * season[month] / parts
                erosion.run_one_step(1.0 / 12.0 / parts)
                w.ledger.check("WaterErosion")
                totals = w.ledger.close()
                total += totals["soc", "water_erosion_export"]
        exported.append(total)
    return np.array(exported)


def soil(law: str | None, **parameters):
    w = make(channel=False, rough=0.2)
    w.stocks[:] = w.mineral[:, :, None] * np.array([0.004, 0.016, 0.002, 0.0])
    w.bulk_density[:] = 1350.0
    w.runoff[w.cells] = 5.0
    w.ledger.start_afresh()
    return w, WaterErosion(w, depressions="breach", enrichment_law=law, **parameters)


LAWS = [("menzel_1980", {}), ("menzel_1980", {"events_per_year": 20.0}), ("swat", {}), ("watem_c", {})]


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_what_leaves_is_what_was_lost(law: str, parameters: dict) -> None:
    """WATEM_C exports its enriched carbon and takes only the mean from the profile: 1.872. Here the ratio is 1.000."""
    w, erosion = soil(law, **parameters)
    before = w.stocks.sum(axis=(0, 1))
    exported = run_years(w, erosion)
    lost = (before - w.stocks.sum(axis=(0, 1)))[:2].sum() * w.cell_area
    kept = w.deposit.sum(axis=0)[:2].sum() * w.cell_area
    assert (exported.sum() + kept) / lost == pytest.approx(1.0, rel=1e-8)  # of stocks 1e5 as large
    plain = run_years(*soil(None))
    assert exported.sum() > 1.2 * plain.sum()  # it is enriched all the same


@pytest.mark.parametrize(("law", "parameters"), LAWS)
def test_halving_the_step_changes_little_and_half_as_much_the_next_time(law: str, parameters: dict) -> None:
    """Constant forcing: the year has one enrichment whatever the step; what is left is the changing column."""
    year = []
    for parts in (1, 2, 4):
        w, erosion = soil(law, **parameters)
        w.runoff[w.cells] = 5.0 / parts
        year.append(run_years(w, erosion, parts=parts, season=np.ones(12))[0])
    first, second = abs(year[1] / year[0] - 1.0), abs(year[2] / year[1] - 1.0)
    assert first < 2e-3 and second <= 0.6 * first + 1e-12


def test_law_of_the_year_sees_the_year_in_every_month() -> None:
    """With seasons the second year is enriched by the sum of its months, not by each: the annual law to round-off."""
    w, erosion = soil("menzel_1980")
    run_years(w, erosion, years=1)
    before = erosion.gross_erosion.copy()
    ratios = []
    for month in range(12):
        w.calendar_month, w.month = 12 + month, month
        w.erosivity[:] = 2.0 * SEASON[month]
        erosion.run_one_step(1.0 / 12.0)
        ratios.append(erosion.law.ratio.copy())
    cells = w.cells[erosion.gross_erosion[w.cells] > before[w.cells] + 1e-4]
    annual = 1e4 * (erosion.gross_erosion - before)[cells]
    expected = np.clip(np.exp(2.0 - 0.2 * np.log(annual)), 1.0, 12.0)
    assert cells.size > 50 and 1.2 < expected.min() < expected.max()
    np.testing.assert_allclose(np.array(ratios)[:, cells], np.broadcast_to(expected, (12, cells.size)), rtol=2e-3)


def test_transit_and_downstream_mineralisation_are_terms_of_their_own() -> None:
    w, erosion = soil(None, transit_mineralisation=0.1, downstream_mineralisation=0.5)
    before = w.stocks.sum(axis=(0, 1))
    run_years(w, erosion)
    totals = w.ledger.run_totals.amounts
    lost = (before - w.stocks.sum(axis=(0, 1)))[:2].sum() * w.cell_area
    assert totals["soc", "transit_mineralised"] == pytest.approx(-0.1 * lost, rel=1e-8)
    half = totals["soc", "downstream_mineralised_export"]
    assert half == pytest.approx(totals["soc", "water_erosion_export"], rel=1e-12) and half > 0.0
    assert totals["soc", "water_erosion"] == pytest.approx(-2.0 * half, rel=1e-10)
    assert totals.get(("sic", "transit_mineralised"), 0.0) == 0.0
    # dry soil: what was detached is laid down, leaves or has become CO2
    gone = ORGANIC_MATTER_PER_CARBON * 0.1 * lost / w.cell_area
    moved = erosion.gross_erosion.sum() - erosion.gross_deposition.sum() - erosion.exported.sum()
    assert moved == pytest.approx(gone, rel=1e-6)


# -- running year ------------------------------------------------------------------------------------------------------
def test_running_year_of_equal_years_is_their_sum_whatever_the_step() -> None:
    for parts in (1, 3):
        year, out = RunningYear(1), np.zeros(1)
        for month in range(30):
            for part in range(parts):
                amount = np.array([SEASON[month % 12] / parts])
                year.add(month % 12, part == 0, 1.0 / parts, amount, out)
                if month >= 12:
                    assert out[0] == pytest.approx(SEASON.sum(), rel=1e-12)


def test_running_year_begins_with_what_it_saw() -> None:
    year, out = RunningYear(1), np.zeros(1)
    year.add(3, True, 0.5, np.array([1.0]), out)
    assert out[0] == 24.0
    year.add(3, False, 0.5, np.array([3.0]), out)
    assert out[0] == 48.0
    year.add(4, True, 1.0, np.array([0.0]), out)
    assert out[0] == 24.0


def test_running_year_comes_back_from_its_memory() -> None:
    one, two, out, again = RunningYear(1), RunningYear(1), np.zeros(1), np.zeros(1)
    for month in range(17):
        one.add(month % 12, True, 1.0, np.array([SEASON[month % 12]]), out)
    for name, values in two.memory().items():
        values[...] = one.memory()[name]
    for year, result in ((one, out), (two, again)):
        year.add(5, True, 1.0, np.array([9.0]), result)
    assert out[0] == again[0]
