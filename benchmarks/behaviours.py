"""What the coupled parts do together: ``python benchmarks/behaviours.py [--figure FILE]``. See docs/behaviours.md.

Three experiments of which no part alone would tell the outcome, each a baseline and variants of it from one start:
closer drains on wet clay, deeper roots of the same carbon, and biochar that lies on a steep field.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.scenario.load import load
from watershed_c.simulation import open_results
from watershed_c.variants import FinishedVariants, run_variants

#: kg m-2 -> t ha-1
TONNES = 10.0
FOREVER = [{"class": "wheat"}]
#: a clay slope under ploughed wheat over a tight base, limed by nature, in a wet climate; decomposition and runoff see
#: the water of the soil (coupling rules 11 and 24)
WET_CLAY: dict[str, Any] = {
    "domain.synthetic.length": "200 m", "domain.synthetic.width": "10 m", "domain.synthetic.height": "8 m",
    "climate.constant.precipitation": [95.0] * 12,
    "soil.clay": "45 %", "soil.sand": "10 %",
    "soil.sic": {"value": "3 %", "as": "CaCO3", "lithogenic": "100 %"},
    "soil.substratum.sic": "0.36 %",
    "carbon.initial": {"method": "steady"},
    "processes.soil_water": {
        "rain_days": 15.0, "base_conductivity": "0.1 mm/day", "infiltration": "curve_number_moisture",
    },
    "processes.water_erosion.model": "musle",
    "processes.decomposition.moisture": {"form": "layered", "wet_end": "skopp"},
    "processes.carbonate.enabled": True, "processes.dissolved_carbon.enabled": True,
    "output.maps": ["cSoilOrg", "wtd", "mrros", "rh"], "output.every": "month",
}  # fmt: skip
#: m
SPACINGS = (40, 20, 10)
#: beta of Jackson's law and deepest root, m: as much above 1 m as with the 0.961 of crops
DEEP = {"beta": 0.98, "deepest": "1.067 m"}
#: char on a plane of 15 %, drilled without tillage, once in ten years
STEEP: dict[str, Any] = {
    "domain.synthetic": {
        "kind": "plane", "length": "100 m", "width": "10 m", "height": "15 m", "cell_size": "10 m",
    },
    "carbon.initial": {"method": "steady"},
    "carbon.model": "rothc:biochar",
    "processes.water_erosion.enrichment": {"char": 2.0},
    "rotation.wheat.years": ["maize"] + 9 * ["winter-wheat"],
    "rotation.wheat.event": [
        {"id": "plough", "on": "09-20", "do": "none"},
        {"id": "char", "on": "10-20", "do": "none"},
        {"id": "bale", "on": "08-05", "do": "harvest", "crop": "winter-wheat", "straw_removed": "100 %"},
    ],
    "land.rules": FOREVER,
}  # fmt: skip
CHAR = {
    "id": "char", "on": "02-15", "crop": "maize", "do": "manure", "material": "biochar-wood", "amount": "10 t/ha",
}  # fmt: skip


def together(changes: dict[str, Any], variants: dict[str, dict[str, Any]], years: int, folder: Path) -> FinishedVariants:
    """A changed hillslope and its variants, run for ``years``."""
    always = {"time.end": f"{2000 + years}-12", "output.figures": False, "numerics.threads": 1}
    scenario = load("hillslope", {**always, **changes, "variants": variants})
    return run_variants(scenario, output=folder, overwrite=True, quiet=True)


def drains(
    folder: Path, years: int = 20, spacings: tuple[int, ...] = SPACINGS, **changes: Any
) -> dict[str, dict[str, float]]:
    """Spacing of tiles -> what it makes of water, soil and carbon."""

    def system(spacing: int) -> dict[str, Any]:
        key = "processes.artificial_drainage"
        kind = {"classes": ["wheat"], "spacing": f"{spacing} m", "depth": "90 cm", "coefficient": "20 mm/day"}
        return {f"{key}.enabled": True, f"{key}.system": [kind]}

    widest, *closer = spacings
    variants = {f"{spacing}-m": system(spacing) for spacing in closer}
    done = together({**WET_CLAY, **changes, **system(widest)}, variants, years, folder)
    found = {}
    for spacing, (name, run) in zip(spacings, done.runs.items(), strict=True):
        with open_results(run) as results:
            soil = results.cell_kind.values == 1
            depth = float(results.wtd.values[1:, soil].mean())
            runoff = float(results.mrros.values[1:, soil].mean(axis=1).sum()) / years
        table = done.comparison
        found[f"{spacing} m"] = {
            "water table, m": depth,
            "runoff, mm/yr": runoff,
            "gross erosion, t/ha/yr": table.value("gross erosion by water", name),
            "respired, t C/ha/yr": -table.value("respired", name),
            "DIC to the stream, t C/ha/yr": table.value("DIC leached", name),
            "change of SOC, t C/ha/yr": table.value("change of SOC", name),
        }
    return found


def deep_roots(folder: Path, years: int = 60, **changes: Any) -> dict[str, Any]:
    """Wheat with the roots of crops and with deeper ones that bring as much: layers, and carbon that leaves."""
    narrow = {"domain.synthetic.width": "10 m", "carbon.initial": {"method": "steady"}, **changes}
    done = together(narrow, {"deep-roots": {"rotation.wheat.roots": {"winter-wheat": DEEP}}}, years, folder)
    found: dict[str, Any] = {}
    for name, run in done.runs.items():
        with open_results(run) as results:
            found["bottom"] = results.layer_bottom.values
            found[name] = {
                "layers": results.mean_soc.values[-1] * TONNES,
                "input": done.comparison.value("plant input", name),
                "left": done.comparison.value("SOC that leaves with sediment", name),
            }
    return found


def biochar(folder: Path, years: int = 10, **changes: Any) -> dict[str, float]:
    """What of the char that was brought is left, eroded and respired, t C/ha: differences between with and without."""
    events = STEEP["rotation.wheat.event"]
    with_char = [events[0], CHAR, events[2]]
    worked_in = [events[0], {**CHAR, "depth": "20 cm"}, events[2]]
    variants = {"on-top": {"rotation.wheat.event": with_char}, "worked-in": {"rotation.wheat.event": worked_in}}
    done = together({**STEEP, **changes}, variants, years, folder)
    found = {}
    table = done.comparison
    for name in variants:
        more = {
            row: (table.value(row, name) - table.value(row, "baseline")) * years
            for row in ("manure and other amendments", "respired", "SOC that leaves with sediment")
        }
        found[name] = {
            "brought": more["manure and other amendments"],
            "respired": -more["respired"],
            "eroded": more["SOC that leaves with sediment"],
        }
    found["erosion"] = table.value("gross erosion by water", "baseline")
    return found


def draw(path: Path, wet: dict[str, dict[str, float]], roots: dict[str, Any], char: dict[str, Any]) -> None:
    """The three experiments in one figure."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from watershed_c.plots.style import BLUE, GREEN, INK, STYLE, VERMILION, WIDTH

    with pyplot.rc_context(STYLE):
        figure, (left, middle, right) = pyplot.subplots(
            1, 3, figsize=(WIDTH, 3.1), layout="constrained", width_ratios=(1.25, 1.0, 0.9)
        )
        widest, closest = next(iter(wet)), list(wet)[-1]
        labels = {
            "water table, m": "depth of water table", "runoff, mm/yr": "runoff",
            "gross erosion, t/ha/yr": "gross erosion", "respired, t C/ha/yr": "CO$_2$ respired",
            "DIC to the stream, t C/ha/yr": "DIC to the stream",
        }  # fmt: skip
        times = [wet[closest][quantity] / wet[widest][quantity] for quantity in labels]
        at = np.arange(len(labels))[::-1]
        left.barh(at, np.log2(times), color=[BLUE if value > 1 else VERMILION for value in times], height=0.5)
        left.axvline(0.0, color=INK, lw=0.7)
        ticks = [
            f"{name}\n{wet[widest][quantity]:.3g} to {wet[closest][quantity]:.3g} {quantity.split(', ')[1]}"
            for quantity, name in labels.items()
        ]
        left.set_yticks(at, ticks, fontsize=7)
        for y, value in zip(at, times, strict=True):
            side, gap = ("left", 0.08) if value > 1 else ("right", -0.08)
            left.text(np.log2(value) + gap, y, f"× {value:.2f}", ha=side, va="center", fontsize=7.5)
        left.set(xlim=(-1.9, 3.4), ylim=(-0.6, len(labels) - 0.4), xlabel="times as much")
        left.set_xticks((-1, 0, 1, 2), ("½", "1", "2", "4"))
        left.set_title(f"Tiles {closest} apart,\nnot {widest}", fontsize=9)
        left.spines["left"].set_visible(False)
        left.tick_params(axis="y", length=0)
        bottom = roots["bottom"] * 100.0
        top = np.concatenate(([0.0], bottom[:-1]))
        more = (roots["deep-roots"]["layers"] - roots["baseline"]["layers"]) / (bottom - top) * 10.0
        middle.barh(
            (top + bottom) / 2, more, height=(bottom - top) * 0.92,
            color=[BLUE if value > 0 else VERMILION for value in more],
        )  # fmt: skip
        middle.axvline(0.0, color=INK, lw=0.7)
        middle.set(ylim=(bottom[-1], 0.0), ylabel="depth (cm)", xlabel="more SOC (t C ha$^{-1}$ per 10 cm)")
        lost = [1000.0 * roots[name]["left"] for name in ("baseline", "deep-roots")]
        middle.set_title("Deeper roots,\n60 years", fontsize=9)
        middle.text(
            0.99, 0.98, f"leaves with\nsediment:\n{lost[0]:.1f} to\n{lost[1]:.1f} kg C\nha$^{{-1}}$ yr$^{{-1}}$",
            ha="right", va="top", transform=middle.transAxes, fontsize=7,
        )  # fmt: skip
        for place, name in enumerate(("on-top", "worked-in")):
            part = char[name]
            eroded, respired = (100.0 * part[key] / part["brought"] for key in ("eroded", "respired"))
            right.bar(place - 0.18, eroded, 0.34, color=VERMILION, label="eroded" if place == 0 else None)
            right.bar(place + 0.18, respired, 0.34, color=GREEN, label="respired" if place == 0 else None)
            for x, value in ((place - 0.18, eroded), (place + 0.18, respired)):
                right.text(x, value, f"{value:.0f}", ha="center", va="bottom", fontsize=7.5)
        right.set_xticks((0, 1), ("left on top", "worked in"))
        right.set(ylabel="share of the char's carbon (%)")
        right.set_title("Biochar on 15 %,\n10 years", fontsize=9)
        right.legend(loc="upper right")
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="draw into this file")
    parser.add_argument("--only", choices=("drains", "roots", "biochar"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.only in (None, "drains"):
            wet = drains(Path(folder) / "drains")
            for spacing, values in wet.items():
                print(f"tiles {spacing} apart: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items()))
        if asked.only in (None, "roots"):
            roots = deep_roots(Path(folder) / "roots")
            for name in ("baseline", "deep-roots"):
                layers = ", ".join(f"{value:.2f}" for value in roots[name]["layers"])
                print(f"{name}: input {roots[name]['input']:.3f}, layers {layers} t C/ha, leaves {roots[name]['left']:.4f}")
        if asked.only in (None, "biochar"):
            char = biochar(Path(folder) / "biochar")
            print(f"gross erosion {char['erosion']:.1f} t/ha/yr")
            for name in ("on-top", "worked-in"):
                print(f"char {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in char[name].items()) + " t C/ha")
        if asked.figure:
            draw(asked.figure, wet, roots, char)


if __name__ == "__main__":
    main()
