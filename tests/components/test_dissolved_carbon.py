"""The DOC component on a small watershed: books, steady state, limits."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.state import Watershed

DT = 1.0 / 12.0


def watershed() -> Watershed:
    grid = RasterModelGrid((5, 6), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    rows = ConstituentTable((soc_pool("humus", "mineral"),))
    w = Watershed(grid, constituents=rows, layer_bottom=np.array([0.1, 0.3, 0.6, 1.0]))
    thickness = w.layer_bottom - w.layer_top
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.water[:] = 280.0 * thickness
    w.percolation[:] = np.random.default_rng(3).uniform(15.0, 30.0, w.water.shape)
    w.groundwater[:] = 50.0
    w.baseflow[:] = w.percolation[:, -1]
    w.doc_produced[:] = 0.02 * 0.4 * DT * np.array([0.5, 0.3, 0.15, 0.05])
    return w


def test_ledger_closes_and_nothing_is_negative() -> None:
    w = watershed()
    process = DissolvedCarbon(w)
    w.ledger.open()
    for _ in range(36):
        process.run_one_step(DT)
        w.ledger.check("dissolved_carbon")
    totals = w.ledger.run_totals.amounts
    assert totals["doc", "doc_production"] > -totals["doc", "doc_mineralised"] > 0.0
    assert totals["doc", "doc_leached_export"] == pytest.approx(-totals["doc", "doc_leached"], rel=1e-14)
    assert (w.doc >= 0.0).all()
    assert w.ledger.cumulative_residual()["doc"] < 1e-12


def test_steady_state_start_stays_and_has_the_size_that_is_observed() -> None:
    """Cropland loses 4.1 +- 1.3 g DOC m-2 yr-1 (Kindler et al. 2011); here 2 % of 400 g becomes DOC."""
    w = watershed()
    process = DissolvedCarbon(w)
    process.start_from_steady_state(w.doc_produced / DT, w.percolation / DT)
    before = w.doc.copy(), w.groundwater_doc.copy()
    w.ledger.open()
    for _ in range(24):
        process.run_one_step(DT)
        w.ledger.check("dissolved_carbon")
    assert w.doc == pytest.approx(before[0], rel=1e-11)
    assert w.groundwater_doc == pytest.approx(before[1], rel=1e-11)
    exported = w.ledger.run_totals.amounts["doc", "doc_leached_export"] / (2.0 * w.cell_area * w.cells.size)
    assert 1.5e-3 < exported < 6.7e-3  # the mean of the observations, give or take two of their intervals


def test_empty_soil_exports_next_to_nothing_for_years() -> None:
    w = watershed()
    process = DissolvedCarbon(w)
    w.ledger.open()
    for _ in range(36):
        process.run_one_step(DT)
    totals = w.ledger.run_totals.amounts
    assert totals["doc", "doc_leached_export"] < 0.02 * totals["doc", "doc_production"]


def test_touches_only_what_it_declares() -> None:
    w = watershed()
    process = DissolvedCarbon(w)
    before = {name: np.array(w.grid.at_node[name]) for name in w.grid.at_node}
    process.run_one_step(DT)
    changed = {name for name, values in before.items() if not np.array_equal(values, w.grid.at_node[name])}
    assert changed == {name for name, record in process._info.items() if record["intent"] != "in"}


@pytest.mark.parametrize("parameters", [{"distribution_coefficient": -0.1}, {"decay_rate": -1.0}])
def test_parameters_out_of_range(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        DissolvedCarbon(watershed(), **parameters)
