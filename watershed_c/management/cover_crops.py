"""Cover crops of a rotation: one for all gaps between main crops, or one for the gap after each year's harvest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watershed_c.management.calendar import Pass, Season
from watershed_c.management.events import get
from watershed_c.management.heat import DatedEvents
from watershed_c.management.library import Crop
from watershed_c.management.reading import DAYS, month_day

#: days from harvest to the earliest drilling of a cover crop; shortest stand worth drilling; both priors
COVER_CROP_DELAY, COVER_CROP_SHORTEST = 7, 60
#: what stands in a list of cover crops for a year without one
NO_COVER = "none"


class CoverCropped(DatedEvents):
    """A rotation with what is sown in its gaps."""

    #: cover crop after the harvest of each year of the rotation, and whether it is sown into the standing crop
    covers: tuple[Crop | None, ...]
    relay: tuple[bool, ...]
    #: kg DM m-2 by crop
    yields: dict[str, float]

    def read_covers(self, record: Any, crops: Mapping[str, Crop]) -> None:
        """Find the cover crops that a rotation names."""
        written, relay = get(record, "cover_crop"), get(record, "relay", False)
        names: list[str | None] = [written] * self.count if isinstance(written, str | None) else list(written)
        self.relay = (relay,) * self.count if isinstance(relay, bool) else tuple(relay)
        for key, values in (("cover_crop", names), ("relay", self.relay)):
            if len(values) != self.count:
                self.say(key, list(values), f"must be one for all gaps, or {self.count}: one for each of years.")
        known = {name: crop for name, crop in crops.items() if crop.kind == "cover"}
        found: dict[str, Crop | None] = {}
        for name in names:
            if name in found or name is None or name == NO_COVER:
                continue
            if name in crops and name not in known:
                self.say("cover_crop", name, "is not a cover crop.", "Known: " + ", ".join(known) + ".")
                found[name] = None
            else:
                found[name] = self.find("cover_crop", name, known)
        self.covers = tuple(None if name is None else found.get(name) for name in names)
        if any(self.relay) and not any(self.covers):
            self.say("relay", "true", "needs a cover_crop that is sown into the standing crop.")
        elif not isinstance(relay, bool):
            for year, (under, cover) in enumerate(zip(self.relay, self.covers, strict=False)):
                if under and cover is None:
                    self.say(f"relay[{year}]", "true", "needs a cover_crop in the same place of its list.")
        self.only_sown = get(record, "cover_crop_sown") == "events"

    @property
    def cover_names(self) -> set[str]:
        """Of the cover crops that the rotation has."""
        return {crop.name for crop in self.covers if crop is not None}

    def cover_crops(self, seasons: list[Season], tillage: list[Pass], cycle: int) -> list[Season]:
        """Cover crops in the gaps between main seasons; ended by the first pass after drilling or the next sowing."""
        sowings = {(event.crop, event.year) for event in self.events if event.do == "sow"}
        ordered = sorted(seasons, key=lambda s: s.start)
        found = []
        for before, after in zip(ordered, ordered[1:] + ordered[:1], strict=True):
            stop = after.start + (cycle if after is ordered[0] else 0)
            harvested, year = (before.end - 1) // DAYS % self.count, before.end // DAYS % self.count
            cover = self.covers[year if self.only_sown else harvested]
            if before.crop.kind == "fallow" or cover is None:
                continue
            if self.only_sown and (cover.name, year) not in sowings:
                continue
            sown, killed, _ = self.dates(cover, year)
            start = before.end + COVER_CROP_DELAY
            start += max(0, (before.end // DAYS) * DAYS + sown - start)
            under = (before.end - sown) % DAYS
            relay = self.relay[harvested] and before.crop.kind == "annual" and 0 < under < before.end - before.start
            if relay:
                start = before.end - under
            if killed >= 0:
                stop = min(stop, start + (killed - start) % DAYS)
            for p in tillage:
                day = start + (p.day - start) % cycle
                if start < day < stop and p.ends_plants:
                    stop = day
            if stop - (before.end if relay else start) >= COVER_CROP_SHORTEST:
                shaded = before.end if relay else None
                found.append(Season(cover, start, stop, self.yields[cover.name], shaded_until=shaded))
        self._check(found)
        return found

    def _check(self, found: list[Season]) -> None:
        """Say which cover crop never stands, or is never under another."""
        for name in sorted(self.cover_names):
            stands = [season for season in found if season.crop.name == name]
            years = [year for year, crop in enumerate(self.covers) if crop is not None and crop.name == name]
            cover = self.covers[years[0]]
            assert cover is not None
            sown = month_day(self.dates(cover, years[0])[0])
            if not stands:
                wrong = (
                    f"never stands: between main crops, its sowing {sown} and the next tillage there are less than "
                    f"{COVER_CROP_SHORTEST} days."
                )
                self.say("cover_crop", name, wrong, "Till later, or sow it earlier with a sow event.")
            elif any(self.relay[year] for year in years) and all(season.shaded_until is None for season in stands):
                wrong = "is sown into no standing crop on its date: give it one in the season of a main crop."
                self.say("relay", sown, f"{name} {wrong}")
