"""The DOC component on a small watershed, its isotopes with it: books, steady state, limits."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.isotopes import HALF_LIFE_14C
from watershed_c.state import Watershed

DT = 1.0 / 12.0
#: ratios to their standards of the DOC that is made
RATIOS = {"c14": 1.05, "c13": 0.973}


def watershed() -> Watershed:
    grid = RasterModelGrid((5, 6), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    rows = ConstituentTable((soc_pool("humus", "mineral"),))
    bottom = np.array([0.1, 0.3, 0.6, 1.0])
    w = Watershed(grid, constituents=rows, layer_bottom=bottom, dissolved_isotopes=("c14", "c13"))
    thickness = w.layer_bottom - w.layer_top
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.water[:] = 280.0 * thickness
    w.percolation[:] = np.random.default_rng(3).uniform(15.0, 30.0, w.water.shape)
    w.groundwater[:] = 50.0
    w.baseflow[:] = w.percolation[:, -1]
    w.doc_produced[:] = 0.02 * 0.4 * DT * np.array([0.5, 0.3, 0.15, 0.05])
    for isotope, ratio in RATIOS.items():
        getattr(w, f"doc_produced_{isotope}")[:] = ratio * w.doc_produced
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
    residual = w.ledger.cumulative_residual()
    assert residual["doc"] < 1e-12 and residual["doc_c13"] < 1e-12 and residual["doc_c14"] < 1e-12
    # what is left in solution is heavier than what was made, what was respired lighter
    left = w.doc_c13[w.cells] / w.doc[w.cells]
    respired = totals["doc_c13", "doc_mineralised"] / totals["doc", "doc_mineralised"]
    assert left.min() > RATIOS["c13"] > respired > 0.998 * RATIOS["c13"]


def test_one_ratio_stays_one_ratio_without_fractionation() -> None:
    w = watershed()
    w.with_sideways().drained[:, 2] = 5.0
    process = DissolvedCarbon(w)
    process.slower["c13"] = 1.0
    w.ledger.open()
    percolation, random = w.percolation.copy(), np.random.default_rng(5)
    for _ in range(60):
        w.percolation[:] = percolation * random.uniform(0.0, 2.0, w.percolation.shape)
        process.run_one_step(DT)
    for held, twin in ((w.doc, w.doc_c13), (w.groundwater_doc, w.groundwater_doc_c13)):
        np.testing.assert_allclose(twin[w.cells], RATIOS["c13"] * held[w.cells], rtol=1e-12)
    totals = w.ledger.run_totals.amounts
    for term in ("doc_mineralised", "doc_leached_export", "doc_drained_export"):
        assert totals["doc_c13", term] == pytest.approx(RATIOS["c13"] * totals["doc", term], rel=1e-12)


def test_a_pulse_of_an_isotope_is_conserved() -> None:
    """Into the top layer, nothing respired: what is gone of it has left with the water, or decayed."""
    w = watershed()
    for name in ("doc_produced", "doc_produced_c14", "doc_produced_c13"):
        getattr(w, name)[:] = 0.0
    process = DissolvedCarbon(w, distribution_coefficient=0.1, decay_rate=0.0)
    w.doc_c14[w.cells, 0] = w.doc_c13[w.cells, 0] = 1.0
    w.ledger.start_afresh()
    for _ in range(120):
        process.run_one_step(DT)
        w.ledger.check("dissolved_carbon")
    totals, area = w.ledger.run_totals.amounts, w.cell_area * w.cells.size
    left = {name: float(getattr(w, name)[w.cells].sum() + getattr(w, f"groundwater_{name}")[w.cells].sum())
            for name in ("doc_c14", "doc_c13")}  # fmt: skip
    gone = {name: totals[name, "doc_leached_export"] / area for name in left}
    assert left["doc_c13"] / w.cells.size + gone["doc_c13"] == pytest.approx(1.0, rel=1e-12)
    assert gone["doc_c13"] > 0.9
    decayed = -totals["doc_c14", "radioactive_decay"] / area
    assert left["doc_c14"] / w.cells.size + gone["doc_c14"] + decayed == pytest.approx(1.0, rel=1e-12)
    assert decayed == pytest.approx(1.0 - gone["doc_c14"] / gone["doc_c13"], rel=0.1)


def test_steady_column_loses_14c_by_the_residence_times_above() -> None:
    """Made at the surface only, DOC of a layer has the ratio prod 1 / (1 + decay residence) of it and those above."""
    w = watershed()
    for name in ("doc_produced", "doc_produced_c14"):
        getattr(w, name)[:, 1:] = 0.0
    process = DissolvedCarbon(w, distribution_coefficient=200.0)
    made, percolation = w.doc_produced_c14 / DT, w.percolation / DT
    w.doc_c14[w.cells], w.groundwater_doc_c14[w.cells] = process.steady_state("c14", made, percolation)
    process.start_from_steady_state(w.doc_produced / DT, percolation)
    decay, cells = np.log(2.0) / HALF_LIFE_14C, w.cells
    residence = (w.water + 200.0 * w.mineral)[cells] / (percolation + w.water)[cells]
    expected = RATIOS["c14"] * np.cumprod(1.0 / (1.0 + decay * residence), axis=1)
    assert expected[:, -1].max() < 0.95 * RATIOS["c14"]
    np.testing.assert_allclose(w.doc_c14[cells] / w.doc[cells], expected, rtol=1e-12)
    w.ledger.open()
    for _ in range(60):
        process.run_one_step(DT)
    np.testing.assert_allclose(w.doc_c14[cells] / w.doc[cells], expected, rtol=2.0 * decay * DT)
    below = w.groundwater[cells] / percolation[cells, -1]
    expected = expected[:, -1] / (1.0 + decay * below)
    np.testing.assert_allclose(w.groundwater_doc_c14[cells] / w.groundwater_doc[cells], expected, rtol=2.0 * decay * DT)


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
    process.run_one_step(DT)
    before = {name: np.array(w.grid.at_node[name]) for name in w.grid.at_node}
    process.run_one_step(DT)
    changed = {name for name, values in before.items() if not np.array_equal(values, w.grid.at_node[name])}
    assert changed == {name for name, record in process._info.items() if record["intent"] != "in"}


@pytest.mark.parametrize("parameters", [{"distribution_coefficient": -0.1}, {"decay_rate": -1.0}])
def test_parameters_out_of_range(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        DissolvedCarbon(watershed(), **parameters)
