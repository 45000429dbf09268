"""Where organic carbon comes from, by kind and quality, and what of it is laid on the surface."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from watershed_c.management.calendar import Calendar
from watershed_c.management.library import Crop, Material

#: axes of what is laid on the surface in a month: before the last pass of the month or after it; plants or amendments
EARLY, LATE = 0, 1
PLANTS, BROUGHT = 0, 1
#: qualities that files of crops and materials say
_OF_FILE = ("dpm_rpm", "manure_dpm_rpm", "lignin", "humification_coefficient")


@dataclass(frozen=True)
class Source:
    """One kind of organic carbon: what the pool model allocates it as, whether it is brought, and its quality.

    Attributes
    ----------
    kind : str
    amendment : bool
    dpm_rpm, manure_dpm_rpm, lignin, lignin_nitrogen, persistent, humification_coefficient : float or None
        Ratio of decomposable to resistant material, of plants and of amendments; lignin (kg per kg dry) and lignin per
        nitrogen; share of biochar left after 100 years; share of an amendment that is humified; None if not known.
    c4 : bool
        Of C4 plants.
    """

    kind: str
    amendment: bool
    dpm_rpm: float | None = None
    manure_dpm_rpm: float | None = None
    lignin: float | None = None
    lignin_nitrogen: float | None = None
    persistent: float | None = None
    humification_coefficient: float | None = None
    c4: bool = False

    @property
    def quality(self) -> dict[str, float]:
        """What is known of it, by the names that the inputs of pool models give their parameters."""
        names = (*_OF_FILE, "lignin_nitrogen", "persistent")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def source_of(kind: str, amendment: bool, what: Crop | Material) -> Source:
    """Source of a crop's residues or of a material; what its file does not say is not known."""
    known = {name: value for name in _OF_FILE if not math.isnan(value := getattr(what, name, math.nan))}
    if "lignin" in known:
        known["lignin_nitrogen"] = what.lignin / what.nitrogen
    return Source(kind, amendment, **known, c4=isinstance(what, Crop) and what.photosynthesis == "C4")


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
