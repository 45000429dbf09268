"""Isotope twins of the pools turn over with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from watershed_c.isotopes import ISOTOPES, SLOWER_13C, Atmosphere
from watershed_c.kernels.tracers import fall_and_decay
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: the turnover of one set of pools: first row, factor of the rates, plant input, amendment, respired, DOC produced
Turnover = Callable[[int, float, np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]


class IsotopeTwins:
    """14C and 13C of the pools of a carbon model: the same shares of the same losses, inputs with the plants' ratio.

    A twin decays as its pool does (13C slower by ``SLOWER_13C``), is transferred by the same fractions, and 14C decays
    radioactively. What becomes DOC leaves their books, for those of the isotopes of DOC.

    Parameters
    ----------
    watershed : Watershed
        With the twins of all pools, in the order of the pools, one group for each isotope.
    isotopes : sequence of {"c14", "c13"}
    atmosphere : Atmosphere
    c4_share : (U,) float64, 0 to 1
        Share of C4 plants in the plant input of each management unit; NaN: what its crops say.
    citation : str
        What to cite for the atmosphere.

    Attributes
    ----------
    standing : int or None
        A year at which the atmosphere stands still, None: it goes on.
    dissolved : dict of str to (n, L), kg m-2 times the ratio
        What became DOC in the step, by isotope.
    """

    def __init__(
        self,
        watershed: Watershed,
        isotopes: Sequence[str],
        atmosphere: Atmosphere,
        c4_share: np.ndarray,
        citation: str = "",
    ) -> None:
        table = watershed.constituents
        self.watershed, self.atmosphere, self.c4_share = watershed, atmosphere, c4_share
        self.citation = citation
        self.rows = {isotope: table.of_group(isotope) for isotope in isotopes}
        pools = table.of_group("soc")
        for isotope, rows in self.rows.items():
            if not np.array_equal(table.parent[rows], pools):
                raise ValueError(f"rows of {isotope} must be the twins of all pools, one after the other")
        self.slower = {"c14": 1.0, "c13": SLOWER_13C}
        self.standing: int | None = None
        # respired of the pools themselves is wanted later, and DOC of the twins where it is followed
        self._respired, nobodys = watershed.work(1, "layer"), watershed.work(2, "layer")
        self.dissolved = {isotope: getattr(watershed, f"doc_produced_{isotope}", nobodys) for isotope in isotopes}
        self._amount = watershed.work(0)

    def input_ratio(self, isotope: str) -> np.ndarray:
        """Ratios of this step's C3 and C4 plants, (2)."""
        year = self.watershed.calendar_month // 12 if self.standing is None else self.standing
        return self.atmosphere.ratio(isotope, year, np.array([0.0, 1.0]))

    def run_one_step(self, turnover: Turnover, plant: np.ndarray, amendment: np.ndarray, dt: float) -> None:
        """Turn the twins over by ``dt`` yr; ``plant`` and ``amendment`` (U, L, P) are those of the pools."""
        w, amount = self.watershed, self._amount
        given = self.c4_share[:, None, None]
        of_c4 = np.where(np.isnan(given), w.units.c4_inputs, given * plant)
        for isotope, rows in self.rows.items():
            c3, c4 = self.input_ratio(isotope)
            plants = c3 * plant + (c4 - c3) * of_c4
            others = c3 * amendment + (c4 - c3) * w.units.c4_amendment
            dissolved = self.dissolved[isotope]
            turnover(int(rows[0]), self.slower[isotope], plants, others, self._respired, dissolved)
            for term, table, scale in (("plant_input", plants, w.plant_scale), ("amendment", others, None)):
                np.take(table.sum(axis=(1, 2)), w.unit, out=amount, mode="clip")
                if scale is not None:
                    amount *= scale
                w.ledger.book(term, isotope, amount)
            w.ledger.book("respired", isotope, self._respired, factor=-1.0)
            w.ledger.book("doc_production", isotope, dissolved, factor=-1.0)
            decay = np.log(2.0) / ISOTOPES[isotope]
            for row in rows if decay > 0.0 else ():
                over_cells(fall_and_decay, w.cells, row, 0.0, 0.0, decay, dt, w.mineral, w.stocks, w.deposit, amount)
                w.ledger.book("radioactive_decay", w.constituents.names[row], amount, factor=-1.0)
