"""The choices file (.ini) of WaTEM/SEDEM: every key that a mean year needs, and what is wrong with it by key."""

from __future__ import annotations

import configparser
import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

from watershed_c.errors import Problem, ScenarioError

#: maps, by the key of their file
MAPS = (
    "dtm filename", "parcel filename", "k factor filename", "c factor map filename", "p factor map filename",
    "ktc map filename", "ktil map filename", "sewer map filename", "buffer map filename", "ditch map filename",
    "dam map filename", "tillage direction filename", "oriented roughness filename", "outlet map filename",
    "river segment filename", "river routing filename",
)  # fmt: skip
#: number of the cells of a buffer that are not its outlet, minus that of the outlet
BUFFER_EXTENSION = 16384
#: maps that are read where a choice is 1
MAPS_OF_CHOICE = {
    "include sewers": ("sewer map filename",),
    "include buffers": ("buffer map filename",),
    "include ditches": ("ditch map filename",),
    "include dams": ("dam map filename",),
    "include tillage direction": ("tillage direction filename", "oriented roughness filename"),
    "river routing": ("river routing filename",), "output per river segment": ("river segment filename",),
}
#: choices that a mean year has nothing to do with, or that change nothing here: what is done instead
NOT_DONE = {
    "only routing": "soil loss and sediment are computed, too",
    "manual outlet selection": "sediment is exported where it enters a river",
    "estimate clay content": "clay is not told apart",
    "convert output": "results are written as they are",
    "write routing column/row": "write routing table = 1 has columns and rows",
    "write rainfall excess": "it is of events",
    "write total runoff": "it is of events",
}
#: choices of 0 or 1, with their default
CHOICES = {
    "calculate tillage erosion": 0, "curve number": 0, "create ktc map": 0, "create ktil map": 0,
    "adjusted slope": 0, "buffer reduce area": 0, "force routing": 0,
    "cardinal routing river": 1, "calibrate": 0, **dict.fromkeys((*MAPS_OF_CHOICE, *NOT_DONE), 0), "use r factor": 1,
    **{
        f"write {what}": 0
        for what in (
            "aspect", "ls factor", "upstream area", "slope", "routing table", "rusle", "sediment export",
            "water erosion",
        )
    },
}  # fmt: skip
#: words a key can be, with what they are here; the first is the default
WORDS = {
    "l model": {"desmet1996_vanoost2003": "van_oost_2003", "desmet1996_mccool": "mccool_1989"},
    # the page of keys lists Desmet1996 for S where the page of choices has McCool1987
    "s model": {"nearing1997": "nearing_1997", "mccool1987": "mccool_1987", "desmet1996": "mccool_1987"},
    "tc model": {"vanoost2000": "van_oost_2000", "verstraeten2007": "verstraeten_2007"},
}
#: numbers with their range and their default; None: missing is a mistake where it is needed
NUMBERS: dict[str, tuple[float, float, float | None]] = {
    "r factor": (0.0, 1e5, None), "bulk density": (100.0, 2650.0, None), "max kernel": (1, 1000, 50),
    "parcel connectivity cropland": (0, 100, None), "parcel connectivity forest": (0, 100, None),
    "parcel connectivity grasstrips": (0, 100, 100), "parcel trapping efficiency cropland": (0, 100, None),
    "parcel trapping efficiency forest": (0, 100, None), "parcel trapping efficiency pasture": (0, 100, None),
    "ls correction": (1e-6, 1e6, 1.0), "ktc low": (0.0, 1e6, None), "ktc high": (0.0, 1e6, None),
    "ktc limit": (0.0, 1.0, None), "ktil default": (0.0, 1e5, None), "ktil threshold": (0.0, 1.0, None),
    "number of buffers": (0, 16384, 0), "number of forced routing": (0, 1e6, 0),
    "ktclow_lower": (0.0, 1e6, 1.0), "ktclow_upper": (0.0, 1e6, 20.0), "ktchigh_lower": (0.0, 1e6, 5.0),
    "ktchigh_upper": (0.0, 1e6, 40.0), "steps": (1, 1000, 12),
}  # fmt: skip
#: keys that a mean year does not need: of rivers drawn by hand, of events, of the look of the output
UNUSED = {
    "date", "input directory", "output directory", "adjectant segments", "upstream segments",
    "max kernel river", "cn map filename", "rainfall filename", "sewer exit", "clay content parent material",
    "5-day antecedent rainfall", "5 day antecedent rainfall", "stream velocity", "alpha", "beta",
    "desired timestep for model", "final timestep output", "endtime model", "saga_grids", "export .sgrd grids",
}  # fmt: skip


