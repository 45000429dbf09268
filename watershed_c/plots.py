"""Figures of a run, drawn from its results.nc: maps over hillshade, outlet series, profiles.

Colours are perceptually uniform and safe for colour-blind readers (cividis and viridis for amounts, BrBG and PuOr for signed ones, Okabe-Ito for lines).
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LightSource, LogNorm, TwoSlopeNorm
from matplotlib.figure import Figure

#: kg m-2 -> t ha-1
TONNES_PER_HECTARE = 10.0
#: Okabe & Ito (2008) colour-blind safe set
BLUE, ORANGE, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#333333"
WATER = "#08519c"

_STYLE = {
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "legend.frameon": False,
}


def draw(directory: Path, *, title: str = "", note: str = "") -> list[Path]:
    """Draw every figure of a run directory into ``figures/``; ``note`` is printed under each map.

    Returns
    -------
    list of Path
    """
    target = directory / "figures"
    target.mkdir(exist_ok=True)
    drawn: list[Path] = []
    with plt.rc_context(_STYLE), xr.open_dataset(directory / "results.nc", decode_times=False) as results:
        for name, figure in (
            ("soc", _soc(results, note)),
            ("soc_change", _soc_change(results, note)),
            ("net_erosion", _net_erosion(results, note)),
            ("drainage", _drainage(results, note)),
            ("outlet", _outlet(results)),
            ("profiles", _profiles(results)),
        ):
            if figure is None:
                continue
            if title:
                figure.suptitle(title, fontsize=9, color="0.35", x=0.01, ha="left")
            path = target / f"{name}.png"
            figure.savefig(path)
            plt.close(figure)
            drawn.append(path)
    return drawn


# -- maps ---------------------------------------------------------------------------------------------------------------
def _extent(results: xr.Dataset) -> tuple[tuple[float, float, float, float], str]:
    """Extent and unit of the axes: kilometres for a catchment, metres for a slope."""
    x, y = results.x.values, results.y.values
    dx, dy = float(x[1] - x[0]), float(y[1] - y[0])
    left, bottom = x[0] - dx / 2, y[0] - dy / 2
    width, height = dx * x.size, dy * y.size
    scale, unit = (1e-3, "km") if max(width, height) > 3000.0 else (1.0, "m")
    return (left * scale, (left + width) * scale, bottom * scale, (bottom + height) * scale), unit


def _figure_for(results: xr.Dataset) -> tuple[Figure, Axes]:
    rows, columns = results.sizes["y"], results.sizes["x"]
    aspect = float(np.clip(rows / columns, 0.35, 1.6))
    return plt.subplots(figsize=(7.2, 7.2 * aspect * 0.82 + 1.5), layout="constrained")


def _relief(ax: Axes, results: xr.Dataset, extent: tuple[float, float, float, float], strength: float = 1.0) -> None:
    elevation = results.elev.isel(time=0).values.astype(float)
    inside = np.isfinite(elevation)
    dx, dy = abs(float(results.x[1] - results.x[0])), abs(float(results.y[1] - results.y[0]))
    filled = np.where(inside, elevation, np.nanmean(elevation))
    shade = LightSource(azdeg=315, altdeg=45).hillshade(filled, vert_exag=2.0, dx=dx, dy=dy)
    shade = np.where(inside, 1.0 - strength * (1.0 - shade), np.nan)
    ax.imshow(shade, cmap="gray", vmin=0, vmax=1, extent=extent, origin="lower", interpolation="nearest")


def _map(results: xr.Dataset, values: np.ndarray, *, title: str, label: str, note: str, cmap: str, norm: object = None, vmin: float | None = None, vmax: float | None = None, extend: str = "neither") -> Figure:  # fmt: skip
    figure, ax = _figure_for(results)
    extent, unit = _extent(results)
    _relief(ax, results, extent, 0.55)
    limits = {"norm": norm} if norm is not None else {"vmin": vmin, "vmax": vmax}
    image = ax.imshow(values, cmap=cmap, extent=extent, origin="lower", alpha=0.82, interpolation="nearest", **limits)  # type: ignore[arg-type]
    image.set_rasterized(True)
    channel = np.where(results.cell_kind.values == 2, 1.0, np.nan)
    if np.isfinite(channel).any():
        ax.imshow(channel, cmap=matplotlib.colors.ListedColormap([WATER]), extent=extent, origin="lower", interpolation="nearest")
    figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02, extend=extend).set_label(label)
    _dress(figure, ax, results, title, unit, note)
    return figure


def _dress(figure: Figure, ax: Axes, results: xr.Dataset, title: str, unit: str, note: str) -> None:
    ax.set_title(title, loc="left")
    ax.set_xlabel(f"easting ({unit})")
    ax.set_ylabel(f"northing ({unit})")
    ax.ticklabel_format(useOffset=False, style="plain")
    ax.spines[["top", "right"]].set_visible(True)
    for spine in ax.spines.values():
        spine.set_color("0.7")
    mapped = np.isfinite(results.elev.isel(time=0).values)
    rows, columns = np.flatnonzero(mapped.any(axis=1)), np.flatnonzero(mapped.any(axis=0))
    (left, right, bottom, top), _ = _extent(results)
    dx, dy = (right - left) / mapped.shape[1], (top - bottom) / mapped.shape[0]
    ax.set_xlim(left + (columns[0] - 1) * dx, left + (columns[-1] + 2) * dx)
    ax.set_ylim(bottom + (rows[0] - 1) * dy, bottom + (rows[-1] + 2) * dy)
    if note:
        figure.supxlabel(note, fontsize=8, color="0.35", wrap=True)


def _last(results: xr.Dataset, name: str) -> np.ndarray:
    return results[name].isel(time=-1).values.astype(float)


def _years(results: xr.Dataset) -> np.ndarray:
    first = int(results.time.attrs["units"].split("since ")[1][:4])
    return first + results.time.values / 365.0


def _robust(values: np.ndarray, share: float = 0.98) -> float:
    finite = np.abs(values[np.isfinite(values)])
    limit = float(np.quantile(finite, share)) if finite.size else 1.0
    return limit if limit > 0.0 else 1.0


def _soc(results: xr.Dataset, note: str) -> Figure | None:
    if "cSoilOrg" not in results:
        return None
    values = _last(results, "cSoilOrg") * TONNES_PER_HECTARE
    low, high = np.nanquantile(values, [0.01, 0.99])
    depth = float(results.layer_bottom[-1])
    title = f"Soil organic carbon to {depth:g} m, end of {_years(results)[-1] - 1e-6:.0f}"
    return _map(results, values, title=title, label="SOC (t C ha$^{-1}$)", note=note, cmap="viridis", vmin=low, vmax=high if high > low else low + 1.0, extend="both")  # fmt: skip


def _soc_change(results: xr.Dataset, note: str) -> Figure | None:
    if "cSoilOrg" not in results:
        return None
    values = (_last(results, "cSoilOrg") - results.cSoilOrg.isel(time=0).values.astype(float)) * TONNES_PER_HECTARE
    limit = _robust(values)
    years = _years(results)
    title = f"Change of soil organic carbon in {years[-1] - years[0]:.0f} years"
    return _map(results, values, title=title, label="change of SOC (t C ha$^{-1}$)", note=note, cmap="BrBG", norm=TwoSlopeNorm(0.0, -limit, limit), extend="both")  # fmt: skip


def _net_erosion(results: xr.Dataset, note: str) -> Figure | None:
    if "netEro" not in results:
        return None
    years = _years(results)
    rate = results.netEro.sum(dim="time", skipna=False).values.astype(float) / (years[-1] - years[0]) * TONNES_PER_HECTARE
    limit = _robust(rate, 0.97)
    return _map(results, rate, title="Net soil loss by water and tillage", label="net soil loss (t ha$^{-1}$ yr$^{-1}$); negative: deposition", note=note, cmap="PuOr_r", norm=TwoSlopeNorm(0.0, -limit, limit), extend="both")  # fmt: skip


def _drainage(results: xr.Dataset, note: str) -> Figure | None:
    figure, ax = _figure_for(results)
    extent, unit = _extent(results)
    _relief(ax, results, extent)
    cell = float(np.nanmedian(results.cell_area.values))
    area = results.darea.values.astype(float)
    high = float(np.nanmax(area))
    low = min(10.0 * cell, high / 10.0)
    lines = np.where(area >= low, area, np.nan)
    hectares = high < 1e6
    factor, label = (1e-4, "ha") if hectares else (1e-6, "km$^2$")
    image = ax.imshow(lines * factor, cmap="Blues", norm=LogNorm(low * factor * 0.2, high * factor), extent=extent, origin="lower", interpolation="nearest")  # fmt: skip
    figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02).set_label(f"upslope area ({label})")
    _dress(figure, ax, results, "Drainage network over relief", unit, note)
    return figure


# -- series and profiles ------------------------------------------------------------------------------------------------
def _outlet(results: xr.Dataset) -> Figure | None:
    if "sediment_export" not in results:
        return None
    area = float(np.nansum(results.cell_area.values))
    step = results.step_time.values
    year = np.floor((step - 1e-6) / 365.0).astype(int)
    first = int(results.time.attrs["units"].split("since ")[1][:4])
    labels = first + np.unique(year)
    def yearly(name: str) -> np.ndarray:
        return np.array([results[name].values[year == y].sum() for y in np.unique(year)]) / area * TONNES_PER_HECTARE
    figure, axes = plt.subplots(3, 1, figsize=(7.5, 7.5), sharex=False, layout="constrained")
    months = np.bincount(np.arange(step.size) % 12, weights=results.discharge.values) / np.bincount(np.arange(step.size) % 12)
    start = int(round(step[0] / (365.0 / 12.0))) - 1
    order = (np.arange(months.size) + start) % 12
    seasonal = np.zeros(12)
    seasonal[order] = months
    axes[0].bar(range(12), seasonal, color=BLUE, width=0.8)
    axes[0].set_xticks(range(12), list("JFMAMJJASOND"))
    axes[0].set_ylabel("discharge (m$^3$ s$^{-1}$)")
    axes[0].set_title("Mean discharge at the outlet, by month", loc="left")
    axes[1].plot(labels, yearly("sediment_export"), color=BLACK, lw=1.6)
    axes[1].set_ylabel("sediment\n(t ha$^{-1}$ yr$^{-1}$)")
    axes[1].set_title("Sediment yield", loc="left")
    for name, colour, text in (("poc_export", ORANGE, "particulate organic"), ("doc_export", GREEN, "dissolved organic"), ("pic_export", PURPLE, "particulate inorganic"), ("dic_export", BLUE, "dissolved inorganic")):  # fmt: skip
        values = yearly(name) * 1000.0
        if np.abs(values).max() > 0.0:
            axes[2].plot(labels, values, color=colour, lw=1.6, label=text)
    axes[2].set_ylabel("carbon\n(kg C ha$^{-1}$ yr$^{-1}$)")
    axes[2].set_title("Carbon leaving with the stream", loc="left")
    axes[2].set_ylim(bottom=0.0)
    axes[1].set_ylim(bottom=0.0)
    if axes[2].lines:
        axes[2].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes[2].set_xlabel("year")
    return figure


def _profiles(results: xr.Dataset) -> Figure | None:
    names = [str(name) for name in results.point_name.values]
    if names == ["none"]:
        return None
    bottom = results.layer_bottom.values
    top = np.concatenate(([0.0], bottom[:-1]))
    thickness = bottom - top
    sic = bool(np.abs(results.profile_sic.values).max() > 0.0)
    kinds = [("soc", "SOC")] + ([("sic", "SIC")] if sic else [])
    figure, axes = plt.subplots(len(kinds), len(names), figsize=(2.9 * len(names) + 0.6, 3.3 * len(kinds)), sharey=True, squeeze=False, layout="constrained")  # fmt: skip
    years = _years(results)
    for row, (kind, label) in enumerate(kinds):
        content = results[f"profile_{kind}"].values / thickness  # kg m-3
        widest = float(content[[0, -1]].max()) * 1.08 or 1.0
        for column, name in enumerate(names):
            ax = axes[row, column]
            for when, colour, style, text in ((0, "0.55", "--", f"start of {years[0]:.0f}"), (-1, BLUE, "-", f"end of {years[-1] - 1e-6:.0f}")):
                values = np.repeat(content[when, column], 2)
                depth = np.stack((top, bottom), axis=1).ravel() * 100.0
                ax.plot(values, depth, color=colour, ls=style, lw=1.8, label=text)
            ax.set_xlim(0.0, widest)
            ax.set_ylim(bottom[-1] * 100.0, 0.0)
            if row == 0:
                ax.set_title(name.replace("_", " "), loc="left")
            ax.set_xlabel(f"{label} (kg C m$^{{-3}}$)")
        axes[row, 0].set_ylabel("depth (cm)")
    axes[0, -1].legend(loc="lower right")
    return figure
