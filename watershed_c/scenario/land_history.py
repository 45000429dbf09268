"""Land use that changes in the course of a run: conversions, maps by year, a table of parcels and years."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from watershed_c.errors import Problem
from watershed_c.io.rasters import RasterError, read_yearly
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.csv_table import Row, read_csv, whole
from watershed_c.scenario.domain import Grid
from watershed_c.scenario.farm_records import Parcel
from watershed_c.scenario.management import Land, LandRule
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.toml_lines import KeyPath

_TABLE: KeyPath = ("land", "table")
#: first and last year that a table may speak of
FIRST, LAST = 1, 9999


@dataclass(frozen=True)
class Change:
    """Cells that get another land use when a year begins.

    Attributes
    ----------
    year : int
        Calendar year.
    nodes, index, field, offset : (c,) int64
        See :class:`watershed_c.scenario.land.LandUse`.
    """

    year: int
    nodes: np.ndarray
    index: np.ndarray
    field: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class History:
    """What files say of the land: rows of land.table, parcels of land.records."""

    table: list[Row]
    parcels: list[Parcel]


@dataclass(frozen=True)
class Step:
    """What a year makes of land use: class ``new``, one or (n), in the cells ``where`` (n), of class ``of`` only."""

    year: int
    new: int | np.ndarray
    where: np.ndarray | None = None
    of: int | None = None

    def after(self, index: np.ndarray) -> np.ndarray:
        """Index (n) of the classes after it."""
        where = np.ones(index.size, dtype=bool) if self.where is None else self.where
        return np.where(where if self.of is None else where & (index == self.of), self.new, index)


def class_names(scenario: Scenario, history: History | None = None) -> tuple[str, ...]:
    """Every class that the land has at some time: those of its start, of practices, of later years, of records."""
    land, practices = scenario.land, [practice.land_class for practice in scenario.practice.values()]
    later = [change.becomes for change in land.change if change.becomes is not None]
    of_table = [] if history is None else [_class_of(land, row) for row in history.table]
    records = [] if history is None else [parcel.name for parcel in history.parcels]
    return tuple(dict.fromkeys([*land.names, *practices, *later, *of_table, *records]))


def _class_of(land: Land, row: Row) -> str:
    """The class a row names, or that of its number."""
    written = row.cells["class"]
    named = land.classes.get(written)
    return named if isinstance(named, str) else written


def read_land_table(check: Checker) -> list[Row]:
    """Rows of land.table with the columns parcel, year, class; none and problems where something is wrong."""
    land = check.scenario.land
    if land.table is None:
        return []
    if check.scenario.domain.parcels is None and (land.parcels is None or land.parcels.map is None):
        check.add(_TABLE, land.table, "needs land.parcels = { map = ... }, whose numbers it speaks of.")
    columns = {"parcel": ("field", "parcel_id"), "year": ("from",), "class": ("crop", "land_use", "rotation")}
    rows = read_csv(check, _TABLE, land.table, columns, ("parcel", "year", "class"))
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        whole(row, "parcel", problems, 1, 10**9)
        whole(row, "year", problems, FIRST, LAST)
        if not row.cells["class"]:
            problems.append(row.problem("class", "must be the name or the number of a class."))
        first = seen.setdefault((row.cells["parcel"], row.cells["year"]), row.line)
        if first != row.line:
            problems.append(row.problem("parcel", f"has a class for {row.cells['year']} already, in line {first}."))
    check.problems.extend(problems)
    wrong = {(problem.file, problem.line) for problem in problems}
    return [row for row in rows if (row.file, row.line) not in wrong]


def land_by_year(
    check: Checker,
    grid: Grid,
    names: tuple[str, ...],
    index: np.ndarray,
    blocks: np.ndarray,
    history: History,
    fits: Callable[[LandRule], np.ndarray],
    from_codes: Callable[[KeyPath, str, np.ndarray], np.ndarray | None],
) -> list[tuple[int, np.ndarray]]:
    """Land use after each change, (year, (n) index), in order of years; what is before the start is in the first.

    Parameters
    ----------
    fits : callable
        Mask (n) of the cells within the limits of a rule.
    from_codes : callable
        ``from_codes(key, written, codes)``: index (n) of the class numbers of a map, or None and problems.
    """
    steps = sorted(_steps(check, grid, names, blocks, history.table, fits, from_codes), key=lambda step: step.year)
    start, end = (int(text[:4]) for text in (check.scenario.time.start, check.scenario.time.end))
    now, found = index.copy(), [(start, index)]
    for step in steps:
        year = step.year
        if year > end:
            check.warnings.append(f"land: what changes in {year} is after the end of the run")
            continue
        now = step.after(now)
        if year <= start:
            found[0] = start, now
        elif found[-1][0] == year:
            found[-1] = year, now
        else:
            found.append((year, now))
    return _with_records(check, names, blocks, history.parcels, found, end)


def _with_records(
    check: Checker, names: tuple[str, ...], blocks: np.ndarray, parcels: list[Parcel],
    found: list[tuple[int, np.ndarray]], end: int,
) -> list[tuple[int, np.ndarray]]:  # fmt: skip
    """Land use with the parcels of land.records in their own classes in the years of their records.

    What is there before the start stays the land use of before: initial carbon is sought under it.
    """
    if not parcels:
        return found
    start, there = found[0][0], set(np.unique(blocks).tolist())
    for parcel in parcels:
        if parcel.number not in there:
            check.problems.append(parcel.rows[0][1].problem("parcel", "is no parcel of the map."))
        if parcel.last < start or parcel.first > end:
            check.warnings.append(f"land.records: {parcel.name} has records of {parcel.first} to {parcel.last} only")
    moments = {max(start, year) for parcel in parcels for year in (parcel.first, parcel.last + 1)}
    merged = [found[0]]
    for year in sorted({year for year, _ in found} | moments):
        now = next(index for since, index in reversed(found) if since <= year).copy()
        for parcel in parcels:
            if parcel.first <= year <= parcel.last:
                now[(blocks == parcel.number) & (now >= 0)] = names.index(parcel.name)
        if year <= end:
            merged.append((year, now))
    return merged


def _steps(
    check: Checker, grid: Grid, names: tuple[str, ...], blocks: np.ndarray, table: list[Row],
    fits: Callable[[LandRule], np.ndarray], from_codes: Callable[[KeyPath, str, np.ndarray], np.ndarray | None],
) -> Iterator[Step]:  # fmt: skip
    """Steps in the order written."""
    land = check.scenario.land
    if land.yearly is not None:
        key: KeyPath = ("land", "yearly")
        try:
            maps = read_yearly(check.path(land.yearly.map), land.yearly.variable)
        except RasterError as error:
            check.add(key, land.yearly.map, str(error))
            maps = []
        start = int(check.scenario.time.start[:4])
        if land.map is None and not land.rules and maps and maps[0][0] > start:
            wrong = f"begins in {maps[0][0]}, after the start, {start}."
            check.add(key, land.yearly.map, wrong, "Give land.map, or rules, for the years before.")
        for year, raster in maps:
            if check.on_grid(key, land.yearly.map, raster, grid.dem) is None:
                break
            mapped = from_codes(key, f"{land.yearly.map} in {year}", grid.window(raster.values))
            if mapped is not None:
                yield Step(year, mapped)
    for number, one in enumerate(land.change):
        key = ("land", "change", number)
        if one.map is not None:
            found = check.map((*key, "map"), one.map, None, grid.dem)
            mapped = None if found is None else from_codes((*key, "map"), one.map, grid.window(found.values))
            if mapped is not None:
                yield Step(one.year, mapped)
            continue
        assert one.becomes is not None
        if one.land_class is not None and one.land_class not in names:
            hint = messages.nearest_hint(one.land_class, names)
            check.add((*key, "class"), one.land_class, "is not a class of the land.", hint)
            continue
        where = grid.soil & fits(one)
        if one.parcels:
            missing = sorted(set(one.parcels) - set(np.unique(blocks).tolist()))
            if land.parcels is None and grid.codes is None:
                check.add((*key, "parcels"), "", "needs land.parcels.")
            elif missing:
                check.add((*key, "parcels"), missing[0], "is no parcel of the map.")
            where &= np.isin(blocks, one.parcels)
        of = None if one.land_class is None else names.index(one.land_class)
        yield Step(one.year, names.index(one.becomes), where, of)
    for row in table:
        parcel = grid.soil & (blocks == int(row.cells["parcel"]))
        if not parcel.any():
            check.problems.append(row.problem("parcel", "is no parcel of the map."))
        yield Step(int(row.cells["year"]), names.index(_class_of(land, row)), parcel)
