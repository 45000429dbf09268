"""Carbon gained by cover crops beside what was measured: ``python benchmarks/cover_crops.py [--figure FILE]``.

Spring barley and maize on level loam in the climate of Rothamsted, ploughed in spring, from a steady state without cover
crops; then with each cover crop of the library. RothC, nothing fitted: evidence, not a gate. See docs/behaviours.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.scenario.load import load
from watershed_c.simulation import open_results
from watershed_c.soil_mass import fixed_depth
from watershed_c.variants import run_variants

#: t C ha-1 yr-1 and its standard error, mean depth (m), longest experiment (yr): Poeplau & Don 2015, Agric. Ecosyst.
#: Environ. 200, 33, 139 plots; the rate read as 1.17 +- 0.29 t CO2 in a later report, depth and length from memory
MEASURED, ERROR, DEPTH, LONGEST = 0.32, 0.08, 0.22, 54
#: the same of 176 comparisons in twenty reviews (Bolinder et al. 2020, Mitig. Adapt. Strateg. Glob. Change 25, 929)
REVIEWED = 0.331
COVERS = ("rye-cover", "mustard-cover", "clover-cover", "cover-mix")
CROPS = ("barley", "maize")
LEVEL: dict[str, Any] = {
    "domain.synthetic.length": "30 m", "domain.synthetic.width": "10 m", "domain.synthetic.height": "0.3 m",
    "time.end": f"{2000 + LONGEST}-12",
    "carbon.initial": {"method": "steady"},
    "processes.water_erosion.enabled": False, "processes.tillage_erosion.enabled": False,
    "output.figures": False, "numerics.threads": 1,
}  # fmt: skip


def gains(crop: str, folder: Path) -> dict[str, tuple[np.ndarray, float]]:
    """Cover crop -> gain of SOC against none to the depth of the experiments by year, t C/ha; and its input a year."""
    plough = {"id": "plough", "on": "03-01", "do": "till", "implement": "mouldboard-plough"}
    variants = {cover: {"rotation.wheat.cover_crop": cover} for cover in COVERS}
    scenario = load(
        "hillslope",
        {**LEVEL, "rotation.wheat.years": [crop], "rotation.wheat.event": [plough], "variants": variants},
    )
    done = run_variants(scenario, output=folder, quiet=True)
    stock = {}
    for name, run in done.runs.items():
        with open_results(run) as results:
            thickness = np.diff(np.concatenate(([0.0], results.layer_bottom.values)))
            stock[name] = 10.0 * fixed_depth(thickness, results.mean_soc.values, DEPTH)
    usual = done.comparison.value("plant input", "baseline")
    return {
        cover: (stock[cover] - stock["baseline"], done.comparison.value("plant input", cover) - usual)
        for cover in COVERS
    }


def draw(path: Path, found: dict[str, dict[str, tuple[np.ndarray, float]]]) -> None:
    """Gains beside the measured rate."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from watershed_c.plots.style import BLUE, GREEN, GREY, PALE, PURPLE, STYLE, VERMILION, WIDTH

    years = np.arange(LONGEST + 1)
    with pyplot.rc_context(STYLE):
        figure, panels = pyplot.subplots(1, 2, figsize=(WIDTH, 3.0), sharey=True, layout="constrained")
        for panel, (crop, by_cover) in zip(panels, found.items(), strict=True):
            low, high = (MEASURED - ERROR) * years, (MEASURED + ERROR) * years
            panel.fill_between(years, low, high, color=PALE, alpha=0.5, lw=0)
            panel.plot(years, MEASURED * years, color=GREY, lw=1.0, dashes=(4, 2), label="Poeplau & Don 2015, linear")
            for (cover, (gain, brought)), colour in zip(
                by_cover.items(), (BLUE, VERMILION, GREEN, PURPLE), strict=True
            ):
                panel.plot(years, gain, color=colour, lw=1.5, label=f"{cover}, {brought:.2f} t C ha$^{{-1}}$ yr$^{{-1}}$")
            panel.set_title(f"before {crop}", fontsize=9)
            panel.set(xlabel="years", xlim=(0, LONGEST), ylim=(0, None))
            panel.legend(loc="upper left", fontsize=7)
        panels[0].set_ylabel(f"gain of SOC, 0\N{EN DASH}{100 * DEPTH:.0f} cm (t C ha$^{{-1}}$)")
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="draw into this file")
    path = parser.parse_args().figure
    print("| crop | cover crop | its carbon, t/ha/yr | gain in 10 years, t/ha/yr | in 54 years |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        found = {crop: gains(crop, Path(folder) / crop) for crop in CROPS}
    for crop, by_cover in found.items():
        for cover, (gain, brought) in by_cover.items():
            print(f"| {crop} | {cover} | {brought:.2f} | {gain[10] / 10:.2f} | {gain[-1] / LONGEST:.2f} |")
    print(f"measured: {MEASURED} +- {ERROR}; reviews {REVIEWED} t C/ha/yr")
    if path:
        draw(path, found)


if __name__ == "__main__":
    main()
