"""Initial dissolved organic carbon: what production and percolation of a mean cycle keep in soil and groundwater.

Sorption holds it for decades, longer than the search for the initial carbon lasts: what that left would depend on the
number of its corrections.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.clock import Clock
from watershed_c.components.base import Process
from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.coupling import advance
from watershed_c.names import STATE
from watershed_c.state import Watershed


def fill_with_dissolved(
    watershed: Watershed, processes: Mapping[str, Process], clock: Clock, cycle_months: int, *, only_isotopes: bool
) -> None:
    """Give soil and groundwater the DOC of a steady state, and its isotopes the ratios they have there.

    Parameters
    ----------
    processes : mapping of str to Process
        With ``dissolved_carbon``, or nothing is done.
    cycle_months : int
        Length of the cycle of climate and rotations.
    only_isotopes : bool
        DOC stays as it is.
    """
    w, dissolved = watershed, processes.get("dissolved_carbon")
    if not isinstance(dissolved, DissolvedCarbon):
        return
    changed = {field for process in processes.values() for field, contract in process._info.items()
               if contract["intent"] != "in"}  # fmt: skip
    kept = {name: values.copy() for name, values in w.state_arrays().items() if STATE[name].name in changed}
    # seasons of crops, and what else processes remember, are those of the control run, as where a run is begun with
    memories = [(values, values.copy()) for process in processes.values() for values in process.memory().values()]
    still = {name: process for name, process in processes.items() if name not in ("water_erosion", "tillage_erosion")}
    percolation, aside = np.zeros((2, *w.doc.shape))
    names = ("doc_produced", *(f"doc_produced_{isotope}" for isotope in w.dissolved_isotopes))
    made = {name: np.zeros(w.doc.shape) for name in names}
    years = cycle_months / 12.0
    for step in clock.before_start(cycle_months):
        advance(w, still, step)
        for name, produced in made.items():
            produced += getattr(w, name) / years
        percolation += w.percolation / years
        if (sideways := w.sideways) is not None:
            aside += (sideways.drained + sideways.lateral) / years
    for name, values in kept.items():
        getattr(w, name)[...] = values
    for values, before in memories:
        values[...] = before
    del kept, memories
    cells, flows = w.cells, (percolation, aside)
    held, below = dissolved.steady_state("", made["doc_produced"], *flows)
    if not only_isotopes:
        w.doc[cells], w.groundwater_doc[cells] = held, below
    for isotope in w.dissolved_isotopes:
        twin, twin_below = dissolved.steady_state(isotope, made[f"doc_produced_{isotope}"], *flows)
        # of DOC where none is made and none arrives
        soil = ratio_of(w.stocks[cells][:, :, w.constituents.of_group(isotope)].sum(axis=2),
                        w.stocks[cells][:, :, w.constituents.of_group("soc")].sum(axis=2))  # fmt: skip
        ratio = ratio_of(twin, held, soil)
        getattr(w, f"doc_{isotope}")[cells] = ratio * w.doc[cells]
        of_groundwater = ratio_of(twin_below, below, ratio[:, -1])
        getattr(w, f"groundwater_doc_{isotope}")[cells] = of_groundwater * w.groundwater_doc[cells]
    w.ledger.start_afresh()


def ratio_of(twin: np.ndarray, carbon: np.ndarray, otherwise: np.ndarray | None = None) -> np.ndarray:
    """Ratio of an isotope where there is carbon; elsewhere 0, or what it is ``otherwise``."""
    out = np.zeros_like(twin) if otherwise is None else otherwise.copy()
    return np.divide(twin, carbon, out=out, where=carbon > 0.0)
