"""From the land table to classes, fields and rotation offsets of every node; and the names a scenario uses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watershed_c.errors import ScenarioError
from watershed_c.kernels.flow_routing import gradient
from watershed_c.kernels.two_receivers import FOREST, GRASS_STRIP, OPEN_WATER, PASTURE, ROAD
from watershed_c.management.calendar import Calendar
from watershed_c.management.library import load_library
from watershed_c.management.rotation import schedule
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import CLOSED, Grid
from watershed_c.scenario.farm_records import schedule_problem
from watershed_c.scenario.land_history import Change, History, class_names, land_by_year
from watershed_c.scenario.management import LAND_WORDS, LandRule, Parcels, Rotation
from watershed_c.scenario.practices import apply_practices
from watershed_c.scenario.toml_lines import KeyPath


@dataclass(frozen=True)
class LandUse:
    """Land use of every node; -1 outside the catchment and where a map makes it channel.

    Attributes
    ----------
    names : tuple of str
        Land-use classes that occur in the scenario.
    index : (n,) int64
        Position in `names`.
    ground : (n,) int64
        The same before practices took some of it: soil by class is that of this one.
    field : (n,) int64
        Field (parcel); fields do not cross the borders of classes; -1 where there is none.
    offset : (n,) int64
        Years the rotation of the cell is shifted.
    own : int
        How many of the names the land itself has; the others only practices.
    parcel : (n,) int64
        Number of the parcel as the map has it, or of the block; 0 everywhere without parcels, -1 where there is none.
    changes : tuple of Change
        Later ones, in order of years.
    recorded : frozenset of str
        Classes that are the records of single parcels: their rotations begin with the year of the start.
    """

    names: tuple[str, ...]
    index: np.ndarray
    ground: np.ndarray
    field: np.ndarray
    offset: np.ndarray
    own: int
    parcel: np.ndarray
    changes: tuple[Change, ...] = ()
    recorded: frozenset[str] = frozenset()

    def groups(self) -> dict[str, np.ndarray]:
        """(n,) bool mask of each class, as the soil knows them; not of classes that only practices have."""
        return {name: self.ground == number for number, name in enumerate(self.names[: self.own])}


def rotations(
    check: Checker, temperature: np.ndarray | None, history: History
) -> tuple[dict[str, Rotation], dict[str, Calendar]]:
    """The rotation of every class of the land (a crop's own name is a rotation of that crop), and their calendars.

    ``temperature`` (12) degC is that of the mean year, None where there is no climate; ``history`` says
    what files have of the land.
    """
    scenario = check.scenario
    try:
        library = load_library()
    except ScenarioError as error:
        check.problems.extend(error.problems)
        return {}, {}
    found = dict(scenario.rotation)
    found |= {parcel.name: parcel.rotation for parcel in history.parcels if parcel.rotation is not None}
    recorded = {parcel.name: parcel for parcel in history.parcels}
    names = class_names(scenario, history)
    before = scenario.carbon.initial.history_class
    places: dict[str, KeyPath] = {before: ("carbon", "initial", "history_class")} if before else {}
    places |= {row.cells["class"]: ("land", "table") for row in history.table}
    changes = enumerate(scenario.land.change)
    places |= {change.becomes: ("land", "change", n, "becomes") for n, change in changes if change.becomes is not None}
    places |= {one.land_class: ("practice", name, "class") for name, one in scenario.practice.items()}
    places |= {rule.land_class: ("land", "rules", n, "class") for n, rule in enumerate(scenario.land.rules)}
    for code, given in scenario.land.classes.items():
        places |= {name: ("land", "classes", code) for name in ([given] if isinstance(given, str) else given)}
    for name in [*names, *([before] if before else [])]:
        if name not in found and name in library.crops:
            found[name] = Rotation(years=[name])
        elif name not in found:
            candidates = [*scenario.rotation, *library.crops]
            expectation = f"has no [rotation.{name}] and is not a crop either."
            of_table = next((row for row in history.table if row.cells["class"] == name), None)
            if of_table is not None and places[name] == ("land", "table"):
                hint = messages.nearest_hint(name, candidates)
                check.problems.append(of_table.problem("class", expectation, hint))
                continue
            check.add(places[name], name, expectation, messages.nearest_hint(name, candidates))
    calendars: dict[str, Calendar] = {}
    for name, rotation in found.items():
        try:
            calendars |= schedule({name: rotation}, library, temperature)
        except ScenarioError as error:
            for problem in error.problems:
                if name in recorded:
                    check.problems.append(schedule_problem(recorded[name], problem))
                    continue
                path = event_path(rotation, name, problem.key)
                check.add(path, problem.value, problem.expectation, problem.suggestion)
    _irrigation(check, found, calendars)
    limed = [name for name, calendar in calendars.items() if calendar.lime]
    if limed and not check.scenario.processes.carbonate.enabled:
        wrong = f"is missing: rotation.{limed[0]} is limed, and carbonate takes lime further."
        check.add(("processes", "carbonate"), "", wrong, "Add [processes.carbonate], and soil.sic if there is none.")
    return found, calendars


def _irrigation(check: Checker, found: dict[str, Rotation], calendars: dict[str, Calendar]) -> None:
    """What irrigation needs of other tables."""
    scenario = check.scenario
    for name, rotation in found.items():
        water = None if rotation.irrigation is None else rotation.irrigation.water
        if water is not None and water not in scenario.irrigation_water:
            hint = messages.nearest_hint(water, list(scenario.irrigation_water))
            check.add(("rotation", name, "irrigation", "water"), water, f"has no [irrigation_water.{water}].", hint)
    irrigates = [name for name, calendar in calendars.items() if calendar.irrigation is not None or calendar.turns]
    if irrigates and not scenario.processes.soil_water.enabled:
        wrong = f"must be true where water is brought: rotation.{irrigates[0]} is irrigated."
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    waters = scenario.irrigation_water.values()
    dissolves = any(water.calcium + water.bicarbonate + water.sulfate + water.magnesium > 0.0 for water in waters)
    if dissolves and not scenario.processes.carbonate.enabled:
        check.warnings.append("irrigation_water: what it has in solution is used with processes.carbonate only")


def known_classes(found: dict[str, Rotation]) -> set[str]:
    """Names that a value by class may speak of even where no cell has them: rotations, and crops."""
    try:
        crops = set(load_library().crops)
    except ScenarioError:  # told where rotations are read
        crops = set()
    return crops | set(found)


def worked_depth(check: Checker, calendars: dict[str, Calendar]) -> None:
    """Tell where the calendar works deeper than the profile."""
    bottom = sum(check.scenario.soil.layers)
    for name, calendar in calendars.items():
        tilled = max((worked.depth for worked in calendar.tillage), default=0.0)
        brought = max((amendment.depth for amendment in calendar.amendments), default=0.0)
        for what, depth in (("tillage", tilled), ("what is worked in", brought)):
            if depth > bottom * (1.0 + 1e-9):
                check.warnings.append(
                    f"rotation.{name}: {what} to {100.0 * depth:g} cm goes below the lowest layer "
                    f"({100.0 * bottom:g} cm) and ends there: soil.layers should reach deeper"
                )


def event_path(rotation: Rotation, name: str, key: str) -> KeyPath:
    """The key of the file for a key of the calendar: "rotation.NAME.EVENT.on", "rotation.NAME.years[0]"."""
    rest = key.removeprefix(f"rotation.{name}").removeprefix(".")
    for number, event in enumerate(rotation.event):
        called = event.id or f"event {number + 1}"
        if rest == called or rest.startswith(f"{called}."):
            tail = rest.removeprefix(called).removeprefix(".")
            return ("rotation", name, "event", number, *([tail] if tail else []))
    return ("rotation", name, *([rest.partition("[")[0]] if rest else []))


def land_use(check: Checker, grid: Grid, found: dict[str, Rotation], history: History) -> LandUse | None:
    """Classes, fields and offsets of the nodes, and how they change, or None and problems."""
    land = check.scenario.land
    names = class_names(check.scenario, history)
    if land.map is not None:
        index = _from_map(check, grid)
    elif land.yearly is not None:  # of which one is there at the start, or it is told
        index = np.where(grid.soil, 0, -1).astype(np.int64)
    elif land.rules:
        index = _from_rules(check, grid, names)
    else:
        index = _from_codes(check, grid, names)
    if index is None:
        return None
    blocks = _blocks(check, grid, ("land", "parcels"), land.parcels)
    if land.parcels is None and grid.codes is not None:
        blocks = np.where(grid.codes > 0, grid.codes, -1)
    if blocks is None:
        return None
    problems = len(check.problems)
    by_year = land_by_year(
        check, grid, names, index, blocks, history, lambda rule: _Limits(grid).fits(rule),
        lambda key, written, codes: _classes_of(check, grid, key, written, codes),
    )  # fmt: skip
    shifts = _shifts(check, grid, found, names, blocks)
    if len(check.problems) > problems or shifts is None:
        return None
    ground = practised = by_year[0][1]
    if check.scenario.practice:
        field = _numbered(None, _pairs(grid, blocks, ground, len(names)))
        practised = apply_practices(check, grid, names, ground, field)
        if len(check.problems) > problems:
            return None
    # a practice stays where it is
    by_year = [(year, np.where(practised != ground, practised, now)) for year, now in by_year]
    start, first = by_year[0]
    pairs = [_pairs(grid, blocks, now, len(names)) for _, now in by_year]
    numbers = np.unique(np.concatenate([of_year[of_year >= 0] for of_year in pairs]))
    changes, now = [], first
    for (year, after), of_year in zip(by_year[1:], pairs[1:], strict=True):
        nodes = np.flatnonzero(after != now)
        own = shifts(nodes, after[nodes], year - start)
        changes.append(Change(year, nodes, after[nodes], _numbered(numbers, of_year[nodes]), own))
        now = after
    everywhere = np.arange(first.size)
    return LandUse(
        names, first, ground, _numbered(numbers, pairs[0]), shifts(everywhere, first, 0), len(land.names), blocks,
        tuple(change for change in changes if change.nodes.size), frozenset(parcel.name for parcel in history.parcels),
    )  # fmt: skip


def _pairs(grid: Grid, blocks: np.ndarray, index: np.ndarray, classes: int) -> np.ndarray:
    """Parcel and class of each node as one number, -1 where there is no field."""
    return np.where(grid.soil & (blocks >= 0), blocks * classes + index, -1)


def _numbered(numbers: np.ndarray | None, pairs: np.ndarray) -> np.ndarray:
    """Place of each pair of parcel and class among all (default: those there are); -1 stays."""
    known = np.unique(pairs[pairs >= 0]) if numbers is None else numbers
    return np.where(pairs >= 0, np.searchsorted(known, np.maximum(pairs, 0)), -1).astype(np.int64)


def _shifts(
    check: Checker, grid: Grid, found: dict[str, Rotation], names: tuple[str, ...], blocks: np.ndarray
) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray] | None:
    """Years the rotations of nodes are shifted that have classes from so many years after the start on.

    A rotation is in the year of its offset when the cell gets it.
    """
    shifts: dict[int, np.ndarray] = {}
    problems = len(check.problems)
    for number, name in enumerate(names):
        rotation = found.get(name)
        if rotation is None:
            continue
        key = ("rotation", name, "offset")
        if rotation.offset == "by_parcel":
            if check.scenario.land.parcels is None and grid.codes is None:
                hint = 'Give [land] parcels = { map = "..." } or { size = "4 ha" }.'
                check.add(key, "by_parcel", "needs parcels.", hint)
            shifts[number] = np.maximum(blocks, 0)
        elif isinstance(rotation.offset, Parcels):
            years = _blocks(check, grid, key, rotation.offset)
            shifts[number] = np.zeros(blocks.size, dtype=np.int64) if years is None else years
        elif isinstance(rotation.offset, int):
            shifts[number] = np.full(1, rotation.offset)
    if len(check.problems) > problems:
        return None

    def shifted(nodes: np.ndarray, index: np.ndarray, since: int) -> np.ndarray:
        offset = np.zeros(nodes.size, dtype=np.int64)
        for number, own in shifts.items():
            here = index == number
            of_nodes = own if own.size == 1 else own[nodes[here]]
            offset[here] = (of_nodes - since) % len(found[names[number]].years)
        return offset

    return shifted


def _from_map(check: Checker, grid: Grid) -> np.ndarray | None:
    written = check.scenario.land.map
    assert written is not None
    raster = check.map(("land", "map"), written, None, grid.dem)
    return None if raster is None else _classes_of(check, grid, ("land", "map"), written, grid.window(raster.values))


def _classes_of(check: Checker, grid: Grid, key: KeyPath, written: str, codes: np.ndarray) -> np.ndarray | None:
    """Index of the classes of a map of their numbers, (n), or None and problems."""
    land = check.scenario.land
    names = class_names(check.scenario)
    inside = codes[grid.soil]
    index = np.full(codes.size, -1, dtype=np.int64)
    gaps = int(np.isnan(inside).sum())
    if gaps:
        share = 100.0 * (1.0 - gaps / inside.size)
        wrong = f"covers {share:.1f} % of the catchment; {gaps:,} cells have no class."
        check.add(key, written, wrong, "Fill the gaps of the map.")
        return None
    known = {int(code): names.index(str(name)) for code, name in land.classes.items()}
    for code in np.unique(inside):
        if int(code) not in known or code != int(code):
            count = int((inside == code).sum())
            check.add(key, written, f"class {code:g} ({count:,} cells) has no entry in land.classes.")
        else:
            index[grid.soil & (codes == code)] = known[int(code)]
    return None if (index[grid.soil] < 0).any() else index


def _from_codes(check: Checker, grid: Grid, names: tuple[str, ...]) -> np.ndarray | None:
    """Classes of the land codes of domain.parcels, by the words of land.classes."""
    key, given = ("land", "classes"), check.scenario.land.classes
    if grid.codes is None:
        check.add(key, "", f"has {next(iter(given))}, which is of domain.parcels: there are none.")
        return None
    index = np.full(grid.codes.size, -1, dtype=np.int64)
    for word, code in zip(LAND_WORDS, (1, ROAD, FOREST, PASTURE, OPEN_WATER, GRASS_STRIP), strict=True):
        here = np.flatnonzero(grid.soil & (grid.codes > 0 if word == "fields" else grid.codes == code))
        if here.size and word not in given:
            expectation = f"has no {word}: {here.size:,} cells of {check.scenario.domain.parcels} are that."
            check.add(key, "", expectation, f'{word} = "a rotation or crop"')
        elif here.size:
            of_word = [given[word]] if isinstance(given[word], str) else given[word]
            numbers = np.array([names.index(name) for name in of_word])
            index[here] = numbers[grid.codes[here] % numbers.size if word == "fields" else np.zeros_like(here)]
    return None if (index[grid.soil] < 0).any() else index


class _Limits:
    """Slope and elevation of the nodes, for the rules that speak of them."""

    def __init__(self, grid: Grid) -> None:
        elevation = grid.terrain.values.ravel()
        east, north = np.zeros(elevation.size), np.zeros(elevation.size)
        active = grid.status != CLOSED
        surface = np.where(active, elevation, 0.0)
        cells = np.flatnonzero(grid.soil).astype(np.int64)
        gradient(cells, surface, active, grid.terrain.shape[1], grid.terrain.dx, grid.terrain.dy, east, north)
        self.elevation, self.slope = elevation, np.hypot(east, north)

    def fits(self, rule: LandRule) -> np.ndarray:
        """(n,) bool, within the limits of the rule."""
        fits = np.ones(self.elevation.size, dtype=bool)
        for values, low, high in (
            (self.slope, rule.min_slope, rule.max_slope),
            (self.elevation, rule.min_elevation, rule.max_elevation),
        ):
            if low is not None:
                fits &= values >= low
            if high is not None:
                fits &= values < high
        return fits


def _from_rules(check: Checker, grid: Grid, names: tuple[str, ...]) -> np.ndarray | None:
    limits = _Limits(grid)
    index = np.full(grid.status.size, -1, dtype=np.int64)
    for rule in check.scenario.land.rules:
        index[grid.soil & (index < 0) & limits.fits(rule)] = names.index(rule.land_class)
    left = int((index[grid.soil] < 0).sum())
    if left:
        hint = "End with a rule without limits."
        check.add(("land", "rules"), "", f"fit all but {left:,} cells of the catchment.", hint)
        return None
    return index


def _blocks(check: Checker, grid: Grid, key: KeyPath, parcels: Parcels | None) -> np.ndarray | None:
    """(n,) int64 number of the parcel, -1 where there is none; 0 everywhere without parcels."""
    n = grid.status.size
    if parcels is None:
        return np.zeros(n, dtype=np.int64)
    if parcels.size is not None:
        side = max(1, round(math.sqrt(parcels.size) / grid.terrain.dx))
        rows, columns = np.divmod(np.arange(n), grid.terrain.shape[1])
        across = -(-grid.terrain.shape[1] // side)
        return np.asarray((rows // side) * across + columns // side, dtype=np.int64)
    assert parcels.map is not None
    raster = check.map((*key, "map"), parcels.map, None, grid.dem)
    if raster is None:
        return None
    values = grid.window(raster.values)
    inside = values[grid.soil & ~np.isnan(values)]
    if (inside != np.round(inside)).any() or (np.abs(inside) > 1e9).any():
        check.add((*key, "map"), parcels.map, "has numbers that are not whole; parcels are numbered.")
        return None
    whole = np.nan_to_num(values, nan=0.0).astype(np.int64)
    return np.where(whole > 0, whole, -1 if key[0] == "land" else 0)
