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
def _compare(cell, account, now, before, booked, gross, residual, allowed, target):
    """Add what an account's change differs from what was booked to ``residual[target]``; make now the new before."""
    then = before[cell, account]
    residual[target] += (now - then) - booked[cell, account]
    allowed[target] += TOLERANCE * gross[cell, account] + ROUND_OFF * (abs(then) + abs(now))
    before[cell, account] = now
    booked[cell, account] = 0.0
    gross[cell, account] = 0.0


@njit(cache=True, nogil=True)
def check_closure(
    cells, soil, water, solutes, mineral, deposit_mineral, stocks, deposit, soil_water, groundwater, snow, doc, groundwater_doc,
    dic, groundwater_dic, calcium, groundwater_calcium, before, booked, gross, joint, worst, account,
):  # fmt: skip
    """Compare the change of every account's stock with what was booked, cell by cell.

    Parameters
    ----------
    cells : (C,) int64
    soil, water, solutes : bool
        Which stores to look at: soil and all it carries; water; doc, dic and calcium.
    before, booked, gross : (n, A) float64, kg m-2; A = 2 + K + 3 (soil, water, rows, doc, dic, calcium)
        Stock at the last check, replaced by the stock now; sum and sum of absolute values booked since, set to zero.
    joint : (A,) int64
        Account whose residual this account's is added to: itself, or the first row of a group whose rows the process
        may transform into each other.
    worst : (n,) float64
        Out: largest residual of the cell in units of what is allowed (above 1: does not close; NaN: not finite).
    account : (n,) int64
        Out: the account it belongs to.
    """
    layers = mineral.shape[1]
    rows = stocks.shape[2]
    accounts = before.shape[1]
    residual = np.empty(accounts)
    allowed = np.empty(accounts)
    carried = np.empty(rows)
    for cell in cells:
        for a in range(accounts):
            residual[a] = 0.0
            allowed[a] = ABSOLUTE_FLOOR
        if soil:
            total = deposit_mineral[cell]
            for k in range(rows):
                carried[k] = deposit[cell, k]
            for layer in range(layers):
                total += mineral[cell, layer]
                for k in range(rows):
                    carried[k] += stocks[cell, layer, k]
            _compare(cell, 0, total, before, booked, gross, residual, allowed, 0)
            for k in range(rows):
                _compare(cell, 2 + k, carried[k], before, booked, gross, residual, allowed, joint[2 + k])
        if water:
            total = groundwater[cell] + snow[cell]
            for layer in range(layers):
                total += soil_water[cell, layer]
            _compare(cell, 1, total, before, booked, gross, residual, allowed, 1)
        if solutes:
            organic = groundwater_doc[cell]
            inorganic = groundwater_dic[cell]
            lime = groundwater_calcium[cell]
            for layer in range(layers):
                organic += doc[cell, layer]
                inorganic += dic[cell, layer]
                lime += calcium[cell, layer]
            _compare(cell, 2 + rows, organic, before, booked, gross, residual, allowed, 2 + rows)
            _compare(cell, 3 + rows, inorganic, before, booked, gross, residual, allowed, 3 + rows)
            _compare(cell, 4 + rows, lime, before, booked, gross, residual, allowed, 4 + rows)
        worst[cell] = 0.0
        account[cell] = 0
        for a in range(accounts):
            ratio = abs(residual[a]) / allowed[a]
            if not ratio <= worst[cell]:  # also true for NaN
                worst[cell] = ratio
                account[cell] = a
                if ratio != ratio:
                    break


@njit(cache=True, nogil=True)
def book_amount(cells, amount, booked, gross, column):
    """Book ``amount (n)`` on one account; returns the sum and the sum of absolute values over ``cells``."""
    total = 0.0
    absolute = 0.0
    for cell in cells:
        value = amount[cell]
        booked[cell, column] += value
        gross[cell, column] += abs(value)
        total += value
        absolute += abs(value)
    return total, absolute


@njit(cache=True, nogil=True)
def book_rows(cells, amount, booked, gross, first, total, absolute):
    """Book ``amount (n, K)`` on the rows from account ``first`` on; adds to ``total (K)`` and ``absolute (K)``."""
    for cell in cells:
        for k in range(amount.shape[1]):
            value = amount[cell, k]
            booked[cell, first + k] += value
            gross[cell, first + k] += abs(value)
            total[k] += value
            absolute[k] += abs(value)


@njit(cache=True, nogil=True)
def add_columns(cells, amount, columns, target):
    """target[cell] += sum of ``amount (n, m)`` over ``columns``."""
    for cell in cells:
        for k in columns:
            target[cell] += amount[cell, k]
