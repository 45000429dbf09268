"""The loop: one step of every process, in order, each proven by the ledger.

Operator splitting is sequential (first order in the step): forcing, cropping, soil water, flow routing, water
erosion, tillage, soil column, tracers,
decomposition, surface residues, peat, dissolved carbon. What a process queues (plant input, tillage passes) is used in
the same step by a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from watershed_c.clock import Clock, Step
from watershed_c.components.base import Process
from watershed_c.state import Watershed


def advance(watershed: Watershed, processes: Mapping[str, Process], step: Step) -> dict[tuple[str, str], float]:
    """Take one step; return the ledger's totals (kg) by (label, term).

    Raises
    ------
    LedgerError
        An account does not close: names step, process, account and cell.
    ModelFailure
        The state is not finite.
    """
    ledger = watershed.ledger
    watershed.at(step)
    for name, process in processes.items():
        process.run_one_step(step.dt)
        if ledger.every_process and process.stores:
            ledger.check(name, process.transforms, process.stores)
    # nothing may have changed that no process declares
    ledger.check("of this step", chain.from_iterable(process.transforms for process in processes.values()))
    return ledger.close()


class Model:
    """A watershed, its processes in order and its clock, step by step.

    Parameters
    ----------
    watershed : Watershed
    processes : mapping of str to Process
        In the order they run.
    clock : Clock
    first : int
        Index of the step to begin with (a resumed run).
    """

    def __init__(self, watershed: Watershed, processes: Mapping[str, Process], clock: Clock, first: int = 0) -> None:
        self.watershed = watershed
        self.processes = dict(processes)
        self.clock = clock
        self.index = first

    @property
    def done(self) -> bool:
        """Whether the last step has been taken."""
        return self.index >= self.clock.steps

    def step(self) -> dict[tuple[str, str], float]:
        """Take the next step; return the ledger's totals (kg) by (label, term)."""
        totals = advance(self.watershed, self.processes, self.clock.step(self.index))
        self.index += 1
        return totals
