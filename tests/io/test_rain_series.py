"""Rain in short intervals: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watershed_c.io.rain_series import RainSeriesError, read_rain_series

GOOD = """# a gauge
time,precipitation_mm
2001-01-01T00:00,0
2001-07-02 10:10,3.5
2001-07-02 10:20,1
2001-12-31 23:50,0
"""


def read(folder: Path, text: str):
    (folder / "rain.csv").write_text(text)
    return read_rain_series(folder / "rain.csv")


def test_a_year_with_its_dry_intervals_left_out(tmp_path: Path) -> None:
    series = read(tmp_path, GOOD)
    assert series.interval == pytest.approx(1.0 / 6.0) and series.rain.tolist() == [0.0, 3.5, 1.0, 0.0]
    assert series.month.tolist() == [0, 6, 6, 11] and series.hours[1] == pytest.approx(182 * 24 + 10 + 1 / 6)
    np.testing.assert_array_equal(series.days_of_months(), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("time,", "date,", "no column time"),
        ("3.5", "much", "row 3 is not a time and an amount"),
        ("3.5", "-3.5", "must be 0 mm or more"),
        ("3.5", "nan", "must be 0 mm or more"),
        ("10:20", "10:05", "times must increase"),
        ("2001-12-31 23:50", "2001-11-30 23:50", "every month of the year"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(RainSeriesError, match=said):
        read(tmp_path, GOOD.replace(old, new))


def test_empty_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(RainSeriesError, match="fewer than two"):
        read(tmp_path, "time,precipitation_mm\n2001-01-01,0\n")
    with pytest.raises(RainSeriesError, match="cannot be read"):
        read_rain_series(tmp_path / "none.csv")
