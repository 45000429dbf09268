"""The tracers process: books, parameters, and that a tracer is a row of one table."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build, runs
from watershed_c.assembly import assemble, initialise
from watershed_c.components.tracers import Tracers
from watershed_c.constituents import TRACERS, Constituent, Fallout
from watershed_c.scenario.resolve import resolve


def test_fallout_of_the_calendar_year() -> None:
    w = build.watershed()
    process = Tracers(w, fallout={"cs137": Fallout(2001, np.array([12.0, 0.0, 24.0]), 0.0, 4.0)})
    fallen = []
    for index in (0, 11, 12, 30):
        w.at(build.step(index))
        process.run_one_step(build.MONTH)
        w.ledger.check("Tracers", process.transforms)
        fallen.append(w.ledger.close()["cs137", "fallout"] / (w.cells.size * w.cell_area))
    np.testing.assert_allclose(fallen, [1.0, 1.0, 0.0, 2.0], atol=1e-12)


@pytest.mark.parametrize(
    ("fallout", "message"),
    [
        ({"be7": Fallout(2001, np.ones(1))}, "be7 is not among the constituents"),
        ({"cs137": Fallout(2001, np.array([-1.0]))}, "must be at least 0"),
        ({"cs137": Fallout(2001, np.array([np.nan]))}, "must be at least 0"),
        ({"cs137": Fallout(2001, np.ones(1), 0.0, -1.0)}, "must be at least 0"),
    ],
)
def test_what_is_refused(fallout: dict[str, Fallout], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tracers(build.watershed(), fallout=fallout)


def test_a_made_up_tracer_is_one_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario, transport, ledger, maps and profiles know it by its row alone; it moves as 137Cs does."""
    made_up = Constituent("xenium", "xenium", 0.0, "mineral", None, "made-up xenium", TRACERS["cs137"].half_life, "Bq")
    monkeypatch.setitem(TRACERS, "xenium", made_up)
    tracer = {"flux": "100 Bq/m2/yr", "initial": "2 kBq/m2", "initial_depth": "25 cm"}
    scenario = runs.small(
        {"tracers": {"cs137": tracer, "xenium": tracer}, "output.maps": ["xenium", "cs137"], "time.end": "2001-10"}
    )
    assembly = assemble(resolve(scenario, overwrite=True))
    initialise(assembly)
    w = assembly.watershed
    np.testing.assert_allclose(w.stock("xenium")[w.cells], 2000.0, rtol=1e-12)
    assert (w.stocks[w.cells, 2, w.constituents.index("xenium")] == 0.0).all()  # below 25 cm
    totals = [assembly.model.step() for _ in range(6)]
    np.testing.assert_array_equal(w.stock("xenium"), w.stock("cs137"))
    inventory = w.stock("xenium")[w.cells]
    assert np.ptp(inventory) > 1.0
    assert sum(step["xenium", "water_erosion_export"] for step in totals) > 0.0
    assert w.ledger.cumulative_residual()["xenium"] < 1e-12
