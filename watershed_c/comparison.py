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

#: kg m-2 -> t ha-1
TONNES_PER_HECTARE = 10.0
#: growth of the stock of the initiative "4 per 1000", yr-1 (Minasny et al. 2017, Geoderma 292, 59)
FOUR_PER_MILLE = 0.004
#: float32 of the results: a cell that reaches the rate to within this share of it has reached it
RATE_ROUND_OFF = 1e-3


@dataclass
class Row:
    """One quantity of every run."""

    label: str
    unit: str
    values: list[float]
    digits: int = 3


@dataclass
class Comparison:
    """Runs side by side.

    Attributes
    ----------
    names : list of str
        The first is what others are compared with.
    rows : list of Row
    maps : dict of str to (run, rows, columns) float64, NaN outside
        ``soc_end``, t C ha-1; ``net_erosion``, t ha-1 yr-1.
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

    def save(self, directory: Path) -> list[Path]:
        """Write ``comparison.csv`` and the figures into a folder; returns what was written."""
        from watershed_c.plots.comparison import draw

        directory.mkdir(parents=True, exist_ok=True)
        table = directory / "comparison.csv"
        table.write_text(self.csv(), encoding="utf-8")
        figures = draw(directory, self.names, self.maps, self.elevation, self.x, self.y, note=self.note)
        return [table, *figures]


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
    runs = [_read(xr, folder) for folder in folders]
    for folder, run in zip(folders[1:], runs[1:], strict=True):
        for key, what in (("x", "grid"), ("y", "grid"), ("time", "period, or interval of the maps,")):
            if run[key].shape != runs[0][key].shape or not np.array_equal(run[key], runs[0][key]):
                problems.append(Problem(str(folder), expectation=f"has another {what} than {folders[0]}."))
                break
    if problems:
        raise ScenarioError(problems)
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    first = runs[0]
    found = Comparison(
        names, elevation=first["elev"], x=first["x"], y=first["y"], note=str(first["note"]),
        maps={key: np.stack([run[key] for run in runs]) for key in ("soc_end", "net_erosion")},
    )  # fmt: skip
    found.rows = _rows([record["budget"] for record in records], runs)
    return found


def _read(xr: Any, folder: Path) -> dict[str, np.ndarray]:
    """What is compared of one run: maps in t ha-1 and, of fluxes, per year."""
    with xr.open_dataset(folder / "results.nc", decode_times=False) as results:
        soil = results.cell_kind.values == 1
        days = results.time.values
        years = (days[-1] - days[0]) / 365.0

        def ends(name: str) -> tuple[np.ndarray, np.ndarray]:
            values = results[name].isel(time=[0, -1]).values.astype(np.float64) * TONNES_PER_HECTARE
            return values[0], values[1]

        erosion = results.netEro.sum(dim="time", skipna=False, dtype=np.float64).values
        found = {
            "x": results.x.values, "y": results.y.values, "time": days, "years": np.float64(years), "soil": soil,
            "elev": results.elev.isel(time=0).values.astype(np.float64),
            "note": np.array(results.attrs.get("comment", "")),
            "net_erosion": np.where(soil, erosion * TONNES_PER_HECTARE / years, np.nan),
        }  # fmt: skip
        for name, key in (("cSoilOrg", "soc"), ("cSoilOrgTop", "soc_top"), ("cSoilInorg", "sic")):
            if name in results:
                found[f"{key}_start"], found[f"{key}_end"] = ends(name)
    return found


def _rows(budgets: list[dict[str, Any]], runs: list[dict[str, np.ndarray]]) -> list[Row]:
    """Every quantity that all runs can tell."""
    rows: list[Row] = []
    years, nothing = float(runs[0]["years"]), float("nan")

    def mean(run: dict[str, np.ndarray], key: str) -> float:
        return float(run[key][run["soil"]].mean())

    for key, label in (("soc", "SOC at the end"), ("soc_top", "SOC at the end, 0-30 cm"), ("sic", "SIC at the end")):
        if all(f"{key}_end" in run for run in runs):
            rows.append(Row(label, "t C/ha", [mean(run, f"{key}_end") for run in runs], 2))
    change = [(mean(run, "soc_end") - mean(run, "soc_start")) / years for run in runs]
    rows.append(Row("change of SOC", "t C/ha/yr", change, 4))
    against = [nothing, *((mean(run, "soc_end") - mean(runs[0], "soc_end")) / years for run in runs[1:])]
    rows.append(Row("gain of SOC against the first", "t C/ha/yr", against, 4))
    for kind, label in (
        ("vertical", "  of it from plants and air"), ("lateral", "  of it moved sideways"),
        ("substratum", "  of it from or to below the profile"),
    ):  # fmt: skip
        rates = [_of_kind(budget, kind) for budget in budgets]
        rows.append(Row(label, "t C/ha/yr", [nothing, *(rate - rates[0] for rate in rates[1:])], 4))
    rows.append(
        _share("cells where SOC grows by 4 per 1000 a year", [_reached(run, run["soc_start"], years) for run in runs])
    )
    gained = [_reached(run, runs[0]["soc_end"], years) for run in runs[1:]]
    rows.append(_share("the same, against the first", [nothing, *gained]))
    for term, label in (
        ("plant_input", "plant input"),
        ("amendment", "manure and other amendments"),
        ("respired", "respired"),
        ("peat_balance", "net balance of peat"),
    ):
        rows.append(Row(label, "t C/ha/yr", [_rate(budget, "soc", term) for budget in budgets]))
    rows.append(
        Row("SOC that leaves with sediment", "t C/ha/yr", [-_of_kind(budget, "lateral") for budget in budgets], 4)
    )
    rows.append(Row("DOC leached", "t C/ha/yr", [-_rate(budget, "doc", "doc_leached") for budget in budgets], 4))
    rows.append(Row("DIC leached", "t C/ha/yr", [-_rate(budget, "dic", "dic_leached") for budget in budgets], 4))
    rows.append(Row("gross erosion by water", "t/ha/yr", [budget["gross_erosion"] for budget in budgets]))
    rows.append(Row("sediment yield", "t/ha/yr", [budget["sediment_yield"] for budget in budgets]))
    for what, key in (("sewers", "sewer_yield"), ("ponds in the channel", "pond_storage")):
        rows.append(Row(f"sediment in {what}", "t/ha/yr", [budget.get(key, 0.0) for budget in budgets]))
    return [row for row in rows if not all(np.isnan(value) or value == 0.0 for value in row.values)]


def _share(label: str, shares: list[float]) -> Row:
    return Row(label, "%", [100.0 * share for share in shares], 1)


def _reached(run: dict[str, np.ndarray], reference: np.ndarray, years: float) -> float:
    """Share of the cells whose stock has grown over ``reference`` by at least four thousandths of it a year."""
    soil = run["soil"] & (reference > 0.0)
    rate = (run["soc_end"][soil] - reference[soil]) / reference[soil] / years
    return float((rate >= FOUR_PER_MILLE * (1.0 - RATE_ROUND_OFF)).mean()) if rate.size else float("nan")


def _of_kind(budget: dict[str, Any], kind: str) -> float:
    amount = budget["soc_by_kind"][kind] + (budget["soc_by_kind"]["internal"] if kind == "vertical" else 0.0)
    return float(amount / budget["area"] / budget["years"])


def _rate(budget: dict[str, Any], account: str, term: str) -> float:
    terms = budget["carbon"].get(account, {"terms": {}})["terms"]
    return float(terms.get(term, 0.0) / budget["area"] / budget["years"])
