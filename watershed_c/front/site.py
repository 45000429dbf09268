"""The verb `site`: a pool model at a point, or at those of a NetCDF file, from tables to a table."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.front.site_options import NETCDF, initial_of, moisture_of, read_netcdf, soil_of
from watershed_c.kernels.laws import DRIVERS
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.datasets import POOL, ROW_NAMES, TIME, InputError, near
from watershed_c.pools.forcing import MODERN
from watershed_c.pools.loader import ModelError, load_model
from watershed_c.pools.nonlinear_points import MOISTURE
from watershed_c.pools.points import MODIFIER, needed_drivers

if TYPE_CHECKING:
    import xarray as xr

#: column of a table -> variable of a forcing
COLUMNS = {
    "temperature_degC": "temperature",
    "rain_mm": "rain",
    "pet_mm": "pet",
    "pan_evaporation_mm": "pan_evaporation",
    "plant_cover": "plant_cover",
    MODIFIER: MODIFIER,
    **{name: name for name in MODERN},
}
#: lines told of one kind of mistake in one column; the others are counted
MOST_LINES = 3
_STEP = re.compile(r" ?\(time (\d+)\)")


def run_site(
    model_name: str,
    forcing: Path,
    *,
    soil: Sequence[str] = (),
    initial: str = "equilibrium",
    soc: str = "",
    spin_up: Path | None = None,
    output: Path | None = None,
    scheme: str = "",
    steps_per_year: float = 0,
    every: str = "step",
    settings: Sequence[str] = (),
    moisture: str = "",
    overwrite: bool = False,
) -> str:
    """Read, run, write; -> what to tell the user. Arguments as docs/site.md has the options.

    Raises
    ------
    ScenarioError
        With every mistake found, or where the output exists and is not to be replaced; nothing is written.
    """
    model = _model(model_name, settings)
    given = read_forcing_file(forcing, model)
    cycle = None if spin_up is None else read_forcing_file(spin_up, model)
    ground = soil_of(soil)
    start, wanted = initial_of(initial, soc, model), moisture_of(moisture)
    plain = not [dim for part in (given, ground) for dim in part.dims if dim != TIME]
    target = Path(f"{forcing.stem}_{model.name}{'.csv' if plain else '.nc'}") if output is None else output
    _refuse(target, plain, overwrite)
    per_year = int(steps_per_year) if steps_per_year == int(steps_per_year) else steps_per_year
    try:
        result = model.simulate(
            given,
            ground,
            start,
            spin_up=cycle,
            scheme=scheme,
            steps_per_year=per_year,
            every=every,
            moisture=wanted,
        )
    except InputError as error:
        raise ScenarioError([_as_typed(problem, forcing, spin_up, model) for problem in error.problems]) from None
    if forcing.suffix not in NETCDF:  # the lines of the file were for messages
        rows = np.flatnonzero(np.isin(given[TIME].values, result[TIME].values))
        steps = (TIME, rows + 1, {"long_name": "steps since the start"})
        names = {name: given[name].isel({TIME: rows}).variable for name in _row_names(given)}
        result = result.assign_coords({TIME: steps, **names})
    if target.suffix == ".csv":
        _write_table(result, target)
    else:
        _write_netcdf(result, target)
    return "\n".join((summary(model, result), f"wrote {target}"))


# -- reading ------------------------------------------------------------------------------------------------------
def _model(name: str, settings: Sequence[str]) -> PoolModel:
    problems, parameters = [], {}
    for setting in settings:
        key, mark, text = setting.partition("=")
        try:
            parameters[key.strip()] = float(text)
        except ValueError:
            expectation = "must be PARAMETER=NUMBER." if not mark else "must be a number."
            problems.append(Problem(key=f"--set {key}", value=text, expectation=expectation))
    if problems:
        raise ScenarioError(problems)
    try:
        return load_model(name, parameters)
    except ModelError as error:
        raise ScenarioError([Problem(key=name, expectation=text) for text in error.problems]) from None


def read_forcing_file(path: Path, model: PoolModel) -> xr.Dataset:
    """Forcing of a CSV table (a row a step) or of a NetCDF file, as ``simulate`` wants it.

    Raises
    ------
    ScenarioError
        Every cell that is no number, with its line; unknown columns.
    """
    if path.suffix in NETCDF:
        return read_netcdf(path)
    return _table(path, model)


def _columns(model: PoolModel) -> dict[str, str]:
    """Column -> variable, of everything a table for this model may have."""
    linear = isinstance(model, CompiledPoolModel)
    known = {column: name for column, name in COLUMNS.items() if linear or name not in (MODIFIER, *MODERN)}
    known.update({name: name for name in needed_drivers(model) if name in DRIVERS and name not in COLUMNS.values()})
    if not linear:
        known[MOISTURE] = MOISTURE
    for kind, record in model.inputs.items():
        known[f"{kind}_t_ha"] = kind
        known.update({f"{kind}.{name}": f"{kind}.{name}" for name in record.parameters})
        known.update({name: name for name in record.parameters if name not in model.inputs})
    for pool in model.pools:
        known.update({f"{prefix}.{pool}": f"{prefix}.{pool}" for prefix in ("input", "modifier")[: 1 + linear]})
    return known


def _table(path: Path, model: PoolModel) -> xr.Dataset:
    import xarray as xr

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise ScenarioError(Problem(str(path), expectation=f"cannot be read: {reason}.")) from None
    lines = text.splitlines()
    header = lines[0] if lines else ""
    mark = next((m for m in (",", ";", "\t") if m in header), ",")
    rows = list(csv.reader(lines, delimiter=mark))
    names = [name.strip() for name in rows[0]] if rows else []
    body = [(number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)]
    known = _columns(model)
    problems = []
    for name in names:
        if name not in known and name not in ROW_NAMES:
            problems.append(Problem(str(path), 1, name, "", "is no column.", near(name, [*known, *ROW_NAMES])))
        if names.count(name) > 1:
            problems.append(Problem(str(path), 1, name, "", "stands twice."))
    if not body:
        problems.append(Problem(str(path), expectation="has no rows: columns in the first line, then a row a step."))
    for number, row in body:
        if len(row) != len(names):
            expectation = f"must have {len(names)} cells, as the first line has."
            problems.append(Problem(str(path), number, value=f"{len(row)} cells", expectation=expectation))
    if problems:
        raise ScenarioError(problems)
    columns = {}
    for place, name in enumerate(names):
        amount = name.endswith("_t_ha") or name.startswith("input.")
        columns[name] = _numbers([(n, row[place].strip()) for n, row in body], path, name, amount, problems)
    if problems:
        raise ScenarioError(problems)
    coordinates = {name: (TIME, columns[name]) for name in ROW_NAMES if name in columns}
    # the line of the file, for messages
    lines_of = np.array([number for number, _ in body])
    variables = {known[name]: (TIME, values) for name, values in columns.items() if name not in ROW_NAMES}
    return xr.Dataset(variables, {**coordinates, TIME: lines_of})


def _numbers(cells: list[tuple[int, str]], path: Path, name: str, amount: bool, problems: list[Problem]) -> np.ndarray:
    """Numbers of a column; an empty cell is 0 where ``amount``."""
    values = np.full(len(cells), np.nan)
    wrong: list[tuple[int, str]] = []
    for place, (number, cell) in enumerate(cells):
        try:
            values[place] = float(cell) if cell or not amount else 0.0
        except ValueError:
            wrong.append((number, cell))
            continue
        if not np.isfinite(values[place]):
            wrong.append((number, cell))
    for number, cell in wrong[:MOST_LINES]:
        hint = "Write decimals with a point." if "," in cell else ""
        problems.append(Problem(str(path), number, name, cell or "(empty)", "must be a number.", hint))
    if len(wrong) > MOST_LINES:
        problems.append(Problem(str(path), key=name, expectation=f"and {len(wrong) - MOST_LINES} more such cells."))
    return values


def _row_names(given: xr.Dataset) -> list[str]:
    """Names of the columns that say which row it is."""
    return [name for name in ROW_NAMES if name in given.coords and name != "step"]


def _as_typed(problem: Problem, forcing: Path, spin_up: Path | None, model: PoolModel) -> Problem:
    """A mistake in the words of the command line: file, line and column, or option."""
    part, _, name = problem.key.partition(".")
    files = {"forcing": forcing, "spin_up": spin_up}
    if part in files:
        path = files[part]
        if path is None or path.suffix in NETCDF:
            return replace(problem, file=str(path or ""), key=name)
        column_of = {variable: column for column, variable in reversed(_columns(model).items())}
        column = " or ".join(column_of.get(variable, variable) for variable in name.split(" or "))
        line = _STEP.search(problem.expectation)
        expectation = _STEP.sub("", problem.expectation)
        return replace(
            problem, file=str(path), line=int(line[1]) if line else None, key=column, expectation=expectation
        )
    option = {"soil": f"--soil {name}", "initial": "--soc" if name == "soc" else f"--initial {name}"}.get(part)
    return replace(problem, key=option.strip() if option else f"--{problem.key.replace('_', '-')}")


# -- writing ------------------------------------------------------------------------------------------------------
def _refuse(target: Path, plain: bool, overwrite: bool) -> None:
    if target.suffix not in (".csv", *NETCDF):
        raise ScenarioError(Problem(str(target), expectation="must end in .csv or .nc."))
    if target.suffix == ".csv" and not plain:
        raise ScenarioError(Problem(str(target), expectation="holds one site, there are more. Name a .nc file."))
    if target.exists() and not overwrite:
        raise ScenarioError(Problem(str(target), expectation="exists already.", suggestion="Take --overwrite."))
    if not target.parent.is_dir():
        raise ScenarioError(Problem(str(target.parent), expectation="there is no such folder."))


def _write_table(result: xr.Dataset, target: Path) -> None:
    """Pools, their sum, CO2 and radiocarbon, a row a record; whole or not at all."""
    unit = "t_ha" if result.cSoil.attrs["units"] == "t ha-1" else "kg_m2"
    times = result[TIME].values
    columns: dict[str, Any] = {"step": times} if times.dtype.kind in "iu" else {TIME: times.astype(str)}
    for name in _row_names(result):
        numbers = result[name].values
        columns[name] = numbers.astype(np.int64) if (numbers == np.rint(numbers)).all() else numbers
    for place, pool in enumerate(result[POOL].values):
        columns[f"{pool}_{unit}"] = result.soil_carbon.values[:, place]
    columns[f"soc_{unit}"], columns[f"co2_{unit}"] = result.cSoil.values, result.respired.values
    if "leached" in result:
        columns[f"leached_{unit}"] = result.leached.values
    if "Delta14C" in result:
        columns["delta_14C_permil"] = result.Delta14C.values
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _write_netcdf(result: xr.Dataset, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        result.to_netcdf(part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def summary(model: PoolModel, result: xr.Dataset) -> str:
    """One screen: pools at start and end, CO2, radiocarbon, what was assumed."""
    others = [dim for dim in result.cSoil.dims if dim != TIME]
    points = int(np.prod([result.sizes[dim] for dim in others], dtype=np.int64))
    unit = "t C/ha" if result.cSoil.attrs["units"] == "t ha-1" else "kg C/m2"

    def number(values: xr.DataArray) -> float:
        return float(values.mean())

    lines = [f"{result.attrs['title']} ({result.attrs['model']}), scheme {result.attrs['scheme']}"]
    if others:
        lines.append(f"mean of {points:,} points ({', '.join(f'{dim} {result.sizes[dim]}' for dim in others)})")
    lines.append(f"{'':32}{'start':>12}{'end':>12}  {unit}")
    for place, pool in enumerate(model.pools):
        ends = number(result.initial_soil_carbon.isel(pool=place)), number(result.soil_carbon.isel(time=-1, pool=place))
        lines.append(f"{model.long_names[place][:31]:32}{ends[0]:12.4f}{ends[1]:12.4f}  {pool}")
    start, end = number(result.initial_soil_carbon.sum(POOL, skipna=False)), number(result.cSoil.isel(time=-1))
    respired = number(result.respired.sum(TIME, skipna=False))
    lines.append(f"{'all':32}{start:12.4f}{end:12.4f}")
    leached = number(result.leached.sum(TIME, skipna=False)) if "leached" in result else 0.0
    entered = end - start + respired + leached
    taken = f", leached {leached:.4f}" if "leached" in result else ""
    lines.append(f"respired {respired:.4f}{taken}, change {end - start:+.4f}, so entered {entered:.4f} {unit}")
    if "Delta14C" in result:
        lines.append(f"Delta-14C at the end {number(result.Delta14C.isel(time=-1)):+.2f} per mil")
    if "deficit" in result:
        lines.append(f"topsoil moisture deficit at the end {number(result.deficit):.1f} mm")
    if "input_scale" in result:
        lines.append(f"plant input of the spin-up was multiplied by {number(result.input_scale):.4f}")
    notes: Mapping[Any, Any] = result.attrs
    return "\n".join([*lines, *(f"assumed  {line}" for line in str(notes["assumptions"]).splitlines())])
