"""What a simulation is to run: options, and everything read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.kernels.radiocarbon import INERT_AGE
from watershed_c.kernels.topsoil_moisture import OPTIONS, TopsoilMoisture
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.datasets import POOL, TIME, Problems, Space, Variable, near
from watershed_c.pools.forcing import ForcingTables, read_forcing, read_soil
from watershed_c.pools.initial import assumptions
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.pools.points import MODIFIER, keeps_deficit
from watershed_c.pools.starts import StartTables, read_start
from watershed_c.units import UnitError, parse_unit

if TYPE_CHECKING:
    import xarray as xr

#: days of a year
YEAR = 365.25
#: days: a step of fewer is so long in a year of 365.25 days; more are an equal part of the year (a month)
DAYS = 27.0
#: share of the step by which the time coordinate may differ from it
STEP_TOLERANCE = 0.1


@dataclass(frozen=True)
class Options:
    """How to run. ``steps_per_year``: rows of a year; ``dt``: length of a step, yr; ``dims``: of the points, in order;
    ``unit``: of stocks in the result; ``moisture``: a variant of RothC's, None: the official.
    """

    scheme: str
    steps_per_year: int
    dt: float
    every: str
    start: str
    misprint: bool = False
    radiocarbon: bool = False
    dims: tuple[str, ...] = ()
    unit: str = "t ha-1"
    lazy: bool = False
    moisture: TopsoilMoisture | None = None


@dataclass
class Case:
    """Everything read."""

    space: Space
    forcing: ForcingTables
    spin_up: ForcingTables | None
    soil: dict[str, Variable]
    start: StartTables
    lines: list[str] = field(default_factory=list)


def steps_of_a_year(forcing: xr.Dataset, asked: float, linear: bool, problems: Problems) -> float:
    """Steps of a year, a whole number for linear models."""
    kinds = int | np.integer if linear else int | float | np.integer | np.floating
    if isinstance(asked, bool) or not isinstance(asked, kinds) or not (asked == 0 or 1 <= asked <= 366):
        number = "a whole number" if linear else "a number"
        problems.add("steps_per_year", f"must be {number} from 1 to 366.", str(asked))
        return 12
    times = forcing[TIME].values if TIME in forcing.coords else np.zeros(0)
    if times.dtype.kind != "M" or times.size < 2:
        return float(asked) or 12.0
    days = float((times[-1] - times[0]) / np.timedelta64(1, "s")) / 86_400.0 / (times.size - 1)
    found = YEAR / days if days > 0.0 else 0.0
    if not found:
        problems.add("forcing.time", "must increase.")
    elif asked and abs(found / asked - 1.0) > STEP_TOLERANCE:
        problems.add("steps_per_year", f"does not fit the time coordinate: a step is {days:.4g} days.", asked)
    if asked:
        return float(asked)
    return found if found and days < DAYS and not linear else max(1.0, round(found))


def moisture_of(model: PoolModel, forcing: xr.Dataset, given: Any, problems: Problems) -> TopsoilMoisture | None:
    """The variant of RothC's moisture that is asked for: options by name, or ready-made; None: the official."""
    if given is None:
        return None
    if not isinstance(model, CompiledPoolModel) or model.law("moisture") != "rothc":
        problems.add("moisture", f"has variants of RothC's moisture law; {model.name} has a law of its own.")
        return None
    if MODIFIER in forcing:
        problems.add("moisture", "has no effect: the forcing gives the modifier.")
    if isinstance(given, TopsoilMoisture):
        return given
    unknown = [name for name in given if name not in OPTIONS] if isinstance(given, Mapping) else ["it"]
    for name in unknown:
        problems.add(f"moisture.{name}", "is not known.", suggestion=near(str(name), OPTIONS))
    if unknown:
        return None
    try:
        return TopsoilMoisture(**{OPTIONS[name]: value for name, value in given.items()})
    except ValueError as error:
        problems.add("moisture", f"{error}.")
        return None


def dims_of_points(parts: Mapping[str, xr.Dataset], problems: Problems) -> tuple[str, ...]:
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


def unit_of(model: PoolModel, parts: Mapping[str, xr.Dataset]) -> str:
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


def read_case(model: PoolModel, parts: Mapping[str, xr.Dataset], options: Options, problems: Problems) -> Case:
    given, ground = parts["forcing"], parts["soil"]
    sizes = {str(dim): size for part in parts.values() for dim, size in part.sizes.items()}
    space = Space(options.dims, tuple(sizes[dim] for dim in options.dims))
    chosen = tuple(str(name) for name in ground.data_vars if name in given.dims)
    space.chosen = {dim: _places(given, ground[dim], dim, space, problems) for dim in chosen}
    forcing = read_forcing(model, given, "forcing", problems)
    spin_up = read_forcing(model, parts["spin_up"], "spin_up", problems) if "spin_up" in parts else None
    soil = read_soil(model, ground, chosen, problems, options.moisture)
    cycle = forcing if spin_up is None else spin_up
    needs_cycle = options.start in ("equilibrium", "plant_input", "fractions")
    if needs_cycle and spin_up is None and forcing.steps < options.steps_per_year:
        problems.add("forcing.time", f"must have a year ({options.steps_per_year} steps) for the equilibrium; "
                     "or give spin_up.", forcing.steps)  # fmt: skip
    if options.radiocarbon and needs_cycle and cycle.modern is None:
        problems.add("spin_up", "must have the radiocarbon of the input too (percent_modern or fraction_modern).")
    start = read_start(model, parts.get("initial"), soil, options.start, options.radiocarbon, problems)
    what = "the spin-up table repeated" if spin_up else f"the first {options.steps_per_year} steps repeated"
    if isinstance(model, NonlinearPoolModel):
        lines = assumptions(options.start, "", what, False, "by Newton's method")
        return Case(space, forcing, spin_up, soil, start, lines + _of_nonlinear(model, soil))
    lines = assumptions(options.start, start.falloon, what, options.misprint)
    assert isinstance(model, CompiledPoolModel)
    bucket = keeps_deficit(model) and MODIFIER not in forcing.weather
    if bucket and "depth" not in soil:
        lines.append(f"depth of the soil: {100.0 * model.calibration_depth:g} cm, that of the model's calibration")
    if options.moisture is not None:
        lines.append(f"topsoil moisture: {options.moisture}")
    if bucket and not needs_cycle and start.deficit is None:
        lines.append("soil moisture at the start: field capacity")
    if options.radiocarbon and model.inert.any():
        lines.append(f"inert carbon is {INERT_AGE:,.0f} radiocarbon years old and grows no older")
    return Case(space, forcing, spin_up, soil, start, lines)


def _of_nonlinear(model: NonlinearPoolModel, soil: Mapping[str, Variable]) -> list[str]:
    """What is assumed where the soil does not say it."""
    lines = [
        f"{name}: {'amount of a year' if entered == 'amount' else 'share'} of the plant input, mean of all its steps"
        for name, entered in model.of_plant_input.items()
        if name not in soil
    ]
    if not {"depth", "layer_bottom"} & set(soil):
        lines.append(f"thickness of the soil: {100.0 * model.calibration_depth:g} cm, that of the model's calibration")
    return [*lines, "rates do not fall with depth"]


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
