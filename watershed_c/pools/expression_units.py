"""Units of the expressions of a model: what is added must agree, and what comes out must be what the place wants.

A number in an expression takes the unit of what it stands beside, and multiplies as a number without one. Shares, %
and masses over masses have no unit, whatever their size: ``clay / 100`` is the author's own.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator, Mapping
from fractions import Fraction

from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel, Quantity
from watershed_c.pools.expressions import Expression, ExpressionError
from watershed_c.units import UnitError, parse_unit

#: exponents of kg, m, yr, K, MJ, Bq, and size; None: of numbers alone
Unit = tuple[tuple[Fraction, ...], float] | None
NAMES = ("kg", "m", "yr", "K", "MJ", "Bq")
NO_UNIT: Unit = ((Fraction(0),) * len(NAMES), 1.0)
PER_YEAR: Unit = (tuple(map(Fraction, parse_unit("yr-1")[0])), 1.0)
#: sizes agree to round-off
CLOSE = 1e-9


def unit_of(expression: Expression, known: Mapping[str, Unit]) -> Unit:
    """Unit of what an expression gives.

    Raises
    ------
    ExpressionError
        It adds or compares what has different units, or takes a function of something with a unit.
    """
    return _unit(ast.parse(expression.text, mode="eval").body, known, expression.text)


def text_of(unit: Unit) -> str:
    """As a reader writes it."""
    if unit is None or not any(unit[0]):
        return "no unit"
    words = [f"{name}{'' if power == 1 else power}" for name, power in zip(NAMES, unit[0], strict=True) if power]
    return " ".join(words) if abs(unit[1] - 1.0) < CLOSE else f"{unit[1]:g} {' '.join(words)}"


def _agree(one: Unit, other: Unit) -> bool:
    if one is None or other is None:
        return True
    sizes = not any(one[0]) or abs(one[1] / other[1] - 1.0) < CLOSE
    return one[0] == other[0] and sizes


def _unit(node: ast.expr, known: Mapping[str, Unit], text: str) -> Unit:
    def part(which: ast.expr) -> str:
        return ast.get_source_segment(text, which) or text

    match node:
        case ast.Constant():
            return None
        case ast.Name(id=name):
            return known[name]
        case ast.UnaryOp(operand=operand):
            return _unit(operand, known, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_unit(left, known, text), _unit(right, known, text), right, part(node))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _same([_unit(side, known, text) for side in (left, right)], part(node), "adds")
        case ast.BinOp(left=left, op=operator, right=right):
            sign = 1 if isinstance(operator, ast.Mult) else -1
            units = _unit(left, known, text), _unit(right, known, text)
            if units == (None, None):
                return None
            one, other = (unit or NO_UNIT for unit in units)
            assert one is not None and other is not None
            powers = tuple(a + sign * b for a, b in zip(one[0], other[0], strict=True))
            return powers, one[1] * other[1] ** sign
        case ast.Call(func=ast.Name(id="min" | "max"), args=arguments):
            return _same([_unit(argument, known, text) for argument in arguments], part(node), "compares")
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return _raised(_unit(argument, known, text), Fraction(1, 2))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            unit = _unit(argument, known, text)
            if unit is not None and any(unit[0]):
                raise ExpressionError(f"{part(node)!r} takes {name} of something in {text_of(unit)}")
            return NO_UNIT
    raise AssertionError(node)  # pragma: no cover  (Expression let nothing else through)


def _same(units: list[Unit], where: str, does: str) -> Unit:
    first: Unit = None
    for unit in units:
        if not _agree(first, unit):
            raise ExpressionError(f"{where!r} {does} {text_of(first)} and {text_of(unit)}")
        first = unit if first is None else first
    return first


def _raised(unit: Unit, power: Fraction) -> Unit:
    return None if unit is None else (tuple(power * p for p in unit[0]), unit[1] ** float(power))


def _power(base: Unit, exponent: Unit, written: ast.expr, where: str) -> Unit:
    if exponent is not None and any(exponent[0]):
        raise ExpressionError(f"{where!r} has an exponent in {text_of(exponent)}")
    if base is None or not any(base[0]):
        return base if exponent is None else NO_UNIT
    sign = -1 if isinstance(written, ast.UnaryOp) else 1
    number = written.operand if isinstance(written, ast.UnaryOp) else written
    if not isinstance(number, ast.Constant) or not isinstance(number.value, int | float):
        raise ExpressionError(f"{where!r} raises {text_of(base)} to a power that is not a number")
    return _raised(base, sign * Fraction(number.value).limit_denominator(1000))


def check_units(model: PoolModel) -> Iterator[str]:
    """Problems of the units of rates, transfers, modifiers and inputs."""
    known: dict[str, Unit] = {}
    for where, table in (("parameters", model.parameters), ("properties", model.properties)):
        yield from _declared(table, known, where, model)
    if isinstance(model, CompiledPoolModel):
        for name, expression in model.definitions.items():
            known[name] = yield from _found(expression, known, f"definitions.{name}")
        for pool, expression in zip(model.pools, model.rate_expressions, strict=True):
            unit = yield from _found(expression, known, f"pool {pool}: rate_per_yr")
            if unit is not None and any(unit[0]) and not _agree(unit, PER_YEAR):
                yield f"pool {pool}: rate_per_yr is in {text_of(unit)}, must be in yr-1"
        for expression in model.coefficient_expressions:
            yield from _without(expression, known, f"transfers: fraction {expression.text!r}")
        for modifier in model.modifiers:
            if modifier.expression is not None:
                yield from _without(modifier.expression, known, f"modifiers: {modifier.law!r}")
    for kind, record in model.inputs.items():
        own = dict(known)
        yield from _declared(record.parameters, own, f"inputs.{kind}.parameters", model)
        for name, expression in record.definitions.items():
            own[name] = yield from _found(expression, own, f"inputs.{kind}.definitions.{name}")
        for place, expression in record.fractions.items():
            yield from _without(expression, own, f"inputs.{kind}.fractions.{model.pools[place]}")


def _declared(table: Mapping[str, Quantity], known: dict[str, Unit], where: str, model: PoolModel) -> Iterator[str]:
    """Units as they are declared; one that cannot be read is told of linear models, in which all of them are used."""
    for name, quantity in table.items():
        try:
            powers, size = parse_unit("1" if quantity.units == "-" else quantity.units)
            known[name] = (tuple(map(Fraction, powers)), size) if any(powers) else NO_UNIT
        except UnitError as error:
            known[name] = None
            if isinstance(model, CompiledPoolModel):
                yield f"{where}.{name}.units: {error}"


def _found(expression: Expression, known: Mapping[str, Unit], where: str) -> Generator[str, None, Unit]:
    try:
        return unit_of(expression, known)
    except ExpressionError as error:
        yield f"{where}: {error}"
        return None


def _without(expression: Expression, known: Mapping[str, Unit], where: str) -> Iterator[str]:
    unit = yield from _found(expression, known, where)
    if unit is not None and any(unit[0]):
        yield f"{where} is in {text_of(unit)}, must have no unit"
