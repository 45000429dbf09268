"""What is told of runs side by side: a measure is one row of the table, and is left out where no run can tell it.

To add one, write a function of a run (and of the first, which it is compared with) and put it into :data:`MEASURES`;
of a map that runs may have written, one line in :data:`OF_MAPS` is enough.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c import appraisal
from watershed_c.appraisal import FOUR_PER_MILLE
from watershed_c.constituents import CARBON_DIOXIDE_PER_CARBON
from watershed_c.io.ledger_csv import outlet_series, read_ledger
from watershed_c.soil_mass import fixed_depth

#: kg m-2 -> t ha-1
TONNES_PER_HECTARE = 10.0
#: m, depths between which stocks are told, as far as the profile goes
DEPTHS = (0.0, 0.1, 0.3, 0.6, 1.0, 2.0)
#: m, depth of the protocols that credit carbon
CREDITED = 0.3
#: float32 of the results: a cell that reaches the rate to within this share of it has reached it
RATE_ROUND_OFF = 1e-3
#: t C ha-1 yr-1: of a gain below it no share is told
LEAST_GAIN = 1e-4
#: kg CaCO3 per mol of charge, of molar mass 100.087 g
LIME_PER_CHARGE = 0.100087 / 2.0
#: terms by which nitrogen leaves with water
LEACHED = ("nitrogen_leached", "nitrogen_drained")
NOTHING = float("nan")


@dataclass
class Row:
    """One quantity of every run."""

    label: str
    unit: str
    values: list[float]
    digits: int = 3


@dataclass
class FinishedRun:
    """A finished run as it is compared: stocks in t ha-1, fluxes in t ha-1 yr-1 of the cells with soil.

    Attributes
    ----------
    folder : Path
    record : dict
        run.json.
    x, y, time : coordinates of the maps
    soil : (rows, columns) bool
    elevation : (rows, columns) m
    layer_bottom : (L,) m
    layers : dict of str to (2, L)
        ``soc`` and ``sic`` by layer, mean of the cells, at the start and the end.
    maps : dict of str to (2, rows, columns), or (rows, columns) of what is a sum over the run, kg m-2
    """

    folder: Path
    record: dict[str, Any]
    x: np.ndarray
    y: np.ndarray
    time: np.ndarray
    soil: np.ndarray
    elevation: np.ndarray
    layer_bottom: np.ndarray
    layers: dict[str, np.ndarray]
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    note: str = ""

    @property
    def budget(self) -> dict[str, Any]:
        """Budget of the run."""
        found: dict[str, Any] = self.record["budget"]
        return found

    @property
    def years(self) -> float:
        """Length of the run."""
        return float(self.time[-1] - self.time[0]) / 365.0

    @property
    def area(self) -> float:
        """Hectares with soil."""
        return float(self.budget["area"])

    @cached_property
    def scenario(self) -> Any:
        """The scenario of the run."""
        from watershed_c.scenario.load import load

        return load(self.folder / "scenario.resolved.toml")

    @cached_property
    def ledger(self) -> dict[str, np.ndarray]:
        """The ledger of every month, kg."""
        return read_ledger(self.folder / "ledger.csv")

    def mean(self, values: np.ndarray) -> float:
        """Mean of a map over the cells with soil."""
        return float(values[self.soil].mean())

    def stock(self, kind: str, top: float, bottom: float, when: int = 1) -> float:
        """Stock from ``top`` to ``bottom`` m by nominal depth, that is in the mineral mass that lay there."""
        thickness = np.diff(np.concatenate(([0.0], self.layer_bottom)))
        upper, lower = (fixed_depth(thickness, self.layers[kind][when], depth) for depth in (top, bottom))
        return float(lower - upper)

    def profile(self, kind: str, when: int = 1) -> float:
        """Stock of the profile."""
        return float(self.layers[kind][when].sum())

    def credited_depth(self) -> float:
        """Depth of the stocks that rates are told of, m."""
        return float(min(CREDITED, self.layer_bottom[-1]))

    def of_kind(self, kind: str) -> float:
        """Change of SOC by a kind of exchange; what is produced and used up within a cell is vertical."""
        kinds = self.budget["soc_by_kind"]
        return float((kinds[kind] + (kinds["internal"] if kind == "vertical" else 0.0)) / self.area / self.years)

    def term(self, account: str, term: str) -> float:
        """A term of the budget."""
        terms = self.budget["carbon"].get(account, {"terms": {}})["terms"]
        return float(terms.get(term, 0.0)) / self.area / self.years

    def booked(self, *columns: str) -> float:
        """Sum of columns of the ledger, per ha and year; not a number where the run has none of them."""
        known = [self.ledger[column] for column in columns if column in self.ledger]
        return float(np.sum(known)) / self.area / self.years if known else NOTHING

    def leaves(self, series: str) -> float:
        """What leaves the land, by the name of the outlet series."""
        values, _, _ = outlet_series(self.ledger, 1.0 / 12.0)[series]
        return float(values.sum()) / 1000.0 / self.area / self.years

    def by_year(self, monthly: np.ndarray) -> np.ndarray:
        """Sums of twelve months (Y,); the last year may be shorter."""
        return np.add.reduceat(monthly, np.arange(0, monthly.size, 12))

    def taken_up(self) -> np.ndarray:
        """CO2 that the soil takes up from plants and air in each year of the run (Y,), t of the domain."""
        kinds = self.budget["kinds"]
        vertical = np.zeros(self.ledger["step"].size)
        for name, values in self.ledger.items():
            label, _, term = name.partition(".")
            if label == "soc" and kinds.get(term) in ("vertical", "internal"):
                vertical = vertical + values
        return self.by_year(vertical) / 1000.0 * CARBON_DIOXIDE_PER_CARBON

    def grown(self, reference: np.ndarray) -> np.ndarray:
        """Growth of the credited stock over ``reference`` (rows, columns), per year and of it; NaN without soil."""
        known = self.soil & (reference > 0.0)
        rate = appraisal.absolute_rate(self.maps["cSoilOrgTop"][1], reference, self.years)
        return np.where(known, np.divide(rate, reference, out=np.zeros_like(reference), where=known), np.nan)


#: gives a quantity of a run; the second run is the first of those compared
Value = Callable[[FinishedRun, FinishedRun], float]


@dataclass(frozen=True)
class Measure:
    """A row: a quantity of a run, or not a number where the run cannot tell it; ``other`` ones not of the first run."""

    label: str
    unit: str
    value: Value
    digits: int = 3
    other: bool = False

    def row(self, runs: list[FinishedRun]) -> Row:
        """The quantity of every run."""
        values = [NOTHING if self.other and run is runs[0] else self.value(run, runs[0]) for run in runs]
        return Row(self.label, self.unit, values, self.digits)


@dataclass(frozen=True)
class OfMap:
    """A row that is the mean of a map: at the end of the run, or per year of what is summed over the run."""

    variable: str
    label: str
    unit: str
    factor: float = TONNES_PER_HECTARE
    summed: bool = False
    digits: int = 3

    def measure(self) -> Measure:
        """The row."""

        def value(run: FinishedRun, _: FinishedRun) -> float:
            if self.variable not in run.maps:
                return NOTHING
            values = run.maps[self.variable]
            return run.mean(values) / run.years * self.factor if self.summed else run.mean(values[1]) * self.factor

        return Measure(self.label, self.unit, value, self.digits)


#: maps that are told where the runs have written them (output.maps): of stocks, and of the rest
OF_STOCKS = (
    OfMap("cLitterSurf", "residues and litter on the surface at the end", "t C/ha", digits=2),
    OfMap("cSoilOrgESM", "SOC at the end, 0-30 cm, equivalent mass by a spline", "t C/ha", digits=2),
    OfMap("cSoilOrgFD", "SOC at the end, 0-30 cm, fixed depth", "t C/ha", digits=2),
)
OF_MAPS = (
    OfMap("yield", "yield, dry matter", "t/ha/yr", summed=True),
    OfMap("irr", "irrigation", "mm/yr", 1.0, summed=True, digits=1),
    OfMap("pH", "pH at the end, 0-30 cm", "1", 1.0, digits=2),
    OfMap("mrros", "surface runoff", "mm/yr", 1.0, summed=True, digits=1),
)
#: maps that are read, and whether the sum over the run is taken
READ = {"cSoilOrg": False, "cSoilOrgTop": False, "netEro": True}
READ |= {row.variable: row.summed for row in (*OF_STOCKS, *OF_MAPS)}


def _gain(run: FinishedRun, first: FinishedRun) -> float:
    return float(appraisal.relative_rate(run.profile("soc"), first.profile("soc"), run.years))


def _kind_of_gain(kind: str) -> Value:
    return lambda run, first: run.of_kind(kind) - first.of_kind(kind)


def _moved(run: FinishedRun, first: FinishedRun) -> float:
    """Share of the gain that plants and air did not bring, %."""
    gain = _gain(run, first)
    moved = sum(run.of_kind(kind) - first.of_kind(kind) for kind in ("lateral", "substratum"))
    return 100.0 * moved / gain if abs(gain) >= LEAST_GAIN else NOTHING


def _credited(run: FinishedRun, when: int = 1) -> float:
    return run.stock("soc", 0.0, run.credited_depth(), when)


def _booked(*columns: str, factor: float = 1.0) -> Value:
    return lambda run, _: factor * run.booked(*columns)


def _unmet(run: FinishedRun, _: FinishedRun) -> float:
    """Nitrogen that crops needed and did not find, kg ha-1 yr-1 of all cells with soil, in the months that are told.

    What comes after the last December of a run is not.
    """
    table = run.folder / "nitrogen.csv"
    if not table.is_file():
        return NOTHING
    with table.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    found = ("taken_up", "fixed")
    lacking = [float(row["area_ha"]) * (float(row["needed"]) - sum(float(row[name]) for name in found)) for row in rows]
    told = sum(float(row["area_ha"]) * float(row["months"]) for row in rows) / 12.0
    return sum(lacking) / told if told > 0.0 else NOTHING


def _reached(run: FinishedRun, reference: np.ndarray) -> float:
    """Share of the cells whose credited stock grows over ``reference`` by four thousandths of it a year, %."""
    rate = run.grown(reference)[run.soil]
    rate = rate[np.isfinite(rate)]
    return 100.0 * float((rate >= FOUR_PER_MILLE * (1.0 - RATE_ROUND_OFF)).mean()) if rate.size else NOTHING


def _term(account: str, *terms: str, sign: float = 1.0) -> Value:
    return lambda run, _: sign * sum(run.term(account, term) for term in terms)


def _phosphorus(run: FinishedRun, first: FinishedRun) -> float:
    nutrients = first.scenario.nutrients
    return 1000.0 * run.leaves("sediment_export") * nutrients.phosphorus * nutrients.enrichment


def _potassium(run: FinishedRun, first: FinishedRun) -> float:
    content = run.budget.get("eroded_potassium")
    return (
        NOTHING if content is None
        else 1000.0 * run.leaves("sediment_export") * content * first.scenario.nutrients.enrichment
    )  # fmt: skip


def _nitrogen(run: FinishedRun, first: FinishedRun) -> float:
    carbon = 1000.0 * run.leaves("poc_export")
    return float(appraisal.nitrogen_of(carbon, first.scenario.nutrients.carbon_nitrogen))


#: kg ha-1 yr-1 that leaves with sediment
NUTRIENTS: dict[str, Value] = {"nitrogen": _nitrogen, "phosphorus": _phosphorus, "potassium": _potassium}


def _stocks(runs: list[FinishedRun]) -> Iterable[Measure]:
    """Stocks by depth, as deep as the profile goes; layers are of equal mineral mass in all runs."""
    bottom = float(runs[0].layer_bottom[-1])
    depths = [depth for depth in DEPTHS if depth < bottom - 1e-9] + [bottom]

    def between(kind: str, top: float, base: float) -> Value:
        return lambda run, _: run.stock(kind, top, base)

    for kind in ("soc", "sic"):
        name = kind.upper()

        def whole(run: FinishedRun, _: FinishedRun, kind: str = kind) -> float:
            return run.profile(kind)

        yield Measure(f"{name} at the end", "t C/ha", whole, 2)
        if kind == "soc":
            top = runs[0].credited_depth()
            yield Measure(f"SOC at the end, 0-{100 * top:g} cm", "t C/ha", lambda run, _: _credited(run), 2)
        for top, base in zip(depths, depths[1:], strict=False):
            yield Measure(f"  {name} {100 * top:g}-{100 * base:g} cm", "t C/ha", between(kind, top, base), 2)


MEASURES = (
    *(row.measure() for row in OF_STOCKS),
    Measure("change of SOC", "t C/ha/yr", lambda run, _: (run.profile("soc") - run.profile("soc", 0)) / run.years, 4),
    Measure("gain of SOC against the first", "t C/ha/yr", _gain, 4, other=True),
    Measure("  of it from plants and air", "t C/ha/yr", _kind_of_gain("vertical"), 4, other=True),
    Measure("  of it moved sideways", "t C/ha/yr", _kind_of_gain("lateral"), 4, other=True),
    Measure("  of it from or to below the profile", "t C/ha/yr", _kind_of_gain("substratum"), 4, other=True),
    Measure("  share of it that was moved", "%", _moved, 1, other=True),
    Measure(
        "absolute sequestration rate, 0-30 cm", "t C/ha/yr",
        lambda run, _: float(appraisal.absolute_rate(_credited(run), _credited(run, 0), run.years)), 4,
    ),
    Measure(
        "relative sequestration rate, 0-30 cm", "t C/ha/yr",
        lambda run, first: float(appraisal.relative_rate(_credited(run), _credited(first), run.years)), 4, other=True,
    ),
    Measure(
        "area where SOC, 0-30 cm, grows by 4 per 1000 a year", "%",
        lambda run, _: _reached(run, run.maps["cSoilOrgTop"][0]), 1,
    ),
    Measure(
        "the same, against the first", "%",
        lambda run, first: _reached(run, first.maps["cSoilOrgTop"][1]), 1, other=True,
    ),
    Measure("plant input", "t C/ha/yr", _term("soc", "plant_input")),
    Measure("manure and other amendments", "t C/ha/yr", _term("soc", "amendment")),
    Measure("respired", "t C/ha/yr", _term("soc", "respired")),
    Measure("net balance of peat", "t C/ha/yr", _term("soc", "peat_balance")),
    Measure("SOC that leaves with sediment", "t C/ha/yr", lambda run, _: -run.of_kind("lateral"), 4),
    Measure("DOC leached", "t C/ha/yr", _term("doc", "doc_leached", "doc_drained", sign=-1.0), 4),
    Measure("DIC leached", "t C/ha/yr", _term("dic", "dic_leached", "dic_drained", sign=-1.0), 4),
    Measure("SIC dissolved", "t C/ha/yr", _term("sic", "carbonate_dissolved", sign=-1.0), 4),
    *(row.measure() for row in OF_MAPS),
    Measure("gross erosion by water", "t/ha/yr", lambda run, _: float(run.budget["gross_erosion"])),
    Measure("sediment yield", "t/ha/yr", lambda run, _: float(run.budget["sediment_yield"])),
    Measure("sediment in sewers", "t/ha/yr", lambda run, _: float(run.budget.get("sewer_yield", 0.0))),
    Measure("sediment in ponds in the channel", "t/ha/yr", lambda run, _: float(run.budget.get("pond_storage", 0.0))),
    Measure("nitrogen of fertilisers that stays", "kg N/ha/yr", _booked("nitrogen.fertiliser"), 1),
    Measure("nitrogen mineralised", "kg N/ha/yr", _booked("nitrogen.mineralisation"), 1),
    Measure("nitrogen taken up", "kg N/ha/yr", _booked("nitrogen.nitrogen_uptake", factor=-1.0), 1),
    Measure("nitrogen needed and not found", "kg N/ha/yr", _unmet, 1),
    Measure("nitrogen leached", "kg N/ha/yr", _booked(*(f"nitrogen.{term}" for term in LEACHED), factor=-1.0), 1),
    Measure(
        "lime that the acid of nitrogen and harvest takes", "kg CaCO3/ha/yr",
        _booked("strong_acid.nitrogen_acid", factor=LIME_PER_CHARGE), 1,
    ),
    *(Measure(f"{name} lost with sediment", "kg/ha/yr", value, 2) for name, value in NUTRIENTS.items()),
)  # fmt: skip


def rows_of(runs: list[FinishedRun]) -> list[Row]:
    """Every row that some run can tell and that is not zero in all of them."""
    from watershed_c.costs import costs

    measures = [*_stocks(runs), *MEASURES, *costs(runs)]
    rows = [measure.row(runs) for measure in measures]
    return [row for row in rows if not all(np.isnan(value) or value == 0.0 for value in row.values)]
