"""Forcing and soil of many points as Datasets say them, turned into the engine's tables and indices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.errors import Problem
from watershed_c.kernels.laws import DRIVERS
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel, Quantity
from watershed_c.pools.datasets import (
    LAYER,
    TIME,
    InputError,
    Problems,
    Role,
    Space,
    Variable,
    distinct,
    near,
    read_variable,
)
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.pools.nonlinear_points import MOISTURE, NonlinearPoints, weather_of
from watershed_c.pools.points import MODIFIER, Drivers, Soil, keeps_deficit, needed_drivers
from watershed_c.pools.site import PAN_FACTOR

if TYPE_CHECKING:
    import xarray as xr

#: what is beyond is a mistake of unit or column, not a climate or a field
WEATHER = {
    "temperature": Role("degC", -90.0, 70.0, "temperature"),
    "rain": Role("mm", 0.0, 20_000.0, "water"),
    "pet": Role("mm", -100.0, 20_000.0, "water"),
    "pan_evaporation": Role("mm", -100.0, 20_000.0, "water"),
    MODIFIER: Role("-", 0.0, 1000.0),
}
COVER = Role("-", choice=(0.0, 1.0))
AMOUNT = Role("t ha-1", 0.0, 1000.0, "areal mass")
STOCK = Role("t ha-1", 0.0, 10_000.0, "areal mass", timed=False)
DEPTH = Role("cm", 0.1, 1000.0, "length", timed=False)
LAYER_EDGE = Role("cm", 0.0, 1000.0, "length", timed=False)
#: activity of the input: as share of modern carbon
MODERN = {"percent_modern": (Role("%", 0.0, 1000.0), 0.01), "fraction_modern": (Role("1", 0.0, 10.0), 1.0)}
#: manure is what it is: all other kinds are plant input
NO_PLANT = ("manure",)
#: what variants of RothC's moisture want to know of the topsoil
TOPSOIL = {
    "silt": Role("%", 0.0, 100.0, timed=False),
    "bulk_density": Role("g cm-3", 0.1, 2.65, timed=False),
    "organic_carbon": Role("%", 0.0, 60.0, timed=False),
}
#: yearly amounts that the engine makes from those of the step
YEARLY = {"rain_per_year": "rain"}


@dataclass
class ForcingTables:
    """Variables of a forcing, by what they do."""

    steps: int
    weather: dict[str, Variable] = field(default_factory=dict)
    cover: Variable | None = None
    amounts: dict[str, Variable] = field(default_factory=dict)
    parameters: dict[tuple[str, str], Variable] = field(default_factory=dict)
    pool_factor: dict[str, Variable] = field(default_factory=dict)
    modern: tuple[Variable, float] | None = None

    def variables(self) -> list[Variable]:
        """All of them."""
        single = [v for v in (self.cover, self.modern and self.modern[0]) if v is not None]
        tables: tuple[dict[Any, Variable], ...] = (self.weather, self.amounts, self.parameters, self.pool_factor)
        return [*single, *(variable for table in tables for variable in table.values())]


def wanted_weather(model: PoolModel, given: Any) -> list[str]:
    """Names of the weather to read: pan evaporation stands for pet, rain for that of the year."""
    if isinstance(model, NonlinearPoolModel):
        needed: Iterable[str] = weather_of(model, given)
    elif MODIFIER in given:
        return [MODIFIER]
    else:
        assert isinstance(model, CompiledPoolModel)
        needed = needed_drivers(model)
    names = [YEARLY.get(name, name) if name not in given else name for name in needed]
    return [
        "pan_evaporation" if name == "pet" and "pet" not in given and "pan_evaporation" in given else name
        for name in names
    ]


def read_forcing(model: PoolModel, given: xr.Dataset, what: str, problems: Problems) -> ForcingTables:
    """Read and check a forcing; see :func:`watershed_c.pools.simulate.simulate` for the names."""
    steps = int(given.sizes.get(TIME, 0))
    tables = ForcingTables(steps)
    if not steps:
        problems.add(what, "must have the dimension time.")
    linear = isinstance(model, CompiledPoolModel)
    covers = isinstance(model, CompiledPoolModel) and MODIFIER not in given
    covers = covers and (keeps_deficit(model) or any(modifier.factor == "cover" for modifier in model.dynamic))
    wanted, weather = wanted_weather(model, given), dict(WEATHER)
    if isinstance(model, NonlinearPoolModel):
        weather[MOISTURE] = Role(model.moisture_unit, *model.moisture_range)
        if keeps_deficit(model) and MOISTURE not in given:
            problems.add(f"{what}.{MOISTURE}", "is missing: at a point only linear models keep the moisture deficit "
                         f"that the law of {model.name} wants.")  # fmt: skip
    parameters: dict[str, tuple[str, str, Quantity]] = {}
    for kind, record in model.inputs.items():
        for name, quantity in record.parameters.items():
            parameters[f"{kind}.{name}"] = (kind, name, quantity)
    short = {name for _, name, _ in parameters.values()} - set(model.inputs)
    pools = {f"input.{pool}" for pool in model.pools}
    factors = {f"modifier.{pool}" for pool in model.pools}
    of_linear = [MODIFIER, *factors]
    known = [*wanted, *weather, "plant_cover", *model.inputs, *short, *parameters, *pools, *MODERN,
             *(of_linear * linear)]  # fmt: skip

    def read(name: str, role: Role) -> Variable | None:
        return read_variable(given[name], f"{what}.{name}", role, problems)

    for key in given.data_vars:
        name = str(key)
        variable: Variable | None = None
        if not linear and name in of_linear:
            problems.add(f"{what}.{name}", f"is for linear models: the fluxes of {model.name} are not linear.")
        elif name in wanted or name in weather or name in DRIVERS:
            variable = read(name, weather.get(name) or Role(DRIVERS[name][0]))
            if variable is not None and name in wanted:
                tables.weather[name] = variable
        elif name == "plant_cover":
            variable = read(name, COVER)
            tables.cover = variable if covers else None
        elif name in model.inputs or name in pools:
            variable = read(name, AMOUNT)
            if variable is not None:
                tables.amounts[name] = variable
        elif name in parameters or name in short:
            for full, (kind, parameter, quantity) in parameters.items():
                if name == full or (name == parameter and full not in given):
                    variable = read(name, Role(quantity.units, quantity.low, quantity.high))
                    if variable is not None:
                        tables.parameters[kind, parameter] = variable
        elif name in factors:
            variable = read(name, Role("-", 0.0, 1000.0))
            if variable is not None and variable.dims:
                problems.add(f"{what}.{name}", f"may change in time only, not with {', '.join(variable.dims)}.")
            elif variable is not None:
                tables.pool_factor[name] = variable
        elif name in MODERN:
            role, scale = MODERN[name]
            variable = read(name, role)
            if tables.modern is not None:
                problems.add(f"{what}.{name}", "is given twice, as percent and as fraction.")
            tables.modern = None if variable is None else (variable, scale)
        else:
            problems.add(f"{what}.{name}", "is not known.", suggestion=near(name, known))
    for name in wanted:
        if name not in given:
            also = " or pan_evaporation" if name == "pet" else ""
            lost = [str(key) for key in given.data_vars if str(key) not in known]
            hint = near(name, lost) if lost else ""
            needs = f"{model.name} needs it, or modifier" if linear else f"{model.name} needs it"
            problems.add(f"{what}.{name}{also}", f"is missing: {needs}.",
                         suggestion=hint if hint.startswith("Did") else "")  # fmt: skip
    if covers and "plant_cover" not in given:
        problems.add(f"{what}.plant_cover", f"is missing: {model.name} needs it (1 under plants, 0 bare).")
    for kind in {kind for kind in model.inputs if kind in tables.amounts}:
        for name, quantity in model.inputs[kind].parameters.items():
            if quantity.default is None and (kind, name) not in tables.parameters:
                problems.add(f"{what}.{kind}.{name}", f"is missing: input {kind} needs it.")
    return tables


def read_soil(
    model: PoolModel,
    given: xr.Dataset,
    chosen: tuple[str, ...],
    problems: Problems,
    moisture: TopsoilMoisture | None = None,
) -> dict[str, Variable]:
    """Read and check the soil: properties, what ``moisture`` wants, depth, inert pools, edges of layers.

    What is in ``chosen`` is not read here.
    """
    needs = moisture.needs if moisture is not None else ()
    roles = {name: Role(q.units, q.low, q.high, timed=False) for name, q in model.properties.items()}
    roles |= {name: TOPSOIL[name] for name in needs if name not in roles}
    roles["depth"] = DEPTH
    roles.update({pool: STOCK for pool, inert in zip(model.pools, model.inert, strict=True) if inert})
    if LAYER in given.dims:
        roles.update({"layer_top": LAYER_EDGE, "layer_bottom": LAYER_EDGE})
    found: dict[str, Variable] = {}
    for key in given.data_vars:
        name = str(key)
        if name in chosen:
            continue
        if name not in roles:
            problems.add(f"soil.{name}", "is not known.", suggestion=near(name, roles))
            continue
        variable = read_variable(given[name], f"soil.{name}", roles[name], problems)
        if variable is not None:
            found[name] = variable
    of_plants = model.of_plant_input if isinstance(model, NonlinearPoolModel) else {}
    for name in model.properties:
        if name not in given and name not in of_plants:
            problems.add(f"soil.{name}", f"is missing: {model.name} needs it ({model.properties[name].units}).")
    for name in needs:
        if name not in given:
            problems.add(f"soil.{name}", f"is missing: the moisture chosen needs it ({TOPSOIL[name].unit}).")
    return found


def tables_of(
    model: PoolModel, forcing: ForcingTables, space: Space, points: np.ndarray
) -> tuple[Drivers, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Drivers of some points, which rows are of plants (K), and the points' columns of weather, cover and input.

    Only columns that differ are made. ``activity`` is left to the caller.
    """
    steps, pools = forcing.steps, len(model.pools)

    def column(variable: Variable, places: np.ndarray) -> np.ndarray:
        values = variable.at(space, places)
        return np.broadcast_to(values, (steps, places.size))

    stand, weather_index = distinct(space, forcing.weather.values(), points)
    weather = {name: column(variable, stand) for name, variable in forcing.weather.items()}
    if "pan_evaporation" in weather:
        weather["pet"] = PAN_FACTOR * weather.pop("pan_evaporation")
    if not weather:
        weather[MODIFIER] = np.ones((steps, 1))
    cover, cover_index = np.zeros((steps, 1)), np.zeros(points.size, dtype=np.int64)
    if forcing.cover is not None:
        stand, cover_index = distinct(space, [forcing.cover], points)
        cover = column(forcing.cover, stand)
    own = [v for (kind, _), v in forcing.parameters.items() if kind in forcing.amounts]
    stand, input_index = distinct(space, [*forcing.amounts.values(), *own], points)
    amounts: list[np.ndarray] = []
    shares: list[np.ndarray] = []
    plant: list[bool] = []
    for name, variable in forcing.amounts.items():
        amount = column(variable, stand)
        if name not in model.inputs:
            parts = np.zeros((pools, 1))
            parts[model.pools.index(name.removeprefix("input."))] = 1.0
        else:
            parts = _shares(model, name, forcing, space, stand)
        if parts.shape[1] == 1:
            amounts.append(amount)
            shares.append(parts[:, 0])
        else:  # a row for each pool, as its share changes
            for pool in np.flatnonzero(parts.any(axis=1)):
                amounts.append(amount * parts[pool].reshape(-1, stand.size))
                shares.append(np.eye(pools)[pool])
        plant += [name not in NO_PLANT] * (len(amounts) - len(plant))
    drivers = Drivers(
        weather,
        cover,
        np.stack(amounts, axis=1) if amounts else np.zeros((steps, 1, stand.size)),
        np.stack(shares) if shares else np.zeros((1, pools)),
        np.zeros((steps, 0)),
        _pool_factor(model, forcing),
    )
    return drivers, np.array(plant or [True]), (weather_index, cover_index, input_index)


