"""Months in equal parts: amounts are shared out, what has a date happens once, books close, records stay monthly."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import runs
from tests.science.test_coupled_contracts import assert_books_close
from tests.test_resume import Crash, crash, stop_in_step
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.coupling import Model
from watershed_c.errors import ScenarioError
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.kernels.rate_modifiers import update_deficit
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import predict, resume, run

PARTS = 3
#: 17 months: restart files after 7 and 14
CHECKPOINT = 7


def scenario(parts: int = PARTS, **more: object) -> Scenario:
    return runs.small({"time.end": "2002-08", "time.steps_per_month": parts, **more})


def assembled(parts: int, **more: object) -> Assembly:
    assembly = assemble(resolve(scenario(parts, **more), overwrite=True))
    initialise(assembly)
    return assembly


# -- laws ------------------------------------------------------------------------------------------------------------


def course(parts: int) -> dict[str, np.ndarray]:
    """Months of forcing and calendar: sums over their parts; and what stands at their ends."""
    assembly = assembled(parts, **{"processes.soil_water.rain_days": 12.0})
    w, model = assembly.watershed, assembly.model
    sums: dict[str, list[np.ndarray]] = {}
    while not model.done:
        step = model.clock.step(model.index)
        model.step()
        amounts = {name: getattr(w, name)[w.cells] for name in ("precipitation", "pet", "erosivity", "runoff")}
        amounts |= {"inputs": w.units.inputs, "amendment": w.units.amendment}
        amounts["passes"] = np.array([len(w.units.tillage)])
        for name, values in amounts.items():
            months = sums.setdefault(name, [])
            if step.part == 0:
                months.append(np.zeros(values.shape))
            months[-1] += values
        if step.ends_month:
            sums.setdefault("cover", []).append(w.units.cover_factor.copy())
            sums.setdefault("deficit", []).append(w.deficit[w.cells])
            sums.setdefault("temperature", []).append(w.temperature[w.cells])
            sums.setdefault("water", []).append(w.water[w.cells])
    return {name: np.array(months) for name, months in sums.items()}


@pytest.fixture(scope="module")
def monthly() -> dict[str, np.ndarray]:
    return course(1)


@pytest.mark.parametrize("parts", [2, 4])
def test_months_have_the_same_amounts(monthly: dict[str, np.ndarray], parts: int) -> None:
    """Rain, PET, erosivity and input of each month; curve-number runoff, which knows wet days and not steps; water and
    moisture deficit at the end of each month (12 wet days: 12 substeps of soil water in all)."""
    divided = course(parts)
    assert monthly["passes"].sum() >= 1 and monthly["amendment"].any() and monthly["runoff"].any()
    assert (monthly["deficit"] < 0.0).any()
    assert divided["passes"].tolist() == monthly["passes"].tolist()
    for name, values in monthly.items():
        assert values.shape == divided[name].shape
        np.testing.assert_allclose(divided[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("cover", [0.0, 1.0])
def test_deficit_at_the_end_of_the_month_knows_no_parts(cover: float) -> None:
    """Drying, wetting, soil that plants have dried, soil at its limits."""
    random = np.random.default_rng(2)
    n = 500
    cells, unit = np.arange(n), np.zeros(n, dtype=np.int64)
    maximum = random.uniform(-60.0, -20.0, n)
    start = maximum * random.choice([0.0, 0.2, 0.5, 0.6, 0.9, 1.0], n)
    rain, demand = random.uniform(0.0, 120.0, n), random.uniform(0.0, 120.0, n)
    found = []
    for parts in (1, 2, 8):
        deficit = start.copy()
        for _ in range(parts):
            covered = np.array([cover])
            update_deficit(cells, rain / parts, demand / parts, unit, covered, maximum, 0.556 * maximum, deficit)
        found.append(deficit)
    np.testing.assert_allclose(found[1], found[0], atol=1e-12 * 120.0)
    np.testing.assert_allclose(found[2], found[0], atol=1e-12 * 120.0)


@pytest.mark.parametrize(("parts", "method"), [(2, "history"), (PARTS, "steady")])
def test_books_close(parts: int, method: str) -> None:
    """Every account after every process of every part, with every process on, initial carbon included."""
    steady = {"carbon.initial": {"method": "steady"}} if method == "steady" else {}
    assembly = assembled(parts, **{"numerics.ledger": "process", **steady})
    before = assembly.watershed.stock("soc")[assembly.watershed.cells]
    while not assembly.model.done:
        assembly.model.step()
    assert assembly.model.index == 17 * parts
    assert_books_close(assembly, before)


def test_steady_state_is_one_of_the_divided_months() -> None:
    """The initial carbon is sought with the steps that the run takes: divided months drift no more than whole ones, and
    are found as soon."""
    whole, divided = (
        initialise(assemble(resolve(scenario(parts, **{"carbon.initial": {"method": "steady"}}), overwrite=True)))
        for parts in (1, 2)
    )
    assert divided.drift_per_decade == pytest.approx(whole.drift_per_decade, abs=2e-5)
    assert divided.corrections <= whole.corrections + 1


def test_failures_name_the_part() -> None:
    """And the run says that months are divided, where the model was made for whole ones."""
    assembly = assembled(PARTS)
    assert any("computed in 3 steps" in warning for warning in assembly.warnings)
    evenly = assemble(resolve(scenario(PARTS, **{"carbon.model": "icbm"}), overwrite=True))
    assert not any("computed in" in warning for warning in evenly.warnings)
    assembly.model.step()
    assembly.model.step()
    assert assembly.watershed.ledger.label == "2001-04 part 2 of 3"


# -- runs ------------------------------------------------------------------------------------------------------------


def stored(**more: object) -> Scenario:
    return scenario(**{"output.checkpoint_every": CHECKPOINT / 12.0, **more})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nobody stopped."""
    return run(stored(), output=tmp_path_factory.mktemp("whole") / "run", quiet=True).directory


