"""The input of the official RothC programs, RothC_input.dat, read and checked.

Two layouts exist (`docs/rothc.md`): that of RothC_Py and of the first Fortran program (soil in lines 4 and 5) and
that of RothC_Code v2 (options in line 5, soil in line 8). Every mistake is collected with its line and column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError

PYTHON, FORTRAN = "RothC_Py", "RothC_Code v2"
#: columns of the months: % of modern carbon, degC, mm, mm, t C/ha, t C/ha, 0 or 1, DPM/RPM of the plant input
MODERN, TEMPERATURE, RAIN, PAN_EVAPORATION, PLANT_INPUT, MANURE, COVER, DPM_RPM = range(8)
#: monthly rows that are repeated until equilibrium
EQUILIBRIUM_ROWS = 12
#: lines told of one kind of mistake in one column; the others are counted
MOST_LINES = 3
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class _Column:
    """What a number may be: bounds included unless ``above``, in words with its unit."""

    name: str
    least: float = -math.inf
    most: float = math.inf
    unit: str = ""
    whole: bool = False
    above: bool = False
    choice: tuple[int, ...] = ()

    def mistake(self, value: float) -> str:
        """What is expected, where ``value`` is not; else empty."""
        if self.choice:
            return "" if value in self.choice else f"must be {' or '.join(map(str, self.choice))}."
        if self.whole and value != int(value):
            return "must be a whole number."
        if self.least <= value <= self.most and not (self.above and value == self.least):
            return ""
        unit = f" {self.unit}" if self.unit else ""
        least = f"more than {self.least:g}, at most" if self.above else f"{self.least:g} to"
        return f"must be {least} {self.most:g}{unit}."


#: what is beyond is a mistake of unit or column, not a climate or a field
_MONTHLY = (
    _Column("year", -1e6, 1e6, whole=True),
    _Column("month", 1, 12, whole=True),
    _Column("modern", 0, 1000, unit="%"),
    _Column("Tmp", -90, 60, unit="degC"),
    _Column("Rain", 0, 20_000, unit="mm"),
    _Column("Evap", -100, 2000, unit="mm"),  # a pan gains dew: the official example has -20.7
    _Column("C_inp", 0, 1000, unit="t C/ha"),
    _Column("FYM", 0, 1000, unit="t C/ha"),
    _Column("PC", choice=(0, 1)),
    _Column("DPM_RPM", 0, 1000),
)
_SOIL = (
    _Column("clay", 0, 100, unit="%"),
    _Column("depth", 0, 1000, unit="cm", above=True),
    _Column("iom", 0, 10_000, unit="t C/ha"),
    _Column("nsteps", EQUILIBRIUM_ROWS, 1e6, whole=True),
)
_DRY_SOIL = (
    _Column("siltper", 0, 100, unit="%", above=True),
    _Column("BD", 0, 2.65, unit="g/cm3", above=True),
    _Column("OC", 0, 58, unit="%", above=True),
    _Column("minRM_Moist", 0, 1),
)
_OPTIONS = (_Column("opt_RMmoist", choice=(1, 2, 3)), _Column("opt_SMDbare", choice=(1, 2)))


@dataclass(frozen=True)
class RothCInput:
    """Content of a RothC_input.dat.

    Attributes
    ----------
    program : PYTHON or FORTRAN, whose layout it has
    clay : float, %
    depth : float, cm
    iom : float, t C/ha
    silt, bulk_density, organic_carbon : float, %, g cm-3, %
        NaN where the file does not have them (only ``moisture_option`` 2 and 3 need them).
    moisture_option, bare_option : int
        opt_RMmoist and opt_SMDbare of RothC_Code v2; 1 and 1 is standard RothC.
    driest_factor : float
        minRM_Moist.
    year, month : int64 (M)
    months : float64 (M, 8)
        modern (%), Tmp (degC), Rain (mm), Evap (mm), C_inp (t C/ha), FYM (t C/ha), PC (0 or 1), DPM_RPM. The first
        12 rows are the equilibrium year.
    """

    program: str
    clay: float
    depth: float
    iom: float
    silt: float
    bulk_density: float
    organic_carbon: float
    moisture_option: int
    bare_option: int
    driest_factor: float
    year: np.ndarray
    month: np.ndarray
    months: np.ndarray


class _Page:
    """The lines of a file, and the mistakes found in them."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path, self.lines = path, lines
        self.found: list[tuple[int | None, str, str, str]] = []

    def wrong(self, line: int | None, key: str, value: str, expectation: str) -> None:
        """Note a mistake; lines count from 1."""
        self.found.append((line, key, value, expectation))

    def words(self, line: int) -> list[str]:
        return self.lines[line - 1].split() if line <= len(self.lines) else []

    def numbers(self, line: int, columns: tuple[_Column, ...]) -> list[float]:
        """The numbers of a line, NaN where they are not valid."""
        words = self.words(line)
        names = ", ".join(column.name for column in columns)
        if not words:
            self.wrong(line, "", "", f"is {'empty' if line <= len(self.lines) else 'missing'}: it must hold {names}.")
            return [math.nan] * len(columns)
        if len(words) != len(columns):
            comma = " Numbers are separated by blanks or tabs, decimals by a point." if "," in "".join(words) else ""
            self.wrong(line, f"{_count(words, 'number')}", "", f"must be {len(columns)}: {names}.{comma}")
            return [math.nan] * len(columns)
        values = []
        for place, (word, column) in enumerate(zip(words, columns, strict=True), start=1):
            value = float(word) if _NUMBER.fullmatch(word) else math.nan
            expectation = column.mistake(value) if math.isfinite(value) else "must be a number."
            if "," in word:
                expectation = "must be a number, with a point before its decimals."
            if expectation:
                self.wrong(line, f"column {place} ({column.name})", word, expectation)
            values.append(math.nan if expectation else value)
        return values

    def refuse(self) -> None:
        """Raise ScenarioError with every mistake; of many alike the first are told and the others counted."""
        if not self.found:
            return
        self.found.sort(key=lambda mistake: mistake[0] or 0)
        seen: dict[tuple[str, str], int] = {}
        problems = []
        for line, key, value, expectation in self.found:
            alike = (key, expectation)
            seen[alike] = seen.get(alike, 0) + 1
            if seen[alike] <= MOST_LINES:
                problems.append(Problem(str(self.path), line, key, value, expectation))
        for (key, expectation), times in seen.items():
            if times > MOST_LINES:
                more = _count(range(times - MOST_LINES), "more line")
                problems.append(Problem(str(self.path), None, key, "", f"{expectation} So in {more}."))
        raise ScenarioError(problems)


