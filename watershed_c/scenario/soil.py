"""From the soil table to the soil column: texture, bulk density, carbon by layer, what lies below."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from watershed_c import units
from watershed_c.constituents import CALCITE_PER_CARBON, GYPSUM_PER_SULFUR, ORGANIC_MATTER_PER_CARBON
from watershed_c.kernels import erodibility
from watershed_c.scenario import keys, messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import Grid
from watershed_c.scenario.fields import (
    SoilInorganicCarbon,
    SoilOrganicCarbon,
    Spatial,
    SpatialCarbon,
    SpatialErodibility,
    unit_kind,
)
from watershed_c.scenario.ground import STONE_DENSITY
from watershed_c.scenario.minerals import carbonate_mass, gypsum_of
from watershed_c.scenario.toml_lines import KeyPath

#: medians of SOC that measurements support; outside, the unit is likely wrong. Stock, kg m-2: from desert sand to deep
#: peat; concentration: up to the 58 % of pure organic matter (1/1.724)
PLAUSIBLE = {"areal mass": (0.1, 250.0), "fraction": (0.0003, 0.58)}
#: units of measured carbon, the most usual first
_USUAL_UNITS = ("t/ha", "%", "g/kg", "kg/m2", "1", "kg/kg", "dg/kg", "g/m2", "kg/ha")
#: largest mass fraction of carbon in carbonate: that of CaCO3
CARBON_IN_CALCITE = 1.0 / CALCITE_PER_CARBON


@dataclass(frozen=True)
class Column:
    """The soil column of every node; NaN outside the catchment. Shapes (n,) or (n, L), units inside."""

    thickness: np.ndarray
    clay: np.ndarray
    sand: np.ndarray | None
    bulk_density: np.ndarray
    soc: np.ndarray
    sic: np.ndarray
    mineral: np.ndarray
    substratum_soc: np.ndarray
    substratum_sic: np.ndarray
    erodibility: np.ndarray | None
    biodiffusivity: np.ndarray | None
    ph: np.ndarray | None = None
    tillage_angle: np.ndarray | None = None
    base_conductivity: np.ndarray | None = None
    #: of the volume, of each layer; None: none
    coarse_fragments: np.ndarray | None = None
    #: gypsum as its sulfur, (n, L) kg m-2 and below (n) kg per kg mineral
    gypsum: np.ndarray | None = None
    substratum_gypsum: np.ndarray | None = None
    #: of the fine earth; ``mineral`` is that of layers which rock does not make thinner; None: without end
    depth: np.ndarray | None = None
    #: of dry soil; only what is told of the sediment depends on it
    potassium: np.ndarray | None = None

    @property
    def filled(self) -> np.ndarray:
        """Share of the thickness of each layer that is above rock, (n, L) or (1, 1)."""
        return np.ones((1, 1)) if self.depth is None else share_above(self.depth, self.thickness)

    @property
    def soil(self) -> np.ndarray:
        """Dry fine earth of each layer, (n, L) kg m-2."""
        stones = 0.0 if self.coarse_fragments is None else self.coarse_fragments
        return self.bulk_density * (1.0 - stones) * self.thickness * self.filled

    @property
    def above_rock(self) -> np.ndarray:
        """Mineral fine earth above rock, (n) kg m-2; below the profile as dense as at its base."""
        assert self.depth is not None
        below = np.maximum(self.depth - self.thickness.sum(), 0.0) * self.mineral[:, -1] / self.thickness[-1]
        return np.asarray((self.mineral * self.filled).sum(axis=1) + below)


def share_above(depth: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """Share of each layer (n, L) above a depth (n)."""
    top = np.cumsum(thickness) - thickness
    return np.asarray(np.clip((depth[:, None] - top) / thickness, 0.0, 1.0))


class SoilReader:
    """Reads the spatial values of a scenario on a grid.

    Parameters
    ----------
    check : Checker
    grid : Grid
    groups : dict of (n,) bool, or None
        Mask of each land-use class; None when the land use is not known.
    known_classes : iterable of str
        Names that may have a value though no cell has the class: it is told. Any other name is a mistake.
    """

    def __init__(
        self, check: Checker, grid: Grid, groups: dict[str, np.ndarray] | None, known_classes: Iterable[str] = ()
    ) -> None:
        self.check, self.grid, self.groups = check, grid, groups
        #: classes a scenario may speak of though its land has none of them: its rotations, and crops
        self.known_classes = frozenset(known_classes)
        self.core = grid.soil
        self.layers = np.array(check.scenario.soil.layers)
        self.bottom = np.cumsum(self.layers)
        #: share of each layer above rock, (n, L); 1: rock is nowhere
        self.filled: np.ndarray | float = 1.0

    # -- values in space ------------------------------------------------------------------------------------------
    def map(self, key: KeyPath, spatial: Spatial) -> np.ndarray | None:
        """(n,) values of a map in its own unit, checked for gaps inside the catchment."""
        assert spatial.map is not None
        raster = self.check.map((*key, "map"), spatial.map, spatial.variable, self.grid.dem)
        if raster is None:
            return None
        values = self.grid.window(raster.values)
        gaps = self.core & ~np.isfinite(values)
        if gaps.any():
            first = int(np.flatnonzero(gaps)[0])
            row, column = divmod(first, self.grid.terrain.shape[1])
            place = f"x {self.grid.terrain.x[column]:g}, y {self.grid.terrain.y[row]:g}"
            share = 100.0 * (1.0 - gaps.sum() / self.core.sum())
            self.check.add(
                (*key, "map"), spatial.map,
                f"covers {share:.1f} % of the catchment; {gaps.sum():,} cells have no value (first at {place}).",
                "Fill the gaps of the map.",
            )  # fmt: skip
            return None
        return values

    def by_class(self, key: KeyPath, values: dict[str, Any]) -> np.ndarray | None:
        """(n,) object array of what is written for the class of each node."""
        if self.groups is None:
            return None
        elsewhere = [name for name in values if name not in self.groups and name in self.known_classes]
        if elsewhere:
            called = messages.dotted((*key, "by_class"), None)
            self.check.warnings.append(f"{called}: no cell is {', '.join(elsewhere)}: not used")
        unknown = [name for name in values if name not in self.groups and name not in self.known_classes]
        for name in unknown:
            hint = messages.nearest_hint(name, self.groups)
            known = ", ".join(self.groups)
            self.check.add((*key, "by_class", name), "", f"no land-use class has this name ({known}).", hint)
        out = np.full(self.core.size, None, dtype=object)
        for name in reversed(list(values)):
            if name in self.groups:
                out[self.groups[name]] = values[name]
        left = self.core & (out == None)  # noqa: E711 elementwise
        lacking = [name for name, mask in self.groups.items() if (mask & left).any()]
        if lacking and not unknown:
            self.check.add((*key, "by_class"), "", f"has no value for the class {', '.join(lacking)}.")
        return None if unknown or lacking else out

    def number(self, key: KeyPath, spatial: Any) -> np.ndarray | None:
        """(n,) or (n, L) values in the unit inside, checked against the range of the key; None and problems."""
        kind = spatial.kinds[0]
        if spatial.value is not None:
            return np.where(self.core, spatial.value, np.nan)
        if spatial.by_class is not None:
            chosen = self.by_class(key, spatial.by_class)
            return None if chosen is None else np.array([math.nan if v is None else v for v in chosen])
        if spatial.map is None:
            return self.layered(key, spatial.by_layer)
        raw = self.map(key, spatial)
        if raw is None:
            return None
        values = units.to_inside(raw, spatial.units, kind)
        place = keys.place_of(*_field(type(spatial), "value"))
        low, high = place.bounds
        inside = values[self.core]
        bad = (low is not None and inside.min() < low) or (high is not None and inside.max() > high)
        if bad:
            fits = self.units_that_fit(raw[self.core], kind, low, high)
            scale = units.factor(spatial.units, kind)
            self.check.add(
                (*key, "map"), spatial.map,
                f"has values from {inside.min() / scale:g} to {inside.max() / scale:g} {spatial.units}; "
                f"must be {messages.range_text(place, f'0 {spatial.units}')}.",
                f'If the map is in {fits[0]}, set units = "{fits[0]}".' if fits else "",
            )  # fmt: skip
            return None
        return np.asarray(values)

    def layered(self, key: KeyPath, values: list[Any]) -> np.ndarray | None:
        """(n, L) from one value per layer."""
        if len(values) != self.layers.size:
            self.check.add((*key, "by_layer"), values, f"must have one value per layer: {self.layers.size}.")
            return None
        return np.where(self.core[:, None], np.array(values)[None, :], np.nan)

    @staticmethod
    def units_that_fit(raw: np.ndarray, kind: str, low: float | None, high: float | None) -> list[str]:
        """Accepted units in which all the values are in the range."""
        fits = []
        for unit in units.KINDS[kind].accepts:
            values = units.to_inside(raw, unit, kind)
            if (low is None or values.min() >= low) and (high is None or values.max() <= high):
                fits.append(unit)
        return fits

    # -- carbon ---------------------------------------------------------------------------------------------------
    def carbon(
        self, key: KeyPath, table: SpatialCarbon, bulk_density: np.ndarray, scale: float, plausible: bool
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Carbon by layer (n, L) kg C m-2 and concentration at the base of the profile (n,), kg C per kg dry soil."""
        if table.by_layer is not None:
            if isinstance(table, SoilInorganicCarbon) and table.depth is not None:
                self.check.add((*key, "depth"), f"{100.0 * table.depth:g} cm", "is not used with by_layer.")
                return None
            return self.carbon_by_layer(key, table.by_layer, bulk_density, scale)
        amounts = self.amounts(key, table, plausible)
        if amounts is None:
            return None
        kind, values = amounts
        values = values * scale
        if kind == "fraction" and isinstance(table, SoilInorganicCarbon) and table.depth is not None:
            wrong = "is not used with a concentration, which holds in all layers below decarbonated_depth."
            hint = "Leave it out, or give a stock (t/ha)."
            self.check.add((*key, "depth"), f"{100.0 * table.depth:g} cm", wrong, hint)
            return None
        depth = table.depth if table.depth is not None else float(self.bottom[-1])
        if depth > self.bottom[-1] * (1.0 + 1e-9):
            total = f"{100.0 * self.bottom[-1]:g} cm"
            hint = "Add a layer, or give the amount to a smaller depth."
            wrong = f"is below the lowest layer ({total})."
            self.check.add((*key, "depth"), f"{100.0 * depth:g} cm", wrong, hint)
            return None
        top = self.bottom - self.layers
        share = np.clip((depth - top) / self.layers, 0.0, 1.0)  # of each layer above `depth`
        shape_layer = self.shape(table, top, self.bottom)
        shape_above = self.shape(table, top, np.minimum(self.bottom, np.maximum(depth, top)))
        # kg of soil per m2, weighted with the shape of the concentration
        there = bulk_density * self.filled
        weight_above = (there * (self.layers * share * shape_above)[None, :]).sum(axis=1)
        if (weight_above[self.core] <= 0.0).any():
            wrong = "has no soil below decarbonated_depth in some cell."
            self.check.add((*key, "depth"), f"{100.0 * depth:g} cm", wrong)
            return None
        if kind == "areal mass":
            surface = values / weight_above
        elif isinstance(table, SoilInorganicCarbon):
            surface = values
        else:
            soil_above = (there * (self.layers * share)[None, :]).sum(axis=1)
            surface = values * soil_above / weight_above
        layers = surface[:, None] * there * (self.layers * shape_layer)[None, :]
        base = surface * float(self.shape(table, self.bottom[-1:], self.bottom[-1:])[0])
        return layers, base

    def carbon_by_layer(
        self, key: KeyPath, written: list[str], bulk_density: np.ndarray, scale: float
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Carbon of layers that are given one by one; the base has the concentration of the lowest."""
        pairs = [_amount(text) for text in written]
        if self.layered(key, [value for _, value in pairs]) is None:
            return None
        soil = bulk_density * self.layers[None, :]
        areal = np.array([kind == "areal mass" for kind, _ in pairs])[None, :]
        stock = np.where(
            areal,
            np.array([value for _, value in pairs])[None, :],
            np.array([value for _, value in pairs])[None, :] * soil,
        ) * scale
        base = stock[:, -1] / soil[:, -1]
        # a stock is what was found in the soil of the layer, however thin
        stock = stock * np.where(areal, np.asarray(self.filled) > 0.0, self.filled)
        return np.where(self.core[:, None], stock, np.nan), base

    @staticmethod
    def shape(table: SpatialCarbon, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        """Mean over each interval of the concentration relative to the surface; the value where it has no thickness."""
        if isinstance(table, SoilInorganicCarbon):
            thick = np.maximum(bottom - top, 1e-12)
            below = np.clip((bottom - np.maximum(top, table.decarbonated_depth)) / thick, 0.0, 1.0)
            return np.where(bottom > top, below, bottom >= table.decarbonated_depth)
        if not isinstance(table, SoilOrganicCarbon) or table.profile == "uniform" or table.e_folding_depth is None:
            return np.ones_like(bottom)
        fold, start = table.e_folding_depth, table.uniform_depth

        def integral(z: np.ndarray) -> np.ndarray:
            below = np.maximum(z - start, 0.0)
            return np.minimum(z, start) - fold * np.expm1(-below / fold)

        thick = bottom - top
        mean = (integral(bottom) - integral(top)) / np.where(thick > 0.0, thick, 1.0)
        return np.where(thick > 0.0, mean, np.exp(-np.maximum(bottom - start, 0.0) / fold))

    def amounts(self, key: KeyPath, table: SpatialCarbon, plausible: bool) -> tuple[str, np.ndarray] | None:
        """Kind ("areal mass" or "fraction") and (n,) values in its unit inside."""
        if table.map is not None and table.units is not None:
            raw = self.map(key, table)
            if raw is None:
                return None
            kind = unit_kind(table.units, table.kinds)
            values = np.asarray(units.to_inside(raw, table.units, kind))
            place, unit, numbers = (*key, "map"), table.units, raw[self.core]
        elif table.by_class is not None:
            chosen = self.by_class(key, table.by_class)
            if chosen is None:
                return None
            pairs = [("", math.nan) if text is None else _amount(text) for text in chosen]
            kinds = {kind for kind, _ in pairs if kind}
            if len(kinds) != 1:
                self.check.add((*key, "by_class"), "", "mixes stocks (t/ha) and concentrations (%).")
                return None
            kind, values = kinds.pop(), np.array([value for _, value in pairs])
            place, unit, numbers = (*key, "by_class"), units.KINDS[kind].unit, values[self.core]
        else:
            assert table.value is not None
            kind, value = _amount(table.value)
            number, unit = units.split_quantity(table.value)
            values = np.where(self.core, value, np.nan)
            place, numbers = (*key, "value"), np.array([number])
        if numbers.min() < 0.0:
            self.check.add(place, f"{numbers.min():g} {unit}", "is negative; carbon must be 0 or more.")
            return None
        if plausible and not self.is_plausible(place, kind, unit, numbers):
            return None
        return kind, values

    def is_plausible(self, place: KeyPath, kind: str, unit: str, numbers: np.ndarray) -> bool:
        """Whether the median is one that soils have; else a problem that names the unit likely meant."""
        median = float(np.median(numbers))
        low, high = PLAUSIBLE[kind]
        if low <= units.to_inside(median, unit, kind) <= high:
            return True
        likely = []
        for other_kind, (other_low, other_high) in PLAUSIBLE.items():
            for other in units.KINDS[other_kind].accepts:
                if other != unit and other_low <= units.to_inside(median, other, other_kind) <= other_high:
                    likely.append(other)
        likely.sort(key=_USUAL_UNITS.index)
        hint = f"It would be plausible in {', '.join(likely[:4])}." if likely else ""
        called = "(a fraction)" if unit == "1" else unit
        expectation = f"has a median of {median:g} {called}, which no soil has. Is the unit right?"
        self.check.add(place, "", expectation, hint + " SoilGrids: ocs is t/ha, soc is dg/kg." if hint else "")
        return False

    # -- the column -----------------------------------------------------------------------------------------------
    def column(self) -> Column | None:
        """The soil column, or None and problems."""
        soil = self.check.scenario.soil
        clay = self.number(("soil", "clay"), soil.clay)
        sand = None if soil.sand is None else self.number(("soil", "sand"), soil.sand)
        if clay is not None and sand is not None:
            total = (clay + sand)[self.core]
            if (over := total > 1.0 + 1e-9).any():
                expectation = f"clay + sand reach {100.0 * total.max():.4g} % in {over.sum():,} cells; at most 100 %."
                self.check.add(("soil", "sand"), "", expectation)
        factor_k = None
        if soil.erodibility is not None and soil.erodibility.law is None:
            factor_k = self.number(("soil", "erodibility"), soil.erodibility)
        ph = None if soil.ph is None else self.number(("soil", "ph"), soil.ph)
        mixing = self.check.scenario.processes.soil_column.biodiffusivity
        biodiffusivity = None
        if mixing is not None:
            biodiffusivity = self.number(("processes", "soil_column", "biodiffusivity"), mixing)
        tillage = self.check.scenario.processes.tillage_erosion
        angle = None
        if tillage.enabled and tillage.angle is not None:
            angle = self.number(("processes", "tillage_erosion", "angle"), tillage.angle)
        below_profile = self.check.scenario.processes.soil_water.base_conductivity
        base_conductivity = None
        if below_profile is not None:
            base_conductivity = self.number(("processes", "soil_water", "base_conductivity"), below_profile)
        given = self.check.scenario.nutrients.potassium
        potassium = None if given is None else self.number(("nutrients", "potassium"), given)
        density = self.number(("soil", "bulk_density"), soil.bulk_density)
        if density is None:
            return None
        if density.ndim == 1:
            density = np.repeat(density[:, None], self.layers.size, axis=1)
        stones, depth = self.coarse_fragments(density), None
        if soil.depth is not None:
            depth = self.number(("soil", "depth"), soil.depth)
        if (soil.coarse_fragments is not None and stones is None) or (soil.depth is not None and depth is None):
            return None
        if depth is not None:
            self.filled = share_above(depth, self.layers)
        # dry fine earth per volume of the ground
        ground = density if stones is None else density * (1.0 - stones)
        soc = self.carbon(("soil", "soc"), soil.soc, ground, 1.0, plausible=True)
        sic: tuple[np.ndarray, np.ndarray] | None = (np.zeros_like(density), np.zeros(self.core.size))
        if soil.sic is not None:
            scale = CARBON_IN_CALCITE if soil.sic.form == "CaCO3" else 1.0
            sic = self.carbon(("soil", "sic"), soil.sic, ground, scale, plausible=False)
        gypsum = gypsum_of(self, ground)
        if soc is None or sic is None or clay is None or gypsum is None:
            return None
        per_carbon = carbonate_mass(self.check.scenario)
        mineral = self.mineral(ground * self.filled, soc[0], per_carbon * sic[0] + GYPSUM_PER_SULFUR * gypsum[0])
        if mineral is None:
            return None
        if soil.erodibility is not None and soil.erodibility.law is not None:
            factor_k = self.erodibility_by_law(soil.erodibility, clay, sand, ground * self.filled, soc[0])
        below = [
            np.where(self.core, given, np.nan) if given is not None else base
            for given, base in ((soil.substratum.soc, soc[1]), (soil.substratum.sic, sic[1]))
        ]
        mineral_share = 1.0 - ORGANIC_MATTER_PER_CARBON * below[0] - per_carbon * below[1]
        mineral_share -= GYPSUM_PER_SULFUR * gypsum[1]
        if (mineral_share[self.core] < 0.05).any():
            self.check.add(("soil", "substratum"), "", "leaves less than 5 % for mineral soil.")
            return None
        if depth is not None:  # of layers as thick as their boundaries say, where rock makes them thinner
            there = ground * self.layers * self.filled
            share = np.repeat(mineral_share[:, None], self.layers.size, axis=1)
            np.divide(mineral, there, out=share, where=there > 0.0)
            mineral = ground * self.layers * share
        return Column(
            self.layers, clay, sand, density, soc[0], sic[0], mineral,
            below[0] / mineral_share, below[1] / mineral_share, factor_k, biodiffusivity, ph, angle, base_conductivity,
            stones, gypsum[0], gypsum[1] / mineral_share, depth, potassium,
        )  # fmt: skip

    def coarse_fragments(self, density: np.ndarray) -> np.ndarray | None:
        """(n, L) share of the volume; None: none, or a problem."""
        written = self.check.scenario.soil.coarse_fragments
        share = None if written is None else self.number(("soil", "coarse_fragments"), written)
        if written is None or share is None:
            return None
        if share.ndim == 1:
            share = np.repeat(share[:, None], self.layers.size, axis=1)
        if written.share_of == "mass":
            stones = share / STONE_DENSITY
            share = stones / (stones + (1.0 - share) / density)
        return share

    def erodibility_by_law(
        self, table: SpatialErodibility, clay: np.ndarray, sand: np.ndarray | None, density: np.ndarray, soc: np.ndarray
    ) -> np.ndarray | None:
        """(n,) K of the law of ``table``, from texture and the organic carbon of the upper 20 cm."""
        if sand is None:
            self.check.add(("soil", "sand"), "", f'is missing: erodibility by law = "{table.law}" needs it.')
            return None
        assert table.law is not None
        if table.law == "nomograph":
            assert table.very_fine_sand is not None
            fines = (1.0 - clay - sand * (1.0 - table.very_fine_sand))[self.core]
            if (beyond := fines > erodibility.NOMOGRAPH_FINES).any():
                self.check.warnings.append(
                    f"soil.erodibility: {beyond.sum():,} cells have more than 70 % silt and very fine sand, where the "
                    "equation is not the nomograph"
                )
        share = np.clip((erodibility.TOPSOIL_DEPTH - (self.bottom - self.layers)) / self.layers, 0.0, 1.0)
        carbon = (soc @ share) / ((density * self.layers[None, :]) @ share)
        return erodibility.by_law(
            table.law, sand, clay, carbon, ORGANIC_MATTER_PER_CARBON * carbon,
            very_fine_sand=table.very_fine_sand, structure=table.structure, permeability=table.permeability,
            stone_cover=table.stone_cover or 0.0,
        )  # fmt: skip

    def mineral(self, density: np.ndarray, soc: np.ndarray, salts: np.ndarray) -> np.ndarray | None:
        """(n, L) kg m-2 of mineral, carbonate-free fine earth: dry soil less organic matter, carbonate and gypsum."""
        soil = density * self.layers[None, :]
        mineral = soil - ORGANIC_MATTER_PER_CARBON * soc - salts
        share = np.divide(mineral, soil, out=np.ones_like(soil), where=soil > 0.0)[self.core]
        if (share < 0.05).any():
            cells, layer = int((share < 0.05).any(axis=1).sum()), int(np.argmin(share.min(axis=0))) + 1
            self.check.add(
                ("soil", "soc"), "",
                f"leaves less than 5 % of the dry soil for minerals in layer {layer} of {cells:,} cells: "
                "carbon, carbonate, gypsum and bulk density do not fit together.",
                "Peat needs a coordinate of its own and is not modelled.",
            )  # fmt: skip
            return None
        return mineral


def _amount(text: str) -> tuple[str, float]:
    """Kind and value inside of "50 t/ha" or "1.5 %"."""
    number, unit = units.split_quantity(text)
    kind = unit_kind(unit, SpatialCarbon.kinds)
    return kind, units.to_inside(number, unit, kind)


def _field(table: type[Spatial], name: str) -> tuple[Any, tuple[Any, ...]]:
    info = table.model_fields[name]
    return info.annotation, tuple(info.metadata)
