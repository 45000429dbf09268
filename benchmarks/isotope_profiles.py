"""C, Delta14C and delta13C with depth where soil is lost, stays and is laid down: ``python benchmarks/isotope_profiles.py
[--figure FILE]``.

The slope of the scenario ``hillslope``, 30 m wide, in layers of 5 cm: a steady state without erosion under the air of
1850, then 166 years of wash and plough to the end of 2015, with the air's 14C and 13C; the tenth of the cells that
loses most, and gains most. Stable is the same slope without erosion; soil below the profile is like the deepest layer.
Compared with what Wang, Qiu &
Van Oost (2020, Geosci. Model Dev. 13, 4977) observed and modelled on a cultivated slope: eroding soil is depleted in
14C and enriched in 13C compared with depositional soil. Runs with RothC, and with the three pools of that paper, which
has no inert carbon, part the causes of the differences in 13C.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.io import restart
from watershed_c.isotopes import SLOWER_13C, permil
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

LAYERS = 20
FIRST, LAST = 1850, 2015
SITES = ("eroding", "stable", "depositional")
#: delta13C, per mil, that Wang et al. observed at Huldenberg (Belgium), means of 0-25, 25-50 and 50-100 cm of the table
#: that comes with the scripts of the model
OBSERVED = {
    "eroding": (-27.11, -25.66, -24.80), "stable": (-27.19, -26.06, -25.27), "depositional": (-27.72, -26.87, -26.10)
}  # fmt: skip
#: pools in series, slower with depth from the surface on (1 / (3.3 m-1), the program's default e-folding depth); rates
#: and shares with which the same scripts calibrate that slope
THREE_POOLS = """
schema = 2
name = "three"
title = "active, slow and passive carbon"
description = "Wang, Qiu & Van Oost 2020"
scheme = "exact"
steps_per_year = 12
substeps = 1
calibration_depth_m = 0.01
default_set = ""
sources = ["wang"]
[citations]
wang = "Wang, Qiu & Van Oost 2020, GMD 13, 4977"
[parameters]
"""
DEPTH = '[[modifiers]]\nfactor = "depth"\nlaw = "exponential"'
PARAMETERS = {
    "active": (2.1, "yr-1"), "slow": (0.03, "yr-1"), "passive": (0.002, "yr-1"),
    "active_slow": (0.12, "-"), "active_passive": (0.01, "-"), "slow_passive": (0.01, "-"),
}  # fmt: skip
#: how that calibration spreads roots, exp(-20 z/m), as near as a scenario may; and how it mixes, the middle of its range
ROOTS_AND_MIXING = {
    "rotation.wheat.roots": {"winter-wheat": {"beta": 0.85}},
    "processes.soil_column.biodiffusivity": "0.6 cm2/yr",
    "processes.soil_column.e_folding_depth": "1 m",
}


@dataclass(frozen=True)
class Run:
    """What is otherwise than in the slope with RothC."""

    three_pools: bool = False
    changes: tuple[tuple[str, Any], ...] = ()
    #: rate of 13C per rate of 12C; and whether its air is that of 1850 for ever
    slower: float = SLOWER_13C
    still_air: bool = False


THEIRS = tuple(ROOTS_AND_MIXING.items())
RUNS = {
    "RothC": Run(),
    "RothC, no slower decay of 13C": Run(slower=1.0),
    "RothC, air of 1850 for 13C": Run(still_air=True),
    "RothC, their roots and mixing": Run(changes=THEIRS),
    "three pools": Run(three_pools=True),
    "three pools, their roots and mixing": Run(three_pools=True, changes=THEIRS),
    "the same, no slower decay of 13C": Run(three_pools=True, changes=THEIRS, slower=1.0),
    "the same, air of 1850 for 13C": Run(three_pools=True, changes=THEIRS, still_air=True),
    "the same, air of 1850, 13C slower by 3.5 per mil": Run(three_pools=True, changes=THEIRS, still_air=True, slower=0.9965),
}
DRAWN = {"RothC": "RothC", "three pools, their roots and mixing": "three pools, none inert"}


@dataclass
class Profile:
    """Of one kind of site: mean gain or loss of soil, kg m-2 yr-1, and by layer (L) carbon, g kg-1, the share of it that
    is inert, and deltas.
    """

    cells: int
    net: float
    carbon: np.ndarray
    inert: np.ndarray
    c14: np.ndarray
    c13: np.ndarray


def write_model(folder: Path) -> Path:
    """The three pools as a model of the program."""
    parameters = [
        f'{name} = {{ value = {value}, units = "{unit}", range = [0.0, 3.0], source = "wang" }}'
        for name, (value, unit) in PARAMETERS.items()
    ]
    pools = [
        f'[[pools]]\nname = "{pool}_pool"\nlong_name = "{pool}"\nrate_per_yr = "{pool}"\ncarrier = "mineral"'
        for pool in ("active", "slow", "passive")
    ]
    transfers = [
        f'[[transfers]]\nfrom = "{one}_pool"\nto = "{other}_pool"\nfraction = "{one}_{other}"'
        for one, other in (("active", "slow"), ("active", "passive"), ("slow", "passive"))
    ]
    inputs = [
        f'[inputs.{kind}]\ndescription = "all of it"\nfractions = {{ active_pool = "1" }}' for kind in ("plant", "manure")
    ]
    model = folder / "three"
    model.mkdir()
    (model / "model.toml").write_text("\n".join((THREE_POOLS, *parameters, *pools, *transfers, *inputs, DEPTH)))
    return model


def assembled(erosion: bool, start: str, end: str, run: Run, folder: Path) -> Assembly:
    """The slope with or without erosion."""
    scenario = load("hillslope").with_(
        {
            "domain.synthetic.width": 30.0,
            "soil.layers": [0.05] * LAYERS,
            "time.start": start, "time.end": end,
            "carbon.initial": {"method": "steady"},
            "carbon.isotopes": {"c14": True, "c13": True, "since": FIRST},
            "processes.water_erosion.enabled": erosion, "processes.tillage_erosion.enabled": erosion,
            **({"carbon.model": str(folder / "three")} if run.three_pools else {}), **dict(run.changes),
        }
    )  # fmt: skip
    assembly = assemble(resolve(scenario, overwrite=True))
    decomposition = assembly.model.processes["decomposition"]
    assert isinstance(decomposition, Decomposition) and decomposition.twins is not None
    twins = decomposition.twins
    twins.slower["c13"] = run.slower
    if run.still_air:
        twins.atmosphere = replace(twins.atmosphere, c13=np.full_like(twins.atmosphere.c13, twins.atmosphere.c13[0]))
    return assembly


def profiles(run: Run) -> dict[str, Profile]:
    """Profiles of the three kinds of sites at the end of 2015."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder)
        before = assembled(False, f"{FIRST}-01", f"{FIRST}-12", run, folder)
        initialise(before)
        like_the_deepest_layer(before)
        file = folder / "start.nc"
        restart.save(file, before.watershed, next_step=0, scenario_hash="", extra={})
        moved, still = (assembled(erosion, f"{FIRST}-01", f"{LAST}-12", run, folder) for erosion in (True, False))
        for assembly in (moved, still):
            initialise(assembly, carbon_of=file)
    net = followed(moved)
    followed(still)
    return {
        "eroding": profile(moved, net, net <= np.quantile(net, 0.1)),
        "stable": profile(still, 0.0 * net, net == net),
        "depositional": profile(moved, net, net >= np.quantile(net, 0.9)),
    }