def _count(things: Iterable[object], name: str) -> str:
    number = len(list(things))
    return f"{number} {name}{'' if number == 1 else 's'}"


def read_rothc_input(path: str | Path) -> RothCInput:
    """Read and check the input of either official program.

    Raises
    ------
    ScenarioError
        Every mistake with its line and column, or that this is neither layout.
    """
    path = Path(path)
    page = _Page(path, _lines(path))
    if _is_fortran(page):
        table, options, soil = 11, page.numbers(5, _OPTIONS), _fortran_soil(page)
    else:
        table, options, soil = 8, [1.0, 1.0], _python_soil(page)
    lines = [number for number in range(table, len(page.lines) + 1) if page.words(number)]
    _check_heading(page, table - 1)
    rows = np.array([page.numbers(number, _MONTHLY) for number in lines]).reshape(-1, len(_MONTHLY))
    _check_calendar(page, lines, rows)
    steps = soil["nsteps"]
    if math.isfinite(steps) and int(steps) != len(lines):
        place = 8 if table == 11 else 5
        page.wrong(place, "nsteps", f"{steps:g}", f"but {_count(lines, 'monthly row')} follow. Write {len(lines)}.")
    if options[0] > 1 and soil["clay"] + soil["siltper"] > 100.0:
        page.wrong(8, "clay + siltper", f"{soil['clay'] + soil['siltper']:g}", "must be at most 100 %.")
    if options[0] > 1 and soil["clay"] == 0.0:
        page.wrong(8, "clay", "0", "must be more than 0 % with opt_RMmoist = 2 or 3 (van Genuchten).")
    page.refuse()
    return RothCInput(
        program=FORTRAN if table == 11 else PYTHON,
        clay=soil["clay"],
        depth=soil["depth"],
        iom=soil["iom"],
        silt=soil.get("siltper", math.nan),
        bulk_density=soil.get("BD", math.nan),
        organic_carbon=soil.get("OC", math.nan),
        moisture_option=int(options[0]),
        bare_option=int(options[1]),
        driest_factor=soil.get("minRM_Moist", math.nan),
        year=rows[:, 0].astype(np.int64),
        month=rows[:, 1].astype(np.int64),
        months=np.ascontiguousarray(rows[:, 2:]),
    )


