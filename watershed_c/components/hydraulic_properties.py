"""Wilting point, field capacity, saturation and conductivity of every layer, from what the soil is made of."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from watershed_c.bedrock import LEAST_FILLED
from watershed_c.constituents import ORGANIC_MATTER_PER_CARBON
from watershed_c.kernels import pedotransfer
from watershed_c.state import Watershed

FUNCTIONS = ("saxton_rawls", "wosten")
#: m, layers with their middle above it are topsoil: the ploughed horizon of the soils of Wosten et al. (1999)
TOPSOIL = 0.30
#: what properties can follow, once a year
FOLLOWED = ("soc", "texture")
#: change of a mass fraction of clay or sand, or of the share of a layer above rock, below which properties stay; ours
LEAST_CHANGE = 0.01


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
    follows : collection of {"soc", "texture"}
        What :meth:`follow` looks at: organic carbon, and the texture that erosion has sorted (rows ``clay``, ``silt``,
        ``sand``). Where soil ends at rock, its thickness is followed always.

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
    content, sand, clay, filled : (n, L)
        Organic carbon (kg C per kg dry soil), texture and share of the thickness that is soil, which the properties
        belong to.
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
        follows: Collection[str] = ("soc",),
    ) -> None:
        if function not in FUNCTIONS:
            raise ValueError(f"pedotransfer must be one of {', '.join(FUNCTIONS)}, is {function!r}")
        if not change >= 0.0:
            raise ValueError(f"soc_change must not be negative, is {change}")
        self.watershed, self.function, self.change = watershed, function, change
        shape = watershed.water.shape
        if not set(follows) <= set(FOLLOWED):
            raise ValueError(f"follows must be of {', '.join(FOLLOWED)}, is {', '.join(follows)}")
        self.follows = tuple(name for name in FOLLOWED if name in follows)
        self._texture = watershed.constituents.of_group("texture") if "texture" in follows else np.zeros(0, dtype=int)
        if "texture" in follows and not self._texture.size:
            raise ValueError("follows texture, which the soil does not carry (constituents.TEXTURE)")
        self.sand, self.clay, self._stones = (
            np.broadcast_to(np.asarray(values, dtype=np.float64), shape) for values in (sand, clay, coarse_fragments)
        )
        if "texture" in follows:
            self.sand, self.clay = self.sand.copy(), self.clay.copy()
        self.filled = np.ones(shape if watershed.bedrock is not None else (1, 1))
        self._stony = bool((self._stones > 0.0).any())
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
        texture = self.sand[where], self.clay[where], organic_matter
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
            if w.bedrock is not None:
                held[where] *= self._filled_now()[where]
        self.conductivity[where] = found[3]
        if self._stony:
            self.conductivity[where] *= pedotransfer.among_stones(self._stones[where])
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
        """Evaluate anew the layers of cells of which what is followed has changed: organic carbon by more than
        ``change`` (default: its own), texture and thickness by more than ``LEAST_CHANGE``.
        """
        w, content, moved = self.watershed, self.content, np.zeros(self.content.shape, dtype=bool)
        if "soc" in self.follows:
            content = self.present_content()
            moved |= np.abs(content - self.content) > (self.change if change is None else change)
        if self._texture.size:
            clay, sand = self._present_texture()
            changed = np.maximum(np.abs(clay - self.clay), np.abs(sand - self.sand)) > LEAST_CHANGE
            self.clay[changed], self.sand[changed] = clay[changed], sand[changed]
            moved |= changed
        if w.bedrock is not None:
            filled = self._filled_now()
            changed = np.abs(filled - self.filled) > LEAST_CHANGE
            self.filled[changed] = filled[changed]
            moved |= changed
        moved[~w.is_soil] = False
        if moved.any():
            self.evaluate(content, moved)

    def _filled_now(self) -> np.ndarray:
        bedrock = self.watershed.bedrock
        assert bedrock is not None
        return np.maximum(bedrock.filled, LEAST_FILLED)

    def _present_texture(self) -> tuple[np.ndarray, np.ndarray]:
        """Clay and sand (n, L) of the mineral fine earth; as they were in layers without soil."""
        w = self.watershed
        masses = w.stocks[:, :, self._texture]
        total = masses.sum(axis=2)
        there = total > 0.0
        return tuple(  # type: ignore[return-value]
            np.divide(masses[:, :, row], total, out=known.copy(), where=there)
            for row, known in ((0, self.clay), (2, self.sand))
        )

    def memory(self) -> dict[str, np.ndarray]:
        """Conductivity and what it was found for."""
        found = {"conductivity": self.conductivity, "content": self.content}
        if self._texture.size:
            found |= {"clay_found_for": self.clay, "sand_found_for": self.sand}
        return found | ({"filled": self.filled} if self.filled.size > 1 else {})


def set_hydraulic_properties(
    watershed: Watershed,
    *,
    sand: np.ndarray,
    clay: np.ndarray,
    organic_carbon: np.ndarray,
    coarse_fragments: np.ndarray | float = 0.0,
    function: str = "saxton_rawls",
    change: float = 0.0,
    follows: Collection[str] = ("soc",),
) -> HydraulicProperties:
    """Set wilting point, field capacity and saturation from texture; start the run at field capacity.

    Parameters are those of :class:`HydraulicProperties`, and ``organic_carbon`` (n, L), mass fraction of the dry fine
    earth. Groundwater starts empty.
    """
    properties = HydraulicProperties(
        watershed, sand=sand, clay=clay, function=function, coarse_fragments=coarse_fragments, change=change,
        follows=follows,
    )  # fmt: skip
    properties.evaluate(np.broadcast_to(np.asarray(organic_carbon, dtype=np.float64), watershed.water.shape))
    watershed.water[watershed.cells] = watershed.field_capacity[watershed.cells]
    return properties
