"""The table of what the soil carries.

A row is one tracer of the packed array ``stocks (node, layer, constituent)``. Transport, burial, mixing and export
move all rows at once
and know none by name; a new tracer is a new row. Amounts are kg m-2, of radionuclides Bq m-2, of acidity mol
charge m-2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

#: kg organic matter per kg organic carbon (van Bemmelen factor 1/0.58; Nelson & Sommers 1996)
ORGANIC_MATTER_PER_CARBON = 1.724
#: kg CaCO3 per kg carbon: 100.087 / 12.011 (IUPAC 2013 atomic masses)
CALCITE_PER_CARBON = 100.087 / 12.011
#: kg CO2 per kg carbon, by molar masses
CARBON_DIOXIDE_PER_CARBON = 44.009 / 12.011


@dataclass(frozen=True)
class Constituent:
    """One carried substance, unit kg m-2 or Bq m-2.

    Attributes
    ----------
    name : str
    group : str
        Rows of one group share a limiter when the column is remapped; a process may transform rows within a group.
    dry_mass_per_unit : float
        kg of dry soil that one unit stands for (1.724 for organic carbon, 8.333 for carbonate carbon, 0 for a trace).
    carrier : str
        ``particulate``, ``mineral`` (mineral-associated), ``char`` or ``bulk``: which enrichment ratio applies, or
        in which classes of particles it is (rule 21); ``soil``, ``clay``, ``silt`` and ``sand`` are never enriched.
    parent : str or None
        Row whose ratio this one keeps (an isotope twin), None when it is carried on mineral mass.
    long_name : str
    half_life : float, yr
        Of radioactive decay; infinite: stable.
    unit : str
        ``kg``, ``Bq`` or ``mol``; what amounts are counted in, per m2.
    """

    name: str
    group: str
    dry_mass_per_unit: float
    carrier: str = "bulk"
    parent: str | None = None
    long_name: str = ""
    half_life: float = math.inf
    unit: str = "kg"

    @property
    def decay(self) -> float:
        """Decay constant, yr-1."""
        return math.log(2.0) / self.half_life


#: carbonate rows, present when the scenario has inorganic carbon
CARBONATE = (
    Constituent("sic_lithogenic", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of lithogenic carbonate"),
    Constituent("sic_pedogenic", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of pedogenic carbonate"),
)

#: lime that is not yet dissolved, by size; present where a rotation is limed
LIME = (
    Constituent("lime_fine", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of lime below 0.25 mm"),
    Constituent("lime_medium", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of lime from 0.25 to 0.85 mm"),
    Constituent("lime_coarse", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of lime from 0.85 to 2.4 mm"),
)
#: share of each size that has reacted in two years: US state lime laws (ECCE, ENV), 1 and middles of 50-60 and 10-20 %;
#: from memory, priors
LIME_REACTED = (1.0, 0.55, 0.15)

#: kg per kg sulfur, CaSO4 2 H2O, and per kg carbon, CaMg(CO3)2 (IUPAC 2021 atomic masses)
GYPSUM_PER_SULFUR = 172.164 / 32.06
DOLOMITE_PER_CARBON = 184.399 / 24.022

#: dry soil per unit of the accounts that have a mass, rows by group; dolomite as calcite, 8 % too much of it
DRY_MASS = {
    "soil": 1.0, "soc": ORGANIC_MATTER_PER_CARBON, "sic": CALCITE_PER_CARBON, "gypsum": GYPSUM_PER_SULFUR
}  # fmt: skip

#: present where the scenario has gypsum or dolomite, or water with sulfate or magnesium: it may precipitate
GYPSUM = Constituent("gypsum", "gypsum", GYPSUM_PER_SULFUR, "bulk", None, "sulfur of gypsum")
#: of the soil, and of lime by size as above; present where the soil has some, or a rotation is limed with it
DOLOMITE = Constituent("dolomite", "sic", DOLOMITE_PER_CARBON, "bulk", None, "carbon of dolomite of the soil")
DOLOMITE_LIME = (
    Constituent("dolomite_fine", "sic", DOLOMITE_PER_CARBON, "bulk", None, "carbon of dolomite below 0.25 mm"),
    Constituent("dolomite_medium", "sic", DOLOMITE_PER_CARBON, "bulk", None, "carbon of dolomite from 0.25 to 0.85 mm"),
    Constituent("dolomite_coarse", "sic", DOLOMITE_PER_CARBON, "bulk", None, "carbon of dolomite from 0.85 to 2.4 mm"),
)
#: m, middle of each size of lime
LIME_SIZES = (0.125e-3, 0.55e-3, 1.625e-3)

#: acidity that exchange holds, present where the scenario has pH and carbonate: no mass, it moves with soil
ACIDITY = Constituent("acidity", "acidity", 0.0, "soil", None, "exchangeable acidity, mol charge", unit="mol")

#: texture, present where water sorts particles: the three sum to the mineral mass
TEXTURE = (
    Constituent("clay", "texture", 0.0, "clay", None, "mineral particles below 0.002 mm"),
    Constituent("silt", "texture", 0.0, "silt", None, "mineral particles from 0.002 to 0.05 mm"),
    Constituent("sand", "texture", 0.0, "sand", None, "mineral particles from 0.05 to 2 mm"),
)

#: what soil remembers of the depth it comes from (rule 12): its mineral mass times the depth factor of that place
MEMORY = Constituent("memory", "memory", 0.0, "soil", None, "mineral mass times the depth factor it came with")


#: fallout radionuclides that a scenario may have, [tracers.NAME]. Both are held by fine particles as
#: mineral-associated carbon is (He & Walling 1996). Half-lives: Browne & Tuli 2007, Nucl. Data Sheets 108, 2173;
#: Basunia 2014, Nucl. Data Sheets 121, 561
TRACERS = {
    row.name: row
    for row in (
        Constituent("cs137", "cs137", 0.0, "mineral", None, "137Cs", half_life=30.08, unit="Bq"),
        Constituent("pb210", "pb210", 0.0, "mineral", None, "unsupported 210Pb", half_life=22.20, unit="Bq"),
    )
}


@dataclass(frozen=True)
class Fallout:
    """What of a tracer falls on the land.

    Attributes
    ----------
    first_year : int
        Calendar year of the first of ``amounts``.
    amounts : (Y,) float64, Bq m-2 yr-1
        In each year; none before and after them.
    constant : float, Bq m-2 yr-1
        In every year, beside them.
    relaxation_mass : float, kg m-2, at least 0
        Mineral mass over which what has just fallen declines to 1/e with depth; 0: all of it is in the top layer.
    """

    first_year: int
    amounts: np.ndarray
    constant: float = 0.0
    relaxation_mass: float = 0.0

    def rate(self, year: int) -> float:
        """Bq m-2 yr-1 in a calendar year."""
        index = year - self.first_year
        return self.constant + (float(self.amounts[index]) if 0 <= index < self.amounts.size else 0.0)

    def inventory(self, decay: float, year: int) -> float:
        """Bq m-2 that is left at the end of a year of what fell in the years of ``amounts``, evenly in each."""
        age = year - self.first_year - np.arange(self.amounts.size)
        left = np.where(age >= 0, np.exp(-decay * age), 0.0) * (-math.expm1(-decay) / decay if decay > 0.0 else 1.0)
        return float(self.amounts @ left)


def soc_pool(name: str, carrier: str, long_name: str = "") -> Constituent:
    """Row of a pool of the chosen carbon model."""
    return Constituent(name, "soc", ORGANIC_MATTER_PER_CARBON, carrier, None, long_name)


class ConstituentTable:
    """Rows in order, with the arrays kernels take.

    Parameters
    ----------
    rows : iterable of Constituent
        Names must be unique; a parent must be a row before it.
    """

    def __init__(self, rows: Iterable[Constituent]) -> None:
        self.rows = tuple(rows)
        self.names = tuple(row.name for row in self.rows)
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"constituent names must be unique: {self.names}")
        self.groups = tuple(dict.fromkeys(row.group for row in self.rows))
        self.group = np.array([self.groups.index(row.group) for row in self.rows], dtype=np.int64)
        self.parent = np.array([-1 if row.parent is None else self._before(row) for row in self.rows], dtype=np.int64)
        self.dry_mass_per_unit = np.array([row.dry_mass_per_unit for row in self.rows], dtype=np.float64)

    def _before(self, row: Constituent) -> int:
        assert row.parent is not None
        if row.parent not in self.names or self.names.index(row.parent) >= self.names.index(row.name):
            raise ValueError(f"constituent {row.name}: parent {row.parent} must be a row before it")
        return self.names.index(row.parent)

    def __len__(self) -> int:
        return len(self.rows)

    def index(self, name: str) -> int:
        """Row number of ``name``."""
        return self.names.index(name)

    def of_group(self, group: str) -> np.ndarray:
        """Row numbers of a group (empty when it is absent)."""
        return np.array([i for i, row in enumerate(self.rows) if row.group == group], dtype=np.int64)
