"""Annual cover-management factor C of every sown crop beside the values of RUSLE2015 (Panagos et al. 2015).

    python benchmarks/cover_factors.py [--figure FILE]

Monocultures in the mean year of Rothamsted, erosivity peaking in July (R = 600). Conventional: ploughed three weeks before
sowing, harrowed the day before; reduced: chisel plough instead; no-till: direct drill only. Residues stay except in the column
that says so. Nothing is fitted: evidence, not a gate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from watershed_c.management.cycle import Climatology
from watershed_c.management.library import Crop, load_library
from watershed_c.management.reading import month_day
from watershed_c.management.tables import build_units

#: degC, mm and MJ mm ha-1 h-1 per month
TEMPERATURE = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])
RAIN = np.array([60.0] * 4 + [70.0] * 4 + [60.0] * 4)
EROSIVITY = 6.0 * np.array([1.0, 1, 2, 4, 8, 15, 20, 18, 13, 9, 5, 4])
#: Panagos et al. 2015, Land Use Policy 48:38, conventional tillage, from memory; by our names
RUSLE2015 = {
    "winter-wheat": 0.20, "spring-wheat": 0.20, "winter-rye": 0.20, "triticale": 0.20, "barley": 0.21,
    "winter-barley": 0.21, "oats": 0.20, "maize": 0.38, "silage-maize": 0.38, "rice": 0.15, "field-pea": 0.32, "faba-bean": 0.32, "soybean": 0.28,
    "potato": 0.34, "sugar-beet": 0.34, "rapeseed": 0.30, "sunflower": 0.32, "linseed": 0.25, "cotton": 0.50,
}  # fmt: skip
#: the same source: ratio to conventional tillage without residues left or cover crops
RATIOS = {"reduced": 0.35, "no-till": 0.25, "residues left": 0.88, "cover crop": 0.80}


def passes(crop: Crop, tillage: str) -> list[dict[str, object]]:
    assert crop.sown is not None
    before, eve = month_day(crop.sown - 21), month_day(crop.sown - 1)
    plough = {"conventional": "mouldboard-plough", "reduced": "chisel-plough"}
    if tillage == "no-till":
        return [{"on": eve, "do": "till", "implement": "direct-drill"}]
    return [
        {"on": before, "do": "till", "implement": plough[tillage]},
        {"on": eve, "do": "till", "implement": "rotary-harrow"},
    ]


def annual(crop: Crop, tillage: str = "conventional", *, straw_removed: float = 0.0, cover: str | None = None) -> float:
    """C of the year under a monoculture."""
    assert crop.harvested is not None
    events = passes(crop, tillage)
    if straw_removed:
        on = month_day(crop.harvested)
        events.append({"on": on, "do": "harvest", "crop": crop.name, "straw_removed": straw_removed})
    record = {"years": [crop.name], "event": events, **({"cover_crop": cover} if cover else {})}
    tables = build_units(
        {"r": record}, load_library(), layer_bottom=[0.1, 0.25, 0.5, 1.0],
        climate=Climatology(TEMPERATURE, RAIN, EROSIVITY),
    )  # fmt: skip
    return float(tables.cover_factor_annual[0, 0])


def draw(path: Path, found: dict[str, dict[str, float]]) -> None:
    """C of each crop by tillage beside the table of RUSLE2015."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from watershed_c.plots.style import BLUE, GREEN, INK, PALE, STYLE, VERMILION, WIDTH

    order = sorted(found, key=lambda name: found[name]["conventional"])
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(WIDTH, 4.4), layout="constrained")
        for y, name in enumerate(order):
            known = [value for value in found[name].values() if not np.isnan(value)]
            axes.plot((min(known), max(known)), (y, y), color=PALE, lw=1.2, zorder=1)
        for what, marker, colour in (
            ("conventional", "o", BLUE), ("reduced", "s", GREEN), ("no-till", "v", VERMILION), ("RUSLE2015", "|", INK),
        ):  # fmt: skip
            size, width = (150, 2.2) if marker == "|" else (26, 0.0)
            label = "conventional, RUSLE2015" if marker == "|" else f"{what}, here"
            values = [found[name][what] for name in order]
            axes.scatter(values, range(len(order)), s=size, marker=marker, color=colour, lw=width, label=label, zorder=2)
        axes.set_yticks(range(len(order)), order)
        axes.set(xlabel="annual cover-management factor C", xlim=(0.0, 0.55), ylim=(-0.7, len(order) - 0.3))
        axes.legend(loc="lower right")
        axes.set_title("C of monocultures, straw left, beside the table of RUSLE2015", fontsize=9)
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="draw into this file")
    path = parser.parse_args().figure
    shown: dict[str, dict[str, float]] = {}
    print("| crop | conventional | RUSLE2015 | reduced | no-till | straw removed | rye before it |")
    print("|---|---|---|---|---|---|---|")
    ratios: dict[str, list[float]] = {"reduced": [], "no-till": [], "residues left": [], "cover crop": []}
    for crop in load_library().crops.values():
        if crop.kind != "annual":
            continue
        usual = annual(crop)
        bare = annual(crop, straw_removed=1.0) if crop.straw > 0.0 else usual
        reduced, none = annual(crop, "reduced"), annual(crop, "no-till")
        covered = annual(crop, cover="rye-cover") if crop.habit == "spring" else float("nan")
        found = (reduced / usual, none / usual, usual / bare, covered / usual)
        for values, value in zip(ratios.values(), found, strict=True):
            values.append(value)
        table = RUSLE2015.get(crop.name, np.nan)
        shown[crop.name] = {"conventional": usual, "reduced": reduced, "no-till": none, "RUSLE2015": table}
        row = (usual, table, reduced, none, bare, covered)
        print(f"| {crop.name} | " + " | ".join("-" if np.isnan(value) else f"{value:.2f}" for value in row) + " |")
    off = [annual(crop) - RUSLE2015[name] for name, crop in load_library().crops.items() if name in RUSLE2015]
    print(f"conventional less RUSLE2015: mean {np.mean(off):+.3f}, mean of sizes {np.mean(np.abs(off)):.3f}, {len(off)} crops")
    for name, values in ratios.items():
        spread = f"{np.nanmin(values):.2f}-{np.nanmax(values):.2f}"
        print(f"{name}: times {np.nanmean(values):.2f} ({spread}); RUSLE2015 {RATIOS[name]}")
    if path:
        draw(path, shown)


if __name__ == "__main__":
    main()
