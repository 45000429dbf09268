"""Climate of the step: temperature, precipitation, potential evapotranspiration and erosivity of every cell."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.evaporative_demand import EvaporativeDemand, Forcing, radiation_on_slopes
from watershed_c.kernels import climate as kernel
from watershed_c.names import info
from watershed_c.state import Watershed


class Climate(Process):
    """Bring the monthly climate of one place to every cell.

    Parameters
    ----------
    watershed : Watershed
    forcing : MonthlyForcing
        Climate at the reference elevation.
    reference_elevation : float, m
        Elevation of the station, in the datum of the terrain.
    latitude : float, degrees north, -90 to 90, optional
        Needed unless potential evapotranspiration is given.
    lapse_rate : float, K m-1, -0.02 to 0.02
        Default -0.0065 (ISO 2533:1975, standard atmosphere); monthly means range from about -0.004 to -0.007.
    precipitation_gradient : float, m-1, -0.01 to 0.01
        Relative change of precipitation with height; 0.0005 is +5 % per 100 m. Default 0: a property of the place.
    pet : {"given", "thornthwaite", "hargreaves", "priestley_taylor", "penman_monteith"}, optional
        Default: the table's potential evapotranspiration where it has one, else Thornthwaite (1948). What each needs of
        the table: :data:`watershed_c.kernels.evapotranspiration.INPUTS`. A tabled value is used unchanged at every
        elevation.
    slope_radiation : bool
        Slope and aspect scale solar radiation, and with it potential evapotranspiration. Default off.
    erosivity : float, MJ mm ha-1 h-1 yr-1, optional
        Annual mean rainfall erosivity R. Default: the table's, else from rain by Renard & Freimund (1994).
    erosivity_share : (12,), sums to 1, optional
        Share of each month in ``erosivity``. Default: in proportion to the square of the month's rain.
    snow_reduces_erosivity : bool
        Rule 24: none in months with a mean below 0 degC, the rain share of precipitation up to 3 degC. Switch it off
        where R or its monthly shares already leave out snow.
    thermal_diffusivity : float, m2 s-1, 1e-7 to 2e-6
        Of the soil, for the annual wave below the plough layer. Default 5e-7 (moist mineral soil, 2e-7 to 8e-7).
    """

    _name = "Climate"
    _info = info(reads=("elevation",), writes=("temperature", "precipitation", "pet", "erosivity"))
    _cite_as = ""

    def __init__(
        self,
        watershed: Watershed,
        *,
        forcing: Forcing,
        reference_elevation: float,
        latitude: float | None = None,
        lapse_rate: float = kernel.LAPSE_RATE,
        precipitation_gradient: float = 0.0,
        pet: str | None = None,
        erosivity: float | None = None,
        erosivity_share: np.ndarray | None = None,
        snow_reduces_erosivity: bool = True,
        thermal_diffusivity: float = 5e-7,
        slope_radiation: bool = False,
    ) -> None:
        super().__init__(watershed)
        if latitude is not None and not -90.0 <= latitude <= 90.0:
            raise ValueError(f"latitude must be -90 to 90 degrees, is {latitude}")
        if not -0.02 <= lapse_rate <= 0.02:
            raise ValueError(f"lapse rate must be -0.02 to 0.02 K m-1 (-20 to 20 K per km), is {lapse_rate}")
        if not -0.01 <= precipitation_gradient <= 0.01:
            raise ValueError(f"precipitation gradient must be -0.01 to 0.01 per m, is {precipitation_gradient}")
        if not 1e-7 <= thermal_diffusivity <= 2e-6:
            raise ValueError(f"thermal diffusivity must be 1e-7 to 2e-6 m2 s-1, is {thermal_diffusivity}")
        if erosivity is not None and erosivity < 0.0:
            raise ValueError(f"erosivity must not be negative, is {erosivity}")
        if slope_radiation and latitude is None:
            raise ValueError("slope_radiation needs the latitude")
        self.forcing, self._latitude = forcing, latitude
        self.snow_reduces_erosivity = snow_reduces_erosivity
        elevation = watershed.elevation[watershed.cells]
        #: (12, n) solar radiation of the ground per that of the horizontal, per area of the map; None: not asked for
        self.radiation_ratio: np.ndarray | None = None
        if slope_radiation:
            assert latitude is not None
            self.radiation_ratio = radiation_on_slopes(watershed, latitude)
        self._offset = kernel.lapse_offset(elevation, reference_elevation, lapse_rate)
        self._wetter = kernel.precipitation_factor(elevation, reference_elevation, precipitation_gradient)
        normals = forcing.climatology(forcing.temperature)
        self.demand = EvaporativeDemand(
            pet, forcing, latitude, watershed.cells, elevation, self._offset, self.radiation_ratio
        )
        _, self._amplitude, self._phase = kernel.annual_harmonic(normals)
        self._damping = kernel.damping_depth(thermal_diffusivity)
        self.monthly_erosivity = self._erosivity(erosivity, erosivity_share)
        #: (T,) MJ m-2 d-1 solar radiation of the months: the table's, else by the daily range of temperature; or None
        self.radiation = forcing.radiation
        low, high = forcing.temperature_min, forcing.temperature_max
        if self.radiation is None and low is not None and high is not None and latitude is not None:
            above = kernel.monthly_radiation(latitude)[(np.arange(low.size) + forcing.first_month - 1) % 12]
            self.radiation = kernel.solar_radiation(low, high, above)

    def _erosivity(self, annual: float | None, share: np.ndarray | None) -> np.ndarray:
        """(T,) erosivity of the months of the record, before snow."""
        forcing = self.forcing
        if annual is None and forcing.erosivity is not None:
            return forcing.erosivity
        if annual is None:
            annual = float(kernel.renard_freimund(forcing.climatology(forcing.precipitation)))
        if share is None:
            return kernel.monthly_erosivity(annual, forcing.precipitation)
        share = np.asarray(share, dtype=np.float64)
        if share.shape != (12,) or (share < 0.0).any() or abs(share.sum() - 1.0) > 0.005:
            raise ValueError(f"erosivity_share must be 12 shares >= 0 that sum to 1, sums to {share.sum():g}")
        months = (np.arange(forcing.precipitation.size) + forcing.first_month - 1) % 12
        return annual * share[months] / share.sum()

    def run_one_step(self, dt: float) -> None:
        """Set the climate of the watershed's month; ``dt`` in yr, part of a month gets that part of the amounts."""
        w, forcing = self.watershed, self.forcing
        cells, month = w.cells, w.month
        row = forcing.index(w.calendar_month // 12, month + 1)
        part = dt * 12.0
        air = float(forcing.temperature[row])
        temperature = air + self._offset
        w.temperature[cells] = temperature
        w.precipitation[cells] = forcing.precipitation[row] * part * self._wetter
        w.pet[cells] = self.demand.of_month(row, month, temperature) * part
        w.radiation = np.nan if self.radiation is None else float(self.radiation[row])
        w.wet_days = 0.0 if forcing.wet_days is None else float(forcing.wet_days[row])
        shares = forcing.rain_shares
        w.rain_shares = None if shares is None else shares[row, ~np.isnan(shares[row])]
        erosivity = self.monthly_erosivity[row] * part
        w.erosivity[cells] = erosivity * (kernel.rain_factor(temperature) if self.snow_reduces_erosivity else 1.0)
        w.layer_temperature[:] = (
            kernel.layer_temperature(
                air,
                month,
                self._mean_of_year(row),
                self._amplitude,
                self._phase,
                w.layer_top,
                w.layer_bottom,
                self._damping,
            )
            - air
        )

    def mean_year(self) -> tuple[np.ndarray, np.ndarray]:
        """(12,) means of temperature (degC) and solar radiation; where not known, that above the atmosphere, or 1."""
        forcing = self.forcing
        if self.radiation is not None:
            radiation = forcing.climatology(self.radiation)
        elif self._latitude is not None:
            radiation = kernel.monthly_radiation(self._latitude)
        else:
            radiation = np.ones(12)
        return forcing.climatology(forcing.temperature), radiation

    def _mean_of_year(self, row: int) -> float:
        """Mean temperature of the twelve months that end here (at first the first twelve): subsoil follows warming."""
        if self.forcing.is_normals:
            return float(self.forcing.temperature.mean())
        last = max(row, 11)
        return float(self.forcing.temperature[last - 11 : last + 1].mean())
