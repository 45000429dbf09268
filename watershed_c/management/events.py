"""Events of a rotation as the user writes them; what is wrong with one is told by rotation, event and date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from watershed_c.errors import Problem
from watershed_c.management.fertilisers import DEFAULT_FERTILISER, MOST_NITROGEN
from watershed_c.management.library import Crop, CropLibrary
from watershed_c.management.lime import DEFAULT_LIME, load_limes
from watershed_c.management.reading import day_of_year, month_day
from watershed_c.names import nearest

#: implement of a tillage event that names none
DEFAULT_IMPLEMENT = "mouldboard-plough"
#: amendment of a manure event that names none
DEFAULT_MATERIAL = "cattle-fym"
#: deepest tillage that a calendar may ask for, m (deep ploughing stays above 1 m)
DEEPEST_TILLAGE = 1.0
#: share of the straw that burns where an event does not say: residues of maize, rice and sugarcane (wheat 0.9), IPCC
#: 2006 Vol. 4 Table 2.6; from memory, a prior
BURNT = 0.8

ACTIONS = ("sow", "harvest", "till", "manure", "residue", "burn", "kill", "irrigate", "fertilise", "lime", "none")
#: what can be done to crops of which kinds
_DONE_TO = {
    "sow": ("annual", "cover"), "harvest": ("annual", "cover"), "burn": ("annual",), "kill": ("cover", "perennial"),
}  # fmt: skip


def get(record: Any, key: str, default: Any = None) -> Any:
    """Entry of a mapping or attribute of an object; the default also where it is None."""
    value = record.get(key, default) if isinstance(record, Mapping) else getattr(record, key, default)
    return default if value is None else value


@dataclass
class Event:
    """An event as written; ``key`` is how messages call it.

    ``on`` is its day of the year; ``year`` the year of the rotation in which it happens, from 0, None: every year, or
    every one of its crop. One with a ``temperature_sum`` (degC d from 1 January, or from ``sowing`` of its crop) has no
    day until :meth:`watershed_c.management.heat.DatedEvents.warm` finds it.
    """

    key: str
    on: int
    do: str
    crop: str | None
    depth: float | None
    implement: str
    material: str
    carbon: float | None
    straw_removed: float
    burnt: float
    #: water brought, kg m-2
    water: float = 0.0
    #: lime spread, kg m-2
    lime: float = 0.0
    year: int | None = None
    temperature_sum: float | None = None
    from_sowing: bool = True
    #: dry matter harvested, kg m-2; None: as the rotation has it
    weighed: float | None = None
    #: nitrogen brought, kg N m-2, and as what
    nitrogen: float = 0.0
    fertiliser: str = DEFAULT_FERTILISER
    #: of a pass, km h-1; None: that of the implement
    speed: float | None = None

    @property
    def dated(self) -> str:
        """How messages call what is done: "till 04-15"."""
        return f"{self.do} {month_day(self.on)}"


class EventReader:
    """Reads the events of one rotation that grows the crops ``named``; problems go to ``problems``."""

    key: str
    library: CropLibrary
    problems: list[Problem]
    named: dict[str, Crop]
    #: years of the rotation
    count: int
    failed: bool

    def say(self, key: str, value: object, expectation: str, suggestion: str = "") -> None:
        self.failed = True
        self.problems.append(Problem("", None, f"{self.key}.{key}", str(value), expectation, suggestion))

    @staticmethod
    def closest(word: str, candidates: Iterable[str]) -> str:
        near = nearest(word, list(candidates))
        return f'Did you mean "{near}"?' if near else ""

    def find(self, key: str, name: str, shelf: Mapping[str, Any]) -> Any:
        """The library's entry of this name, or None and a problem."""
        if name not in shelf:
            self.say(key, name, "is not known.", self.closest(name, shelf) or "Known: " + ", ".join(shelf) + ".")
            return None
        return shelf[name]

    def read(self, records: Iterable[Any]) -> list[Event]:
        events = []
        for number, record in enumerate(records):
            key = str(get(record, "id", f"event {number + 1}"))
            before, on, do = len(self.problems), day_of_year(get(record, "on")), get(record, "do", "")
            warmth, year = get(record, "temperature_sum"), self._year(key, record)
            if on is None and warmth is not None and get(record, "on") is None:
                on = 0
            elif on is None:
                wanted = 'must be a day "MM-DD" (29 February is not one: years have 365 days).'
                self.say(f"{key}.on", get(record, "on"), wanted)
            if do not in ACTIONS:
                self.say(f"{key}.do", do, "must be one of " + ", ".join(ACTIONS) + ".", self.closest(str(do), ACTIONS))
            crop = self._crop(key, do, get(record, "crop"))
            if warmth is not None:
                self._warmth(key, do, crop, get(record, "since", "sowing"))
            depth = get(record, "depth")
            if depth is not None and not 0.0 < depth <= DEEPEST_TILLAGE:
                self.say(f"{key}.depth", depth, f"must be above 0 and at most {DEEPEST_TILLAGE} m.")
            material, carbon = get(record, "material", DEFAULT_MATERIAL), self._carbon(key, do, record)
            implement = get(record, "implement", DEFAULT_IMPLEMENT)
            if do == "till":
                self.find(f"{key}.implement", implement, self.library.implements)
            removed, burnt = self._straw(key, do, crop, record)
            water = float(get(record, "amount", math.nan)) if do == "irrigate" else 0.0
            lime = float(get(record, "amount", math.nan)) if do == "lime" else 0.0
            if do == "lime":
                material = get(record, "material", DEFAULT_LIME)
                self.find(f"{key}.material", material, load_limes())
                if not (math.isfinite(lime) and lime >= 0.0):
                    self.say(f"{key}.amount", get(record, "amount"), "must be the lime spread, kg m-2, 0 or more.")
            if not (math.isfinite(water) and water >= 0.0):
                self.say(f"{key}.amount", get(record, "amount"), "must be the water brought, kg m-2, 0 or more.")
            nitrogen, fertiliser = self._fertiliser(key, do, record)
            if len(self.problems) == before and on is not None:
                events.append(
                    Event(
                        key, on, do, crop, depth, implement, material, carbon, removed, burnt, water, lime, year,
                        warmth, get(record, "since", "sowing") == "sowing",
                        get(record, "amount") if do == "harvest" else None, nitrogen, fertiliser, get(record, "speed"),
                    )
                )  # fmt: skip
        self._once(events)
        return [event for event in events if event.do != "none"]

    def _year(self, key: str, record: Any) -> int | None:
        """Year of the rotation, from 0, in which an event happens; None where it does not say."""
        year = get(record, "year")
        if year is None:
            return None
        if not 1 <= year <= self.count:
            self.say(f"{key}.year", year, f"must be a year of the rotation, 1 to {self.count}.")
            return None
        return int(year) - 1

    def _warmth(self, key: str, do: str, crop: str | None, since: str) -> None:
        """Say what keeps a temperature sum from having a meaning."""
        if crop is None:
            wrong = "is needed with temperature_sum, which is above the base temperature of a crop."
            self.say(f"{key}.crop", "missing", wrong)
        elif crop in self.named and math.isnan(self.named[crop].base_temperature):
            self.say(f"{key}.temperature_sum", crop, f"has no base temperature in models/crops/{crop}.toml.")
        elif since == "sowing" and (do == "sow" or (crop in self.named and self.named[crop].kind != "annual")):
            self.say(f"{key}.since", since, 'cannot be counted from a sowing here; set since = "01-01".')

    def _crop(self, key: str, do: str, crop: str | None) -> str | None:
        """Crop of an event: that written, or the only one it can be done to."""
        if crop is None and do in _DONE_TO:
            possible = [c.name for c in self.named.values() if c.kind in _DONE_TO[do] and c.tillable]
            if do == "kill" and len(possible) > 1:  # a cover crop before a sward
                possible = [name for name in possible if self.named[name].kind == "cover"] or possible
            if len(possible) == 1:
                return possible[0]
            self.say(f"{key}.crop", "missing", f'do = "{do}" needs a crop.')
        if crop is not None and crop not in self.named:
            if crop in self.library.crops:
                self.say(f"{key}.crop", crop, "is not grown in this rotation.", self.closest(crop, self.named))
            else:
                self.find(f"{key}.crop", crop, self.library.crops)
        elif crop is not None and do in _DONE_TO:
            kind = self.named[crop].kind
            if do == "kill" and (kind not in _DONE_TO[do] or not self.named[crop].tillable):
                self.say(f"{key}.do", do, f"ends cover crops and swards; {crop} is neither.")
            elif kind not in _DONE_TO[do]:
                self.say(f"{key}.do", do, f"cannot be done to {crop}, which {_WHY_NOT[kind]}.")
        return crop

    def _carbon(self, key: str, do: str, record: Any) -> float | None:
        """Carbon that an event brings, kg C m-2."""
        carbon, amount = get(record, "carbon"), get(record, "amount")
        if do == "manure":
            found = self.find(f"{key}.material", get(record, "material", DEFAULT_MATERIAL), self.library.materials)
            if found is not None and carbon is None and amount is not None:
                carbon = amount * found.carbon_per_fresh
        if do in ("manure", "residue") and not (carbon is not None and math.isfinite(carbon) and carbon >= 0.0):
            self.say(f"{key}.carbon", carbon, "must be the carbon brought, kg C m-2, 0 or more.")
        return carbon

    def _straw(self, key: str, do: str, crop: str | None, record: Any) -> tuple[float, float]:
        """Share of the straw that a harvest takes away (nan: not said), and that burns."""
        removed, burnt = float(get(record, "straw_removed", math.nan)), float(get(record, "burnt", BURNT))
        for name, share in (("straw_removed", removed), ("burnt", burnt)):
            if not math.isnan(share) and not 0.0 <= share <= 1.0:
                self.say(f"{key}.{name}", share, "must be 0 to 1.")
        takes = do == "burn" or (do == "harvest" and not math.isnan(removed) and removed > 0.0)
        if takes and crop in self.named and self.named[crop].kind == "annual" and self.named[crop].straw <= 0.0:
            self.say(key, do, f"takes the straw of {crop}, which leaves none.")
        return removed, burnt

    def _fertiliser(self, key: str, do: str, record: Any) -> tuple[float, str]:
        """Nitrogen that an event brings, kg m-2, and the fertiliser."""
        name, nitrogen = get(record, "fertiliser", DEFAULT_FERTILISER), float(get(record, "nitrogen", math.nan))
        if do != "fertilise":
            return 0.0, name
        self.find(f"{key}.fertiliser", name, self.library.fertilisers)
        if not 0.0 <= nitrogen <= MOST_NITROGEN:
            self.say(f"{key}.nitrogen", nitrogen, f"must be the nitrogen brought, 0 to {MOST_NITROGEN} kg N m-2.")
        return nitrogen, name

    def _once(self, events: list[Event]) -> None:
        """Say which crop is sown or harvested on two dates."""
        for do in ("sow", "harvest"):
            dates: dict[tuple[str | None, int | None], Event] = {}
            for event in (event for event in events if event.do == do):
                first = dates.setdefault((event.crop, event.year), event)
                if first is not event:
                    wrong = f"{event.crop} has a {do} event already: {first.key}, {month_day(first.on)}."
                    self.say(event.key, event.dated, wrong, "A rotation has one date a crop, or one in each year.")


_WHY_NOT = {
    "perennial": "is there all year", "fallow": "is there all year", "cover": "leaves nothing that burns",
    "annual": "ends with its harvest",
}  # fmt: skip
