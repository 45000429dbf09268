"""The ledger as a table of every month (kg, all digits), and the outlet series it holds."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from watershed_c.constituents import DRY_MASS
from watershed_c.errors import Problem, ScenarioError
from watershed_c.isotopes import permil


class LedgerFile:
    """``ledger.csv`` of a run, written as ``ledger.csv.part`` while the run goes on.

    Columns are ``step``, ``month`` and ``label.term`` in the order in which terms first appear.

    Parameters
    ----------
    directory : Path
    """

    def __init__(self, directory: Path) -> None:
        self.path, self.part = directory / "ledger.csv", directory / "ledger.csv.part"
        self._columns: list[str] = []
        self._pending: list[list[str]] = []

    def add(self, index: int, label: str, totals: dict[tuple[str, str], float]) -> None:
        """Take a step's totals (kg) by (label, term); :meth:`flush` writes them."""
        amounts = {f"{where}.{term}": repr(float(amount)) for (where, term), amount in totals.items()}
        unknown = sorted(amounts) if not self._columns else [name for name in amounts if name not in self._columns]
        if unknown:
            self._widen(unknown)
        self._pending.append([str(index), label, *(amounts.get(name, "0.0") for name in self._columns)])

    def flush(self) -> None:
        """Bring what was added to disk."""
        with self.part.open("a", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(self._pending)
            handle.flush()
            os.fsync(handle.fileno())
        self._pending.clear()

    def rewind(self, steps: int) -> None:
        """Forget all but the first ``steps`` steps.

        Raises
        ------
        ScenarioError
            The file holds fewer.
        """
        self._pending.clear()
        if not self.part.exists() and self.path.exists():  # stopped while the results were put together
            os.replace(self.path, self.part)
        if steps == 0:
            self._columns = []
            self.part.unlink(missing_ok=True)
            return
        lines = self._lines()
        if len(lines) < 1 + steps:
            expectation = f"has {max(len(lines) - 1, 0)} of the {steps} steps before the restart file: start a new run."
            raise ScenarioError(Problem(str(self.part), expectation=expectation))
        self._columns = next(csv.reader(lines[:1]))[2:]
        self._replace(lines[: 1 + steps])

    def finish(self) -> None:
        """Give the whole file its name."""
        if self.part.exists():
            os.replace(self.part, self.path)

    def read(self) -> dict[str, np.ndarray]:
        """What is on disk, see :func:`read_ledger`."""
        return read_ledger(self.part if self.part.exists() else self.path)

    def _widen(self, names: list[str]) -> None:
        """Add columns for terms that appear now, such as of a first tillage pass: earlier steps had none of them."""
        self.flush()
        rows = [line + ",0.0" * len(names) for line in self._lines()[1:]]
        self._columns += names
        header = io.StringIO()
        csv.writer(header, lineterminator="").writerow(["step", "month", *self._columns])
        self._replace([header.getvalue(), *rows])

    def _lines(self) -> list[str]:
        return self.part.read_text(encoding="utf-8").splitlines() if self.part.exists() else []

    def _replace(self, lines: list[str]) -> None:
        temporary = self.part.with_suffix(".new")
        with temporary.open("w", encoding="utf-8", newline="") as handle:
            handle.writelines(f"{line}\n" for line in lines)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, self.part)


#: exports that do not leave with the stream: in sewers, and what ponds in the channel keep
IN_SEWERS, IN_PONDS = ("sewer_export", "sewer_mineralised_export"), ("pond_export",)
NOT_BY_STREAM = IN_SEWERS + IN_PONDS


def read_ledger(path: Path) -> dict[str, np.ndarray]:
    """Columns of a ledger file: ``step`` and ``month`` and, in kg, ``label.term``."""
    with path.open(encoding="utf-8", newline="") as handle:
        header, *rows = csv.reader(handle)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return {
        name: np.array(column, dtype=str if name == "month" else np.float64)
        for name, column in zip(header, columns, strict=True)
    }


def _exported(table: dict[str, np.ndarray], label: str) -> np.ndarray:
    total = np.zeros(table["step"].size)
    aside = [f"{label}.{term}" for term in NOT_BY_STREAM]
    for name, values in table.items():
        if name.startswith(f"{label}.") and name.endswith("_export") and name not in aside:
            total = total + values
    return total


def outlet_series(table: dict[str, np.ndarray], dt: float) -> dict[str, tuple[np.ndarray, str, str]]:
    """Outlet series from a ledger: name -> (values per step, unit, long name). ``dt`` in years of 365 days."""
    organic, inorganic = (_exported(table, label) for label in ("soc", "sic"))
    sediment = np.sum([mass * _exported(table, label) for label, mass in DRY_MASS.items()], axis=0)
    discharge = _exported(table, "water") / 1000.0 / (dt * 365.0 * 86400.0)
    leaving, dissolved = "leaving with the stream", _exported(table, "doc")
    series: Iterable[tuple[str, np.ndarray, str, str]] = (
        ("discharge", discharge, "m3 s-1", "mean water discharge at the outlet"),
        ("sediment_export", sediment, "kg", f"dry sediment {leaving}"),
        ("poc_export", organic, "kg", f"particulate organic carbon {leaving}"),
        ("pic_export", inorganic, "kg", f"particulate inorganic carbon {leaving}"),
        ("doc_export", dissolved, "kg", f"dissolved organic carbon {leaving}"),
        ("dic_export", _exported(table, "dic"), "kg", f"dissolved inorganic carbon {leaving}"),
    )
    if any(name.startswith("sulfate.") for name in table):
        series = (*series, ("sulfate_export", _exported(table, "sulfate"), "kg", f"sulfur of sulfate {leaving}"))
    if any(name.startswith("nitrogen.") for name in table):
        series = (*series, ("nitrogen_export", _exported(table, "nitrogen"), "kg", f"mineral nitrogen {leaving}"))
    for isotope, name in (("c14", "Delta14C"), ("c13", "delta13C (VPDB)")):
        if any(column.startswith(f"doc_{isotope}.") for column in table):
            twin = _exported(table, f"doc_{isotope}")
            values = permil(np.divide(twin, dissolved, out=np.full_like(twin, np.nan), where=dissolved > 0.0))
            meaning = f"{name} of dissolved organic carbon {leaving}"
            series = (*series, (f"doc_export_delta_{isotope}", values, "1e-3", meaning))
    return {name: (values, units, long_name) for name, values, units, long_name in series}
