"""Mineral nitrogen: brought by farmers and the air, set free by decomposition, taken by crops, lost with water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.nitrogen_year import COLUMNS, NitrogenYear
from watershed_c.components.sideways_solutes import SidewaysSolutes, terms_of
from watershed_c.kernels.nitrogen import (
    DENITRIFIED,
    DRAINED,
    FLUXES,
    LOST_BELOW,
    MINERALISED,
    PERCOLATED,
    TAKEN,
    denitrify,
    denitrify_below,
    turn_over_nitrogen,
)
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
    inert : (P,) bool, True or False
        Pools whose nitrogen, as their carbon, never comes out: they count as having none.
    humus : float, kg N per kg C, above 0 to 0.2
        Of the other pools.
    deposition : float, kg N m-2 yr-1, at least 0
        From the air.
    last_month : int
        Calendar month (12 x year + month from 0) that the run ends with.
    denitrification : float, 0 to 1
        Share of what percolates below the profile that turns into gas there. Default 0.1 (well drained).

    Notes
    -----
    Equations: :func:`watershed_c.kernels.nitrogen.turn_over_nitrogen`, :func:`watershed_c.kernels.nitrogen.denitrify`,
    :func:`watershed_c.kernels.solutes.advect`; docs/processes/nitrogen.md.
    """

    _name = "Nitrogen"
    _info = info(
        reads=(
            "unit", "stocks", "mineral", "water", "wilting_point", "field_capacity", "saturation", "temperature",
            "percolation", "groundwater", "baseflow",
        ),
        changes=("nitrogen", "groundwater_nitrogen"),
    )
    ledger_terms = {
        "fertiliser": Term("vertical", "Mineral nitrogen of fertilisers, less ammonia lost"),
        "manure_nitrogen": Term("vertical", "Mineral nitrogen of manure, less ammonia lost"),
        "nitrogen_deposition": Term("vertical", "Nitrogen from the atmosphere"),
        "mineralisation": Term("internal", "Nitrogen set free by decomposition less immobilised"),
        "nitrogen_uptake": Term("vertical", "Mineral nitrogen taken up by crops"),
        "denitrification": Term("vertical", "Nitrogen denitrified in the profile and below it"),
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
        inert: np.ndarray,
        last_month: int,
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
        self.first_month, self.last_month = 12 * first_year, last_month
        self.deposition, self.denitrification = deposition, denitrification
        #: whether growth follows the seasons of the crops
        self.grown = w.crops is not None
        self.crops = w.with_crops()
        self.crops.leanest = tables.leanest
        ratios = np.where(litter[None, :], tables.litter[:, None], np.where(inert, 0.0, humus))
        released, owed = np.zeros((2, *w.water.shape))
        self.mineralisation = w.mineralisation = Mineralisation(ratios, released, owed, np.zeros(w.unit.size))
        self._nothing = np.zeros(w.water.shape)
        #: (F, n) kg N m-2 of the last step, rows as ``kernels.nitrogen.FLUXES``
        self.fluxes, self._amount, self._leached = np.zeros((len(FLUXES), w.unit.size)), *np.zeros((2, w.unit.size))
        self._sideways = SidewaysSolutes(w, 1)
        first, last = (rows := w.constituents.of_group("soc"))[0], rows[-1] + 1
        self._organic = int(first), int(last)
        self._year = NitrogenYear(w, names)
        self.columns, self.rows = {"nitrogen": COLUMNS}, {"nitrogen": self._year.rows}

    def deciding_arrays(self) -> list[np.ndarray]:
        """What its numbers depend on beside the scenario."""
        return [*vars(self.tables).values(), self.mineralisation.per_carbon]

    def memory(self) -> dict[str, np.ndarray]:
        """What organic matter still wants, the year so far, and the season where growth does not keep it."""
        season = {} if self.grown else {"needed": self.crops.needed, "taken": self.crops.taken}
        return {
            "owed": self.mineralisation.owed, "returned": self.mineralisation.returned, **self._year.memory(), **season,
        }  # fmt: skip

    def start_afresh(self) -> None:
        """Forget the year before the run."""
        self._year.start_afresh()

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
        np.sum(w.acid, axis=1, out=self._amount[: w.acid.shape[0]])
        over_cells(
            turn_over_nitrogen, w.cells, w.unit, crop, w.rows_of_units(),
            w.by_rows(np.ascontiguousarray(w.units.root_fraction, dtype=np.float64)),
            fertiliser + manure, tables.acid[rows] * dated, self.deposition * dt, self.mineralisation.released,
            self.mineralisation.owed, given * tables.share[rows] * (12.0 * dt), tables.need, crops.expected,
            tables.fixed, given * (seasons.ends[rows] & w.month_ends), tables.kept[crop],
            tables.straw[crop] * (removed + burnt), tables.charge[crop] + tables.straw_charge[crop] * removed,
            crops.relative, seasons.green[rows], w.mineral, w.water, w.wilting_point, w.field_capacity, dt,
            tables.organic[rows] * dated, self.grown, self.mineralisation.returned, crops.needed, crops.taken,
            w.work(1, "layer"), w.nitrogen, w.acid, self.fluxes,
        )  # fmt: skip
        over_cells(
            denitrify, w.cells, w.stocks, *self._organic, w.mineral, w.water, w.field_capacity, w.saturation,
            w.temperature, w.layer_temperature, dt, w.nitrogen, w.acid, self.fluxes[DENITRIFIED],
        )  # fmt: skip
        if w.acid.size:
            np.subtract(w.acid.sum(axis=1), self._amount, out=self._amount)
            w.ledger.book("nitrogen_acid", "strong_acid", self._amount)
        self._move()
        brought = {
            "fertiliser": fertiliser, "manure_nitrogen": manure,
            "nitrogen_deposition": np.full(crop.size, self.deposition * dt),
        }  # fmt: skip
        for term, amount in brought.items():
            w.ledger.book(term, "nitrogen", np.take(amount, w.unit, out=self._amount, mode="clip"))
        w.ledger.book("mineralisation", "nitrogen", self.fluxes[MINERALISED])
        w.ledger.book("nitrogen_uptake", "nitrogen", self.fluxes[TAKEN], factor=-1.0)
        for lost in (DENITRIFIED, LOST_BELOW):
            w.ledger.book("denitrification", "nitrogen", self.fluxes[lost], factor=-1.0)
        self._sideways.deliver(0, "nitrogen", w.nitrogen)
        left = w.ledger.book("nitrogen_leached", "nitrogen", self._leached, factor=-1.0)
        w.ledger.export("nitrogen_leached", "nitrogen", -left)
        self.fluxes[DRAINED] = self._sideways.net_loss()
        lost_as_ammonia = tables.fertiliser_lost[rows] * dated, tables.manure_lost[rows] * dated
        self._year.add(
            self.fluxes, fertiliser + lost_as_ammonia[0], manure + lost_as_ammonia[1], tables.organic[rows] * dated,
            sum(lost_as_ammonia), brought["nitrogen_deposition"],
        )  # fmt: skip
        if w.month_ends and (w.month == 11 or w.calendar_month == self.last_month):
            self._year.tell()

    def _move(self) -> None:
        """Let water carry nitrogen; of what it takes below the profile a share is gone as gas."""
        w, fluxes = self.watershed, self.fluxes
        self._amount[:] = w.groundwater_nitrogen
        over_cells(
            advect, w.cells, w.nitrogen, self._nothing, w.water, w.percolation, self._sideways.water(), self._nothing,
            0.0, w.groundwater_nitrogen, w.groundwater, w.baseflow, w.work(1, "layer"), self._sideways.carried[0],
            self._leached,
        )  # fmt: skip
        over_cells(
            denitrify_below, w.cells, self.denitrification, self._amount, w.groundwater, w.baseflow,
            w.groundwater_nitrogen, self._leached, fluxes[PERCOLATED], fluxes[LOST_BELOW],
        )  # fmt: skip
