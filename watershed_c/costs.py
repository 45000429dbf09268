"""Rows of costs and returns, where the first run's scenario has prices."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator

import numpy as np

from watershed_c import appraisal
from watershed_c.management.library import load_library
from watershed_c.management.work import Work
from watershed_c.measures import NOTHING, NUTRIENTS, FinishedRun, Measure
from watershed_c.scenario.appraisal import Prices


def work(run: FinishedRun) -> Work:
    """What was done, brought and reaped in a run; reaped as it grew, where the run has growth."""
    told = run.record["work"]
    tables = ("passes", "sown", "brought", "reaped", "fertilised")
    done = Work(told["years"], *({name: np.array(by) for name, by in told[table].items()} for table in tables))
    grown = run.folder / "yields.csv"
    if grown.is_file():
        with grown.open(encoding="utf-8", newline="") as handle:
            rows = [(row["crop"], int(row["step"]) // 12, row) for row in csv.DictReader(handle)]
        crops = load_library().crops
        for crop in {crop for crop, _, _ in rows} & set(done.reaped):
            done.reaped[crop] = np.zeros(done.years)
        for crop, year, row in rows:
            if crop in done.reaped:  # what is grazed and comes back as dung is not
                taken = float(row["yield_t_ha_dry"]) * (1.0 - crops[crop].product_returned)
                done.reaped[crop][year] += float(row["area_ha"]) * taken
    return done


def _priced(amounts: dict[str, np.ndarray], prices: dict[str, float], years: int) -> np.ndarray:
    """Money by year (Y,) of amounts that have a price."""
    found = np.zeros(years)
    for name, values in amounts.items():
        found = found + prices.get(name, 0.0) * values
    return found


def streams(run: FinishedRun, first: FinishedRun, prices: Prices) -> dict[str, np.ndarray]:
    """What is paid (and, negative, earned) by year (Y,) in the domain, by what for."""
    done = work(run)
    found = {
        "field work": _priced(done.passes, prices.operations, done.years),
        "seed and sowing": _priced(done.sown, prices.sowing, done.years),
        "manure and materials": _priced(done.brought, prices.materials, done.years),
        "fertiliser": _priced(done.fertilised, prices.fertilisers, done.years),
        "yields sold": -_priced(done.reaped, prices.yields, done.years),
    }
    shares = run.by_year(np.ones(run.ledger["step"].size)) / run.ledger["step"].size * run.years * run.area
    worth = {name: getattr(prices, name) for name in NUTRIENTS}
    lost = [price * NUTRIENTS[name](run, first) for name, price in worth.items() if price is not None]
    found["nutrients lost with sediment"] = sum(lost, start=0.0) * shares
    found["sediment that leaves"] = (prices.sediment or 0.0) * run.leaves("sediment_export") * shares
    return found


def costs(runs: list[FinishedRun]) -> Iterator[Measure]:
    """Rows of costs; none without prices."""
    first = runs[0]
    prices: Prices | None = first.scenario.prices
    if prices is None:
        return
    rate, money = prices.discount_rate, prices.currency
    by_run = {id(run): streams(run, first, prices) for run in runs}
    total = {key: np.sum(list(parts.values()), axis=0) for key, parts in by_run.items()}

    def a_year(of: Callable[[FinishedRun], np.ndarray]) -> Callable[[FinishedRun, FinishedRun], float]:
        return lambda run, _: float(of(run).sum()) / run.area / run.years

    for what in by_run[id(first)]:
        yield Measure(what, f"{money}/ha/yr", a_year(lambda run, what=what: by_run[id(run)][what]), 2)  # type: ignore[misc]
    yield Measure("costs less returns", f"{money}/ha/yr", a_year(lambda run: total[id(run)]), 2)
    yield Measure(
        f"present value of them, {100 * rate:g} % a year", f"{money}/ha",
        lambda run, _: appraisal.discounted(total[id(run)], rate) / run.area, 0,
    )  # fmt: skip
    extra = {id(run): run.taken_up() - first.taken_up() for run in runs[1:]}
    yield Measure(
        "CO2 taken up against the first", "t CO2/ha/yr",
        lambda run, _: float(extra[id(run)].sum()) / run.area / run.years, other=True,
    )  # fmt: skip
    if prices.carbon_dioxide is not None:
        paid = prices.carbon_dioxide
        yield Measure(
            "paid for CO2", f"{money}/ha/yr",
            lambda run, _: paid * float(extra[id(run)].sum()) / run.area / run.years, 2, other=True,
        )  # fmt: skip

    def abatement(run: FinishedRun, _: FinishedRun) -> float:
        more = total[id(run)] - total[id(first)]
        return appraisal.abatement_cost(more, extra[id(run)], rate) if more.any() else NOTHING

    yield Measure("cost of abatement", f"{money}/t CO2", abatement, 1, other=True)
