"""Read the folder of a non-linear pool model: numbers and laws around a kernel."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.pools.checks import check_inputs
from watershed_c.pools.compiled import Modifier, Quantity
from watershed_c.pools.nonlinear import KERNELS, Kernel
from watershed_c.pools.nonlinear_model import FACTOR, VOLUMETRIC, NonlinearPoolModel, NonlinearReference
from watershed_c.pools.reading import nearest
from watershed_c.pools.sections import CARRIERS, PLACES, SectionReader

#: what the column and the weather give, beside the properties
GIVEN = ("temperature", "moisture", "thickness")
#: degC at which rates are looked at when a model is loaded
TEMPERATURES = (-30.0, 0.0, 20.0, 40.0)
#: m, thickness of the layer then
LAYER = 0.1


class NonlinearReader(SectionReader):
    """Reads the whole file."""

    def model(self, content: Mapping[str, Any], folder: Path, parameter_set: str) -> NonlinearPoolModel | None:
        """The model, or None and problems."""
        if not self.keys(
            content,
            "model",
            "schema name title description kernel scheme substep_days calibration_depth_m sources citations pools "
            "inputs arguments parameters drivers",
            "modifiers properties reference steps_per_year default_set leaches couples couples_reason caution",
        ):
            return None
        citations, sources = self.head(content, folder)
        self.text(content["scheme"], "scheme", ("rk4",))
        kernel_name = self.text(content["kernel"], "kernel", KERNELS)
        if kernel_name not in KERNELS:
            return None
        kernel = KERNELS[kernel_name]
        parameters = self.quantities(content, "parameters", "value units range source", "description", citations, [])
        properties, plant = self.properties(content.get("properties", {}), kernel, parameters)
        self.parameters_of(kernel, parameters, content)
        arguments = self.arguments(content["arguments"], kernel, properties)
        unit, bounds = self.moisture(content["drivers"])
        names, long_names, carriers, places = self.pools(content["pools"], kernel)
        modifiers = self.modifiers(content.get("modifiers", []), kernel.POOLS, [*parameters, *properties])
        self.check_modifiers(modifiers, unit)
        inputs = {
            key: kind
            for key, table in self.table(content["inputs"], "inputs")
            if (kind := self.input_kind(key, table, kernel.POOLS, parameters)) is not None
        }
        if "plant" not in inputs:
            self.problems.append("inputs must have a kind 'plant'")
        depth = self.number(content["calibration_depth_m"], "calibration_depth_m", 0.01, 10.0)
        longest = self.number(content["substep_days"], "substep_days", 0.001, 31.0)
        reference = None
        if "reference" in content and content["reference"].get("set", "") == parameter_set:
            reference = self.reference(content["reference"], folder, citations, depth)
        couples = self.truth(content.get("couples", True), "couples")
        leaches = self.truth(content.get("leaches", False), "leaches")
        if self.problems:
            return None
        model = NonlinearPoolModel(
            name=str(content["name"]), title=str(content["title"]), description=str(content["description"]),
            parameter_set=parameter_set, pools=names, long_names=long_names, carriers=carriers, places=places,
            kernel_name=kernel_name, arguments=arguments, moisture_unit=unit, moisture_range=bounds,
            parameters=parameters, properties=properties, of_plant_input=plant, inputs=inputs, modifiers=modifiers,
            substep_days=longest, calibration_depth=depth, leaches=leaches, couples=couples,
            caution=str(content.get("couples_reason", content.get("caution", ""))), citations=citations,
            sources=tuple(sources), reference=reference,
        )  # fmt: skip
        self.problems.extend((*check_kinetics(model), *check_inputs(model)))
        return model

    def parameters_of(self, kernel: Kernel, parameters: Mapping[str, Quantity], content: Mapping[str, Any]) -> None:
        """All parameters of the kernel, in its units; others only where an input uses them."""
        missing = [name for name in kernel.PARAMETERS if name not in parameters]
        self.problems.extend(f"parameters: {name!r} of the kernel is missing" for name in missing)
        text = repr(content["inputs"])
        for name, quantity in parameters.items():
            if name in kernel.PARAMETERS:
                unit = kernel.PARAMETERS[name][1]
                if quantity.units != unit:
                    self.problems.append(f"parameters.{name}.units must be {unit!r}, is {quantity.units!r}")
            elif name not in text:
                known = [*kernel.PARAMETERS]
                self.problems.append(f"parameters.{name}: neither kernel nor inputs use it.{nearest(name, known)}")

    def properties(
        self, value: Any, kernel: Kernel, parameters: Mapping[str, Quantity]
    ) -> tuple[dict[str, Quantity], dict[str, str | tuple[int, ...]]]:
        """Properties, and which of them the plant input has."""
        found: dict[str, Quantity] = {}
        plant: dict[str, str | tuple[int, ...]] = {}
        for key, table in self.table(value, "properties"):
            self.symbol(key, f"properties.{key}", parameters)
            optional = "description of_plant_input"
            quantity = self.quantity(key, table, f"properties.{key}", "units range", optional)
            if quantity is None:
                continue
            found[key] = quantity
            if table.get("of_plant_input") == "amount":
                plant[key] = "amount"
            elif "of_plant_input" in table:
                where = f"properties.{key}.of_plant_input"
                plant[key] = tuple(self.members(table["of_plant_input"], where, kernel.POOLS))
        return found, plant

    def arguments(self, value: Any, kernel: Kernel, properties: Mapping[str, Quantity]) -> tuple[str, ...]:
        """Those of the kernel's ``rates``, all of them known."""
        wanted = list(inspect.signature(getattr(kernel.rates, "py_func", kernel.rates)).parameters)[:-2]
        if value != wanted:
            self.problems.append(f"arguments must be those of the kernel, {', '.join(wanted)}")
        self.problems.extend(
            f"arguments: {name!r} is no [properties.{name}]"
            for name in wanted
            if name not in GIVEN and name not in properties
        )
        idle = [name for name in properties if name not in wanted]
        self.problems.extend(f"properties.{name}: the kernel does not use it" for name in idle)
        return tuple(wanted)

    def moisture(self, value: Any) -> tuple[str, tuple[float, float]]:
        """Unit and range of the driver "moisture"."""
        drivers = dict(self.table(value, "drivers"))
        self.problems.extend(f"drivers: only moisture is declared, not {key!r}" for key in drivers if key != "moisture")
        if "moisture" not in drivers:
            self.problems.append("drivers must declare moisture")
            return FACTOR, (1.0, 1.0)
        quantity = self.quantity("moisture", drivers["moisture"], "drivers.moisture", "units range", "description")
        if quantity is None:
            return FACTOR, (1.0, 1.0)
        self.text(quantity.units, "drivers.moisture.units", (FACTOR, VOLUMETRIC))
        return quantity.units, (quantity.low, quantity.high)

    def pools(self, value: Any, kernel: Kernel) -> tuple[tuple[str, ...], ...]:
        """Names, long names, carriers and places."""
        rows = []
        for number, table in enumerate(self.tables(value, "pools"), start=1):
            where = f"pools[{number}]"
            if self.keys(table, where, "name long_name carrier", "place"):
                rows.append(
                    (
                        self.text(table["name"], f"{where}.name"),
                        self.text(table["long_name"], f"{where}.long_name"),
                        self.text(table["carrier"], f"{where}.carrier", CARRIERS),
                        self.text(table.get("place", "soil"), f"{where}.place", PLACES),
                    )
                )
        if tuple(row[0] for row in rows) != kernel.POOLS:
            self.problems.append(f"pools must be those of the kernel, in its order: {', '.join(kernel.POOLS)}")
            return (), (), (), ()
        return tuple(zip(*rows, strict=True))

    def check_modifiers(self, modifiers: tuple[Modifier, ...], unit: str) -> None:
        """Laws of moisture and depth only, and of moisture where it is a factor."""
        for modifier in modifiers:
            if modifier.factor not in ("moisture", "depth"):
                self.problems.append(
                    f"modifiers: {modifier.factor!r} is part of the kernel or unknown to it; moisture and depth may be "
                    "given"
                )
            elif modifier.factor == "moisture" and unit != FACTOR:
                self.problems.append(f"modifiers: moisture is {unit} in this kernel, which no law replaces")
            elif not modifier.pools.all():
                self.problems.append(f"modifiers: {modifier.factor} acts on all pools of a non-linear model")

    def reference(
        self, table: Any, folder: Path, citations: Mapping[str, str], depth: float
    ) -> NonlinearReference | None:
        """The reference run."""
        required = "file drivers properties steps_per_year tolerance_relative source"
        if not self.keys(table, "reference", required, "set scheme substeps depth_m"):
            return None
        files = []
        for key in ("file", "drivers"):
            path = folder / self.text(table[key], f"reference.{key}")
            if not path.is_file():
                self.problems.append(f"reference.{key}: {path.name!r} is not in the model's folder")
            files.append(path)
        properties = {
            key: self.number(value, f"reference.properties.{key}")
            for key, value in self.table(table["properties"], "reference.properties")
        }
        return NonlinearReference(
            files[0],
            files[1],
            properties,
            self.number(table["steps_per_year"], "reference.steps_per_year", 1.0, 8800.0),
            self.whole(table.get("substeps", 1), "reference.substeps", 1, 10_000),
            self.number(table.get("depth_m", depth), "reference.depth_m", 0.01, 10.0),
            self.number(table["tolerance_relative"], "reference.tolerance_relative", 0.0, 1.0),
            self.text(table["source"], "reference.source", citations),
        )


