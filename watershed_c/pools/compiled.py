"""A pool model as arrays: what kernels need of a ``model.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.kernels.pool_steps import Structure, doublings, exact_plan
from watershed_c.pools.base import Pathways, PoolModel
from watershed_c.pools.expressions import Expression

Values = Mapping[str, np.ndarray | float]
SCHEMES = ("sequential_exponential", "euler", "rk4", "exact")


@dataclass(frozen=True)
class Quantity:
    """A number that expressions may use: a soil property, a parameter of the model or of an input.

    Attributes
    ----------
    name, units, description : str
    low, high : float
        Valid range, both ends included.
    default : float or None
        Of a model's parameter: its value.
    """

    name: str
    low: float
    high: float
    units: str = "-"
    description: str = ""
    default: float | None = None

    def check(self, values: np.ndarray) -> None:
        """Raise ValueError when a value is outside the range (or nan)."""
        inside = (values >= self.low) & (values <= self.high)
        if not inside.all():
            worst = values[~inside].flat[0]
            raise ValueError(
                f"{self.name} = {worst:g} {self.units} is outside {self.low:g} to {self.high:g} {self.units}"
            )


@dataclass(frozen=True)
class Modifier:
    """A factor on the rates of some pools.

    Attributes
    ----------
    factor : str
        "temperature", "moisture", "cover", "depth", "lignin", "priming" or "static".
    law : str
        Of a static factor: its expression's text.
    parameters : float64 (8), those of the law in its order
    pools : bool (P)
        Whose rates it multiplies.
    expression : Expression or None
        Of properties and parameters, for a static factor: it is multiplied into the rates when they are evaluated.
    ratio_of, ratio_in : bool (P)
        The lignin law looks at the share of the one in the other, priming at the amount of the one.
    depth : float, m
        Of the soil temperature it takes; 0: the temperature given.
    """

    factor: str
    law: str
    parameters: np.ndarray
    pools: np.ndarray
    expression: Expression | None = None
    ratio_of: np.ndarray | None = None
    ratio_in: np.ndarray | None = None
    depth: float = 0.0


@dataclass(frozen=True)
class InputKind:
    """How one kind of organic input is split among the pools: expressions of its parameters that sum to 1."""

    name: str
    description: str
    parameters: Mapping[str, Quantity]
    definitions: Mapping[str, Expression]
    fractions: Mapping[int, Expression]

    def shares(self, values: Values, pools: int, count: int) -> np.ndarray:
        """Shares (pools, count) of one unit of input, for values of its parameters and the model's."""
        known = dict(values)
        for name, expression in self.definitions.items():
            known[name] = expression(known)
        result = np.zeros((pools, count))
        for pool, expression in self.fractions.items():
            result[pool] = expression(known)
        return result


@dataclass(frozen=True)
class Reference:
    """A published or independent run that the model must reproduce; see docs/pool_models.md.

    Attributes
    ----------
    file, drivers : Path
        CSV tables: pools at the end of each step, the first row the start; and what drives each step.
    properties : mapping
    scheme, steps_per_year, substeps : "" or 0 where the model's own
    equilibrium_rows : int
        First rows of ``drivers`` that only bring the moisture deficit to its yearly course.
    tolerance : float
        Largest difference, relative to the largest value of the pool in the table.
    depth : float, m
    source : str
        Citation key.
    interpolated : bool
        Modifiers run linearly from row to row of the drivers, the first of which is the start.
    """

    file: Path
    drivers: Path
    properties: Mapping[str, float]
    scheme: str
    steps_per_year: int
    substeps: int
    equilibrium_rows: int
    tolerance: float
    depth: float
    source: str
    interpolated: bool


