"""Dissolved organic carbon: made by decomposition, held by the soil, respired, and carried to the stream."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.sideways_solutes import SidewaysSolutes, terms_of
from watershed_c.kernels.solutes import advect, steady_state
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed


class DissolvedCarbon(Process):
    """Carry dissolved organic carbon (DOC) with percolating water through soil and groundwater to the stream.

    Runs after soil water and decomposition: takes percolation, baseflow and DOC production of the same step.

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

    Notes
    -----
    Equation: :func:`watershed_c.kernels.solutes.advect`. The CO2 of mineralised DOC is booked here, not in
    the respiration of decomposition.
    """

    _name = "DissolvedCarbon"
    _info = info(
        reads=("mineral", "water", "percolation", "groundwater", "baseflow", "doc_produced"),
        changes=("doc", "groundwater_doc"),
    )
    ledger_terms = {
        "doc_production": Term("internal", "DOC made of soil organic carbon"),
        "doc_mineralised": Term("vertical", "DOC respired to CO2"),
        "doc_leached": Term("lateral", "DOC to the stream"),
        **terms_of("doc", "DOC"),
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
        self._leached = watershed.work(0)
        self._sideways = SidewaysSolutes(watershed, 1)

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
        np.multiply(w.mineral, self.distribution_coefficient, out=self._sorption)
        held = steady_state(produced, w.water, percolation, self._sorption, self.decay_rate, aside)
        w.doc[w.cells] = held[w.cells]
        holding = w.water[w.cells, -1] + self._sorption[w.cells, -1]
        flows = (holding > 0.0) & (percolation[w.cells, -1] > 0.0)
        concentration = np.divide(held[w.cells, -1], holding, out=np.zeros(w.cells.size), where=flows)
        w.groundwater_doc[w.cells] = concentration * w.groundwater[w.cells]

    def run_one_step(self, dt: float) -> None:
        """Move and mineralise the DOC of one step, ``dt`` in yr, and book it."""
        w = self.watershed
        np.multiply(w.mineral, self.distribution_coefficient, out=self._sorption)
        over_cells(
            advect,
            w.cells,
            w.doc,
            w.doc_produced,
            w.water,
            w.percolation,
            self._sideways.water(),
            self._sorption,
            self.decay_rate * dt,
            w.groundwater_doc,
            w.groundwater,
            w.baseflow,
            self.mineralised,
            self._sideways.carried[0],
            self._leached,
        )
        w.ledger.book("doc_production", "doc", w.doc_produced)
        w.ledger.book("doc_mineralised", "doc", self.mineralised, factor=-1.0)
        self._sideways.deliver(0, "doc", w.doc)
        w.ledger.export("doc_leached", "doc", -w.ledger.book("doc_leached", "doc", self._leached, factor=-1.0))
