"""Priming: closed form, limits, balance, and the steady state of a whole run."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build, runs
from watershed_c.assembly import assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.pools import CompiledPoolModel, load_model
from watershed_c.pools.priming import fresh_pools, primed
from watershed_c.scenario.resolve import resolve
from watershed_c.state import Watershed


def rothc() -> CompiledPoolModel:
    model = build.pool_model()
    assert isinstance(model, CompiledPoolModel)
    return model


def turned(coefficient: float | None) -> tuple[Watershed, Decomposition, np.ndarray]:
    """A month of decomposition without input, and the stocks before it."""
    w = build.watershed()
    w.units.inputs[:] = 0.0
    w.units.amendment[:] = 0.0
    process = Decomposition(w, rothc() if coefficient is None else primed(rothc(), coefficient))
    before = w.stocks.copy()
    process.run_one_step(build.MONTH)
    w.ledger.check("Decomposition", ("soc",))
    return w, process, before


@pytest.mark.parametrize(
    ("name", "fresh"),
    [
        ("rothc", ["dpm", "rpm"]), ("icbm", ["young"]),
        ("century", ["surface_structural_lignin", "surface_structural", "surface_metabolic", "soil_structural_lignin",
                     "soil_structural", "soil_metabolic"]),
        ("yasso20", ["acid", "water", "ethanol", "neutral"]),
    ],
)  # fmt: skip
def test_fresh_is_what_plants_feed(name: str, fresh: list[str]) -> None:
    model = load_model(name)
    assert isinstance(model, CompiledPoolModel)
    found = [pool for pool, is_fresh in zip(model.pools, fresh_pools(model), strict=True) if is_fresh]
    assert len(found) == len(fresh) and (name not in ("rothc", "century") or found == fresh)


def test_rates_of_humified_carbon_follow_the_fresh_of_their_layer() -> None:
    """HUM and BIO lose exp(-k m (1 - exp(-c F)) dt), DPM and RPM as ever; nothing is lost."""
    w, process, before = turned(0.7)
    model, soc = rothc(), w.constituents.of_group("soc")
    plain, own, _ = turned(None)
    cells = w.cells
    fresh = 1000.0 * before[cells][:, :, soc[:2]].sum(axis=2) / w.mineral[cells]
    factor = 1.0 - np.exp(-0.7 * fresh)
    assert 0.05 < factor.min() < factor.max() < 1.0
    groups = process.model.structure.group
    assert len(set(groups[:4])) == 2
    np.testing.assert_allclose(process.modifier[cells][:, :, groups[3]], own.modifier[cells, :, 0] * factor, rtol=1e-12)
    np.testing.assert_array_equal(process.modifier[cells][:, :, groups[0]], own.modifier[cells, :, 0])
    np.testing.assert_array_equal(w.stocks[cells][:, :, soc[:2]], plain.stocks[cells][:, :, soc[:2]])
    # what is left of HUM beside what was made of all losses
    lost = before[cells][:, :, soc] * -np.expm1(
        -model.rates * build.MONTH * process.modifier[cells][:, :, groups[np.arange(5)]]
    )
    made = lost[:, :, :4].sum(axis=2) * process.coefficients[cells][:, None, 1]
    left = before[cells][:, :, soc[3]] - lost[:, :, 3]
    np.testing.assert_allclose(w.stocks[cells][:, :, soc[3]], left + made, rtol=1e-12)


def test_limits() -> None:
    """A large c is the model without priming; without fresh carbon humus rests."""
    w, _, _ = turned(1e6)
    plain, _, _ = turned(None)
    np.testing.assert_allclose(w.stocks, plain.stocks, rtol=1e-13)
    still = build.watershed()
    soc = still.constituents.of_group("soc")
    still.stocks[:, :, soc[:2]] = 0.0
    still.units.inputs[:], still.units.amendment[:] = 0.0, 0.0
    still.ledger.open()
    before = still.stocks.copy()
    Decomposition(still, primed(rothc(), 0.7)).run_one_step(build.MONTH)
    assert np.array_equal(still.stocks, before)


@pytest.mark.parametrize(("value", "message"), [(0.0, "must be above 0 kg g-1"), (np.nan, "must be above 0 kg g-1")])
def test_what_is_refused(value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        primed(rothc(), value)


@pytest.fixture(scope="module")
def steady() -> dict[float, tuple[Watershed, float]]:
    found = {}
    for coefficient in (1.0, 1000.0):
        changes = {
            "processes.decomposition.priming": coefficient, "carbon.initial": {"method": "steady"},
            "processes.carbonate.enabled": False, "processes.dissolved_carbon.enabled": False,
        }  # fmt: skip
        assembly = assemble(resolve(runs.small(changes), overwrite=True))
        report = initialise(assembly)
        for _ in range(6):
            assembly.model.step()
        found[coefficient] = assembly.watershed, report.drift_per_decade
    return found


def test_the_steady_state_is_found_and_holds_more_where_little_is_fresh(
    steady: dict[float, tuple[Watershed, float]],
) -> None:
    """The same input: primed carbon is the older, and the more so below, where fresh carbon is scarce."""
    (w, drift), (plain, plain_drift) = steady[1.0], steady[1000.0]
    assert abs(drift) < 0.002 and abs(plain_drift) < 0.002
    soc = w.constituents.of_group("soc")
    more = w.stocks[w.cells][:, :, soc].sum(axis=2) / plain.stocks[w.cells][:, :, soc].sum(axis=2)
    assert (more > 1.0).all() and (more[:, -1] > more[:, 0]).all()
    assert w.ledger.cumulative_residual()["soc"] < 1e-12
