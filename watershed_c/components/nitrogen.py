"""Mineral nitrogen: brought by farmers and the air, set free by decomposition, taken by crops, lost with water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.sideways_solutes import SidewaysSolutes, terms_of
from watershed_c.kernels.nitrogen import FIXED, MINERALISED, REMOVED, TAKEN, WANTED, turn_over_nitrogen
from watershed_c.kernels.solutes import advect
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Mineralisation, Watershed

if TYPE_CHECKING:
    from watershed_c.management.growth import GrowthTables
    from watershed_c.management.nitrogen import NitrogenTables

#: share of nitrate percolating below the profile that is denitrified there: well drained soils (CLRTAP Mapping Manual,
#: after Reinds et al. 2001; from memory, a prior; 0 excessively to 0.8 very poorly drained)
DENITRIFICATION = 0.1
#: what the table of a year tells of each unit, kg N ha-1, in this order; of the first, what was in the soil at its end
AMOUNTS = (
    "needed", "taken_up", "fixed", "fertiliser", "manure_mineral", "manure_organic", "volatilised", "deposition",
    "mineralised", "removed", "percolated", "drained", "denitrified",
)  # fmt: skip
KG_HA = 1e4


class Nitrogen(Process):
    """One store of mineral nitrogen in every layer, all of it taken for nitrate that water carries.

    Runs after soil water, growth and decomposition and before carbonate, which takes the acid that it queues. Organic
    nitrogen is not followed: it goes with the carbon of the pools in fixed ratios.

    Parameters
    ----------
    watershed : Watershed
        Made with ``nitrogen=True``.
    tables : NitrogenTables
    seasons : GrowthTables
    names : tuple of str
        Of the units.
    first_year : int
        Calendar year in which a unit of offset 0 is in the first year of its rotation.
    cycle_months : (U,) int64, months
        Length of the cycle of each unit.
    litter : (P,) bool, True or False
        Pools that plant litter enters: their N : C is that of the unit's input.
    humus : float, kg N per kg C, above 0 to 0.2
        Of the other pools.
    deposition : float, kg N m-2 yr-1, at least 0
        From the air.
    denitrification : float, 0 to 1
        Share of what percolates below the profile that turns into gas there. Default 0.1 (well drained).

    Notes
    -----
    Equations: :func:`watershed_c.kernels.nitrogen.turn_over_nitrogen`, :func:`watershed_c.kernels.solutes.advect`;
    docs/processes/nitrogen.md.
    """

    _name = "Nitrogen"
    _info = info(
        reads=("unit", "stocks", "water", "percolation", "groundwater", "baseflow"),
        changes=("nitrogen", "groundwater_nitrogen"),
    )
    ledger_terms = {
        "fertiliser": Term("vertical", "Mineral nitrogen of fertilisers, less ammonia lost"),
        "manure_nitrogen": Term("vertical", "Mineral nitrogen of manure, less ammonia lost"),
        "nitrogen_deposition": Term("vertical", "Nitrogen from the atmosphere"),
        "mineralisation": Term("internal", "Nitrogen set free by decomposition less immobilised"),
        "nitrogen_uptake": Term("vertical", "Mineral nitrogen taken up by crops"),
        "denitrification": Term("vertical", "Nitrogen denitrified below the profile"),
        "nitrogen_leached": Term("lateral", "Mineral nitrogen to the stream"),
        "nitrogen_acid": Term("vertical", "Strong acid of nitrogen and of bases that leave with the harvest"),
        **terms_of("nitrogen", "Mineral nitrogen"),
    }

    def __init__(
        self,
        watershed: Watershed,
        *,
        tables: NitrogenTables,
        seasons: GrowthTables,
        names: tuple[str, ...],
        first_year: int,
        cycle_months: np.ndarray,
        litter: np.ndarray,
        humus: float = 0.1,
        deposition: float = 0.0,
        denitrification: float = DENITRIFICATION,
    ) -> None:
        super().__init__(watershed)
        if not 0.0 < humus <= 0.2:
            raise ValueError(f"humus must be above 0 and at most 0.2 kg N per kg C, is {humus}")
        if not deposition >= 0.0:
            raise ValueError(f"deposition must not be negative, is {deposition} kg N m-2 yr-1")
        if not 0.0 <= denitrification <= 1.0:
            raise ValueError(f"denitrification must be 0 to 1, is {denitrification}")
        w = watershed
        self.tables, self.seasons, self.names, self.cycle_months = tables, seasons, names, cycle_months
        self.first_month, self.deposition, self.denitrification = 12 * first_year, deposition, denitrification
        #: whether growth follows the seasons of the crops
        self.grown = w.crops is not None
        self.crops = w.with_crops()
        ratios = np.where(litter[None, :], tables.litter[:, None], humus)
        self.mineralisation = w.mineralisation = Mineralisation(ratios, *np.zeros((2, *w.water.shape)))
        self._nothing = np.zeros(w.water.shape)
        self._fluxes, self._leached = np.zeros((5, w.elevation.size)), np.zeros(w.elevation.size)
        self._sideways = SidewaysSolutes(w, 1)
        #: (Q, U) sums of the year, kg N of the cells of each unit per m2 of a cell, and months in it
        self._year, self._months = np.zeros((len(AMOUNTS), len(names))), np.zeros(1)
        self.columns = {"nitrogen": ("rotation", "area_ha", "months", *AMOUNTS, "in_the_soil")}
        self.rows: dict[str, list[tuple[object, ...]]] = {"nitrogen": []}

    def deciding_arrays(self) -> list[np.ndarray]:
        """What its numbers depend on beside the scenario."""
        return [*vars(self.tables).values(), self.mineralisation.per_carbon]

    def memory(self) -> dict[str, np.ndarray]:
        """What organic matter still wants, the year so far, and the season where growth does not keep it."""
        season = {} if self.grown else {"needed": self.crops.needed, "taken": self.crops.taken}
        return {"owed": self.mineralisation.owed, "year": self._year, "months": self._months, **season}

    def start_afresh(self) -> None:
        """Forget the year before the run."""
        self._year[:], self._months[:] = 0.0, 0.0
        self.rows["nitrogen"].clear()

    def run_one_step(self, dt: float) -> None:
        """Turn the nitrogen of ``dt`` yr over, let water carry it, and book both."""
        w, tables, seasons, crops = self.watershed, self.tables, self.seasons, self.crops
        rows = (w.calendar_month - self.first_month) % self.cycle_months, np.arange(self.cycle_months.size)
        dated = float(w.month_begins)
        fertiliser, manure = tables.fertiliser[rows] * dated, tables.manure[rows] * dated
        crop, given = seasons.crop[rows], seasons.yield_dry_matter[rows]
        if not self.grown and w.month_begins:
            begun = w.cells[seasons.begins[rows][w.unit[w.cells]]]
            crops.needed[begun], crops.taken[begun] = 0.0, 0.0
        removed, burnt = seasons.straw_removed[rows], seasons.straw_burnt[rows]
        before = w.acid.sum(axis=1)
        over_cells(
            turn_over_nitrogen, w.cells, w.unit, crop, w.rows_of_units(),
            w.by_rows(np.ascontiguousarray(w.units.root_fraction, dtype=np.float64)),
            fertiliser + manure, tables.acid[rows] * dated, self.deposition * dt, self.mineralisation.released,
            self.mineralisation.owed, given * seasons.share[rows] * (12.0 * dt), tables.need, crops.expected,
            tables.fixed, given * (seasons.ends[rows] & w.month_ends),
            tables.removed[crop] + tables.straw[crop] * (removed + burnt),
            tables.charge[crop] + tables.straw_charge[crop] * removed, crops.relative, crops.needed, crops.taken,
            w.nitrogen, w.acid, self._fluxes,
        )  # fmt: skip
        if w.acid.size:
            w.ledger.book("nitrogen_acid", "strong_acid", w.acid.sum(axis=1) - before)
        percolated = self._move()
        brought = {
            "fertiliser": fertiliser, "manure_nitrogen": manure,
            "nitrogen_deposition": np.full(crop.size, self.deposition * dt),
        }  # fmt: skip
        for term, amount in brought.items():
            w.ledger.book(term, "nitrogen", amount[w.unit])
        w.ledger.book("mineralisation", "nitrogen", self._fluxes[MINERALISED])
        w.ledger.book("nitrogen_uptake", "nitrogen", self._fluxes[TAKEN], factor=-1.0)
        w.ledger.book("denitrification", "nitrogen", percolated, factor=-self.denitrification)
        self._sideways.deliver(0, "nitrogen", w.nitrogen)
        left = w.ledger.book("nitrogen_leached", "nitrogen", self._leached, factor=-1.0)
        w.ledger.export("nitrogen_leached", "nitrogen", -left)
        of_unit = (
            fertiliser, manure, tables.organic[rows] * dated, tables.volatilised[rows] * dated,
            brought["nitrogen_deposition"],
        )  # fmt: skip
        self._add(of_unit, percolated)
        if w.month == 11 and w.month_ends:
            self._tell()

    def _move(self) -> np.ndarray:
        """Let water carry nitrogen; what it took below the profile (n), of which a share is gone as gas."""
        w = self.watershed
        below = w.groundwater_nitrogen.copy()
        over_cells(
            advect, w.cells, w.nitrogen, self._nothing, w.water, w.percolation, self._sideways.water(), self._nothing,
            0.0, w.groundwater_nitrogen, w.groundwater, w.baseflow, w.work(1, "layer"), self._sideways.carried[0],
            self._leached,
        )  # fmt: skip
        percolated = np.maximum(w.groundwater_nitrogen + self._leached - below, 0.0)
        volume = w.groundwater + w.baseflow
        leaving = np.divide(w.baseflow, volume, out=np.zeros_like(volume), where=volume > 0.0)
        lost = self.denitrification * percolated
        self._leached -= lost * leaving
        below[:] = w.groundwater_nitrogen - lost * (1.0 - leaving)
        np.maximum(below, 0.0, out=w.groundwater_nitrogen)
        return percolated

    def _add(self, of_unit: tuple[np.ndarray, ...], percolated: np.ndarray) -> None:
        """Add the amounts of the step to the year of each unit."""
        w, fluxes = self.watershed, self._fluxes
        unit = w.unit[w.cells]
        cells = np.bincount(unit, minlength=len(self.names))
        drained = np.broadcast_to(self._sideways.net_loss(), percolated.shape)
        of_cell = [
            np.bincount(unit, amount[w.cells], minlength=cells.size)
            for amount in (
                *(fluxes[row] for row in (WANTED, TAKEN, FIXED, MINERALISED, REMOVED)), percolated, drained,
                self.denitrification * percolated,
            )
        ]  # fmt: skip
        self._year += np.stack((*of_cell[:3], *(amount * cells for amount in of_unit), *of_cell[3:]))
        self._months += w.month_ends

    def _tell(self) -> None:
        """A row of the table for each unit that has cells, per hectare of it."""
        w = self.watershed
        unit = w.unit[w.cells]
        cells = np.bincount(unit, minlength=len(self.names))
        held = np.bincount(unit, w.nitrogen[w.cells].sum(axis=1), minlength=cells.size)
        for u in np.flatnonzero(cells):
            numbers = (cells[u] * w.cell_area / KG_HA, self._months[0])
            amounts = KG_HA * np.append(self._year[:, u], held[u]) / cells[u]
            row = (*numbers, *amounts)
            self.rows["nitrogen"].append((self.names[u], *(float(f"{value:.6g}") for value in row)))
        self._year[:], self._months[:] = 0.0, 0.0
