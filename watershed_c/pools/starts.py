"""The start that a Dataset describes: pools, or a measured stock with the method that makes pools of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from watershed_c.pools.base import PoolModel
from watershed_c.pools.datasets import (
    LAYER,
    POINT,
    POOL,
    TIME,
    InputError,
    Problems,
    Role,
    Space,
    Variable,
    as_dataset,
    near,
    read_variable,
)
from watershed_c.pools.forcing import STOCK
from watershed_c.pools.initial import (
    PEDOTRANSFER,
    SHARE_TOLERANCE,
    Cycle,
    Start,
    at_equilibrium,
    by_fractions,
    by_pedotransfer,
    falloon_of_profile,
)
from watershed_c.pools.nonlinear_points import NonlinearPoints
from watershed_c.pools.points import Soil, keeps_deficit
from watershed_c.pools.steady import falloon_iom
from watershed_c.units import KG_M2_PER_T_HA

if TYPE_CHECKING:
    import xarray as xr

#: the inert pool that Falloon's relation speaks of
FALLOON_POOL = "iom"
DEFICIT = Role("mm", -10_000.0, 0.0, "water", timed=False)
LESS_THAN_INERT = "must not be less than the inert carbon"
SHARE = Role("-", 0.0, 1.0, timed=False)


@dataclass
class StartTables:
    """Variables of a start. ``falloon``: how inert carbon is found, "" if it is given."""

    pools: dict[str, Variable] = field(default_factory=dict)
    modern: dict[str, Variable] = field(default_factory=dict)
    shares: dict[str, Variable] = field(default_factory=dict)
    deficit: Variable | None = None
    soc: Variable | None = None
    falloon: str = ""

    def variables(self) -> list[Variable]:
        """All of them."""
        single = [variable for variable in (self.deficit, self.soc) if variable is not None]
        return [*single, *self.pools.values(), *self.modern.values(), *self.shares.values()]


def pools_given(model: PoolModel, given: Any, problems: Problems) -> xr.Dataset:
    """Pools as a Dataset with one variable each; ``modern.POOL`` their radiocarbon."""
    import xarray as xr

    if isinstance(given, np.ndarray):
        given = xr.DataArray(given, dims=(POOL, POINT)[: given.ndim])
    if isinstance(given, xr.DataArray):
        given = given.to_dataset(name="soil_carbon")
    given = as_dataset(given, "initial", problems)
    if TIME in given.dims:
        given = given.isel({TIME: -1}, drop=True)
    found = {}
    for name, prefix in (("soil_carbon", ""), ("modern_carbon", "modern.")):
        if name not in given:
            continue
        table = given[name]
        if POOL not in table.dims or table.sizes[POOL] != len(model.pools):
            problems.add(f"initial.{name}", f"must have the dimension pool with {', '.join(model.pools)}.")
            continue
        for place, pool in enumerate(model.pools):
            if POOL in table.coords and pool not in table[POOL].values:
                problems.add(f"initial.{name}", f"lacks the pool {pool}.")
                break
            one = table.sel({POOL: pool}) if POOL in table.coords else table.isel({POOL: place})
            found[f"{prefix}{pool}"] = one.drop_vars(POOL, errors="ignore").assign_attrs(table.attrs)
        given = given.drop_vars(name)
    if found or POOL in given.dims:  # a result of ours: the rest of it is no start
        keep = {str(n): given[n] for n in given.data_vars if n == "deficit" and POOL not in given[n].dims}
        return xr.Dataset({**keep, **found})
    return given


def read_start(
    model: PoolModel,
    given: xr.Dataset | None,
    soil: dict[str, Variable],
    method: str,
    radiocarbon: bool,
    problems: Problems,
) -> StartTables:
    """Read and check a start; ``method`` as in :func:`watershed_c.pools.initial.assumptions`."""
    tables = StartTables()
    inert = [pool for pool, still in zip(model.pools, model.inert, strict=True) if still]
    if given is not None:
        roles = {"deficit": DEFICIT, "soc": STOCK} if method != "pools" else {"deficit": DEFICIT}
        if method == "pools":
            roles.update({pool: STOCK for pool in model.pools})
            roles.update({f"modern.{pool}": STOCK for pool in model.pools})
        roles.update({f"fraction.{pool}": SHARE for pool in model.pools})
        for key in given.data_vars:
            name = str(key)
            if name not in roles:
                problems.add(f"initial.{name}", "is not known.", suggestion=near(name, roles))
                continue
            variable = read_variable(given[name], f"initial.{name}", roles[name], problems)
            prefix, _, pool = name.rpartition(".")
            if variable is None:
                continue
            if name == "deficit":
                tables.deficit = variable
            elif name == "soc":
                tables.soc = variable
            else:
                {"": tables.pools, "modern": tables.modern, "fraction": tables.shares}[prefix][pool] = variable
    if method == "pools":
        for pool in model.pools:
            if pool not in tables.pools and not (pool in inert and pool in soil):
                problems.add(f"initial.{pool}", f"is missing: {model.name} has the pools {', '.join(model.pools)}.")
        if radiocarbon and not tables.modern:
            problems.add("initial.modern_carbon", "is missing: the forcing has radiocarbon.")
        return tables
    if method == "measured_fractions":
        if not tables.shares:
            problems.add("initial.fractions", f"are missing: shares of {', '.join(model.pools)}.")
    elif tables.shares:
        problems.add("initial.fractions", 'are for the method "measured_fractions" only.')
    if method == "weihermueller" and set(model.pools) != {"dpm", "iom", *PEDOTRANSFER}:
        problems.add("initial.method", f"is for the pools of RothC; {model.name} has {', '.join(model.pools)}.", method)
    if method in ("weihermueller", "measured_fractions") and radiocarbon:
        problems.add("initial.method", "says nothing of radiocarbon, which the forcing has.", method)
    if method != "measured_fractions":
        _read_inert(inert, given is not None, tables, soil, method, problems)
    return tables


def _read_inert(
    inert: list[str], measured: bool, tables: StartTables, soil: dict[str, Variable], method: str, problems: Problems
) -> None:
    missing = [pool for pool in inert if pool not in soil]
    if measured and missing == [FALLOON_POOL]:
        if method == "weihermueller":
            tables.falloon = "inert carbon: IOM = 0.049 TOC^1.139 (Falloon et al. 1998) of the stock as measured"
            return
        tables.falloon = "inert carbon: IOM = 0.049 TOC^1.139 (Falloon et al. 1998), evaluated once on 0-23 cm"
        if tables.soc is not None and LAYER in tables.soc.dims:
            for name in ("layer_top", "layer_bottom"):
                if name not in soil:
                    problems.add(f"soil.{name}", "is missing: the stock is measured by layer (cm).")
        else:
            tables.falloon += ", carbon lying evenly down to the depth of the soil"
    else:
        for pool in missing:
            problems.add(f"soil.{pool}", "is missing: inert carbon, t ha-1; 0 if there is none.")


def inert_of(model: PoolModel, soil: dict[str, Variable], start: StartTables, space: Space) -> np.ndarray:
    """Stocks (P, n) or (P, 1), kg C m-2, of the inert pools, 0 in the others.

    By Falloon's relation it takes whole profiles, which is why it is not done block by block.
    """
    everything = np.arange(space.points)
    result = np.zeros((len(model.pools), space.points if start.falloon else 1))
    for number in np.flatnonzero(model.inert):
        name = model.pools[number]
        if name in soil:
            values = soil[name].at(space, everything[:1] if soil[name].scalar else everything)
            if values.size > result.shape[1]:
                result = np.repeat(result, values.size, axis=1)
            result[number] = values
    if start.falloon and start.soc is not None:
        soc = start.soc.at(space, everything)
        result[model.pools.index(FALLOON_POOL)] = _falloon(soc, model, soil, start, space, everything)
    return result


def _falloon(
    soc: np.ndarray,
    model: PoolModel,
    soil: dict[str, Variable],
    start: StartTables,
    space: Space,
    everything: np.ndarray,
) -> np.ndarray:
    if "as measured" in start.falloon:
        return falloon_iom(soc)
    if start.soc is not None and LAYER in start.soc.dims:
        top, bottom = (soil[name].at(space, everything) for name in ("layer_top", "layer_bottom"))
        axis = space.dims.index(LAYER)
        whole, top, bottom = (np.moveaxis(v.reshape(space.shape), axis, -1) for v in (soc, top, bottom))
        return np.moveaxis(falloon_of_profile(whole, top, bottom), -1, axis).ravel()
    depth = soil["depth"].at(space, everything) if "depth" in soil else np.full(soc.shape, model.calibration_depth)
    return falloon_of_profile(soc[:, None], np.zeros((soc.size, 1)), depth[:, None])[:, 0]


def find_start(
    cycle: Cycle | NonlinearPoints,
    method: str,
    tables: StartTables,
    space: Space,
    points: np.ndarray,
    inert: np.ndarray,
    misprint: bool,
) -> Start:
    """Stocks of some points at the start.

    Raises
    ------
    InputError
        There is no such start; says how many points and which is the first.
    """
    model = cycle.model
    inert = np.broadcast_to(inert, (len(model.pools), space.points))[:, points]

    def fail(wrong: np.ndarray, key: str, expectation: str, suggestion: str = "") -> NoReturn:
        problems = Problems()
        first = space.tell(int(points[int(np.argmax(wrong))]))
        place = f" ({int(wrong.sum())} of {points.size} points, first at {first})" if first else ""
        problems.add(key, f"{expectation}{place}.", suggestion=suggestion)
        raise InputError(problems.found)

    if method in ("pools", "weihermueller", "measured_fractions"):
        stocks = np.zeros((1 + len(cycle.decay), len(model.pools), points.size))
        stocks[0] = inert
        for name, variable in tables.pools.items():
            stocks[0, model.pools.index(name)] = variable.at(space, points)
        for name, variable in tables.modern.items():
            stocks[1, model.pools.index(name)] = variable.at(space, points)
        if tables.soc is not None:
            soc = tables.soc.at(space, points)
            wrong = stocks[0].sum(axis=0) > soc
            if wrong.any():
                fail(wrong, "initial.soc", LESS_THAN_INERT)
            if method == "weihermueller":
                assert isinstance(cycle.soil, Soil)
                clay = cycle.soil.properties["clay"]
                iom = inert[model.pools.index(FALLOON_POOL)]
                found = by_pedotransfer(soc / KG_M2_PER_T_HA, iom / KG_M2_PER_T_HA, clay, misprint=misprint)
                for name, values in found.items():
                    stocks[0, model.pools.index(name)] = values * KG_M2_PER_T_HA
            else:
                for name, variable in tables.shares.items():
                    stocks[0, model.pools.index(name)] = soc * variable.at(space, points)
                wrong = np.abs(stocks[0].sum(axis=0) - soc) > SHARE_TOLERANCE * soc
                if wrong.any():
                    fail(wrong, "initial.fractions", "must add up to 1")
        deficit = np.zeros(points.size) if keeps_deficit(model) else np.zeros(0)
        if tables.deficit is not None:
            deficit = tables.deficit.at(space, points)
        return Start(stocks, deficit)
    if method == "equilibrium":
        start = at_equilibrium(cycle, inert)
    else:
        assert tables.soc is not None
        soc = tables.soc.at(space, points)
        wrong = inert.sum(axis=0) > soc
        if wrong.any():
            fail(wrong, "initial.soc", LESS_THAN_INERT)
        if method == "fractions":
            start = by_fractions(cycle, soc, inert)
        else:
            try:
                start = cycle.sustaining(soc, inert)
            except ValueError as error:
                fail(np.ones(1, dtype=bool), "initial.method", str(error))
            assert start.scale is not None
            wrong = np.isnan(start.scale)
            if wrong.any():
                why = "manure and inert carbon alone hold more, or no plant input is given, or nothing decays"
                if isinstance(cycle, NonlinearPoints):
                    why = "manure alone holds more, or no plant input is given, or microbes cannot live of it"
                fail(wrong, "initial.soc", f"cannot be sustained by any plant input: {why}",
                     'Take method "fractions".')  # fmt: skip
    wrong = ~np.isfinite(start.stocks[0]).all(axis=0)
    if wrong.any():
        why = "microbes cannot live" if isinstance(cycle, NonlinearPoints) else "nothing comes in, or it does not decay"
        fail(wrong, "initial", f"has no equilibrium: {why}")
    return start
