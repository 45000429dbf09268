"""Wilting point, field capacity, saturation and conductivity of every layer, from what the soil is made of."""

from __future__ import annotations

import numpy as np

from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON
from watershed_c.kernels import pedotransfer
from watershed_c.state import Watershed

FUNCTIONS = ("saxton_rawls", "wosten")
#: m, layers with their middle above it are topsoil: the ploughed horizon of the soils of Wosten et al. (1999)
TOPSOIL = 0.30


class HydraulicProperties:
    """Pedotransfer function of a watershed, evaluated for the organic carbon given or present.

    Parameters
    ----------
    watershed : Watershed
        With bulk density where ``function`` is "wosten".
    sand, clay : (n, L) or (n, 1), mass fractions of the mineral fine earth
    function : {"saxton_rawls", "wosten"}
    coarse_fragments : (n, L) or float, volume fraction
    change : float, kg C per kg dry soil, >= 0
        :meth:`follow` leaves alone layers whose content changed no more than this since they were last evaluated.

    Notes
    -----
    The functions of Wosten et al. were fitted to soils whose density falls with organic matter. At a held density they
    let organic matter take available water from loam and clay. So the density they are given follows Adams (1973) from
    that of the soil at the content first evaluated: density x adams(now) / adams(first). The thickness of the layers
    does not change with it (coupling rule 7).

    Attributes
    ----------
    conductivity : (n, L), kg m-2 yr-1 (= mm yr-1)
        Saturated hydraulic conductivity, changed in place.
    content : (n, L), kg C per kg dry soil
        Organic carbon the properties belong to.
    """

    def __init__(
        self,
        watershed: Watershed,
        *,
        sand: np.ndarray,
        clay: np.ndarray,
        function: str = "saxton_rawls",
        coarse_fragments: np.ndarray | float = 0.0,
        change: float = 0.0,
    ) -> None:
        if function not in FUNCTIONS:
            raise ValueError(f"pedotransfer must be one of {', '.join(FUNCTIONS)}, is {function!r}")
        if not change >= 0.0:
            raise ValueError(f"soc_change must not be negative, is {change}")
        self.watershed, self.function, self.change = watershed, function, change
        shape = watershed.water.shape
        self._sand, self._clay, self._stones = (
            np.broadcast_to(np.asarray(values, dtype=np.float64), shape) for values in (sand, clay, coarse_fragments)
        )
        self._thickness = np.broadcast_to(watershed.layer_bottom - watershed.layer_top, shape)
        middle = 0.5 * (watershed.layer_bottom + watershed.layer_top)
        self._topsoil = np.broadcast_to((middle < TOPSOIL).astype(np.float64), shape)
        self.conductivity, self.content = np.zeros(shape), np.zeros(shape)
        #: (n, L) bulk density per that of Adams (1973), of the soil first evaluated; "wosten" only
        self._density_ratio: np.ndarray | None = None

    def evaluate(self, content: np.ndarray, where: np.ndarray | None = None) -> None:
        """Set the properties for a content of organic carbon (n, L) kg per kg; ``where`` (n, L) bool or all soil.

        The water of the layers stays what it is: what a layer can no longer hold moves in the next step.
        """
        w = self.watershed
        where = np.broadcast_to(w.is_soil[:, None], content.shape) if where is None else where
        organic_matter = 100.0 * ORGANIC_MATTER_PER_CARBON * content[where]
        texture = self._sand[where], self._clay[where], organic_matter
        if self.function == "wosten":
            if self._density_ratio is None:
                self._density_ratio = np.zeros(content.shape)
                self._density_ratio[where] = w.bulk_density[where] / pedotransfer.adams_density(organic_matter)
            density = self._density_ratio[where] * pedotransfer.adams_density(organic_matter)
            found = pedotransfer.wosten_1999(*texture, density, self._topsoil[where])
        else:
            found = pedotransfer.saxton_rawls(*texture)
        for held, value in zip((w.wilting_point, w.field_capacity, w.saturation), found[:3], strict=True):
            held[where] = pedotransfer.water_held(value, self._thickness[where], self._stones[where])
        self.conductivity[where] = found[3]
        self.content[where] = content[where]

    def present_content(self) -> np.ndarray:
        """(n, L) organic carbon per dry soil as it is now; 0 where there is no soil."""
        w = self.watershed
        dry, organic = w.mineral.copy(), np.zeros(w.mineral.shape)
        for row, constituent in enumerate(w.constituents.rows):
            dry += constituent.dry_mass_per_unit * w.stocks[:, :, row]
            if constituent.group == "soc":
                organic += w.stocks[:, :, row]
        return np.divide(organic, dry, out=organic, where=dry > 0.0)

    def follow(self, change: float | None = None) -> None:
        """Evaluate anew the layers of cells whose organic carbon changed by more than ``change`` (default: its own)."""
        content = self.present_content()
        moved = np.abs(content - self.content) > (self.change if change is None else change)
        moved[~self.watershed.is_soil] = False
        if moved.any():
            self.evaluate(content, moved)


def set_hydraulic_properties(
    watershed: Watershed,
    *,
    sand: np.ndarray,
    clay: np.ndarray,
    organic_carbon: np.ndarray,
    coarse_fragments: np.ndarray | float = 0.0,
    function: str = "saxton_rawls",
    change: float = 0.0,
) -> HydraulicProperties:
    """Set wilting point, field capacity and saturation from texture; start the run at field capacity.

    Parameters are those of :class:`HydraulicProperties`, and ``organic_carbon`` (n, L), mass fraction of the dry fine
    earth. Groundwater starts empty.
    """
    properties = HydraulicProperties(
        watershed, sand=sand, clay=clay, function=function, coarse_fragments=coarse_fragments, change=change
    )
    properties.evaluate(np.broadcast_to(np.asarray(organic_carbon, dtype=np.float64), watershed.water.shape))
    watershed.water[watershed.cells] = watershed.field_capacity[watershed.cells]
    return properties
