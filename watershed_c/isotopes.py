"""Isotopes of soil carbon: ratios, the atmosphere they come from, and the rows that carry them.

A twin of a pool holds its carbon times the ratio of its isotope to the standard: 14C relative to the absolute standard
(Delta14C = 1000 (ratio - 1), normalised to the year it is of: the twin decays with 5730 yr, and so does what is
measured), 13C relative to VPDB.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.constituents import Constituent

#: yr (Godwin 1962, Nature 195, 984); coupling rule 16
HALF_LIFE_14C = 5730.0
#: yr, mean life that goes with it, in the normalisation of F14C to a year (Stuiver & Polach 1977)
MEAN_LIFE_14C = HALF_LIFE_14C / math.log(2.0)
#: 14C ratio of inert carbon: the 50 000 years that RothC gives it (Coleman & Jenkinson 1996), as good as dead
INERT_14C = math.exp(-50000.0 / MEAN_LIFE_14C)
#: discrimination of plants against 13C, per mil below the air: C3 20, C4 4.5 (Farquhar, Ehleringer & Hubick 1989)
DISCRIMINATION = {"c3": 20.0, "c4": 4.5}
#: rate of 13C over that of 12C in every decay, 1.2 +- 0.3 per mil slower (Menichetti et al. 2015, bare fallows)
SLOWER_13C = 0.9988
#: per mil that CO2 of soil air is above respired CO2: 12CO2 diffuses out faster (Cerling 1984, EPSL 71, 229-240)
DIFFUSION_13C = 4.4
#: per mil that calcite is above the CO2 it forms with: at 0 degC, and less per K (Romanek, Grossman & Morse 1992,
#: Geochim. Cosmochim. Acta 56, 419-430)
CALCITE_13C, CALCITE_13C_PER_KELVIN = 11.98, 0.12
#: groups of the twins and their half-lives, yr
ISOTOPES = {"c14": HALF_LIFE_14C, "c13": math.inf}
#: whose record of the atmosphere comes with the program
GRAVEN = """@article{graven2017,
    author = {Graven, Heather and Allison, Colin E. and Etheridge, David M. and Hammer, Samuel and Keeling, Ralph F. and
        Levin, Ingeborg and Meijer, Harro A. J. and Rubino, Mauro and Tans, Pieter P. and Trudinger, Cathy M. and
        Vaughn, Bruce H. and White, James W. C.},
    title = {Compiled records of carbon isotopes in atmospheric {CO2} for historical simulations in {CMIP6}},
    journal = {Geoscientific Model Development}, volume = {10}, pages = {4405--4417}, year = {2017}}"""


class AtmosphereError(ValueError):
    """A table of the atmosphere that cannot be used; the message is for the user."""


def permil(ratio: np.ndarray) -> np.ndarray:
    """Delta, per mil, of a ratio to the standard."""
    return 1000.0 * (ratio - 1.0)


def delta_of_fraction_modern(fraction: np.ndarray, year: float) -> np.ndarray:
    """Delta14C, per mil, of a fraction modern (F14C) measured in a year (Stuiver & Polach 1977, Radiocarbon 19)."""
    return permil(np.asarray(fraction) * math.exp((1950.0 - year) / MEAN_LIFE_14C))


def pedogenic_carbonate_delta13(respired: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """delta13C, per mil VPDB, of calcite that forms in soil at ``temperature`` (degC) from CO2 ``respired`` with that
    delta13C: steady diffusion, no air of the atmosphere in it (deeper than about 0.3 m).
    """
    enriched = CALCITE_13C - CALCITE_13C_PER_KELVIN * np.asarray(temperature)
    return np.asarray(respired) + DIFFUSION_13C + enriched


@dataclass(frozen=True)
class Atmosphere:
    """Isotopes of CO2 by calendar year; before and after the table its first and last values are held.

    Attributes
    ----------
    first_year : int
    c14, c13 : (Y,) float64, per mil
        Delta14C, and delta13C relative to VPDB.
    """

    first_year: int
    c14: np.ndarray
    c13: np.ndarray

    @property
    def last_year(self) -> int:
        """Last year of the table."""
        return self.first_year + self.c14.size - 1

    def ratio(self, isotope: str, year: int, c4_share: np.ndarray) -> np.ndarray:
        """Ratio to the standard of plants that grow in a year, by the share of them that is C4, (...) 0 to 1.

        Delta14C is corrected for fractionation by definition: it is that of the air for all plants.
        """
        index = min(max(year - self.first_year, 0), self.c14.size - 1)
        if isotope == "c14":
            return np.full_like(c4_share, 1.0 + self.c14[index] / 1000.0)
        against = DISCRIMINATION["c3"] + c4_share * (DISCRIMINATION["c4"] - DISCRIMINATION["c3"])
        return 1.0 + (self.c13[index] - against) / 1000.0


def read_atmosphere(path: Path, zone: str) -> Atmosphere:
    """Table with columns ``year``, ``c13`` and ``c14``, or ``c14_north``, ``c14_tropics`` and ``c14_south``.

    Raises
    ------
    AtmosphereError
        It is missing, lacks a column, or its years do not follow each other.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise AtmosphereError(f"does not exist or is no text: looked for {path}.") from None
    rows = list(csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#")))
    column = f"c14_{zone}" if rows and f"c14_{zone}" in rows[0] else "c14"
    try:
        years = [int(row["year"]) for row in rows]
        c14, c13 = (np.array([float(row[name]) for row in rows]) for name in (column, "c13"))
    except (KeyError, ValueError, TypeError):
        raise AtmosphereError(f"must have a year, {column} and c13 (per mil) in every row.") from None
    if not years or years != list(range(years[0], years[0] + len(years))):
        raise AtmosphereError("must have years that follow each other.")
    if not (np.abs(c14) <= 2000.0).all() or not (np.abs(c13) <= 100.0).all():
        raise AtmosphereError("must have c14 within 2000 and c13 within 100 per mil.")
    return Atmosphere(years[0], c14, c13)


def twins(pools: Sequence[Constituent], isotope: str) -> list[Constituent]:
    """A row for the twin of each pool."""
    return [
        Constituent(
            f"{pool.name}_{isotope}", isotope, 0.0, pool.carrier, pool.name, f"{pool.long_name}, {isotope}",
            ISOTOPES[isotope],
        )  # fmt: skip
        for pool in pools
    ]
