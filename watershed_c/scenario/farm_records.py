"""Records of a farm, one row a thing done on a parcel: what each parcel grew and got, as a rotation of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from watershed_c import units
from watershed_c.errors import Problem, ScenarioError
from watershed_c.management.library import CropLibrary, load_library
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.csv_table import Row, read_csv, whole
from watershed_c.scenario.management import Event, Rotation
from watershed_c.scenario.toml_lines import KeyPath

KEY: KeyPath = ("land", "records")
#: columns, and other names they may have
COLUMNS = {
    "parcel": ("field", "parcel_id"), "date": ("day",), "event": ("do", "operation"), "crop": (),
    "material": ("product",), "amount": ("quantity",), "unit": (), "depth_cm": ("depth",), "implement": ("tool",),
    "speed_km_h": ("speed",), "straw_removed_percent": ("straw_removed",),
}  # fmt: skip
NEEDED = ("parcel", "date", "event")
#: longest record of a parcel, years
MOST_YEARS = 199
#: kg m-2, largest yield of a crop in a rotation
MOST_YIELD = 20.0


@dataclass
class Parcel:
    """What was done on one parcel, in order of dates.

    Attributes
    ----------
    number : int
    rows : list of (date, Row)
    first, last : int
        Calendar years of which the crop is known.
    rotation : Rotation
        Of those years, and one of fallow after them that no cell is ever in: the cycle does not close on itself. Its
        first year is that of the start of the run.
    lines : dict of str to Row
        Row of each event of the rotation, by its id.
    """

    number: int
    rows: list[tuple[dt.date, Row]]
    first: int = 0
    last: int = 0
    rotation: Rotation | None = None
    lines: dict[str, Row] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its land-use class."""
        return f"parcel {self.number}"


def read_records(check: Checker) -> list[Parcel]:
    """Parcels of land.records; none and problems, by file and line, where something is wrong."""
    land = check.scenario.land
    if land.records is None:
        return []
    try:
        library = load_library()
    except ScenarioError:  # told where rotations are read
        return []
    if check.scenario.domain.parcels is None and (land.parcels is None or land.parcels.map is None):
        check.add(KEY, land.records, "needs land.parcels = { map = ... }, whose numbers it speaks of.")
    problems: list[Problem] = []
    parcels: dict[int, Parcel] = {}
    for row in read_csv(check, KEY, land.records, COLUMNS, NEEDED):
        number, day = whole(row, "parcel", problems, 1, 10**9), _date(row, problems)
        if number is not None and day is not None:
            parcels.setdefault(number, Parcel(number, [])).rows.append((day, row))
    start = int(check.scenario.time.start[:4])
    for parcel in parcels.values():
        parcel.rows.sort(key=lambda dated: dated[0])
        _rotation(parcel, library, start, problems)
    check.problems.extend(problems)
    return [] if problems else list(parcels.values())


def _date(row: Row, problems: list[Problem]) -> dt.date | None:
    written = row.cells["date"]
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d"):
        try:
            return dt.datetime.strptime(written, form).date()
        except ValueError:
            continue
    problems.append(row.problem("date", 'must be a date, "2015-04-20" or "20.04.2015".'))
    return None


def schedule_problem(parcel: Parcel, problem: Problem) -> Problem:
    """What the calendar of a parcel says of an event, at the row of that."""
    rest = problem.key.removeprefix(f"rotation.{parcel.name}").removeprefix(".").partition(".")[0]
    row = parcel.lines.get(rest, parcel.rows[0][1])
    return Problem(row.file, row.line, parcel.name, problem.value, problem.expectation, problem.suggestion)


def _rotation(parcel: Parcel, library: CropLibrary, start: int, problems: list[Problem]) -> None:
    """Crops of the years and events of a parcel; the first year of the rotation is ``start``."""
    before = len(problems)
    for _, row in parcel.rows:
        crop, do = row.cells.get("crop", ""), row.cells["event"].lower()
        if crop and crop not in library.crops:
            hint = messages.nearest_hint(crop, library.crops)
            problems.append(row.problem("crop", "is not known.", hint or "watershed-c models lists the crops."))
        elif not crop and do in ("sow", "harvest"):
            problems.append(row.problem("crop", f"is missing: {do} is of a crop."))
    if len(problems) > before:
        return
    years = _years(parcel, library, problems)
    if not years:
        return
    parcel.first, parcel.last = min(years), max(years)
    if parcel.last - parcel.first >= MOST_YEARS:
        wrong = f"has records from {parcel.first} to {parcel.last}; at most {MOST_YEARS} years."
        problems.append(parcel.rows[0][1].problem("parcel", wrong))
        return
    gaps = [year for year in range(parcel.first, parcel.last + 1) if year not in years]
    if gaps:
        wrong = f"has no crop in {', '.join(map(str, gaps))}."
        hint = "Write its harvest, or a row with the event fallow."
        problems.append(parcel.rows[0][1].problem("parcel", wrong, hint))
        return
    count = parcel.last - parcel.first + 2
    events: list[Event] = []
    covers: dict[int, str] = {}  # of the gap after the harvest of a year of the rotation
    for day, row in parcel.rows:
        event = _event(parcel, day, row, library, (day.year - start) % count + 1, problems)
        if event is None:
            continue
        if event.do == "sow" and event.crop is not None and library.crops[event.crop].kind == "cover":
            year = (day.year - start) % count
            if covers.setdefault(year, event.crop) != event.crop:
                wrong = f"is the second cover crop of {day.year}, after {covers[year]}."
                problems.append(row.problem("crop", wrong, "One of them can stand for both."))
        parcel.lines[str(event.id)] = row
        events.append(event)
    if len(problems) > before:
        return
    crops: list[Any] = ["fallow"] * count
    for year in range(parcel.first, parcel.last + 1):
        crops[(year - start) % count] = years[year]
    yields = _sward_yields(parcel, library, problems)
    if len(problems) > before:
        return
    rows: dict[str, Any] = {
        "years": crops, "event": events,
        "cover_crop": [covers.get(year, "none") for year in range(count)] if covers else None,
        "cover_crop_sown": "events", "yields": yields,
    }  # fmt: skip
    parcel.rotation = Rotation.model_validate(rows)


