"""Figures of a run, from its results.nc and ledger.csv: maps over hillshade, outlet, profiles, SOC budget.

Nothing here touches pyplot: importing it neither chooses a backend nor keeps a figure alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import xarray as xr
from matplotlib.figure import Figure

from watershed_c.plots import budget, maps, series
from watershed_c.plots.style import STYLE


def figures(directory: Path, *, title: str = "", note: str = "") -> Iterator[tuple[str, Figure]]:
    """Name and figure of everything that the run directory has data for, one after the other.

    Parameters
    ----------
    title : str
        Printed small above every figure.
    note : str
        Printed under every map.
    """
    flows = budget.flows(directory / "ledger.csv")
    with (
        matplotlib.rc_context(STYLE),
        xr.open_dataset(directory / "results.nc", decode_times=False) as results,
    ):
        yield from maps.draw(results, title, note)
        for name, figure in (
            ("outlet", series.outlet(results, title)),
            ("profiles", series.profiles(results, title)),
            ("budget", budget.draw(results, title, flows)),
        ):
            if figure is not None:
                yield name, figure


def draw(directory: Path, *, title: str = "", note: str = "") -> list[Path]:
    """Draw every figure of a run directory into ``figures/``; see :func:`figures`.

    Returns
    -------
    list of Path
    """
    target = directory / "figures"
    target.mkdir(exist_ok=True)
    drawn: list[Path] = []
    for name, figure in figures(directory, title=title, note=note):
        path = target / f"{name}.png"
        figure.savefig(path)
        drawn.append(path)
    return drawn
