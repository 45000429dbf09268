"""Read a pool model's folder, and refuse one that would create carbon or cannot be understood."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.data import data_path
from watershed_c.pools.base import PoolModel
from watershed_c.pools.checks import check_inputs, check_rates, check_reference, check_transfers
from watershed_c.pools.compiled import SCHEMES, CompiledPoolModel, Reference
from watershed_c.pools.expression_units import check_units
from watershed_c.pools.expressions import Expression
from watershed_c.pools.nonlinear_loader import NonlinearReader
from watershed_c.pools.reading import nearest
from watershed_c.pools.sections import CARRIERS, PLACES, SectionReader

#: between the name of a model and that of a set of its parameters
SET_MARK = ":"


class ModelError(ValueError):
    """A model folder that cannot be used; the message lists every problem found, one per line."""

    def __init__(self, place: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{place}: {problem}" for problem in self.problems))


def available_models() -> list[str]:
    """Names of the shipped pool models."""
    folders = (path.parent for path in data_path("models", "pools").glob("*/model.toml"))
    return sorted(folder.name for folder in folders if "pools" in _content(folder / "model.toml"))


def is_shipped(name: str) -> bool:
    """Whether this is the name of a shipped model, with or without that of a set of its parameters."""
    folders = data_path("models", "pools").glob("*/model.toml")
    return name.partition(SET_MARK)[0] in {path.parent.name for path in folders}


def parameter_sets(folder: Path) -> list[str]:
    """Names of the parameter sets of a model's folder."""
    return sorted(path.stem for path in folder.glob("sets/*.toml"))


def load_model(
    name_or_folder: str | Path, parameters: Mapping[str, float] | None = None, *, reference: bool = False
) -> PoolModel:
    """Load a shipped model by name, or any folder that holds a ``model.toml``.

    Parameters
    ----------
    name_or_folder : str or Path
        ``"century"``, ``"century:ddcent17"`` for a set of its parameters, or a folder (a set likewise).
    parameters : mapping, optional
        Values of single parameters, within their ranges.
    reference : bool
        Take the set of parameters that the model's reference run was made with.

    Raises
    ------
    ModelError
        With all problems of the file.
    """
    asked = str(name_or_folder)
    folder, chosen = _folder(asked)
    content = _content(folder / "model.toml")
    chosen = chosen or str(content.get("default_set", ""))
    if reference:
        chosen = content.get("reference", {}).get("set", chosen)
    if chosen:
        sets = parameter_sets(folder)
        if chosen not in sets:
            raise ModelError(asked, [f"no such set of parameters: {chosen!r}.{nearest(chosen, sets)}"])
        content = _merge(content, _content(folder / "sets" / f"{chosen}.toml"))
    for key, value in (parameters or {}).items():
        if key not in content.get("parameters", {}):
            raise ModelError(asked, [f"no such parameter: {key!r}.{nearest(key, content.get('parameters', {}))}"])
        content = _merge(content, {"parameters": {key: {"value": value}}})
    return compile_model(content, folder, chosen)


def _folder(asked: str) -> tuple[Path, str]:
    """Folder of what was asked for, and the set of parameters."""
    for text, chosen in ((asked, ""), (asked.rpartition(SET_MARK)[0], asked.rpartition(SET_MARK)[2])):
        if text and (Path(text) / "model.toml").is_file():
            return Path(text), chosen
    name, _, chosen = asked.partition(SET_MARK)
    known = available_models()
    if not is_shipped(name):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ModelError(asked, [f"no such pool model (known: {', '.join(known)}).{hint}"])
    return data_path("models", "pools", name), chosen


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(str(path), [f"is not valid TOML: {error}"]) from None


