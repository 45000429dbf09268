"""Acid soil that is limed, through the whole model: pH, kinetics by size, where carbon goes, and accounts of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.errors import ScenarioError
from watershed_c.management.lime import load_limes
from watershed_c.scenario.resolve import resolve

#: one field, 2 t ha-1 of something once, on soil of pH 5.5 that nothing else acidifies
FIELD = {
    "domain.synthetic.length": "40 m",
    "domain.synthetic.width": "30 m",
    "time.start": "2001-01",
    "time.end": "2004-12",
    "soil.sic": {"value": "0 %"},
    "soil.ph": 5.5,
    "output.maps": ["pH"],
    "processes.carbonate.acid_deposition": 0.0,
    "processes.carbonate.buffer_capacity": 30.0,
    **{f"processes.{name}.enabled": False for name in ("water_erosion", "tillage_erosion", "dissolved_carbon")},
    "processes.decomposition.enabled": False,
    "land.rules": [{"class": "field"}],
}


def rotation(material: str | None) -> dict[str, Any]:
    events = [{"on": "10-25", "do": "till", "depth": "25 cm", "implement": "mouldboard-plough"}]
    if material is not None:
        events.append({"on": "10-20", "year": 1, "do": "lime", "material": material, "amount": "2 t/ha"})
    return {"years": ["maize"] * 4, "event": events}


@cache
def ran(material: str | None) -> Assembly:
    assembly = assemble(resolve(runs.small({**FIELD, "rotation.field": rotation(material)})))
    initialise(assembly)
    while not assembly.model.done:
        assembly.model.step()
    return assembly


def tilled_ph(assembly: Assembly) -> float:
    w = assembly.watershed
    return float(w.mean_ph(0.25)[w.cells].mean())


def total(assembly: Assembly, label: str, *terms: str) -> float:
    w = assembly.watershed
    return sum(w.ledger.run_totals.amounts.get((label, term), 0.0) for term in terms) / (w.cells.size * w.cell_area)


def test_materials_are_what_their_formulas_say() -> None:
    limes = load_limes()
    calcium, carbon = 40.078, 12.011
    assert limes["limestone"].carbon == pytest.approx(carbon / 100.087, rel=1e-4)
    assert limes["dolomite"].carbon == pytest.approx(2.0 * carbon / 184.40, rel=1e-4)
    assert limes["quicklime"].calcium == pytest.approx(calcium / 56.077, rel=1e-4)
    assert limes["gypsum"].sulfur == pytest.approx(32.06 / 172.164, rel=1e-4)
    assert limes["dolomite"].dolomite and not limes["limestone"].dolomite
    assert all(lime.by_size.sum() == pytest.approx(lime.carbon) for lime in limes.values())


@pytest.mark.parametrize("material", load_limes())
def test_ph_rises_by_the_bases_of_the_lime(material: str) -> None:
    """2 t ha-1 of CaCO3 are 4 mol charge m-2 over 10 mol per pH of 25 cm. At the CO2 of the air little is leached in
    four years; gypsum has no base.
    """
    limed, bare = ran(material), ran(None)
    w, lime = limed.watershed, load_limes()[material]
    bases = 2.0 * total(limed, "dic", "carbonate_dissolved") / 0.012011 + 2.0 * 0.2 * lime.calcium / 0.040078
    expected = bases / (0.030 * float(w.mineral[w.cells[0], :2].sum()))
    rise = tilled_ph(limed) - tilled_ph(bare)
    assert rise == pytest.approx(expected, abs=0.005)
    assert (expected > 0.3) == (material != "gypsum")
    assert max(w.ledger.cumulative_residual().values()) < 1e-9


def test_lime_dissolves_by_size_and_its_carbon_is_accounted_for() -> None:
    limed, bare = ran("limestone"), ran(None)
    brought = total(limed, "sic", "lime")
    assert brought == pytest.approx(0.2 * 0.12001, rel=1e-9)
    w = limed.watershed
    rows = [w.constituents.index(f"lime_{size}") for size in ("fine", "medium", "coarse")]
    left = w.stocks[w.cells][:, :, rows].sum(axis=1).mean(axis=0)
    years = 3.0 + 3.0 / 12.0  # from the October of the first year
    shares = 0.12001 * 0.2 * np.array([0.5, 0.3, 0.2])
    slow = np.array([0.0, 0.45, 0.85]) ** (years / 2.0)
    assert left == pytest.approx(shares * slow, rel=1e-3, abs=1e-12)
    # in acid soil nearly all of what dissolved is given off: what is not, left as bicarbonate or is dissolved
    gas = ("carbonic_acid_weathering", "precipitation_degassing", "strong_acid_degassing", "dic_gas_exchange")
    given_off = -(total(limed, "dic", *gas) - total(bare, "dic", *gas))
    dissolved = total(limed, "dic", "carbonate_dissolved")
    assert 0.7 * dissolved < given_off <= dissolved
    told = limed.model.processes["liming"].findings()
    area = w.cells.size * w.cell_area * 1e-3
    assert told["CO2 of lime by IPCC 2006, t C"] == pytest.approx(0.2 * 0.12 * area, rel=1e-9)
    assert told["CO2 of lime by West & McBride 2005, t C"] == pytest.approx(0.2 * 0.059 * area, rel=1e-9)
    assert told["CO2 given off by inorganic carbon, t C"] == pytest.approx(-total(limed, "dic", *gas) * area, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"processes.carbonate.enabled": False}, "rotation.field is limed"),
        ({"rotation.field": {"years": ["maize"], "event": [{"on": "10-20", "do": "lime"}]}}, "needs an amount"),
        (
            {"rotation.field": {"years": ["maize"], "event": [
                {"on": "10-20", "do": "lime", "amount": "1 t/ha", "material": "limestonne"},
            ]}},
            "limestone",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_lime_is_told(changes: dict, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        resolve(runs.small({**FIELD, "rotation.field": rotation("limestone"), **changes}))
