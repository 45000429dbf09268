"""Rain in short intervals, from a CSV with the columns ``time`` and ``precipitation_mm``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: column of the time at which an interval begins, ISO 8601; and of its rain, mm
COLUMNS = ("time", "precipitation_mm")


class RainSeriesError(ValueError):
    """What is wrong with a file of rain."""


@dataclass(frozen=True)
class RainSeries:
    """Rain by interval.

    Attributes
    ----------
    time : (T,) datetime64[s]
        When each interval begins; increasing.
    rain : (T,) mm
    interval : float, h
        The least difference of two times. Intervals without rain may be missing, but for the first and the last.
    """

    time: np.ndarray
    rain: np.ndarray
    interval: float

    @property
    def month(self) -> np.ndarray:
        """Month of each interval, 0-11."""
        return self.time.astype("datetime64[M]").astype(np.int64) % 12

    @property
    def hours(self) -> np.ndarray:
        """Time of each interval since the first, h."""
        return (self.time - self.time[0]).astype(np.float64) / 3600.0

    def days_of_months(self) -> np.ndarray:
        """(12,) days that the series covers of each month of the year."""
        end = self.time[-1] + np.timedelta64(round(self.interval * 3600), "s")
        days = np.arange(self.time[0].astype("datetime64[D]"), end.astype("datetime64[D]"))
        return np.bincount(days.astype("datetime64[M]").astype(np.int64) % 12, minlength=12).astype(np.float64)


def read_rain_series(path: str | Path) -> RainSeries:
    """Read a CSV of rain; lines that begin with # are comments.

    Raises
    ------
    RainSeriesError
        The file is not there, or a row is not what it must be.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(line for line in file if line.strip() and not line.startswith("#")))
    except OSError as error:
        raise RainSeriesError(f"cannot be read: {error.strerror}") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if missing := [name for name in COLUMNS if name not in names]:
        raise RainSeriesError(f"has no column {' and '.join(missing)}; it has {', '.join(names) or 'nothing'}")
    if len(rows) < 3:
        raise RainSeriesError("has fewer than two intervals")
    at = [names.index(name) for name in COLUMNS]
    times, amounts = [], []
    for number, row in enumerate(rows[1:], 2):
        try:
            times.append(np.datetime64(row[at[0]].strip().replace(" ", "T"), "s"))
            amounts.append(float(row[at[1]]))
        except (ValueError, IndexError):
            raise RainSeriesError(f"row {number} is not a time and an amount: {', '.join(row)}") from None
    time, rain = np.array(times), np.array(amounts)
    if not np.isfinite(rain).all() or (rain < 0.0).any():
        wrong = int(np.flatnonzero(~(rain >= 0.0) | ~np.isfinite(rain))[0])
        raise RainSeriesError(f"rain must be 0 mm or more, is {rain[wrong]} at {time[wrong]}")
    steps = np.diff(time).astype(np.float64) / 3600.0
    if (steps <= 0.0).any():
        raise RainSeriesError(f"times must increase: {time[int(np.argmax(steps <= 0.0)) + 1]} does not")
    series = RainSeries(time, rain, float(steps.min()))
    if not (series.days_of_months() > 0.0).all():
        raise RainSeriesError(f"must cover every month of the year; it is from {time[0]} to {time[-1]}")
    return series
