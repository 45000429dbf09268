"""Sections of a ``model.toml`` that linear and non-linear models have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.kernels.laws import PARAMETERS, Law
from watershed_c.kernels.moisture_laws import MOISTURE_LAWS
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS
from watershed_c.pools.compiled import InputKind, Modifier, Quantity
from watershed_c.pools.expressions import Expression
from watershed_c.pools.reading import Reader, nearest

#: laws whose number the kernels know, by factor; and those that are a way of their own
LAWS: dict[str, Mapping[str, Law]] = {"temperature": TEMPERATURE_LAWS, "moisture": MOISTURE_LAWS}
NAMED_LAWS: dict[str, tuple[str, ...]] = {"cover": ("rothc",), "depth": ("exponential",), "lignin": ("exponential",)}
FACTORS = (*LAWS, *NAMED_LAWS)
CARRIERS = ("particulate", "mineral", "char")
PLACES = ("soil", "surface")


class SectionReader(Reader):
    """Reads citations, numbers, modifiers and inputs."""

    def head(self, content: Mapping[str, Any], folder: Path) -> tuple[dict[str, str], list[str]]:
        """Citations, and keys of those of the model itself; schema and name are checked."""
        if content["schema"] != 2:
            self.problems.append(f"schema must be 2, is {content['schema']!r}")
        name = self.text(content["name"], "name")
        if name != folder.name:
            self.problems.append(f"name {name!r} must be the name of its folder, {folder.name!r}")
        citations = {
            key: self.text(text, f"citations.{key}") for key, text in self.table(content["citations"], "citations")
        }
        sources = content["sources"] if isinstance(content["sources"], list) else []
        if not sources:
            self.problems.append("sources must list at least one key of [citations]")
        for key in sources:
            self.text(key, "sources", citations)
        return citations, sources

    def quantities(
        self,
        content: Mapping[str, Any],
        section: str,
        required: str,
        optional: str,
        citations: Mapping[str, str],
        taken: Iterable[str],
    ) -> dict[str, Quantity]:
        found = {}
        for key, table in self.table(content.get(section, {}), section):
            self.symbol(key, f"{section}.{key}", taken)
            quantity = self.quantity(key, table, f"{section}.{key}", required, optional)
            if quantity is not None:
                found[key] = quantity
                if "source" in table:
                    self.text(table["source"], f"{section}.{key}.source", citations)
        return found

    def modifiers(self, value: Any, pools: tuple[str, ...], symbols: list[str]) -> tuple[Modifier, ...]:
        found = []
        for number, table in enumerate(self.tables(value, "modifiers"), start=1):
            where = f"modifiers[{number}]"
            if not self.keys(table, where, "factor", "law expression parameters pools of in depth_m"):
                continue
            members = np.zeros(len(pools), dtype=bool)
            members[self.members(table.get("pools", list(pools)), f"{where}.pools", pools)] = True
            factor = self.text(table["factor"], f"{where}.factor")
            if ("law" in table) == ("expression" in table):
                self.problems.append(f"{where} ({factor}): give either a law or an expression")
                continue
            if "expression" in table:
                expression = self.expression(table["expression"], f"{where}.expression", symbols)
                if expression is not None:
                    found.append(Modifier("static", expression.text, np.zeros(PARAMETERS), members, expression))
                continue
            if factor not in FACTORS:
                self.problems.append(f"{where}: no laws for the factor {factor!r}.{nearest(factor, FACTORS)}")
                continue
            law = self.text(table["law"], f"{where}.law", LAWS.get(factor, NAMED_LAWS.get(factor)))
            parameters = self.law_parameters(factor, law, table.get("parameters", {}), where)
            ratio_of, ratio_in = np.zeros(len(pools), dtype=bool), np.zeros(len(pools), dtype=bool)
            if factor == "lignin":
                ratio_of[self.members(table.get("of", []), f"{where}.of", pools)] = True
                ratio_in[self.members(table.get("in", []), f"{where}.in", pools)] = True
                if not ratio_of.any() or (ratio_of & ~ratio_in).any():
                    self.problems.append(f"{where}: 'of' must name pools, all of them in 'in'")
            depth = self.number(table.get("depth_m", 0.0), f"{where}.depth_m", 0.0, 10.0)
            found.append(Modifier(factor, law, parameters, members, None, ratio_of, ratio_in, depth))
        return tuple(found)

    def law_parameters(self, factor: str, law: str, value: Any, where: str) -> np.ndarray:
        """Parameters of a law in the order of its kernel."""
        given = dict(self.table(value, f"{where}.parameters"))
        defaults: Mapping[str, float | None] = {"coefficient": None} if factor == "lignin" else {}
        if law in LAWS.get(factor, {}):
            defaults = LAWS[factor][law].parameters
        self.problems.extend(
            f"{where}: law {law!r} has no parameter {key!r}.{nearest(key, defaults)}"
            for key in given
            if key not in defaults
        )
        found = np.zeros(PARAMETERS)
        for place, (key, default) in enumerate(defaults.items()):
            found[place] = self.number(given.get(key, default), f"{where}.parameters.{key}")
        return found

    def input_kind(
        self, name: str, table: Any, pools: tuple[str, ...], constants: Mapping[str, Quantity]
    ) -> InputKind | None:
        where = f"inputs.{name}"
        if not self.keys(table, where, "description fractions", "parameters definitions"):
            return None
        parameters: dict[str, Quantity] = {}
        for key, value in self.table(table.get("parameters", {}), f"{where}.parameters"):
            self.symbol(key, f"{where}.parameters", constants)
            quantity = self.quantity(
                key, value, f"{where}.parameters.{key}", "range", "default units description source"
            )
            if quantity is not None:
                parameters[key] = quantity
        definitions = self.definitions(table.get("definitions", {}), f"{where}.definitions", [*constants, *parameters])
        fractions: dict[int, Expression] = {}
        for pool, value in self.table(table["fractions"], f"{where}.fractions"):
            place = self.members(pool, f"{where}.fractions", pools)
            known = [*constants, *parameters, *definitions]
            expression = self.expression(value, f"{where}.fractions.{pool}", known)
            if expression is not None and place:
                fractions[place[0]] = expression
        return InputKind(name, str(table["description"]), parameters, definitions, fractions)
