"""Effects of factors that were run in all combinations: a full two-level factorial without repetition.

The main effect of a factor is the mean of the runs in which it is on less the mean of those in which it is off; the
interaction of two is half of what one changes in the effect of the other (Box, Hunter & Hunter 2005, Statistics for
Experimenters, ch. 5). Runs are exact: there is no error to test effects against.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.comparison import Comparison

#: factors of an interaction that is told at most
HIGHEST_ORDER = 2
#: between the names of factors that interact
TIMES = " x "


@dataclass
class Effects:
    """Mean over all runs of one quantity, and the effects on it, by factor or pair of factors."""

    label: str
    unit: str
    mean: float
    effects: dict[str, float]
    digits: int = 3


def effects(comparison: Comparison, combinations: Mapping[str, tuple[str, ...]]) -> list[Effects]:
    """Effects on every quantity that all runs of the factorial have.

    Parameters
    ----------
    comparison : Comparison
    combinations : mapping of run to the factors that are on in it
        All of them; none: there are no factors.
    """
    if not combinations:
        return []
    factors = list(dict.fromkeys(factor for on in combinations.values() for factor in on))
    signs = np.array([[1.0 if factor in on else -1.0 for factor in factors] for on in combinations.values()])
    places = [comparison.names.index(name) for name in combinations]
    found = []
    for row in comparison.rows:
        values = np.array([row.values[place] for place in places])
        if not np.isfinite(values).all() or np.ptp(values) == 0.0:
            continue
        told = {}
        for order in range(1, min(HIGHEST_ORDER, len(factors)) + 1):
            for chosen in itertools.combinations(range(len(factors)), order):
                contrast = signs[:, chosen].prod(axis=1)
                told[TIMES.join(factors[k] for k in chosen)] = 2.0 * float((contrast * values).mean())
        found.append(Effects(row.label, row.unit, float(values.mean()), told, row.digits))
    return found


def save(found: list[Effects], directory: Path, *, figures: bool = True) -> list[Path]:
    """Write ``effects.csv`` and, if wanted, ``effects.png`` into a folder; returns what was written."""
    table = directory / "effects.csv"
    with table.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["quantity", "unit", "mean", *found[0].effects])
        writer.writerows([row.label, row.unit, repr(row.mean), *map(repr, row.effects.values())] for row in found)
    if not figures:
        return [table]
    from watershed_c.plots.effects import draw

    shown = [(row.label, row.unit, row.mean, row.effects) for row in found]
    return [table, draw(directory / "effects.png", shown)]
