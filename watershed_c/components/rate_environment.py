"""How fast carbon turns over in each layer: the two ways in which a pool model sees temperature and moisture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from watershed_c.kernels.moisture_laws import MOISTURE_LAWS
from watershed_c.kernels.rate_factors import (
    LAYER_DRIVERS,
    limit_oxygen,
    multiply_cover,
    multiply_layers,
    multiply_lignin,
    multiply_moisture,
    multiply_priming,
    multiply_temperature,
)
from watershed_c.kernels.rate_modifiers import UNLIMITED_SHARE, rate_modifier, update_deficit
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.pools import CompiledPoolModel
    from watershed_c.pools.compiled import Modifier
    from watershed_c.pools.nonlinear_model import NonlinearPoolModel

#: climate of a cell that a moisture law may want, and from what it is made
CLIMATE_DRIVERS = ("rain_over_pet", "rain_minus_pet", "rain_per_year")
#: no month is wetter than this for the ratio of rain to potential evapotranspiration: any law is flat by then
WETTEST_RATIO = 10.0


#: oxygen limbs of the wet end by name: law, its parameters, share of water-filled pores above which it falls below 1.
#: Skopp et al. (1990): min(1, 2 (1 - w)^0.8), its other limb, of substrate, made constant. DayCent (medium and fine
#: soil): its hump beyond its top
WET_ENDS: dict[str, tuple[str, dict[str, float], float]] = {
    "skopp": ("skopp", {"substrate_power": 0.0}, 1.0 - 0.5 ** (1.0 / 0.8)),
    "daycent": ("daycent_wfps_fine", {}, 0.60),
}


class Environment(Protocol):
    """Fills ``modifier`` (n, L, G), the product of the modifiers of each group of pools."""

    warnings: list[str]

    def follow_texture(self) -> None:
        """Clay has changed."""

    def update(self, modifier: np.ndarray, dt: float) -> None:
        """Take the present temperature, water and cover; ``dt`` yr is the length of the step."""


def _prime(w: Watershed, law: Modifier, members: np.ndarray, first_row: int, modifier: np.ndarray) -> None:
    over_cells(multiply_priming, w.cells, law.parameters[0], law.ratio_of, w.stocks, w.mineral, first_row, members,
               modifier)  # fmt: skip


def _plant_cover(w: Watershed) -> np.ndarray:
    return np.ascontiguousarray(w.units.plant_cover, dtype=np.float64)


def wetting(watershed: Watershed) -> np.ndarray:
    """(n,) kg m-2: precipitation of the step, and what of irrigation reached the ground."""
    irrigation = watershed.irrigation
    return watershed.precipitation if irrigation is None else watershed.precipitation + irrigation.arrived


class SharedDeficit:
    """RothC: one moisture deficit for the plough layer (coupling rule 9), each layer's own water below it.

    Parameters
    ----------
    watershed : Watershed
    model : CompiledPoolModel
    above, below : (L)
        From :func:`watershed_c.kernels.rate_modifiers.depth_shares`.
    moisture : {"official", "layered"}
    topsoil : TopsoilMoisture
        Which program's drying and ramp; the ramp of layers with their own water begins and ends alike.
    properties : mapping name -> (n,)
        What ``topsoil`` needs beside clay.
    wet_end : "" or a key of ``WET_ENDS``
        Oxygen limb, of *layered*. Where rates decline with depth it holds down to the calibration depth only: below it
        the depth factor stands for the lack of oxygen, too (coupling rule 11).

    Raises
    ------
    ValueError
        A property is missing or out of reach; no water where ``layered`` needs it.
    """

    def __init__(
        self,
        watershed: Watershed,
        model: CompiledPoolModel,
        above: np.ndarray,
        below: np.ndarray,
        moisture: str,
        topsoil: TopsoilMoisture,
        properties: Mapping[str, np.ndarray],
        wet_end: str = "",
    ) -> None:
        w = self._watershed = watershed
        self._depth = model.calibration_depth
        priming = [(law, members) for law, members in zip(model.dynamic, model.members, strict=True)
                   if law.factor == "priming"]  # fmt: skip
        self._priming = (*priming[0], int(w.constituents.of_group("soc")[0])) if priming else None
        self.warnings: list[str] = []
        if wet_end and wet_end not in WET_ENDS:
            raise ValueError(f"wet_end must be one of {', '.join(WET_ENDS)}, is {wet_end!r}")
        if wet_end and moisture != "layered":
            raise ValueError("wet_end is for moisture = layered: RothC's topsoil deficit knows no wetter than moist")
        if wet_end and not (w.saturation > w.field_capacity)[w.cells].all():
            raise ValueError("wet_end needs saturation above field capacity in every layer")
        self._wet_end = wet_end
        whole = above + below
        declines = bool((whole < 1.0 - 1e-12).any())
        self._breathing = np.divide(above, whole, out=np.ones_like(whole), where=declines & (whole > 0.0))
        if moisture == "layered":
            above, below = np.zeros_like(above), above + below
        self._above, self._below = above, below
        available = (w.field_capacity - w.wilting_point)[w.cells][:, below > 0.0]
        if not (available > 0.0).all():
            if moisture == "layered":
                raise ValueError("moisture = layered needs field capacity above wilting point in every layer")
            self.warnings.append(
                f"no soil water is known below {model.calibration_depth:g} m: decomposition takes it for moist there"
            )
        self._topsoil = topsoil
        self._properties = {name: values[w.cells] for name, values in properties.items() if name in topsoil.needs}
        self._maximum, self._bare_limit = np.zeros(w.clay.size), np.zeros(w.clay.size)
        # with the official ramp the same numbers
        self._covered_limit = self._maximum if topsoil.moisture_option != 2 else np.zeros(w.clay.size)
        self._unlimited_share = np.full(w.clay.size, UNLIMITED_SHARE)

    def follow_texture(self) -> None:
        """Limits of the deficit with the present clay."""
        w, topsoil = self._watershed, self._topsoil
        clay = 100.0 * w.clay[w.cells]
        start, end, covered, bare = topsoil.limits({"clay": clay, **self._properties}, self._depth)
        self._maximum[w.cells], self._covered_limit[w.cells], self._bare_limit[w.cells] = end, covered, bare
        if topsoil.moisture_option > 1:
            self._unlimited_share[w.cells] = start / end

    def update(self, modifier: np.ndarray, dt: float) -> None:
        """Advance the deficit, then all factors of every layer."""
        w, cover = self._watershed, _plant_cover(self._watershed)
        over_cells(update_deficit, w.cells, wetting(w), w.pet, w.unit, cover, self._covered_limit,
                   self._bare_limit, w.deficit)  # fmt: skip
        over_cells(
            rate_modifier, w.cells, w.temperature, w.layer_temperature, w.unit, cover, w.deficit, self._maximum,
            self._unlimited_share, self._topsoil.driest_factor, w.water, w.field_capacity, w.wilting_point, self._above,
            self._below, modifier,
        )  # fmt: skip
        if self._priming is not None:
            modifier[:, :, 1:] = modifier[:, :, :1]
            _prime(w, *self._priming, modifier)
        if self._wet_end:
            name, parameters, threshold = WET_ENDS[self._wet_end]
            law = MOISTURE_LAWS[name]
            over_cells(
                limit_oxygen, w.cells, law.number, law.kernel_parameters(parameters), threshold, w.water, w.saturation,
                self._breathing, modifier,
            )  # fmt: skip


class LayerByLayer:
    """Any other model: each layer has its own temperature and water, each group of pools its own factors.

    Parameters
    ----------
    watershed : Watershed
    model : CompiledPoolModel or NonlinearPoolModel
        Its ``dynamic`` modifiers and their ``members``.
    depth_factor : (L)
    first_row : int
        Of the pools among the constituents.
    """

    def __init__(
        self,
        watershed: Watershed,
        model: CompiledPoolModel | NonlinearPoolModel,
        depth_factor: np.ndarray,
        first_row: int,
    ) -> None:
        w = self._watershed = watershed
        self._model, self._depth_factor, self._first_row = model, depth_factor, first_row
        self.warnings: list[str] = []
        self._thickness = w.layer_bottom - w.layer_top
        self._climate = np.zeros(w.clay.size)
        needed = {MOISTURE_LAWS[m.law].driver for m in model.dynamic if m.factor == "moisture"}
        if needed & set(LAYER_DRIVERS) and not (w.field_capacity > w.wilting_point)[w.cells].all():
            self.warnings.append("no soil water is known: decomposition takes the soil for moist")

    def follow_texture(self) -> None:
        """Nothing here depends on clay."""

    def update(self, modifier: np.ndarray, dt: float) -> None:
        """All factors of every layer."""
        w = self._watershed
        modifier[w.cells] = 1.0
        for law, members in zip(self._model.dynamic, self._model.members, strict=True):
            match law.factor:
                case "temperature":
                    number = TEMPERATURE_LAWS[law.law].number
                    over_cells(
                        multiply_temperature, w.cells, number, law.parameters, w.temperature, w.layer_temperature,
                        members, modifier,
                    )  # fmt: skip
                case "moisture":
                    number, driver = MOISTURE_LAWS[law.law].number, MOISTURE_LAWS[law.law].driver
                    self._take_climate(driver, dt)
                    over_cells(
                        multiply_moisture, w.cells, number, law.parameters, LAYER_DRIVERS.get(driver, 0),
                        *map(w.of_fine_earth, (w.water, w.wilting_point, w.field_capacity, w.saturation)),
                        self._thickness, w.bulk_density, self._climate, members, modifier,
                    )  # fmt: skip
                case "cover":
                    over_cells(multiply_cover, w.cells, w.unit, _plant_cover(w), members, modifier)
                case "depth":
                    over_cells(multiply_layers, w.cells, self._depth_factor, members, modifier)
                case "priming":
                    _prime(w, law, members, self._first_row, modifier)
                case "lignin":
                    over_cells(
                        multiply_lignin, w.cells, law.parameters[0], law.ratio_of, law.ratio_in, w.stocks,
                        self._first_row, members, modifier,
                    )  # fmt: skip

    def _take_climate(self, driver: str, dt: float) -> None:
        """What the law wants to know of the step: yearly amounts are those of the step over its length."""
        w = self._watershed
        match driver:
            case "rain_over_pet":
                np.divide(wetting(w), w.pet, out=self._climate, where=w.pet > 0.0)
                self._climate[w.pet <= 0.0] = WETTEST_RATIO
                np.minimum(self._climate, WETTEST_RATIO, out=self._climate)
            case "rain_minus_pet":
                np.divide(wetting(w) - w.pet, dt, out=self._climate)
            case "rain_per_year":
                np.divide(wetting(w), dt, out=self._climate)
