"""The exchange that erosion causes, over time, between its end members."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from watershed_c.plots.style import BLUE, GREY, MINUS, PALE, SMALL_SIZE, STYLE, VERMILION, panels

COLOURS = (BLUE, VERMILION)
#: years marked on the axis
TICKS = (1, 3, 10, 30, 100, 300, 1000)
#: kg per t
KILOGRAMS = 1000.0


def draw(path: Path, title: str, years: np.ndarray, courses: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Write the figure: means since erosion began, so that early years show beside late ones.

    Parameters
    ----------
    path : Path
    title : str
    years : (Y,)
    courses : mapping of what an end member is called to its ``exchange``, ``losing``, ``gaining`` and ``exported``
        (Y,), t C ha-1 since the start.
    """
    mean = KILOGRAMS / years
    with matplotlib.rc_context(STYLE):
        figure = panels(3.6, title)
        whole, parts = figure.subplots(1, 2)
        exchange = [course["exchange"] * mean for course in courses.values()]
        if len(exchange) > 1:
            whole.fill_between(years, *exchange, color=PALE, alpha=0.45, linewidth=0)
        for colour, (name, course) in zip(COLOURS, courses.items(), strict=False):
            whole.plot(years, course["exchange"] * mean, color=colour, label=name)
            whole.plot(
                years, (course["exchange"] - course["exported"]) * mean, color=colour, dashes=(4, 2), linewidth=1.0,
                label="    and all exported carbon given off",
            )  # fmt: skip
            parts.plot(years, course["losing"] * mean, color=colour, label=f"{name}: where soil is lost")
            parts.plot(years, course["gaining"] * mean, color=colour, dashes=(1.2, 1.2), label="    where it settles")
        whole.set_title("Is erosion a sink?")
        parts.set_title("Where")
        for axes in (whole, parts):
            _axes(axes, years)
        for text, up in (("sink", 1), ("source", -1)):
            whole.annotate(
                text, (0.0, 0.0), xycoords=("axes fraction", "data"), xytext=(4, 3 * up), textcoords="offset points",
                va="bottom" if up > 0 else "top", size=SMALL_SIZE, color=GREY,
            )  # fmt: skip
        per = "\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}"
        whole.set_ylabel(f"mean exchange with the air caused by erosion\n(kg C ha{per} yr{per})")
        figure.savefig(path)


def _axes(axes: Axes, years: np.ndarray) -> None:
    axes.axhline(0.0, color=GREY, linewidth=0.7)
    axes.set_xscale("log")
    axes.set_xticks([tick for tick in TICKS if tick <= years[-1]])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))
    axes.minorticks_off()
    axes.set_xlim(1, max(years[-1], 2))
    axes.set_xlabel("years since erosion began")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.45 * (high - low))  # room for the legend above the lines
    axes.legend(loc="upper left", handlelength=2.2, borderaxespad=0.2, fontsize=SMALL_SIZE)
