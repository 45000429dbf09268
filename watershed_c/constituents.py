"""The table of what the soil carries.

A row is one tracer of the packed array ``stocks (node, layer, constituent)``. Transport, burial, mixing and export
move all rows at once
and know none by name; a new tracer is a new row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

#: kg organic matter per kg organic carbon (van Bemmelen factor 1/0.58; Nelson & Sommers 1996)
ORGANIC_MATTER_PER_CARBON = 1.724
#: kg CaCO3 per kg carbon: 100.087 / 12.011 (IUPAC 2013 atomic masses)
CALCITE_PER_CARBON = 100.087 / 12.011


@dataclass(frozen=True)
class Constituent:
    """One carried substance, unit kg m-2.

    Attributes
    ----------
    name : str
    group : str
        Rows of one group share a limiter when the column is remapped; a process may transform rows within a group.
    dry_mass_per_unit : float
        kg of dry soil that one unit stands for (1.724 for organic carbon, 8.333 for carbonate carbon, 0 for a trace).
    carrier : str
        ``particulate``, ``mineral`` (mineral-associated) or ``bulk``: which enrichment ratio applies (rule 21);
        ``soil`` is never enriched.
    parent : str or None
        Row whose ratio this one keeps (an isotope twin), None when it is carried on mineral mass.
    long_name : str
    """

    name: str
    group: str
    dry_mass_per_unit: float
    carrier: str = "bulk"
    parent: str | None = None
    long_name: str = ""


#: carbonate rows, present when the scenario has inorganic carbon
CARBONATE = (
    Constituent("sic_lithogenic", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of lithogenic carbonate"),
    Constituent("sic_pedogenic", "sic", CALCITE_PER_CARBON, "bulk", None, "carbon of pedogenic carbonate"),
)


#: what soil remembers of the depth it comes from (rule 12): its mineral mass times the depth factor of that place
MEMORY = Constituent("memory", "memory", 0.0, "soil", None, "mineral mass times the depth factor it came with")


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
