"""One rotation, day by day: canopy, residues, roughness, and the carbon that plants and farmers give the soil.

Everything is reckoned for the steady cycle of the rotation in a mean year and taken to months (M of the cycle).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from watershed_c.kernels import cover as rusle
from watershed_c.management.biochar import persistence
from watershed_c.management.calendar import Amendment, Calendar, Season
from watershed_c.management.grazing import trampling
from watershed_c.management.irrigation import irrigation_table
from watershed_c.management.library import Crop
from watershed_c.management.lime import lime_table
from watershed_c.management.materials import Material
from watershed_c.management.reading import DAYS, MONTH_STARTS, in_span
from watershed_c.management.roots import crop_root_shares
from watershed_c.management.sources import Laid, Source, source_of

#: crop coefficient of bare soil (FAO-56 Table 12, initial stage of cereals; Allen et al. 1998)
BARE_CROP_COEFFICIENT = 0.3
#: length of the late season over which the crop coefficient falls to its end value, d (FAO-56 Table 11, 25-40)
LATE_SEASON = 30
#: height from which drops fall off a canopy, per its height, where a crop file has no fall_height: a prior, range 0.33
#: (leaves near the ground) to 1 (leaves near the top), after the canopy shapes of RUSLE2, from memory. It enters C as
#: exp(-0.328 m-1 height) under the canopy
FALL_HEIGHT_SHARE = 0.5
#: canopy cover from which a day counts as covered by plants (first stage of Mosimann & Ruettimann 2006)
COVERED_FROM = 0.1
#: residues and manure are placed in the tilled layer when a pass follows within this many days: a prior, range 1 to 60,
#: the longest month here, as input is tabled by month. What lies longer decays in the top layer until a pass mixes it
INCORPORATION_DAYS = 31
#: canopy cover at which the four growth rates of a crop change (Mosimann & Ruettimann 2006)
COVER_STAGES = (0.0, 0.1, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Climatology:
    """Mean year, for decay of residues and roughness and for weighting C; each (12,), January first.

    Attributes
    ----------
    temperature : degC
    precipitation : kg m-2 (mm) per month
    erosivity : MJ mm ha-1 h-1 per month
    """

    temperature: np.ndarray
    precipitation: np.ndarray
    erosivity: np.ndarray

    def __post_init__(self) -> None:
        for name in ("temperature", "precipitation", "erosivity"):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            if values.shape != (12,) or not np.isfinite(values).all():
                raise ValueError(f"{name} of the mean year must be 12 finite numbers")
            if name != "temperature" and (values < 0.0).any():
                raise ValueError(f"{name} of the mean year must not be negative")
            object.__setattr__(self, name, values)


@dataclass(frozen=True)
class TillagePass:
    """A pass of one month: day in the cycle, depth (m), share mixed, transport coefficient (kg m-1), share turned,
    share of surface residues buried.
    """

    day: int
    depth: float
    efficiency: float
    transport: float
    inversion: float = 0.0
    burial: float = 0.0


def depth_shares(depth: float, layer_bottom: np.ndarray) -> np.ndarray:
    """Share of each layer (L) in the soil from the surface to ``depth`` (m), which is cut at the profile's base."""
    reached = np.minimum(np.concatenate(([0.0], layer_bottom)), depth)
    return np.diff(reached) / reached[-1]


def canopy_growth(season: Season) -> np.ndarray:
    """Canopy cover on each day of a season, piecewise linear (Mosimann & Ruettimann 2006), 0-1.

    A relay crop stays at the first stage while it stands under another: it emerges and waits for light, a choice.
    """
    stages = np.array(COVER_STAGES)
    rates = np.array(season.crop.cover_rates)
    reached = np.concatenate(([0.0], season.stages or np.cumsum(np.diff(stages) / rates)))
    age = np.arange(season.end - season.start, dtype=np.float64)
    if season.shaded_until is not None:
        shaded = season.shaded_until - season.start
        age = np.where(age < shaded, np.minimum(age, reached[1]), age - shaded + min(shaded, reached[1]))
    return np.interp(age, reached, stages)


