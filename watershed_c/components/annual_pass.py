"""Months against the year: what one pass with the year's soil loss and capacity would have done (coupling rule 20)."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.sediment import route_dry
from watershed_c.parallel import along_flow
from watershed_c.state import Watershed

#: places of the sums: detached and exported by the steps of this year, its months; by the steps of whole years, by one
#: pass for each of these, and how many they are
_ERODED, _EXPORTED, _MONTHS, _OF_STEPS, _OF_PASSES, _YEARS = 0, 1, 2, slice(3, 5), slice(5, 7), 7


class AnnualPass:
    """Sum of soil loss and of capacity over each calendar year, routed once as WaTEM/SEDEM would route the year.

    Transport capacity is a minimum of supply and capacity: with a C that is the same in all months the steps add up to
    the pass of the year; with a seasonal C they give less. What is routed here is dry soil on the network of the end of
    the year; no column is touched.

    Parameters
    ----------
    watershed : Watershed
    trap : bool
    kept : (n,) or (0,)
        As in the sediment pass.
    load, eroded, passing : (n,)
        Work space between steps.
    active : bool
        Whether it compares at all; otherwise it costs nothing.
    """

    def __init__(
        self, watershed: Watershed, trap: bool, kept: np.ndarray, load: np.ndarray, eroded: np.ndarray,
        passing: np.ndarray, *, active: bool = True,
    ) -> None:  # fmt: skip
        self._watershed, self._how, self._work = watershed, (trap, kept), (load, eroded, passing)
        self._active = active
        n = watershed.elevation.size if active else 0
        self._outside = np.flatnonzero(~watershed.is_soil)
        self._potential, self._capacity, self._sums = np.zeros(n), np.zeros(n), np.zeros(8)

    def memory(self) -> dict[str, np.ndarray]:
        """What a restart brings back; zeros forget every year."""
        if not self._active:
            return {}
        held = {"potential": self._potential, "capacity": self._capacity, "sums": self._sums}
        return {f"annual_pass.{name}": values for name, values in held.items()}

    def begin_step(self) -> None:
        """Close the year that is over; before the work space is used."""
        if self._active and self._watershed.month_begins:
            if self._watershed.month == 0:
                self._close()
            self._sums[_MONTHS] += 1.0

    def of_step(self, potential: np.ndarray, capacity: np.ndarray) -> None:
        """Take soil loss and capacity of a step, kg m-2."""
        if self._active:
            self._potential += potential
            self._capacity += capacity

    def end_step(self, eroded: np.ndarray, load: np.ndarray) -> None:
        """Take what the step detached, and what entered nodes without soil, kg m-2."""
        if self._active:
            self._sums[_ERODED] += eroded[self._watershed.cells].sum()
            self._sums[_EXPORTED] += load[self._outside].sum()

    def _close(self) -> None:
        """Compare the year, if it was whole, with one pass, and begin another."""
        w, sums = self._watershed, self._sums
        if sums[_MONTHS] == 12.0:
            load, eroded, passing = self._work
            load[:] = 0.0
            trap, kept = self._how
            along_flow(
                w.parts, route_dry, w.order, w.first_receiver, w.receivers, w.weights, w.is_soil, w.in_depression,
                trap, kept, self._potential, self._capacity, load, eroded, passing,
            )  # fmt: skip
            sums[_OF_STEPS] += sums[[_ERODED, _EXPORTED]]
            sums[_OF_PASSES] += eroded[w.cells].sum(), load[self._outside].sum()
            sums[_YEARS] += 1.0
        sums[[_ERODED, _EXPORTED, _MONTHS]] = 0.0
        self._potential[:] = self._capacity[:] = 0.0

    def compared(self) -> dict[str, float] | None:
        """Detached and exported by the steps over what one pass a year gives, and the number of years; None before one.

        At the end of a run: the year it ends with is closed.
        """
        if self._sums[_MONTHS] == 12.0 and self._watershed.month == 11:
            self._close()
        years, (eroded, exported) = self._sums[_YEARS], self._sums[_OF_PASSES]
        if years == 0.0 or not (eroded > 0.0 and exported > 0.0):
            return None
        of_steps = self._sums[_OF_STEPS]
        return {
            "gross_erosion": float(of_steps[0] / eroded), "sediment_yield": float(of_steps[1] / exported),
            "years": float(years),
        }  # fmt: skip
