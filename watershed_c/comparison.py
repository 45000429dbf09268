"""Finished runs of one catchment side by side: a table, and maps of what differs from the first."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io import run_folder
from watershed_c.measures import READ, TONNES_PER_HECTARE, FinishedRun, Row, rows_of


@dataclass
class Comparison:
    """Runs side by side.

    Attributes
    ----------
    names : list of str
        The first is what others are compared with.
    rows : list of Row
    maps : dict of str to (run, rows, columns) float64, NaN outside
        ``soc_end``, t C ha-1; ``net_erosion``, t ha-1 yr-1; ``soc_growth``, of the stock of 0-30 cm per year.
    """

    names: list[str]
    rows: list[Row] = field(default_factory=list)
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    elevation: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    x: np.ndarray = field(default_factory=lambda: np.zeros(0))
    y: np.ndarray = field(default_factory=lambda: np.zeros(0))
    note: str = ""

    def csv(self) -> str:
        """The table as comma-separated values; a quantity that a run has not is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["quantity", "unit", *self.names])
        for row in self.rows:
            writer.writerow([row.label, row.unit, *("" if np.isnan(value) else repr(value) for value in row.values)])
        return text.getvalue()

    def json(self) -> str:
        """The table as JSON; what a run has not is null."""
        rows = [
            {"quantity": row.label, "unit": row.unit, "values": [None if np.isnan(v) else v for v in row.values]}
            for row in self.rows
        ]
        return json.dumps({"runs": self.names, "rows": rows}, indent=2)

    def value(self, label: str, name: str) -> float:
        """One quantity of one run."""
        return next(row for row in self.rows if row.label == label).values[self.names.index(name)]

    def save(self, directory: Path, *, figures: bool = True) -> list[Path]:
        """Write ``comparison.csv`` and, if wanted, the maps into a folder; returns what was written."""
        directory.mkdir(parents=True, exist_ok=True)
        table = directory / "comparison.csv"
        table.write_text(self.csv(), encoding="utf-8")
        if not figures:
            return [table]
        from watershed_c.plots.comparison import draw

        return [table, *draw(directory, self.names, self.maps, self.elevation, self.x, self.y, note=self.note)]


def compare(directories: Sequence[str | Path]) -> Comparison:
    """Compare finished runs on one grid, over one period, with the first of them.

    Parameters
    ----------
    directories : sequence of path
        Results folders, two or more.

    Raises
    ------
    ScenarioError
        A folder is not that of a finished run, or its grid or period differ from those of the first.
    """
    import xarray as xr

    folders = [Path(directory) for directory in directories]
    if len(folders) < 2:
        raise ScenarioError(
            Problem(expectation="a comparison needs at least two runs.", value=", ".join(map(str, folders)))
        )
    records, problems = [], list[Problem]()
    for folder in folders:
        record = run_folder.read_record(folder)
        if record["status"] != "done":
            problems.append(Problem(str(folder), expectation=f"is not finished ({record['status']}): resume it first."))
        records.append(record)
    if problems:
        raise ScenarioError(problems)
    runs = [_read(xr, folder, record) for folder, record in zip(folders, records, strict=True)]
    first = runs[0]
    for run in runs[1:]:
        for key, what in (
            ("x", "grid"), ("y", "grid"), ("layer_bottom", "layers"), ("time", "period, or interval of the maps,"),
        ):  # fmt: skip
            own, other = getattr(run, key), getattr(first, key)
            if own.shape != other.shape or not np.array_equal(own, other):
                problems.append(Problem(str(run.folder), expectation=f"has another {what} than {first.folder}."))
                break
    if problems:
        raise ScenarioError(problems)
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    maps = {
        "soc_end": [np.where(run.soil, run.maps["cSoilOrg"][1], np.nan) * TONNES_PER_HECTARE for run in runs],
        "net_erosion": [
            np.where(run.soil, run.maps["netEro"], np.nan) * TONNES_PER_HECTARE / run.years for run in runs
        ],
        "soc_growth": [run.grown(run.maps["cSoilOrgTop"][0]) for run in runs],
    }
    return Comparison(
        names, rows_of(runs), {key: np.stack(values) for key, values in maps.items()}, first.elevation, first.x,
        first.y, first.note,
    )  # fmt: skip


def _read(xr: Any, folder: Path, record: dict[str, Any]) -> FinishedRun:
    with xr.open_dataset(folder / "results.nc", decode_times=False) as results:

        def read(name: str, summed: bool) -> np.ndarray:
            if summed:
                return np.asarray(results[name].sum(dim="time", skipna=False, dtype=np.float64).values)
            return np.asarray(results[name].isel(time=[0, -1]).values.astype(np.float64))

        return FinishedRun(
            folder, record, results.x.values, results.y.values, results.time.values, results.cell_kind.values == 1,
            results.elev.isel(time=0).values.astype(np.float64), results.layer_bottom.values,
            {kind: results[f"mean_{kind}"].values[[0, -1]] * TONNES_PER_HECTARE for kind in ("soc", "sic")},
            {name: read(name, summed) for name, summed in READ.items() if name in results},
            str(results.attrs.get("comment", "")),
        )  # fmt: skip