@dataclass
class Choices:
    """What a choices file says.

    Attributes
    ----------
    file : Path
    output : Path
        Folder of the results.
    maps : dict of str to Path
        By key, those that the choices ask for.
    choice : dict of str to bool
    word : dict of str to str
        Models, as they are called here.
    number : dict of str to float
        As written; connectivity and trapping in %.
    trapping : dict of int to float
        Trapping efficiency of each buffer by its extension id, %.
    forced : list of (int, int, int, int)
        Column and row of source and target, from 1.
    notes : list of str
        What the file says that is not used.
    """

    file: Path
    output: Path
    maps: dict[str, Path] = field(default_factory=dict)
    choice: dict[str, bool] = field(default_factory=dict)
    word: dict[str, str] = field(default_factory=dict)
    number: dict[str, float] = field(default_factory=dict)
    trapping: dict[int, float] = field(default_factory=dict)
    forced: list[tuple[int, int, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_choices(path: str | Path, settings: list[str] | None = None) -> Choices:
    """Read a choices file.

    Parameters
    ----------
    settings : list of "key=value"
        Instead of what the file says.

    Raises
    ------
    ScenarioError
        With every mistake, by key and line.
    """
    return _Reader(Path(path), settings or []).choices()


class _Reader:
    def __init__(self, path: Path, settings: list[str]) -> None:
        self.path, self.problems = path, list[Problem]()
        parser = configparser.ConfigParser(
            strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"),
            empty_lines_in_values=False,
        )  # fmt: skip
        try:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            parser.read_string(text)
        except OSError as error:
            raise ScenarioError(Problem(str(path), expectation=f"{error.strerror or error}.")) from None
        except configparser.Error as error:
            line = getattr(error, "lineno", None) or (getattr(error, "errors", None) or [(None, "")])[0][0]
            wrong = "is not a choices file: [section] and key = value are expected."
            raise ScenarioError(Problem(str(path), line, expectation=wrong)) from None
        self._lines = {
            line.partition("=")[0].strip().lower(): number
            for number, line in reversed(list(enumerate(text.splitlines(), 1)))
            if "=" in line
        }
        self.parts = {name.lower(): dict(parser[name]) for name in parser.sections()}
        numbered = re.compile(r"(buffer|forced? routing)\s*\d+$")
        self.values = {
            key: value.strip().strip("'\"")
            for name, part in self.parts.items()
            if not numbered.match(name)
            for key, value in part.items()
        }
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or not key.strip():
                raise ScenarioError(Problem(key="--set", value=setting, expectation="must be KEY=VALUE."))
            self.values[key.strip().lower()] = value.strip()

    def wrong(self, key: str, value: str, expectation: str, suggestion: str = "") -> None:
        self.problems.append(Problem(str(self.path), self._lines.get(key), key, value, expectation, suggestion))

    def choices(self) -> Choices:
        found = Choices(self.path, self._folder("output directory"))
        for key, default in CHOICES.items():
            said = self.values.get(key, str(default)).lower()
            if said not in ("0", "1", "true", "false"):
                self.wrong(key, said, "must be 0 or 1.")
            found.choice[key] = said in ("1", "true")
        for key, words in WORDS.items():
            said = self.values.get(key, next(iter(words)))
            if said.lower() not in words:
                self.wrong(key, said, f"must be one of {', '.join(words)}.")
            else:
                found.word[key] = words[said.lower()]
        if found.choice["curve number"]:
            self.wrong("curve number", "1", "asks for runoff of single events: set it to 0 for the mean year.")
        self._maps(found)
        self._numbers(found)
        self._numbered(found)
        known = [*MAPS, *CHOICES, *WORDS, *NUMBERS, *UNUSED]
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f': did you mean "{near[0]}"?' if near else ""
                found.notes.append(f'"{key}" is no key of a mean year and is not used{hint}')
        found.notes += [f"{key} = 1 is not used: {instead}" for key, instead in NOT_DONE.items() if found.choice[key]]
        if not found.choice["use r factor"]:
            found.notes.append("use r factor = 0 is not used: the erosivity is r factor, not that of a rainfall file")
        if self.problems:
            raise ScenarioError(sorted(self.problems, key=lambda p: (p.line is None, p.line or 0)))
        return found

    def _folder(self, key: str) -> Path:
        said = self.values.get(key, "").replace("\\", "/")
        return Path(said) if Path(said).is_absolute() else self.path.parent / said

    def _maps(self, found: Choices) -> None:
        choice, folder = found.choice, self._folder("input directory")
        wanted = list(MAPS[:5])
        for key, maps in MAPS_OF_CHOICE.items():
            wanted += maps if choice[key] else ()
        # ktc low, high and limit without a map say the same as create ktc map = 1, as in the program's tutorial
        if not choice["create ktc map"] and "ktc map filename" not in self.values and "ktc low" in self.values:
            choice["create ktc map"] = True
        if not choice["create ktc map"] and not choice["calibrate"]:
            wanted.append("ktc map filename")
        if choice["calculate tillage erosion"] and not choice["create ktil map"]:
            wanted.append("ktil map filename")
        for key in wanted:
            said = self.values.get(key, "")
            path = folder / said
            if not said:
                self.wrong(key, "", "is missing.", "With create ktc map = 1 no map is needed." if "ktc" in key else "")
            elif not path.is_file():
                self.wrong(key, said, f"does not exist: looked for {path}.")
            found.maps[key] = path

    def _numbers(self, found: Choices) -> None:
        needed = {key for key, (_, _, default) in NUMBERS.items() if default is None and not key.startswith("kt")}
        if found.choice["create ktc map"]:
            needed |= {"ktc limit", "ktc low", "ktc high"}
        if found.choice["calibrate"]:
            needed |= {"ktc limit"}
        if found.choice["calculate tillage erosion"] and found.choice["create ktil map"]:
            needed |= {"ktil default", "ktil threshold"}
        for key, (low, high, default) in NUMBERS.items():
            said = self.values.get(key, "")
            if not said and default is None:
                if key in needed:
                    self.wrong(key, "", "is missing.")
                continue
            number = self._number(key, said, low, high) if said else default
            if number is not None:
                found.number[key] = number

    def _number(self, key: str, said: str, low: float, high: float) -> float | None:
        try:
            number = float(said.replace(",", "."))
        except ValueError:
            self.wrong(key, said, "is no number.")
            return None
        if not low <= number <= high:
            self.wrong(key, said, f"must be {low:g} to {high:g}.")
        return number

    def _numbered(self, found: Choices) -> None:
        """Sections of buffers and forced routes."""
        if found.choice["include buffers"]:
            for number in range(1, int(found.number.get("number of buffers", 0)) + 1):
                part = self.parts.get(f"buffer {number}")
                values = [None if part is None else part.get(key) for key in ("extension id", "trapping efficiency")]
                if None in values:
                    self.wrong(f"buffer {number}", "", "must have extension id and trapping efficiency.")
                    continue
                identity = self._number(f"buffer {number}.extension id", str(values[0]), 16385, 32768)
                share = self._number(f"buffer {number}.trapping efficiency", str(values[1]), 0, 100)
                if identity is not None and share is not None:
                    found.trapping[int(identity)] = share
        if found.choice["force routing"]:
            for number in range(1, int(found.number.get("number of forced routing", 0)) + 1):
                part = self.parts.get(f"force routing {number}", self.parts.get(f"forced routing {number}", {}))
                name = f"forced routing {number}"
                ends = [part.get(key) for key in ("from col", "from row", "target col", "target row")]
                if None in ends:
                    self.wrong(name, "", "must have from col, from row, target col and target row.")
                    continue
                cells = [self._number(name, str(end), 1, 1e6) for end in ends]
                if None not in cells:
                    found.forced.append(tuple(int(cell) for cell in cells))  # type: ignore[arg-type,misc]