def test_records_stay_monthly(tmp_path: Path) -> None:
    """As many maps, ledger rows and moments as without parts; rows and maps are sums over the parts."""
    monthly, divided = (
        run(stored(parts=parts, **{"output.every": "month"}), output=tmp_path / str(parts), quiet=True).directory
        for parts in (1, PARTS)
    )
    found = runs.arrays(divided / "results.nc")
    ledger, expected = read_ledger(divided / "ledger.csv"), read_ledger(monthly / "ledger.csv")
    for name, values in runs.arrays(monthly / "results.nc").items():
        assert found[name].shape == values.shape, name
        if "time" in name or name in ("x", "y", "layer_bottom"):
            assert found[name].tolist() == values.tolist(), name
    assert ledger["month"].tolist() == expected["month"].tolist()
    assert ledger["step"].tolist() == list(range(17))
    np.testing.assert_allclose(ledger["water.precipitation"], expected["water.precipitation"], rtol=1e-12)
    # percolation out of the profile over the month recharges groundwater: most of it leaves within months
    drained = np.nansum(found["qdrain"], axis=(1, 2))[1:].sum() * 100.0
    assert drained == pytest.approx(-ledger["water.baseflow"].sum(), rel=0.25)
    record = runs.record(divided)
    assert (record["steps"], record["next_step"]) == (17 * PARTS, 17 * PARTS)
    assert record["budget"]["years"] == 17 / 12
    terms = record["budget"]["carbon"]["soc"]["terms"]
    for term, amount in terms.items():
        assert 1e-3 * ledger[f"soc.{term}"].sum() == pytest.approx(amount, rel=1e-9, abs=1e-12), term


@pytest.mark.parametrize("step", [4, 7 * PARTS + 1, 17 * PARTS - 1])
def test_a_crash_in_a_part_leaves_no_trace(whole: Path, tmp_path: Path, step: int) -> None:
    """The restart file is of the end of a month; what came after it is computed again, to the bit."""
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, step, crash)
        with pytest.raises(Crash):
            run(stored(), output=tmp_path / "run", quiet=True)
    with netCDF4.Dataset(tmp_path / "run/restart.nc") as dataset:
        assert dataset.next_step == step // PARTS // CHECKPOINT * CHECKPOINT * PARTS
    resume(tmp_path / "run", quiet=True)
    runs.assert_same_run(whole, tmp_path / "run")
    assert runs.files(whole) == runs.files(tmp_path / "run")


def test_an_interruption_lets_the_month_end(whole: Path, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.MonkeyPatch.context() as patch:
            stop_in_step(patch, 9 * PARTS + 1, lambda: os.kill(os.getpid(), signal.SIGINT))
            with pytest.raises(KeyboardInterrupt, match="go on with: watershed-c resume"):
                run(stored(), output=tmp_path / "run", quiet=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert runs.record(tmp_path / "run")["next_step"] == 10 * PARTS
    taken = []
    with pytest.MonkeyPatch.context() as patch:
        original = Model.step
        patch.setattr(Model, "step", lambda self: (taken.append(self.index), original(self))[1])
        resume(tmp_path / "run", quiet=True)
    assert taken == list(range(10 * PARTS, 17 * PARTS))
    runs.assert_same_run(whole, tmp_path / "run")


def test_prediction_counts_the_parts() -> None:
    one, three = predict(scenario(1)), predict(scenario(3))
    assert three.steps == 3 * one.steps and three.disk == one.disk
    assert three.seconds == pytest.approx(3.0 * one.seconds)


@pytest.mark.parametrize(
    ("value", "message"),
    [(0, "must be 1-64"), (65, "must be 1-64"), (1.5, "whole number"), ("two", "whole number"), (True, "whole number")],
)
def test_what_is_refused(value: object, message: str) -> None:
    with pytest.raises(ScenarioError, match="time.steps_per_month") as raised:
        scenario(value)  # type: ignore[arg-type]
    assert message in str(raised.value)
