"""Tables that a farm or an office exports as CSV: rows with their lines, what is wrong told by file and line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from watershed_c.errors import Problem
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.toml_lines import KeyPath


@dataclass(frozen=True)
class Row:
    """A row of a table: its line in the file, and its cells by column, without blanks around them."""

    file: str
    line: int
    cells: dict[str, str]

    def problem(self, column: str, expectation: str, suggestion: str = "") -> Problem:
        """What is wrong with a cell."""
        return Problem(self.file, self.line, column, self.cells.get(column, ""), expectation, suggestion)


def read_csv(
    check: Checker, key: KeyPath, written: str, columns: dict[str, tuple[str, ...]], needed: tuple[str, ...]
) -> list[Row]:
    """Rows of a CSV file; an empty list and problems where it cannot be read.

    Parameters
    ----------
    columns : name -> other names it may have in the file; case does not count
    needed : columns that must be there
    """
    path = check.path(written)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        check.add(key, written, "does not exist.", f"Paths start at the scenario file: looked for {path}.")
        return []
    except (OSError, UnicodeDecodeError) as error:
        check.add(key, written, f"cannot be read as text: {error}.")
        return []
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    names = {name: known for known, others in columns.items() for name in (known, *others)}
    header = [title.strip().lower() for title in rows[0]] if rows else []
    problems = [
        Problem(str(path), 1, title, "", "unknown column.", messages.nearest_hint(title, names))
        for title in header
        if title not in names
    ]
    found = [names.get(title, title) for title in header]
    for name in needed:
        if name not in found:
            others = " or ".join(columns[name])
            wrong = f"has no column {name}{f' (or {others})' if others else ''}."
            problems.append(Problem(str(path), 1, name, "", wrong))
    table = []
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        if len(cells) != len(header):
            problems.append(Problem(str(path), line, "", "", f"has {len(cells)} cells; the header has {len(header)}."))
            continue
        table.append(Row(str(path), line, {name: cell.strip() for name, cell in zip(found, cells, strict=True)}))
    check.problems.extend(problems)
    return [] if problems else table


def whole(row: Row, column: str, problems: list[Problem], low: int, high: int) -> int | None:
    """A whole number of a cell, or None and a problem."""
    written: Any = row.cells.get(column, "")
    try:
        number = int(written)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        problems.append(row.problem(column, f"must be a whole number, {low} to {high}."))
        return None
    return number
