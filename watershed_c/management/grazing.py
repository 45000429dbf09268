"""Animals on a sward by their number: what they eat, the dung they leave, and how their feet close the soil."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from watershed_c.kernels.soil_water import CURVE_NUMBERS
from watershed_c.management.calendar import Amendment, Season
from watershed_c.management.events import get
from watershed_c.management.library import CropLibrary
from watershed_c.management.reading import DAYS, MONTH_STARTS, day_of_year, month_day

#: dry matter that a livestock unit (500 kg live weight) eats in a day, kg: 2.5 % of its weight; 2 to 3 % (IPCC 2006,
#: Vol. 4, ch. 10, section 10.2.2); from memory, a prior
INTAKE = 12.5
#: share of the dry matter eaten that is digested: middle of 55 to 75 % of animals on pasture (IPCC 2006, Vol. 4,
#: Table 10.2); from memory, a prior
DIGESTIBILITY = 0.65
#: excreta of a grazing animal, by their dry matter, carbon and nitrogen
DUNG = "cattle-slurry"
#: share of what grows that is eaten up to which grazing is light, and from which it is heavy: priors. The curve number
#: rises in between by that of poor less that of good pasture (TR-55: heavily, and lightly grazed)
LIGHT, HEAVY = 0.3, 0.7

M2_PER_HECTARE = 1e4


def read_grazing(
    records: Iterable[Any], seasons: list[Season], years: int, library: CropLibrary, say: Callable[..., None]
) -> tuple[list[Amendment], tuple[float, ...]]:
    """Dung month by month, and the share of what grows that is eaten in each year of the rotation.

    Parameters
    ----------
    records : of ``crop``, ``start`` and ``end`` "MM-DD", ``livestock_units`` ha-1, and optionally ``year`` (from 1),
        ``intake`` kg DM per unit and day, ``digestibility`` 0-1, ``material``
    say : callable
        ``say(key, value, expectation, suggestion)`` takes what is wrong.
    """
    dung: list[Amendment] = []
    eaten = np.zeros(years)
    grown = np.zeros(years)
    for number, record in enumerate(records):
        key = f"grazing[{number}]"
        swards = [s for s in seasons if s.crop.kind == "perennial" and s.crop.name == get(record, "crop", s.crop.name)]
        swards = [season for season in swards if season.crop.tillable]
        if not swards:
            say(f"{key}.crop", get(record, "crop", ""), "finds no sward of that name in the rotation.")
            continue
        crop = swards[0].crop
        if crop.product_returned > 0.0:
            wrong = "is grazed by itself: part of its yield returns as dung."
            say(f"{key}.crop", crop.name, wrong, "Let animals graze grass or grass-clover.")
            continue
        first, last = day_of_year(get(record, "start")), day_of_year(get(record, "end"))
        if first is None or last is None or first > last:
            say(key, f"{get(record, 'start')} to {get(record, 'end')}", "must begin before it ends, in one year.")
            continue
        material = get(record, "material", DUNG)
        if material not in library.materials:
            say(f"{key}.material", material, "is not known.", "Known: " + ", ".join(library.materials) + ".")
            continue
        daily = get(record, "livestock_units") / M2_PER_HECTARE * get(record, "intake", INTAKE)
        carbon = daily * (1.0 - get(record, "digestibility", DIGESTIBILITY)) * crop.dry_matter_carbon
        only = get(record, "year")
        grazed = False
        for sward in swards:
            year = sward.start // DAYS
            if only is not None and year != only - 1:
                continue
            days = np.arange(max(sward.start, DAYS * year + first), min(sward.end, DAYS * year + last + 1))
            eaten[year] += daily * days.size
            grown[year] = sward.yield_dry_matter
            months = np.searchsorted(MONTH_STARTS, days % DAYS, side="right")
            for month in np.unique(months):
                there = days[months == month]
                middle = int(there[there.size // 2])
                dung.append(Amendment(middle, carbon * there.size, 0.0, library.materials[material], crop))
                grazed = True
        if not grazed:
            window = f"{month_day(first)} to {month_day(last)}"
            say(key, window, f"falls on no day of {crop.name} in the rotation.")
    share = np.divide(eaten, grown, out=np.zeros(years), where=grown > 0.0)
    if (share > 1.0).any():
        year = int(np.argmax(share))
        wrong = f"eat {10.0 * eaten[year]:.1f} t DM/ha in year {year + 1}, where {10.0 * grown[year]:.1f} grow."
        say("grazing", "animals", wrong, f"At most {1.0 / share[year]:.2f} of them, or a shorter time.")
    return dung, tuple(share.tolist())


def trampling(eaten: tuple[float, ...]) -> np.ndarray:
    """What grazing adds to the curve numbers of each day of the rotation (days, 4), by the share eaten in its year."""
    heavy = np.clip((np.repeat(eaten, DAYS) - LIGHT) / (HEAVY - LIGHT), 0.0, 1.0)
    poor, good = (np.array(CURVE_NUMBERS[name]) for name in ("pasture, poor", "pasture"))
    return heavy[:, None] * (poor - good)
