"""A pool model on Datasets: any dimensions in, pools, CO2 and radiocarbon out; lazily where the input is lazy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.kernels.rothc_point import INERT_AGE, RADIOCARBON_DECAY, activity_at_age, delta_14c, radiocarbon_age
from watershed_c.pools.compiled import SCHEMES, CompiledPoolModel
from watershed_c.pools.datasets import POOL, TIME, Problems, Space, Variable, as_dataset, distinct, near
from watershed_c.pools.forcing import ForcingTables, read_forcing, read_soil, soil_of, tables_of
from watershed_c.pools.initial import METHODS, Cycle, Measured, Start, assumptions
from watershed_c.pools.points import MODIFIER, Drivers, Soil, keeps_deficit, run_points
from watershed_c.pools.results import attributes, coordinates, dims_of, title
from watershed_c.pools.starts import StartTables, find_start, inert_of, pools_given, read_start
from watershed_c.units import KG_M2_PER_T_HA, UnitError, parse_unit

if TYPE_CHECKING:
    import xarray as xr

EVERY = ("step", "month", "year", "end")
#: bytes of tables made at a time: what drives a block of points
TABLE_BYTES = 64_000_000
#: points taken together, at least and at most
FEWEST, MOST = 256, 65_536
#: days of a year
YEAR = 365.25
#: share of the step by which the time coordinate may differ from it
STEP_TOLERANCE = 0.1


@dataclass(frozen=True)
class Options:
    """How to run. ``dims``: of the points, in order; ``unit``: of stocks in the result."""

    scheme: str
    steps_per_year: int
    every: str
    start: str
    misprint: bool = False
    radiocarbon: bool = False
    dims: tuple[str, ...] = ()
    unit: str = "t ha-1"
    lazy: bool = False


def simulate(
    model: CompiledPoolModel,
    forcing: Any,
    soil: Any,
    initial: Any = "equilibrium",
    *,
    spin_up: Any = None,
    scheme: str = "",
    steps_per_year: int = 0,
    every: str = "step",
) -> xr.Dataset:
    """Run a pool model at every combination of the dimensions of its input; see docs/site.md for the variables.

    Parameters
    ----------
    forcing : Dataset, or mapping of arrays (M) or (M, n)
        With the dimension ``time``: weather, ``plant_cover``, input by kind. Variables keep their dimensions: what
        lacks one is shared along it, and never repeated.
    soil : Dataset, or mapping of numbers or arrays (n)
        Properties, ``depth``, inert pools. A variable with the name of a dimension of the forcing says which place
        in that dimension drives a point.
    initial : "equilibrium", pools (Dataset, mapping or array with dimension pool), or Measured
    spin_up : as ``forcing``
        What repeats before the start; default its first year.
    scheme : one of SCHEMES; default the model's
    steps_per_year : default from the time coordinate, 12 where it has no dates
    every : "step", "month", "year" or "end"
        What is recorded.

    Returns
    -------
    Dataset
        ``soil_carbon`` (time, pool, ...), ``cSoil`` and ``respired`` (time, ...), ``initial_soil_carbon`` (pool, ...),
        where there is one ``deficit`` (...) at the end; with radiocarbon ``Delta14C`` (time, ...) and
        ``modern_carbon`` (pool, ...) at the end; with sought input ``input_scale`` (...). Stocks in t ha-1, or in
        kg m-2 where an input says so. Attribute ``assumptions``.

    Raises
    ------
    InputError
        A ValueError with everything that is wrong.
    """
    problems = Problems()
    parts = {
        "forcing": as_dataset(forcing, "forcing", problems, timed=True),
        "soil": as_dataset(soil, "soil", problems),
    }
    if spin_up is not None:
        parts["spin_up"] = as_dataset(spin_up, "spin_up", problems, timed=True)
    method, misprint = "equilibrium", False
    if isinstance(initial, Measured):
        method, misprint = initial.method, initial.misprint
        shares = {f"fraction.{name}": value for name, value in initial.fractions.items()}
        parts["initial"] = as_dataset({"soc": initial.soc, **shares}, "initial", problems)
        if method not in METHODS:
            problems.add("initial.method", f"must be one of {', '.join(METHODS)}.", str(method), near(method, METHODS))
    elif not isinstance(initial, str):
        method = "pools"
        parts["initial"] = pools_given(model, initial, problems)
    elif initial != "equilibrium":
        problems.add("initial", 'must be "equilibrium", pools, or Measured(...).', initial)
    if scheme and scheme not in SCHEMES:
        problems.add("scheme", f"must be one of {', '.join(SCHEMES)}.", scheme, near(scheme, SCHEMES))
    steps_per_year = _steps_per_year(parts["forcing"], steps_per_year, problems)
    if every not in EVERY:
        problems.add("every", f"must be one of {', '.join(EVERY)}.", str(every))
    elif every == "month" and steps_per_year % 12:
        problems.add("every", f"cannot be month: a year has {steps_per_year} steps.", every)
    radiocarbon = any(name in parts["forcing"] for name in ("percent_modern", "fraction_modern"))
    options = Options(scheme, steps_per_year, every, method, misprint, radiocarbon, _dims(parts, problems))
    problems.done()
    options = replace(options, unit=_unit(model, parts))
    if any(variable.chunks for part in parts.values() for variable in part.variables.values()):
        from watershed_c.pools.lazily import simulate_lazily

        result = simulate_lazily(model, parts, options)
    else:
        result = run_parts(model, parts, options)
    return result.assign_coords(_other_coordinates(parts, result))


def run_parts(model: CompiledPoolModel, parts: Mapping[str, xr.Dataset], options: Options) -> xr.Dataset:
    """Read, run and return what was given; all of it in memory."""
    problems = Problems()
    case = _read(model, parts, options, problems)
    problems.done()
    return _Results(model, parts, case, options).run()


@dataclass
class Case:
    """Everything read."""

    space: Space
    forcing: ForcingTables
    spin_up: ForcingTables | None
    soil: dict[str, Variable]
    start: StartTables
    lines: list[str] = field(default_factory=list)


# -- reading ------------------------------------------------------------------------------------------------------
def _steps_per_year(forcing: xr.Dataset, asked: int, problems: Problems) -> int:
    if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or not 0 <= asked <= 366:
        problems.add("steps_per_year", "must be a whole number from 1 to 366.", str(asked))
        return 12
    times = forcing[TIME].values if TIME in forcing.coords else np.zeros(0)
    if times.dtype.kind != "M" or times.size < 2:
        return int(asked) or 12
    days = float((times[-1] - times[0]) / np.timedelta64(1, "s")) / 86_400.0 / (times.size - 1)
    found = YEAR / days if days > 0.0 else 0.0
    if not found:
        problems.add("forcing.time", "must increase.")
    elif asked and abs(found / asked - 1.0) > STEP_TOLERANCE:
        problems.add("steps_per_year", f"does not fit the time coordinate: a step is {days:.4g} days.", asked)
    return int(asked) or max(1, round(found))


def _dims(parts: Mapping[str, xr.Dataset], problems: Problems) -> tuple[str, ...]:
    """Dimensions of the points in order of appearance; lengths and labels must agree."""
    chosen = {str(name) for name in parts["soil"].data_vars if name in parts["forcing"].dims}
    found: list[str] = []
    for what, part in parts.items():
        for variable in part.data_vars.values():
            for dim in map(str, variable.dims):
                if dim in (TIME, POOL) or dim in chosen:
                    continue
                if dim not in found:
                    found.append(dim)
        for other, before in parts.items():
            if other == what:
                break
            for dim in set(map(str, part.dims)) & set(map(str, before.dims)) - {TIME, POOL}:
                if part.sizes[dim] != before.sizes[dim]:
                    problems.add(f"{what}.{dim}", f"has length {part.sizes[dim]}, in {other} {before.sizes[dim]}.")
                elif (
                    dim in part.indexes and dim in before.indexes and not part.indexes[dim].equals(before.indexes[dim])
                ):
                    problems.add(f"{what}.{dim}", f"has other labels than in {other}.")
    return tuple(found)


def _unit(model: CompiledPoolModel, parts: Mapping[str, xr.Dataset]) -> str:
    """kg m-2 where the input of carbon says so; where there is none, the pools at the start."""
    inputs = {*model.inputs, *(f"input.{pool}" for pool in model.pools)}
    fed = [parts["forcing"][name] for name in parts["forcing"].data_vars if name in inputs]
    start = [part[name] for what, part in parts.items() if what == "initial" for name in part if name in model.pools]
    for variable in fed or start:
        try:
            if parse_unit(str(variable.attrs.get("units", "t ha-1"))) == parse_unit("kg m-2"):
                return "kg m-2"
        except UnitError:  # told when the variable is read
            continue
    return "t ha-1"


def _read(model: CompiledPoolModel, parts: Mapping[str, xr.Dataset], options: Options, problems: Problems) -> Case:
    given, ground = parts["forcing"], parts["soil"]
    sizes = {str(dim): size for part in parts.values() for dim, size in part.sizes.items()}
    space = Space(options.dims, tuple(sizes[dim] for dim in options.dims))
    chosen = tuple(str(name) for name in ground.data_vars if name in given.dims)
    space.chosen = {dim: _places(given, ground[dim], dim, space, problems) for dim in chosen}
    forcing = read_forcing(model, given, "forcing", problems)
    spin_up = read_forcing(model, parts["spin_up"], "spin_up", problems) if "spin_up" in parts else None
    soil = read_soil(model, ground, chosen, problems)
    cycle = forcing if spin_up is None else spin_up
    needs_cycle = options.start in ("equilibrium", "plant_input", "fractions")
    if needs_cycle and spin_up is None and forcing.steps < options.steps_per_year:
        problems.add("forcing.time", f"must have a year ({options.steps_per_year} steps) for the equilibrium; "
                     "or give spin_up.", forcing.steps)  # fmt: skip
    if options.radiocarbon and needs_cycle and cycle.modern is None:
        problems.add("spin_up", "must have the radiocarbon of the input too (percent_modern or fraction_modern).")
    start = read_start(model, parts.get("initial"), soil, options.start, options.radiocarbon, problems)
    what = "the spin-up table repeated" if spin_up else f"the first {options.steps_per_year} steps repeated"
    lines = assumptions(options.start, start.falloon, what, options.misprint)
    bucket = keeps_deficit(model) and MODIFIER not in forcing.weather
    if bucket and "depth" not in soil:
        lines.append(f"depth of the soil: {100.0 * model.calibration_depth:g} cm, that of the model's calibration")
    if bucket and not needs_cycle and start.deficit is None:
        lines.append("soil moisture at the start: field capacity")
    if options.radiocarbon and model.inert.any():
        lines.append(f"inert carbon is {INERT_AGE:,.0f} radiocarbon years old and grows no older")
    return Case(space, forcing, spin_up, soil, start, lines)


def _places(given: xr.Dataset, labels: xr.DataArray, dim: str, space: Space, problems: Problems) -> np.ndarray:
    """Place (n) of every point in a dimension of the forcing, by label where it has labels."""
    values = labels.values
    if dim in given.indexes:
        places = given.indexes[dim].get_indexer(values.ravel()).reshape(values.shape)
    else:
        places = np.where((values >= 0) & (values < given.sizes[dim]), values, -1).astype(np.int64)
    if (places < 0).any():
        missing = values[places < 0].flat[0]
        problems.add(f"soil.{dim}", f"must be a place in the dimension {dim} of the forcing.", str(missing))
    variable = Variable(dim, places, tuple(map(str, labels.dims)), False, lambda value: value)
    return variable.at(space, np.arange(space.points)).astype(np.int64)


def _other_coordinates(parts: Mapping[str, xr.Dataset], result: xr.Dataset) -> dict[Any, Any]:
    """Coordinates of the input that lie along dimensions of the points."""
    return {
        name: coordinate
        for part in parts.values()
        for name, coordinate in part.coords.items()
        if name not in result.coords and coordinate.dims and set(coordinate.dims) <= set(result.dims) - {TIME, POOL}
    }


# -- running ------------------------------------------------------------------------------------------------------
def recorded_steps(steps: int, options: Options) -> np.ndarray:
    """Steps (0 the first) that are recorded; the last one always."""
    length = {"step": 1, "month": max(options.steps_per_year // 12, 1), "year": options.steps_per_year}
    ends = np.arange(length.get(options.every, steps), steps + 1, length.get(options.every, steps)) - 1
    return ends if ends.size and ends[-1] == steps - 1 else np.append(ends, steps - 1)


class _Results:
    """The run, block by block, into arrays over all points."""

    def __init__(self, model: CompiledPoolModel, parts: Mapping[str, xr.Dataset], case: Case, options: Options) -> None:
        self.model, self.parts, self.case, self.options = model, parts, case, options
        self.record = recorded_steps(case.forcing.steps, options)
        self.bucket = keeps_deficit(model) and MODIFIER not in case.forcing.weather
        self.decay = (RADIOCARBON_DECAY,) if options.radiocarbon else ()
        points, pools, times = case.space.points, len(model.pools), self.record.size
        shapes: dict[str, tuple[int, ...]] = {
            "soil_carbon": (times, pools), "cSoil": (times,), "respired": (times,), "initial_soil_carbon": (pools,)
        }  # fmt: skip
        if self.bucket:
            shapes["deficit"] = ()
        if options.radiocarbon:
            shapes.update({"Delta14C": (times,), "modern_carbon": (pools,)})
        if options.start == "plant_input":
            shapes["input_scale"] = ()
        self.arrays = {name: np.full((*shape, points), np.nan) for name, shape in shapes.items()}

    def run(self) -> xr.Dataset:
        """Every block, then the Dataset."""
        space, forcing = self.case.space, self.case.forcing
        known = np.ones(space.points, dtype=bool)
        everything = np.arange(space.points)
        variables = [*forcing.variables(), *self.case.soil.values(), *self.case.start.variables()]
        variables += self.case.spin_up.variables() if self.case.spin_up else []
        for variable in variables:
            missing = variable.missing()
            if missing is not None:
                known &= ~Variable("", missing, variable.dims, False, lambda v: v).at(space, everything).astype(bool)
        if not known.any() and not self.options.lazy:
            problems = Problems()
            problems.add(", ".join(v.name for v in variables if v.missing() is not None), "is missing everywhere.")
            problems.done()
        inert = inert_of(self.model, self.case.soil, self.case.start, space)
        some = np.flatnonzero(known)
        rows = 8 * (sum(len(k.fractions) for k in self.model.inputs.values()) + 2 * self.model.members.shape[1] + 4)
        width = int(np.clip(TABLE_BYTES // (rows * max(forcing.steps, 1)), FEWEST, MOST))
        for begin in range(0, some.size, width):
            block = some[begin : begin + width]
            for modern in self._by_radiocarbon(block):
                self._block(modern, inert)
        import xarray as xr

        dims, shape, unit = self.options.dims, space.shape, self.options.unit
        return xr.Dataset(
            {
                name: (dims_of(name, dims), values.reshape((*values.shape[:-1], *shape)), attributes(name, unit))
                for name, values in self.arrays.items()
            },
            coordinates(self.model, self.parts, self.record, dims),
            title(self.model, self.case.lines, self.options.scheme),
        )

    def _by_radiocarbon(self, points: np.ndarray) -> list[np.ndarray]:
        """Points with the same radiocarbon of the input, together."""
        tables = [t for t in (self.case.forcing, self.case.spin_up) if t is not None]
        variables = [table.modern[0] for table in tables if table.modern is not None]
        stand, index = distinct(self.case.space, variables, points)
        return [points[index == number] for number in range(stand.size)]

    def _tables(self, forcing: ForcingTables, points: np.ndarray) -> tuple[Drivers, np.ndarray, Soil]:
        drivers, plant, index = tables_of(self.model, forcing, self.case.space, points)
        if forcing.modern is not None and self.options.radiocarbon:
            variable, scale = forcing.modern
            activity = np.broadcast_to(variable.at(self.case.space, points[:1]), (forcing.steps, 1)) * scale
            drivers = replace(drivers, activity=activity)
        return drivers, plant, soil_of(self.model, self.case.soil, self.case.space, points, index)

    def _block(self, points: np.ndarray, inert: np.ndarray) -> None:
        model, options, space = self.model, self.options, self.case.space
        drivers, plant, soil = self._tables(self.case.forcing, points)
        if self.case.spin_up is not None:
            year, plant, year_soil = self._tables(self.case.spin_up, points)
        else:
            year, year_soil = drivers.rows(0, options.steps_per_year), soil
        cycle = Cycle(model, year, year_soil, plant, options.scheme, options.steps_per_year, self.decay)
        start: Start = find_start(cycle, options.start, self.case.start, space, points, inert, options.misprint)
        stocks = start.stocks
        if self.decay:  # the radiocarbon of inert carbon stays what it is
            stocks[1, model.inert] = 0.0
        course = run_points(
            model, drivers, soil, stocks, record=self.record, scheme=options.scheme,
            steps_per_year=options.steps_per_year, decay=self.decay,
            deficit=start.deficit if start.deficit.size else 0.0,
        )  # fmt: skip
        size = KG_M2_PER_T_HA if options.unit == "t ha-1" else 1.0
        to, total = self.arrays, course.pools[:, 0].sum(axis=1)
        to["initial_soil_carbon"][:, points] = stocks[0] / size
        to["soil_carbon"][:, :, points] = course.pools[:, 0] / size
        to["cSoil"][:, points] = total / size
        to["respired"][:, points] = course.respired[:, 0] / size
        if self.bucket:
            to["deficit"][points] = course.deficit
        if start.scale is not None:
            to["input_scale"][points] = start.scale
        if self.decay:
            old = course.pools[-1, 0, model.inert] * activity_at_age(INERT_AGE)
            twins = course.pools[:, 1].sum(axis=1) + old.sum(axis=0)
            to["Delta14C"][:, points] = delta_14c(radiocarbon_age(total, twins))
            last = course.pools[-1, 1].copy()
            last[model.inert] = old
            to["modern_carbon"][:, points] = last / size
