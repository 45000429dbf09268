"""The calendar of one cycle of a rotation: who stands when, what is tilled, what is brought."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from watershed_c.management.fertilisers import Fertilisation
from watershed_c.management.implements import Implement
from watershed_c.management.library import Crop
from watershed_c.management.materials import Material
from watershed_c.management.reading import DAYS


@dataclass
class Season:
    """A crop on the field from day ``start`` to the day before ``end`` (day of harvest); ``start`` may be negative.

    ``straw_removed`` is the share of the straw taken away, nan when nothing is said of it; ``straw_burnt`` the share of
    what is left that burns; ``shaded_until`` the day until which a relay crop stands under another, its start for all
    others; ``stages`` days since sowing at which the canopy covers 10, 50, 75 and 100 %, empty: by the crop's rates.
    """

    crop: Crop
    start: int
    end: int
    yield_dry_matter: float
    straw_removed: float = math.nan
    straw_burnt: float = 0.0
    shaded_until: int | None = None
    stages: tuple[float, ...] = ()

    @property
    def in_the_light(self) -> int:
        """Days it stands under no other crop."""
        return self.end - (self.start if self.shaded_until is None else self.shaded_until)


@dataclass(frozen=True)
class Pass:
    """One tillage pass: day, implement, working depth (m), speed (km h-1; None: that of the implement)."""

    day: int
    implement: Implement
    depth: float
    speed: float | None = None

    @property
    def ends_plants(self) -> bool:
        """Whether it ends a sward or a cover crop."""
        return self.implement.ends_plants(self.depth)

    @property
    def intensity(self) -> float:
        """Soil tillage intensity rating."""
        return self.implement.intensity(self.depth, self.implement.speed if self.speed is None else self.speed)

    def transport(self, depth_exponent: float = 1.0, speed_exponent: float = 0.0) -> float:
        """Tillage transport coefficient, kg m-1: that of the implement, by powers of depth and speed over its own."""
        tool = self.implement
        found = tool.transport * self.depth / tool.depth
        if depth_exponent != 1.0:
            found = tool.transport * (self.depth / tool.depth) ** depth_exponent
        return found if self.speed is None else found * (self.speed / tool.speed) ** speed_exponent


@dataclass(frozen=True)
class Amendment:
    """Carbon brought to the field (kg C m-2) on a day; ``depth`` (m) when worked in at once, else 0.

    ``material`` is None for plant residues, whose kind is that of ``crop``.
    """

    day: int
    carbon: float
    depth: float
    material: Material | None
    crop: Crop | None


@dataclass(frozen=True)
class Irrigation:
    """How a rotation is irrigated.

    Attributes
    ----------
    method : str
        A key of ``METHODS``.
    efficiency : float
        Share of what is brought that refills the soil.
    trigger, refill : float
        Share of the available water, weighted by the roots, under which the soil is refilled, and to which; ``trigger``
        nan: it is not.
    monthly_maximum : float, kg m-2 per month
        Most that is brought; what has a date or a month counts.
    months : tuple of 12 floats, kg m-2, or empty
        Brought in each month whatever the soil holds.
    water : str
        Of the scenario's irrigation waters; empty: pure.
    """

    method: str = "sprinkler"
    efficiency: float = 0.75
    trigger: float = math.nan
    refill: float = 1.0
    monthly_maximum: float = math.inf
    months: tuple[float, ...] = ()
    water: str = ""

    @property
    def reaching(self) -> float:
        """Share of what is brought that reaches the ground: of sprayed water the rest evaporates and drifts away."""
        return self.efficiency if self.method == "sprinkler" else 1.0


@dataclass
class Calendar:
    """One cycle of a rotation: main seasons and cover crops in order, passes and amendments by day.

    ``turns`` are days and amounts (kg m-2) of single irrigations; ``irrigated`` says of each month of the cycle whether
    the trigger and the table of months of ``irrigation`` hold in it.
    """

    name: str
    years: tuple[Crop, ...]
    seasons: list[Season] = field(default_factory=list)
    tillage: list[Pass] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    #: share of what grows that animals eat in each year; empty: none
    eaten: tuple[float, ...] = ()
    fertilisation: list[Fertilisation] = field(default_factory=list)
    irrigation: Irrigation | None = None
    turns: list[tuple[int, float]] = field(default_factory=list)
    #: days, materials and amounts (kg m-2) of lime
    lime: list[tuple[int, str, float]] = field(default_factory=list)
    irrigated: tuple[bool, ...] = ()
    plant_input: float = math.nan
    #: C of each month of the cycle, or empty: then from crop stages
    cover_factor: tuple[float, ...] = ()
    #: days, and what was done though its temperature sum was not reached: of calendars that follow single years
    late: list[tuple[int, str]] = field(default_factory=list)

    @property
    def days(self) -> int:
        """Length of the cycle, d."""
        return DAYS * len(self.years)

    @property
    def tillage_intensity(self) -> float:
        """Soil tillage intensity rating (STIR of RUSLE2) of a year, mean of the cycle."""
        return sum(p.intensity for p in self.tillage) / len(self.years)