def like_the_deepest_layer(assembly: Assembly) -> None:
    """What erosion brings up from below the profile: the steady state does not hold what the scenario says there."""
    w = assembly.watershed
    carried = np.concatenate([w.constituents.of_group(group) for group in ("soc", "c14", "c13")])
    w.substratum[np.ix_(w.cells, carried)] = w.stocks[w.cells, -1][:, carried] / w.mineral[w.cells, -1:]


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
    inert = stocks[:, :, w.constituents.of_group("soc")[assembly.pools.inert]].sum(axis=(0, 2)) / pools
    return Profile(
        int(chosen.sum()), float(net[chosen].mean()), 1000.0 * pools / mineral, inert, permil(c14 / pools),
        permil(c13 / pools),
    )  # fmt: skip


def parts(values: np.ndarray) -> list[float]:
    """Means of 0-25, 25-50 and 50-100 cm."""
    return [float(values[part].mean()) for part in (slice(0, 5), slice(5, 10), slice(10, 20))]


def tell(how: str, found: dict[str, Profile]) -> None:
    """Print means of 0-25, 25-50 and 50-100 cm, and by how much eroding soil is heavier than depositional."""
    print(f"\n{how}")
    heads = ("C g/kg", "inert %", "Delta14C", "delta13C")
    print(f"{'site':14}{'t/ha/yr':>9}" + "".join(f"{name:>24}" for name in heads))
    for site, one in found.items():
        row = (parts(values) for values in (one.carbon, 100.0 * one.inert, one.c14, one.c13))
        print(f"{site:14}{10.0 * one.net:9.1f}" + "".join(f"{value:8.2f}" for values in row for value in values))
    heavier(parts(found["eroding"].c13), parts(found["depositional"].c13))


def heavier(eroding: list[float] | tuple[float, ...], depositional: list[float] | tuple[float, ...]) -> None:
    """Print the difference in 13C of the two."""
    print("delta13C, eroding less depositional" + "".join(f"{a - b:8.2f}" for a, b in zip(eroding, depositional, strict=True)))


def draw(every: dict[str, dict[str, Profile]], file: Path) -> None:
    """The three profiles of each kind of site, of the runs of ``DRAWN``."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from watershed_c.plots.style import BLUE, DOTS_PER_INCH, GREEN, STYLE, VERMILION, WIDTH

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 5.8), layout="constrained")
        rows = figure.subplots(len(DRAWN), 3, sharey=True)
        middle = 5.0 * (np.arange(LAYERS) + 0.5)
        colours = dict(zip(SITES, (VERMILION, GREEN, BLUE), strict=True))
        marks = dict(zip(SITES, "osD", strict=True))
        labels = ("organic carbon (g kg⁻¹)", "Δ14C (‰)", "δ13C (‰, VPDB)")
        for axes, (how, title) in zip(rows, DRAWN.items(), strict=True):
            for axis, name, label in zip(axes, ("carbon", "c14", "c13"), labels, strict=True):
                for site, one in every[how].items():
                    axis.plot(getattr(one, name), middle, color=colours[site], marker=marks[site], markersize=3, lw=1.2,
                              label=site)  # fmt: skip
                axis.set_xlabel(label)
            axes[0].set_ylabel(f"{title}\ndepth (cm)")
            axes[0].set_xlim(left=0.0)
        rows[0, 0].set_ylim(100.0, 0.0)
        figure.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
        figure.savefig(file, dpi=DOTS_PER_INCH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    every = {how: profiles(run) for how, run in RUNS.items()}
    for how, found in every.items():
        tell(how, found)
    print("\nobserved by Wang et al.")
    for site, values in OBSERVED.items():
        print(f"{site:14}" + "".join(f"{value:8.2f}" for value in values))
    heavier(OBSERVED["eroding"], OBSERVED["depositional"])
    if arguments.figure is not None:
        draw(every, arguments.figure)


if __name__ == "__main__":
    main()
