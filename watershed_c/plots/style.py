"""What all figures share: size, type, colours safe for colour-blind readers, writing of years and numbers."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

#: width of every figure, inches: two columns of a journal page
WIDTH = 7.2
DOTS_PER_INCH = 160
#: kg m-2 -> t ha-1
TONNES_PER_HECTARE = 10.0
#: Okabe & Ito (2008), colour-blind safe
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GREY, PALE, FRAME = "#222222", "#595959", "#BDBDBD", "#BFBFBF"
#: points
TITLE_SIZE, RUN_SIZE, SMALL_SIZE = 10.5, 8.0, 7.5
#: line height of text, inches per point of its size
LINE = 1.35 / 72.0
#: mean width of a character, in units of its size; DejaVu Sans, with a margin
CHARACTER = 0.53
MINUS = "\N{MINUS SIGN}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": TITLE_SIZE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "axes.edgecolor": GREY,
    "text.color": INK,
    "axes.labelcolor": INK,
    "savefig.dpi": DOTS_PER_INCH,
    "savefig.facecolor": "white",
}


def wrapped(text: str, size: float, width: float = WIDTH - 0.2) -> list[str]:
    """Lines of ``text`` in type of ``size`` points that fit in ``width`` inches."""
    return textwrap.wrap(text, max(10, int(width * 72.0 / (CHARACTER * size)))) if text else []


def run_title(figure: Figure, run: str) -> float:
    """Write the title of the run at the top of a figure; return the room it takes, inches."""
    lines, height = wrapped(run, RUN_SIZE), figure.get_size_inches()[1]
    figure.text(0.1 / WIDTH, 1.0 - 0.06 / height, "\n".join(lines), size=RUN_SIZE, color=GREY, va="top")
    return room_of_run_title(run)


def room_of_run_title(run: str) -> float:
    """Inches."""
    return 0.08 + LINE * RUN_SIZE * len(wrapped(run, RUN_SIZE))


def panels(height: float, run: str) -> Figure:
    """A figure of ``height`` inches for panels, laid out by itself below the title of the run."""
    room = room_of_run_title(run)
    layout = ConstrainedLayoutEngine(
        h_pad=0.06, w_pad=0.08, rect=(0.0, 0.0, 1.0, 1.0 - room / (height + room))
    )
    figure = Figure(figsize=(WIDTH, height + room), layout=layout)
    run_title(figure, run)
    return figure


def years_of(results: xr.Dataset) -> np.ndarray:
    """Moments of the records, calendar years: first the start of the run, then the ends of the intervals."""
    return first_year(results) + results.time.values / 365.0


def first_year(results: xr.Dataset) -> int:
    """Year that times are counted from."""
    return int(results.time.attrs["units"].split("since ")[1][:4])


def start_label(moment: float) -> str:
    """``2001.0`` is the start of 2001."""
    year, month = divmod(round(moment * 12.0), 12)
    return f"start of {year}" if month == 0 else f"start of {MONTHS[month]} {year}"


def end_label(moment: float) -> str:
    """``2061.0`` is the end of 2060."""
    year, month = divmod(round(moment * 12.0) - 1, 12)
    return f"end of {year}" if month == 11 else f"end of {MONTHS[month]} {year}"


def period(moments: np.ndarray) -> str:
    """What lies between the first and the last moment: ``2001-2060``."""
    first, last = (text.split("of ")[1] for text in (start_label(moments[0]), end_label(moments[-1])))
    return first if first == last else f"{first}\N{EN DASH}{last}"


def depth_of(results: xr.Dataset) -> str:
    """Range of depth of the profile: ``0-1 m``."""
    return f"0\N{EN DASH}{float(results.layer_bottom[-1]):g} m"


def number(value: float, signed: bool = False) -> str:
    """Three significant digits, with a typographic minus."""
    return f"{value:{'+' if signed else ''}#.3g}".rstrip(".").replace("-", MINUS) if value else "0"


def round_up(value: float, steps: tuple[float, ...]) -> float:
    """The least power of ten times one of ``steps`` (1 to 10) that is not below a positive ``value``."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step for step in steps if step * power >= value * (1.0 - 1e-9)) * power


def soil_area(results: xr.Dataset) -> float:
    """Area of the cells with soil, m2: what figures per hectare refer to, as the budget of the run does."""
    return float(results.cell_area.values[results.cell_kind.values == 1].sum(dtype=np.float64))
