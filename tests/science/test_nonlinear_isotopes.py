"""14C and 13C of the pools of MIMICS and Millennial in the coupled run: a steady start, closed books, one ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import runs
from tests.test_every_model import scenario
from watershed_c import initial_carbon
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.isotopes import permil
from watershed_c.scenario.resolve import resolve

ISOTOPES = ("c14", "c13")
#: maize is a C4 plant: so that all plants are C3
FOLLOWED = {"c14": True, "c13": True, "since": 2001, "c4_share": {"maize-wheat": 0.0}}
#: drains, and water that moves downslope below ground
SIDEWAYS = {key: value for key, value in runs.WATER.items() if "soc" not in key}


def assembled(model: str, **more: Any) -> Assembly:
    made = assemble(resolve(scenario(model, **{
        "carbon.initial": {"method": "steady"}, "time": {"start": "2001-01", "end": "2002-12"}, **SIDEWAYS, **more
    }), overwrite=True))  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initial_carbon, "CONTROL_MONTHS", 1)
        initialise(made)
    return made


def year(made: Assembly) -> np.ndarray:
    """The pools after twelve months more."""
    for _ in range(12):
        made.model.step()
    w = made.watershed
    return w.stocks[:, :, w.constituents.of_group("soc")].copy()


def ratios(made: Assembly, isotope: str) -> np.ndarray:
    """Of the organic carbon of each cell and layer."""
    w = made.watershed
    twins, carbon = (w.stocks[w.cells][:, :, w.constituents.of_group(name)].sum(axis=2) for name in (isotope, "soc"))
    return np.asarray(twins / carbon)


def flux(made: Assembly, isotope: str, term: str, carbon: str = "soc") -> float:
    """Ratio of what a term of the ledger brought in the run."""
    totals = made.watershed.ledger.run_totals.amounts
    return float(totals[isotope, term] / totals[carbon, term])


@pytest.mark.parametrize("model", ["mimics", "millennial"])
def test_isotopes_of_a_watershed_with_microbes(model: str) -> None:
    """The start is steady under air that stands still; books close; carbon has the bits it has without isotopes. Then,
    with one ratio and without fractionation, that ratio stays that of all there is and of all that leaves.
    """
    made = assembled(model, **{"carbon.isotopes": FOLLOWED})
    w, decomposition = made.watershed, made.model.processes["decomposition"]
    assert isinstance(decomposition, NonlinearDecomposition) and decomposition.twins is not None
    decomposition.twins.standing = 2001
    before = {isotope: ratios(made, isotope) for isotope in ISOTOPES}
    carbon = year(made)
    year(made)
    for isotope in ISOTOPES:
        assert np.abs(permil(ratios(made, isotope)) - permil(before[isotope])).max() < 0.01, isotope
        assert w.ledger.cumulative_residual()[isotope] < 1e-10
    assert w.ledger.worst_residual < 1.0
    # respired carbon has the plants' 13C, soil is heavier for its slower decay; 14C is lower the deeper and older
    plants = flux(made, "c13", "plant_input")
    assert permil(flux(made, "c13", "respired") / plants) == pytest.approx(0.0, abs=0.1)
    assert 0.5 < permil(before["c13"] / plants).min() < permil(before["c13"] / plants).max() < 2.0
    assert (np.diff(before["c14"].mean(axis=0)) < 0.0).all()

    one = assembled(model, **{"carbon.isotopes": FOLLOWED})
    w, decomposition = one.watershed, one.model.processes["decomposition"]
    assert isinstance(decomposition, NonlinearDecomposition) and decomposition.twins is not None
    twins, decomposition.twins = decomposition.twins, None
    np.testing.assert_array_equal(year(one), carbon)
    decomposition.twins, pools = twins, w.constituents.of_group("soc")
    twins.standing, twins.slower["c13"] = 2001, 1.0
    ratio, rows = float(twins.input_ratio("c13")[0]), w.constituents.of_group("c13")
    w.stocks[:, :, rows] = ratio * w.stocks[:, :, pools]
    w.substratum[:, rows] = ratio * w.substratum[:, pools]
    dissolved = one.model.processes["dissolved_carbon"]
    assert isinstance(dissolved, DissolvedCarbon)
    dissolved.slower["c13"] = 1.0
    w.doc_c13[:], w.groundwater_doc_c13[:] = ratio * w.doc, ratio * w.groundwater_doc
    w.ledger.start_afresh()
    year(one)
    stocks = w.stocks[w.cells]
    np.testing.assert_allclose(stocks[:, :, rows], ratio * stocks[:, :, pools], rtol=1e-12, atol=1e-18)
    for term in ("respired", "doc_production", "water_erosion_export"):
        assert flux(one, "c13", term) == pytest.approx(ratio, rel=1e-11), term
    for term in ("doc_leached", "doc_drained", "doc_subsurface"):
        assert flux(one, "doc_c13", f"{term}_export", "doc") == pytest.approx(ratio, rel=1e-11), term
    np.testing.assert_allclose(w.doc_c13[w.cells], ratio * w.doc[w.cells], rtol=1e-11)
