"""Irrigation: what its water brings in solution, and how much of it every management unit gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels.calcite import MOLAR_MASS_CALCIUM, MOLAR_MASS_CARBON
from watershed_c.kernels.minerals import MOLAR_MASS_MAGNESIUM, MOLAR_MASS_SULFUR
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.state import Watershed

#: mol m-2 per mmol L-1 in 1 kg m-2 (1 L m-2) of water
PER_MILLIMOLE = 1e-3


class Irrigation(Process):
    """Bring what irrigation water has in solution to the top layer, and keep account of water by unit.

    Runs after soil water, which decides on irrigation and books the water. What evaporates of sprayed water leaves its
    salts on the field.

    Parameters
    ----------
    watershed : Watershed
        With irrigation (``Watershed.irrigate``).
    units : sequence of str (U)
        Names of the management units.
    calcium, bicarbonate, sulfate, magnesium : (U,) mmol L-1, >= 0, optional
        Of the water each unit is irrigated with. Default: pure. Bicarbonate enters dissolved inorganic carbon. The
        other ions follow from the balance of charges: 2 calcium - bicarbonate is the excess of strong-acid anions, that
        sulfate among them, over other bases, that magnesium among them; negative in sodium bicarbonate water, it enters
        ``strong_acid``.
    """

    _name = "Irrigation"
    _info = info(
        reads=("unit",), changes=("dic", "calcium"), may_change=("strong_acid", "sulfate", "magnesium")
    )
    ledger_terms = {"irrigation_solutes": Term("vertical", "Brought in solution by irrigation water")}

    def __init__(
        self,
        watershed: Watershed,
        *,
        units: Sequence[str],
        calcium: np.ndarray | None = None,
        bicarbonate: np.ndarray | None = None,
        sulfate: np.ndarray | None = None,
        magnesium: np.ndarray | None = None,
    ) -> None:
        super().__init__(watershed)
        if watershed.irrigation is None:
            raise ValueError("nobody irrigates: Irrigation needs a watershed with irrigation")
        self.names = tuple(units)
        self._brings = []
        pure = np.zeros(len(self.names))
        for name, account, given, mass in (
            ("calcium", "calcium", calcium, MOLAR_MASS_CALCIUM),
            ("bicarbonate", "dic", bicarbonate, MOLAR_MASS_CARBON),
            ("sulfate", "sulfate", sulfate, MOLAR_MASS_SULFUR),
            ("magnesium", "magnesium", magnesium, MOLAR_MASS_MAGNESIUM),
        ):  # fmt: skip
            values = pure if given is None else np.asarray(given, dtype=np.float64)
            if values.shape != (len(self.names),) or not (values >= 0.0).all():
                raise ValueError(f"{name} must be at least 0 and of shape {(len(self.names),)}, is {given}")
            self._brings.append((account, values * PER_MILLIMOLE * mass))
            if account in ("sulfate", "magnesium") and values.any() and not watershed.sulfate.size:
                raise ValueError(f"{name} of irrigation water needs a watershed made with minerals=True")
        charge = 2.0 * (pure if calcium is None else calcium) - (pure if bicarbonate is None else bicarbonate)
        if charge.any() and not watershed.strong_acid.size:
            raise ValueError("water with other salts than of calcium bicarbonate needs a watershed made with acid=True")
        self._brings.append(("strong_acid", charge * PER_MILLIMOLE))
        #: by unit since the start: water brought to its cells, kg m-2 summed, and cell-years
        self._water, self._cell_years = np.zeros((2, len(self.names)))
        self._amount = watershed.work(0)

    def memory(self) -> dict[str, np.ndarray]:
        """Sums by unit."""
        return {"water": self._water, "cell_years": self._cell_years}

    def start_afresh(self) -> None:
        """Begin the sums by unit."""
        self._water[:] = self._cell_years[:] = 0.0

    def findings(self) -> dict[str, float]:
        """Mean water brought to each unit that is irrigated, mm per year."""
        return {
            f"irrigation of {name}, mm/yr": float(water / years)
            for name, water, years in zip(self.names, self._water, self._cell_years, strict=True)
            if water > 0.0
        }

    def run_one_step(self, dt: float) -> None:
        """Bring the solutes of one step, ``dt`` in yr, and book them."""
        w = self.watershed
        assert w.irrigation is not None
        brought, cells = w.irrigation.brought, w.cells
        unit = w.unit[cells]
        self._water += np.bincount(unit, brought[cells], len(self.names))
        self._cell_years += np.bincount(unit, minlength=len(self.names)) * dt
        for account, content in self._brings:
            if not content.any():
                continue
            np.multiply(brought, content[w.unit], out=self._amount)
            getattr(w, account)[:, 0] += self._amount
            w.ledger.book("irrigation_solutes", account, self._amount)
