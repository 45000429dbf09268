"""The sheet a map is drawn on: frame, scale bar, legend, colour bar and note, laid out to fit the domain."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from watershed_c.plots.style import (
    FRAME,
    GREY,
    INK,
    LINE,
    MINUS,
    SMALL_SIZE,
    TITLE_SIZE,
    WIDTH,
    number,
    room_of_run_title,
    run_title,
    wrapped,
)

#: inches: margins, column of the colour bar, height of the map, gap and least width of the histogram
LEFT, RIGHT, COLUMN, TALLEST, SHORTEST, GAP, LEAST_HISTOGRAM = 0.62, 0.08, 1.0, 5.4, 2.6, 0.35, 1.0
#: length of the arrows of a colour bar, share of the bar
ARROW = 0.04
#: white around the domain, share of its longer side
MARGIN = 0.02
#: domains longer than this have axes in kilometres
KILOMETRES_ABOVE = 3000.0


class Sheet:
    """A figure laid out in inches: title above, map on the left, colour bar and legend beside it, note below.

    A domain taller than wide leaves room, which goes to a histogram beside the colour bar.

    Parameters
    ----------
    results : Dataset
    run, title, note : str
        Above the figure, above the map, below the map.
    """

    def __init__(self, results: xr.Dataset, run: str, title: str, note: str) -> None:
        inside = np.isfinite(results.elev.isel(time=0).values)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        self.rows, self.columns = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        x, y = results.x.values, results.y.values
        self.dx, self.dy = abs(float(x[1] - x[0])), abs(float(y[1] - y[0]))
        self.west, self.south = float(x[0]) - self.dx / 2, float(y[0]) - self.dy / 2
        width, height = self.dx * (columns[-1] - columns[0] + 1), self.dy * (rows[-1] - rows[0] + 1)
        self.unit, self.metres = ("km", 1000.0) if max(width, height) > KILOMETRES_ABOVE else ("m", 1.0)
        left, bottom = self.west + self.dx * columns[0], self.south + self.dy * rows[0]
        self.extent = tuple(v / self.metres for v in (left, left + width, bottom, bottom + height))

        margin = MARGIN * max(width, height)
        aspect = (height + 2 * margin) / (width + 2 * margin)
        room = WIDTH - LEFT - RIGHT - COLUMN
        self.map_width = min(room, TALLEST / aspect)
        spare = room - self.map_width
        if spare > (GAP + LEAST_HISTOGRAM) / 2:
            self.map_width = room - max(spare, GAP + LEAST_HISTOGRAM)
            self.histogram_width = room - self.map_width - GAP
        else:
            self.map_width, self.histogram_width = room, 0.0
        map_height = self.map_width * aspect
        self.height = max(map_height, SHORTEST)

        lines = wrapped(note, SMALL_SIZE)
        above = room_of_run_title(run) + LINE * TITLE_SIZE + 0.08
        self.bottom = 0.52 + (LINE * SMALL_SIZE * len(lines) + 0.06 if lines else 0.0)
        self.total = above + self.height + self.bottom
        self.figure = Figure(figsize=(WIDTH, self.total))
        run_title(self.figure, run)
        self._text(LEFT, self.bottom + self.height + 0.06, title, size=TITLE_SIZE, weight="bold")
        self._text(0.1, 0.07, "\n".join(lines), color=GREY, linespacing=1.2)
        self.ax = self._axes(LEFT, self.bottom + (self.height - map_height) / 2, self.map_width, map_height)
        around = margin / self.metres
        self.ax.set_xlim(self.extent[0] - around, self.extent[1] + around)
        self.ax.set_ylim(self.extent[2] - around, self.extent[3] + around)
        self.ax.spines[:].set_visible(True)
        self.ax.spines[:].set_color(FRAME)
        self._label_axes()
        self.column = WIDTH - RIGHT - COLUMN + 0.14
        self.used = 0.0  # inches of the column, from its foot
        self._scale_bar()

    def show(self, rgb: np.ndarray, where: np.ndarray) -> None:
        """Draw colours (rows, columns, 3) where ``where`` (rows, columns); nothing elsewhere."""
        rgba = np.concatenate((np.clip(rgb, 0.0, 1.0), where[..., None].astype(float)), axis=2)
        self.ax.imshow(
            rgba[self.rows, self.columns],
            extent=self.extent,
            origin="lower",
            interpolation="nearest",
            aspect="auto",
        )

    def outline(self, mask: np.ndarray) -> list[list[tuple[float, float]]]:
        """Cell edges, in coordinates of the axes, between what is in ``mask`` (rows, columns) and not."""
        x = (self.west + self.dx * np.arange(mask.shape[1] + 1)) / self.metres
        y = (self.south + self.dy * np.arange(mask.shape[0] + 1)) / self.metres
        padded = np.pad(mask, 1)
        upright = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1])
        level = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1])
        edges = [[(x[c], y[r]), (x[c], y[r + 1])] for r, c in upright]
        return edges + [[(x[c], y[r]), (x[c + 1], y[r])] for r, c in level]

    def entry(self, label: str, *, face: str = "none", edge: str = "none") -> None:
        """A square of colour with its meaning, above what the column already holds."""
        foot = self.bottom + self.used
        self.figure.add_artist(
            Rectangle(
                (self.column / WIDTH, foot / self.total),
                0.12 / WIDTH,
                0.12 / self.total,
                facecolor=face,
                edgecolor=edge,
                lw=1.0,
                transform=self.figure.transFigure,
            )
        )
        self._text(self.column + 0.18, foot, label)
        self.used += 0.2

    def colour_bar(
        self,
        norm: Normalize,
        cmap: Colormap,
        label: str,
        values: np.ndarray,
        ticks: list[float] | None = None,
    ) -> None:
        """Fill the column with the bar for ``values`` (of the cells).

        Where cells lie beyond the bar it has arrows, and what the cells reach is written below it.
        """
        assert norm.vmin is not None and norm.vmax is not None
        low, high = float(values.min()), float(values.max())
        slack = 1e-6 * (norm.vmax - norm.vmin)
        below, above = low < norm.vmin - slack, high > norm.vmax + slack
        if below or above:
            self._text(self.column, self.bottom + self.used, f"cells: {number(low)}\nto {number(high)}")
            self.used += 0.32
        foot = self.bottom + self.used + (0.24 if self.histogram_width else 0.12)
        height = self.bottom + self.height - foot
        extend = (("neither", "max"), ("min", "both"))[below][above]
        axes = self._axes(self.column, foot, 0.16, height)
        bar = self.figure.colorbar(ScalarMappable(norm, cmap), cax=axes, extend=extend, extendfrac=ARROW)
        bar.outline.set_linewidth(0.5)  # type: ignore[operator]
        bar.set_label(label)
        if ticks is not None:
            bar.set_ticks(ticks, labels=[f"{tick:g}".replace("-", MINUS) for tick in ticks])
            bar.ax.minorticks_off()
        if self.histogram_width:
            left = self.column - 0.06 - self.histogram_width
            axes = self._axes(left, foot, self.histogram_width, height)
            _histogram(axes, norm, cmap, values, ARROW * below, ARROW * above)

    # -- placing ----------------------------------------------------------------------------------------
    def _axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        return self.figure.add_axes((left / WIDTH, bottom / self.total, width / WIDTH, height / self.total))

    def _text(
        self, x: float, y: float, text: str, *, size: float = SMALL_SIZE, color: str = INK, **how: Any
    ) -> None:
        self.figure.text(x / WIDTH, y / self.total, text, size=size, color=color, va="bottom", **how)

    def _label_axes(self) -> None:
        """Ticks count from a round number near the domain where its coordinates are large."""
        size = max(self.extent[1] - self.extent[0], self.extent[3] - self.extent[2])
        step = 10.0 ** math.floor(math.log10(size))
        for axis, name, low in (
            (self.ax.xaxis, "easting", self.extent[0]),
            (self.ax.yaxis, "northing", self.extent[2]),
        ):
            axis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
            offset = math.floor(low / step) * step if abs(low) > 10.0 * size else 0.0
            axis.set_major_formatter(FuncFormatter(partial(_from, offset)))
            less = f" {'+' if offset < 0.0 else MINUS} {abs(offset):.10g}" if offset else ""
            axis.set_label_text(f"{name}{less} ({self.unit})")

    def _scale_bar(self) -> None:
        """A round length that fits in the column, at its foot."""
        per_inch = (self.ax.get_xlim()[1] - self.ax.get_xlim()[0]) / self.map_width
        power = 10.0 ** math.floor(math.log10(per_inch))
        length = max(step * power for step in (0.2, 0.5, 1.0, 2.0, 5.0) if step * power <= 0.86 * per_inch)
        left, right, y = self.column, self.column + length / per_inch, self.bottom + 0.03
        for ends, heights in (
            ((left, right), (y, y)),
            ((left, left), (y, y + 0.06)),
            ((right, right), (y, y + 0.06)),
        ):
            xs, ys = [x / WIDTH for x in ends], [v / self.total for v in heights]
            self.figure.add_artist(Line2D(xs, ys, color=INK, lw=1.2))
        self._text(left, y + 0.08, f"{length:g} {self.unit}")
        self.used = 0.36


def _from(offset: float, value: float, _: int) -> str:
    return f"{round(value - offset, 6):g}".replace("-", MINUS)


def _histogram(
    ax: Axes, norm: Normalize, cmap: Colormap, values: np.ndarray, low: float, high: float
) -> None:
    """Share of the cells along the colour bar, level with it; ``low``, ``high``: lengths of its arrows."""
    edges = np.concatenate(([-low] if low else [], np.linspace(0.0, 1.0, 26), [1.0 + high] if high else []))
    place = np.clip(np.asarray(norm(values), dtype=float), -low / 2, 1.0 + high / 2)
    share = 100.0 * np.histogram(place, edges)[0] / values.size
    middle = (edges[1:] + edges[:-1]) / 2
    ax.barh(middle, share, height=np.diff(edges), color=cmap(middle), edgecolor=GREY, linewidth=0.4)
    ax.set_ylim(-low, 1.0 + high)
    ax.set_xlim(share.max() * 1.05, 0.0)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("share of the cells (%)")
