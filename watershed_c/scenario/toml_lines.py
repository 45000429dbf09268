"""On which line of a TOML text each key stands. The values come from `tomllib`; this only finds lines."""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*(\.|=|\]|$)""")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Key path -> line (from 1) of every key, table header and list element that starts a line of its own.

    Elements of `[[name]]` have the path (..., "name", number). The text must be valid TOML.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    open_brackets, quote, element = 0, "", 0
    key: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if quote or open_brackets:
            if open_brackets == 1 and not quote and line.strip()[:1] not in ("", "]", "#"):
                lines.setdefault((*key, element), number)
            rest = line
        else:
            stripped = line.strip()
            if stripped.startswith("["):
                table = _header(stripped, counts)
                lines.setdefault(table, number)
                continue
            path, rest = _key(line)
            if not path:
                continue
            key, element = (*table, *path), 0
            lines.setdefault(key, number)
        open_brackets, quote, commas = _scan(rest, open_brackets, quote)
        element += commas
        for inner in re.finditer(r"""(?:[{,]\s*)("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""", rest):
            lines.setdefault((*key, _bare(inner.group(1))), number)
    return lines


def _bare(word: str) -> str:
    return word[1:-1] if word[:1] in ("'", '"') else word


def _key(line: str) -> tuple[KeyPath, str]:
    """Path of `a.b = value` and what follows the sign."""
    path: list[str] = []
    position = 0
    while match := _KEY.match(line, position):
        path.append(_bare(match.group(1)))
        position = match.end()
        if match.group(2) == "=":
            return tuple(path), line[position:]
        if match.group(2) != ".":
            break
    return (), ""


def _header(line: str, counts: dict[KeyPath, int]) -> KeyPath:
    """Path of `[a.b]` or `[[a.b]]`; the names of lists are followed by the number of their last element."""
    several = line.startswith("[[")
    names: list[str] = []
    position = 2 if several else 1
    while match := _KEY.match(line, position):
        names.append(_bare(match.group(1)))
        position = match.end()
        if match.group(2) != ".":
            break
    path: KeyPath = ()
    for depth, name in enumerate(names, start=1):
        path = (*path, name)
        if depth == len(names) and several:
            counts[path] = counts.get(path, -1) + 1
            path = (*path, counts[path])
        elif path in counts:
            path = (*path, counts[path])
    return path


def _scan(text: str, depth: int, quote: str) -> tuple[int, str, int]:
    """Bracket depth, open multi-line quote and commas between elements of an outermost list, after a piece of text."""
    position, commas = 0, 0
    while position < len(text):
        here = text[position]
        if quote:
            if text.startswith(quote, position):
                position, quote = position + len(quote), ""
                continue
            position += 2 if here == "\\" and quote[0] == '"' else 1
            continue
        if here in "\"'":
            quote = here * 3 if text.startswith(here * 3, position) else here
            position += len(quote)
            continue
        if here == "#":
            break
        depth += (here in "[{") - (here in "]}")
        commas += here == "," and depth == 1
        position += 1
    return depth, quote if len(quote) == 3 else "", commas
