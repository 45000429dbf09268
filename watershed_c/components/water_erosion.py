"""Water erosion: what rain detaches, how much of it travels, where it settles, and all that it carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from watershed_c.components.annual_pass import AnnualPass
from watershed_c.components.base import Process
from watershed_c.components.loose_char import LooseChar
from watershed_c.components.runoff_soil_loss import STORM_HOURS, MmfParameters, soil_loss
from watershed_c.components.sediment_export import TERMS, SedimentExport
from watershed_c.components.selectivity import LARGEST_RATIO, EnrichmentLaw, SizeClasses, constant_ratios, organic_rows
from watershed_c.components.soil_loss import CONVENTIONS, COVER_THRESHOLD
from watershed_c.grid import COARSE_CELL
from watershed_c.kernels import sediment
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import along_flow, over_cells
from watershed_c.state import Watershed

_DEPRESSIONS = ("trap", "breach")



class WaterErosion(Process):
    """RUSLE potential soil loss, limited by transport capacity, routed down the flow network with all it carries.

    Parameters
    ----------
    watershed : Watershed
        Reads of it: erosivity of the step, erodibility, cover and practice factors of the units, the flow network.
    model : {"rusle", "musle", "mmf"}
        Source of potential soil loss: rain (RUSLE), or simulated runoff (MUSLE, revised Morgan-Morgan-Finney).
    storm_hours : float, h, above 0
        musle: duration of an erosive rain. Default 2, a prior (0.5 to 6); soil loss grows as its -0.56th power.
    wet_days : float, above 0, optional
        musle: days with rain of a month. Default: those of the climate table, one where it has none.
    mmf : MmfParameters, optional
        Needed by, and only by, that model.
    size_classes : bool
        Sediment moves and settles in the particle classes of Foster et al. 1985, in place of enrichment.
    length_exponent : {"van_oost_2003", "mccool_1989"}
        Exponent m of the slope-length factor.
    slope_factor : {"nearing_1997", "mccool_1987"}
    capacity : {"van_oost_2000", "verstraeten_2007"}
        Transport capacity.
    transport_capacity_coefficient : (float, float), above 0
        ktc where the unit's annual cover factor is at most, and above, ``cover_threshold``; m (Van Oost) or m-1.8
        (Verstraeten). Default (3, 12) m, the example of the WaTEM/SEDEM documentation, for Van Oost only; that
        program's calibration scans 1-20 and 5-40 m, and a ratio of 0.25 to 0.35 was found in Flanders. It belongs to
        the capacity model, the cell size and the time step (coupling rule 20).
    cover_threshold : float, 0-1
        Annual cover factor above which the second coefficient holds. Default 0.1 (rusleR, after Batista et al. 2022).
    channel_area : float, m2, above 0
        Upslope area is counted no further than this in LS and capacity (rule 22). Default: no cap beyond the channel
        cells, which have no soil.
    depressions : {"trap", "breach"}
        Whether sediment that enters a depression stays, or passes whatever the capacity.
    enrichment : mapping of carrier to float, at least 0
        Content of a constituent in detached soil over its content in the top soil, for ``particulate``, ``mineral``,
        ``char`` and ``bulk`` carriers. Default 1 for each: nothing is enriched. Literature for organic carbon: 1 to
        12 (Lal 2020); 0.9 to 2.6 in interrill flow, 1 above 0.0017 kg s-1 m-1 (Schiettecatte et al. 2008). A constant
        ratio has no time scale of its own (rule 21): months and years use the same number.
    enrichment_law : {"menzel_1980", "swat", "watem_c"}, optional
        Instead of constant ratios: enrichment of organic carbon by what a cell loses (``kernels.enrichment``).
    events_per_year : float, yr-1, above 0, optional
        Erosive events in a year, for laws of single events.
    largest_enrichment : float, at least 1
        Upper bound of what a law gives. Default 12 (range of Lal 2020).
    transit_mineralisation : float, 0-1
        Share of the organic carbon that is detached which turns into CO2 on its way. Default 0; brackets 0.02 to 0.1
        (Lugato et al. 2018), 0.2 (Lal 2003).
    downstream_mineralisation : float, 0-1
        Share of the organic carbon that leaves the catchment which turns into CO2 beyond it. Default 0; brackets 0.05
        to 0.8 (Lugato et al. 2018).
    cover_map, practice_map, coefficient_map : (n,), optional
        C, P and ktc of cells that have one of their own, whatever their unit; NaN elsewhere.
    convention : {"desmet_govers", "watem_sedem"}
        L by the area that enters a cell; or, as WaTEM/SEDEM and its ktc have it, by that with the cell's own, and the
        slope of Verstraeten's capacity as an angle.
    ls_correction : float, above 0
        What LS is divided by.
    slope_length : (U,) m, above 0, optional
        Upslope area counts no further than this, one cell wide, in LS and capacity: spacing of terraces of each
        management unit; infinite without.
    parcels : ParcelLand, optional
        With it buffers keep their share of the sediment, and sewers take theirs (their export has a term of its own).
    ponds : (n,), optional
        Share of the sediment that ponds keep, -1 elsewhere: on land it is laid down in the cell, in the channel it has
        an export term of its own.
    char : LooseChar, optional
        With it char that lies loose on the surface has a ratio of its own; not with a law or size classes.

    Attributes
    ----------
    ls : (n,) LS factor on the current terrain
    gross_erosion, gross_deposition, exported : (n,) kg m-2 of dry soil since the start
        What was detached in, laid down in, and received by a node without soil (channel, outlet).
    sinks : (s,) int64
        Soil cells that no water leaves; they keep their sediment.
    year : AnnualPass
        Compares the steps of each year with one pass for it (RUSLE only; rule 20).
    """

    _name = "WaterErosion"
    _cite_as = """@techreport{renard1997,
        author = {Renard, K. G. and Foster, G. R. and Weesies, G. A. and McCool, D. K. and Yoder, D. C.},
        title = {Predicting Soil Erosion by Water: A Guide to Conservation Planning with {RUSLE}},
        institution = {USDA}, number = {Agriculture Handbook 703}, year = {1997}}
    @article{desmet1996,
        author = {Desmet, P. J. J. and Govers, G.},
        title = {A {GIS} procedure for automatically calculating the {USLE} {LS} factor on topographically complex
            landscape units},
        journal = {Journal of Soil and Water Conservation}, volume = {51}, pages = {427--433}, year = {1996}}
    @article{vanoost2000,
        author = {Van Oost, K. and Govers, G. and Desmet, P.},
        title = {Evaluating the effects of changes in landscape structure on soil erosion by water and tillage},
        journal = {Landscape Ecology}, volume = {15}, pages = {577--589}, year = {2000}}
    """
    _info = info(
        reads=(
            "erosivity", "erodibility", "unit", "drainage_area", "runoff", "bulk_density", "precipitation",
            "temperature",
        ),
        changes=("mineral", "stocks", "deposit_mineral", "deposit"),
    )
    ledger_terms = {
        "water_erosion": Term("lateral", "Soil moved by water: deposited minus detached"),
        **TERMS,
        "transit_mineralised": Term("vertical", "Organic carbon that turns into CO2 while water moves it"),
    }

    def __init__(
        self,
        watershed: Watershed,
        *,
        model: str = "rusle",
        length_exponent: str = "van_oost_2003",
        slope_factor: str = "nearing_1997",
        capacity: str = "van_oost_2000",
        transport_capacity_coefficient: tuple[float, float] | None = None,
        cover_threshold: float = COVER_THRESHOLD,
        channel_area: float = np.inf,
        depressions: str = "trap",
        enrichment: Mapping[str, float] | None = None,
        enrichment_law: str | None = None,
        events_per_year: float | None = None,
        largest_enrichment: float = LARGEST_RATIO,
        transit_mineralisation: float = 0.0,
        downstream_mineralisation: float = 0.0,
        cover_map: np.ndarray | None = None,
        practice_map: np.ndarray | None = None,
        coefficient_map: np.ndarray | None = None,
        convention: str = CONVENTIONS[0],
        ls_correction: float = 1.0,
        slope_length: np.ndarray | None = None,
        parcels: ParcelLand | None = None,
        ponds: np.ndarray | None = None,
        storm_hours: float = STORM_HOURS,
        wet_days: float | None = None,
        mmf: MmfParameters | None = None,
        size_classes: bool = False,
        char: LooseChar | None = None,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        if depressions not in _DEPRESSIONS:
            raise ValueError(f"depressions must be one of {', '.join(_DEPRESSIONS)}, is {depressions!r}")
        self.loss = soil_loss(
            w, model, storm_hours=storm_hours, wet_days=wet_days, mmf=mmf, length_exponent=length_exponent,
            slope_factor=slope_factor, capacity=capacity, coefficient=transport_capacity_coefficient,
            cover_threshold=cover_threshold, channel_area=channel_area,
            own=(cover_map, practice_map, coefficient_map), convention=convention, ls_correction=ls_correction,
            slope_length=slope_length,
        )  # fmt: skip
        self.warnings += self.loss.warnings
        if w.dx > COARSE_CELL:
            self.warnings.append(
                f"cells of {w.dx:g} m (above {COARSE_CELL:g} m) damp slopes: potential soil loss is too low"
            )
        self.trap = depressions == "trap"
        if (bool(enrichment) or char is not None, enrichment_law is not None, size_classes).count(True) > 1:
            raise ValueError("one selectivity: enrichment by constant ratios, by a law, or size_classes (rule 21)")
        for name, share in (("transit", transit_mineralisation), ("downstream", downstream_mineralisation)):
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{name}_mineralisation must be from 0 to 1, is {share}")

        n = w.elevation.size
        self.ls = self.loss.ls
        self.gross_erosion, self.gross_deposition, self.exported = np.zeros(n), np.zeros(n), np.zeros(n)
        self.sinks = np.zeros(0, dtype=np.int64)
        self._outside = np.flatnonzero(~w.is_soil)
        self._routing = -1
        buffers = None if parcels is None else parcels.kept
        self._kept = sediment.NOTHING_KEPT if buffers is None else buffers
        if ponds is not None:
            self._kept = ponds if buffers is None else np.maximum(ponds, buffers)
        self.export = SedimentExport(
            w, ponds, sewers=parcels is not None and parcels.sewer is not None, lost=downstream_mineralisation
        )
        self._potential, self._limit = w.work(0), w.work(1)
        self._load, self._carried = w.work(2), w.work(2, "soil part")
        self._eroded, self._deposited = w.work(3), w.work(4)
        self._net_mineral, self._net = w.work(5), w.work(0, "constituent")
        compared = model == "rusle" and not size_classes
        self.year = AnnualPass(w, self.trap, self._kept, self._load, self._eroded, self._deposited, active=compared)
        ratios = constant_ratios(w, enrichment or {})
        self.char = char
        self._usual = sediment.Selectivity.constant(ratios) if char is None else char.selectivity(ratios)
        self.classes = SizeClasses(w) if size_classes else None
        self.law = None
        if enrichment_law is not None:
            self.law = EnrichmentLaw(
                w, enrichment_law, self._eroded, events_per_year=events_per_year, largest=largest_enrichment
            )
        self._transit = None
        if transit_mineralisation > 0.0:
            rows = np.flatnonzero(organic_rows(w))
            self._transit = sediment.Transit(rows, transit_mineralisation, np.zeros((n, len(w.constituents))))

    def memory(self) -> dict[str, np.ndarray]:
        """Cumulative maps, and what a law of annual amounts counts."""
        year = {} if self.law is None or self.law.year is None else self.law.year.memory()
        own = self.year.memory() | self.loss.memory()
        own |= {} if self.char is None else {"loose_char": self.char.loose}
        return {
            "gross_erosion": self.gross_erosion,
            "gross_deposition": self.gross_deposition,
            "exported": self.exported,
        } | {f"enrichment.{name}": values for name, values in year.items()} | own

    def findings(self) -> dict[str, float]:
        """Where organic carbon that left the catchment went, t C of the run, if some of it is mineralised there."""
        return self.export.findings()

    def start_afresh(self) -> None:
        """Forget what was moved before the run began."""
        for moved in (self.gross_erosion, self.gross_deposition, self.exported, *self.year.memory().values()):
            moved[:] = 0.0

    def _follow_terrain(self) -> None:
        """LS and the list of sinks, anew where the flow router has run since, or land use has changed."""
        w = self.watershed
        if self._routing == w.routing_version and not self.loss.land_changed():
            return
        self._routing = w.routing_version
        self.loss.follow_terrain()
        drains = np.zeros(w.is_soil.size, dtype=bool)
        drains[w.order] = np.diff(w.first_receiver) > 0
        self.sinks = w.cells[~drains[w.cells]]

    def run_one_step(self, dt: float) -> None:
        """Erode, transport and deposit in ``dt`` yr; erosivity is that of the step."""
        w = self.watershed
        self._follow_terrain()
        self.year.begin_step()
        self.loss.of_step(dt, self._potential, self._limit)
        self.year.of_step(self._potential, self._limit)
        self._load[:] = 0.0
        self._carried[self._outside] = 0.0
        if self.classes is not None:
            self.classes.route(
                self.trap, self._kept, self._potential, self._limit, self._transit, self._eroded, self._deposited,
                self._net_mineral, self._net, self._load, self._carried,
            )  # fmt: skip
            return self._book(dt)
        sediment.route_sediment(
            over_cells, w.cells, w.order, w.first_receiver, w.receivers, w.weights, w.is_soil, w.in_depression,
            self.trap, self._potential, self._limit, w.mineral, w.stocks, w.constituents.dry_mass_per_unit,
            self._usual if self.law is None else self.law.selectivity(dt), w.deposit_mineral, w.deposit,
            self._load, self._carried, self._eroded, self._deposited, self._net_mineral, self._net, self._transit,
            self._kept, partial(along_flow, w.parts),
        )  # fmt: skip
        return self._book(dt)

    def _book(self, dt: float) -> None:
        w, outside, per_unit = self.watershed, self._outside, self.watershed.constituents.dry_mass_per_unit
        self.year.end_step(self._eroded, self._load)
        if self._transit is not None:  # dry soil was routed with what has turned into CO2 since
            self._load[outside] = self._carried[outside] @ np.append(per_unit, 1.0)
            if self.classes is None:
                laid = self._net_mineral[w.cells] + self._net[w.cells] @ per_unit
                self._deposited[w.cells] = np.where(self._eroded[w.cells] > 0.0, 0.0, laid)
        np.add(self.gross_erosion, self._eroded, out=self.gross_erosion, where=w.is_soil)
        np.add(self.gross_deposition, self._deposited, out=self.gross_deposition, where=w.is_soil)
        w.ledger.book("water_erosion", "soil", self._net_mineral)
        w.ledger.book("water_erosion", "rows", self._net)
        if self.char is not None:
            self.char.follow(self._net, dt)
        if self._transit is not None:
            w.ledger.book("transit_mineralised", "rows", self._transit.mineralised)
        self.exported[outside] += self._load[outside]
        self.export.book(self._carried)
