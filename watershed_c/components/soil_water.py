"""Soil water: what becomes of the rain of a step in every cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watershed_c.components.artificial_drainage import ArtificialDrainage
from watershed_c.components.base import Process
from watershed_c.components.hydraulic_properties import HydraulicProperties
from watershed_c.components.subsurface_flow import SubsurfaceFlow
from watershed_c.kernels.climate import snow_balance
from watershed_c.kernels.infiltration import METHODS, dry_curve_number, surface_runoff, wet_curve_number
from watershed_c.kernels.soil_water import FIXED, REACHING, TRIGGER, retention, retention_low_abstraction, water_balance
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: where soil water triggers irrigation a month is taken in at least so many substeps: a turn every three days, a choice
MOST_TURNS = 10
#: initial abstraction per retention -> retention from curve number
_RETENTION = {0.2: retention, 0.05: retention_low_abstraction}


class SoilWater(Process):
    """Snow, runoff, infiltration, evapotranspiration, percolation and groundwater of every cell.

    Parameters
    ----------
    watershed : Watershed
        With wilting point, field capacity and saturation set
        (:class:`~watershed_c.components.hydraulic_properties.HydraulicProperties`).
    conductivity : (n, L), kg m-2 yr-1 (= mm yr-1)
        Saturated hydraulic conductivity.
    properties : HydraulicProperties, optional
        Follow organic carbon in the first step of every year; ``conductivity`` is theirs. Default: static.
    wet_days : float or (12,), days with rain in a month, above 0 to 31, optional
        Rain falls in that many events of exponentially distributed depth. Default: those of the climate table in every
        month (``Watershed.wet_days``); one where that says none.
    initial_abstraction : {0.2, 0.05}
        Share of the retention that is filled before runoff begins. Default 0.2 (USDA 1986); 0.05 with the retention
        converted after Hawkins et al. (2002).
    groundwater_residence_time : float, yr, above 0
        Of the linear reservoir that feeds the stream. Default 0.123 (45 days; Brutsaert 2008, 45 +- 15 days, 0.08 to
        0.16 yr): of storage that reacts to rain. Water of deep aquifers stays far longer.
    evaporation_depth : float, m
        Depth of the soil that dries by evaporation. Default 0.10 (FAO-56, 0.10 to 0.15).
    substeps : int, optional
        Parts of a step in which infiltration, percolation and evapotranspiration follow each other. Default: one for
        each wet day, so that a shallow or sandy store is filled as often as it rains.
    infiltration : {"curve_number", "curve_number_moisture", "green_ampt"}
        What runs off an event: by the curve number, by one that follows soil moisture (Neitsch et al. 2011), or what
        Green & Ampt's front lets in not.
    storm_duration : float, yr, optional
        Of an event; "green_ampt" needs it.
    conductivity_ratio : float, above 0 to 1
        Conductivity behind Green & Ampt's front per saturated conductivity of the top layer. Default 0.5: of soil that
        keeps air (Bouwer 1966).
    by_day : bool
        Take a month day by day where the climate table has days: one event each, as deep as it was. Default off.
    base_conductivity : (n,), kg m-2 yr-1 (= mm yr-1), optional
        Of what lies below the profile: no more percolates out of it. Default: all that reaches the base does.
    sideways : sequence of SubsurfaceFlow and ArtificialDrainage
        Run, and booked, in this process: after each substep water flows to drains and downslope. Default: none.
    degree_day_factor : float, kg m-2 K-1 d-1
        Snow melt. Default 3 (Hock 2003; 1.5 to 6).
    melt_ratio : (12, n), optional
        Melt of the ground of each cell per that of the horizontal, by month (``Climate.radiation_ratio``). Default: 1.
    """

    _name = "SoilWater"
    _info = info(
        reads=("temperature", "precipitation", "pet", "unit", "mineral", "stocks", "bulk_density"),
        changes=("water", "groundwater", "snow", "wilting_point", "field_capacity", "saturation"),
        writes=("runoff", "percolation", "evapotranspiration", "baseflow"),
    )
    ledger_terms = {
        "precipitation": Term("vertical", "Rain and snow"),
        "irrigation": Term("vertical", "Water brought by irrigation"),
        "irrigation_loss": Term("vertical", "Of that, what evaporates and drifts away before it reaches the ground"),
        "evapotranspiration": Term("vertical", "Transpiration and evaporation"),
        "runoff": Term("lateral", "Surface runoff to the stream"),
        "baseflow": Term("lateral", "Groundwater to the stream"),
    }

    def __init__(
        self,
        watershed: Watershed,
        *,
        conductivity: np.ndarray,
        properties: HydraulicProperties | None = None,
        wet_days: float | np.ndarray | None = None,
        initial_abstraction: float = 0.2,
        groundwater_residence_time: float = 45.0 / 365.25,
        evaporation_depth: float = 0.10,
        substeps: int | None = None,
        infiltration: str = "curve_number",
        storm_duration: float | None = None,
        conductivity_ratio: float = 0.5,
        by_day: bool = False,
        base_conductivity: np.ndarray | None = None,
        sideways: Sequence[SubsurfaceFlow | ArtificialDrainage] = (),
        degree_day_factor: float = 3.0,
        melt_ratio: np.ndarray | None = None,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        given = wet_days is not None
        self.wet_days = np.broadcast_to(np.asarray(wet_days, dtype=np.float64), (12,)).copy() if given else None
        if self.wet_days is not None and not ((self.wet_days > 0.0) & (self.wet_days <= 31.0)).all():
            raise ValueError(f"wet_days must be above 0 and at most 31 in every month, is {self.wet_days}")
        if initial_abstraction not in _RETENTION:
            raise ValueError(f"initial_abstraction must be 0.2 or 0.05, is {initial_abstraction}")
        if not groundwater_residence_time > 0.0:
            raise ValueError(f"groundwater_residence_time must be above 0 yr, is {groundwater_residence_time}")
        if not evaporation_depth > 0.0:
            raise ValueError(f"evaporation_depth must be above 0 m, is {evaporation_depth}")
        if substeps is not None and substeps < 1:
            raise ValueError(f"substeps must be at least 1, is {substeps}")
        if infiltration not in METHODS:
            raise ValueError(f"infiltration must be one of {', '.join(METHODS)}, is {infiltration!r}")
        if infiltration == "green_ampt" and not (storm_duration is not None and storm_duration > 0.0):
            raise ValueError(f"green_ampt needs a storm_duration above 0, is {storm_duration}")
        if not 0.0 < conductivity_ratio <= 1.0:
            raise ValueError(f"conductivity_ratio must be above 0 and at most 1, is {conductivity_ratio}")
        if degree_day_factor < 0.0:
            raise ValueError(f"degree_day_factor must not be negative, is {degree_day_factor}")
        self.conductivity = np.ascontiguousarray(conductivity, dtype=np.float64)
        if self.conductivity.shape != w.water.shape or not (self.conductivity[w.cells] > 0.0).all():
            raise ValueError(f"conductivity must be above 0 and of shape {w.water.shape}, is {self.conductivity.shape}")
        base = np.zeros(0) if base_conductivity is None else np.ascontiguousarray(base_conductivity, dtype=np.float64)
        if base.size and (base.shape != w.runoff.shape or not (base[w.cells] >= 0.0).all()):
            raise ValueError(f"base_conductivity must be at least 0 and of shape {w.runoff.shape}, is {base.shape}")
        self.base_conductivity, self.sideways = base, tuple(sideways)
        held = np.stack((w.wilting_point[w.cells], w.field_capacity[w.cells], w.saturation[w.cells]))
        if not (held[0] >= 0.0).all() or not (np.diff(held, axis=0) > 0.0).all():
            raise ValueError("wilting point, field capacity and saturation must increase in this order in every layer")
        self.properties, self.by_day = properties, by_day
        self.infiltration, self.storm_duration = infiltration, storm_duration or 0.0
        self.conductivity_ratio = conductivity_ratio
        self.initial_abstraction = initial_abstraction
        self.groundwater_residence_time = groundwater_residence_time
        self.substeps = substeps
        if melt_ratio is not None and (melt_ratio.shape != (12, w.snow.size) or not (melt_ratio >= 0.0).all()):
            raise ValueError(f"melt_ratio must be at least 0 and of shape {(12, w.snow.size)}, is {melt_ratio.shape}")
        self.degree_day_factor, self.melt_ratio = degree_day_factor, melt_ratio
        inside = np.clip(np.minimum(w.layer_bottom, evaporation_depth) - w.layer_top, 0.0, None)
        self._evaporation_fraction = inside / inside.sum()
        self._liquid, self._layer_evapotranspiration = w.work(0), w.work(0, "layer")
        self._thickness = w.layer_bottom - w.layer_top
        self._nobody = np.zeros(0)
        #: (n) runoff of the events of a part, where it is found part by part
        self._events = np.zeros(w.runoff.size if by_day or infiltration != "curve_number" else 0)

    def memory(self) -> dict[str, np.ndarray]:
        """Conductivity and what it was found for, where it follows something."""
        return {} if self.properties is None else self.properties.memory()

    def start_afresh(self) -> None:
        """Take hydraulic properties from the carbon the run begins with, where they follow it."""
        if self.properties is not None:
            self.properties.follow(0.0)

    def run_one_step(self, dt: float) -> None:
        """Move the water of one step, ``dt`` in yr, and book it."""
        w = self.watershed
        cells, units = w.cells, w.units
        for process in self.sideways:  # may find the network of a restart file, in work arrays of the router
            process.begin()
        wet_days = (w.wet_days or 1.0 if self.wet_days is None else float(self.wet_days[w.month])) * dt * 12.0
        factor = self.degree_day_factor * (1.0 if self.melt_ratio is None else self.melt_ratio[w.month])
        # of nodes without soil too, where there is nothing
        w.snow[:], self._liquid[:] = snow_balance(w.precipitation, w.temperature, w.snow, factor, dt)
        if self.properties is not None and w.month == 0 and w.month_begins:
            self.properties.follow()
            # what shrunken pores cannot hold is squeezed out, and meets the ground with the rain
            held = np.minimum(w.water[cells], w.saturation[cells])
            self._liquid[cells] += (w.water[cells] - held).sum(axis=1)
            w.water[cells] = held
        substeps = max(1, round(wet_days)) if self.substeps is None else self.substeps
        irrigation = units.irrigation
        brought = self._nobody if w.irrigation is None else w.irrigation.brought
        if self.substeps is None and (irrigation[:, TRIGGER] > 0.0).any():
            substeps = max(substeps, round(MOST_TURNS * dt * 12.0))
        shares = w.rain_shares if self.by_day else None
        if shares is not None:
            parts, substeps, wet_days = shares.size, 1, 1.0
        elif self.sideways or self._events.size:
            # what flows sideways from a cell reaches the next in the same substep
            parts, substeps, wet_days = substeps, 1, wet_days / substeps
        else:
            parts = 1
        retained = _RETENTION[self.initial_abstraction](units.curve_number)
        rain = self._liquid if parts == 1 else self._liquid / parts
        coefficient = np.ascontiguousarray(units.crop_coefficient / parts, dtype=np.float64)
        cover, roots = (np.ascontiguousarray(of, dtype=np.float64) for of in (units.plant_cover, units.root_fraction))
        # of cells whose soil ends at rock by how many layers they have
        rows, roots = w.rows_of_units(), w.by_rows(roots)
        coefficient, cover, of_rows, watering = (
            w.by_rows(of, layered=False) for of in (coefficient, cover, retained, irrigation)
        )
        for part in range(parts):
            if shares is not None:
                np.multiply(self._liquid, shares[part], out=rain)
            if self._events.size:
                self._run_off(rain, wet_days, shares is None, retained)
            over_cells(
                water_balance, cells, w.water, w.groundwater, rain, w.pet, wet_days, of_rows, self.initial_abstraction,
                self._events, coefficient, cover, rows, roots, self._evaporation_fraction, w.wilting_point,
                w.field_capacity, w.saturation, self.conductivity, self.base_conductivity,
                self.groundwater_residence_time, substeps, dt / parts, part == 0, watering, brought, w.runoff,
                w.percolation, self._layer_evapotranspiration, w.baseflow,
            )  # fmt: skip
            for process in self.sideways:
                process.advance(dt / parts)
        np.einsum("ij->i", self._layer_evapotranspiration, out=w.evapotranspiration)
        if w.irrigation is not None:
            w.irrigation.brought[cells] += (irrigation[:, FIXED] * dt)[w.unit[cells]]
            np.multiply(w.irrigation.brought, irrigation[w.unit, REACHING], out=w.irrigation.arrived)
        self._book()
        for process in self.sideways:
            process.book()

    def _run_off(self, rain: np.ndarray, events: float, random: bool, retained: np.ndarray) -> None:
        """Runoff of the events of a part, by what the soil holds now."""
        w, low = self.watershed, self.initial_abstraction
        number = w.units.curve_number
        over_cells(
            surface_runoff, w.cells, METHODS[self.infiltration], rain, events, random, retained,
            _RETENTION[low](dry_curve_number(number)), _RETENTION[low](wet_curve_number(number)), low, w.unit,
            *map(w.of_fine_earth, (w.water, w.wilting_point, w.field_capacity, w.saturation)), self.conductivity,
            self._thickness, self.conductivity_ratio, self.storm_duration, self._events,
        )  # fmt: skip

    def _book(self) -> None:
        w = self.watershed
        book = w.ledger.book
        book("precipitation", "water", w.precipitation)
        if w.irrigation is not None:
            book("irrigation", "water", w.irrigation.brought)
            book("irrigation_loss", "water", w.irrigation.arrived - w.irrigation.brought)
        book("evapotranspiration", "water", w.evapotranspiration, factor=-1.0)
        for term, amount in (("runoff", w.runoff), ("baseflow", w.baseflow)):
            left = book(term, "water", amount, factor=-1.0)
            w.ledger.export(term, "water", -left)
