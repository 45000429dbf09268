"""What every management unit gets and shows in each month of its rotation, tabulated once when a run begins.

A unit is a rotation and an offset: the unit of offset o is in year (y + o) of its rotation when the run is in year y.
A rotation that follows the temperatures of each year has, beside those, a unit for each offset whose cycle is the run.
Shapes: M months of the longest cycle (shorter cycles repeat), U units, L layers, S sources of organic carbon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from watershed_c.kernels.soil_water import FIXED, TRIGGER
from watershed_c.management.calendar import Calendar
from watershed_c.management.cycle import Climatology, Cycle, TillagePass
from watershed_c.management.library import CropLibrary
from watershed_c.management.reading import DAYS, month_day
from watershed_c.management.roots import ROOT_LAWS
from watershed_c.management.rotation import schedule
from watershed_c.management.sources import Source

BELOWGROUND = ("proportional", "fixed", "mixed")


@dataclass(frozen=True)
class SurfaceTables:
    """What is laid on the surface in each month, and what it means for cover; where residues lie there.

    Attributes
    ----------
    laid : (M, U, 2, S), kg C m-2 per month
        Before the last pass of the month, and after it.
    laid_cover : (M, U, 2, 2), m2 m-2; laid_nitrogen : (M, U, 2, 2), kg m-2
        With it, by when and by whether plants made it or it was brought.
    given_factor, bare_factor, effectiveness : (M, U)
        ``C = given_factor + bare_factor exp(-effectiveness cover)``, cover by residues.
    standing_cover, residue_share : (M, U)
        Ground covered by swards and forest, and share of the days on which residues cover it instead.
    turned_over : (U,)
        Share of the residues that passes of a year bury.
    """

    laid: np.ndarray
    laid_cover: np.ndarray
    laid_nitrogen: np.ndarray
    given_factor: np.ndarray
    bare_factor: np.ndarray
    effectiveness: np.ndarray
    standing_cover: np.ndarray
    residue_share: np.ndarray
    turned_over: np.ndarray


@dataclass(frozen=True)
class UnitTables:
    """Tables of all units. Row ``month_of(month)[u]`` of unit u is the month asked for.

    Attributes
    ----------
    names : tuple of str
        "rotation+offset", for messages and maps.
    first_unit, offsets : mapping of str to int
        First unit and number of offsets (years) of each rotation; see :meth:`unit`.
    cycle_months : (U,) int64
    cover_factor : (M, U)
        RUSLE C, mean of the days of the month.
    cover_factor_annual : (M, U)
        C of the calendar year, weighted by erosivity.
    canopy_cover, residue_cover : (M, U), 0-1
    fall_height : (M, U), m
        From which drops fall off the canopy.
    ground_cover : (M, U), 0-1
        By residues; of perennials, what their C says.
    plant_cover : (M, U), 0 or 1
        1 where plants cover the soil on half of the days (RothC).
    crop_coefficient : (M, U)
    curve_number : (M, U, 4)
        Hydrologic soil groups A, B, C, D.
    root_fraction : (M, U, L)
        Water uptake by layer; sums to 1.
    input_by_source : (M, U, L, S), kg C m-2 per month
    sources : tuple of Source
    root_carbon_below_profile : (M, U), kg C m-2 per month
        Root and exudate carbon deeper than the last layer; not part of the input.
    char_laid : (M, U), kg C m-2 per month
        What persists of biochar that is left on the surface; part of the input of the top layer.
    lime : (M, U, materials), kg m-2 per month
        In the order of ``management.lime.load_limes``.
    irrigation : (M, U, 6)
        In the columns of ``kernels.soil_water``.
    irrigation_water : tuple of str (U)
        Water each is irrigated with; empty: pure.
    biodiffusivity_class : tuple of str (U)
    tillage : tillage[u][m], tuple of TillagePass in order of day
    calendars : mapping of str to Calendar
        Of each rotation, offset 0, and of those written out by year.
    by_year : mapping of (str, int) to str
        Name in ``calendars`` of a rotation and offset written out by year.
    surface : SurfaceTables or None
        Where what is laid on the surface stays there; else it is input of the layers.
    """

    names: tuple[str, ...]
    first_unit: Mapping[str, int]
    offsets: Mapping[str, int]
    cycle_months: np.ndarray
    cover_factor: np.ndarray
    cover_factor_annual: np.ndarray
    canopy_cover: np.ndarray
    residue_cover: np.ndarray
    fall_height: np.ndarray
    ground_cover: np.ndarray
    plant_cover: np.ndarray
    crop_coefficient: np.ndarray
    curve_number: np.ndarray
    root_fraction: np.ndarray
    input_by_source: np.ndarray
    sources: tuple[Source, ...]
    root_carbon_below_profile: np.ndarray
    char_laid: np.ndarray
    lime: np.ndarray
    irrigation: np.ndarray
    irrigation_water: tuple[str, ...]
    biodiffusivity_class: tuple[str, ...]
    tillage: tuple[tuple[tuple[TillagePass, ...], ...], ...]
    calendars: Mapping[str, Calendar]
    by_year: Mapping[tuple[str, int], str]
    surface: SurfaceTables | None = None

    @property
    def limes(self) -> bool:
        """Whether anybody limes."""
        return bool(self.lime.any())

    @property
    def irrigates(self) -> bool:
        """Whether anybody irrigates."""
        return bool(self.irrigation[:, :, [FIXED, TRIGGER]].any())

    def unit(self, rotation: str, offset: int = 0) -> int:
        """Index of the unit of a rotation shifted by ``offset`` years."""
        return self.first_unit[rotation] + offset % self.offsets[rotation]

    def unit_by_year(self, rotation: str, offset: int = 0) -> int:
        """The same, or the unit of this offset whose calendar is that of the years of the run, where there is one."""
        written = self.by_year.get((rotation, offset % self.offsets[rotation]))
        return self.unit(rotation, offset) if written is None else self.first_unit[written]

    def units_of(self, rotation: str) -> np.ndarray:
        """Index of every unit of a rotation, int64."""
        first = self.first_unit[rotation]
        written = [self.first_unit[key] for (name, _), key in self.by_year.items() if name == rotation]
        return np.array([*range(first, first + self.offsets[rotation]), *written], dtype=np.int64)

    def late(self, first_year: int) -> dict[str, list[str]]:
        """Days on which something was done though its temperature sum was not reached, by rotation, offset and what."""
        found: dict[str, list[str]] = {}
        for (name, offset), written in self.by_year.items():
            for day, what in self.calendars[written].late:
                days = found.setdefault(f"rotation.{name} (offset {offset}): {what}", [])
                days.append(f"{first_year + day // DAYS}-{month_day(day)}")
        return found

    def month_of(self, month: int) -> np.ndarray:
        """Row of each unit (U) int64, ``month`` months after January of the first year."""
        return month % self.cycle_months

    def at(self, table: np.ndarray, month: int) -> np.ndarray:
        """Rows of ``table`` (M, U, ...) for that month, as (U, ...)."""
        return table[self.month_of(month), np.arange(len(self.names))]

    def by_pool(self, allocate: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Input by pool: all of it and the part that is brought, each (M, U, L, P), kg C m-2 per month.

        Parameters
        ----------
        allocate : callable
            ``allocate(kind, **quality)`` gives the shares (P) of the pools, summing to 1; see ``Source.quality`` and
            ``PoolModel.allocate_known``.
        """
        shares = np.array([allocate(source.kind, **source.quality) for source in self.sources])
        brought = np.array([source.amendment for source in self.sources])
        return self.input_by_source @ shares, self.input_by_source @ (shares * brought[:, None])

    def of_c4_plants(self, allocate: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The part of C4 plants of what grew there and of what was brought, each (M, U, L, P); see :meth:`by_pool`."""
        shares = np.array([source.c4 * allocate(source.kind, **source.quality) for source in self.sources])
        brought = np.array([source.amendment for source in self.sources])[:, None]
        return self.input_by_source @ (shares * ~brought), self.input_by_source @ (shares * brought)


def build_units(
    rotations: Mapping[str, Any],
    library: CropLibrary,
    *,
    layer_bottom: Sequence[float] | np.ndarray,
    climate: Climatology,
    belowground: str = "proportional",
    roots: str = "jackson",
    prescribed: bool = False,
    prior_land_use: bool = True,
    single: Collection[str] = (),
    surface: bool = False,
    by_year: Mapping[tuple[str, int], Calendar] | None = None,
    depth_exponent: float = 1.0,
    speed_exponent: float = 0.0,
) -> UnitTables:
    """Tabulate every unit: each rotation with each offset from 0 to its number of years less one, and those by year.

    Parameters
    ----------
    rotations : mapping
        As :func:`watershed_c.management.rotation.schedule` takes them (inside units).
    library : CropLibrary
    layer_bottom : (L,), m
    climate : Climatology
    belowground : {"proportional", "fixed", "mixed"}
        Whether root input follows yield; see :func:`plant_carbon`.
    roots : {"jackson", "fan"}
        How roots are distributed with depth.
    prescribed : bool
        Scale the plants' input of each rotation that has ``plant_input`` to it (coupling rule 15: one source per run).
    prior_land_use : bool
        Whether the prior-land-use sub-factor of the crops enters C.
    surface : bool
        Whether what is laid on the surface stays there.
    depth_exponent, speed_exponent : float
        Of what a pass moves, by its depth and speed over those of the implement.
    single : collection of str
        Rotations of which only offset 0 is tabulated.
    by_year : mapping of (str, int) to Calendar
        Of a rotation and an offset that follows the temperatures of each year of the run.

    Raises
    ------
    ScenarioError
        Everything wrong with the rotations.
    ValueError
        Unknown ``belowground`` or ``roots``, or layers that do not increase.
    """
    if belowground not in BELOWGROUND:
        raise ValueError(f"belowground must be one of {', '.join(BELOWGROUND)}, is {belowground!r}")
    if roots not in ROOT_LAWS:
        raise ValueError(f"roots must be one of {', '.join(ROOT_LAWS)}, is {roots!r}")
    bottom = np.asarray(layer_bottom, dtype=np.float64)
    if bottom.ndim != 1 or bottom.size == 0 or (np.diff(np.concatenate(([0.0], bottom))) <= 0.0).any():
        raise ValueError(f"layer boundaries must increase downward from 0: {layer_bottom}")
    calendars = schedule(rotations, library, climate.temperature)
    written = {key: (f"{key[0]}+{key[1]} by year", calendar) for key, calendar in (by_year or {}).items()}
    units = {name: name for name in calendars} | {key: f"{name}+{n}" for (name, n), (key, _) in written.items()}
    rotation_of = {key: name for (name, _), (key, _) in written.items()}
    calendars |= dict(written.values())
    if not prescribed:
        for calendar in calendars.values():
            calendar.plant_input = math.nan
    how: dict[str, Any] = {"belowground": belowground, "roots": roots, "prior_land_use": prior_land_use,
                           "surface": surface}  # fmt: skip
    cycles = {name: Cycle(calendar, climate, bottom, **how) for name, calendar in calendars.items()}
    found = {source for cycle in cycles.values() for source in cycle.input}
    found |= {source for cycle in cycles.values() if cycle.surface for source in cycle.surface.by_source}
    sources = tuple(sorted(found, key=lambda s: (s.amendment, s.c4, s.kind, sorted(s.quality.items()))))
    longest = max(cycle.month_starts.size for cycle in cycles.values())
    columns: dict[str, list[np.ndarray]] = {}
    on_surface: dict[str, list[np.ndarray]] = {}
    turned_over: list[float] = []
    names: list[str] = []
    first_unit: dict[str, int] = {}
    offsets: dict[str, int] = {}
    lengths: list[int] = []
    classes: list[str] = []
    waters: list[str] = []
    tillage: list[tuple[tuple[TillagePass, ...], ...]] = []
    for name, cycle in cycles.items():
        once = name in single or units[name] != name
        first_unit[name], offsets[name] = len(names), 1 if once else len(cycle.calendar.years)
        monthly, passes = cycle.monthly(), cycle.passes(depth_exponent, speed_exponent)
        empty = np.zeros((len(passes), bottom.size))
        given = [cycle.input.get(source, empty) for source in sources]
        monthly["input_by_source"] = np.stack(given, axis=-1) if given else empty[:, :, None][:, :, :0]
        of_surface: dict[str, np.ndarray] = {}
        if cycle.surface is not None:
            nothing = np.zeros((len(passes), 2))
            laid = [cycle.surface.by_source.get(source, nothing) for source in sources]
            of_surface = {"laid": np.stack(laid, axis=-1), **cycle.monthly_surface()}
            turned_over += offsets[name] * [cycle.turned_over()]
        for offset in range(offsets[name]):
            names.append(f"{name}+{offset}" if units[name] == name else units[name])
            lengths.append(len(passes))
            waters.append("" if cycle.calendar.irrigation is None else cycle.calendar.irrigation.water)
            classes.append(_usual_class(calendars[rotation_of.get(name, name)]))
            order = (np.arange(longest) + 12 * offset) % len(passes)
            tillage.append(tuple(passes[m] for m in order))
            for key, table in monthly.items():
                columns.setdefault(key, []).append(table[order])
            for key, table in of_surface.items():
                on_surface.setdefault(key, []).append(table[order])
    return UnitTables(
        names=tuple(names),
        first_unit=first_unit,
        offsets=offsets,
        cycle_months=np.array(lengths, dtype=np.int64),
        sources=sources,
        irrigation_water=tuple(waters),
        biodiffusivity_class=tuple(classes),
        tillage=tuple(tillage),
        calendars=calendars,
        by_year={key: name for key, (name, _) in written.items()},
        surface=SurfaceTables(**_by_unit(on_surface), turned_over=np.array(turned_over)) if surface else None,
        **_by_unit(columns),
    )


def _by_unit(columns: Mapping[str, Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """Tables (M, U, ...) of those of each unit (M, ...)."""
    return {key: np.ascontiguousarray(np.stack(tables, axis=1)) for key, tables in columns.items()}


def _usual_class(calendar: Calendar) -> str:
    """Biodiffusivity class of most years; the first named among equals."""
    classes = [crop.biodiffusivity_class for crop in calendar.years]
    return max(classes, key=classes.count)
