"""What solutes do where water leaves layers sideways: into drains, and downslope to the next cells."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.subsurface_flow import deliver
from watershed_c.ledger import Term
from watershed_c.state import Watershed


def terms_of(account: str, name: str) -> dict[str, Term]:
    """Ledger terms of a solute, booked where water leaves sideways."""
    return {
        f"{account}_drained": Term("lateral", f"{name} in drain flow, to the stream"),
        f"{account}_subsurface": Term("lateral", f"{name} in subsurface flow, between cells and to the stream"),
    }


class SidewaysSolutes:
    """Follow the water of :class:`watershed_c.state.Sideways`; nothing where there is none.

    A solute that goes to the next cell arrives there at the end of the step.

    Parameters
    ----------
    watershed : Watershed
        What makes water leave sideways was made before.
    count : int
        Number of solutes.

    Attributes
    ----------
    carried : (count, n, L) kg m-2, of size 0 where no water leaves sideways
        What left each layer with that water, to be filled before :meth:`deliver`.
    """

    def __init__(self, watershed: Watershed, count: int) -> None:
        self.watershed = watershed
        layers = watershed.water.shape if watershed.sideways is not None else (0, watershed.water.shape[1])
        self.carried = np.zeros((count, *layers))
        self._aside = np.zeros(layers)
        self._amounts = np.zeros((4, layers[0]))

    def water(self) -> np.ndarray:
        """(n, L) kg m-2 that left each layer sideways in this step; of size 0 where none can."""
        sideways = self.watershed.sideways
        if self._aside.size:
            assert sideways is not None
            np.add(sideways.drained, sideways.lateral, out=self._aside)
        return self._aside

    def net_loss(self) -> np.ndarray | float:
        """(n) kg m-2 that the last solute delivered lost to drains and downslope, less what came from upslope."""
        piped, gained, lost, _ = self._amounts
        return piped + lost - gained if self._aside.size else 0.0

    def deliver(self, number: int, account: str, held: np.ndarray, *, solute: str = "") -> None:
        """Bring ``carried[number]`` where its water went, into ``held`` (n, L) or the stream, and book it.

        On ``account``, with the terms of a ``solute``: of that name if not given.
        """
        if not self._aside.size:
            return
        w, ledger = self.watershed, self.watershed.ledger
        assert w.sideways is not None
        piped, gained, lost, left = self._amounts
        order, first = w.order, w.first_receiver
        if not order.size:  # drains alone need no network
            order, first = w.cells, np.zeros(w.cells.size + 1, dtype=np.int64)
        deliver(
            order, first, w.receivers, w.weights, w.is_soil, w.sideways.drained, w.sideways.lateral,
            self.carried[number], held, piped, gained, lost, left,
        )  # fmt: skip
        solute = solute or account
        out = ledger.book(f"{solute}_drained", account, piped, factor=-1.0)
        ledger.export(f"{solute}_drained", account, -out)
        ledger.book(f"{solute}_subsurface", account, gained)
        ledger.book(f"{solute}_subsurface", account, lost, factor=-1.0)
        ledger.export(f"{solute}_subsurface", account, float(left[~w.is_soil].sum()) * w.cell_area)
