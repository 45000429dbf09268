"""Tables of a run that grow by rows as it goes on, such as yields: ``NAME.csv``, as ``NAME.csv.part`` until its end."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path


class GrowingTable:
    """Rows of months.

    Parameters
    ----------
    directory : Path
    name : str
    columns : sequence of str
        After ``step`` (months taken before) and ``month``.
    """

    def __init__(self, directory: Path, name: str, columns: Sequence[str]) -> None:
        self.path, self.part = directory / f"{name}.csv", directory / f"{name}.csv.part"
        self._header = ("step", "month", *columns)
        self._pending: list[tuple[object, ...]] = []

    def add(self, index: int, label: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Take the rows of a month; :meth:`flush` writes them."""
        self._pending += [(index, label, *row) for row in rows]

    def flush(self) -> None:
        """Bring what was added to disk."""
        new = not self.part.exists()
        with self.part.open("a", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerows([self._header] if new else [])
            writer.writerows(self._pending)
            handle.flush()
            os.fsync(handle.fileno())
        self._pending.clear()

    def rewind(self, months: int) -> None:
        """Forget the rows of all but the first ``months``."""
        self._pending.clear()
        if not self.part.exists() and self.path.exists():  # stopped while the results were put together
            os.replace(self.path, self.part)
        if not self.part.exists():
            return
        with self.part.open(encoding="utf-8", newline="") as handle:
            header, *rows = csv.reader(handle)
        kept = io.StringIO()
        csv.writer(kept, lineterminator="\n").writerows([header, *(row for row in rows if int(row[0]) < months)])
        temporary = self.part.with_suffix(".new")
        temporary.write_text(kept.getvalue(), encoding="utf-8", newline="")
        os.replace(temporary, self.part)

    def finish(self) -> None:
        """Give the whole file its name."""
        if self.part.exists():
            os.replace(self.part, self.path)
