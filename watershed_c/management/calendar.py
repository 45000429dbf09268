"""The calendar of one cycle of a rotation: who stands when, what is tilled, what is brought."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from watershed_c.management.library import Crop, Implement, Material
from watershed_c.management.reading import DAYS


@dataclass
class Season:
    """A crop on the field from day ``start`` to the day before ``end`` (day of harvest); ``start`` may be negative.

    ``straw_removed`` is the share of the straw taken away, nan when nothing is said of it; ``straw_burnt`` the share of
    what is left that burns.
    """

    crop: Crop
    start: int
    end: int
    yield_dry_matter: float
    straw_removed: float = math.nan
    straw_burnt: float = 0.0


@dataclass(frozen=True)
class Pass:
    """One tillage pass: day, implement, working depth (m)."""

    day: int
    implement: Implement
    depth: float

    @property
    def ends_plants(self) -> bool:
        """Whether it ends a sward or a cover crop."""
        return self.implement.ends_plants(self.depth)


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


@dataclass
class Calendar:
    """One cycle of a rotation: main seasons and cover crops in order, passes and amendments by day."""

    name: str
    years: tuple[Crop, ...]
    seasons: list[Season] = field(default_factory=list)
    tillage: list[Pass] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    plant_input: float = math.nan
    #: C of each month of the cycle, or empty: then from crop stages
    cover_factor: tuple[float, ...] = ()

    @property
    def days(self) -> int:
        """Length of the cycle, d."""
        return DAYS * len(self.years)

    @property
    def tillage_intensity(self) -> float:
        """Soil tillage intensity rating (STIR of RUSLE2) of a year, mean of the cycle."""
        return sum(p.implement.intensity(p.depth) for p in self.tillage) / len(self.years)
