"""Soil loss of models that see simulated runoff, where RUSLE sees only rain (coupling rule 24): MUSLE and rMMF."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from watershed_c.components.running_year import RunningYear
from watershed_c.components.soil_loss import Rusle
from watershed_c.kernels import morgan_morgan_finney as mmf
from watershed_c.kernels.climate import rain_factor
from watershed_c.kernels.flow_routing import accumulate
from watershed_c.kernels.musle import runoff_erosivity
from watershed_c.kernels.support_practice import apply_practice
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

MODELS = ("rusle", "musle", "mmf")
#: duration of an erosive rain, h: a prior, range 0.5 to 6
STORM_HOURS = 2.0


class Musle(Rusle):
    """RUSLE and its capacity with the runoff energy factor of MUSLE in place of the erosivity of rain.

    Parameters
    ----------
    watershed : Watershed
    storm_hours : float, above 0
        Duration of an erosive rain, for the peak of its runoff.
    wet_days : float, optional
        Days with rain of a month, which share its runoff. Default: those of the climate table, one where it has none.
    parameters
        Of :class:`~watershed_c.components.soil_loss.Rusle`.

    Raises
    ------
    ValueError
        A parameter is out of its range.
    """

    def __init__(
        self, watershed: Watershed, *, storm_hours: float, wet_days: float | None = None, **parameters: object
    ) -> None:
        super().__init__(watershed, **parameters)  # type: ignore[arg-type]
        if not (math.isfinite(storm_hours) and storm_hours > 0.0):
            raise ValueError(f"storm_hours must be above 0, is {storm_hours}")
        self.storm_hours, self.wet_days = storm_hours, wet_days
        self._agent = np.zeros(watershed.elevation.size)

    def agent(self, dt: float) -> np.ndarray:
        """Runoff energy factor of the step, in the unit of erosivity, (n,)."""
        w = self.watershed
        # as in soil water: what a month without rain sheds, of snow, is one event
        days = w.wet_days or 1.0 if self.wet_days is None else self.wet_days
        over_cells(
            runoff_erosivity, w.cells, w.runoff, 12.0 * dt * days, w.drainage_area, w.gradient_x, w.gradient_y, w.dx,
            self.channel_area, self.storm_hours, self._agent,
        )  # fmt: skip
        return self._agent


@dataclass(frozen=True)
class MmfParameters:
    """What rMMF knows of rain and soil.

    Attributes
    ----------
    cohesion : float, kPa
        Of the surface soil, above 0: 2 (sand) to 12 (clay), Morgan 2001, from memory.
    detachability : (n,) or float, g J-1
        Soil that raindrops detach per energy; from texture 0.1 clay + 0.5 silt + 0.3 sand (Morgan & Duzant 2008).
    rain_intensity : float, mm h-1
        Typical of erosive rain: 10 in temperate, 25 in tropical, 30 in strongly seasonal climates (Morgan 2001, from
        memory).
    rain_energy : str
        ``wischmeier_1978`` or ``marshall_palmer_1948``.
    interception : float, 0-1
        Share of the rain on a canopy that never reaches the ground.
    """

    cohesion: float
    detachability: float | np.ndarray
    rain_intensity: float = 10.0
    rain_energy: str = "wischmeier_1978"
    interception: float = 0.25

    def __post_init__(self) -> None:
        if not self.cohesion > 0.0:
            raise ValueError(f"cohesion must be above 0 kPa, is {self.cohesion}")
        if np.min(self.detachability) < 0.0:
            raise ValueError(f"detachability must be at least 0 g J-1, is {np.min(self.detachability)}")
        if not self.rain_intensity > 0.0:
            raise ValueError(f"rain_intensity must be above 0 mm h-1, is {self.rain_intensity}")
        if self.rain_energy not in mmf.ENERGY:
            raise ValueError(f"rain_energy must be one of {', '.join(mmf.ENERGY)}, is {self.rain_energy!r}")
        if not 0.0 <= self.interception <= 1.0:
            raise ValueError(f"interception must be from 0 to 1, is {self.interception}")


class MorganMorganFinney:
    """Detachment by rain and runoff, and what the runoff can carry (revised Morgan-Morgan-Finney).

    Parameters
    ----------
    watershed : Watershed
    parameters : MmfParameters
    channel_area : float, m2, above 0
        Upslope area counts no further in transport capacity.

    Attributes
    ----------
    ls : (n,) zeros: it has no such factor
    warnings : list of str
    """

    def __init__(self, watershed: Watershed, parameters: MmfParameters, *, channel_area: float = math.inf) -> None:
        if not channel_area > 0.0:
            raise ValueError(f"channel_area must be above 0 m2, is {channel_area}")
        n = watershed.elevation.size
        self.watershed, self.parameters, self.channel_area = watershed, parameters, channel_area
        self.warnings, self.ls = list[str](), np.zeros(n)
        self._detachability = np.broadcast_to(np.asarray(parameters.detachability, dtype=np.float64), n).copy()
        self.year, self._runoff, self._yearly = RunningYear(n), np.zeros(n), np.zeros(n)

    def memory(self) -> dict[str, np.ndarray]:
        """Runoff of the last year."""
        return {f"runoff.{name}": values for name, values in self.year.memory().items()}

    def land_changed(self) -> bool:
        """No: it has no ends of slopes."""
        return False

    def follow_terrain(self) -> None:
        """Slopes and areas are read as they are."""

    def of_step(self, dt: float, potential: np.ndarray, capacity: np.ndarray) -> None:
        """Write potential detachment and transport capacity of a step of ``dt`` yr, (n,) kg m-2."""
        w, given = self.watershed, self.parameters
        units = w.units
        energy = mmf.rain_energy(
            units.canopy_cover, units.fall_height, given.interception, given.rain_intensity, given.rain_energy
        )
        rain = w.precipitation * rain_factor(w.temperature)
        accumulate(w.order, w.first_receiver, w.receivers, w.weights, w.runoff, self._runoff)
        self.year.add(w.month, w.month_begins, 12.0 * dt, self._runoff, self._yearly)
        over_cells(
            mmf.detachment_and_capacity, w.cells, rain, energy, self._detachability, self._runoff, self._yearly,
            w.drainage_area, w.gradient_x, w.gradient_y, w.cell_area, self.channel_area, given.cohesion, w.unit,
            units.ground_cover, units.cover_factor, units.practice_factor, potential, capacity,
        )  # fmt: skip
        if units.practice.any():
            over_cells(apply_practice, w.cells, w.gradient_x, w.gradient_y, w.unit, units.practice, capacity)


def soil_loss(
    watershed: Watershed, model: str, *, storm_hours: float, wet_days: float | None, mmf: MmfParameters | None,
    channel_area: float, **rusle: object,
) -> Rusle | MorganMorganFinney:  # fmt: skip
    """The source of soil loss of a model of ``MODELS``.

    Raises
    ------
    ValueError
        Unknown model, parameters of another, or one out of its range.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, is {model!r}")
    if (mmf is None) == (model == "mmf"):
        raise ValueError('mmf parameters go with model "mmf", and only with it')
    if mmf is not None:
        return MorganMorganFinney(watershed, mmf, channel_area=channel_area)
    if model == "musle":
        return Musle(watershed, storm_hours=storm_hours, wet_days=wet_days, channel_area=channel_area, **rusle)
    return Rusle(watershed, channel_area=channel_area, **rusle)  # type: ignore[arg-type]