@dataclass(frozen=True, eq=False)
class CompiledPoolModel(PoolModel):
    """A linear pool model. P pools, T transfers, E distinct transfer coefficients, G groups of modifiers.

    Attributes that every pool model has: :class:`watershed_c.pools.base.PoolModel`.

    Attributes
    ----------
    rate_expressions : tuple of Expression (P), yr-1 at modifier 1
    source, destination, coefficient_index : int64 (T)
        Transfer t gives ``coefficients[:, coefficient_index[t]]`` of what decays in ``source[t]`` to
        ``destination[t]``. What no transfer takes is respired.
    modifiers : tuple of Modifier
    scheme : str
        The reference's own; one of SCHEMES.
    substeps : int
        Of Euler and Runge-Kutta.
    steps_per_year : int
        Of the reference.
    """

    name: str
    title: str
    description: str
    parameter_set: str
    pools: tuple[str, ...]
    long_names: tuple[str, ...]
    carriers: tuple[str, ...]
    places: tuple[str, ...]
    rate_expressions: tuple[Expression, ...]
    inert: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    coefficient_index: np.ndarray
    coefficient_expressions: tuple[Expression, ...]
    parameters: Mapping[str, Quantity]
    definitions: Mapping[str, Expression]
    properties: Mapping[str, Quantity]
    inputs: Mapping[str, InputKind]
    modifiers: tuple[Modifier, ...]
    scheme: str
    substeps: int
    steps_per_year: int
    calibration_depth: float
    couples: bool
    caution: str
    citations: Mapping[str, str]
    sources: tuple[str, ...]
    reference: Reference | None = field(default=None)
    structure: Structure = field(init=False)
    members: np.ndarray = field(init=False)
    rates: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        group, members = self._groups()
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "structure", self._structure(group))
        middle = {name: np.array([0.5 * (q.low + q.high)]) for name, q in self.properties.items()}
        object.__setattr__(self, "rates", self.evaluate_rates(middle, 1)[:, 0])

    @property
    def slowest(self) -> int:
        """The pool that turns over slowest, inert ones aside."""
        turning = np.flatnonzero(~self.inert)
        return int(turning[np.argmin(self.rates[turning])])

    @property
    def pathways(self) -> Pathways:
        """Transfers; each has the modifier of its donor."""
        group = self.structure.group
        return Pathways(group, self.source, self.destination, self.coefficient_index, group[self.source])

    def deciding_arrays(self) -> list[np.ndarray]:
        """Rates and transfers."""
        return [self.rates, self.source, self.destination]

    @property
    def dynamic(self) -> tuple[Modifier, ...]:
        """The modifiers that change from step to step."""
        return tuple(modifier for modifier in self.modifiers if modifier.expression is None)

    @property
    def modifiers_are_common(self) -> bool:
        """Whether the dynamic modifiers are the four of RothC, each for all pools, beside priming."""
        common = [modifier.factor != "priming" for modifier in self.dynamic]
        factors = [modifier.factor for modifier, counts in zip(self.dynamic, common, strict=True) if counts]
        return sorted(factors) == ["cover", "depth", "moisture", "temperature"] and bool(self.members[common].all())

    def law(self, factor: str) -> str | None:
        """Name of the law of a factor that multiplies every rate, or None."""
        for modifier in self.modifiers:
            if modifier.factor == factor:
                return modifier.law
        return None

    def _groups(self) -> tuple[np.ndarray, np.ndarray]:
        """Group of each pool (P), and which dynamic modifier multiplies which group (modifiers, G)."""
        active = ~self.inert
        signature = [tuple(bool(m.pools[p]) for m in self.dynamic) for p in range(len(self.pools))]
        distinct = list(dict.fromkeys(s for s, turns in zip(signature, active, strict=True) if turns)) or [()]
        group = np.array([distinct.index(s) if s in distinct else 0 for s in signature], dtype=np.int64)
        members = np.array(distinct, dtype=bool).reshape(len(distinct), len(self.dynamic)).T
        return group, np.ascontiguousarray(members)

    def _structure(self, group: np.ndarray) -> Structure:
        active = np.flatnonzero(~self.inert).astype(np.int64)
        routes: dict[int, tuple[tuple[int, int], ...]] = {}
        for pool in active.tolist():
            mine = np.flatnonzero(self.source == pool)
            pairs = zip(self.coefficient_index[mine], self.destination[mine], strict=True)
            routes[pool] = tuple(sorted((int(share), int(to)) for share, to in pairs))
        distinct = list(dict.fromkeys(routes.values()))
        donor_set = np.zeros(len(self.pools), dtype=np.int64)
        for pool, route in routes.items():
            donor_set[pool] = distinct.index(route)
        table = [(number, share, to) for number, route in enumerate(distinct) for share, to in route]
        columns = np.array(table, dtype=np.int64).reshape(len(table), 3)
        fed = sorted({pool for kind in self.inputs.values() for pool in kind.fractions})
        return Structure(
            active,
            group,
            donor_set,
            np.zeros(max(len(distinct), 1), dtype=np.int64),
            np.ascontiguousarray(columns[:, 0]),
            np.ascontiguousarray(columns[:, 1]),
            np.ascontiguousarray(columns[:, 2]),
            np.array(fed, dtype=np.int64),
        )

    # -- evaluating -------------------------------------------------------------------------------------------------
    def values_of(self, properties: Mapping[str, Any]) -> tuple[dict[str, np.ndarray | float], int]:
        """Checked columns (m) of every declared property, and m.

        Raises
        ------
        ValueError
            A property is missing, unknown or outside its declared range.
        """
        missing = sorted(set(self.properties) - set(properties))
        unknown = sorted(set(properties) - set(self.properties))
        if missing or unknown:
            raise ValueError(
                f"model {self.name} needs the properties {sorted(self.properties)}: "
                f"missing {missing}, unknown {unknown}"
            )
        values: dict[str, np.ndarray | float] = {}
        count = 1
        for name, quantity in self.properties.items():
            column = np.atleast_1d(np.asarray(properties[name], dtype=np.float64))
            quantity.check(column)
            values[name] = column
            count = max(count, column.size)
        return values, count

    def coefficients(self, properties: Mapping[str, Any]) -> np.ndarray:
        """Transfer coefficients (m, E) for values (m), or single values, of every declared property.

        Raises
        ------
        ValueError
            A property is missing, unknown or outside its declared range.
        """
        return self.evaluate_coefficients(*self.values_of(properties))

    def pool_rates(self, properties: Mapping[str, Any]) -> np.ndarray:
        """Rates (P, m), yr-1, with the static factors, for values (m), or single values, of every property.

        Raises
        ------
        ValueError
            As :meth:`coefficients`.
        """
        return self.evaluate_rates(*self.values_of(properties))

    def _known(self, values: Values) -> dict[str, np.ndarray | float]:
        known = self.constants()
        known.update(values)
        for name, expression in self.definitions.items():
            known[name] = expression(known)
        return known

    def evaluate_coefficients(self, values: Values, count: int) -> np.ndarray:
        """Transfer coefficients (count, E) without checks of range."""
        known = self._known(values)
        result = np.empty((count, len(self.coefficient_expressions)))
        for column, expression in enumerate(self.coefficient_expressions):
            result[:, column] = expression(known)
        return result

    def evaluate_rates(self, values: Values, count: int) -> np.ndarray:
        """Rates (P, count), yr-1, with the static factors, without checks of range."""
        known = self._known(values)
        result = np.empty((len(self.pools), count))
        for pool, expression in enumerate(self.rate_expressions):
            result[pool] = expression(known)
        for modifier in self.modifiers:
            if modifier.expression is not None:
                result[modifier.pools] *= modifier.expression(known)
        return result

    def respired_fractions(self, coefficients: np.ndarray) -> np.ndarray:
        """Share (m, P) of what decays in each pool that no transfer takes, for coefficients (m, E)."""
        rest = np.ones((coefficients.shape[0], len(self.pools)))
        for donor, index in zip(self.source, self.coefficient_index, strict=True):
            rest[:, donor] -= coefficients[:, index]
        return rest

    def matrix(self, properties: Mapping[str, Any], modifier: float | np.ndarray = 1.0) -> np.ndarray:
        """Matrix (m, P, P), yr-1, of ``dC/dt = A C + input``: column the donor, ``modifier`` () or (P) on its rates."""
        rates, coefficients = self.pool_rates(properties), self.coefficients(properties)
        count = max(rates.shape[1], coefficients.shape[0])
        loss = np.broadcast_to((rates * np.reshape(modifier, (-1, 1))).T, (count, len(self.pools)))
        result = np.zeros((count, len(self.pools), len(self.pools)))
        index = np.arange(len(self.pools))
        result[:, index, index] = -loss
        for donor, receiver, share in zip(self.source, self.destination, self.coefficient_index, strict=True):
            result[:, receiver, donor] += coefficients[:, share] * loss[:, donor]
        return result

    @property
    def rates_vary(self) -> bool:
        """Whether soil properties enter the rates."""
        low = {name: np.array([q.low]) for name, q in self.properties.items()}
        high = {name: np.array([q.high]) for name, q in self.properties.items()}
        return not np.array_equal(self.evaluate_rates(low, 1), self.evaluate_rates(high, 1))

    def plan(self, scheme: str, largest_loss: np.ndarray) -> tuple[int, int, np.ndarray]:
        """Order (0: sequential exponential), sub-steps and doublings (P) of a scheme.

        Parameters
        ----------
        largest_loss : (P)
            Greatest rate x modifier x time step of each pool there will be.

        Raises
        ------
        ValueError
            Unknown scheme.
        """
        doubled = doublings(largest_loss)
        match scheme:
            case "sequential_exponential":
                return 0, 1, doubled
            case "euler":
                return 1, self.substeps, doubled
            case "rk4":
                return 4, self.substeps, doubled
            case "exact":
                return (*exact_plan(float(np.max(largest_loss, initial=0.0))), doubled)
        raise ValueError(f"scheme must be one of {', '.join(SCHEMES)}, is {scheme!r}")
