"""How much soil each cell could lose in a step, and how much water could carry out of it: RUSLE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.kernels import water_erosion as kernels
from watershed_c.kernels.support_practice import apply_practice
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: ktc on land of low and of high erosion potential, m: the example values of the WaTEM/SEDEM documentation (tutorial
#: 3c). That program has no default; in calibration it scans 1-20 and 5-40 m.
EXAMPLE_COEFFICIENT = (3.0, 12.0)
#: annual C between the two: 0.1, default of `watem_ktc` of rusleR 0.0.2, after Batista et al. 2022. It lies between
#: grassland (0.01 to 0.05) and ploughed fields (0.12 to 0.4); the 0.01 of the tutorial goes with its own C of pasture
COVER_THRESHOLD = 0.1
#: which transport capacity coefficient holds
OWN, LOW, HIGH = 0, 1, 2
#: cell size those values go with, m
COEFFICIENT_CELL_SIZE = 20.0


#: how WaTEM/SEDEM differs from the papers: L by the area with the cell's own, Verstraeten's capacity by the slope angle
CONVENTIONS = ("desmet_govers", "watem_sedem")


def _own(own: np.ndarray | None, of_unit: np.ndarray) -> np.ndarray:
    """What nodes have of their own, and else what their unit has."""
    return of_unit if own is None else np.where(np.isnan(own), of_unit, own)


def _code(table: Mapping[str, int], name: str, value: str) -> int:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, is {value!r}")
    return table[value]


class Rusle:
    """Potential soil loss R K LS C P, and a transport capacity made of R, K and the terrain.

    Parameters are those of :class:`watershed_c.components.water_erosion.WaterErosion`; ``coefficient`` is its
    ``transport_capacity_coefficient``, ``own`` its ``cover_map``, ``practice_map`` and ``coefficient_map``.

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
        own: tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None] = (None, None, None),
        convention: str = CONVENTIONS[0],
        ls_correction: float = 1.0,
        slope_length: np.ndarray | None = None,
    ) -> None:
        w = watershed
        self.watershed, self.warnings = w, list[str]()
        self._length = _code(kernels.LENGTH, "length_exponent", length_exponent)
        self._slope = _code(kernels.SLOPE, "slope_factor", slope_factor)
        self._capacity = _code(kernels.CAPACITY, "capacity", capacity)
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
        if convention not in CONVENTIONS:
            raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}, is {convention!r}")
        if not ls_correction > 0.0:
            raise ValueError(f"ls_correction must be above 0, is {ls_correction}")
        #: by unit, and that of each node for which LS was found
        self._slope_length, self._spacing = slope_length, np.zeros(0)
        self._as_watem_sedem, self._ls_correction = convention == "watem_sedem", ls_correction
        self._cover, self._practice, self._coefficient = own
        #: whether any of them is by node, and then the number of each node
        self._by_node = any(values is not None for values in own)
        self._every = np.arange(w.elevation.size if self._by_node else 0)
        #: cells whose practice follows their slope where their unit has one
        self._practised = w.cells if self._practice is None else w.cells[np.isnan(self._practice[w.cells])]
        self.ls, self._terrain = np.zeros(w.elevation.size), np.zeros(w.elevation.size)

    def memory(self) -> dict[str, np.ndarray]:
        """Arrays that a restart brings back."""
        return {}

    def land_changed(self) -> bool:
        """Whether cells have got other ends of their slope since LS was found."""
        length = self._slope_length
        return length is not None and not np.array_equal(length[self.watershed.unit], self._spacing)

    def follow_terrain(self) -> None:
        """LS and what the terrain contributes to transport capacity, once the flow router has run."""
        w = self.watershed
        if w.contributing_area is None:
            area_in, area = np.maximum(w.drainage_area - w.cell_area, 0.0), w.drainage_area
        else:
            area_in, area = w.contributing_area
        if self._slope_length is not None:
            self._spacing = self._slope_length[w.unit]
            area_in, area = (np.minimum(one, self._spacing * w.dx) for one in (area_in, area))
        over_cells(
            kernels.ls_factor, w.cells, area if self._as_watem_sedem else area_in, w.gradient_x, w.gradient_y, w.dx,
            self.channel_area, self._length, self._slope, self.ls,
        )  # fmt: skip
        self.ls /= self._ls_correction
        slope_x, slope_y = w.gradient_x, w.gradient_y
        if self._as_watem_sedem and self._capacity == kernels.CAPACITY_VERSTRAETEN_2007:
            slope_x, slope_y = kernels.slope_as_angle(slope_x, slope_y)
        over_cells(
            kernels.capacity_of_terrain, w.cells, self._capacity, self.ls, area, slope_x, slope_y, w.dx,
            self.channel_area, self._terrain,
        )  # fmt: skip

    def _factors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """C, P and ktc by unit, or by node where nodes have their own; and which of them is that of a node, (n,)."""
        w, units = self.watershed, self.watershed.units
        cover, annual, practice = units.cover_factor, units.cover_factor_annual, units.practice_factor
        number = w.unit
        if self._by_node:
            number, unit = self._every, np.maximum(w.unit, 0)
            cover, annual = _own(self._cover, cover[unit]), _own(self._cover, annual[unit])
            practice = _own(self._practice, practice[unit])
        coefficient = np.where(annual > self.cover_threshold, self.coefficient[1], self.coefficient[0])
        return cover, practice, _own(self._coefficient, coefficient), number

    def kinds(self) -> np.ndarray:
        """(n,) whether the LOW or the HIGH coefficient of the land holds, or one of the node's OWN."""
        annual = self.watershed.units.cover_factor_annual[np.maximum(self.watershed.unit, 0)]
        kinds = np.where(_own(self._cover, annual) > self.cover_threshold, HIGH, LOW)
        return kinds if self._coefficient is None else np.where(np.isnan(self._coefficient), kinds, OWN)

    def agent(self, dt: float) -> np.ndarray:
        """What drives it, (n,) MJ mm ha-1 h-1 in the step of ``dt`` yr: the erosivity of rain."""
        return self.watershed.erosivity

    def of_step(self, dt: float, potential: np.ndarray, capacity: np.ndarray) -> None:
        """Write potential soil loss and transport capacity of a step of ``dt`` yr, (n,) kg m-2."""
        w, agent = self.watershed, self.agent(dt)
        cover, practice, coefficient, number = self._factors()
        over_cells(
            kernels.potential_soil_loss, w.cells, agent, w.erodibility, self.ls, number, cover, practice, potential
        )
        if w.units.practice.any():
            over_cells(apply_practice, self._practised, w.gradient_x, w.gradient_y, w.unit, w.units.practice, potential)
        over_cells(
            kernels.transport_capacity, w.cells, self._terrain, agent, w.erodibility, number, coefficient,
            potential, capacity,
        )  # fmt: skip
