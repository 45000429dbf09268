"""Effects of factors on what people ask for first: a bar for each factor and each pair."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from watershed_c.plots.style import BLUE, GREY, INK, SMALL_SIZE, STYLE, VERMILION, number, panels

#: quantities that are shown where they differ between runs
SHOWN = (
    "change of SOC", "plant input", "SOC that leaves with sediment", "gross erosion by water", "sediment yield",
    "nitrogen lost with sediment", "costs less returns", "yield, dry matter",
)  # fmt: skip
COLUMNS = 2
MOST = 6
#: of the greatest effect: what is smaller is none
ROUND_OFF = 1e-9


def draw(path: Path, found: list[tuple[str, str, float, dict[str, float]]]) -> Path:
    """Draw label, unit, mean and effects of quantities."""
    shown = [row for row in found if row[0] in SHOWN][:MOST]
    count = len(next(iter(found))[3])
    down = max(1, math.ceil(len(shown) / COLUMNS))
    with matplotlib.rc_context(STYLE):
        figure = panels(down * (0.75 + 0.22 * count) + 0.2, "Effects of the factors, and of each pair beyond them")
        axes = figure.subplots(down, COLUMNS, squeeze=False, sharey=True)
        for place, axis in enumerate(axes.flat):
            if place >= len(shown):
                axis.set_visible(False)
                continue
            label, unit, mean, effects = shown[place]
            at, values = np.arange(count)[::-1], np.array(list(effects.values()))
            greatest = float(np.abs(values).max())
            values[np.abs(values) < ROUND_OFF * greatest] = 0.0
            axis.barh(at, values, color=[BLUE if value > 0.0 else VERMILION for value in values], height=0.6)
            axis.axvline(0.0, color=INK, lw=0.7)
            axis.set_yticks(at, list(effects))
            axis.tick_params(axis="y", length=0)
            axis.spines["left"].set_visible(False)
            reach = 1.7 * greatest
            axis.set_xlim(-reach, reach)
            axis.xaxis.set_major_locator(MaxNLocator(5))
            for y, value in zip(at, values, strict=True):
                axis.annotate(
                    number(value, signed=True), (value, y), xytext=(3 if value > 0.0 else -3, 0),
                    textcoords="offset points", ha="left" if value > 0.0 else "right", va="center", size=SMALL_SIZE,
                    color=GREY,
                )  # fmt: skip
            axis.set_title(label, fontsize=9)
            axis.set_xlabel(f"{unit}; mean of the runs {number(mean)}")
        figure.savefig(path)
    return path
