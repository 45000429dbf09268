"""Per-cell stock accounting: what is there now, against what was there and what was booked.

Arrays of accounts are (A, n), account first: a booking then walks through memory in one line.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: accounts before the constituent rows, and after them
LEADING = ("soil", "water")
TRAILING = ("doc", "dic", "calcium", "strong_acid", "nitrogen", "doc_c14", "doc_c13", "sulfate", "magnesium")
#: of these, accounts there only where a run follows them; each has a store in layers and one in groundwater
OPTIONAL = ("strong_acid", "nitrogen", "doc_c14", "doc_c13", "sulfate", "magnesium")

#: largest residual a process may leave, as a share of the sum of absolute fluxes of the cell and account (coupling
#: rule 4)
TOLERANCE = 1e-10
#: round-off of adding up a column in double precision, as a share of its stock
ROUND_OFF = 1e-13
#: kg m-2 below which a residual is no mass at all
ABSOLUTE_FLOOR = 1e-15


@njit(cache=True, nogil=True)
def _settle(cells, account, now, booked, expected, gross, residual, allowed):
    """Add what the stock ``now`` of an account differs from what is expected, and by how much it may; expect ``now``.

    Returns whether there was anything to add: where nothing was booked and nothing differs, all is left as it is.
    """
    if booked[account]:
        for i in range(cells.size):
            cell = cells[i]
            then = expected[account, cell]
            residual[i] += now[account, i] - then
            allowed[i] += ROUND_OFF * (abs(then) + abs(now[account, i])) + TOLERANCE * gross[account, cell]
            expected[account, cell] = now[account, i]
            gross[account, cell] = 0.0
        return True
    different = False
    for i in range(cells.size):
        different |= now[account, i] != expected[account, cells[i]]
    if different:
        for i in range(cells.size):
            cell = cells[i]
            then = expected[account, cell]
            residual[i] += now[account, i] - then
            allowed[i] += ROUND_OFF * (abs(then) + abs(now[account, i]))
            expected[account, cell] = now[account, i]
    return different


@njit(cache=True, nogil=True)
def _total(cells, held, groundwater, now):
    """What layers and groundwater of the cells hold, into ``now``; returns 1, or 0 where nothing is followed."""
    if held.size == 0:
        return 0
    for i in range(cells.size):
        cell = cells[i]
        total = groundwater[cell]
        for layer in range(held.shape[1]):
            total += held[cell, layer]
        now[i] = total
    return 1


@njit(cache=True, nogil=True)
def check_closure(
    cells, worst, block, look, booked, joint, expected, gross, mineral, deposit_mineral, stocks, deposit, soil_water,
    groundwater, snow, doc, groundwater_doc, dic, groundwater_dic, calcium, groundwater_calcium, strong_acid, acid,
    groundwater_acid, residue, first_pool, nitrogen, groundwater_nitrogen, doc_c14, groundwater_doc_c14, doc_c13,
    groundwater_doc_c13, sulfate, groundwater_sulfate, magnesium, groundwater_magnesium,
):  # fmt: skip
    """Compare every account's stock with what was there and what was booked since, cell by cell.

    Parameters
    ----------
    cells : (C,) int64
    worst : (B, 3) float64, of blocks of ``block`` cells
        Out, first row: largest residual of the cells in units of what is allowed (above 1: does not close; NaN, the
        first there is: not finite), its cell and its account.
    look : (A,) bool
        Accounts to look at: whole groups of rows, and all or none of those after them.
    booked : (A,) bool
        Accounts that something was booked on since they were looked at.
    joint : (A,) int64
        Account whose residual this account's is added to: itself, or the first row of a group whose rows the process
        may transform into each other.
    expected, gross : (A, n) float64 and float32, kg m-2; A = 2 + K + 3 to 7 (soil, water, rows, doc, dic, calcium, and
        of ``OPTIONAL`` what a run follows; strong acid is mol charge m-2)
        Stock at the last check and what was booked since, replaced by the stock now; sum of absolute values booked
        since, set to zero.
    """
    layers = mineral.shape[1]
    rows = stocks.shape[2]
    now = np.empty((rows + 2 + len(TRAILING), block))
    magnitude = np.zeros(block)
    acidic, queued, carried = strong_acid.size > 0, acid.size > 0, look[2 : 2 + rows].any()
    residual = np.empty(block)
    allowed = np.empty(block)
    largest = 0.0
    for start in range(0, cells.size, block):
        part = cells[start : start + block]
        if look[0]:
            for i in range(part.size):
                cell = part[i]
                total = deposit_mineral[cell]
                for layer in range(layers):
                    total += mineral[cell, layer]
                now[0, i] = total
        for i in range(part.size if carried else 0):
            cell = part[i]
            for k in range(rows):
                if look[2 + k]:
                    total = deposit[cell, k]
                    for layer in range(layers):
                        total += stocks[cell, layer, k]
                    if first_pool <= k < first_pool + residue.shape[1]:
                        total += residue[cell, k - first_pool]
                    now[2 + k, i] = total
        if look[1]:
            for i in range(part.size):
                cell = part[i]
                total = groundwater[cell] + snow[cell]
                for layer in range(layers):
                    total += soil_water[cell, layer]
                now[1, i] = total
        if look[2 + rows]:
            for i in range(part.size):
                cell = part[i]
                organic = groundwater_doc[cell]
                inorganic = groundwater_dic[cell]
                lime = groundwater_calcium[cell]
                for layer in range(layers):
                    organic += doc[cell, layer]
                    inorganic += dic[cell, layer]
                    lime += calcium[cell, layer]
                now[2 + rows, i] = organic
                now[3 + rows, i] = inorganic
                now[4 + rows, i] = lime
        if acidic and look[5 + rows]:
            for i in range(part.size):
                cell = part[i]
                charge = groundwater_acid[cell]
                # of both signs: round-off is a share of what was added, not of the sum
                size = abs(charge)
                for layer in range(layers):
                    charge += strong_acid[cell, layer]
                    size += abs(strong_acid[cell, layer])
                    if queued:
                        charge += acid[cell, layer]
                        size += abs(acid[cell, layer])
                now[5 + rows, i] = charge
                magnitude[i] = ROUND_OFF * size
        place = 5 + rows + (1 if acidic else 0)
        if place < look.size and look[place]:
            place += _total(part, nitrogen, groundwater_nitrogen, now[place])
            place += _total(part, doc_c14, groundwater_doc_c14, now[place])
            place += _total(part, doc_c13, groundwater_doc_c13, now[place])
            place += _total(part, sulfate, groundwater_sulfate, now[place])
            _total(part, magnesium, groundwater_magnesium, now[place])
        for account in range(look.size):
            if not look[account] or joint[account] != account:
                continue
            residual[:] = 0.0
            allowed[:] = ABSOLUTE_FLOOR
            if acidic and account == rows + 5:
                allowed += magnitude
            different = False
            for k in range(account, look.size):
                if joint[k] == account:
                    different |= _settle(part, k, now, booked, expected, gross, residual, allowed)
            if different:
                # none of the block, as a rule, is the largest so far: no division then
                larger = False
                for i in range(part.size):
                    larger |= not abs(residual[i]) < largest * allowed[i]
                for i in range(part.size if larger else 0):
                    ratio = abs(residual[i]) / allowed[i]
                    if largest == largest and not ratio <= largest:
                        largest = ratio
                        worst[0, 0] = ratio
                        worst[0, 1] = part[i]
                        worst[0, 2] = account


@njit(cache=True, nogil=True)
def book_amount(cells, sums, block, amount, factor, expected, gross, booked):
    """Book ``factor`` times the row sums of ``amount (n, m)`` on one account, ``expected (n)`` and ``gross (n)``.

    ``booked (n)``, if not empty, is filled with what was booked; ``sums (B, 2)``: its positive and its negative values
    added up over each ``block`` of ``cells``.
    """
    for part in range(sums.shape[0]):
        gained = 0.0
        lost = 0.0
        for cell in cells[part * block : (part + 1) * block]:
            value = 0.0
            for m in range(amount.shape[1]):
                value += amount[cell, m]
            value *= factor
            expected[cell] += value
            gross[cell] += abs(value)
            if booked.size > 0:
                booked[cell] = value
            gained += max(value, 0.0)
            lost += min(value, 0.0)
        sums[part, 0] = gained
        sums[part, 1] = lost


@njit(cache=True, nogil=True)
def book_rows(cells, sums, block, amount, expected, gross, first):
    """Book ``amount (n, K)`` on the rows from account ``first`` on.

    ``sums (B, 2 K)``: positive, then negative values of the rows added up over each ``block`` of ``cells``.
    """
    rows = amount.shape[1]
    for part in range(sums.shape[0]):
        some = cells[part * block : (part + 1) * block]
        for k in range(rows):
            gained = 0.0
            lost = 0.0
            for cell in some:
                value = amount[cell, k]
                expected[first + k, cell] += value
                gross[first + k, cell] += abs(value)
                gained += max(value, 0.0)
                lost += min(value, 0.0)
            sums[part, k] = gained
            sums[part, rows + k] = lost


@njit(cache=True, nogil=True)
def sum_columns(cells, amount, columns, only, booked):
    """booked[cell] = sum of ``amount (n, m)`` over ``columns``: all, or with ``only`` 1 or -1 those of that sign."""
    for cell in cells:
        value = 0.0
        for k in columns:
            if not amount[cell, k] * only < 0.0:
                value += amount[cell, k]
        booked[cell] = value