def _shares(model: PoolModel, kind: str, forcing: ForcingTables, space: Space, stand: np.ndarray) -> np.ndarray:
    """Shares (P, 1), (P, u) or (P, M u) of a kind of input, as its parameters are numbers, columns or tables."""
    record = model.inputs[kind]
    values: dict[str, np.ndarray | float] = dict(model.constants())
    mine = {name: forcing.parameters.get((kind, name)) for name in record.parameters}
    timed = any(v is not None and v.timed for v in mine.values())
    count = 1
    for name, variable in mine.items():
        if variable is None:
            values[name] = float(record.parameters[name].default or 0.0)
        elif variable.scalar:
            values[name] = float(variable.mend(float(variable.values)))
        else:
            column = variable.at(space, stand)
            if timed:
                column = np.broadcast_to(column, (forcing.steps, stand.size)).ravel()
            values[name], count = column, column.size
    if count == 1 and timed:
        count = forcing.steps * stand.size
    return record.shares(values, len(model.pools), count)


def _pool_factor(model: PoolModel, forcing: ForcingTables) -> np.ndarray | None:
    if not forcing.pool_factor:
        return None
    factor = np.ones((forcing.steps, len(model.pools)))
    for name, variable in forcing.pool_factor.items():
        factor[:, model.pools.index(name.removeprefix("modifier."))] = variable.mend(variable.values)
    return factor


