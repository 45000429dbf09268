"""Tables of yearly fallout: columns ``year`` and ``deposition``."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np


class FalloutError(ValueError):
    """A table of fallout that cannot be used; the message is for the user."""


def read_fallout(path: Path) -> tuple[int, np.ndarray]:
    """First year and what fell in it and in each year after it (Y); years that are left out have none.

    Raises
    ------
    FalloutError
        The file is missing, has no such columns, or a row is not a year and an amount of at least 0.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise FalloutError(f"does not exist or is no text: looked for {path}.") from None
    rows = csv.reader(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    header = [name.strip() for name in next(rows, [])]
    if not {"year", "deposition"} <= set(header):
        raise FalloutError(f"must have the columns year and deposition; has {', '.join(header) or 'nothing'}.")
    by_year: dict[int, float] = {}
    for row in rows:
        cells = dict(zip(header, row, strict=False))
        try:
            year, amount = int(cells["year"]), float(cells["deposition"])
        except (KeyError, ValueError):
            raise FalloutError(f"has a row that is not a year and an amount: {','.join(row)}.") from None
        if not (math.isfinite(amount) and amount >= 0.0 and 1000 <= year <= 3000):
            raise FalloutError(f"has {amount:g} in {year}: an amount must be at least 0, a year a calendar year.")
        if year in by_year:
            raise FalloutError(f"has the year {year} twice.")
        by_year[year] = amount
    if not by_year:
        raise FalloutError("has no year.")
    first = min(by_year)
    return first, np.array([by_year.get(year, 0.0) for year in range(first, max(by_year) + 1)])
