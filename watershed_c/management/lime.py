"""Liming materials: what is in them, by size, and their monthly table of a rotation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from watershed_c.data import data_path
from watershed_c.management.reading import DAYS, MONTH_STARTS

#: material of a lime event that names none
DEFAULT_LIME = "limestone"


@dataclass(frozen=True)
class Lime:
    """A liming material, per kg of it.

    Attributes
    ----------
    title : str
    carbon, sulfur, calcium : float, kg kg-1
        Carbon of carbonate; sulfur of gypsum; calcium that dissolves at once.
    dolomite : bool
        Whether the carbon is that of dolomite; else that of calcite.
    fine, medium, coarse : float
        Shares of the carbonate by particle size; they sum to 1, or to 0 where there is none.
    ipcc, west_mcbride : float, kg C kg-1
        CO2-C by the emission factor of IPCC 2006 (all of it), and of West & McBride (2005, Agric. Ecosyst. Environ.
        108, 145; quoted at second hand: about half), who do not count what reaches the sea as bicarbonate.
    """

    title: str
    carbon: float = 0.0
    sulfur: float = 0.0
    calcium: float = 0.0
    dolomite: bool = False
    fine: float = 0.0
    medium: float = 0.0
    coarse: float = 0.0
    ipcc: float = 0.0
    west_mcbride: float = 0.0

    @property
    def by_size(self) -> np.ndarray:
        """Carbon of fine, medium and coarse particles, kg per kg of material (3)."""
        return self.carbon * np.array([self.fine, self.medium, self.coarse])


@cache
def load_limes() -> Mapping[str, Lime]:
    """Materials of ``models/lime.toml`` by name."""
    with data_path("models").joinpath("lime.toml").open("rb") as file:
        return {name: Lime(**record) for name, record in tomllib.load(file).items()}


def lime_table(spread: Iterable[tuple[int, str, float]], years: int) -> np.ndarray:
    """Mass of each material by month of the cycle, kg m-2 per month (M, materials), of days, names and amounts."""
    names = list(load_limes())
    table = np.zeros((12 * years, len(names)))
    starts = np.array(MONTH_STARTS[:-1])
    for day, name, amount in spread:
        month = 12 * (day // DAYS) + int(np.searchsorted(starts, day % DAYS, side="right")) - 1
        table[month, names.index(name)] += amount
    return table