def soil_of(
    model: CompiledPoolModel,
    soil: dict[str, Variable],
    space: Space,
    points: np.ndarray,
    index: tuple[np.ndarray, np.ndarray, np.ndarray],
    moisture: TopsoilMoisture | None = None,
) -> Soil:
    """The engine's soil of some points."""

    def values(name: str) -> np.ndarray:
        return soil[name].at(space, points[:1] if soil[name].scalar else points)

    depth = values("depth") if "depth" in soil else np.array([model.calibration_depth])
    made = Soil({name: values(name) for name in model.properties}, *index, depth)
    if moisture is None:
        return made
    known = dict(made.properties) | {name: values(name) for name in moisture.needs}
    try:
        limits = moisture.limits(known, depth)
    except ValueError as error:
        raise InputError([Problem(key="soil", expectation=f"{error}.")]) from None
    return replace(made, limits=limits, driest_factor=np.array([moisture.driest_factor]))


def nonlinear_points_of(
    model: NonlinearPoolModel,
    forcing: ForcingTables,
    soil: dict[str, Variable],
    space: Space,
    points: np.ndarray,
    dt: float,
) -> NonlinearPoints:
    """Some points of a non-linear model, a layer thick as its edges or ``depth`` say, else as the model's."""
    drivers, plant, (weather, _, inputs) = tables_of(model, forcing, space, points)
    known = {name: soil[name].at(space, points) for name in model.properties if name in soil}
    if "layer_top" in soil and "layer_bottom" in soil:
        known["thickness"] = soil["layer_bottom"].at(space, points) - soil["layer_top"].at(space, points)
        if not (known["thickness"] > 0.0).all():
            problems = Problems()
            problems.add("soil.layer_bottom", "must lie below layer_top.")
            problems.done()
    elif "depth" in soil:
        known["thickness"] = soil["depth"].at(space, points)
    else:
        known["thickness"] = np.full(points.size, model.calibration_depth)
    return NonlinearPoints(model, drivers, plant, known, weather, inputs, dt)
