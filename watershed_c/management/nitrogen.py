"""Nitrogen of the calendar: what is brought as mineral nitrogen, what crops need, and how rich litter is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watershed_c.management.calendar import Calendar
from watershed_c.management.cycle import plant_carbon
from watershed_c.management.growth import GrowthTables, stacked
from watershed_c.management.library import Crop
from watershed_c.management.nitrogen_demand import uptake_shares
from watershed_c.management.reading import DAYS, MONTH_STARTS
from watershed_c.management.tables import UnitTables

#: share of the mineral nitrogen of manure lost as ammonia: 0.21 of all its nitrogen (FracGASM, IPCC 2019 Vol. 4 Table
#: 11.3, 0 to 0.31) would be more than what is mineral in many; taken of that, a choice
MANURE_VOLATILISED = 0.21
#: nitrogen content of a product at which growth ceases, over that of a crop that has enough: EPIC stops growth at half
#: of the optimum (Williams et al. 1989); QUEFTS has 0.0095 kg kg-1 in the leanest maize, 0.022 in the richest
#: (Janssen et al. 1990), SWAT+ 0.0175 as the usual
LEANEST_PRODUCT = 0.5
#: kg CaCO3 that neutralise a mol of charge
CALCITE_PER_CHARGE = 0.0500435


@dataclass(frozen=True)
class NitrogenTables:
    """Nitrogen by month and unit, rows as in :class:`watershed_c.management.tables.UnitTables`.

    Attributes
    ----------
    fertiliser, manure : (M, U), kg N m-2 per month
        Mineral nitrogen that stays: what is brought less ammonia lost; of manure the ammonium.
    fertiliser_lost, manure_lost : (M, U), kg N m-2 per month
        What of them was lost as ammonia.
    acid : (M, U), kg N m-2 per month
        Nitrogen times the H+ that it sets free on its way to nitrate.
    organic : (M, U), kg N m-2 per month
        Organic nitrogen of manure; it is in the pools' carbon to nitrogen.
    litter : (U,), kg N per kg C
        Of the pools that plant litter enters: what all that a cycle brings them holds.
    share : (M, U)
        Of a month in what its season needs (:func:`watershed_c.management.nitrogen_demand.uptake_shares`).
    need, kept : (C,), kg N per kg DM of product
        In the plant, with what its roots exude; in all of it but the product that leaves.
    leanest : (C,)
        Nitrogen per yield at which growth ceases, over ``need``: residues keep their content, the product does not.
    straw, straw_charge : (C,), kg N and mol charge per kg DM of product
        In the straw.
    charge : (C,), mol charge per kg DM of product
        Excess base in the product that leaves.
    fixed : (C,)
        Share of the need that is fixed from the air.
    """

    fertiliser: np.ndarray
    manure: np.ndarray
    fertiliser_lost: np.ndarray
    manure_lost: np.ndarray
    acid: np.ndarray
    organic: np.ndarray
    litter: np.ndarray
    share: np.ndarray
    need: np.ndarray
    kept: np.ndarray
    leanest: np.ndarray
    straw: np.ndarray
    charge: np.ndarray
    straw_charge: np.ndarray
    fixed: np.ndarray


def residue_nitrogen(crop: Crop) -> float:
    """kg N per kg dry of what is left of a plant; that of fallow 0."""
    return 0.0 if math.isnan(crop.nitrogen) else crop.nitrogen


def product_nitrogen(crop: Crop) -> float:
    """kg N per kg dry of the product."""
    return residue_nitrogen(crop) if math.isnan(crop.product_nitrogen) else crop.product_nitrogen


class _Months:
    """What one cycle of a rotation brings, by month, and its litter."""

    def __init__(self, calendar: Calendar) -> None:
        count = 12 * len(calendar.years)
        self.fertiliser, self.fertiliser_lost, self.manure, self.manure_lost = np.zeros((4, count))
        self.acid, self.organic = np.zeros((2, count))
        for one in calendar.fertilisation:
            month, lost = self.month(one.day), one.nitrogen * one.fertiliser.volatilised
            self.fertiliser[month] += one.nitrogen - lost
            self.fertiliser_lost[month] += lost
            self.acid[month] += (one.nitrogen - lost) * one.fertiliser.acid
        #: carbon and nitrogen of the organic input of a cycle, kg m-2
        self.carbon = self.nitrogen = 0.0
        for season in calendar.seasons:
            crop = season.crop
            product, *rest = (carbon / crop.dry_matter_carbon for carbon in plant_carbon(season))
            self.carbon += crop.dry_matter_carbon * (product + sum(rest))
            self.nitrogen += product * product_nitrogen(crop) + sum(rest) * residue_nitrogen(crop)
        for brought in calendar.amendments:
            self.carbon += brought.carbon
            if brought.material is None:
                assert brought.crop is not None
                self.nitrogen += brought.carbon / brought.crop.dry_matter_carbon * residue_nitrogen(brought.crop)
                continue
            if brought.material.kind == "biochar":  # has its nitrogen in rings of carbon, and keeps it
                continue
            month, whole = self.month(brought.day), brought.carbon / brought.material.carbon * brought.material.nitrogen
            mineral = whole * brought.material.ammonium
            lost = mineral * MANURE_VOLATILISED
            self.manure[month] += mineral - lost
            self.manure_lost[month] += lost
            self.acid[month] += mineral - lost  # of NH4HCO3: two H+ of the ammonium, one taken by the bicarbonate
            self.organic[month] += whole - mineral
            self.nitrogen += whole - mineral

    @staticmethod
    def month(day: int) -> int:
        year, within = divmod(day, DAYS)
        return 12 * year + int(np.searchsorted(MONTH_STARTS, within, side="right")) - 1


def nitrogen_tables(
    tables: UnitTables,
    seasons: GrowthTables,
    allocate: Callable[..., np.ndarray],
    litter: np.ndarray,
    inert: np.ndarray,
    humus: float,
    temperature: np.ndarray,
    radiation: np.ndarray,
) -> NitrogenTables:
    """Nitrogen of every unit.

    Parameters
    ----------
    tables, seasons
        Of the same rotations.
    allocate : callable
        As for :meth:`watershed_c.management.tables.UnitTables.by_pool`.
    litter : (P,) bool
        Pools that plant litter enters; the others have the C:N of humus.
    inert : (P,) bool
        Of those the ones that count as having none, as none comes out of them.
    humus : float, kg N per kg C
        Of the other pools.
    temperature, radiation : (12,)
        Of the mean year, degC and in any unit.

    Notes
    -----
    The litter pools of a unit have one N : C, with which they take in a cycle what its residues and manure hold, less
    what manure brings directly to the others. Biochar keeps its nitrogen: it is in none of them.
    """
    months = {name: _Months(calendar) for name, calendar in tables.calendars.items()}

    def by_unit(name: str) -> np.ndarray:
        return stacked(tables, {key: getattr(of, name) for key, of in months.items()})

    inputs, _ = tables.by_pool(allocate)
    if tables.surface is not None:
        laid, shares = tables.surface.laid, np.array([allocate(of.kind, **of.quality) for of in tables.sources])
    ratio = np.empty(len(tables.names))
    unit = 0
    for name, of in months.items():
        rows = int(tables.cycle_months[unit])
        entered = inputs[:rows, unit].sum(axis=(0, 1))
        if tables.surface is not None:
            entered = entered + laid[:rows, unit].sum(axis=(0, 1)) @ shares
        direct, fresh = float(entered[~(litter | inert)].sum()), float(entered[litter].sum())
        whole = of.nitrogen / of.carbon * float(entered.sum()) if of.carbon > 0.0 else 0.0
        found = (whole - humus * direct) / fresh if fresh > 0.0 else humus
        ratio[unit : unit + tables.offsets[name]] = max(found, 0.0)
        unit += tables.offsets[name]
    for (name, offset), written in tables.by_year.items():  # the same plants by other dates
        ratio[tables.first_unit[written]] = ratio[tables.unit(name, offset)]
    crops = seasons.crops
    product = np.array([product_nitrogen(crop) for crop in crops])
    rest = np.array([residue_nitrogen(crop) for crop in crops])
    part = {
        name: seasons.of_crops(name) * seasons.of_crops(entering) / seasons.of_crops("product")
        for name, entering in (("roots", "root_turnover"), ("exudates", "exudates_returned"))
    }
    straw, leaves = seasons.of_crops("straw") / seasons.of_crops("product"), 1.0 - seasons.of_crops("product_returned")
    stays = product * (1.0 - leaves) + rest * (straw + part["roots"] + part["exudates"])
    need = stays + product * leaves
    spared = (1.0 - LEANEST_PRODUCT) * product * leaves
    return NitrogenTables(
        by_unit("fertiliser"), by_unit("manure"), by_unit("fertiliser_lost"), by_unit("manure_lost"), by_unit("acid"),
        by_unit("organic"), ratio, share=uptake_shares(seasons, tables.cycle_months, temperature, radiation),
        need=need, kept=stays, leanest=1.0 - np.divide(spared, need, out=np.zeros(need.size), where=need > 0.0),
        straw=rest * straw,
        charge=seasons.of_crops("product_alkalinity") * leaves / CALCITE_PER_CHARGE,
        straw_charge=seasons.of_crops("straw_alkalinity") * straw / CALCITE_PER_CHARGE,
        fixed=seasons.of_crops("nitrogen_fixed"),
    )  # fmt: skip
