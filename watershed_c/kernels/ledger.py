"""Per-cell stock accounting: what is there now, against what was there and what was booked."""

from __future__ import annotations

import numpy as np
from numba import njit

#: accounts before the constituent rows, and after them
LEADING = ("soil", "water")
TRAILING = ("doc", "dic", "calcium")

#: largest residual a process may leave, as a share of the sum of absolute fluxes of the cell and account (coupling rule 4)
TOLERANCE = 1e-10
#: round-off of adding up a column in double precision, as a share of its stock
ROUND_OFF = 1e-13
#: kg m-2 below which a residual is no mass at all
ABSOLUTE_FLOOR = 1e-15


@njit(cache=True, nogil=True)
def stock_of_accounts(
    cells, mineral, deposit_mineral, stocks, deposit, water, groundwater, snow, doc, groundwater_doc, dic, groundwater_dic,
    calcium, groundwater_calcium, out,
):  # fmt: skip
    """Stock of every account of every cell, ``out (n, A)`` kg m-2; A = 2 + K + 3 (soil, water, rows, doc, dic, calcium)."""
    layers = mineral.shape[1]
    rows = stocks.shape[2]
    for cell in cells:
        soil = deposit_mineral[cell]
        wet = groundwater[cell] + snow[cell]
        organic = groundwater_doc[cell]
        inorganic = groundwater_dic[cell]
        lime = groundwater_calcium[cell]
        for k in range(rows):
            out[cell, 2 + k] = deposit[cell, k]
        for layer in range(layers):
            soil += mineral[cell, layer]
            wet += water[cell, layer]
            organic += doc[cell, layer]
            inorganic += dic[cell, layer]
            lime += calcium[cell, layer]
            for k in range(rows):
                out[cell, 2 + k] += stocks[cell, layer, k]
        out[cell, 0] = soil
        out[cell, 1] = wet
        out[cell, 2 + rows] = organic
        out[cell, 3 + rows] = inorganic
        out[cell, 4 + rows] = lime


@njit(cache=True, nogil=True)
def check_closure(cells, now, before, booked, gross, joint, worst, account):
    """Compare the change of stock with what was booked, cell by cell; then make ``now`` the new ``before``.

    Parameters
    ----------
    cells : (C,) int64
    now, before, booked, gross : (n, A) float64, kg m-2
        Stock now and at the last check; sum and sum of absolute values booked since. ``booked`` and ``gross`` are zeroed.
    joint : (A,) int64
        Account whose residual this account's is added to: itself, or the first row of a group whose rows the process
        may transform into each other.
    worst : (n,) float64
        Out: largest residual of the cell in units of what is allowed (above 1: does not close).
    account : (n,) int64
        Out: the account it belongs to.
    """
    accounts = now.shape[1]
    residual = np.empty(accounts)
    allowed = np.empty(accounts)
    for cell in cells:
        for a in range(accounts):
            residual[a] = 0.0
            allowed[a] = ABSOLUTE_FLOOR
        for a in range(accounts):
            target = joint[a]
            residual[target] += (now[cell, a] - before[cell, a]) - booked[cell, a]
            allowed[target] += TOLERANCE * gross[cell, a] + ROUND_OFF * (abs(before[cell, a]) + abs(now[cell, a]))
            before[cell, a] = now[cell, a]
            booked[cell, a] = 0.0
            gross[cell, a] = 0.0
        worst[cell] = 0.0
        account[cell] = 0
        for a in range(accounts):
            ratio = abs(residual[a]) / allowed[a]
            if not ratio <= worst[cell]:  # also true for NaN
                worst[cell] = ratio
                account[cell] = a
