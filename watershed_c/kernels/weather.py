"""A weather generator for months: wet days by a Markov chain, daily amounts of rain, departures of temperature.

Plain numpy, run once before a simulation. Every month draws from a stream of its own, a counter-based generator keyed
by the seed and the month, so what is drawn depends on neither threads nor the order of computation.
"""

from __future__ import annotations

import numpy as np

#: lag-one correlation of wet days, P(wet after wet) - P(wet after dry): Geng, Penning de Vries & Supit (1986), Agric.
#: For. Meteorol. 36, 363: P(wet after dry) = 0.75 f, P(wet after wet) = 0.25 + 0.75 f, with f the share of wet days
PERSISTENCE = 0.25
#: shape of the gamma distribution of amounts: 1 is the exponential of Richardson (1981), Water Resour. Res. 17, 182
SHAPE = 1.0
#: days of the months of a common year
_LENGTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def month_stream(seed: int, month: int) -> np.random.Generator:
    """The random numbers of a month (months since year 0) under a seed."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, month], dtype=np.uint64)))


def transition_probabilities(share: float, persistence: float = PERSISTENCE) -> tuple[float, float]:
    """Chance of rain after a dry and after a wet day: (1 - persistence) f and persistence + (1 - persistence) f.

    Their stationary share of wet days is f = ``share``.
    """
    dry = (1.0 - persistence) * share
    return dry, persistence + dry


def generate(
    seed: int,
    first_month: int,
    months: int,
    precipitation: np.ndarray,
    wet_days: np.ndarray,
    *,
    persistence: float = PERSISTENCE,
    shape: float = SHAPE,
    every_month: bool = False,
    temperature_deviation: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rain, wet days and temperature departures of a run of months.

    Parameters
    ----------
    seed : int, 0 to 2**63 - 1
    first_month : int
        Months since year 0 of the first one.
    months : int
    precipitation : (12,) mm per month, normals from January on
    wet_days : (12,) days, normals, above 0 where there is rain
    persistence : 0 to below 1
        P(wet after wet) - P(wet after dry).
    shape : above 0
        Of the gamma distribution of the amount of a wet day.
    every_month : bool
        Each month has the normal of its name; else the mean of all months of one name has it.
    temperature_deviation : K
        Standard deviation of monthly means between years, normal and independent from month to month.

    Returns
    -------
    (months,) mm, (months,) days, (months,) K
        Departures have the mean zero in every calendar month.

    Notes
    -----
    Richardson (1981), Water Resour. Res. 17, 182: wet and dry days are a Markov chain of first order, amounts of wet
    days are independent. Amounts are drawn with mean 1 and then scaled by month, so the normals are met to round-off
    and not on the average of infinitely many years. A month that must have rain and drew no wet day gets one.
    """
    rain, wet, departure = np.zeros(months), np.zeros(months), np.zeros(months)
    least = np.zeros(months)
    spare = np.zeros(months)
    names = (first_month + np.arange(months)) % 12
    raining: bool | None = None
    for i in range(months):
        year, month = divmod(first_month + i, 12)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = 29 if month == 1 and leap else int(_LENGTH[month])
        stream = month_stream(seed, first_month + i)
        chance, amounts = stream.random(31), stream.standard_gamma(shape, 31) / shape
        departure[i] = stream.standard_normal()
        share = min(float(wet_days[month]) / days, 1.0)
        after_dry, after_wet = transition_probabilities(share, persistence)
        if raining is None:
            raining = bool(stream.random() < share)
        for day in range(days):
            raining = bool(chance[day] < (after_wet if raining else after_dry))
            if raining:
                rain[i] += amounts[day]
                wet[i] += 1.0
        least[i], spare[i] = chance[:days].min(), amounts[0]
    for name in range(12):
        mine = np.flatnonzero(names == name)
        if mine.size == 0:
            continue
        normal = float(precipitation[name])
        if every_month:
            must = mine[wet[mine] == 0.0]
        else:  # the likeliest of the months of this name, where none has rain
            must = mine[:0] if wet[mine].any() else mine[[int(np.argmin(least[mine]))]]
        rain[must], wet[must] = spare[must], 1.0
        if every_month:
            rain[mine] = normal
        else:
            mean = rain[mine].mean()
            rain[mine] *= normal / mean if mean > 0.0 else 0.0
        if normal == 0.0:
            wet[mine] = 0.0
        departure[mine] -= departure[mine].mean()
    return rain, wet, temperature_deviation * departure