def _merge(content: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged, anything else is replaced."""
    merged = dict(content)
    for key, value in other.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def compile_model(content: Mapping[str, Any], folder: Path, parameter_set: str = "") -> PoolModel:
    """Check the content of a ``model.toml`` and turn it into arrays; ``folder`` is where it and its reference
    lie."""
    if content.get("couples_reason") and not content.get("pools"):
        raise ModelError(str(folder / "model.toml"), [f"is no model of pools: {content['couples_reason']}"])
    reader = NonlinearReader() if "kernel" in content else _Reader()
    model = reader.model(content, folder, parameter_set)
    if isinstance(model, CompiledPoolModel) and not reader.problems:
        reader.problems.extend(check_rates(model))
        if not content.get("creates_mass", False):
            reader.problems.extend(check_transfers(model))
        reader.problems.extend((*check_inputs(model), *check_reference(model)))
    if model is not None:
        reader.problems.extend(check_units(model))
    if model is None or reader.problems:
        place = folder / "sets" / f"{parameter_set}.toml" if parameter_set else folder / "model.toml"
        raise ModelError(str(place), reader.problems)
    return model


class _Reader(SectionReader):
    """Reads the whole file."""

    def model(self, content: Mapping[str, Any], folder: Path, parameter_set: str) -> CompiledPoolModel | None:
        if not self.keys(
            content,
            "model",
            "schema name title description scheme calibration_depth_m sources citations pools inputs",
            "modifiers properties parameters definitions transfers reference steps_per_year substeps default_set "
            "couples couples_reason creates_mass creates_mass_reason caution",
        ):
            return None
        citations, sources = self.head(content, folder)
        parameters = self.quantities(content, "parameters", "value units range source", "description", citations, [])
        properties = self.quantities(content, "properties", "units range", "description", citations, parameters)
        symbols = [*parameters, *properties]
        definitions = self.definitions(content.get("definitions", {}), "definitions", symbols)
        symbols += definitions
        pools = self.pools(content["pools"], symbols)
        if pools is None:
            return None
        names, long_names, carriers, places, rates, inert = pools
        modifiers = self.modifiers(content.get("modifiers", []), names, symbols)
        source, destination, index, expressions = self.transfers(content.get("transfers", []), names, inert, symbols)
        inputs = {
            key: kind
            for key, table in self.table(content["inputs"], "inputs")
            if (kind := self.input_kind(key, table, names, parameters)) is not None
        }
        if "plant" not in inputs:
            self.problems.append("inputs must have a kind 'plant'")
        reference = None
        depth = self.number(content["calibration_depth_m"], "calibration_depth_m", 0.01, 10.0)
        if "reference" in content and content["reference"].get("set", "") == parameter_set:
            reference = self.reference(content["reference"], folder, citations, depth)
        scheme = self.text(content["scheme"], "scheme", SCHEMES)
        steps = self.whole(content.get("steps_per_year", 12), "steps_per_year", 1, 366)
        substeps = self.whole(content.get("substeps", 1), "substeps", 1, 10_000)
        caution = str(content.get("couples_reason", content.get("creates_mass_reason", "")))
        couples = self.truth(content.get("couples", True), "couples")
        self.truth(content.get("creates_mass", False), "creates_mass")
        if self.problems:
            return None
        return CompiledPoolModel(
            name=str(content["name"]), title=str(content["title"]), description=str(content["description"]),
            parameter_set=parameter_set, pools=names, long_names=long_names, carriers=carriers, places=places,
            rate_expressions=rates, inert=inert, source=source, destination=destination, coefficient_index=index,
            coefficient_expressions=expressions, parameters=parameters, definitions=definitions,
            properties=properties, inputs=inputs, modifiers=modifiers, scheme=scheme, substeps=substeps,
            steps_per_year=steps, calibration_depth=depth, couples=couples, caution=caution,
            citations=citations, sources=tuple(sources), reference=reference,
        )  # fmt: skip

    def pools(self, value: Any, symbols: list[str]) -> tuple[Any, ...] | None:
        tables = self.tables(value, "pools")
        if not tables:
            self.problems.append("pools must be one or more [[pools]] tables")
            return None
        names: list[str] = []
        long_names, carriers, places, inert = [], [], [], []
        rates: list[Expression] = []
        for number, table in enumerate(tables, start=1):
            where = f"pools[{number}]"
            if not self.keys(table, where, "name long_name rate_per_yr carrier", "inert place"):
                continue
            name = self.text(table["name"], f"{where}.name")
            self.symbol(name, f"{where}.name", names)
            names.append(name)
            long_names.append(self.text(table["long_name"], f"{where}.long_name"))
            carriers.append(self.text(table["carrier"], f"{where}.carrier", CARRIERS))
            places.append(self.text(table.get("place", "soil"), f"{where}.place", PLACES))
            inert.append(self.truth(table.get("inert", False), f"{where}.inert"))
            rate = table["rate_per_yr"]
            if not isinstance(rate, str):
                rate = self.number(rate, f"{where}.rate_per_yr", 0.0, 1e4)
                if (rate == 0.0) != inert[-1]:
                    self.problems.append(
                        f"{where} ({name}): a pool either has inert = true and rate 0, or a rate above 0"
                    )
                rate = rate if rate == rate else 0.0
            rates.append(self.expression(rate, f"{where}.rate_per_yr", symbols) or Expression(1.0))
        if len(names) != len(tables):
            return None
        flags = np.array(inert, dtype=bool)
        return tuple(names), tuple(long_names), tuple(carriers), tuple(places), tuple(rates), flags

    def transfers(
        self, value: Any, pools: tuple[str, ...], inert: np.ndarray, symbols: list[str]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Expression, ...]]:
        source: list[int] = []
        destination: list[int] = []
        index: list[int] = []
        expressions: dict[str, Expression] = {}
        for number, table in enumerate(self.tables(value, "transfers"), start=1):
            where = f"transfers[{number}]"
            if not self.keys(table, where, "from to fraction"):
                continue
            donors = self.members(table["from"], where, pools)
            receivers = self.members(table["to"], where, pools)
            expression = self.expression(table["fraction"], f"{where}.fraction", symbols)
            if expression is None or len(receivers) != 1:
                continue
            expressions.setdefault(expression.text, expression)
            for donor in donors:
                pair = (donor, receivers[0])
                if pair in zip(source, destination, strict=True):
                    self.problems.append(f"{where}: the transfer {pools[donor]} -> {table['to']} is declared twice")
                if inert[donor]:
                    self.problems.append(f"{where}: {pools[donor]} is inert and gives nothing")
                source.append(donor)
                destination.append(receivers[0])
                index.append(list(expressions).index(expression.text))
        arrays = (np.array(column, dtype=np.int64) for column in (source, destination, index))
        return (*arrays, tuple(expressions.values()))  # type: ignore[return-value]

    def reference(
        self, table: Any, folder: Path, citations: Mapping[str, str], depth: float
    ) -> Reference | None:
        if not self.keys(
            table,
            "reference",
            "file drivers properties tolerance_relative source",
            "set scheme steps_per_year substeps depth_m equilibrium_rows interpolated",
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
        return Reference(
            files[0],
            files[1],
            properties,
            self.text(table["scheme"], "reference.scheme", SCHEMES) if "scheme" in table else "",
            self.whole(table.get("steps_per_year", 0), "reference.steps_per_year", 0, 366),
            self.whole(table.get("substeps", 0), "reference.substeps", 0, 10_000),
            self.whole(table.get("equilibrium_rows", 0), "reference.equilibrium_rows", 0, 10**6),
            self.number(table["tolerance_relative"], "reference.tolerance_relative", 0.0, 1.0),
            self.number(table.get("depth_m", depth), "reference.depth_m", 0.01, 10.0),
            self.text(table["source"], "reference.source", citations),
            self.truth(table.get("interpolated", False), "reference.interpolated"),
        )
