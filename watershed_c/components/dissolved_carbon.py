"""Dissolved organic carbon: made by decomposition, held by the soil, respired, and carried to the stream."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.sideways_solutes import SidewaysSolutes, terms_of
from watershed_c.components.tracers import RADIOACTIVE_DECAY
from watershed_c.isotopes import ISOTOPES, SLOWER_13C
from watershed_c.kernels.solutes import advect, steady_state
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed


class DissolvedCarbon(Process):
    """Carry dissolved organic carbon (DOC) with percolating water through soil and groundwater to the stream.

    Runs after soil water and decomposition: takes percolation, baseflow and DOC production of the same step. The
    isotopes of DOC, where the watershed follows them, go the same way.

    Parameters
    ----------
    watershed : Watershed
    distribution_coefficient : float, L kg-1 (water per fine earth), 0 to 1000
        Sorbed per dissolved concentration. Default 5, a prior: 0.5 to 20, rising with clay and iron oxides
        (sorption of DOC: Kalbitz et al. 2000, Soil Science 165, 277-304).
    decay_rate : float, yr-1, >= 0
        Mineralisation of what is in solution. Default 1, a prior: 0.5 to 5. What is sorbed does not decay:
        sorption multiplies the residence time of DOC (Kalbitz & Kaiser 2008, J. Plant Nutr. Soil Sci. 171,
        52-60).

    Attributes
    ----------
    slower : dict of str to float
        Rate of mineralisation of an isotope over that of 12C.

    Notes
    -----
    Equation: :func:`watershed_c.kernels.solutes.advect`. The CO2 of mineralised DOC is booked here, not in
    the respiration of decomposition.
    """

    _name = "DissolvedCarbon"
    _info = info(
        reads=("mineral", "water", "percolation", "groundwater", "baseflow", "doc_produced"),
        changes=("doc", "groundwater_doc"),
        may_read=("doc_produced_c14", "doc_produced_c13"),
        may_change=("doc_c14", "groundwater_doc_c14", "doc_c13", "groundwater_doc_c13"),
    )
    ledger_terms = {
        "doc_production": Term("internal", "DOC made of soil organic carbon"),
        "doc_mineralised": Term("vertical", "DOC respired to CO2"),
        "doc_leached": Term("lateral", "DOC to the stream"),
        **terms_of("doc", "DOC"),
        "radioactive_decay": RADIOACTIVE_DECAY,
    }

    def __init__(
        self, watershed: Watershed, *, distribution_coefficient: float = 5.0, decay_rate: float = 1.0
    ) -> None:
        super().__init__(watershed)
        if not 0.0 <= distribution_coefficient <= 1000.0:
            raise ValueError(
                f"distribution_coefficient must be 0 to 1000 L kg-1, is {distribution_coefficient}"
            )
        if not 0.0 <= decay_rate < np.inf:
            raise ValueError(f"decay_rate must not be negative, is {decay_rate} yr-1")
        self.distribution_coefficient = float(distribution_coefficient)
        self.decay_rate = float(decay_rate)
        self._sorption = watershed.work(0, "layer")
        #: (n, L) kg C m-2, DOC mineralised in this step, until another process runs
        self.mineralised = watershed.work(1, "layer")
        self._of_isotope = watershed.work(2, "layer")
        self._leached = watershed.work(0)
        self._sideways = SidewaysSolutes(watershed, 1)
        self.slower = {"": 1.0, "c14": 1.0, "c13": SLOWER_13C}

    def start_from_steady_state(
        self, produced: np.ndarray, percolation: np.ndarray, aside: np.ndarray | float = 0.0
    ) -> None:
        """Fill soil and groundwater with the DOC that constant conditions would keep there.

        Without it the sorbing soil starts empty and exports next to nothing for decades.

        Parameters
        ----------
        produced, percolation, aside : (n, L), kg m-2 yr-1
            Mean of a year: DOC, and the water that leaves layers downward and sideways.

        Notes
        -----
        See :func:`watershed_c.kernels.solutes.steady_state`; at the water the soil holds now. Call it before
        the ledger is opened.
        """
        w = self.watershed
        w.doc[w.cells], w.groundwater_doc[w.cells] = self.steady_state("", produced, percolation, aside)

    def steady_state(
        self, isotope: str, produced: np.ndarray, percolation: np.ndarray, aside: np.ndarray | float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """DOC, or that times the ratio of an ``isotope``, that constant conditions keep in layers and groundwater.

        ``produced`` is of the isotope; see :meth:`start_from_steady_state`. Returns (c, L) and (c), kg m-2.
        """
        w = self.watershed
        radioactive = self._decay_constant(isotope)
        np.multiply(w.mineral, self.distribution_coefficient, out=self._sorption)
        slower = self.slower[isotope] * self.decay_rate
        held = steady_state(produced, w.water, percolation, self._sorption, slower, aside, radioactive)[w.cells]
        holding = w.water[w.cells, -1] + self._sorption[w.cells, -1]
        leaving, stored = percolation[w.cells, -1], w.groundwater[w.cells]
        flows = (holding > 0.0) & (leaving > 0.0)
        concentration = np.divide(held[:, -1], holding, out=np.zeros_like(holding), where=flows)
        # what decays in groundwater does not get to the stream
        stays = np.divide(leaving, leaving + radioactive * stored, out=np.zeros_like(holding), where=flows)
        return held, concentration * stays * stored

    def run_one_step(self, dt: float) -> None:
        """Move and mineralise the DOC of one step, ``dt`` in yr, and book it."""
        w = self.watershed
        np.multiply(w.mineral, self.distribution_coefficient, out=self._sorption)
        aside = self._sideways.water()
        self._carry("", aside, self.mineralised, dt)
        for isotope in w.dissolved_isotopes:
            self._carry(isotope, aside, self._of_isotope, dt)
            self._decay(isotope, dt)

    def _decay_constant(self, isotope: str) -> float:
        """Of radioactive decay, yr-1."""
        return float(np.log(2.0) / ISOTOPES[isotope]) if isotope else 0.0

    def _carry(self, isotope: str, aside: np.ndarray, mineralised: np.ndarray, dt: float) -> None:
        """Let water carry DOC, or that times the ratio of an isotope."""
        w, ledger = self.watershed, self.watershed.ledger
        tail = f"_{isotope}" if isotope else ""
        account = f"doc{tail}"
        doc, produced, below = (getattr(w, f"{name}{tail}") for name in ("doc", "doc_produced", "groundwater_doc"))
        over_cells(
            advect, w.cells, doc, produced, w.water, w.percolation, aside, self._sorption,
            self.slower[isotope] * self.decay_rate * dt, below, w.groundwater, w.baseflow, mineralised,
            self._sideways.carried[0], self._leached,
        )  # fmt: skip
        ledger.book("doc_production", account, produced)
        ledger.book("doc_mineralised", account, mineralised, factor=-1.0)
        self._sideways.deliver(0, account, doc, solute="doc")
        ledger.export("doc_leached", account, -ledger.book("doc_leached", account, self._leached, factor=-1.0))

    def _decay(self, isotope: str, dt: float) -> None:
        """Let an isotope decay in soil and groundwater."""
        w, share = self.watershed, -np.expm1(-self._decay_constant(isotope) * dt)
        if share > 0.0:
            stores = (f"doc_{isotope}", self._of_isotope), (f"groundwater_doc_{isotope}", self._leached)
            for name, lost in stores:
                held = getattr(w, name)
                np.multiply(held, share, out=lost)
                held -= lost
                w.ledger.book("radioactive_decay", f"doc_{isotope}", lost, factor=-1.0)
