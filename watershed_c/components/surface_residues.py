"""Residues and litter lie on the surface, decay there, and come into the soil by its animals and by implements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.released_nitrogen import follow_residues
from watershed_c.kernels.cover import residue_ground_cover
from watershed_c.kernels.surface_residues import incorporate
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.management.tables import SurfaceTables, UnitTables

#: kg C per kg dry matter of residues (Daisy)
DRY_MATTER_CARBON = 0.42
#: kg C m-2 yr-1, the most that soil animals take down: 69 g dry matter m-2 in 30 days, lucerne on no-till maize land
#: with 40 to 60 Lumbricus terrestris m-2 (Gallagher & Wollenhaupt 1997); R_max of Daisy, 0.5 g m-2 h-1: five times it
MOST_TAKEN = 69e-3 / 30.0 * 365.25 * DRY_MATTER_CARBON
#: kg C m-2 at which they take half of that: 1 g dry matter m-2 (Daisy, k_half)
HALF_TAKEN = 1e-3 * DRY_MATTER_CARBON
#: share of what they take that they respire (Daisy, respiration)
RESPIRED_SHARE = 0.5
#: degC of the soil below which they rest, and from which they work at full speed (Daisy, T_factor)
RESTING, WORKING = 4.0, 6.0
#: m; they leave as much at all depths down to the first, none below the second, linear between (Daisy, distribution)
EVEN_DEPTH, LARGEST_DEPTH = 0.18, 0.80
#: biomass of earthworms where soil is inverted, per biomass where it is not tilled: no-tillage has 196 % more
#: (Briones & Schmidt 2017, 165 publications)
LEFT_WHERE_INVERTED = 1.0 / 2.96
#: rate of a pool on the surface over its rate in the soil: structural 3.9 and 4.9, metabolic litter 14.8 and 18.5 yr-1
#: (CENTURY, DEC1 and DEC2 of its fixed parameters)
SURFACE_RATE = 0.8


def fauna_shares(layer_bottom: np.ndarray) -> np.ndarray:
    """Share of each layer (L) in what soil animals leave, the profile cut at its base."""

    def above(depth: np.ndarray) -> np.ndarray:
        in_slope = np.clip(depth, EVEN_DEPTH, LARGEST_DEPTH) - EVEN_DEPTH
        return np.asarray(
            np.minimum(depth, EVEN_DEPTH) + in_slope - 0.5 * in_slope**2 / (LARGEST_DEPTH - EVEN_DEPTH)
        )

    reached = above(np.concatenate(([0.0], layer_bottom)))
    return np.asarray(np.diff(reached) / reached[-1])


class ResidueCover(Process):
    """Let C and ground cover of the units follow the residues that lie there. Runs after cropping.

    Of a unit, the mean cover of its cells. The annual C, which decides between transport coefficients, stays that of
    the calendar.

    Parameters
    ----------
    watershed : Watershed
        With residues.
    tables : UnitTables
        With those of the surface.
    first_year : int
        As of cropping.
    """

    _name = "ResidueCover"
    _info = info(reads=("residue_cover", "unit"))
    ledger_terms = {}

    def __init__(self, watershed: Watershed, *, tables: UnitTables, first_year: int) -> None:
        super().__init__(watershed)
        self.tables, self.first_month = tables, 12 * first_year
        self.surface = _of_surface(tables)

    def run_one_step(self, dt: float) -> None:
        """Set the cover of the step; nothing here depends on ``dt``."""
        w, tables, surface = self.watershed, self.tables, self.surface
        month = w.calendar_month - self.first_month
        covered = residue_ground_cover(w.residue_cover[w.cells])
        unit, units = w.unit[w.cells], len(tables.names)
        cover = np.bincount(unit, covered, minlength=units) / np.maximum(np.bincount(unit, minlength=units), 1)
        at = lambda table: tables.at(table, month)  # noqa: E731
        bare = at(surface.bare_factor) * np.exp(-at(surface.effectiveness) * cover)
        w.units.cover_factor[:] = at(surface.given_factor) + bare
        w.units.ground_cover[:] = at(surface.standing_cover) + at(surface.residue_share) * cover


class SurfaceResidues(Process):
    """Decay, incorporation and burial of what lies on the surface. Runs after decomposition.

    Parameters
    ----------
    watershed : Watershed
        With residues.
    decomposition : Decomposition
        By a linear model; residues turn over as in its uppermost layer.
    tables : UnitTables
        With those of the surface.
    allocate : callable
        As of cropping.
    first_year : int
        As of cropping.
    surface_rate : float, dimensionless, 0 to 1
        Rate of a pool on the surface over its rate in the uppermost layer.
    most_taken : float, kg C m-2 yr-1, at least 0
        The most that soil animals take down from untilled, warm, moist soil at C:N up to 50.
    respired_share : float, 0 to 1
        Of what they take.
    left_where_inverted : float, 0 to 1
        Their activity where all residues are turned under each year, over that of untilled soil; between the two,
        linear in the share of the residues that passes of a year bury.

    Raises
    ------
    ValueError
        A parameter is out of range; isotopes are asked for, or there is no table of the surface.

    Attributes
    ----------
    entered : (U, L, P) kg C m-2, or None
        Where it is asked for (not None): what has entered the soil of each unit per cell and plant input of the unit.

    Notes
    -----
    Equations: docs/processes/surface_residues.md, :mod:`watershed_c.kernels.surface_residues`.
    """

    _name = "SurfaceResidues"
    _info = info(
        reads=("temperature", "unit", "input_scale", "water", "field_capacity", "wilting_point"),
        changes=("stocks", "residue", "residue_cover", "residue_nitrogen", "doc_produced"),
    )
    _cite_as = """@article{briones2017,
        author = {Briones, Mar{\\'i}a Jes{\\'u}s I. and Schmidt, Olaf},
        title = {Conventional tillage decreases the abundance and biomass of earthworms and alters their community
            structure in a global meta-analysis},
        journal = {Global Change Biology}, volume = {23}, pages = {4396--4419}, year = {2017}}
    @article{gallagher1997,
        author = {Gallagher, A. V. and Wollenhaupt, N. C.},
        title = {Surface alfalfa residue removal by earthworms {Lumbricus} terrestris {L.} in a no-till agroecosystem},
        journal = {Soil Biology and Biochemistry}, volume = {29}, pages = {477--479}, year = {1997}}
    @article{hansen2012,
        author = {Hansen, S. and Abrahamsen, P. and Petersen, C. T. and Styczen, M.},
        title = {Daisy: model use, calibration, and validation},
        journal = {Transactions of the ASABE}, volume = {55}, pages = {1317--1335}, year = {2012}}"""
    ledger_terms = {
        name: Decomposition.ledger_terms[name] for name in ("plant_input", "amendment", "respired", "doc_production")
    }
    transforms = ("soc",)
    changes_only = ("soc",)

    def __init__(
        self,
        watershed: Watershed,
        *,
        decomposition: Decomposition,
        tables: UnitTables,
        allocate: Callable[..., np.ndarray],
        first_year: int,
        surface_rate: float = SURFACE_RATE,
        most_taken: float = MOST_TAKEN,
        respired_share: float = RESPIRED_SHARE,
        left_where_inverted: float = LEFT_WHERE_INVERTED,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        for name, share in (
            ("surface_rate", surface_rate), ("respired_share", respired_share),
            ("left_where_inverted", left_where_inverted),
        ):  # fmt: skip
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{name} must be 0 to 1, is {share}")
        if not most_taken >= 0.0:
            raise ValueError(f"most_taken must be at least 0 kg C m-2 yr-1, is {most_taken}")
        if decomposition.twins is not None:
            raise ValueError("residues on the surface have no isotopes")
        self.decomposition, self.tables, self.first_month = decomposition, tables, 12 * first_year
        self.surface = _of_surface(tables)
        shares = np.array([allocate(source.kind, **source.quality) for source in tables.sources])
        brought = np.array([source.amendment for source in tables.sources])
        #: (M, U, when, whose, P)
        self.laid = np.stack((self.surface.laid @ (shares * ~brought[:, None]),
                              self.surface.laid @ (shares * brought[:, None])), axis=3)  # fmt: skip
        self.litter = np.asarray(allocate("plant") > 0.0)
        self.surface_rate, self.respired_share = float(surface_rate), float(respired_share)
        self._most = most_taken * (1.0 - (1.0 - left_where_inverted) * self.surface.turned_over)
        self._shares = fauna_shares(w.layer_bottom)
        self._rows = w.constituents.of_group("soc")
        n, groups = w.clay.size, decomposition.modifier.shape[2]
        self._modifier = np.zeros((n, 1, groups))
        self._respired, self._dissolved = np.zeros((n, 1)), np.zeros((n, 1))
        self._capacity, self._by_fauna = np.zeros(n), np.zeros(n)
        self._none = np.zeros((len(tables.names), 1, self._rows.size))
        self.entered: np.ndarray | None = None

    def run_one_step(self, dt: float) -> None:
        """Decay, then arrivals, animals and passes of ``dt`` yr."""
        w, cells, decomposition = self.watershed, self.decomposition.cells, self.decomposition
        at = lambda of: np.ascontiguousarray(self.tables.at(of, w.calendar_month - self.first_month)) * (12.0 * dt)  # noqa: E731
        arriving = at(self.laid)
        follow_residues(w, cells, int(self._rows[0]), arriving, before=True)
        before = w.residue[cells][:, self.litter].sum(axis=1)
        np.multiply(decomposition.modifier[:, :1], self.surface_rate, out=self._modifier)
        decomposition.turn_over(
            w.residue[:, None, :], 0, self._modifier, w.unit, self._none, self._none, self._respired, self._dissolved,
            dt=dt,
        )  # fmt: skip
        left = np.divide(w.residue[cells][:, self.litter].sum(axis=1), before, out=np.ones_like(before),
                         where=before > 0.0)  # fmt: skip
        w.residue_cover[cells] *= left
        w.residue_nitrogen[cells] *= left
        w.doc_produced[cells, 0] += self._dissolved[cells, 0]
        self._capacity[cells] = self._most[w.unit[cells]] * dt * self._activity(cells)
        stocks = self._by_unit() if self.entered is not None else 0.0
        over_cells(
            incorporate, cells, w.unit, w.plant_scale, arriving, at(self.surface.laid_cover),
            at(self.surface.laid_nitrogen), self.litter, self._capacity, HALF_TAKEN, self.respired_share, self._shares,
            self._buried(), int(self._rows[0]), w.mineral, w.stocks, w.residue, w.residue_cover, w.residue_nitrogen,
            self._by_fauna,
        )  # fmt: skip
        follow_residues(w, cells, int(self._rows[0]), arriving, before=False)
        if self.entered is not None:
            self.entered += self._by_unit() - stocks
        laid = arriving.sum(axis=(1, 3))
        w.ledger.book("plant_input", "soc", laid[w.unit, 0] * w.plant_scale, cells=cells)
        w.ledger.book("amendment", "soc", laid[w.unit, 1], cells=cells)
        w.ledger.book("respired", "soc", self._respired, factor=-1.0, cells=cells)
        w.ledger.book("respired", "soc", self._by_fauna, factor=-1.0, cells=cells)
        if decomposition.doc_fraction > 0.0:
            w.ledger.book("doc_production", "soc", self._dissolved, factor=-1.0, cells=cells)

    def _activity(self, cells: np.ndarray) -> np.ndarray:
        """Activity of soil animals (c) by temperature and water of the uppermost layer, 0 to 1.

        In proportion to the available water, a prior of this project; 1 where no soil water is known.
        """
        w = self.watershed
        warmth = (w.temperature[cells] + w.layer_temperature[0] - RESTING) / (WORKING - RESTING)
        held = w.field_capacity[cells, 0] - w.wilting_point[cells, 0]
        moist = np.divide(w.water[cells, 0] - w.wilting_point[cells, 0], held, out=np.ones_like(held), where=held > 0.0)
        return np.clip(warmth, 0.0, 1.0) * np.clip(moist, 0.0, 1.0)

    def _buried(self) -> np.ndarray:
        """Share of the residues that this step's passes bury in each layer, (U, L)."""
        w = self.watershed
        buried, left = np.zeros((len(self.tables.names), w.layer_bottom.size)), np.ones(len(self.tables.names))
        for event in w.units.tillage:
            tilled = np.clip(event.depth - w.layer_top, 0.0, w.layer_bottom - w.layer_top)
            buried[event.unit] += left[event.unit] * event.burial * tilled / tilled.sum()
            left[event.unit] *= 1.0 - event.burial
        return buried

    def _by_unit(self) -> np.ndarray:
        """Pools in the soil of each unit per plant input of its cells, (U, L, P) kg C m-2."""
        w = self.watershed
        found: np.ndarray = np.zeros(w.units.inputs.shape)
        scale = w.plant_scale
        for unit in range(found.shape[0]):
            cells = w.cells[w.unit[w.cells] == unit]
            if cells.size:
                found[unit] = w.stocks[cells][:, :, self._rows].sum(axis=0) / max(float(scale[cells].sum()), 1e-12)
        return found


def _of_surface(tables: UnitTables) -> SurfaceTables:
    if tables.surface is None:
        raise ValueError("the tables of the units have none of the surface (build_units, surface=True)")
    return tables.surface
