"""Read a pool model's folder, and refuse one that would create carbon or cannot be understood."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.data import data_path
from watershed_c.pools.checks import check_inputs, check_reference, check_transfers
from watershed_c.pools.compiled import CompiledPoolModel, InputKind, Quantity, Reference
from watershed_c.pools.expressions import FUNCTION_NAMES, Expression, ExpressionError

#: laws that the kernels know, by factor
MODIFIER_LAWS: dict[str, tuple[str, ...]] = {
    "temperature": ("rothc",),
    "moisture": ("rothc",),
    "cover": ("rothc",),
    "depth": ("exponential",),
}
SCHEMES = ("sequential_exponential",)
CARRIERS = ("particulate", "mineral")


class ModelError(ValueError):
    """A model folder that cannot be used; the message lists every problem found, one per line."""

    def __init__(self, place: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{place}: {problem}" for problem in self.problems))


def available_models() -> list[str]:
    """Names of the shipped pool models."""
    return sorted(path.parent.name for path in data_path("models", "pools").glob("*/model.toml"))


def load_model(name_or_folder: str | Path) -> CompiledPoolModel:
    """Load a shipped model by name, or any folder that holds a ``model.toml``.

    Raises
    ------
    ModelError
        With all problems of the file.
    """
    folder = Path(name_or_folder)
    if not (folder / "model.toml").is_file():
        known = available_models()
        if str(name_or_folder) not in known:
            near = difflib.get_close_matches(str(name_or_folder), known, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise ModelError(str(name_or_folder), [f"no such pool model (known: {', '.join(known)}).{hint}"])
        folder = data_path("models", "pools", str(name_or_folder))
    path = folder / "model.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(str(path), [f"is not valid TOML: {error}"]) from None
    return compile_model(content, folder)


def compile_model(content: Mapping[str, Any], folder: Path) -> CompiledPoolModel:
    """Check the content of a ``model.toml`` and turn it into arrays; ``folder`` is where it and its reference
    lie."""
    reader = _Reader()
    model = reader.model(content, folder)
    if model is not None and not reader.problems:
        reader.problems.extend((*check_transfers(model), *check_inputs(model), *check_reference(model)))
    if model is None or reader.problems:
        raise ModelError(str(folder / "model.toml"), reader.problems)
    return model


class _Reader:
    """Collects problems while reading, so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    # -- pieces
    # ------------------------------------------------------------------------------------------------------
    def keys(self, table: Any, where: str, required: str, optional: str = "") -> bool:
        """Whether ``table`` is a table with the required keys; unknown keys are problems too."""
        if not isinstance(table, Mapping):
            self.problems.append(f"{where} must be a table")
            return False
        known = [*required.split(), *optional.split()]
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                self.problems.append(
                    f"{where}: unknown key {key!r}."
                    + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}")
                )
        missing = [key for key in required.split() if key not in table]
        self.problems.extend(f"{where}: key {key!r} is missing" for key in missing)
        return not missing

    def number(self, value: Any, where: str, low: float = -math.inf, high: float = math.inf) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
            or not math.isfinite(value)
        ):
            self.problems.append(f"{where} must be a number from {low:g} to {high:g}, is {value!r}")
            return math.nan
        return float(value)

    def text(self, value: Any, where: str, choices: Iterable[str] | None = None) -> str:
        if not isinstance(value, str) or not value:
            self.problems.append(f"{where} must be a text, is {value!r}")
            return ""
        if choices is not None and value not in choices:
            self.problems.append(f"{where} = {value!r} must be one of {', '.join(choices)}")
        return value

    def symbol(self, name: str, where: str, taken: Iterable[str] = ()) -> None:
        if not name.isidentifier() or name in FUNCTION_NAMES:
            self.problems.append(f"{where}: {name!r} cannot be a name in expressions")
        elif name in taken:
            self.problems.append(f"{where}: {name!r} is declared twice")

    def expression(self, value: Any, where: str, known: Iterable[str]) -> Expression | None:
        try:
            expression = Expression(value)
        except ExpressionError as error:
            self.problems.append(f"{where}: {error}")
            return None
        known = list(known)
        for name in sorted(expression.names.difference(known)):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known) or 'none'}"
            self.problems.append(f"{where}: {expression.text!r} uses {name!r}, which is not declared.{hint}")
        return expression if expression.names <= set(known) else None

    def quantity(self, name: str, table: Any, where: str, required: str, optional: str) -> Quantity | None:
        if not self.keys(table, where, required, optional):
            return None
        bounds = table["range"]
        if not isinstance(bounds, list) or len(bounds) != 2:
            self.problems.append(f"{where}.range must be [low, high]")
            return None
        low, high = (self.number(bound, f"{where}.range") for bound in bounds)
        if not low <= high:
            self.problems.append(f"{where}.range must be [low, high] with low <= high")
        default = self.number(table["default"], f"{where}.default", low, high) if "default" in table else None
        return Quantity(
            name, low, high, str(table.get("units", "-")), str(table.get("description", "")), default
        )

    # -- the file
    # ----------------------------------------------------------------------------------------------------
    def model(self, content: Mapping[str, Any], folder: Path) -> CompiledPoolModel | None:
        if not self.keys(
            content,
            "model",
            "schema name title description scheme calibration_depth_m sources citations modifiers pools "
            "inputs reference",
            "properties definitions transfers",
        ):
            return None
        if content["schema"] != 1:
            self.problems.append(f"schema must be 1, is {content['schema']!r}")
        name = self.text(content["name"], "name")
        if name != folder.name:
            self.problems.append(f"name {name!r} must be the name of its folder, {folder.name!r}")
        scheme = self.text(content["scheme"], "scheme", SCHEMES)
        depth = self.number(content["calibration_depth_m"], "calibration_depth_m", 0.01, 10.0)
        citations = self.citations(content["citations"])
        sources = content["sources"]
        if not isinstance(sources, list) or not sources:
            self.problems.append("sources must list at least one key of [citations]")
            sources = []
        for key in sources:
            self.text(key, "sources", citations)
        modifiers = self.modifiers(content["modifiers"])
        properties: dict[str, Quantity] = {}
        for key, table in self.table(content.get("properties", {}), "properties"):
            self.symbol(key, f"properties.{key}")
            quantity = self.quantity(key, table, f"properties.{key}", "units range", "description")
            if quantity is not None:
                properties[key] = quantity
        definitions: dict[str, Expression] = {}
        for key, value in self.table(content.get("definitions", {}), "definitions"):
            self.symbol(key, f"definitions.{key}", properties)
            expression = self.expression(value, f"definitions.{key}", [*properties, *definitions])
            if expression is not None:
                definitions[key] = expression
        pools = self.pools(content["pools"])
        if pools is None:
            return None
        names, long_names, carriers, rates, inert = pools
        transfers = self.transfers(content.get("transfers", []), names, inert, [*properties, *definitions])
        inputs = {
            key: kind
            for key, table in self.table(content["inputs"], "inputs")
            if (kind := self.input_kind(key, table, names)) is not None
        }
        if "plant" not in inputs:
            self.problems.append("inputs must have a kind 'plant'")
        reference = self.reference(content["reference"], folder, citations)
        if self.problems:
            return None
        source, destination, index, expressions = transfers
        return CompiledPoolModel(
            name,
            str(content["title"]),
            str(content["description"]),
            names,
            long_names,
            carriers,
            rates,
            inert,
            source,
            destination,
            index,
            expressions,
            definitions,
            properties,
            inputs,
            modifiers,
            scheme,
            depth,
            citations,
            tuple(sources),
            reference,
        )

    def table(self, value: Any, where: str) -> list[tuple[str, Any]]:
        if not isinstance(value, Mapping):
            self.problems.append(f"{where} must be a table")
            return []
        return list(value.items())

    def citations(self, value: Any) -> dict[str, str]:
        return {key: self.text(text, f"citations.{key}") for key, text in self.table(value, "citations")}

    def modifiers(self, value: Any) -> dict[str, str]:
        modifiers: dict[str, str] = {}
        for factor, law in self.table(value, "modifiers"):
            if factor not in MODIFIER_LAWS:
                near = difflib.get_close_matches(factor, MODIFIER_LAWS, n=1)
                self.problems.append(
                    f"modifiers: unknown factor {factor!r}."
                    + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(MODIFIER_LAWS)}")
                )
                continue
            modifiers[factor] = self.text(law, f"modifiers.{factor}", MODIFIER_LAWS[factor])
        self.problems.extend(
            f"modifiers: no law for {factor}" for factor in MODIFIER_LAWS if factor not in modifiers
        )
        return modifiers

    def pools(
        self, value: Any
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray] | None:
        if not isinstance(value, list) or not value:
            self.problems.append("pools must be one or more [[pools]] tables")
            return None
        names: list[str] = []
        long_names, carriers, rates, inert = [], [], [], []
        for number, table in enumerate(value, start=1):
            where = f"pools[{number}]"
            if not self.keys(table, where, "name long_name rate_per_yr carrier", "inert"):
                continue
            name = self.text(table["name"], f"{where}.name")
            self.symbol(name, f"{where}.name", names)
            names.append(name)
            long_names.append(self.text(table["long_name"], f"{where}.long_name"))
            carriers.append(self.text(table["carrier"], f"{where}.carrier", CARRIERS))
            rates.append(self.number(table["rate_per_yr"], f"{where}.rate_per_yr", 0.0, 1e4))
            inert.append(table.get("inert", False))
            if inert[-1] not in (True, False) or (rates[-1] == 0.0) != (inert[-1] is True):
                self.problems.append(
                    f"{where} ({name}): a pool either has inert = true and rate 0, or a rate above 0"
                )
        if len(names) != len(value):
            return None
        return tuple(names), tuple(long_names), tuple(carriers), np.array(rates), np.array(inert, dtype=bool)

    def transfers(
        self, value: Any, pools: tuple[str, ...], inert: np.ndarray, symbols: list[str]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Expression, ...]]:
        source: list[int] = []
        destination: list[int] = []
        index: list[int] = []
        expressions: dict[str, Expression] = {}
        if not isinstance(value, list):
            self.problems.append("transfers must be [[transfers]] tables")
            value = []
        for number, table in enumerate(value, start=1):
            where = f"transfers[{number}]"
            if not self.keys(table, where, "from to fraction"):
                continue
            donors = table["from"] if isinstance(table["from"], list) else [table["from"]]
            expression = self.expression(table["fraction"], f"{where}.fraction", symbols)
            for pool in (*donors, table["to"]):
                self.text(pool, where, pools)
            if expression is None or any(pool not in pools for pool in (*donors, table["to"])):
                continue
            expressions.setdefault(expression.text, expression)
            for donor in donors:
                pair = (pools.index(donor), pools.index(table["to"]))
                if pair in zip(source, destination, strict=True):
                    self.problems.append(f"{where}: the transfer {donor} -> {table['to']} is declared twice")
                if inert[pair[0]]:
                    self.problems.append(f"{where}: {donor} is inert and gives nothing")
                source.append(pair[0])
                destination.append(pair[1])
                index.append(list(expressions).index(expression.text))
        arrays = (np.array(column, dtype=np.int64) for column in (source, destination, index))
        return (*arrays, tuple(expressions.values()))  # type: ignore[return-value]

    def input_kind(self, name: str, table: Any, pools: tuple[str, ...]) -> InputKind | None:
        where = f"inputs.{name}"
        if not self.keys(table, where, "description fractions", "parameters"):
            return None
        parameters: dict[str, Quantity] = {}
        for key, value in self.table(table.get("parameters", {}), f"{where}.parameters"):
            self.symbol(key, f"{where}.parameters")
            quantity = self.quantity(
                key, value, f"{where}.parameters.{key}", "range", "default units description"
            )
            if quantity is not None:
                parameters[key] = quantity
        fractions: dict[int, Expression] = {}
        for pool, value in self.table(table["fractions"], f"{where}.fractions"):
            self.text(pool, f"{where}.fractions", pools)
            expression = self.expression(value, f"{where}.fractions.{pool}", parameters)
            if expression is not None and pool in pools:
                fractions[pools.index(pool)] = expression
        return InputKind(name, str(table["description"]), parameters, fractions)

    def reference(self, table: Any, folder: Path, citations: Mapping[str, str]) -> Reference | None:
        if not self.keys(
            table, "reference", "file drivers depth_m properties equilibrium_rows tolerance_t_ha source"
        ):
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
        rows = int(self.number(table["equilibrium_rows"], "reference.equilibrium_rows", 0, 1e6) or 0)
        return Reference(
            files[0],
            files[1],
            self.number(table["depth_m"], "reference.depth_m", 0.01, 10.0),
            properties,
            rows,
            self.number(table["tolerance_t_ha"], "reference.tolerance_t_ha", 0.0, 1.0),
            self.text(table["source"], "reference.source", citations),
        )
