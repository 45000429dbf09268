"""Credited sequestration and what of it moved: ``python benchmarks/sequestration.py [--figure FILE]``.

The protocol of GSOCseq (FAO 2020): carbon input 5, 10 and 20 % above the usual for 20 years, from one start. Without
erosion and feedbacks RothC is linear and the relative rates are as 1 : 2 : 4; then with erosion, and with what SOC does
to water, erodibility and so to itself. See docs/behaviours.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.scenario.load import load
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import open_results
from watershed_c.variants import FinishedVariants, run_variants

#: kg m-2 -> t ha-1
TONNES = 10.0
#: more carbon input of the three practices (SSM1 to SSM3)
MORE = {"ssm1": 0.05, "ssm2": 0.10, "ssm3": 0.20}
YEARS = 20
#: kg C m-2 yr-1, input of business as usual
USUAL = 0.4
#: laws that can see SOC, and do not yet
LAWS: dict[str, Any] = {
    "soil.erodibility": {"law": "epic"},
    "processes.water_erosion.prior_land_use": False,
    "processes.decomposition.moisture.form": "layered",
}
QUIET: dict[str, Any] = {
    **LAWS, "processes.water_erosion.enabled": False, "processes.tillage_erosion.enabled": False,
}  # fmt: skip
EROSION: dict[str, Any] = {**LAWS, "processes.water_erosion.enrichment": {"law": "constant", "ratio": 1.5}}
FEEDBACKS: dict[str, Any] = {
    **EROSION, "soil.erodibility": {"law": "epic", "follows_soc": True}, "processes.soil_water.follows_soc": True,
}  # fmt: skip
SETTINGS = {"nothing moves": QUIET, "erosion": EROSION, "erosion and feedbacks": FEEDBACKS}


def scenario(setting: dict[str, Any], years: int = YEARS, **more: Any) -> Scenario:
    """A strip of the teaching slope with one input everywhere, and the three practices as its variants."""
    variants = {name: {"rotation.wheat.plant_input": USUAL * (1.0 + share)} for name, share in MORE.items()}
    return load(
        "hillslope",
        {
            "domain.synthetic.width": "10 m", "time.end": f"{2000 + years}-12", "rotation.wheat.plant_input": USUAL,
            "carbon.initial": {"method": "steady"}, "output.figures": False, "numerics.threads": 1,
            "output.maps": ["cSoilOrgTop", "netEro", "fVertSoil", "cLateral", "fSubstratum"],
            "variants": variants, **setting, **more,
        },
    )  # fmt: skip


def rates(done: FinishedVariants) -> tuple[np.ndarray, np.ndarray]:
    """Relative sequestration rates of the three practices, 0-30 cm, t C/ha/yr; and the share of the gain that moved."""
    table = done.comparison
    relative = [table.value("relative sequestration rate, 0-30 cm", name) for name in MORE]
    moved = []
    for name in MORE:
        gain, air = (table.value(row, name) for row in ("gain of SOC against the first", "  of it from plants and air"))
        moved.append((gain - air) / gain)
    return np.array(relative), np.array(moved)


def along_the_slope(done: FinishedVariants, name: str) -> dict[str, np.ndarray]:
    """From the crest down: gain of SOC a year against the usual, of it from plants and air, and net soil loss."""
    found = []
    for run in (done.runs["baseline"], done.runs[name]):
        with open_results(run) as results:
            soil = results.cell_kind.values == 1
            rows = soil.any(axis=1)

            def mean(values: np.ndarray, soil: np.ndarray = soil, rows: np.ndarray = rows) -> np.ndarray:
                return np.nanmean(np.where(soil, values, np.nan)[rows], axis=1)[::-1]

            years = results.time.size - 1
            found.append({
                "stock": mean(results.cSoilOrg.values[-1]) * TONNES / years,
                "air": mean(np.nansum(results.fVertSoil.values, axis=0)) * TONNES / years,
                "loss": mean(np.nansum(results.netEro.values, axis=0)) * TONNES / years,
            })  # fmt: skip
    usual, more = found
    return {"gain": more["stock"] - usual["stock"], "air": more["air"] - usual["air"], "loss": usual["loss"]}


def draw(path: Path, found: dict[str, tuple[np.ndarray, np.ndarray]], slope: dict[str, np.ndarray]) -> None:
    """Rates against input, and the gain along the slope with what of it came from plants and air."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    from watershed_c.plots.style import BLUE, GREEN, GREY, INK, STYLE, VERMILION, WIDTH

    with pyplot.rc_context(STYLE):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(WIDTH, 3.2), layout="constrained", width_ratios=(1, 1.25))
        share, unit = 100.0 * np.array(list(MORE.values())), "t C ha$^{-1}$ yr$^{-1}$"
        linear = found["nothing moves"][0]
        for (name, (relative, _)), colour, marker in zip(
            found.items(), (INK, BLUE, VERMILION), ("o", "s", "^"), strict=True
        ):
            left.plot(share, 100.0 * relative / linear, marker=marker, ms=4.5, lw=1.2, color=colour,
                      label=f"{name}\n    1 : {relative[1] / relative[0]:.4f} : {relative[2] / relative[0]:.4f}")  # fmt: skip
        left.set(xlabel="more carbon input (%)", ylabel="relative rate, % of that where nothing moves")
        left.set(xlim=(4, 21), ylim=(95.5, 100.5), xticks=share)
        left.legend(loc="lower left", fontsize=7)
        left.set_title("Rates of the protocol, 0\N{EN DASH}30 cm", fontsize=9)
        x = 10.0 * np.arange(slope["gain"].size) + 5.0
        right.plot(x, slope["air"], color=GREEN, lw=1.6, label="from plants and air")
        right.plot(x, slope["gain"], color=INK, lw=1.6, label="gain of SOC")
        right.fill_between(x, slope["air"], slope["gain"], where=slope["gain"] >= slope["air"], color=BLUE, alpha=0.25,
                           lw=0, label="moved in", interpolate=True)  # fmt: skip
        right.fill_between(x, slope["air"], slope["gain"], where=slope["gain"] < slope["air"], color=VERMILION,
                           alpha=0.25, lw=0, label="moved away", interpolate=True)  # fmt: skip
        right.axhline(0.0, color=GREY, lw=0.7)
        right.set(xlabel="distance from the crest (m)", ylabel=unit, xlim=(0, x[-1] + 5))
        right.set_ylim(0.0, None)
        right.legend(loc="best", fontsize=7)
        right.set_title("+20 % along an eroding slope", fontsize=9)
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="draw into this file")
    path = parser.parse_args().figure
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, setting in SETTINGS.items():
            done = run_variants(scenario(setting), output=Path(folder) / name.replace(" ", "-"), quiet=True)
            relative, moved = found[name] = rates(done)
            ratios = " : ".join(f"{value:.7f}" for value in relative / relative[0])
            print(f"{name}: RSR {relative.round(5)} t C/ha/yr, {ratios}, moved {(100 * moved).round(2)} % of the gain")
            slope = along_the_slope(done, "ssm3")
            share = (slope["gain"] - slope["air"]) / slope["gain"]
            print(f"  +20 %, along the slope: gain {slope['gain'].min():.3f} to {slope['gain'].max():.3f}, moved part of it "
                  f"{100 * share.min():.0f} to {100 * share.max():.0f} %, soil loss {slope['loss'].min():.1f} to "
                  f"{slope['loss'].max():.1f} t/ha/yr")  # fmt: skip
            if name == "erosion":
                shown = slope
    if path:
        draw(path, found, shown)


if __name__ == "__main__":
    main()