def fall_height(crop: Crop, cover: np.ndarray) -> np.ndarray:
    """Height (m) from which drops fall off the canopy at each ``cover`` (0-1), by stage where it is known."""
    if crop.fall_height:
        return np.interp(cover, COVER_STAGES, (0.0, *crop.fall_height))
    return FALL_HEIGHT_SHARE * crop.height * cover


def plant_carbon(season: Season, belowground: str = "proportional") -> tuple[float, float, float, float]:
    """Carbon of one season that enters the soil: product, straw, roots, exudates, kg C m-2.

    C_P = c Y; C_S = C_P R_S / R_P; C_R = C_P R_R / R_P; C_E = C_P R_E / R_P, each times its returned share (Bolinder et
    al. 2007). A cover crop's yield grows with the days of its stand. "fixed" takes roots that do not depend on yield
    (Hirte et al. 2018) where they are known, "mixed" the mean of both.
    """
    crop, amount = season.crop, season.yield_dry_matter
    if crop.kind == "fallow":
        return 0.0, 0.0, 0.0, 0.0
    if crop.kind == "cover":
        amount *= min(1.0, season.in_the_light / crop.days_to_yield)
    per_share = crop.dry_matter_carbon * amount / crop.product
    roots, exudates = per_share * crop.roots, per_share * crop.exudates
    if belowground != "proportional" and not math.isnan(crop.fixed_roots):
        weight = 1.0 if belowground == "fixed" else 0.5
        fixed_exudates = crop.fixed_roots * crop.exudates / crop.roots
        roots += weight * (crop.fixed_roots - roots)
        exudates += weight * (fixed_exudates - exudates)
    straw = crop.straw_returned
    if not math.isnan(season.straw_removed):
        straw = max(1.0 - season.straw_removed, crop.straw_left_when_removed)
    return (
        per_share * crop.product * crop.product_returned,
        per_share * crop.straw * straw * (1.0 - season.straw_burnt),
        roots * crop.root_turnover,
        exudates * crop.exudates_returned,
    )


def _window(span: tuple[int, int], days: int) -> np.ndarray:
    """Whether each day of the cycle is in a season of the year, both ends included."""
    return in_span(np.arange(days) % DAYS, span)


