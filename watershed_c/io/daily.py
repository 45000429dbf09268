"""Tables of days: their dates, and the months they make."""

from __future__ import annotations

import numpy as np

from watershed_c.io.climate_checks import AMOUNTS, Table

#: mm, a day with less is dry (wet day of the joint CCl/CLIVAR/JCOMM expert team on climate change detection, ETCCDI)
WET_DAY = 1.0


def split_dates(rows: list[list[str]]) -> list[list[str]]:
    """Rows of a CSV with the column ``date`` (YYYY-MM-DD) in place of year, month and day taken apart."""
    names = [name.strip().lower() for name in rows[0]]
    if "date" not in names or "month" in names:
        return rows
    at = names.index("date")
    split = [[*rows[0][:at], "year", "month", "day", *rows[0][at + 1 :]]]
    for row in rows[1:]:
        parts = row[at].strip()[:10].split("-") if len(row) > at else []
        # what is no date stays whole, so that the reader can show it
        parts = parts if len(parts) == 3 else [row[at].strip() if len(row) > at else ""] * 3
        split.append([*row[:at], *parts, *row[at + 1 :]])
    return split


def check_days(table: Table, problems: list[str]) -> None:
    """Days must be days of the calendar, follow one another, and make whole months, at least twelve."""
    assert table.year is not None and table.day is not None
    date = np.stack((table.year, table.month, table.day))
    if np.isinf(date).any():
        return  # the reader has complained already
    if np.isnan(date).any() or (date != np.floor(date)).any():
        problems.append(f"{table.name}: year, month and day must be whole numbers in every row")
        return
    year, month, day = date.astype(np.int64)
    lengths = _length(year, np.clip(month, 1, 12))
    bad = (month < 1) | (month > 12) | (day < 1) | (day > lengths)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        problems.append(f"{table.name}: there is no day {year[row]}-{month[row]:02d}-{day[row]:02d}")
        return
    number = _ordinal(year, month, day)
    step = np.diff(number)
    # calendars of climate models leave out 29 February
    leap_left_out = (step == 2) & (month[:-1] == 2) & (day[:-1] == 28)
    jump = np.flatnonzero((step != 1) & ~leap_left_out)
    if jump.size:
        row = int(jump[0])
        more = f" (and {jump.size - 1} more)" if jump.size > 1 else ""
        first, second = (f"{year[i]}-{month[i]:02d}-{day[i]:02d}" for i in (row, row + 1))
        problems.append(f"{table.name}: days must follow one another: {first} is followed by {second}{more}")
        return
    if day[0] != 1:
        problems.append(f"{table.name}: begins on {year[0]}-{month[0]:02d}-{day[0]:02d}: begin with a whole month")
    if day[-1] < lengths[-1] and not (month[-1] == 2 and day[-1] == 28):
        problems.append(f"{table.name}: ends on {year[-1]}-{month[-1]:02d}-{day[-1]:02d}: end with a whole month")
    if (months := int(np.count_nonzero(day == 1))) < 12:
        problems.append(f"{table.name}: a series needs at least 12 months, there are {months}")


def monthly(table: Table, values: dict[str, np.ndarray]) -> tuple[Table, dict[str, np.ndarray]]:
    """Months of a table of days: amounts are summed, the rest is the mean, wet days are counted.

    Returns the calendar as a table of months, and the values; ``wet_days`` are the days with at least 1 mm, and
    ``rain_shares`` (T, 31) what each day has of the rain of its month.
    """
    assert table.year is not None and table.day is not None
    first = np.flatnonzero(table.day == 1.0)
    length = np.diff(np.append(first, table.day.size))
    made = {
        quantity: np.add.reduceat(column, first) / (1.0 if quantity in AMOUNTS else length)
        for quantity, column in values.items()
        if quantity != "wet_days"
    }
    made["rain_shares"] = _shares(values["precipitation"], first, length)
    made["wet_days"] = np.add.reduceat((values["precipitation"] >= WET_DAY).astype(np.float64), first)
    return Table(table.name, table.year[first], table.month[first], table.columns, table.unknown), made


def _shares(rain: np.ndarray, first: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(T, 31) shares of days in the rain of their month, NaN after its last day; even where none falls."""
    shares = np.full((first.size, 31), np.nan)
    for month, (start, days) in enumerate(zip(first, length, strict=True)):
        total = rain[start : start + days].sum()
        shares[month, :days] = rain[start : start + days] / total if total > 0.0 else 1.0 / days
    return shares


def _ordinal(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + day


def _length(year: np.ndarray, month: np.ndarray) -> np.ndarray:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
