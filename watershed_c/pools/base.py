"""What every pool model is to the rest of the program, linear or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from watershed_c.pools.compiled import InputKind, Modifier, Quantity, Reference


#: what an organ of a plant is to a model that has no input of its own for it, in order of preference
ALSO_KNOWN_AS = {"residue": ("residue", "shoot", "plant"), "root": ("root", "plant")}


@dataclass(frozen=True)
class Pathways:
    """Where the rates and transfers of a model's matrix stand in the arrays of its decomposition.

    Pool p turns over at ``rates[p] * modifier[group[p]]``; transfer t adds ``coefficients[coefficient_index[t]] *
    rates[source[t]] * modifier[transfer_group[t]]`` times the stock of ``source[t]`` to ``destination[t]``.

    Attributes
    ----------
    group : int64 (P)
    source, destination, coefficient_index, transfer_group : int64 (T)
    """

    group: np.ndarray
    source: np.ndarray
    destination: np.ndarray
    coefficient_index: np.ndarray
    transfer_group: np.ndarray


class PoolModel:
    """A pool model of organic carbon: P pools, what enters them, and what it wants to know.

    Attributes
    ----------
    name, title, description : str
    parameter_set : str
        Name of the set of parameters, "" for the model's own.
    pools, long_names, carriers, places : tuples of str (P)
        ``particulate`` or ``mineral`` carriers decide which enrichment ratio applies (coupling rule 21); places are
        ``soil`` or ``surface``.
    inert : bool (P)
    parameters : mapping of the numbers expressions use
    properties : mapping of soil properties it needs, in the model's own units
    inputs : mapping of kinds of organic input
    members : bool (modifiers that change, groups of pools)
        Which multiplies which.
    calibration_depth : float, m
    couples : bool
        Whether it may run together with erosion.
    caution : str
        What a user must know before using it, "" if nothing.
    citations : mapping key -> full reference
    sources : tuple of citation keys of the model itself
    reference : Reference or None
    """

    name: str
    title: str
    description: str
    parameter_set: str
    pools: tuple[str, ...]
    long_names: tuple[str, ...]
    carriers: tuple[str, ...]
    places: tuple[str, ...]
    inert: np.ndarray
    parameters: Mapping[str, Quantity]
    properties: Mapping[str, Quantity]
    inputs: Mapping[str, InputKind]
    members: np.ndarray
    calibration_depth: float
    couples: bool
    caution: str
    citations: Mapping[str, str]
    sources: tuple[str, ...]
    reference: Reference | None

    @property
    def dynamic(self) -> tuple[Modifier, ...]:
        """The modifiers that change from step to step."""
        raise NotImplementedError

    @property
    def slowest(self) -> int:
        """The pool that turns over slowest, inert ones aside."""
        raise NotImplementedError

    @property
    def litter(self) -> np.ndarray:
        """Pools that plants feed, (P) bool; they have the nitrogen of what plants give."""
        return self.allocate_known("plant") > 0.0

    @property
    def pathways(self) -> Pathways:
        """Where rates and transfers stand in the arrays of the decomposition."""
        raise NotImplementedError

    def deciding_arrays(self) -> list[np.ndarray]:
        """Arrays that decide the numbers of a run, for its fingerprint."""
        raise NotImplementedError

    def constants(self) -> dict[str, np.ndarray | float]:
        """Value of every parameter."""
        return {name: float(q.default) for name, q in self.parameters.items()}  # type: ignore[arg-type]

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
        values = self.constants()
        for name, quantity in declared.items():
            value = parameters.get(name, quantity.default)
            if value is None:
                raise ValueError(f"input {kind!r} of model {self.name} needs the parameter {name!r}")
            quantity.check(np.atleast_1d(np.float64(value)))
            values[name] = float(value)
        return self.inputs[kind].shares(values, len(self.pools), 1)[:, 0]

    def simulate(self, forcing: Any, soil: Any, initial: Any = "equilibrium", **options: Any) -> Any:
        """Run on xarray Datasets of any dimensions: :func:`watershed_c.pools.simulate.simulate`."""
        from watershed_c.pools.simulate import simulate

        return simulate(self, forcing, soil, initial, **options)

    def as_known(self, kind: str) -> str:
        """The input of this model that ``kind`` is: an organ of a plant is "plant" where it is not told apart."""
        return next((known for known in ALSO_KNOWN_AS.get(kind, ()) if known in self.inputs), kind)

    def allocate_known(self, kind: str, **quality: float) -> np.ndarray:
        """Shares (P) of the pools by what this model knows of ``quality``; what it does not ask for is left out.

        Nor need it tell the organs of plants apart: see ``as_known``.
        """
        kind = self.as_known(kind)
        declared = self.inputs[kind].parameters if kind in self.inputs else {}
        return self.allocate(kind, **{name: value for name, value in quality.items() if name in declared})
