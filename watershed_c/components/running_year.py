"""Amounts of the year that ends now, for laws made of annual amounts but asked every step (coupling rule 21)."""

from __future__ import annotations

import numpy as np

#: part of a month below which it counts as over
_ROUND_OFF = 1e-9


class RunningYear:
    """Sum over the twelve months that end with the present step, per node.

    A step that ends inside a month counts the part of the same month a year ago that is not yet over again, so that
    equal years have one sum whatever the step. Before a year has passed, what was seen is scaled to twelve months.

    Parameters
    ----------
    nodes : int
    """

    def __init__(self, nodes: int) -> None:
        self._months, self._now, self._sum = np.zeros((12, nodes)), np.zeros(nodes), np.zeros(nodes)
        #: whole months seen, at most 12; part of the present one that is over
        self._seen, self._over = np.zeros(1), 0.0

    def memory(self) -> dict[str, np.ndarray]:
        """What a restart, always at the end of a month, brings back."""
        return {"months": self._months, "sum": self._sum, "seen": self._seen}

    def add(self, month: int, begins: bool, part: float, amount: np.ndarray, out: np.ndarray) -> None:
        """Take the amount of a step and write the sum of the year.

        Parameters
        ----------
        month : int, 0-11
        begins : bool
            Whether the step is the first of its month.
        part : float
            Of a month that the step lasts.
        amount : (n,)
        out : (n,)
            May be ``amount``.
        """
        if begins:
            self._now[:] = 0.0
            self._over = 0.0
        self._now += amount
        self._over += part
        old, full = self._months[month], self._seen[0] >= 12.0
        np.multiply(old, -self._over, out=out)
        out += self._sum
        out += self._now
        if not full:
            out *= 12.0 / (self._seen[0] + self._over)
        if self._over >= 1.0 - _ROUND_OFF:
            old[:] = self._now
            self._sum[:] = self._months.sum(axis=0)
            self._seen[0] = min(self._seen[0] + 1.0, 12.0)
