"""Yields that fall with the soil: carbon lost more for it, and whether eroding soil still takes carbon up (behaviour 5).

    python benchmarks/productivity.py [--figure FILE] [--years 150]

A slope of 80 m, 10 m high, of cells of 10 m (clay 23 %, maize and wheat, ploughed, climate of `hillslope`, erosivity 2000 MJ mm ha-1
h-1 yr-1) that begins at its steady state without erosion, for each share of the yield that a metre of lost soil costs: none, and as
comparative plots, transects and desurfacing found it (Bakker et al. 2004); and over rock, where lost soil is lost water as well.
Nothing is fitted: evidence, not a gate.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.scenario.load import load
from watershed_c.simulation import open_results, run

#: m-1: none, comparative plots, transects, desurfacing
LOSSES = (0.0, 0.43, 1.09, 2.66)
#: kg m-3, dry
DENSITY = 1350.0
#: years that the table is of
TOLD = 100
SLOPE: dict[str, Any] = {
    "domain.synthetic": {
        "kind": "convex-concave", "length": "80 m", "width": "10 m", "height": "10 m", "cell_size": "10 m",
    },
    "soil.layers": ["5 cm", "5 cm", "15 cm", "25 cm", "25 cm", "25 cm"],
    "soil.soc": {"value": "50 t/ha", "depth": "25 cm", "profile": "exponential", "e_folding_depth": "25 cm"},
    "climate.erosivity": {"annual": 2000.0},
    "carbon.initial": {"method": "steady"},
    "rotation.wheat.years": ["maize", "winter-wheat"], "rotation.wheat.event": [{"id": "plough", "on": "10-25", "do": "till"}],
    "processes.growth.enabled": True,
    "output.maps": ["cSoilOrg", "netEro", "fVertSoil", "cInput", "yield"], "output.every": "decade",
    "output.figures": False, "numerics.threads": 1,
}  # fmt: skip
STILL = {"processes.water_erosion.enabled": False, "processes.tillage_erosion.enabled": False}
#: soil as deep as it erodes, and over rock
SETTINGS: dict[str, dict[str, Any]] = {"deep soil": {}, "60 cm over rock": {"soil.depth": "60 cm"}}


def slopes(folder: Path, years: int, losses: tuple[float, ...] = LOSSES, **more: Any) -> dict[float, dict[str, np.ndarray]]:
    """Loss of yield (m-1) -> maps by decade and cell, the crest last, of runs from one start without erosion."""
    start = load("hillslope", {**SLOPE, **more, **STILL, "time.end": "2001-01"})
    kept = run(start, output=folder / "start", quiet=True, overwrite=True, keep_start=True).directory / "start.nc"
    found = {}
    for loss in losses:
        changes = {
            **SLOPE, **more, "time.end": f"{2000 + years}-12", "processes.growth.productivity_loss": loss,
            "carbon.initial": {"method": "given", "file": str(kept)},
        }  # fmt: skip
        done = run(load("hillslope", changes), output=folder / f"{loss}", quiet=True, overwrite=True).directory
        with open_results(done) as results:
            inside = ~np.isnan(results["cSoilOrg"].values[0])
            found[loss] = {name: results[name].values[:, inside] for name in SLOPE["output.maps"]}
    return found


def shoulder(of: dict[str, np.ndarray]) -> int:
    """The cell that loses most."""
    return int(of["netEro"].sum(axis=0).argmax())


def totals(of: dict[str, np.ndarray], decades: int) -> dict[str, float]:
    """What came of the first decades, mean of the cells, kg C m-2."""
    stock = of["cSoilOrg"].mean(axis=1)
    return {
        "change of SOC, %": 100.0 * float(stock[decades] / stock[0] - 1.0), "lost": float(stock[0] - stock[decades]),
        "plant input": float(of["cInput"][1 : decades + 1].mean(axis=1).sum()),
        "vertical flux": float(of["fVertSoil"][1 : decades + 1].mean(axis=1).sum()),
    }  # fmt: skip


def draw(path: Path, found: dict[str, dict[float, dict[str, np.ndarray]]]) -> None:
    """Vertical flux of the shoulder by decade, and what its crops yield."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from watershed_c.plots.style import BLUE, GREEN, INK, STYLE, VERMILION, WIDTH

    colors = dict(zip(LOSSES, (INK, BLUE, GREEN, VERMILION), strict=True))
    labels = {0.0: "stable yields", 0.43: "4.3 % of the yield per 10 cm", 1.09: "10.9 %", 2.66: "26.6 %"}
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            2, len(found), figsize=(WIDTH, 4.6), layout="constrained", sharex=True, sharey="row", height_ratios=(1.5, 1.0)
        )
        for (name, runs), (upper, lower) in zip(found.items(), axes.T, strict=True):
            for loss, of in runs.items():
                cell = shoulder(of)
                middle = 10.0 * np.arange(1, of["yield"].shape[0]) - 5.0
                flux, yields = 100.0 * of["fVertSoil"][1:, cell], of["yield"][1:, cell] / runs[0.0]["yield"][1, cell]
                upper.plot(middle, flux, "o-", color=colors[loss], ms=2.5, lw=1.3, label=labels[loss])
                lower.plot(middle, 100.0 * yields, "o-", color=colors[loss], ms=2.5, lw=1.3)
            upper.axhline(0.0, color=INK, lw=0.7)
            lost = runs[0.0]["netEro"][:, shoulder(runs[0.0])].sum() / DENSITY
            upper.set_title(f"{name[0].upper()}{name[1:]}: shoulder, loses {100.0 * lost:.0f} cm", loc="left", fontsize=9)
            lower.set(xlabel="year", ylim=(0.0, 110.0))
        axes[0, 0].set_ylabel("taken up from plants and air\n(g C m$^{-2}$ yr$^{-1}$)")
        axes[1, 0].set_ylabel("yield (% of the first)")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8)
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--years", type=int, default=150)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {name: slopes(Path(folder) / name, asked.years, **more) for name, more in SETTINGS.items()}
    for name, runs in found.items():
        print(f"\n{name}: {TOLD} years, mean of the slope")
        print("| loss, m-1 | change of SOC | more loss than without | plant input | vertical flux, kg C m-2 |")
        print("|---|---|---|---|---|")
        none = totals(runs[0.0], TOLD // 10)["lost"]
        for loss, of in runs.items():
            told = totals(of, TOLD // 10)
            more = "-" if loss == 0.0 else f"{100.0 * (told['lost'] / none - 1.0):.0f} %"
            print(f"| {loss} | {told['change of SOC, %']:.1f} % | {more} | {told['plant input']:.1f} | {told['vertical flux']:.2f} |")
        for loss, of in runs.items():
            cell = shoulder(of)
            flux, yields = 100.0 * of["fVertSoil"][1:, cell], of["yield"][1:, cell] / of["yield"][1, cell]
            print(f"shoulder, {loss} m-1, loses {of['netEro'][:, cell].sum() / DENSITY:.2f} m: vertical flux by decade, g m-2 yr-1, and relative yield")
            print("   ", " ".join(f"{value:.0f}" for value in flux), "|", " ".join(f"{value:.2f}" for value in yields))
    if asked.figure is not None:
        draw(asked.figure, found)


if __name__ == "__main__":
    main()
