"""Small multiples of what differs between runs."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from watershed_c.plots.maps import LOCAL, UNDER_DATA, WITHIN_CHANGE, local_mean, relief, shaded
from watershed_c.plots.style import GREY, INK, SMALL_SIZE, STYLE, WIDTH, panels, round_up, wrapped

#: map -> colours, title, label of the colour bar, least half-width of the bar
SHOWN = {
    "soc_end": ("BrBG", "Soil organic carbon at the end", "more SOC than {first} (t C ha⁻¹)", 0.1),
    "net_erosion": ("PuOr_r", "Mean net soil loss", "more net loss than {first} (t ha⁻¹ yr⁻¹)", 0.01),
}
COLUMNS = 3


def draw(
    directory: Path, names: list[str], maps: dict[str, np.ndarray], elevation: np.ndarray, x: np.ndarray,
    y: np.ndarray, *, note: str = "",
) -> list[Path]:  # fmt: skip
    """Draw the differences of each map from the first run, one figure a map.

    Parameters
    ----------
    maps : dict of str to (run, rows, columns)
    elevation : (rows, columns) m
    x, y : (columns), (rows) m
    """
    drawn = []
    with matplotlib.rc_context(STYLE):
        for key, values in maps.items():
            if key in SHOWN:
                figure = _differences(key, names, values, elevation, x, y, note)
                path = directory / f"{key}.png"
                figure.savefig(path)
                drawn.append(path)
    return drawn


def _differences(
    key: str, names: list[str], values: np.ndarray, elevation: np.ndarray, x: np.ndarray, y: np.ndarray, note: str
) -> Figure:
    colours, title, label, least = SHOWN[key]
    difference = values[1:] - values[0]
    known = np.isfinite(difference)
    inside = np.isfinite(elevation)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    dx, dy = abs(float(x[1] - x[0])), abs(float(y[1] - y[0]))
    width, height = dx * (columns[-1] - columns[0] + 1), dy * (rows[-1] - rows[0] + 1)
    usual = float(np.quantile(np.abs(difference[known]), WITHIN_CHANGE)) if known.any() else least
    limit = round_up(max(usual, least), (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0))
    norm, cmap = Normalize(-limit, limit), colormaps[colours]
    count = difference.shape[0]
    across = min(COLUMNS, count)
    down = math.ceil(count / across)
    each = min((WIDTH - 1.0) / across * height / width, 4.5)
    figure = panels(
        down * (each + 0.3) + 0.45 + 0.14 * len(wrapped(note, SMALL_SIZE)), f"{title}: what differs from {names[0]}"
    )
    axes = figure.subplots(down, across, squeeze=False)
    tone = relief(elevation, dx, dy)
    for place, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if place >= count:
            continue
        local_tone = np.clip(tone - local_mean(tone, known[place], LOCAL), -1.0, 1.0)
        rgb = cmap(norm(np.where(known[place], difference[place], 0.0)))[..., :3]
        rgba = np.concatenate((shaded(rgb, local_tone, UNDER_DATA), known[place][..., None].astype(float)), axis=2)
        axis.imshow(
            np.clip(rgba[window], 0.0, 1.0), origin="lower", interpolation="nearest", extent=(0.0, width, 0.0, height)
        )
        axis.set_ylim(-0.06 * width, height)  # room for the scale bar, below every map
        axis.set_title(names[place + 1], fontsize=9)
        if place == 0:
            _scale_bar(axis, width)
    low, high = float(difference[known].min(initial=0.0)), float(difference[known].max(initial=0.0))
    slack = 1e-6 * limit
    extend = (("neither", "max"), ("min", "both"))[low < -limit - slack][high > limit + slack]
    bar = figure.colorbar(ScalarMappable(norm, cmap), ax=axes.ravel().tolist(), extend=extend, fraction=0.05, aspect=25)
    bar.set_label(label.format(first=names[0]))
    if note:
        figure.supxlabel("\n".join(wrapped(note, SMALL_SIZE)), fontsize=SMALL_SIZE, color=GREY, x=0.01, ha="left")
    return figure


def _scale_bar(axis: Axes, width: float) -> None:
    """A round length at the foot of a map."""
    length = round_up(width / 8.0, (1.0, 2.0, 5.0, 10.0))
    unit, metres = ("km", 1000.0) if length >= 1000.0 else ("m", 1.0)
    axis.plot([0.0, length], [-0.02 * width] * 2, color=INK, lw=1.4, clip_on=False)
    axis.text(0.0, -0.035 * width, f"{length / metres:g} {unit}", size=SMALL_SIZE, va="top")
