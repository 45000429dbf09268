"""Walking the tables of a scenario by key: what may stand where, what it means, in which unit and range."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from watershed_c.scenario.fields import Measures, Table
from watershed_c.scenario.schema import Scenario


@dataclass(frozen=True)
class Place:
    """What may stand at a key: a type with its marks, and the key's documentation when it is a key of a table."""

    annotation: Any
    marks: tuple[Any, ...]
    info: FieldInfo | None = None

    @property
    def table(self) -> type[Table] | None:
        """The table that stands here, if one does."""
        return self.annotation if isinstance(self.annotation, type) and issubclass(self.annotation, Table) else None

    @property
    def kind(self) -> str | None:
        """The kind of quantity here or in the elements of a list or dict here."""
        place: Place | None = self
        while place is not None:
            for mark in place.marks:
                if isinstance(mark, Measures):
                    return mark.kind
            place = place.inner
        return None

    @property
    def inner(self) -> Place | None:
        """What stands in the elements of a list or dict."""
        arguments = get_args(self.annotation)
        if get_origin(self.annotation) in (list, dict) and arguments:
            return place_of(arguments[-1])
        return None

    @property
    def choices(self) -> tuple[Any, ...]:
        """The words that may stand here."""
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Smallest and largest value."""
        low = high = None
        for mark in self.marks:
            if isinstance(mark, annotated_types.Ge | annotated_types.Gt):
                low = mark.ge if isinstance(mark, annotated_types.Ge) else mark.gt
            elif isinstance(mark, annotated_types.Le | annotated_types.Lt):
                high = mark.le if isinstance(mark, annotated_types.Le) else mark.lt
        return low, high  # type: ignore[return-value]

    def step(self, part: str | int) -> Place | None:
        """What stands at a key of this table, an element of this list or dict."""
        if self.table is not None:
            for name, info in self.table.model_fields.items():
                if part in (info.alias or name, name):
                    return place_of(info.annotation, tuple(info.metadata), info)
            return None
        return self.inner


def place_of(annotation: Any, marks: tuple[Any, ...] = (), info: FieldInfo | None = None) -> Place:
    """A type without its Optional and Annotated wrappings, and the marks they carried."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            marks = (*marks, *_flat(more))
        elif get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
            rest = [a for a in get_args(annotation) if a is not type(None)]
            if len(rest) != 1:
                return Place(annotation, marks, info)
            annotation = rest[0]
        else:
            return Place(annotation, marks, info)


def _flat(marks: Sequence[Any]) -> Iterator[Any]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def at(path: Sequence[str | int]) -> Place | None:
    """What may stand at a key path; None where nothing may."""
    place: Place | None = Place(Scenario, ())
    for part in path:
        if place is None:
            return None
        place = place.step(part)
    return place


def keys_of(table: type[Table]) -> list[str]:
    """Keys of a table as they are written."""
    return [info.alias or name for name, info in table.model_fields.items()]


def all_keys(table: type[Table] = Scenario, prefix: str = "") -> Iterator[str]:
    """Every dotted key of a scenario; NAME stands for a name the user gives."""
    for key in keys_of(table):
        place = Place(table, ()).step(key)
        dotted = f"{prefix}{key}"
        yield dotted
        while place is not None and place.table is None:
            if get_origin(place.annotation) is dict and place.inner is not None and place.inner.table is not None:
                dotted += ".NAME"
            place = place.inner
        if place is not None and place.table is not None:
            yield from all_keys(place.table, f"{dotted}.")
