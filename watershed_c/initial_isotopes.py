"""Initial isotopes: a steady state under the atmosphere of an early year, then the way to the start of the run.

The carbon stays as it is, and water, solutes and crops with it: of every cycle and of the way only the ratios of the
twins to their pools, and of those of DOC, are kept. Both use the coupled model with all that moves soil, its forcing
that of the years before the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.initial_carbon import Initialiser
from watershed_c.initial_dissolved import ratio_of
from watershed_c.isotopes import INERT_14C, ISOTOPES
from watershed_c.kernels.steady_column import correct_columns
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: change of a ratio in a correction at which the steady state is found: 0.01 per mil
SETTLED = 1e-5
MOST_CORRECTIONS = 20
#: what holds DOC
DISSOLVED = ("doc", "groundwater_doc")


def start_isotopes(
    initialiser: Initialiser,
    twins: IsotopeTwins,
    since: int,
    dissolved: Process | None,
    fill_dissolved: Callable[[], None],
) -> list[str]:
    """Give the pools of the watershed, and its DOC, their isotopes at the start of the run; returns what to tell the
    user.

    Parameters
    ----------
    initialiser : Initialiser
        Its watershed has its initial carbon.
    twins : IsotopeTwins
    since : int
        Calendar year from which the atmosphere is followed; until then that of this year stood still.
    dissolved : Process or None
        What carries DOC, where there is any.
    fill_dissolved : callable
        Gives the isotopes of DOC the ratios of a steady state with the pools as they are.
    """
    w, clock = initialiser.watershed, initialiser.clock
    twins.standing = since
    pools = w.constituents.of_group("soc")
    inert = np.flatnonzero(initialiser.model.inert)
    ratios = {}
    for isotope, rows in twins.rows.items():
        c3, c4 = twins.input_ratio(isotope)
        plants = c3 + (c4 - c3) * np.nan_to_num(twins.c4_share)
        ratio = np.repeat(plants[w.unit][:, None, None], w.layer_bottom.size, axis=1).repeat(pools.size, axis=2)
        if isotope == "c14":
            ratio[:, :, inert] = INERT_14C
        ratios[isotope] = ratio
        _set(initialiser, rows, pools, ratio)
    w.ledger.open()
    corrections, change = 0, np.inf
    relaxation = {isotope: np.ones(w.elevation.size) for isotope in twins.rows}
    last = {isotope: np.full(w.elevation.size, np.inf) for isotope in twins.rows}
    processes = initialiser.processes | ({} if dissolved is None else {"dissolved_carbon": dissolved})
    with _all_else_kept(w, processes):
        while change > SETTLED and corrections < MOST_CORRECTIONS:
            change = _correct(initialiser, twins, ratios, relaxation, last)
            corrections += 1
    fill_dissolved()
    twins.standing = None
    months = 12 * (clock.start_year - since) + clock.start_month
    if months > 0:
        water = [(f"{store}_{isotope}", store) for isotope in w.dissolved_isotopes for store in DISSOLVED]
        with _all_else_kept(w, processes), initialiser.state_kept(processes):
            for step in clock.before_start(months):
                initialiser.take(processes, step)
            for isotope, rows in twins.rows.items():
                ratios[isotope] = ratio_of(w.stocks[:, :, rows], w.stocks[:, :, pools])
            in_water = [ratio_of(getattr(w, twin), getattr(w, store)) for twin, store in water]
        for isotope, rows in twins.rows.items():
            _set(initialiser, rows, pools, ratios[isotope])
        for (twin, store), ratio in zip(water, in_water, strict=True):
            getattr(w, twin)[...] = ratio * getattr(w, store)
    w.ledger.start_afresh()
    return [
        f"isotopes: steady state under the atmosphere of {since} ({corrections} corrections, last {1000.0 * change:.2g}"
        f" per mil), then {months // 12} years to the start"
    ]


@contextmanager
def _all_else_kept(watershed: Watershed, processes: Mapping[str, Process]) -> Iterator[None]:
    """What happens inside leaves its mark on the soil alone: who asks for isotopes has the run of who does not."""
    w = watershed
    own = [values for name, values in w.state_arrays().items() if name not in ("stocks", "substratum")]
    own += [values for process in processes.values() for values in process.memory().values()]
    kept = [values.copy() for values in own]
    yield
    for values, before in zip(own, kept, strict=True):
        values[...] = before
    w.ledger.open()


@contextmanager
def _as_twins_turn_over(decomposition: Decomposition | NonlinearDecomposition) -> Iterator[None]:
    """Inside, a non-linear model tells what leaves each pool for each other, which is linear in the twins."""
    if not isinstance(decomposition, NonlinearDecomposition):
        yield
        return
    decomposition.for_twins = True
    try:
        yield
    finally:
        decomposition.for_twins = False


def _set(initialiser: Initialiser, rows: np.ndarray, pools: np.ndarray, ratio: np.ndarray) -> None:
    """Twins with these ratios (n, L, P) to the pools; below the profile that of the deepest layer."""
    w = initialiser.watershed
    w.stocks[:, :, rows] = ratio * w.stocks[:, :, pools]
    w.substratum[:, rows] = ratio[:, -1] * w.substratum[:, pools]


def _correct(
    initialiser: Initialiser,
    twins: IsotopeTwins,
    ratios: dict[str, np.ndarray],
    relaxation: dict[str, np.ndarray],
    last: dict[str, np.ndarray],
) -> float:
    """A cycle of the coupled model and the correction it asks for; returns the largest change of a ratio.

    Bulk soil counts: a pool that holds nothing may have any ratio.
    """
    w, model = initialiser.watershed, initialiser.model
    decomposition = initialiser.processes["decomposition"]
    assert isinstance(decomposition, Decomposition | NonlinearDecomposition)
    pools = w.constituents.of_group("soc")
    turning = np.flatnonzero(~model.inert)
    before = w.stocks.copy()
    with _as_twins_turn_over(decomposition):
        rising, sinking, modifier, inputs, exchange = initialiser.observe(initialiser.processes)
    after = w.stocks.copy()
    w.stocks[:] = before
    years, largest = initialiser.cycle_months / 12.0, 0.0
    nothing = np.zeros(w.elevation.size)
    for isotope, rows in twins.rows.items():
        ratio = ratio_of(after[:, :, rows], after[:, :, pools])
        w.stocks[:, :, rows] = ratio * before[:, :, pools]
        defect = np.ascontiguousarray((w.stocks[:, :, rows] - before[:, :, rows])[:, :, turning])
        over_cells(
            correct_columns, w.cells, rows[turning], np.ascontiguousarray(decomposition.rates[turning]),
            *initialiser.pathways, decomposition.coefficients, modifier, w.reference, rising, sinking, exchange, years,
            np.log(2.0) / ISOTOPES[isotope], w.rows_of_units(), w.by_rows(inputs),
            np.zeros(w.layer_bottom.size), nothing, w.input_scale,
            False, 0.0, w.stocks, defect, last[isotope], relaxation[isotope],
        )  # fmt: skip
        found = ratio_of(w.stocks[:, :, rows], before[:, :, pools])
        found[:, :, model.inert] = ratios[isotope][:, :, model.inert]
        _set(initialiser, rows, pools, found)
        bulk = before[w.cells][:, :, pools].sum(axis=2)
        moved = ((found - ratios[isotope]) * before[:, :, pools])[w.cells].sum(axis=2)
        largest = max(largest, float(np.abs(ratio_of(moved, bulk)).max(initial=0.0)))
        ratios[isotope] = found
    w.ledger.open()
    return largest
