"""Maps of a run: colours shaded by the relief, channels on top."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize, SymLogNorm, to_rgb
from matplotlib.figure import Figure

from watershed_c.plots.sheet import Sheet
from watershed_c.plots.style import (
    BLUE,
    TONNES_PER_HECTARE,
    depth_of,
    end_label,
    period,
    round_up,
    start_label,
    years_of,
)

#: smallest half-width of the colour bars, so that the round-off of a steady state is not shown as a pattern
LEAST_SOC_CHANGE = 1.0  # t C ha-1
LEAST_EROSION = 0.1  # t ha-1 yr-1
#: smallest width of the colour bar of the stock, share of its median
LEAST_SOC_SPAN = 0.05
#: share of the cells within the colour bar of stock and erosion, and of change; others have its end colours
WITHIN, WITHIN_CHANGE = 0.98, 0.95
#: light from the north-west at this height (degrees), as on printed maps
SUN_AZIMUTH, SUN_HEIGHT = 315.0, 45.0
#: how much the darkest slope darkens its colour and the lightest whitens it: under data, and alone
UNDER_DATA, ALONE = (0.24, 0.18), (0.45, 0.35)
#: under data, tones are taken from their mean over this many cells to each side: no flank is darker overall
LOCAL = 6
#: cells that drain less than this many are not drawn as flow
FLOW_CELLS = 10.0


def draw(results: xr.Dataset, run: str, note: str) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each map the results have data for; ``run`` is printed above, ``note`` below."""
    if "cSoilOrg" in results:
        yield "soc", soc(results, run, note)
        yield "soc_change", soc_change(results, run, note)
    if "netEro" in results:
        yield "net_erosion", net_erosion(results, run, note)
    if np.any(results.darea.values > 0.0):
        yield "drainage", drainage(results, run, note)


def soc(results: xr.Dataset, run: str, note: str) -> Figure:
    """Soil organic carbon at the end."""
    values = results.cSoilOrg.isel(time=-1).values.astype(float) * TONNES_PER_HECTARE
    low, middle, high = np.nanquantile(values, [(1.0 - WITHIN) / 2, 0.5, (1.0 + WITHIN) / 2])
    wanting = max(LEAST_SOC_SPAN * middle - (high - low), 0.0) / 2
    sheet = Sheet(
        results, run, f"Soil organic carbon, {depth_of(results)}, {end_label(years_of(results)[-1])}", note
    )
    norm = Normalize(low - wanting, high + wanting)
    return _map(results, sheet, values, "SOC (t C ha⁻¹)", colormaps["cividis_r"], norm)


def soc_change(results: xr.Dataset, run: str, note: str) -> Figure:
    """Soil organic carbon at the end less that at the start."""
    stock = results.cSoilOrg.isel(time=[0, -1]).values.astype(float) * TONNES_PER_HECTARE
    values = stock[1] - stock[0]
    usual = float(np.nanquantile(np.abs(values), WITHIN_CHANGE))
    limit = round_up(max(usual, LEAST_SOC_CHANGE), (1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0))
    title = f"Change of soil organic carbon, {depth_of(results)}, {period(years_of(results))}"
    sheet = Sheet(results, run, title, note)
    return _map(
        results, sheet, values, "change of SOC (t C ha⁻¹)", colormaps["BrBG"], Normalize(-limit, limit)
    )


def net_erosion(results: xr.Dataset, run: str, note: str) -> Figure:
    """Mean net soil loss; on a symmetric logarithmic scale where cells differ by orders of magnitude."""
    years = years_of(results)
    total = results.netEro.sum(dim="time", skipna=False, dtype=np.float64).values
    values = total / (years[-1] - years[0]) * TONNES_PER_HECTARE
    size = np.abs(values[np.isfinite(values)])
    limit = round_up(max(float(np.quantile(size, WITHIN)), LEAST_EROSION), (1.0, 2.0, 5.0, 10.0))
    sheet = Sheet(results, run, f"Mean net soil loss (negative: deposition), {period(years)}", note)
    norm, ticks = _signed_scale(float(np.median(size)), limit)
    return _map(
        results, sheet, values, "net loss of fine earth (t ha⁻¹ yr⁻¹)", colormaps["PuOr_r"], norm, ticks
    )


def _signed_scale(median: float, limit: float) -> tuple[Normalize, list[float] | None]:
    """Linear where half of the sizes exceed a tenth of the limit; else only up to the decade of their median.

    With the ticks of the logarithmic one, which spans three decades at most.
    """
    if median > limit / 10.0:
        return Normalize(-limit, limit), None
    linear = 10.0 ** math.floor(math.log10(max(median, limit / 1000.0)))
    ticks = [linear * 10.0**k for k in range(math.floor(math.log10(limit / linear) + 1e-9) + 1)]
    if limit > 1.5 * ticks[-1]:
        ticks.append(limit)
    norm = SymLogNorm(linear, linscale=0.6, vmin=-limit, vmax=limit)
    return norm, [-tick for tick in reversed(ticks)] + [0.0] + ticks


