"""Irrigation of a rotation as the user writes it, in which months it holds, and its monthly table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from watershed_c.kernels.soil_water import EFFICIENCY, FIXED, IRRIGATION_COLUMNS, MOST, REACHING, REFILL, TRIGGER
from watershed_c.management.calendar import Calendar, Irrigation, Season
from watershed_c.management.events import get
from watershed_c.management.reading import DAYS, MONTH_STARTS, day_of_year, in_span

#: share of what is brought that refills the soil: field application efficiency of FAO Irrigation Water Management
#: Training Manual 4 (Brouwer, Prins & Heibloem 1989), Annex I, Table 8
METHODS = {"surface": 0.60, "sprinkler": 0.75, "drip": 0.90}
#: a month counts where the crop stands on this share of its days: as for plant cover
MOST_OF_A_MONTH = 0.5

Say = Callable[..., None]


def read_irrigation(record: Any, say: Say) -> Irrigation | None:
    """The table ``irrigation`` of a rotation, or None; ``say(key, value, expectation)`` takes what is wrong."""
    if record is None:
        return None
    method = get(record, "method", "sprinkler")
    if method not in METHODS:
        say("irrigation.method", method, "must be one of " + ", ".join(METHODS) + ".")
        return None
    trigger, refill = float(get(record, "trigger", math.nan)), float(get(record, "refill", 1.0))
    if trigger >= refill:
        say("irrigation.refill", f"{100.0 * refill:g} %", f"must be above the trigger, {100.0 * trigger:g} %.")
    return Irrigation(
        method, float(get(record, "efficiency", METHODS[method])), trigger, refill,
        float(get(record, "monthly_maximum", math.inf)), tuple(float(m) for m in get(record, "months", ())),
        str(get(record, "water", "")),
    )  # fmt: skip


def irrigated_months(record: Any, years: int, seasons: Iterable[Season]) -> tuple[bool, ...]:
    """Months of the cycle in which the crops that are irrigated stand, within the season that the user gives."""
    days = DAYS * years
    crops, window = get(record, "crops", ()), get(record, "season", ())
    stands = np.zeros(days)
    day_of = np.arange(days) % DAYS
    for season in seasons:
        crop = season.crop
        if crop.kind in ("cover", "fallow") or (crops and crop.name not in crops):
            continue
        standing = np.arange(season.start, season.end) % days
        if crop.growth is not None:
            standing = standing[in_span(day_of[standing], crop.growth)]
        stands[standing] = 1.0
    if window:
        first, last = (day_of_year(day) for day in window)
        assert first is not None and last is not None
        stands *= in_span(day_of, (first, last))
    starts = [DAYS * year + start for year in range(years) for start in MONTH_STARTS[:-1]]
    lengths = np.diff([*starts, days])
    return tuple(bool(share >= MOST_OF_A_MONTH) for share in np.add.reduceat(stands, starts) / lengths)


def check_irrigation(calendar: Calendar, record: Any, say: Say) -> None:
    """Tell where a trigger or a month finds no crop to irrigate."""
    irrigation, months = calendar.irrigation, np.array(calendar.irrigated, dtype=bool).reshape(-1, 12)
    if irrigation is None:
        return
    crops = {crop.name for crop in calendar.years}
    for name in get(record, "crops", ()):
        if name not in crops:
            say("irrigation.crops", name, "is not a main crop of this rotation.")
            return
    if not months.any() and not (math.isnan(irrigation.trigger) and not irrigation.months):
        say("irrigation", "", "finds no month in which a crop that is irrigated stands on most days.")
        return
    for month, amount in enumerate(irrigation.months):
        if amount > 0.0 and not months[:, month].any():
            wrong = f"brings {amount:g} mm when no crop that is irrigated stands on most days."
            say(f"irrigation.months[{month}]", f"{amount:g} mm", wrong)
    if math.isnan(irrigation.trigger) and not irrigation.months and not calendar.turns:
        say("irrigation", "", 'brings no water: it needs a trigger, months or events with do = "irrigate".')


def irrigation_table(calendar: Calendar) -> np.ndarray:
    """Columns that soil water reads, by month of the cycle (M, IRRIGATION_COLUMNS)."""
    count = 12 * len(calendar.years)
    table = np.zeros((count, IRRIGATION_COLUMNS))
    chosen = Irrigation() if calendar.irrigation is None else calendar.irrigation
    table[:, [EFFICIENCY, REACHING]] = chosen.efficiency, chosen.reaching
    starts = np.array(MONTH_STARTS[:-1])
    for day, amount in calendar.turns:
        table[12 * (day // DAYS) + np.searchsorted(starts, day % DAYS, side="right") - 1, FIXED] += amount
    holds = np.array(calendar.irrigated, dtype=bool)
    if chosen.months:
        table[:, FIXED] += np.where(holds, np.tile(chosen.months, len(calendar.years)), 0.0)
    if not math.isnan(chosen.trigger):
        table[:, TRIGGER] = np.where(holds, chosen.trigger, 0.0)
        table[:, REFILL] = chosen.refill
        table[:, MOST] = np.maximum(chosen.monthly_maximum - table[:, FIXED], 0.0)
    table[:, FIXED] *= 12.0  # kg m-2 yr-1
    return table
