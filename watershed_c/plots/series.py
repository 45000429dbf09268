"""What leaves at the outlet, and profiles with depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from watershed_c.plots.style import (
    BLUE,
    GREEN,
    GREY,
    MINUS,
    PALE,
    PURPLE,
    TITLE_SIZE,
    TONNES_PER_HECTARE,
    VERMILION,
    WIDTH,
    end_label,
    first_year,
    number,
    panels,
    soil_area,
    start_label,
    wrapped,
    years_of,
)

#: below this mean discharge (m3 s-1) the axis is in litres
LITRES_BELOW = 0.1
#: profiles side by side
ABREAST = 4
#: as many years are points as well as a line
FEW_YEARS = 12


@dataclass(frozen=True)
class _Line:
    name: str
    values: np.ndarray
    colour: str
    dashes: Any


@dataclass(frozen=True)
class _Kind:
    name: str
    label: str
    unit: str
    scale: float = 1.0
    ratio: bool = False


#: what has profiles
KINDS = (
    _Kind("soc", "SOC", "kg C m⁻³"),
    _Kind("sic", "SIC", "kg C m⁻³"),
    _Kind("delta_c14", "Δ¹⁴C", "‰", ratio=True),
    _Kind("delta_c13", "δ¹³C", "‰", ratio=True),
    _Kind("cs137", "¹³⁷Cs", "kBq m⁻³", 1e-3),
    _Kind("pb210", "²¹⁰Pb", "kBq m⁻³", 1e-3),
)
#: forms of carbon in the stream: variable, name, colour, dashes
FORMS = (
    ("poc_export", "particulate organic", VERMILION, "-"),
    ("doc_export", "dissolved organic", GREEN, (0, (5, 1.5))),
    ("pic_export", "particulate inorganic", PURPLE, (0, (1.5, 1))),
    ("dic_export", "dissolved inorganic", BLUE, (0, (6, 1.5, 1.5, 1.5))),
)


def whole_years(results: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Month of each step (0 to 11); calendar years the run covers whole; steps of those years (years, 12)."""
    index = np.rint(results.step_time.values / (365.0 / 12.0)).astype(int) - 1
    year, month = np.divmod(index, 12)
    whole = [y for y in np.unique(year) if (year == y).sum() == 12]
    steps = np.array([np.flatnonzero(year == y) for y in whole], dtype=int).reshape(len(whole), 12)
    return month, first_year(results) + np.array(whole, dtype=int), steps


def outlet(results: xr.Dataset, run: str) -> Figure:
    """Discharge by month; sediment and carbon by year, for the years that the run covers whole."""
    per_hectare = TONNES_PER_HECTARE / soil_area(results)
    month, years, steps = whole_years(results)

    def yearly(name: str) -> np.ndarray:
        return results[name].values[steps].sum(axis=1) * per_hectare

    forms = [_Line(text, yearly(name) * 1000.0, colour, dashes) for name, text, colour, dashes in FORMS]
    carbon = [line for line in forms if np.any(line.values)]
    count = 1 + bool(years.size) + bool(carbon)
    figure = panels(1.95 * count + (0.4 if carbon else 0.1), run)
    axes = figure.subplots(count, 1, squeeze=False)[:, 0]
    _climatology(axes[0], results.discharge.values, month)
    if years.size:
        sediment = yearly("sediment_export")
        _lines(axes[1], years, [_Line("sediment", sediment, GREY, "-")])
        axes[1].set_ylabel("sediment\n(t ha⁻¹ yr⁻¹)")
        axes[1].set_title(f"Sediment yield, mean {number(sediment.mean())} t ha⁻¹ yr⁻¹")
        axes[-1].set_xlabel("year")
    if carbon:
        _lines(axes[2], years, carbon)
        axes[2].set_ylabel("carbon\n(kg C ha⁻¹ yr⁻¹)")
        axes[2].set_title("Carbon leaving with the stream")
        figure.legend(
            handles=list(axes[2].lines), loc="outside lower center", ncols=len(carbon), handlelength=2.6
        )
    return figure