def drainage(results: xr.Dataset, run: str, note: str) -> Figure:
    """Upslope area at the start, of the cells where flow gathers, over the relief."""
    sheet = Sheet(results, run, f"Upslope area over relief, {start_label(years_of(results)[0])}", note)
    area = results.darea.values.astype(float)
    inside = np.isfinite(area)
    cell, high = float(np.nanmedian(results.cell_area.values)), float(area[inside].max())
    low = min(FLOW_CELLS * cell, high / 10.0)
    factor, unit = (1e-4, "ha") if high < 1e6 else (1e-6, "km²")
    norm, cmap = (
        LogNorm(low * factor, high * factor),
        ListedColormap(colormaps["Blues"](np.linspace(0.3, 1.0, 256))),
    )
    grey = np.full((*area.shape, 3), 0.84)
    sheet.show(shaded(grey, _relief(results, sheet), ALONE), inside)
    wet = inside & (area >= low)
    sheet.show(cmap(norm(np.where(wet, area, low) * factor))[..., :3], wet)
    channel = results.cell_kind.values == 2
    if channel.any():
        sheet.ax.add_collection(LineCollection(sheet.outline(channel), colors=BLUE, linewidths=0.7))
        sheet.entry("channel", edge=BLUE)
    ticks = _decades(low * factor, high * factor)
    sheet.colour_bar(norm, cmap, f"upslope area ({unit})", area[wet] * factor, ticks)
    return sheet.figure


def _map(
    results: xr.Dataset,
    sheet: Sheet,
    values: np.ndarray,
    label: str,
    cmap: Colormap,
    norm: Normalize,
    ticks: list[float] | None = None,
) -> Figure:
    tone = _relief(results, sheet)
    known = np.isfinite(values)
    rgb = cmap(norm(np.where(known, values, 0.0)))[..., :3]
    sheet.show(shaded(rgb, np.clip(tone - local_mean(tone, known, LOCAL), -1.0, 1.0), UNDER_DATA), known)
    channel = results.cell_kind.values == 2
    if channel.any():
        sheet.show(np.broadcast_to(to_rgb(BLUE), rgb.shape), channel)
        sheet.entry("channel", face=BLUE)
    sheet.colour_bar(norm, cmap, label, values[known], ticks)
    return sheet.figure


def relief(elevation: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """Tone of the hillshade: 0 as bright as the median, towards 1 in the light and -1 in the shade.

    Parameters
    ----------
    elevation : (rows, columns) m
        Row 0 is the south; NaN outside. The edge of the domain is no cliff: only neighbours inside count.
    dx, dy : float, m
    """

    def slope(axis: int, spacing: float) -> np.ndarray:
        steps = np.diff(elevation, axis=axis) / spacing
        gap = np.full_like(np.take(elevation, [0], axis=axis), np.nan)
        sides = np.stack((np.concatenate((gap, steps), axis=axis), np.concatenate((steps, gap), axis=axis)))
        return np.nansum(sides, axis=0) / np.maximum(np.isfinite(sides).sum(axis=0), 1)

    east, north = slope(1, dx), slope(0, dy)
    azimuth, height = math.radians(SUN_AZIMUTH), math.radians(SUN_HEIGHT)
    towards_sun = -(east * math.sin(azimuth) + north * math.cos(azimuth))
    inside = np.isfinite(elevation)
    tone = (math.sin(height) + math.cos(height) * towards_sun) / np.sqrt(1.0 + east**2 + north**2)
    tone -= np.median(tone[inside])
    strongest = max(float(np.quantile(np.abs(tone[inside]), 0.98)), 0.02)  # plains stay plain
    return np.where(inside, np.clip(tone / strongest, -1.0, 1.0), 0.0)


def local_mean(values: np.ndarray, inside: np.ndarray, reach: int) -> np.ndarray:
    """Mean over the cells ``inside`` of the square of ``reach`` cells to each side; 0 if there are none."""

    def sums(field: np.ndarray) -> np.ndarray:
        corner = np.pad(np.pad(field, reach).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        side = 2 * reach + 1
        return corner[side:, side:] - corner[:-side, side:] - corner[side:, :-side] + corner[:-side, :-side]

    count = sums(inside.astype(float))
    return np.where(count > 0.5, sums(np.where(inside, values, 0.0)) / np.maximum(count, 1.0), 0.0)


def _relief(results: xr.Dataset, sheet: Sheet) -> np.ndarray:
    return relief(results.elev.isel(time=0).values.astype(float), sheet.dx, sheet.dy)


def shaded(rgb: np.ndarray, tone: np.ndarray, strength: tuple[float, float]) -> np.ndarray:
    dark, light = (
        np.minimum(tone, 0.0)[..., None] * strength[0],
        np.maximum(tone, 0.0)[..., None] * strength[1],
    )
    return rgb * (1.0 + dark) + (1.0 - rgb) * light


def _decades(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic bar: 1, 2, 5 in each decade, or 1 alone where there are many."""
    powers = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = (1.0,) if high / low > 2e3 else (1.0, 2.0, 5.0)
    return [mark * power for power in powers for mark in marks if low <= mark * power <= high]