class Cycle:
    """One rotation, day by day from 1 January of its first year, offset 0."""

    def __init__(
        self,
        calendar: Calendar,
        climate: Climatology,
        layer_bottom: np.ndarray,
        *,
        belowground: str = "proportional",
        roots: str = "jackson",
        prior_land_use: bool = True,
        surface: bool = False,
    ) -> None:
        self.calendar, self.climate, self.bottom = calendar, climate, layer_bottom
        self.belowground, self.root_law, self.prior_land_use = belowground, roots, prior_land_use
        self.days = calendar.days
        years = len(calendar.years)
        starts = [DAYS * y + s for y in range(years) for s in MONTH_STARTS[:-1]]
        self.month_starts = np.array(starts)
        self.lengths = np.diff(np.append(self.month_starts, self.days)).astype(np.float64)
        self.month = np.repeat(np.arange(12 * years), self.lengths.astype(np.int64))
        self.canopy = np.zeros(self.days)
        self.fall_height = np.zeros(self.days)
        self.coefficient = np.full(self.days, BARE_CROP_COEFFICIENT)
        self.constant = np.full(self.days, np.nan)
        self.covered = np.zeros(self.days)
        self.owner: list[Crop] = self.owners()
        self.landed: dict[str, tuple[Crop, np.ndarray]] = {}
        self.input: dict[Source, np.ndarray] = {}
        self.below, self.char_laid = np.zeros(12 * years), np.zeros(12 * years)
        self.surface = Laid(calendar, self.month) if surface else None
        for season in calendar.seasons:
            self.grow(season)
        for amendment in calendar.amendments:
            self.bring(amendment)
        self.prescribe()

    def mean(self, daily: np.ndarray) -> np.ndarray:
        """Monthly means of a daily series (days, ...)."""
        shape = (-1,) + (1,) * (daily.ndim - 1)
        return np.add.reduceat(daily, self.month_starts, axis=0) / self.lengths.reshape(shape)

    def owners(self) -> list[Crop]:
        """Crop of each day for curve number and roots: the one standing, else the last main crop."""
        owner: list[Crop | None] = [None] * self.days
        for season in self.calendar.seasons:
            if season.crop.kind != "cover":
                for day in range(season.start, season.end):
                    owner[day % self.days] = season.crop
        last = next(crop for crop in reversed(owner) if crop is not None)
        filled = []
        for crop in owner:
            last = last if crop is None else crop
            filled.append(last)
        return filled

    def grow(self, season: Season) -> None:
        crop, length = season.crop, season.end - season.start
        if length <= 0 or crop.kind == "fallow":
            return
        days = np.arange(season.start, season.end) % self.days
        first, middle, last = crop.crop_coefficient
        if crop.kind == "perennial":
            assert crop.growth is not None
            growing = _window(crop.growth, self.days)[days]
            self.canopy[days], self.constant[days], self.covered[days] = 1.0, crop.constant_cover_factor, 1.0
            self.fall_height[days] = fall_height(crop, np.ones(days.size))
            left = (crop.growth[1] - days) % DAYS
            late = np.clip(1.0 - left / LATE_SEASON, 0.0, 1.0)
            self.coefficient[days] = np.where(growing, middle + (last - middle) * late, first)
            product, straw, roots, exudates = plant_carbon(season, self.belowground)
            year = _window(crop.growth, DAYS).sum()
            litter = crop.growth if crop.litterfall is None else crop.litterfall
            falling = _window(litter, self.days)[days] / _window(litter, DAYS).sum()
            self.lay(days, source_of("residue", False, crop), (product + straw) * falling, crop)
            self.add_roots(crop, days, (roots + exudates) * growing / year)
            return
        cover = canopy_growth(season)
        # of a relay crop and the one it stands under, the closer canopy
        closer = cover >= self.canopy[days]
        self.canopy[days[closer]], self.fall_height[days[closer]] = cover[closer], fall_height(crop, cover[closer])
        self.covered[days] = np.maximum(self.covered[days], cover >= COVERED_FROM)
        development = first + (middle - first) * cover
        left = length - 1 - np.arange(length)
        late = np.clip(1.0 - left / LATE_SEASON, 0.0, 1.0)
        coefficient = development + np.minimum(last - development, 0.0) * late
        self.coefficient[days[closer]] = coefficient[closer]
        product, straw, roots, exudates = plant_carbon(season, self.belowground)
        weights = cover / cover.sum() if cover.sum() > 0.0 else np.full(length, 1.0 / length)
        self.add_roots(crop, days, (roots + exudates) * weights)
        self.land(season.end % self.days, crop, product + straw)
        self.lay(season.end % self.days, source_of("residue", False, crop), product + straw, crop)

    def bring(self, amendment: Amendment) -> None:
        if amendment.material is None:
            crop = amendment.crop
            assert crop is not None
            source = source_of("residue", True, crop)
            if amendment.depth <= 0.0:
                self.land(amendment.day, crop, amendment.carbon)
        else:
            material = amendment.material
            more = {}
            if material.kind == "biochar":
                more["persistent"] = persistence(material.hydrogen_carbon, float(self.climate.temperature.mean()))
            source = source_of(material.kind, True, material, **more)
        if amendment.depth > 0.0:
            self.add(source, amendment.day, amendment.carbon, depth_shares(amendment.depth, self.bottom))
        else:
            self.lay(amendment.day, source, amendment.carbon, amendment.material or amendment.crop)

    def top(self) -> np.ndarray:
        shares = np.zeros(self.bottom.size)
        shares[0] = 1.0
        return shares

    def add(self, source: Source, days: Any, carbon: Any, shares: np.ndarray) -> None:
        """Input of ``carbon`` (kg C m-2) on ``days``, placed by ``shares`` (L)."""
        table = self.input.setdefault(source, np.zeros((self.month_starts.size, self.bottom.size)))
        np.add.at(table, self.month[days], np.multiply.outer(carbon, shares))

    def add_roots(self, crop: Crop, days: np.ndarray, carbon: np.ndarray) -> None:
        shares = crop_root_shares(crop, self.bottom, self.root_law)
        self.add(source_of("root", False, crop), days, carbon, shares)
        np.add.at(self.below, self.month[days], carbon * (1.0 - shares.sum()))

    def land(self, day: int, crop: Crop, carbon: float) -> None:
        """Residues on the surface, as dry mass."""
        entry = self.landed.setdefault(crop.name, (crop, np.zeros(self.days)))
        entry[1][day] += carbon / crop.dry_matter_carbon

    def lay(self, day: Any, source: Source, carbon: Any, what: Crop | Material | None) -> None:
        """Carbon laid on the surface: what the next pass buries soon goes to its depth, the rest to the top layer; or
        all of it to the residues on the surface, where the run has them. Litter of perennials comes on many days.
        """
        if self.surface is not None and source.kind != "biochar":
            assert what is not None
            self.surface.lay(np.atleast_1d(day), source, np.atleast_1d(carbon), what)
            return
        soon = [(p.day - day) % self.days for p in self.calendar.tillage] if np.ndim(day) == 0 else []
        if soon and min(soon) <= INCORPORATION_DAYS:
            tilled = self.calendar.tillage[soon.index(min(soon))]
            buried = tilled.implement.burial
            self.add(source, day, carbon * buried, depth_shares(tilled.depth, self.bottom))
            carbon *= 1.0 - buried
        self.add(source, day, carbon, self.top())
        if source.kind == "biochar":
            self.char_laid[self.month[day]] += carbon * source.quality["persistent"]

    def prescribe(self) -> None:
        """Scale the plants' input to the one prescribed (kg C m-2 yr-1), keeping months and layers."""
        wanted = self.calendar.plant_input
        if math.isnan(wanted):
            return
        plants = [table for source, table in self.input.items() if not source.amendment]
        laid = 0.0 if self.surface is None else self.surface.of_plants()
        total = (sum(float(table.sum()) for table in plants) + laid) / len(self.calendar.years)
        if total <= 0.0:
            if wanted > 0.0:
                raise ValueError(f"rotation {self.calendar.name}: plant_input is prescribed but no plant gives any")
            return
        for table in plants:
            table *= wanted / total
        self.below *= wanted / total
        if self.surface is not None:
            self.surface.scale_plants(wanted / total)

    def residues(self) -> np.ndarray:
        """Share of the ground under residues on each day, in the steady cycle."""
        if not self.landed:
            return np.zeros(self.days)
        kept = np.ones(self.days)
        for p in self.calendar.tillage:
            kept[p.day] *= 1.0 - p.implement.burial
        month_of_year = self.month % 12
        opportunity = rusle.decay_opportunity(self.climate.temperature, 0.5 * self.climate.precipitation)[month_of_year]
        coverage = np.zeros(self.days)
        for crop, landed in self.landed.values():
            decay = np.exp(-crop.residue_decay * opportunity)
            survives = float(np.prod(decay) * np.prod(kept))
            # as lists: numbers one by one are four times slower out of arrays
            mass, series, days = 0.0, [], (decay.tolist(), landed.tolist(), kept.tolist())
            for final in (False, True):
                for stays, falls, left in zip(*days, strict=True):
                    mass = (mass * stays + falls) * left
                    if final:
                        series.append(mass)
                if not final:
                    mass /= max(1.0 - survives, 1e-6)
            coverage += crop.residue_cover * np.array(series)
        return rusle.residue_ground_cover(coverage)

    def roughness(self) -> np.ndarray:
        """Random roughness on each day, mm: that of the last pass, smoothed by the rain since."""
        month_of_year = self.month % 12
        per_day = np.tile(self.lengths[:12], len(self.calendar.years))[self.month]
        rain = np.cumsum(self.climate.precipitation[month_of_year] / per_day)
        erosivity = np.cumsum(self.climate.erosivity[month_of_year] / per_day)
        rough = np.full(self.days, rusle.SMOOTH_ROUGHNESS)
        passes = list({p.day: p for p in self.calendar.tillage}.values())  # the last one of a day
        for p, following in zip(passes, [*passes[1:], *passes[:1]], strict=True):
            length = (following.day - p.day) % self.days or self.days
            ahead = p.day + np.arange(length)
            days, wrapped = ahead % self.days, ahead // self.days
            since_rain = rain[days] + wrapped * rain[-1] - rain[p.day]
            since_erosivity = erosivity[days] + wrapped * erosivity[-1] - erosivity[p.day]
            rough[days] = rusle.roughness_left(p.implement.roughness, since_rain, since_erosivity)
        return rough

    def under_plants(self) -> np.ndarray:
        """PLU CC of each day."""
        prior = np.array([crop.prior_land_use if self.prior_land_use else 1.0 for crop in self.owner])
        return np.asarray(prior * rusle.canopy_subfactor(self.canopy, self.fall_height))

    def monthly(self) -> dict[str, np.ndarray]:
        residue, rough = self.residues(), self.roughness()
        surface = rusle.surface_cover_subfactor(residue, rough)
        ratio = self.under_plants() * surface * rusle.roughness_subfactor(rough)
        cover_factor = self.mean(np.where(np.isnan(self.constant), ratio, self.constant))
        if self.calendar.cover_factor:
            cover_factor = np.array(self.calendar.cover_factor)
        # of a sward or a forest: what its C says
        standing = rusle.ground_cover_of(np.where(np.isnan(self.constant), 1.0, self.constant))
        erosivity = self.climate.erosivity
        weight = erosivity / erosivity.sum() if erosivity.sum() > 0.0 else np.full(12, 1.0 / 12.0)
        annual = np.repeat(cover_factor.reshape(-1, 12) @ weight, 12)
        crops = {crop.name: crop for crop in self.owner}
        number = {name: np.array(crop.curve_number) for name, crop in crops.items()}
        daily_number = np.array([number[crop.name] for crop in self.owner])
        if self.calendar.eaten:
            daily_number += trampling(self.calendar.eaten)
        roots = {name: crop_root_shares(crop, self.bottom, self.root_law) for name, crop in crops.items()}
        roots = {name: shares / shares.sum() for name, shares in roots.items()}
        return {
            "cover_factor": cover_factor,
            "cover_factor_annual": annual,
            "canopy_cover": self.mean(self.canopy),
            "fall_height": self.mean(self.fall_height),
            "residue_cover": self.mean(residue),
            "ground_cover": self.mean(np.where(np.isnan(self.constant), residue, standing)),
            "plant_cover": (self.mean(self.covered) >= 0.5).astype(np.float64),
            "crop_coefficient": self.mean(self.coefficient),
            "curve_number": self.mean(daily_number),
            "root_fraction": self.mean(np.array([roots[crop.name] for crop in self.owner])),
            "root_carbon_below_profile": self.below,
            "char_laid": self.char_laid,
            "irrigation": irrigation_table(self.calendar),
            "lime": lime_table(self.calendar.lime, len(self.calendar.years)),
        }

    def monthly_surface(self) -> dict[str, np.ndarray]:
        """What lies down, and how C and the cover of the ground follow from what lies there: see ``SurfaceTables``."""
        assert self.surface is not None
        rough, varies = self.roughness(), np.isnan(self.constant)
        given = np.where(varies, 0.0, self.constant)
        bare = np.where(varies, self.under_plants() * rusle.roughness_subfactor(rough), 0.0)
        if self.calendar.cover_factor:
            given, bare = np.array(self.calendar.cover_factor)[self.month], np.zeros(self.days)
        return {
            "laid_cover": self.surface.cover,
            "laid_nitrogen": self.surface.nitrogen,
            "given_factor": self.mean(given),
            "bare_factor": self.mean(bare),
            "effectiveness": self.mean(rusle.cover_effectiveness(rough)),
            "standing_cover": self.mean(rusle.ground_cover_of(np.where(varies, 1.0, self.constant))),
            "residue_share": self.mean(varies.astype(np.float64)),
        }

    def turned_over(self) -> float:
        """Share of the surface residues that the passes of a year bury, mean of the years."""
        left = np.ones(len(self.calendar.years))
        for p in self.calendar.tillage:
            left[p.day // DAYS] *= 1.0 - p.implement.burial
        return float(1.0 - left.mean())

    def passes(self, depth_exponent: float, speed_exponent: float) -> list[tuple[TillagePass, ...]]:
        found: list[list[TillagePass]] = [[] for _ in range(self.month_starts.size)]
        for p in self.calendar.tillage:
            transport, tool = p.transport(depth_exponent, speed_exponent), p.implement
            passed = TillagePass(p.day, p.depth, tool.mixing, transport, tool.inversion, tool.burial)
            found[self.month[p.day]].append(passed)
        return [tuple(month) for month in found]
