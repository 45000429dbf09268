"""The SOC budget of the run as a waterfall, from its ledger."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watershed_c.plots.style import (
    BLUE,
    GREY,
    PALE,
    TONNES_PER_HECTARE,
    VERMILION,
    depth_of,
    end_label,
    number,
    panels,
    period,
    soil_area,
    start_label,
    years_of,
)

INPUT, AMENDMENT, RESPIRED = "plant input", "manure and amendments", "respired CO₂"
PEAT = "net balance of peat"
DISSOLVED, LATERAL = "to dissolved organic C", "leaving with soil (net)"
EXHUMED, BURIED = "exhumed from below the profile", "buried below the profile"
#: ledger term of the SOC account -> its bar; any other term is soil moved between cells or out of the domain
TERMS = {
    "plant_input": INPUT,
    "amendment": AMENDMENT,
    "respired": RESPIRED,
    "peat_balance": PEAT,
    "doc_production": DISSOLVED,
    "substratum_import": EXHUMED,
    "burial_below_profile": BURIED,
}
#: flows smaller than this share of the largest are round-off
ROUND_OFF = 1e-9


@dataclass(frozen=True)
class _Bar:
    name: str
    start: float
    size: float
    colour: str

    @property
    def end(self) -> float:
        return self.start + self.size


def flows(ledger: Path) -> dict[str, float]:
    """SOC of the domain over the run by what moved it, kg, positive into the soil.

    ``soc.*_export`` repeats what left with the stream, which the cells are already debited: it is left out.
    """
    totals = dict.fromkeys((INPUT, AMENDMENT, RESPIRED, PEAT, DISSOLVED, LATERAL, EXHUMED, BURIED), 0.0)
    with ledger.open(newline="") as handle:
        rows = csv.reader(handle)
        terms = {i: name.removeprefix("soc.") for i, name in enumerate(next(rows)) if name.startswith("soc.")}
        terms = {i: term for i, term in terms.items() if not term.endswith("_export")}
        for row in rows:
            for i, term in terms.items():
                totals[TERMS.get(term, LATERAL)] += float(row[i])
    return totals


def draw(results: xr.Dataset, run: str, totals: dict[str, float]) -> Figure | None:
    """Stock at both ends; input and decomposition; and, on a scale of its own, what is left of them.

    Parameters
    ----------
    totals : dict of str to float, kg
        See :func:`flows`.
    """
    if "cSoilOrg" not in results or not any(totals.values()):
        return None
    years, soil = years_of(results), results.cell_kind.values == 1
    per_year = TONNES_PER_HECTARE / soil_area(results) / (years[-1] - years[0])
    least = ROUND_OFF * max(abs(kg) for kg in totals.values())
    rates = {name: kg * per_year for name, kg in totals.items() if abs(kg) > least}
    surface = [name for name in ("cLitterSurf",) if name in results]  # on the soil, and in its account
    stock = TONNES_PER_HECTARE * sum(
        results[name].isel(time=[0, -1]).values[:, soil].mean(axis=1, dtype=np.float64)
        for name in ("cSoilOrg", *surface)
    )
    turnover = _waterfall(rates, (INPUT, AMENDMENT, RESPIRED, PEAT), 0.0)
    left = turnover[-1].end if turnover else 0.0
    rest = _waterfall(rates, (DISSOLVED, LATERAL, EXHUMED, BURIED), left)
    net = _Bar("input less respiration", 0.0, left, GREY)
    change = _Bar("change of SOC", 0.0, rest[-1].end if rest else left, PALE)

    groups = (
        [_Bar(start_label(years[0]), 0.0, stock[0], PALE), _Bar(end_label(years[-1]), 0.0, stock[1], PALE)],
        [*turnover, net],
        [net, *rest, change],
    )
    titles = (
        f"Soil organic carbon, {depth_of(results)}{' and residues on it' if surface else ''} (t C ha⁻¹)",
        f"Input and decomposition, {period(years)} (t C ha⁻¹ yr⁻¹)",
        "What remains and where it goes (t C ha⁻¹ yr⁻¹; its own scale)",
    )
    figure = panels(1.25 + 0.27 * sum(len(bars) for bars in groups), run)
    axes = figure.subplots(3, 1, height_ratios=[len(bars) + 1.2 for bars in groups])
    for ax, bars, title in zip(axes, groups, titles, strict=True):
        _draw_bars(ax, bars, steps=ax is not axes[0])
        ax.set_title(title)
    return figure


def _waterfall(rates: dict[str, float], names: tuple[str, ...], level: float) -> list[_Bar]:
    """The bars there are of ``names``, each beginning where the one before ends."""
    bars = []
    for name in names:
        if name in rates:
            bars.append(_Bar(name, level, rates[name], BLUE if rates[name] > 0.0 else VERMILION))
            level = bars[-1].end
    return bars


def _draw_bars(ax: Axes, bars: list[_Bar], *, steps: bool) -> None:
    """Bars from the top down with their sizes; where they are ``steps``, signed and joined end to start."""
    low, high = min(0.0, *(bar.end for bar in bars)), max(0.0, *(max(bar.start, bar.end) for bar in bars))
    span = (high - low) or 1.0
    for row, bar in enumerate(bars):
        ax.barh(row, bar.size, left=bar.start, height=0.68, color=bar.colour, edgecolor="none")
        text = number(bar.size, signed=True) if steps else f"{bar.size:.1f}"
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # over the line at zero
        ax.text(max(bar.start, bar.end) + 0.014 * span, row, text, va="center", size=8, bbox=paper)
        if steps and row + 1 < len(bars):
            ax.plot([bar.end, bar.end], [row - 0.34, row + 1.34], color=GREY, lw=0.6)
    ax.axvline(0.0, color=GREY, lw=0.7)
    ax.set_yticks(range(len(bars)), [bar.name for bar in bars])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(bars) - 0.5, -0.5)
    ax.set_xlim(low - 0.02 * span, high + 0.12 * span)