def _climatology(ax: Axes, discharge: np.ndarray, month: np.ndarray) -> None:
    unit, factor = ("L s⁻¹", 1000.0) if discharge.mean() < LITRES_BELOW else ("m³ s⁻¹", 1.0)
    present = np.unique(month)
    means = [float(discharge[month == m].mean()) * factor for m in present]
    ax.bar(present, means, color=BLUE, width=0.8)
    ax.set_xlim(-0.6, 11.6)
    ax.set_xticks(range(12), list("JFMAMJJASOND"))
    _upward(ax, max(means))
    ax.set_ylabel(f"discharge ({unit})")
    ax.set_title("Mean discharge at the outlet, by month")


def _lines(ax: Axes, years: np.ndarray, lines: list[_Line]) -> None:
    few = years.size <= FEW_YEARS
    for line in lines:
        label = f"{line.name}\nmean {number(line.values.mean())}"
        style = {"color": line.colour, "ls": line.dashes, "lw": 1.6, "marker": "o" if few else "", "ms": 3.5}
        ax.plot(years, line.values, label=label, clip_on=False, zorder=3, **style)
    pad = 0.5 if few else 0.015 * (years[-1] - years[0])
    ax.set_xlim(years[0] - pad, years[-1] + pad)
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    _upward(ax, max(float(line.values.max()) for line in lines))


def _upward(ax: Axes, highest: float) -> None:
    """From zero to a little above the data."""
    ax.set_ylim(0.0, highest * 1.12 if highest > 0.0 else 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def profiles(results: xr.Dataset, run: str) -> Figure | None:
    """SOC, SIC where a point has any, isotopes and tracers with depth: at the start (broad), at the end (thin, on top).

    One scale for all points, so that they can be compared.
    """
    names = [str(name) for name in results.point_name.values]
    if names == ["none"]:
        return None
    kinds = [kind for kind in KINDS if kind.name in ("soc", "sic") or f"profile_{kind.name}" in results]
    if not np.any(results.profile_sic.isel(time=[0, -1]).values):
        kinds.remove(KINDS[1])
    abreast = min(len(names), ABREAST)
    bands = -(-len(names) // abreast)
    figure = panels(0.45 + 2.55 * bands * len(kinds), run)
    grid = figure.subplots(bands * len(kinds), abreast, sharey=True, squeeze=False)
    for spare in range(len(names), bands * abreast):
        for k in range(len(kinds)):
            grid[spare // abreast * len(kinds) + k, spare % abreast].set_visible(False)
    for place, name in enumerate(names):
        band, column = divmod(place, abreast)
        for k, kind in enumerate(kinds):
            ax = grid[band * len(kinds) + k, column]
            _profile(ax, results, place, kind)
            if column == 0:
                ax.set_ylabel("depth (cm)")
            if k == 0:
                title = wrapped(name.replace("_", " "), 1.2 * TITLE_SIZE, (WIDTH - 0.6) / abreast - 0.1)
                ax.set_title("\n".join(title))
    figure.legend(handles=list(grid[0, 0].lines), loc="outside lower center", ncols=2, handlelength=2.6)
    return figure


def _profile(ax: Axes, results: xr.Dataset, place: int, kind: _Kind) -> None:
    years, bottom = years_of(results), results.layer_bottom.values
    top = np.concatenate(([0.0], bottom[:-1]))
    depth = np.stack((top, bottom), axis=1).ravel() * 100.0
    content = results[f"profile_{kind.name}"].values[[0, -1]]
    if not kind.ratio:
        content = kind.scale * content / (bottom - top)  # per m3
    for when, colour, width, text in (
        (0, PALE, 4.5, start_label(years[0])),
        (-1, BLUE, 1.5, end_label(years[-1])),
    ):
        values = np.repeat(content[when, place], 2)
        ax.plot(values, depth, color=colour, lw=width, label=text, solid_capstyle="butt")
    low, high = float(np.nanmin(content)), float(np.nanmax(content))
    margin = 0.05 * (high - low) or 1.0
    ax.set_xlim(*((low - margin, high + margin) if kind.ratio else (0.0, high * 1.1 or 1.0)))
    ax.set_ylim(bottom[-1] * 100.0, 0.0)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))
    ax.set_xlabel(f"{kind.label} ({kind.unit})")
    if not kind.ratio and not content[:, place].any():
        ax.text(0.5, 0.5, f"no {kind.label}", transform=ax.transAxes, ha="center", color=GREY)
