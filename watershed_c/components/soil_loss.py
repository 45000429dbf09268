"""How much soil each cell could lose in a step, and how much water could carry out of it: RUSLE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.kernels import water_erosion as kernels
from watershed_c.kernels.support_practice import apply_practice
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

_LENGTH = {"van_oost_2003": kernels.LENGTH_VAN_OOST_2003, "mccool_1989": kernels.LENGTH_MCCOOL_1989}
_SLOPE = {"nearing_1997": kernels.SLOPE_NEARING_1997, "mccool_1987": kernels.SLOPE_MCCOOL_1987}
_CAPACITY = {
    "van_oost_2000": kernels.CAPACITY_VAN_OOST_2000,
    "verstraeten_2007": kernels.CAPACITY_VERSTRAETEN_2007,
}

#: ktc on land of low and of high erosion potential, m: the example values of the WaTEM/SEDEM documentation (tutorial
#: 3c). That program has no default; in calibration it scans 1-20 and 5-40 m.
EXAMPLE_COEFFICIENT = (3.0, 12.0)
#: annual C between the two: 0.1, default of `watem_ktc` of rusleR 0.0.2, after Batista et al. 2022. It lies between
#: grassland (0.01 to 0.05) and ploughed fields (0.12 to 0.4); the 0.01 of the tutorial goes with its own C of pasture
COVER_THRESHOLD = 0.1
#: cell size those values go with, m
COEFFICIENT_CELL_SIZE = 20.0


def _code(table: Mapping[str, int], name: str, value: str) -> int:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, is {value!r}")
    return table[value]


class Rusle:
    """Potential soil loss R K LS C P, and a transport capacity made of R, K and the terrain.

    Parameters are those of :class:`watershed_c.components.water_erosion.WaterErosion`; ``coefficient`` is its
    ``transport_capacity_coefficient``, ``by_node`` its ``coefficient_map``.

    Attributes
    ----------
    ls : (n,)
    warnings : list of str

    Raises
    ------
    ValueError
        A parameter is out of its range.
    """

    def __init__(
        self,
        watershed: Watershed,
        *,
        length_exponent: str,
        slope_factor: str,
        capacity: str,
        coefficient: tuple[float, float] | None,
        cover_threshold: float,
        channel_area: float,
        by_node: np.ndarray | None = None,
    ) -> None:
        w = watershed
        self.watershed, self.warnings = w, list[str]()
        self._length = _code(_LENGTH, "length_exponent", length_exponent)
        self._slope = _code(_SLOPE, "slope_factor", slope_factor)
        self._capacity = _code(_CAPACITY, "capacity", capacity)
        if not np.isclose(w.dx, w.dy, rtol=1e-6):
            raise ValueError(f"the slope-length factor needs square cells, they are {w.dx} by {w.dy} m")
        if coefficient is None:
            if capacity != "van_oost_2000":
                raise ValueError(f"transport_capacity_coefficient has no default for {capacity}: give (low, high)")
            coefficient = EXAMPLE_COEFFICIENT
            self.warnings.append(
                f"transport capacity coefficient {coefficient} m is the example of the WaTEM/SEDEM documentation for "
                f"cells of {COEFFICIENT_CELL_SIZE:g} m (here {w.dx:g} m) and annual steps: the yield is uncalibrated"
            )
        if not (np.isfinite(coefficient).all() and min(coefficient) > 0.0):
            raise ValueError(f"transport_capacity_coefficient must be above 0, is {coefficient}")
        if not 0.0 <= cover_threshold <= 1.0:
            raise ValueError(f"cover_threshold must be from 0 to 1, is {cover_threshold}")
        if not channel_area > 0.0:
            raise ValueError(f"channel_area must be above 0 m2, is {channel_area}")
        self.coefficient = float(coefficient[0]), float(coefficient[1])
        self.cover_threshold, self.channel_area = cover_threshold, float(channel_area)
        self._by_node = by_node
        #: number of each node, where ktc is by node instead of by unit
        self._every = np.arange(0 if by_node is None else w.elevation.size)
        self.ls, self._terrain = np.zeros(w.elevation.size), np.zeros(w.elevation.size)

    def memory(self) -> dict[str, np.ndarray]:
        """Arrays that a restart brings back."""
        return {}

    def follow_terrain(self) -> None:
        """LS and what the terrain contributes to transport capacity, once the flow router has run."""
        w = self.watershed
        if w.contributing_area is None:
            area_in, area = np.maximum(w.drainage_area - w.cell_area, 0.0), w.drainage_area
        else:
            area_in, area = w.contributing_area
        over_cells(
            kernels.ls_factor, w.cells, area_in, w.gradient_x, w.gradient_y, w.dx, self.channel_area,
            self._length, self._slope, self.ls,
        )  # fmt: skip
        over_cells(
            kernels.capacity_of_terrain, w.cells, self._capacity, self.ls, area, w.gradient_x, w.gradient_y, w.dx,
            self.channel_area, self._terrain,
        )  # fmt: skip

    def coefficient_of_units(self) -> np.ndarray:
        """Transport capacity coefficient of each management unit, (U,)."""
        high = self.watershed.units.cover_factor_annual > self.cover_threshold
        return np.where(high, self.coefficient[1], self.coefficient[0])

    def agent(self, dt: float) -> np.ndarray:
        """What drives it, (n,) MJ mm ha-1 h-1 in the step of ``dt`` yr: the erosivity of rain."""
        return self.watershed.erosivity

    def of_step(self, dt: float, potential: np.ndarray, capacity: np.ndarray) -> None:
        """Write potential soil loss and transport capacity of a step of ``dt`` yr, (n,) kg m-2."""
        w, agent = self.watershed, self.agent(dt)
        over_cells(
            kernels.potential_soil_loss, w.cells, agent, w.erodibility, self.ls, w.unit,
            w.units.cover_factor, w.units.practice_factor, potential,
        )  # fmt: skip
        if w.units.practice.any():
            over_cells(apply_practice, w.cells, w.gradient_x, w.gradient_y, w.unit, w.units.practice, potential)
        unit, coefficient = w.unit, self.coefficient_of_units()
        if self._by_node is not None:
            by_unit = coefficient[np.maximum(unit, 0)]
            unit, coefficient = self._every, np.where(np.isfinite(self._by_node), self._by_node, by_unit)
        over_cells(
            kernels.transport_capacity, w.cells, self._terrain, agent, w.erodibility, unit, coefficient,
            potential, capacity,
        )  # fmt: skip