def _lines(path: Path) -> list[str]:
    def refused(expectation: str) -> ScenarioError:
        return ScenarioError(Problem(str(path), expectation=expectation))

    if path.is_dir():
        raise refused("is a folder. Name the file, e.g. RothC_input.dat in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refused("does not exist.") from None
    if b"\0" in content:
        raise refused("is not plain text (UTF-16, or a file of another program). Save it as plain text, UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # only the lines that are not read may need it: numbers are ASCII
    if not text.strip():
        raise refused("is empty.")
    return text.splitlines()


def _is_fortran(page: _Page) -> bool:
    """By the line that names the soil; where its words were changed, by how many numbers line 5 has."""
    named = [line for line in (4, 7) if "clay" in [word.casefold() for word in page.words(line)]]
    numbers = len(page.words(5)) if all(map(_NUMBER.fullmatch, page.words(5))) else 0
    if named == [7] or (not named and numbers == len(_OPTIONS)):
        return True
    if named == [4] or (not named and numbers == len(_SOIL)):
        return False
    page.wrong(
        None, "", "",
        "is not the input of a RothC program. RothC_Py has clay, depth, iom, nsteps as names in line 4 and numbers in "
        "line 5, its months from line 8; RothC_Code v2 has opt_RMmoist and opt_SMDbare in line 5, the soil in lines 7 "
        "and 8, its months from line 11.",
    )  # fmt: skip
    page.refuse()
    return False


def _python_soil(page: _Page) -> dict[str, float]:
    """The soil by the names in line 4, as the program reads it: in any order."""
    ours = {column.name: column for column in _SOIL}
    names = [word.casefold() for word in page.words(4)]
    if sorted(names) != sorted(ours):
        page.wrong(4, " ".join(page.words(4)) or "line", "", "must name clay, depth, iom and nsteps.")
        names = list(ours)
    return dict(zip(names, page.numbers(5, tuple(ours[name] for name in names)), strict=True))


def _fortran_soil(page: _Page) -> dict[str, float]:
    """The soil by position; what only van Genuchten's water needs may be left out, or is not judged, without it."""
    words = page.words(8)
    needed = [word for word in page.words(5)[:1] if word in ("2", "3")]
    columns: tuple[_Column, ...] = _SOIL + _DRY_SOIL if needed or len(words) == len(_SOIL + _DRY_SOIL) else _SOIL
    if not needed and len(columns) > len(_SOIL):
        columns = _SOIL + tuple(_Column(column.name) for column in _DRY_SOIL)
    return dict(zip([column.name for column in columns], page.numbers(8, columns), strict=True))


def _check_heading(page: _Page, line: int) -> None:
    """The programs read by position: known names in other places are a mistake of the writer."""
    names = [column.name.casefold() for column in _MONTHLY]
    for place, word in enumerate(page.words(line), start=1):
        known = word.casefold()
        if known in names and names.index(known) + 1 != place:
            expected = f"is read as column {names.index(known) + 1}: columns are {', '.join(c.name for c in _MONTHLY)}."
            page.wrong(line, f"column {place}", word, expected)


def _check_calendar(page: _Page, lines: list[int], rows: np.ndarray) -> None:
    """Months follow each other; years too after the equilibrium year, whose label means nothing."""
    if len(lines) < EQUILIBRIUM_ROWS:
        page.wrong(
            lines[-1] if lines else None, _count(lines, "monthly row"), "",
            f"must be {EQUILIBRIUM_ROWS} or more: the first {EQUILIBRIUM_ROWS} are repeated until equilibrium.",
        )  # fmt: skip
    for i in range(1, len(lines)):
        year, month = rows[i, :2]
        before = rows[i - 1, :2]
        if not (np.isfinite(rows[i, :2]).all() and np.isfinite(before).all()):
            continue
        next_month = before[1] % 12 + 1
        next_year = before[0] + (next_month == 1)
        free = i <= EQUILIBRIUM_ROWS  # a year of its own, whatever it is called
        if month == next_month and (free or year == next_year):
            continue
        said = f"month {next_month:.0f}" if free else f"{next_year:.0f} month {next_month:.0f}"
        page.wrong(
            lines[i], "year, month", f"{year:.0f} {month:.0f}", f"must be {said}: the months follow without a gap."
        )
