"""Small multiples of what differs between runs."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from watershed_c.plots.maps import LOCAL, UNDER_DATA, WITHIN_CHANGE, local_mean, relief, shaded
from watershed_c.plots.style import GREY, INK, MINUS, SMALL_SIZE, STYLE, WIDTH, panels, round_up, wrapped

#: map -> colours, title, label of the colour bar, least half-width of the bar
SHOWN = {
    "soc_end": ("BrBG", "Soil organic carbon at the end", "more SOC than {first} (t C ha⁻¹)", 0.1),
    "net_erosion": ("PuOr_r", "Mean net soil loss", "more net loss than {first} (t ha⁻¹ yr⁻¹)", 0.01),
}
COLUMNS = 3
#: per mille a year, as float32 reaches it
FOUR = 4.0 * (1.0 - 1e-3)


def draw(
    directory: Path, names: list[str], maps: dict[str, np.ndarray], elevation: np.ndarray, x: np.ndarray,
    y: np.ndarray, *, note: str = "",
) -> list[Path]:  # fmt: skip
    """Draw the differences of each map from the first run, one figure a map; of ``soc_growth`` the map of every run.

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
            else:
                figure = _growth(names, values, elevation, x, y, note)
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
    differing = np.abs(difference[known & (np.abs(difference) > least)])
    usual = float(np.quantile(differing, WITHIN_CHANGE)) if differing.size else least
    limit = round_up(max(usual, least), (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0))
    norm, cmap = Normalize(-limit, limit), colormaps[colours]
    heading = f"{title}: what differs from {names[0]}"
    figure, axes = _multiples(heading, names[1:], difference, norm, cmap, elevation, x, y, note)
    low, high = float(difference[known].min(initial=0.0)), float(difference[known].max(initial=0.0))
    slack = 1e-6 * limit
    extend = (("neither", "max"), ("min", "both"))[low < -limit - slack][high > limit + slack]
    bar = figure.colorbar(ScalarMappable(norm, cmap), ax=axes.ravel().tolist(), extend=extend, fraction=0.05, aspect=25)
    bar.set_label(label.format(first=names[0]))
    return figure


def _growth(
    names: list[str], values: np.ndarray, elevation: np.ndarray, x: np.ndarray, y: np.ndarray, note: str
) -> Figure:
    """Growth of SOC a year in classes, of every run: where 4 per 1000 are reached."""
    edges = np.array([-8.0, -4.0, -0.4, 0.4, 4.0, 8.0])
    under, *between, over = (colormaps["BrBG"](shade) for shade in (0.06, 0.2, 0.35, 0.5, 0.62, 0.85, 0.98))
    cmap = ListedColormap(between).with_extremes(under=under, over=over)
    norm = BoundaryNorm(edges, cmap.N)
    known = np.isfinite(values)
    permil = 1000.0 * np.where(known, values, 0.0)
    reached = [100.0 * float((p[k] >= FOUR).mean()) for p, k in zip(permil, known, strict=True)]
    titles = [f"{name}: {share:.0f} %" for name, share in zip(names, reached, strict=True)]
    heading = "Growth of SOC, 0-30 cm, a year since the start; share of the area where 4 per 1000 are reached"
    shown = np.where(known, permil, np.nan)
    figure, axes = _multiples(heading, titles, shown, norm, cmap, elevation, x, y, note)
    bar = figure.colorbar(
        ScalarMappable(norm, cmap), ax=axes.ravel().tolist(), extend="both", fraction=0.05, aspect=25, ticks=edges,
        spacing="uniform",
    )  # fmt: skip
    bar.ax.set_yticklabels([f"{edge:g}".replace("-", MINUS) for edge in edges])
    bar.set_label("growth of SOC (‰ yr⁻¹)")
    return figure


def _multiples(
    heading: str, titles: list[str], values: np.ndarray, norm: Normalize, cmap: Colormap, elevation: np.ndarray,
    x: np.ndarray, y: np.ndarray, note: str,
) -> tuple[Figure, np.ndarray]:  # fmt: skip
    """Maps (M, rows, columns) beside each other, shaded by the relief, and their axes."""
    known, inside = np.isfinite(values), np.isfinite(elevation)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    dx, dy = abs(float(x[1] - x[0])), abs(float(y[1] - y[0]))
    width, height = dx * (columns[-1] - columns[0] + 1), dy * (rows[-1] - rows[0] + 1)
    count = values.shape[0]
    across = min(COLUMNS, count)
    down = math.ceil(count / across)
    each = min((WIDTH - 1.0) / across * height / width, 4.5)
    figure = panels(down * (each + 0.3) + 0.45 + 0.14 * len(wrapped(note, SMALL_SIZE)), heading)
    axes = figure.subplots(down, across, squeeze=False)
    tone = relief(elevation, dx, dy)
    for place, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if place >= count:
            continue
        local_tone = np.clip(tone - local_mean(tone, known[place], LOCAL), -1.0, 1.0)
        rgb = cmap(norm(np.where(known[place], values[place], 0.0)))[..., :3]
        rgba = np.concatenate((shaded(rgb, local_tone, UNDER_DATA), known[place][..., None].astype(float)), axis=2)
        axis.imshow(
            np.clip(rgba[window], 0.0, 1.0), origin="lower", interpolation="nearest", extent=(0.0, width, 0.0, height)
        )
        axis.set_ylim(-0.06 * width, height)  # room for the scale bar, below every map
        axis.set_title(titles[place], fontsize=9)
        if place == 0:
            _scale_bar(axis, width)
    if note:
        figure.supxlabel("\n".join(wrapped(note, SMALL_SIZE)), fontsize=SMALL_SIZE, color=GREY, x=0.01, ha="left")
    return figure, axes


def _scale_bar(axis: Axes, width: float) -> None:
    """A round length at the foot of a map."""
    length = round_up(width / 8.0, (1.0, 2.0, 5.0, 10.0))
    unit, metres = ("km", 1000.0) if length >= 1000.0 else ("m", 1.0)
    axis.plot([0.0, length], [-0.02 * width] * 2, color=INK, lw=1.4, clip_on=False)
    axis.text(0.0, -0.035 * width, f"{length / metres:g} {unit}", size=SMALL_SIZE, va="top")
