"""Per-cell stock accounting: what is there now, against what was there and what was booked.

Arrays of accounts are (A, n), account first: a booking then walks through memory in one line.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: accounts before the constituent rows, and after them
LEADING = ("soil", "water")
TRAILING = ("doc", "dic", "calcium")

#: largest residual a process may leave, as a share of the sum of absolute fluxes of the cell and account (coupling
#: rule 4)
TOLERANCE = 1e-10
#: round-off of adding up a column in double precision, as a share of its stock
ROUND_OFF = 1e-13
#: kg m-2 below which a residual is no mass at all
ABSOLUTE_FLOOR = 1e-15


@njit(cache=True, nogil=True)
def _compare(cell, account, now, expected, gross):
    """What an account's stock differs from what is expected, and by how much it may; expects what is there now."""
    then = expected[account, cell]
    allowed = TOLERANCE * gross[account, cell] + ROUND_OFF * (abs(then) + abs(now))
    expected[account, cell] = now
    gross[account, cell] = 0.0
    return now - then, allowed


@njit(cache=True, nogil=True)
def _worse(residual, allowed, account, largest, place):
    """The larger of two residuals in units of what is allowed, and its account; the first that is not a number wins."""
    if largest == largest and not abs(residual) <= largest * (allowed + ABSOLUTE_FLOOR):
        return abs(residual) / (allowed + ABSOLUTE_FLOOR), account
    return largest, place


@njit(cache=True, nogil=True)
def check_closure(
    cells, soil, water, solutes, mineral, deposit_mineral, stocks, deposit, soil_water, groundwater, snow, doc,
    groundwater_doc, dic, groundwater_dic, calcium, groundwater_calcium, expected, gross, joint, worst, account,
):  # fmt: skip
    """Compare every account's stock with what was there and what was booked since, cell by cell.

    Parameters
    ----------
    cells : (C,) int64
    soil, water, solutes : bool
        Which stores to look at: soil and all it carries; water; doc, dic and calcium.
    expected, gross : (A, n) float64 and float32, kg m-2; A = 2 + K + 3 (soil, water, rows, doc, dic, calcium)
        Stock at the last check and what was booked since, replaced by the stock now; sum of absolute values booked
        since, set to zero.
    joint : (A,) int64
        Account whose residual this account's is added to: itself, or the first row of a group whose rows the process
        may transform into each other.
    worst : (n,) float64
        Out: largest residual of the cell in units of what is allowed (above 1: does not close; NaN: not finite).
    account : (n,) int16
        Out: the account it belongs to.
    """
    layers = mineral.shape[1]
    rows = stocks.shape[2]
    # of the rows
    residual = np.empty(rows)
    allowed = np.empty(rows)
    for cell in cells:
        largest = 0.0
        place = 0
        if soil:
            total = deposit_mineral[cell]
            for layer in range(layers):
                total += mineral[cell, layer]
            difference, limit = _compare(cell, 0, total, expected, gross)
            largest, place = _worse(difference, limit, 0, largest, place)
        if water:
            total = groundwater[cell] + snow[cell]
            for layer in range(layers):
                total += soil_water[cell, layer]
            difference, limit = _compare(cell, 1, total, expected, gross)
            largest, place = _worse(difference, limit, 1, largest, place)
        if soil:
            for k in range(rows):
                total = deposit[cell, k]
                for layer in range(layers):
                    total += stocks[cell, layer, k]
                residual[k], allowed[k] = _compare(cell, 2 + k, total, expected, gross)
                first = joint[2 + k] - 2
                if first != k:
                    residual[first] += residual[k]
                    allowed[first] += allowed[k]
            for k in range(rows):
                if joint[2 + k] == 2 + k:
                    largest, place = _worse(residual[k], allowed[k], 2 + k, largest, place)
        if solutes:
            organic = groundwater_doc[cell]
            inorganic = groundwater_dic[cell]
            lime = groundwater_calcium[cell]
            for layer in range(layers):
                organic += doc[cell, layer]
                inorganic += dic[cell, layer]
                lime += calcium[cell, layer]
            difference, limit = _compare(cell, 2 + rows, organic, expected, gross)
            largest, place = _worse(difference, limit, 2 + rows, largest, place)
            difference, limit = _compare(cell, 3 + rows, inorganic, expected, gross)
            largest, place = _worse(difference, limit, 3 + rows, largest, place)
            difference, limit = _compare(cell, 4 + rows, lime, expected, gross)
            largest, place = _worse(difference, limit, 4 + rows, largest, place)
        worst[cell] = largest
        account[cell] = place


@njit(cache=True, nogil=True)
def book_amount(cells, amount, factor, only, expected, gross, booked):
    """Book ``factor`` times the row sums of ``amount (n, m)`` on one account, ``expected (n)`` and ``gross (n)``.

    With ``only`` 1 or -1 amounts of the other sign count as zero. ``booked (n)``, if not empty, is filled with what
    was booked; returns its sum and its sum of absolute values over ``cells``.
    """
    total = 0.0
    absolute = 0.0
    for cell in cells:
        value = 0.0
        for m in range(amount.shape[1]):
            value += amount[cell, m]
        value *= factor
        if value * only < 0.0:
            value = 0.0
        expected[cell] += value
        gross[cell] += abs(value)
        if booked.size > 0:
            booked[cell] = value
        total += value
        absolute += abs(value)
    return total, absolute


@njit(cache=True, nogil=True)
def book_rows(cells, amount, only, expected, gross, first, total, absolute):
    """Book ``amount (n, K)`` on the rows from account ``first`` on; adds to ``total (K)`` and ``absolute (K)``."""
    for cell in cells:
        for k in range(amount.shape[1]):
            value = amount[cell, k]
            if value == 0.0 or value * only < 0.0:
                continue
            expected[first + k, cell] += value
            gross[first + k, cell] += abs(value)
            total[k] += value
            absolute[k] += abs(value)


@njit(cache=True, nogil=True)
def sum_columns(cells, amount, columns, only, booked):
    """booked[cell] = sum of ``amount (n, m)`` over ``columns``, amounts of the other sign than ``only`` left out."""
    for cell in cells:
        value = 0.0
        for k in columns:
            if not amount[cell, k] * only < 0.0:
                value += amount[cell, k]
        booked[cell] = value
