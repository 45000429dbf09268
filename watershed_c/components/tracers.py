"""Fallout radionuclides: they come with rain, move with soil, and decay."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.components.base import Process
from watershed_c.constituents import Fallout
from watershed_c.kernels.tracers import fall_and_decay
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: of whatever is radioactive
RADIOACTIVE_DECAY = Term("vertical", "What decayed of a radionuclide")


class Tracers(Process):
    """Fallout and decay of tracers. Erosion, burial and mixing move them as all that soil carries.

    Parameters
    ----------
    watershed : Watershed
        With a constituent row of each tracer.
    fallout : mapping of str to Fallout
        By the name of the row. A year's fallout comes evenly over its months.

    Raises
    ------
    ValueError
        A tracer has no row, or its fallout is not finite or negative.

    Notes
    -----
    Equation: :func:`watershed_c.kernels.tracers.fall_and_decay`; docs/processes/tracers.md.
    """

    _name = "Tracers"
    _info = info(reads=("mineral",), changes=("stocks", "deposit"))
    _cite_as = """@article{walling1999,
        author = {Walling, D. E. and He, Q.},
        title = {Improved models for estimating soil erosion rates from cesium-137 measurements},
        journal = {Journal of Environmental Quality}, volume = {28}, pages = {611--622}, year = {1999}}"""
    ledger_terms = {
        "fallout": Term("vertical", "Radionuclides from the atmosphere"),
        "radioactive_decay": RADIOACTIVE_DECAY,
    }

    def __init__(self, watershed: Watershed, *, fallout: Mapping[str, Fallout]) -> None:
        super().__init__(watershed)
        table = watershed.constituents
        for name, source in fallout.items():
            if name not in table.names:
                raise ValueError(f"tracer {name} is not among the constituents: {', '.join(table.names)}")
            amounts = np.append(source.amounts, source.constant)
            if not (np.isfinite(amounts).all() and amounts.min() >= 0.0 and source.relaxation_mass >= 0.0):
                raise ValueError(f"fallout of {name} and its relaxation_mass must be at least 0")
        self.fallout = dict(fallout)
        self._rows = {name: table.rows[table.index(name)] for name in fallout}
        self._amount = watershed.work(0)

    def run_one_step(self, dt: float) -> None:
        """Take the fallout of the step of ``dt`` yr and let the tracers decay."""
        w, amount = self.watershed, self._amount
        for name, source in self.fallout.items():
            rate = source.rate(w.calendar_month // 12)
            over_cells(
                fall_and_decay, w.cells, w.constituents.index(name), rate, source.relaxation_mass,
                self._rows[name].decay, dt, w.mineral, w.stocks, w.deposit, amount,
            )  # fmt: skip
            w.ledger.book("radioactive_decay", name, amount, factor=-1.0)
            amount[:] = rate * dt
            w.ledger.book("fallout", name, amount)
