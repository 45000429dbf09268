"""Soil water: what becomes of the rain of a step in every cell."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.hydraulic_properties import HydraulicProperties
from watershed_c.kernels.climate import snow_balance
from watershed_c.kernels.soil_water import retention, retention_low_abstraction, water_balance
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

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
        if degree_day_factor < 0.0:
            raise ValueError(f"degree_day_factor must not be negative, is {degree_day_factor}")
        self.conductivity = np.ascontiguousarray(conductivity, dtype=np.float64)
        if self.conductivity.shape != w.water.shape or not (self.conductivity[w.cells] > 0.0).all():
            raise ValueError(f"conductivity must be above 0 and of shape {w.water.shape}, is {self.conductivity.shape}")
        held = np.stack((w.wilting_point[w.cells], w.field_capacity[w.cells], w.saturation[w.cells]))
        if not (held[0] >= 0.0).all() or not (np.diff(held, axis=0) > 0.0).all():
            raise ValueError("wilting point, field capacity and saturation must increase in this order in every layer")
        self.properties = properties
        self.initial_abstraction = initial_abstraction
        self.groundwater_residence_time = groundwater_residence_time
        self.substeps = substeps
        if melt_ratio is not None and (melt_ratio.shape != (12, w.snow.size) or not (melt_ratio >= 0.0).all()):
            raise ValueError(f"melt_ratio must be at least 0 and of shape {(12, w.snow.size)}, is {melt_ratio.shape}")
        self.degree_day_factor, self.melt_ratio = degree_day_factor, melt_ratio
        inside = np.clip(np.minimum(w.layer_bottom, evaporation_depth) - w.layer_top, 0.0, None)
        self._evaporation_fraction = inside / inside.sum()
        self._liquid, self._layer_evapotranspiration = w.work(0), w.work(0, "layer")

    def memory(self) -> dict[str, np.ndarray]:
        """Conductivity and the carbon it was found for, where they follow carbon."""
        followed = self.properties
        return {} if followed is None else {"conductivity": followed.conductivity, "content": followed.content}

    def start_afresh(self) -> None:
        """Take hydraulic properties from the carbon the run begins with, where they follow it."""
        if self.properties is not None:
            self.properties.follow(0.0)

    def run_one_step(self, dt: float) -> None:
        """Move the water of one step, ``dt`` in yr, and book it."""
        w = self.watershed
        cells, units = w.cells, w.units
        if self.properties is not None and w.month == 0 and w.month_begins:
            self.properties.follow()
        wet_days = (w.wet_days or 1.0 if self.wet_days is None else float(self.wet_days[w.month])) * dt * 12.0
        factor = self.degree_day_factor * (1.0 if self.melt_ratio is None else self.melt_ratio[w.month])
        # of nodes without soil too, where there is nothing
        w.snow[:], self._liquid[:] = snow_balance(w.precipitation, w.temperature, w.snow, factor, dt)
        over_cells(
            water_balance,
            cells,
            w.water,
            w.groundwater,
            self._liquid,
            w.pet,
            wet_days,
            _RETENTION[self.initial_abstraction](units.curve_number),
            self.initial_abstraction,
            np.ascontiguousarray(units.crop_coefficient, dtype=np.float64),
            np.ascontiguousarray(units.plant_cover, dtype=np.float64),
            w.unit,
            np.ascontiguousarray(units.root_fraction, dtype=np.float64),
            self._evaporation_fraction,
            w.wilting_point,
            w.field_capacity,
            w.saturation,
            self.conductivity,
            self.groundwater_residence_time,
            max(1, round(wet_days)) if self.substeps is None else self.substeps,
            dt,
            w.runoff,
            w.percolation,
            self._layer_evapotranspiration,
            w.baseflow,
        )
        np.einsum("ij->i", self._layer_evapotranspiration, out=w.evapotranspiration)
        self._book()

    def _book(self) -> None:
        w = self.watershed
        book = w.ledger.book
        book("precipitation", "water", w.precipitation)
        book("evapotranspiration", "water", w.evapotranspiration, factor=-1.0)
        for term, amount in (("runoff", w.runoff), ("baseflow", w.baseflow)):
            left = book(term, "water", amount, factor=-1.0)
            w.ledger.export(term, "water", -left)
