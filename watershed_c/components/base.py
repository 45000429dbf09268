"""What every process of ours has in common: a Landlab component that knows its watershed and declares its ledger
terms.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from landlab import Component

from watershed_c.ledger import STORES, Term
from watershed_c.names import STATE
from watershed_c.state import Watershed

#: fields that hold the stock of each store of the ledger
_FIELDS = {
    "soil": {STATE[name].name for name in ("mineral", "stocks", "deposit_mineral", "deposit", "residue")},
    "water": {STATE[name].name for name in ("water", "groundwater", "snow")},
    "solutes": {
        STATE[name].name
        for name in (
            *("doc", "dic", "calcium", "strong_acid"),
            *("nitrogen", "groundwater_nitrogen"),
            *("doc_c14", "groundwater_doc_c14", "doc_c13", "groundwater_doc_c13"),
            *("sulfate", "magnesium", "groundwater_sulfate", "groundwater_magnesium"),
            *("groundwater_doc", "groundwater_dic", "groundwater_calcium", "groundwater_acid"),
        )
    },
}


class Process(Component):
    """A Landlab component on a :class:`~watershed_c.state.Watershed`.

    Subclasses define ``_name``, ``_info`` (with :func:`watershed_c.names.info`), ``_cite_as``, ``ledger_terms``,
    ``transforms`` and ``run_one_step(dt)``.

    Parameters
    ----------
    watershed : Watershed
    """

    _unit_agnostic = False
    _cite_as = ""
    #: terms booked by this process
    ledger_terms: ClassVar[dict[str, Term]] = {}
    #: constituent groups whose rows this process may transform into each other
    transforms: ClassVar[tuple[str, ...]] = ()
    #: groups of rows that are all it changes of the soil; none: any row, and the mineral
    changes_only: ClassVar[tuple[str, ...]] = ()

    def __init__(self, watershed: Watershed) -> None:
        super().__init__(watershed.grid)
        self.watershed = watershed
        #: what the user should know, said once at the start of a run
        self.warnings: list[str] = []
        watershed.ledger.declare(self.ledger_terms)

    @property
    def stores(self) -> tuple[str, ...]:
        """Stores of the ledger this process declares to change; all of them for a component of somebody else."""
        if not type(self).__module__.startswith("watershed_c.components.") or type(self).__name__ == "ForeignComponent":
            return STORES
        changed = {name for name, contract in self._info.items() if contract["intent"] != "in"}
        stores = [store for store, fields in _FIELDS.items() if changed & fields]
        if self.changes_only:
            stores = [*self.changes_only, *(store for store in stores if store != "soil")]
        return tuple(stores)

    def memory(self) -> dict[str, np.ndarray]:
        """Arrays of this process (not fields of the grid) that a restart must bring back, by name; they are refilled
        in place.
        """
        return {}

    def findings(self) -> dict[str, float]:
        """What this process has to tell of the run when it ends, for run.json; nothing by default."""
        return {}

    def start_afresh(self) -> None:
        """Forget what was accumulated before the run began."""
