"""What potential evapotranspiration needs of a climate table, and its value in every cell by one method."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from watershed_c.kernels import climate as kernel
from watershed_c.kernels import evapotranspiration as demand
from watershed_c.kernels.flow_routing import gradient
from watershed_c.kernels.radiation import slope_radiation_ratio, sun_of_month
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: of a forcing, what potential evapotranspiration may need
_COLUMNS = (
    "pet", "temperature_min", "temperature_max", "radiation", "wind", "humidity_min", "humidity_max", "vapour_pressure",
)  # fmt: skip


class Forcing(Protocol):
    """What :class:`watershed_c.io.climate.MonthlyForcing` offers: (T,) arrays in degC and amounts per month."""

    @property
    def temperature(self) -> np.ndarray: ...
    @property
    def precipitation(self) -> np.ndarray: ...
    @property
    def temperature_min(self) -> np.ndarray | None: ...
    @property
    def temperature_max(self) -> np.ndarray | None: ...
    @property
    def pet(self) -> np.ndarray | None: ...
    @property
    def erosivity(self) -> np.ndarray | None: ...
    @property
    def wet_days(self) -> np.ndarray | None: ...
    @property
    def rain_shares(self) -> np.ndarray | None: ...
    @property
    def radiation(self) -> np.ndarray | None: ...
    @property
    def wind(self) -> np.ndarray | None: ...
    @property
    def humidity_min(self) -> np.ndarray | None: ...
    @property
    def humidity_max(self) -> np.ndarray | None: ...
    @property
    def vapour_pressure(self) -> np.ndarray | None: ...
    @property
    def first_month(self) -> int: ...
    @property
    def is_normals(self) -> bool: ...

    def index(self, year: int, month: int) -> int: ...

    def climatology(self, values: np.ndarray) -> np.ndarray: ...


def radiation_on_slopes(watershed: Watershed, latitude: float) -> np.ndarray:
    """(12, n) clear-sky radiation of each cell and month per that on the horizontal, latitude in degrees.

    Per area of the map, so that a hill catches what its plan does: the ratio of the inclined ground
    (:func:`watershed_c.kernels.radiation.slope_radiation_ratio`) over the cosine of its slope. 1 outside the catchment.
    """
    w = watershed
    takes_part = w.active.copy()
    takes_part[w.outlets] = True
    ratio, slope_x, slope_y = np.ones((w.elevation.size, 12)), np.zeros(w.elevation.size), np.zeros(w.elevation.size)
    over_cells(gradient, w.cells, w.elevation, takes_part, w.shape[1], w.dx, w.dy, slope_x, slope_y)
    over_cells(slope_radiation_ratio, w.cells, slope_x, slope_y, float(np.radians(latitude)), *sun_of_month(), ratio)
    ratio *= np.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)[:, None]
    return np.ascontiguousarray(ratio.T)


class EvaporativeDemand:
    """Potential evapotranspiration of the cells by one method.

    Parameters
    ----------
    method : str or None
        A key of :data:`watershed_c.kernels.evapotranspiration.INPUTS`; None: that of the table where it has one, else
        Thornthwaite's.
    forcing : MonthlyForcing
    latitude : float, degrees north, or None
    cells : (c,) int64
    elevation : (c,) m
    offset : (c,) K
        To add to the temperature of the forcing.
    radiation_ratio : (12, n), optional
        Solar radiation of each node per that on the horizontal.

    Raises
    ------
    ValueError
        The method is not known, or lacks columns (all of them are told) or the latitude.
    """

    def __init__(
        self, method: str | None, forcing: Forcing, latitude: float | None, cells: np.ndarray, elevation: np.ndarray,
        offset: np.ndarray, radiation_ratio: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        method = method or ("given" if forcing.pet is not None else "thornthwaite")
        if method not in demand.INPUTS:
            raise ValueError(f"pet must be one of {', '.join(demand.INPUTS)}, is {method!r}")
        there = [name for name in _COLUMNS if getattr(forcing, name) is not None]
        if lacking := demand.lacking(method, there):
            raise ValueError(f'pet "{method}" needs {" and ".join(lacking)} in the climate table')
        if method != "given" and latitude is None:
            raise ValueError(f'pet "{method}" needs the latitude')
        self.method, self.forcing = method, forcing
        self._offset = offset
        self._elevation = elevation if method in ("priestley_taylor", "penman_monteith") else np.zeros(0)
        self._cells, self._ratio = cells, radiation_ratio
        self._heat = kernel.heat_index(forcing.climatology(forcing.temperature)[:, None] + offset)
        self._daylight = np.zeros(12) if latitude is None else kernel.monthly_daylight(latitude)
        self._radiation = np.zeros(12) if latitude is None else kernel.monthly_radiation(latitude)
        self._soil_heat = demand.soil_heat_flux(forcing.temperature, cyclic=forcing.is_normals)

    def of_month(self, row: int, month: int, temperature: np.ndarray) -> np.ndarray:
        """(c,) mm in the month, of that row of the forcing; ``temperature`` (c,) degC."""
        forcing, days = self.forcing, kernel.DAYS_IN_MONTH[month]
        if self.method == "given":
            assert forcing.pet is not None
            amount = np.full(temperature.size, forcing.pet[row])
        elif self.method == "thornthwaite":
            amount = kernel.thornthwaite(temperature, self._heat, self._daylight[month], days)
        else:
            assert forcing.temperature_min is not None and forcing.temperature_max is not None
            low, high = forcing.temperature_min[row] + self._offset, forcing.temperature_max[row] + self._offset
            if self.method != "hargreaves":
                ratio = 1.0 if self._ratio is None else self._ratio[month, self._cells]
                return days * self._energy_balance(row, month, temperature, low, high, ratio)
            amount = days * kernel.hargreaves_samani(temperature, low, high, self._radiation[month])
        return amount if self._ratio is None else amount * self._ratio[month, self._cells]

    def _energy_balance(
        self, row: int, month: int, temperature: np.ndarray, low: np.ndarray, high: np.ndarray,
        ratio: float | np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """(c,) mm d-1 by Priestley-Taylor or Penman-Monteith; a tabled vapour pressure is that of all elevations."""
        forcing = self.forcing
        assert forcing.radiation is not None
        vapour: np.ndarray
        if forcing.vapour_pressure is not None:
            vapour = np.minimum(forcing.vapour_pressure[row], demand.saturation_vapour_pressure(temperature))
        else:
            assert forcing.humidity_min is not None and forcing.humidity_max is not None
            vapour = demand.actual_vapour_pressure(low, high, forcing.humidity_min[row], forcing.humidity_max[row])
        net = demand.net_radiation(
            float(forcing.radiation[row]), float(self._radiation[month]), low, high, vapour, self._elevation, ratio
        )
        heat = float(self._soil_heat[row])
        if self.method == "priestley_taylor":
            return demand.priestley_taylor(temperature, net, heat, self._elevation)
        assert forcing.wind is not None
        return demand.penman_monteith(
            temperature, low, high, net, heat, float(forcing.wind[row]), vapour, self._elevation
        )