def check_kinetics(model: NonlinearPoolModel) -> Iterator[str]:
    """Problems of the rates: one that is negative or undefined within the ranges of the properties, and a reference
    outside of them.

    Each property at both ends of its range, the others in the middle: two that only together give no soil (no clay
    and no silt) are found where the model is coupled.
    """
    middle = {name: 0.5 * (q.low + q.high) for name, q in model.properties.items()}
    places = [middle]
    for name, quantity in model.properties.items():
        places += [{**middle, name: end} for end in (quantity.low, quantity.high)]
    told = set()
    for place in places:
        for temperature in TEMPERATURES:
            for moisture in model.moisture_range:
                known = {**place, "temperature": temperature, "moisture": moisture, "thickness": LAYER}
                rate = np.empty((len(model.kernel.RATES), 1))
                model.kernel.rates(*(np.array([known[name]]) for name in model.arguments), model.vector, rate)
                for name, value in zip(model.kernel.RATES, rate[:, 0], strict=True):
                    if not (np.isfinite(value) and value >= 0.0) and name not in told:
                        told.add(name)
                        where = ", ".join(f"{key} = {number:g}" for key, number in known.items())
                        yield f"rate {name} is {value:.6g} at {where}, must be 0 or more"
    if model.reference is not None:
        for name in set(model.reference.properties) ^ set(model.properties):
            yield f"reference.properties: {name!r} is missing or unknown"
        for name, value in model.reference.properties.items():
            if name in model.properties:
                try:
                    model.properties[name].check(np.array([value]))
                except ValueError as error:
                    yield f"reference.properties: {error}"
