"""Where organic carbon comes from, by kind and quality, and what of it is laid on the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watershed_c.management.calendar import Calendar
from watershed_c.management.library import Crop
from watershed_c.management.materials import Material

#: axes of what is laid on the surface in a month: before the last pass of the month or after it; plants or amendments
EARLY, LATE = 0, 1
PLANTS, BROUGHT = 0, 1
#: kinds of what plants leave: what grew above the ground, and roots with what they exude; how the files of crops call
#: a quality that only one of them has
ORGANS = {"residue": "shoot_", "root": "root_"}


@dataclass(frozen=True)
class Source:
    """One kind of organic carbon: what the pool model allocates it as, whether it is brought, and its quality.

    Attributes
    ----------
    kind : str
        A key of ``ORGANS``, or the kind of a material.
    amendment : bool
    known : tuple of (str, float)
        Its qualities, see :attr:`quality`.
    c4 : bool
        Of C4 plants.
    """

    kind: str
    amendment: bool
    known: tuple[tuple[str, float], ...] = ()
    c4: bool = False

    @property
    def quality(self) -> dict[str, float]:
        """What is known of it, by the names that the inputs of pool models give their parameters."""
        return dict(self.known)


def source_of(kind: str, amendment: bool, what: Crop | Material, **more: float) -> Source:
    """Source of an organ of a crop or of a material, by what its file says and ``more``; the rest is not known.

    A quality of the organ goes before that of the whole plant.
    """
    known = dict(what.qualities)
    for organ, prefix in ORGANS.items():
        own = {key: known.pop(key) for key in what.qualities if key.startswith(prefix)}
        if organ == kind:
            known |= {key.removeprefix(prefix): value for key, value in own.items()}
    if "lignin" in known:
        known["lignin_nitrogen"] = known["lignin"] / what.nitrogen
    known |= more
    return Source(kind, amendment, tuple(sorted(known.items())), isinstance(what, Crop) and what.photosynthesis == "C4")


class Laid:
    """What is laid on the surface in each month (M) of a cycle.

    Attributes
    ----------
    by_source : mapping of Source to (M, 2), kg C m-2
        Before the last pass of the month, which may bury it, and after.
    cover : (M, 2, 2), m2 m-2
        Ground that it would cover if no piece lay on another (alpha times dry mass of RUSLE); the last axis is of
        plants and of what is brought.
    nitrogen : (M, 2, 2), kg m-2
    """

    def __init__(self, calendar: Calendar, month: np.ndarray) -> None:
        self._month = month
        months = int(month[-1]) + 1
        self._last_pass = np.full(months, -1)
        for done in calendar.tillage:
            self._last_pass[month[done.day]] = done.day
        self.by_source: dict[Source, np.ndarray] = {}
        self.cover, self.nitrogen = np.zeros((months, 2, 2)), np.zeros((months, 2, 2))

    def lay(self, days: np.ndarray, source: Source, carbon: np.ndarray, what: Crop | Material) -> None:
        """``carbon`` (kg C m-2) of a crop or material on each of ``days``."""
        month = self._month[days]
        when = np.where(days > self._last_pass[month], LATE, EARLY)
        table = self.by_source.setdefault(source, np.zeros((self.cover.shape[0], 2)))
        np.add.at(table, (month, when), carbon)
        whose = BROUGHT if source.amendment else PLANTS
        if isinstance(what, Crop):
            np.add.at(self.cover[:, :, whose], (month, when), carbon * what.residue_cover / what.dry_matter_carbon)
        per_carbon = what.nitrogen / (what.dry_matter_carbon if isinstance(what, Crop) else what.carbon)
        np.add.at(self.nitrogen[:, :, whose], (month, when), carbon * per_carbon)

    def of_plants(self) -> float:
        """kg C m-2 of plants in the whole cycle."""
        return sum(float(table.sum()) for source, table in self.by_source.items() if not source.amendment)

    def scale_plants(self, factor: float) -> None:
        """Multiply what plants lay down."""
        for source, table in self.by_source.items():
            if not source.amendment:
                table *= factor
        self.cover[:, :, PLANTS] *= factor
        self.nitrogen[:, :, PLANTS] *= factor
