"""A pool model on Datasets: any dimensions in, pools, CO2 and radiocarbon out; lazily where the input is lazy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.errors import Problem
from watershed_c.kernels.radiocarbon import INERT_AGE, RADIOCARBON_DECAY, activity_at_age, delta_14c, radiocarbon_age
from watershed_c.pools.base import PoolModel
from watershed_c.pools.cases import Case, Options, dims_of_points, moisture_of, read_case, steps_of_a_year, unit_of
from watershed_c.pools.compiled import SCHEMES, CompiledPoolModel
from watershed_c.pools.datasets import POOL, TIME, InputError, Problems, Variable, as_dataset, distinct, near
from watershed_c.pools.forcing import MODERN, ForcingTables, nonlinear_points_of, soil_of, tables_of
from watershed_c.pools.initial import METHODS, Cycle, Measured, Start
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.pools.nonlinear_points import INTERPOLATED, NonlinearPoints
from watershed_c.pools.nonlinear_points import SCHEMES as NONLINEAR_SCHEMES
from watershed_c.pools.points import MODIFIER, Drivers, Soil, keeps_deficit, run_points
from watershed_c.pools.results import attributes, coordinates, dims_of, title
from watershed_c.pools.starts import find_start, inert_of, pools_given
from watershed_c.units import KG_M2_PER_T_HA

if TYPE_CHECKING:
    import xarray as xr

EVERY = ("step", "month", "year", "end")
#: bytes of tables made at a time: what drives a block of points
TABLE_BYTES = 64_000_000
#: points taken together, at least and at most
FEWEST, MOST = 256, 65_536


def simulate(
    model: PoolModel,
    forcing: Any,
    soil: Any,
    initial: Any = "equilibrium",
    *,
    spin_up: Any = None,
    scheme: str = "",
    steps_per_year: float = 0,
    every: str = "step",
    moisture: Any = None,
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
    scheme : one of SCHEMES; of models that are not linear "rk4" or "rk4_interpolated"; default the model's
    steps_per_year : default from the time coordinate, 12 where it has no dates; whole for linear models
    every : "step", "month", "year" or "end"
        What is recorded.
    moisture : mapping of options, or TopsoilMoisture; RothC only
        ``variant``, ``opt_rmmoist``, ``opt_smdbare``, ``minrm_moist``, as a scenario has them; default the official.

    Returns
    -------
    Dataset
        ``soil_carbon`` (time, pool, ...), ``cSoil`` and ``respired`` (time, ...), ``initial_soil_carbon`` (pool, ...),
        where there is one ``leached`` (time, ...) and ``deficit`` (...) at the end; with radiocarbon
        ``Delta14C`` (time, ...) and ``modern_carbon`` (pool, ...) at the end; with sought input
        ``input_scale`` (...). Stocks in t ha-1, or in kg m-2 where an input says so. Attribute ``assumptions``.

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
    schemes = SCHEMES if isinstance(model, CompiledPoolModel) else NONLINEAR_SCHEMES
    if scheme and scheme not in schemes:
        problems.add("scheme", f"must be one of {', '.join(schemes)}.", scheme, near(scheme, schemes))
    elif scheme == INTERPOLATED and parts["forcing"].sizes.get(TIME, 0) < 2:
        problems.add("forcing.time", f"must have 2 rows: {scheme} runs from row to row.")
    per_year = steps_of_a_year(parts["forcing"], steps_per_year, isinstance(model, CompiledPoolModel), problems)
    rows = max(1, round(per_year))
    if every not in EVERY:
        problems.add("every", f"must be one of {', '.join(EVERY)}.", str(every))
    elif every == "month" and rows % 12:
        problems.add("every", f"cannot be month: a year has {rows} steps.", every)
    radiocarbon = any(name in parts["forcing"] for name in MODERN)
    options = Options(
        scheme, rows, 1.0 / per_year, every, method, misprint, radiocarbon, dims_of_points(parts, problems)
    )
    options = replace(options, moisture=moisture_of(model, parts["forcing"], moisture, problems))
    problems.done()
    options = replace(options, unit=unit_of(model, parts))
    if any(variable.chunks for part in parts.values() for variable in part.variables.values()):
        from watershed_c.pools.lazily import simulate_lazily

        result = simulate_lazily(model, parts, options)
    else:
        result = run_parts(model, parts, options)
    return result.assign_coords(_other_coordinates(parts, result))


def run_parts(model: PoolModel, parts: Mapping[str, xr.Dataset], options: Options) -> xr.Dataset:
    """Read, run and return what was given; all of it in memory."""
    problems = Problems()
    case = read_case(model, parts, options, problems)
    problems.done()
    return _Results(model, parts, case, options).run()


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

    def __init__(self, model: PoolModel, parts: Mapping[str, xr.Dataset], case: Case, options: Options) -> None:
        self.model, self.parts, self.case, self.options = model, parts, case, options
        self.later = int(options.scheme == INTERPOLATED)  # the first row is the start, and no step ends with it
        self.record = recorded_steps(case.forcing.steps - self.later, options)
        linear = isinstance(model, CompiledPoolModel)
        self.bucket = linear and keeps_deficit(model) and MODIFIER not in case.forcing.weather
        self.size = KG_M2_PER_T_HA if options.unit == "t ha-1" else 1.0
        self.decay = (RADIOCARBON_DECAY,) if options.radiocarbon else ()
        points, pools, times = case.space.points, len(model.pools), self.record.size
        shapes: dict[str, tuple[int, ...]] = {
            "soil_carbon": (times, pools), "cSoil": (times,), "respired": (times,), "initial_soil_carbon": (pools,)
        }  # fmt: skip
        if isinstance(model, NonlinearPoolModel) and model.leaches:
            shapes["leached"] = (times,)
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
        rows = 8 * (sum(len(k.fractions) for k in self.model.inputs.values()) + 2 * self._groups() + 4)
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
            coordinates(self.model, self.parts, self.record, dims, self.later),
            title(self.model, self.case.lines, self.options.scheme),
        )

    def _groups(self) -> int:
        """Tables of factors that the weather makes."""
        return self.model.members.shape[1] if isinstance(self.model, CompiledPoolModel) else 1

    def _by_radiocarbon(self, points: np.ndarray) -> list[np.ndarray]:
        """Points with the same radiocarbon of the input, together."""
        tables = [t for t in (self.case.forcing, self.case.spin_up) if t is not None]
        variables = [table.modern[0] for table in tables if table.modern is not None]
        stand, index = distinct(self.case.space, variables, points)
        return [points[index == number] for number in range(stand.size)]

    def _tables(
        self, model: CompiledPoolModel, forcing: ForcingTables, points: np.ndarray
    ) -> tuple[Drivers, np.ndarray, Soil]:
        drivers, plant, index = tables_of(model, forcing, self.case.space, points)
        drivers = self._with_activity(drivers, forcing, points)
        return drivers, plant, soil_of(model, self.case.soil, self.case.space, points, index, self.options.moisture)

    def _with_activity(self, drivers: Drivers, forcing: ForcingTables, points: np.ndarray) -> Drivers:
        """The drivers with the radiocarbon of the input, which is the same for these points."""
        if forcing.modern is None or not self.options.radiocarbon:
            return drivers
        variable, scale = forcing.modern
        activity = np.broadcast_to(variable.at(self.case.space, points[:1]), (forcing.steps, 1)) * scale
        return replace(drivers, activity=activity)

    def _block(self, points: np.ndarray, inert: np.ndarray) -> None:
        if isinstance(self.model, NonlinearPoolModel):
            self._nonlinear(self.model, points, inert)
        else:
            assert isinstance(self.model, CompiledPoolModel)
            self._linear(self.model, points, inert)

    def _nonlinear(self, model: NonlinearPoolModel, points: np.ndarray, inert: np.ndarray) -> None:
        options, case = self.options, self.case

        def points_of(forcing: ForcingTables) -> NonlinearPoints:
            made = nonlinear_points_of(model, forcing, case.soil, case.space, points, options.dt)
            return replace(made, drivers=self._with_activity(made.drivers, forcing, points), decay=self.decay)

        try:
            run = points_of(case.forcing)
            cycle = run.rows(options.steps_per_year) if case.spin_up is None else points_of(case.spin_up)
            start = find_start(cycle, options.start, case.start, case.space, points, inert, options.misprint)
            course = run.course(start.stocks, self.record, options.scheme)
        except InputError:
            raise
        except ValueError as error:  # a property made of the plant input
            raise InputError([Problem(key="forcing", expectation=f"{error}.")]) from None
        self._keep(points, start, course.pools, course.respired)
        if model.leaches:
            self.arrays["leached"][:, points] = course.leached[:, 0] / self.size

    def _linear(self, model: CompiledPoolModel, points: np.ndarray, inert: np.ndarray) -> None:
        options, space = self.options, self.case.space
        drivers, plant, soil = self._tables(model, self.case.forcing, points)
        if self.case.spin_up is not None:
            year, plant, year_soil = self._tables(model, self.case.spin_up, points)
        else:
            year, year_soil = drivers.rows(0, options.steps_per_year), soil
        cycle = Cycle(model, year, year_soil, plant, options.scheme, options.steps_per_year, self.decay)
        start = find_start(cycle, options.start, self.case.start, space, points, inert, options.misprint)
        stocks = start.stocks
        if self.decay:  # the radiocarbon of inert carbon stays what it is
            stocks[1, model.inert] = 0.0
        course = run_points(
            model, drivers, soil, stocks, record=self.record, scheme=options.scheme,
            steps_per_year=options.steps_per_year, decay=self.decay,
            deficit=start.deficit if start.deficit.size else 0.0,
        )  # fmt: skip
        self._keep(points, start, course.pools, course.respired)
        if self.bucket:
            self.arrays["deficit"][points] = course.deficit

    def _keep(self, points: np.ndarray, start: Start, states: np.ndarray, released: np.ndarray) -> None:
        """What every model has: pools (R, S, P, n), respired (R, S, n)."""
        to, pools, respired = self.arrays, states[:, 0], released[:, 0]
        to["initial_soil_carbon"][:, points] = start.stocks[0] / self.size
        to["soil_carbon"][:, :, points] = pools / self.size
        to["cSoil"][:, points] = pools.sum(axis=1) / self.size
        to["respired"][:, points] = respired / self.size
        if start.scale is not None:
            to["input_scale"][points] = start.scale
        if self.decay:
            inert = self.model.inert
            old = pools[-1, inert] * activity_at_age(INERT_AGE)
            twins = states[:, 1].sum(axis=1) + old.sum(axis=0)
            to["Delta14C"][:, points] = delta_14c(radiocarbon_age(pools.sum(axis=1), twins))
            last = states[-1, 1].copy()
            last[inert] = old
            to["modern_carbon"][:, points] = last / self.size
