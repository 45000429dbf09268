"""What Datasets say about many points, read where it lies: variables keep their own dimensions, points look them up."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.units import UnitError, convert, to_inside

if TYPE_CHECKING:
    import xarray as xr

TIME, POOL, POINT, LAYER = "time", "pool", "point", "layer"
#: coordinates of a table's rows: not read, carried along
ROW_NAMES = ("step", "year", "month")


class InputError(ScenarioError, ValueError):
    """What was given cannot be run: all the problems at once, each with its variable."""


@dataclass(frozen=True)
class Role:
    """What a variable may be.

    Attributes
    ----------
    unit : str
        Taken where the variable has no attribute ``units``; and what bounds are in.
    low, high : float
    kind : str
        Key of ``units.KINDS`` if the value is wanted in the unit inside; "" : wanted in ``unit``.
    choice : tuple of float
        The only values.
    timed : bool
        May have the dimension time.
    """

    unit: str
    low: float = -np.inf
    high: float = np.inf
    kind: str = ""
    choice: tuple[float, ...] = ()
    timed: bool = True

    def mend(self, values: Any, unit: str) -> Any:
        """Values in the unit wanted."""
        unit = unit or self.unit
        if self.kind:
            return to_inside(values, unit, self.kind)
        return values if unit == self.unit else convert(values, unit, self.unit)


class Problems:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, key: str, expectation: str, value: Any = "", suggestion: str = "") -> None:
        """Remember one."""
        text = value if isinstance(value, str) else f"{value:g}"
        self.found.append(Problem(key=key, value=text, expectation=expectation, suggestion=suggestion))

    def done(self) -> None:
        """Raise them all, if any."""
        if self.found:
            raise InputError(self.found)


def near(name: str, known: Iterable[str]) -> str:
    """``Did you mean ...?``, or what there is."""
    names = {each.lower(): each for each in reversed(list(known))}
    close = difflib.get_close_matches(name.lower(), names, 1)
    return f'Did you mean "{names[close[0]]}"?' if close else f"Known: {', '.join(reversed(names.values()))}."


def as_dataset(given: Any, what: str, problems: Problems, timed: bool = False) -> xr.Dataset:
    """A Dataset of a Dataset, or of a mapping of arrays: numbers, (n), or with ``timed`` (M) and (M, n)."""
    import xarray as xr

    if isinstance(given, xr.Dataset):
        return given
    if not isinstance(given, Mapping):
        problems.add(what, "must be an xarray Dataset or a mapping of names to arrays.", type(given).__name__)
        return xr.Dataset()
    dims = (TIME, POINT) if timed else (POINT,)
    found: dict[Hashable, Any] = {}
    for name, value in given.items():
        if not isinstance(value, xr.DataArray):
            array = np.asarray(value)
            if array.ndim > len(dims):
                problems.add(f"{what}.{name}", "has more dimensions than can be guessed: make it a DataArray.")
                continue
            value = xr.DataArray(array, dims=dims[: array.ndim])
        found[name] = value.drop_vars([c for c in value.coords if c not in value.dims])
    try:
        return xr.Dataset(found)
    except ValueError as error:
        problems.add(what, f"has dimensions of different lengths: {error}")
        return xr.Dataset()


@dataclass
class Space:
    """The points: every combination of ``dims``; and dimensions that each point says its place in.

    Attributes
    ----------
    dims, shape : tuples
    chosen : mapping dimension -> (n) int64
        Places of the points in a dimension that is none of theirs (a weather station).
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chosen: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """How many there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    def places(self, dims: tuple[str, ...], points: np.ndarray) -> tuple[np.ndarray, ...]:
        """Place of some points in each of ``dims``."""
        own = dict(zip(self.dims, np.unravel_index(points, self.shape), strict=True)) if self.dims else {}
        return tuple(self.chosen[dim][points] if dim in self.chosen else own[dim] for dim in dims)

    def tell(self, point: int) -> str:
        """Where a point is, for a message."""
        places = np.unravel_index(point, self.shape) if self.dims else ()
        return ", ".join(f"{dim} {int(place)}" for dim, place in zip(self.dims, places, strict=True))


@dataclass
class Variable:
    """A variable as it was given: time first if it has it, then its other dimensions. Nothing is copied."""

    name: str
    values: np.ndarray
    dims: tuple[str, ...]
    timed: bool
    mend: Callable[[Any], Any]

    @property
    def scalar(self) -> bool:
        """Whether it is one number."""
        return not self.dims and not self.timed

    def at(self, space: Space, points: np.ndarray) -> np.ndarray:
        """Values of some points (m), or (M, m) over time, in the unit wanted."""
        places = space.places(self.dims, points)
        if self.timed:
            every: tuple[Any, ...] = (slice(None), *places)
            taken = self.values[every] if places else self.values[:, None]
            taken = np.broadcast_to(taken, (len(self.values), points.size))
        else:
            taken = self.values[places] if places else np.broadcast_to(self.values, points.shape)
        return np.asarray(self.mend(np.asarray(taken, dtype=np.float64)))

    def missing(self) -> np.ndarray | None:
        """Where (``dims``) nothing is known at any time; None: nowhere."""
        lost = np.isnan(self.values)
        if not lost.any():
            return None
        return np.asarray(lost.all(axis=0) if self.timed else lost)


def read_variable(given: xr.DataArray, label: str, role: Role, problems: Problems) -> Variable | None:
    """A checked variable: numbers, in range, of the right unit, and not missing at some times only."""
    import xarray as xr

    assert isinstance(given, xr.DataArray)
    dims = tuple(str(dim) for dim in given.dims)
    timed = TIME in dims
    if timed and not role.timed:
        problems.add(label, "cannot change in time.")
        return None
    dims = tuple(dim for dim in dims if dim != TIME)
    values = given.transpose(*((TIME,) if timed else ()), *dims).values
    if values.dtype.kind not in "fiub":
        problems.add(label, "must be numbers.", str(values.dtype))
        return None
    unit = str(given.attrs.get("units", ""))

    def mend(numbers: Any) -> Any:
        return role.mend(numbers, unit)

    try:
        mend(1.0)
    except UnitError as error:
        problems.add(label, str(error))
        return None
    variable = Variable(str(given.name), values, dims, timed, mend)
    if values.size:
        _check_values(given, values, variable, label, role, unit, problems)
    return variable


def _check_values(
    given: xr.DataArray, values: np.ndarray, variable: Variable, label: str, role: Role, unit: str, problems: Problems
) -> None:
    def where(wrong: np.ndarray) -> str:
        first = np.unravel_index(int(np.argmax(wrong)), values.shape)
        dims = ((TIME,) if variable.timed else ()) + variable.dims
        labels = [
            f"{dim} {given[dim].values[place] if dim in given.coords else int(place)}"
            for dim, place in zip(dims, first, strict=True)
        ]
        return f" ({', '.join(labels)})" if labels else ""

    known = values
    if values.dtype.kind == "f":
        lost = np.isnan(values)
        if lost.any():
            some = lost & ~lost.all(axis=0) if variable.timed else lost & (values.ndim == 0)
            if some.any():
                problems.add(label, f"is missing{where(some)}.")
                return
            known = values[~lost]
            if not known.size:
                return
    if role.choice:
        wrong = ~np.isin(values, role.choice) & ~np.isnan(values.astype(np.float64))
        if wrong.any():
            choices = " or ".join(f"{c:g}" for c in role.choice)
            problems.add(label, f"must be {choices}{where(wrong)}.", float(values[wrong].flat[0]))
        return
    inside = Role(role.unit, kind=role.kind)
    low, high = (inside.mend(bound, "") for bound in (role.low, role.high))
    for extreme in (known.min(), known.max()):
        if not low <= variable.mend(float(extreme)) <= high or not np.isfinite(extreme):
            text = f"{float(extreme):g} {unit or role.unit}".removesuffix(" -")
            expectation = f"must be {role.low:g} to {role.high:g} {role.unit}".removesuffix(" -")
            problems.add(label, f"{expectation}{where(values == extreme)}.", text)
            return


def distinct(space: Space, variables: Iterable[Variable], points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (u) that stand for all, one for each different column of the variables, and which of them each point has.

    Variables that change in time are told apart by where they lie, others by their value.
    """
    keys: list[np.ndarray] = []
    for variable in variables:
        if not variable.timed and variable.dims:
            keys.append(variable.at(space, points))
        elif variable.dims:
            number = np.zeros(points.size, dtype=np.int64)
            for place, size in zip(space.places(variable.dims, points), variable.values.shape[1:], strict=True):
                number = number * size + place
            keys.append(number.astype(np.float64))
    if not keys:
        return points[:1], np.zeros(points.size, dtype=np.int64)
    if len(keys) == 1:
        _, first, index = np.unique(keys[0], return_index=True, return_inverse=True)
    else:
        _, first, index = np.unique(np.column_stack(keys), axis=0, return_index=True, return_inverse=True)
    return points[first], index.reshape(-1).astype(np.int64)
