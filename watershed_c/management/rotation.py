"""Rotations as the user writes them, turned into a calendar of seasons, tillage and amendments, or told what is wrong.

Days are counted from 1 January of the first year of the rotation (years of 365 days); the rotation repeats for ever.
The crop of a year is the one harvested in it: a winter crop is sown in the calendar year before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.management.calendar import Amendment, Calendar, Pass, Season
from watershed_c.management.cover_crops import CoverCropped
from watershed_c.management.events import Event, get
from watershed_c.management.fertilisers import Fertilisation
from watershed_c.management.grazing import read_grazing
from watershed_c.management.heat import daily_temperature
from watershed_c.management.irrigation import check_irrigation, irrigated_months, read_irrigation
from watershed_c.management.library import Crop, CropLibrary
from watershed_c.management.reading import DAYS, month_day

#: a default sowing date waits this long after the harvest before it, at most by so many days; both priors, d
SOWING_DELAY, LONGEST_WAIT = 5, 30
#: straw burns within this many days of the harvest, d: a choice, a month like that in which straw is worked in
BURNS_WITHIN = 31
#: times the highest yield of the crop file above which a yield is taken for one in another unit; a choice
LARGEST_YIELD = 2.0


class Scheduler(CoverCropped):
    """Reads one rotation; problems go to ``problems``.

    Where ``places`` are given (see :mod:`watershed_c.management.by_year`) its years are calendar years from
    ``first_year`` on, and ``temperature`` is that of their days.
    """

    def __init__(
        self, name: str, record: Any, library: CropLibrary, problems: list[Problem], temperature: np.ndarray | None,
        places: Mapping[tuple[str, int], tuple[float, float]] | None = None, first_year: int | None = None,
    ) -> None:  # fmt: skip
        self.name, self.library, self.problems = name, library, problems
        self.key = f"rotation.{name}"
        self.failed = False
        self.places, self.first_year, self.reached, self.late = places, first_year, {}, []
        written_years = [[year] if isinstance(year, str) else list(year) for year in get(record, "years", ())]
        self.count = len(written_years)
        if not all(written_years) or not written_years:
            self.say("years", "", "must name at least one crop.")
        names = [(year, name) for year, crops in enumerate(written_years) for name in crops]
        found = [(year, self.find("years", name, library.crops)) for year, name in names]
        self.grown = [(year, crop) for year, crop in found if crop is not None]
        self.years: tuple[Crop, ...] = tuple(
            crop for n, (year, crop) in enumerate(self.grown) if n == 0 or self.grown[n - 1][0] != year
        )
        for year, crop in self.grown:
            if crop.kind == "cover":
                self.say("years", crop.name, f'is a cover crop; write cover_crop = "{crop.name}".')
            elif crop.kind != "annual" and len(written_years[year]) > 1:
                self.say("years", crop.name, "stands all year: no other crop can be harvested in it.")
        self.read_covers(record, library.crops)
        self.named = {crop.name: crop for _, crop in self.grown}
        self.named |= {crop.name: crop for crop in self.covers if crop is not None}
        self._root(get(record, "roots", {}))
        self.yields = {crop.name: crop.yield_dry_matter for crop in self.named.values()}
        for crop_name, value in get(record, "yields", {}).items():
            if crop_name not in self.named:
                self.say("yields", crop_name, "is not grown in this rotation.", self.closest(crop_name, self.named))
            elif not (math.isfinite(value) and value > 0.0):
                self.say(f"yields.{crop_name}", value, "must be above 0 kg DM m-2.")
            elif value > LARGEST_YIELD * self.named[crop_name].highest_yield:
                highest = 10.0 * self.named[crop_name].highest_yield
                wrong = f"is far above the highest yield of models/crops/{crop_name}.toml, {highest:g} t DM ha-1."
                hint = "Is it dry matter of the product, in t/ha?"
                self.say(f"yields.{crop_name}", f"{10.0 * value:g} t/ha", wrong, hint)
            else:
                self.yields[crop_name] = float(value)
        self.plant_input = float(get(record, "plant_input", math.nan))
        written_c = tuple(float(c) for c in get(record, "cover_factor", ()))
        self.cover_factor = written_c * (12 * len(self.years) // len(written_c)) if written_c else ()
        self.record, self.watering = record, get(record, "irrigation")
        self.irrigation = read_irrigation(self.watering, self.say)
        written = get(record, "event", get(record, "events", ()))
        self.events = self.read(written)
        self.canopy_sums = {crop: tuple(sums) for crop, sums in get(record, "canopy_sums", {}).items()}
        for crop_name, sums in self.canopy_sums.items():
            if crop_name not in self.named or self.named[crop_name].kind != "annual":
                self.say("canopy_sums", crop_name, "is not an annual crop of this rotation.")
            elif not all(low < high for low, high in zip((0.0, *sums), sums, strict=False)):
                self.say(f"canopy_sums.{crop_name}", sums, "must be four temperature sums that increase from above 0.")
        self.temperature = None if temperature is None else np.resize(temperature, DAYS * self.count)
        if not self.failed:
            self.warm()

    def _root(self, written: Mapping[str, Any]) -> None:
        """Let crops have the roots that the rotation gives them, by Jackson's law."""
        for name, roots in written.items():
            if name not in self.named:
                self.say("roots", name, "is not grown in this rotation.", self.closest(name, self.named))
                continue
            end = get(roots, "deepest", math.inf)
            self.named[name] = replace(self.named[name], beta=get(roots, "beta"), root_end=end, half_depth=math.nan)
        self.grown = [(year, self.named[crop.name]) for year, crop in self.grown]
        self.years = tuple(self.named[crop.name] for crop in self.years)
        self.covers = tuple(None if crop is None else self.named[crop.name] for crop in self.covers)

    def day(self, day: int) -> str:
        """How messages call a day of the cycle: "04-15"; with its calendar year where the years are those."""
        year = "" if self.first_year is None else f"{self.first_year + day // DAYS % self.count}-"
        return year + month_day(day)

    def season(self, year: int, crop: Crop) -> Season | None:
        """Main season of a year, before its neighbours are looked at."""
        first = year * DAYS
        if crop.kind in ("perennial", "fallow"):
            return Season(crop, first, first + DAYS, self.yields[crop.name])
        sown, harvested, removed = self.dates(crop, year)
        if sown == harvested or (sown > harvested and crop.habit != "winter"):
            if crop.name not in self.told:
                self.told.add(crop.name)
                start = first + sown
                wrong = f"harvest before sowing: sown {self.day(start)}, harvested {self.day(first + harvested)}."
                if crop.habit != "winter":
                    wrong += " It is not a winter crop."
                self.say(f"years[{year}]", crop.name, wrong)
            return None
        start = first + sown - (DAYS if sown > harvested else 0)
        amount = self.weighed(crop, year)
        return Season(crop, start, first + harvested, amount, removed, stages=self.stages(crop, start))

    def weighed(self, crop: Crop, year: int) -> float:
        """Yield of the crop harvested in a year, kg DM m-2: what a harvest event says, else that of the rotation."""
        found = self.yields[crop.name]
        for event in self.events:
            if event.weighed is None or event.crop != crop.name or event.year not in (None, year):
                continue
            if event.weighed > LARGEST_YIELD * crop.highest_yield:
                highest = 10.0 * crop.highest_yield
                wrong = f"is far above the highest yield of models/crops/{crop.name}.toml, {highest:g} t DM ha-1."
                hint = "Is it dry matter of the product?"
                self.say(f"{event.key}.amount", f"{10.0 * event.weighed:g} t/ha", wrong, hint)
            found = event.weighed
        return found

    def run(self) -> Calendar | None:
        """The calendar, or None when something is wrong."""
        if self.failed:
            return None
        self.told: set[str] = set()
        seasons = [season for year, crop in self.grown if (season := self.season(year, crop)) is not None]
        if self.failed:
            return None
        calendar = Calendar(
            self.name, self.years, irrigation=self.irrigation, plant_input=self.plant_input,
            cover_factor=self.cover_factor,
        )  # fmt: skip
        cycle = calendar.days
        self.in_order([s for s in seasons if s.crop.kind == "annual"], cycle)
        if self.failed:
            return None
        annual = [s for s in seasons if s.crop.kind == "annual"]
        for standing in seasons:  # what is there all year makes room for what is sown
            if standing.crop.kind != "annual":
                for sown in annual:
                    start = sown.start % cycle
                    if standing.start < start < standing.end:
                        standing.end = start
        calendar.tillage = sorted(self.passes(seasons, cycle), key=lambda p: p.day)
        self.burn(seasons, calendar.tillage, cycle)
        self.end_swards(seasons, calendar.tillage, cycle)
        if self.cover_names:
            seasons += self.cover_crops(seasons, calendar.tillage, cycle)
        calendar.seasons = sorted(seasons, key=lambda s: s.start)
        calendar.amendments = sorted(self.brought(seasons, cycle), key=lambda a: a.day)
        records = get(self.record, "grazing", ())
        if records:
            dung, calendar.eaten = read_grazing(records, seasons, self.count, self.library, self.say)
            calendar.amendments = sorted([*calendar.amendments, *dung], key=lambda a: a.day)
        calendar.fertilisation = [
            Fertilisation(day, event.nitrogen, self.library.fertilisers[event.fertiliser])
            for event in self.events if event.do == "fertilise" for day in self.days_of(event, seasons, cycle)
        ]  # fmt: skip
        calendar.turns = [
            (day, event.water)
            for event in self.events
            if event.do == "irrigate"
            for day in self.days_of(event, seasons, cycle)
        ]
        calendar.lime = [
            (day, event.material, event.lime)
            for event in self.events
            if event.do == "lime"
            for day in self.days_of(event, seasons, cycle)
        ]
        calendar.irrigated = irrigated_months(self.watering, len(self.years), seasons)
        check_irrigation(calendar, self.watering, self.say)
        calendar.late = sorted(self.late)
        return None if self.failed else calendar

    def in_order(self, annual: list[Season], cycle: int) -> None:
        """Let default sowing dates wait for the harvest before them; overlaps that are left are wrong."""
        fixed = {event.crop for event in self.events if event.do == "sow" and event.year is None}
        fixed_in = {(event.crop, event.year) for event in self.events if event.do == "sow"}
        ordered = sorted(annual, key=lambda s: s.start)
        for before, after in zip(ordered, ordered[1:] + ordered[:1], strict=True):
            shift = cycle if after is ordered[0] else 0
            wait = before.end + SOWING_DELAY - (after.start + shift)
            if after.start + shift >= before.end:
                continue
            own = after.crop.name in fixed or (after.crop.name, after.start // DAYS % self.count) in fixed_in
            if not own and wait <= LONGEST_WAIT:
                after.start += wait
                continue
            if self.places is not None and before.start < after.start + shift:
                self.late.append((after.start, f"harvest of {before.crop.name}"))
                before.end = after.start + shift
                continue
            wrong = (
                f"overlapping crops: {after.crop.name} is sown {self.day(after.start)} but {before.crop.name} "
                f"stands until {self.day(before.end)}."
            )
            self.say("years", f"{before.crop.name}, {after.crop.name}", wrong)

    def days_of(self, event: Event, seasons: list[Season], cycle: int) -> list[int]:
        """Days of the cycle on which an event happens: every year, or once for each year of its crop.

        For a crop sown the year before, a day after its harvest date means the autumn it was sown in, if the field is
        then free or already sown to it; otherwise the autumn after its harvest.
        """
        if event.year is not None:
            return [event.year * DAYS + event.on]
        if event.crop is None or event.crop in self.cover_names:
            return [year * DAYS + event.on for year in range(len(self.years))]
        days = []
        for year, crop in self.grown:
            if crop.name != event.crop:
                continue
            day = year * DAYS + event.on
            end = year * DAYS + self.dates(crop, year)[1]
            own = next((s for s in seasons if s.crop is crop and s.end == end), None)
            if own is not None and own.start < year * DAYS and day >= own.end:
                earlier = (day - DAYS) % cycle
                others = (s for s in seasons if s is not own and s.crop.kind == "annual")
                standing = next((s for s in others if (earlier - s.start) % cycle < s.end - s.start), None)
                if standing is None:
                    day -= DAYS
                elif (own.start - earlier) % cycle <= LONGEST_WAIT:
                    wrong = (
                        f"prepares {crop.name}, sown {self.day(own.start)}, but {standing.crop.name} stands "
                        f"until {self.day(standing.end)}."
                    )
                    self.say(event.key, f"{event.do} {self.day(earlier)}", wrong)
            days.append(day % cycle)
        return days

    def passes(self, seasons: list[Season], cycle: int) -> list[Pass]:
        found = []
        for event in self.events:
            if event.do != "till":
                continue
            implement = self.library.implements[event.implement]
            for day in self.days_of(event, seasons, cycle):
                standing = next((s for s in seasons if s.start <= day < s.end and not s.crop.tillable), None)
                if standing is not None:
                    wrong = f"tills {standing.crop.name}, which cannot be tilled."
                    self.say(event.key, f"till {self.day(day)}", wrong)
                    break
                done = Pass(day, implement, implement.depth if event.depth is None else event.depth, event.speed)
                growing = (s for s in seasons if s.crop.kind == "annual" and done.ends_plants)
                ended = next((s for s in growing if 0 < (day - s.start) % cycle < s.end - s.start), None)
                if ended is not None:
                    stands = f"from {self.day(ended.start)} to {self.day(ended.end)}"
                    wrong = f"tills {ended.crop.name}, which stands {stands}."
                    tools = ", ".join(name for name, tool in self.library.implements.items() if tool.in_crop)
                    self.say(event.key, event.dated, wrong, f"In a standing crop work: {tools}.")
                    break
                found.append(done)
        return found

    def burn(self, seasons: list[Season], tillage: list[Pass], cycle: int) -> None:
        """Straw that burns on the field; it must lie there: harvested, not yet buried, nothing sown into it."""
        for event in (event for event in self.events if event.do == "burn"):
            for season in [s for s in seasons if s.crop.name == event.crop]:
                if event.year not in (None, (season.end + (event.on - season.end) % DAYS) // DAYS % self.count):
                    continue
                lag = (event.on - season.end) % DAYS
                since = f"{season.crop.name}, harvested {self.day(season.end)}"
                buries = (p for p in tillage if p.implement.burial > 0.0)
                buried = next((p for p in buries if (p.day - season.end) % cycle < lag), None)
                others = (s for s in seasons if s is not season and s.crop.kind == "annual")
                sown = next((s for s in others if (s.start - season.end) % cycle <= lag), None)
                if lag > BURNS_WITHIN and self.places is not None:
                    self.late.append((season.end + lag, f"burn of {season.crop.name}"))
                    continue
                if lag > BURNS_WITHIN:
                    wrong = f"finds no straw of {since}: it burns within {BURNS_WITHIN} days of that."
                elif buried is not None:
                    wrong = f"finds no straw of {since}: {buried.implement.name} buries it {self.day(buried.day)}."
                elif sown is not None:
                    wrong = f"burns {sown.crop.name}, sown {self.day(sown.start)} after {since}."
                else:
                    season.straw_burnt = event.burnt
                    continue
                self.say(event.key, event.dated, wrong)
                break

    def end_swards(self, seasons: list[Season], tillage: list[Pass], cycle: int) -> None:
        """A pass, or a kill event, ends the last year of a sward; one that the rotation keeps must not be tilled."""
        killed = {event.crop: event for event in self.events if event.do == "kill"}
        last_years = set()
        for sward in [s for s in seasons if s.crop.kind == "perennial"]:
            inside = [p.day for p in tillage if sward.start <= p.day < sward.end and p.ends_plants]
            kept = any(s.crop is sward.crop and (s.start - sward.end) % cycle == 0 for s in seasons)
            if not kept:
                last_years.add(sward.crop.name)
            own = killed.get(sward.crop.name)
            if own is not None and not kept and own.year in (None, sward.start // DAYS):
                inside = sorted([*inside, min(sward.start + own.on, sward.end)])
            if not inside:
                continue
            if kept:
                self.say("years", sward.crop.name, f"is tilled {self.day(inside[0])} although the rotation keeps it.")
            else:
                sward.end = inside[0]
        for name, event in killed.items():
            if name not in last_years and any(s.crop.name == name and s.crop.kind == "perennial" for s in seasons):
                self.say(event.key, event.dated, f"kills {name} although the rotation keeps it.")

    def brought(self, seasons: list[Season], cycle: int) -> list[Amendment]:
        found = []
        for event in self.events:
            if event.do not in ("manure", "residue") or not event.carbon:
                continue
            for day in self.days_of(event, seasons, cycle):
                material = self.library.materials[event.material] if event.do == "manure" else None
                crop = self.named[event.crop] if event.crop else self.years[day // DAYS]
                found.append(Amendment(day, event.carbon, event.depth or 0.0, material, crop))
        return found


def schedule(
    rotations: Mapping[str, Any], library: CropLibrary, temperature: np.ndarray | None = None
) -> dict[str, Calendar]:
    """Calendar of every rotation.

    Parameters
    ----------
    rotations : mapping of str to mapping or object
        By name: ``years`` (crop names), and optionally ``cover_crop``, ``event`` (or ``events``: list of records with
        ``on`` "MM-DD", ``do``, and ``id``, ``crop``, ``depth`` m, ``implement``, ``material``, ``carbon`` kg C m-2 or
        ``amount`` kg fresh m-2, ``straw_removed`` 0-1), ``yields`` (kg DM m-2 by crop), ``roots`` (``beta`` and
        ``deepest`` m by crop) and ``plant_input`` (kg C m-2 yr-1); ``irrigation`` (record of
        :class:`watershed_c.management.calendar.Irrigation`, and ``crops``, ``season``) and ``grazing`` (records of
        :func:`watershed_c.management.grazing.read_grazing`).
    library : CropLibrary
    temperature : (12,) degC, optional
        Of the months of the mean year, for events and stages by temperature sum.

    Raises
    ------
    ScenarioError
        Everything wrong with any of them.
    """
    problems: list[Problem] = []
    daily = None if temperature is None else daily_temperature(temperature)
    calendars = {name: Scheduler(name, record, library, problems, daily).run() for name, record in rotations.items()}
    if problems:
        raise ScenarioError(problems)
    return {name: calendar for name, calendar in calendars.items() if calendar is not None}
