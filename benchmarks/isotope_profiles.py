"""C, Delta14C and delta13C with depth where soil is lost, stays and is laid down: ``python benchmarks/isotope_profiles.py
[--figure FILE]``.

The slope of the scenario ``hillslope``, 30 m wide, in layers of 5 cm: a steady state without erosion under the air of
1850, then 166 years of wash and plough to the end of 2015, with the air's 14C and 13C; the tenth of the cells that
loses most, and gains most. Stable is the same slope without erosion. Compared with what Wang, Qiu &
Van Oost (2020, Geosci. Model Dev. 13, 4977) observed and modelled on a cultivated slope: eroding soil is depleted in
14C and enriched in 13C compared with depositional soil. Three runs part the causes of the differences in 13C: as it
is, without the slower decay of 13C, and with the 13C of the air of 1850 for ever.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.io import restart
from watershed_c.isotopes import permil
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

LAYERS = 20
FIRST, LAST = 1850, 2015
SITES = ("eroding", "stable", "depositional")
RUNS = ("as it is", "no slower decay of 13C", "air of 1850 for 13C")


@dataclass
class Profile:
    """Of one kind of site: mean gain or loss of soil, kg m-2 yr-1, and by layer (L) carbon, g kg-1, and deltas."""

    cells: int
    net: float
    carbon: np.ndarray
    c14: np.ndarray
    c13: np.ndarray


def assembled(erosion: bool, start: str, end: str, how: str) -> Assembly:
    """The slope with or without erosion, its isotopes as ``how`` of ``RUNS`` says."""
    scenario = load("hillslope").with_(
        {
            "domain.synthetic.width": 30.0,
            "soil.layers": [0.05] * LAYERS,
            "time.start": start, "time.end": end,
            "carbon.initial": {"method": "steady"},
            "carbon.isotopes": {"c14": True, "c13": True, "since": FIRST},
            "processes.water_erosion.enabled": erosion, "processes.tillage_erosion.enabled": erosion,
        }
    )  # fmt: skip
    assembly = assemble(resolve(scenario, overwrite=True))
    decomposition = assembly.model.processes["decomposition"]
    assert isinstance(decomposition, Decomposition) and decomposition.twins is not None
    twins = decomposition.twins
    if how == "no slower decay of 13C":
        twins.slower["c13"] = 1.0
    if how == "air of 1850 for 13C":
        twins.atmosphere = replace(twins.atmosphere, c13=np.full_like(twins.atmosphere.c13, twins.atmosphere.c13[0]))
    return assembly


def profiles(how: str) -> dict[str, Profile]:
    """Profiles of the three kinds of sites at the end of 2015."""
    before = assembled(False, f"{FIRST}-01", f"{FIRST}-12", how)
    initialise(before)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "start.nc"
        restart.save(file, before.watershed, next_step=0, scenario_hash="", extra={})
        moved, still = (assembled(erosion, f"{FIRST}-01", f"{LAST}-12", how) for erosion in (True, False))
        for assembly in (moved, still):
            initialise(assembly, carbon_of=file)
    net = followed(moved)
    followed(still)
    return {
        "eroding": profile(moved, net, net <= np.quantile(net, 0.1)),
        "stable": profile(still, 0.0 * net, net == net),
        "depositional": profile(moved, net, net >= np.quantile(net, 0.9)),
    }


def followed(assembly: Assembly) -> np.ndarray:
    """Take a run to its end; returns the mean gain of soil of its cells (c), kg m-2 yr-1."""
    w, model = assembly.watershed, assembly.model
    gained = w.ledger.map_of("soil", "lateral")
    gained[:] = 0.0
    while not model.done:
        model.step()
    return np.asarray(gained[w.cells] / (LAST - FIRST + 1))


def profile(assembly: Assembly, net: np.ndarray, chosen: np.ndarray) -> Profile:
    """Of the ``chosen`` (c) cells together."""
    w = assembly.watershed
    stocks = w.stocks[w.cells][chosen]
    pools, c14, c13 = (stocks[:, :, w.constituents.of_group(group)].sum(axis=(0, 2)) for group in ("soc", "c14", "c13"))
    mineral = w.mineral[w.cells][chosen].sum(axis=0)
    return Profile(
        int(chosen.sum()), float(net[chosen].mean()), 1000.0 * pools / mineral, permil(c14 / pools), permil(c13 / pools)
    )


def tell(how: str, found: dict[str, Profile]) -> None:
    """Print means of 0-25, 25-50 and 50-100 cm."""
    print(f"\n{how}")
    print(f"{'site':14}{'t/ha/yr':>9}" + "".join(f"{name:>24}" for name in ("C g/kg", "Delta14C", "delta13C")))
    for site, one in found.items():
        parts = [slice(0, 5), slice(5, 10), slice(10, 20)]
        row = "".join(
            "".join(f"{values[part].mean():8.2f}" for part in parts) for values in (one.carbon, one.c14, one.c13)
        )
        print(f"{site:14}{10.0 * one.net:9.1f}{row}")


def draw(found: dict[str, Profile], file: Path) -> None:
    """The three profiles of each kind of site."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from watershed_c.plots.style import BLUE, DOTS_PER_INCH, GREEN, STYLE, VERMILION, WIDTH

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        axes = figure.subplots(1, 3, sharey=True)
        middle = 5.0 * (np.arange(LAYERS) + 0.5)
        colours = dict(zip(SITES, (VERMILION, GREEN, BLUE), strict=True))
        marks = dict(zip(SITES, "osD", strict=True))
        labels = ("organic carbon (g kg⁻¹)", "Δ14C (‰)", "δ13C (‰, VPDB)")
        for axis, name, label in zip(axes, ("carbon", "c14", "c13"), labels, strict=True):
            for site, one in found.items():
                change = f"{abs(10.0 * one.net):.0f} t ha⁻¹ yr⁻¹"
                text = {"eroding": f"eroding, −{change}", "depositional": f"depositional, +{change}"}.get(site, site)
                axis.plot(getattr(one, name), middle, color=colours[site], marker=marks[site], markersize=3, lw=1.2,
                          label=text)  # fmt: skip
            axis.set_xlabel(label)
        axes[0].set_ylabel("depth (cm)")
        axes[0].set_ylim(100.0, 0.0)
        axes[0].set_xlim(left=0.0)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
        figure.savefig(file, dpi=DOTS_PER_INCH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    every = {how: profiles(how) for how in RUNS}
    for how, found in every.items():
        tell(how, found)
    if arguments.figure is not None:
        draw(every[RUNS[0]], arguments.figure)


if __name__ == "__main__":
    main()
