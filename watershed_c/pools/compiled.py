"""A pool model as arrays: what kernels need of a ``model.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from watershed_c.pools.expressions import Expression


@dataclass(frozen=True)
class Quantity:
    """A number that expressions may use: a soil property, or a parameter of an input.

    Attributes
    ----------
    name, units, description : str
    low, high : float
        Valid range, both ends included.
    default : float or None
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
class InputKind:
    """How one kind of organic input is split among the pools: expressions of its parameters that sum to 1."""

    name: str
    description: str
    parameters: Mapping[str, Quantity]
    fractions: Mapping[int, Expression]


@dataclass(frozen=True)
class Reference:
    """A published or independent run that the model must reproduce.

    Attributes
    ----------
    file, drivers : Path
        CSV tables; columns as in models/pools/rothc/README.md.
    depth : float, m
    properties : mapping
    equilibrium_rows : int
        First rows of ``drivers`` that only bring the moisture deficit to its yearly course.
    tolerance : float, t C ha-1
    source : str
        Citation key.
    """

    file: Path
    drivers: Path
    depth: float
    properties: Mapping[str, float]
    equilibrium_rows: int
    tolerance: float
    source: str


@dataclass(frozen=True, eq=False)
class CompiledPoolModel:
    """A linear pool model. P pools, T transfers, E distinct transfer coefficients.

    Attributes
    ----------
    name, title, description : str
    pools : tuple of str (P)
    long_names, carriers : tuples of str (P)
        ``particulate`` or ``mineral`` carriers decide which enrichment ratio applies (coupling rule 21).
    rates : float64 (P), yr-1
        At modifier 1; 0 for inert pools.
    inert : bool (P)
    source, destination, coefficient_index : int64 (T)
        Transfer t gives ``coefficients[:, coefficient_index[t]]`` of what decays in ``source[t]`` to
        ``destination[t]``. What no transfer takes is respired.
    properties : mapping of soil properties the coefficients need, in the model's own units
    inputs : mapping of kinds of organic input
    modifiers : mapping factor -> law
    scheme : str
    calibration_depth : float, m
    citations : mapping key -> full reference
    sources : tuple of citation keys of the model itself
    reference : Reference
    """

    name: str
    title: str
    description: str
    pools: tuple[str, ...]
    long_names: tuple[str, ...]
    carriers: tuple[str, ...]
    rates: np.ndarray
    inert: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    coefficient_index: np.ndarray
    coefficient_expressions: tuple[Expression, ...]
    definitions: Mapping[str, Expression]
    properties: Mapping[str, Quantity]
    inputs: Mapping[str, InputKind]
    modifiers: Mapping[str, str]
    scheme: str
    calibration_depth: float
    citations: Mapping[str, str]
    sources: tuple[str, ...]
    reference: Reference | None = field(default=None)

    def coefficients(self, properties: Mapping[str, np.ndarray | float]) -> np.ndarray:
        """Transfer coefficients (m, E) for values (m), or single values, of every declared property.

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
        return self.evaluate_coefficients(values, count)

    def evaluate_coefficients(self, values: Mapping[str, np.ndarray | float], count: int) -> np.ndarray:
        """Transfer coefficients (count, E) without checks of range."""
        known = dict(values)
        for name, expression in self.definitions.items():
            known[name] = expression(known)
        result = np.empty((count, len(self.coefficient_expressions)))
        for column, expression in enumerate(self.coefficient_expressions):
            result[:, column] = expression(known)
        return result

    def respired_fractions(self, coefficients: np.ndarray) -> np.ndarray:
        """Share (m, P) of what decays in each pool that no transfer takes, for coefficients (m, E)."""
        rest = np.ones((coefficients.shape[0], len(self.pools)))
        for donor, index in zip(self.source, self.coefficient_index, strict=True):
            rest[:, donor] -= coefficients[:, index]
        return rest

    def allocate(self, kind: str, **parameters: float) -> np.ndarray:
        """Shares (P) of the pools in one unit of organic input, summing to 1.

        Parameters
        ----------
        kind : str
            A key of ``inputs`` ("plant", "manure").
        **parameters : float
            The parameters this kind declares ("dpm_rpm"); those left out take their default.
        """
        if kind not in self.inputs:
            raise ValueError(f"model {self.name} knows no input {kind!r}; known: {', '.join(self.inputs)}")
        declared = self.inputs[kind].parameters
        unknown = sorted(set(parameters) - set(declared))
        if unknown:
            raise ValueError(
                f"input {kind!r} of model {self.name} has no parameter {unknown[0]!r}; "
                f"it has: {', '.join(declared) or 'none'}"
            )
        values: dict[str, np.ndarray | float] = {}
        for name, quantity in declared.items():
            value = parameters.get(name, quantity.default)
            if value is None:
                raise ValueError(f"input {kind!r} of model {self.name} needs the parameter {name!r}")
            quantity.check(np.atleast_1d(np.float64(value)))
            values[name] = float(value)
        shares = np.zeros(len(self.pools))
        for pool, expression in self.inputs[kind].fractions.items():
            shares[pool] = expression(values)
        return shares