def _years(parcel: Parcel, library: CropLibrary, problems: list[Problem]) -> dict[int, list[str]]:
    """Main crops of each calendar year: those harvested in it, else the sward that stands, else fallow where said."""
    harvested: dict[int, list[str]] = {}
    swards: list[tuple[int, int, str]] = []
    fallow, last = set(), parcel.rows[-1][0].year
    for day, row in parcel.rows:
        do, name = row.cells["event"].lower(), row.cells.get("crop", "")
        kind = library.crops[name].kind if name else ""
        if do == "harvest" and kind == "annual" and name not in harvested.get(day.year, []):
            harvested.setdefault(day.year, []).append(name)
        elif (do in ("sow", "harvest") and kind == "perennial") and not (swards and swards[-1][2] == name):
            swards.append((day.year, last, name))
        elif do == "kill" and kind == "perennial" and swards:
            swards[-1] = swards[-1][0], day.year, swards[-1][2]
        elif do == "fallow":
            fallow.add(day.year)
    years = {year: ["fallow"] for year in fallow}
    for number, (first, end, name) in enumerate(swards):
        if number + 1 < len(swards):
            end = min(end, swards[number + 1][0] - 1)
        following = min((year for year in harvested if year > first), default=end + 1)
        years |= {year: [name] for year in range(first, min(end, following - 1) + 1)}
    years |= harvested
    if not years:
        wrong = f"has no harvest, grass or fallow on parcel {parcel.number}: its crops are not known."
        problems.append(parcel.rows[0][1].problem("parcel", wrong))
    return years


def _event(
    parcel: Parcel, day: dt.date, row: Row, library: CropLibrary, year: int, problems: list[Problem]
) -> Event | None:
    """The event of a row; None where the years of the rotation say it already, and where something is wrong."""
    cells, do = row.cells, row.cells["event"].lower()
    perennial = cells.get("crop", "") != "" and library.crops[cells["crop"]].kind == "perennial"
    if do == "fallow" or (perennial and do in ("sow", "harvest")):
        return None
    day = dt.date(day.year, 2, 28) if (day.month, day.day) == (2, 29) else day
    written: dict[str, Any] = {
        "id": f"line {row.line}", "on": f"{day:%m-%d}", "year": year, "do": do,
        "crop": cells.get("crop"), "material": cells.get("material"), "implement": cells.get("implement"),
        "depth": f"{cells['depth_cm']} cm" if cells.get("depth_cm") else None,
        "speed": f"{cells['speed_km_h']} km/h" if cells.get("speed_km_h") else None,
        "amount": f"{cells['amount']} {cells.get('unit', '')}".strip() if cells.get("amount") else None,
        "straw_removed": f"{cells['straw_removed_percent']} %" if cells.get("straw_removed_percent") else None,
    }  # fmt: skip
    if do == "fertilise":  # by its nitrogen
        written["fertiliser"], written["nitrogen"] = written.pop("material"), written.pop("amount")
    if not parcel.first - 1 <= day.year <= parcel.last + 1:
        wrong = f"lies outside of the years whose crops are known, {parcel.first} to {parcel.last}."
        problems.append(row.problem("date", wrong))
        return None
    try:
        return Event.model_validate({key: value for key, value in written.items() if value not in (None, "")})
    except ValidationError as error:
        columns = {
            "do": "event", "depth": "depth_cm", "speed": "speed_km_h", "straw_removed": "straw_removed_percent",
            "fertiliser": "material", "nitrogen": "amount",
        }  # fmt: skip
        for entry in error.errors(include_url=False):
            key = str(entry["loc"][0]) if entry["loc"] else ""
            wording, hint = messages.wording(entry, ("rotation", parcel.name, "event", 0))
            problems.append(row.problem(columns.get(key, key or "event"), wording, hint))
        return None


def _sward_yields(parcel: Parcel, library: CropLibrary, problems: list[Problem]) -> dict[str, str]:
    """Mean of the years in which cuts of a sward were weighed, by crop."""
    sums: dict[tuple[str, int], float] = {}
    for day, row in parcel.rows:
        name, amount = row.cells.get("crop", ""), row.cells.get("amount", "")
        perennial = name != "" and library.crops[name].kind == "perennial"
        if not (perennial and row.cells["event"].lower() == "harvest" and amount):
            continue
        try:
            cut = units.quantity(f"{amount} {row.cells.get('unit', '')}", "areal mass")
        except units.UnitError as error:
            problems.append(row.problem("amount", str(error)))
            continue
        sums[name, day.year] = sums.get((name, day.year), 0.0) + cut
        if not (cut > 0.0 and sums[name, day.year] <= MOST_YIELD):
            wrong = f"must be above 0, and at most {10.0 * MOST_YIELD:g} t/ha in a year."
            problems.append(row.problem("amount", wrong))
    return {name: f"{_mean(v for (n, _), v in sums.items() if n == name)!r} kg/m2" for name, _ in sums}


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
