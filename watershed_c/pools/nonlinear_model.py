"""A non-linear pool model: the folder's numbers around one of the kernels of :mod:`watershed_c.pools.nonlinear`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.pools.base import Pathways, PoolModel
from watershed_c.pools.compiled import InputKind, Modifier, Quantity
from watershed_c.pools.nonlinear import KERNELS, Kernel, run_cycle, steady_state, substeps_of
from watershed_c.pools.steady import KG_M2_PER_T_HA

#: unit of the driver "moisture": a factor, to which the moisture laws of [[modifiers]] amount, or water in the soil
FACTOR, VOLUMETRIC = "-", "m3 m-3"


@dataclass(frozen=True)
class NonlinearReference:
    """A run that the model must reproduce: one place, drivers that hold until their next row.

    Attributes
    ----------
    file, drivers : Path
    properties : mapping
    steps_per_year : float
    substeps : int
        Of one step.
    depth : float, m
    tolerance : float, relative
    source : str
        Citation key.
    """

    file: Path
    drivers: Path
    properties: Mapping[str, float]
    steps_per_year: float
    substeps: int
    depth: float
    tolerance: float
    source: str


@dataclass(frozen=True, eq=False)
class NonlinearPoolModel(PoolModel):
    """A non-linear pool model. P pools, A arguments of the kernel's ``rates``.

    Attributes that every pool model has: :class:`watershed_c.pools.base.PoolModel`.

    Attributes
    ----------
    kernel_name : str
        Key of ``KERNELS``.
    arguments : tuple of str (A)
        What ``rates`` takes before the parameters: "temperature", "moisture", "thickness" or a property.
    moisture_unit : str
        ``FACTOR`` or ``VOLUMETRIC``.
    of_plant_input : mapping
        Properties that are those of the plant input of the place: its "amount" in a year, or the share of it that
        enters the pools (int) listed.
    modifiers : tuple of Modifier
        Laws of moisture, whose product is the argument "moisture", and of depth, which slow everything.
    substep_days : float
        Longest substep of the Runge-Kutta method.
    leaches : bool
        Whether the kernel gives dissolved carbon of its own.
    """

    name: str
    title: str
    description: str
    parameter_set: str
    pools: tuple[str, ...]
    long_names: tuple[str, ...]
    carriers: tuple[str, ...]
    places: tuple[str, ...]
    kernel_name: str
    arguments: tuple[str, ...]
    moisture_unit: str
    moisture_range: tuple[float, float]
    parameters: Mapping[str, Quantity]
    properties: Mapping[str, Quantity]
    of_plant_input: Mapping[str, str | tuple[int, ...]]
    inputs: Mapping[str, InputKind]
    modifiers: tuple[Modifier, ...]
    substep_days: float
    calibration_depth: float
    leaches: bool
    couples: bool
    caution: str
    citations: Mapping[str, str]
    sources: tuple[str, ...]
    reference: NonlinearReference | None = None  # type: ignore[assignment]

    @property
    def kernel(self) -> Kernel:
        """Module of the kernel."""
        return KERNELS[self.kernel_name]

    @property
    def inert(self) -> np.ndarray:  # type: ignore[override]
        """No pool is."""
        return np.zeros(len(self.pools), dtype=bool)

    @property
    def litter(self) -> np.ndarray:
        """Not what a little of the litter enters at once, but litter (P) bool."""
        return np.array([pool in self.kernel.LITTER for pool in self.pools])

    @property
    def slowest(self) -> int:
        """The pool that holds most in a steady state."""
        return int(np.argmax(self.kernel.RESIDENCE_YEARS))

    @property
    def vector(self) -> np.ndarray:
        """Parameters in the order of the kernel."""
        return np.array([self.parameters[name].default for name in self.kernel.PARAMETERS], dtype=np.float64)

    @property
    def dynamic(self) -> tuple[Modifier, ...]:
        """The modifiers, all of which change from step to step."""
        return self.modifiers

    @property
    def members(self) -> np.ndarray:  # type: ignore[override]
        """Which modifier enters the argument "moisture" and which slows everything: bool (modifiers, 2)."""
        members = [(m.factor == "moisture", m.factor == "depth") for m in self.modifiers]
        return np.array(members, dtype=bool).reshape(len(members), 2)

    @property
    def pathways(self) -> Pathways:
        """Every pool to every other: entry ``destination * P + source`` of the Jacobian, losses positive."""
        pools = len(self.pools)
        destination, source = (a.ravel().astype(np.int64) for a in np.divmod(np.arange(pools * pools), pools))
        other = source != destination
        source, destination = source[other], destination[other]
        diagonal = np.arange(pools, dtype=np.int64) * (pools + 1)
        return Pathways(diagonal, source, destination, np.zeros_like(source), destination * pools + source)

    def allocate_known(self, kind: str, **quality: float) -> np.ndarray:
        """Shares (P) of the pools; the litter keeps the quality the model was calibrated with, whatever the crop.

        With that of crops (lignin : nitrogen 3 to 24 instead of 35.8) the steady state of MIMICS in a watershed is not
        always found.
        """
        return self.allocate(self.as_known(kind))

    def deciding_arrays(self) -> list[np.ndarray]:
        """Parameters, and those of the laws."""
        return [self.vector, np.array([self.substep_days]), *(m.parameters for m in self.modifiers)]

    def substeps(self, dt: float, substep_days: float = 0.0) -> int:
        """Number of equal substeps in a step of ``dt`` yr."""
        return substeps_of(dt, substep_days or self.substep_days)

    def steady_state(self, rate: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """As :func:`watershed_c.pools.nonlinear.steady_state`: (P, N) kg C m-2, nan where microbes cannot live."""
        return steady_state(self.kernel, rate, inputs, tolerance=1e-6)

    def reference_difference(self) -> float:
        """Greatest relative difference from the reference run, over all pools and the steps it lists.

        Raises
        ------
        ValueError
            The model has no reference.
        """
        reference = self.reference
        if reference is None:
            raise ValueError(f"model {self.name} has no reference")
        rows, drivers = _rows(reference.file), _rows(reference.drivers)
        dt = 1.0 / reference.steps_per_year
        state = np.array([[rows[0][pool] * KG_M2_PER_T_HA] for pool in self.pools])
        step, worst = int(rows[0]["step"]), 0.0
        for row in rows[1:]:
            while step < int(row["step"]):
                driver = next(d for d in reversed(drivers) if d["step"] <= step + 1)
                later = [d["step"] - 1 for d in drivers if d["step"] > step + 1]
                count = int(min([row["step"], *later])) - step
                place = {**reference.properties, **driver, "thickness": reference.depth}
                rate = np.empty((len(self.kernel.RATES), 1))
                self.kernel.rates(*(np.array([place[name]]) for name in self.arguments), self.vector, rate)
                given = [driver.get(f"input.{pool}", 0.0) * KG_M2_PER_T_HA / dt for pool in self.pools]
                forcing = rate[None], np.array(given)[None, :, None]
                state = run_cycle(self.kernel, state, *forcing, count * dt, count * reference.substeps)[0]
                step += count
            expected = np.array([row[pool] for pool in self.pools]) * KG_M2_PER_T_HA
            worst = max(worst, float(np.abs(state[:, 0] / expected - 1.0).max()))
        return worst


def _rows(path: Path) -> list[dict[str, float]]:
    with open(path, newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
