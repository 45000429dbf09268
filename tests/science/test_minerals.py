"""Gypsum and dolomite in coupled runs: where a desert keeps its salts, and what becomes of what is spread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.constituents import GYPSUM_PER_SULFUR
from watershed_c.io.ledger_csv import outlet_series
from watershed_c.kernels.calcite import MOLAR_MASS_CALCIUM
from watershed_c.kernels.minerals import MOLAR_MASS_MAGNESIUM, MOLAR_MASS_SULFUR
from watershed_c.scenario.resolve import resolve

OFF = {f"processes.{name}.enabled": False for name in ("water_erosion", "tillage_erosion", "dissolved_carbon")}
FIELD: dict[str, Any] = {
    "domain.synthetic.length": "40 m", "domain.synthetic.width": "30 m", "time.start": "2001-01",
    "land.rules": [{"class": "field"}], **OFF,
}  # fmt: skip


def ran(changes: dict[str, Any], look: Callable[[Assembly], None] = lambda assembly: None) -> Assembly:
    assembly = assemble(resolve(runs.small({**FIELD, **changes})))
    initialise(assembly)
    while not assembly.model.done:
        assembly.model.step()
        look(assembly)
    assert max(assembly.watershed.ledger.cumulative_residual().values()) < 1e-12
    return assembly


def held(assembly: Assembly, *rows: str) -> np.ndarray:
    """kg m-2 in each layer, mean of the cells."""
    w = assembly.watershed
    columns = [w.constituents.index(row) for row in rows]
    return np.asarray(w.stocks[w.cells][:, :, columns].sum(axis=2).mean(axis=0))


def total(assembly: Assembly, label: str, *terms: str) -> float:
    w = assembly.watershed
    return sum(w.ledger.run_totals.amounts.get((label, term), 0.0) for term in terms) / (w.cells.size * w.cell_area)


def _desert(share: float) -> Assembly:
    """Eight years of grass with 240 mm of rain and 1355 mm of demand; water of 1.5 mmol Ca, 1.6 of SO4, 0.7 of Mg."""
    turns = share * np.array([0.0, 0.0, 70.0, 95.0, 120.0, 140.0, 150.0, 140.0, 105.0, 70.0, 0.0, 0.0])
    return ran({
        "time.end": "2008-12", "climate.constant.precipitation": [20.0] * 12,
        "climate.constant.temperature": [10.0, 12.0, 15.0, 19.0, 23.0, 27.0, 29.0, 29.0, 25.0, 20.0, 15.0, 11.0],
        "climate.constant.pet": [50.0, 65.0, 95.0, 120.0, 150.0, 175.0, 190.0, 175.0, 135.0, 95.0, 60.0, 45.0],
        "soil.sand": "60 %", "soil.clay": "15 %", "soil.sic": {"value": "0 %"},
        "soil.layers": [f"{thickness} cm" for thickness in (5, 5, 10, 10, 10, 10, 10, 20, 20)],
        "processes.soil_column.biodiffusivity": "0 cm2/yr",
        "irrigation_water": {"well": {"calcium": 1.5, "bicarbonate": 1.2, "sulfate": 1.6, "magnesium": 0.7}},
        "rotation.field": {
            "years": ["grass"], "irrigation": {"months": list(turns), "water": "well", "method": "surface"},
        },
    })  # fmt: skip


def test_an_irrigated_desert_keeps_carbonate_above_gypsum_and_loses_it_where_water_drains() -> None:
    dry, drained = _desert(1.2), _desert(1.5)
    w = dry.watershed
    middle = 0.5 * (w.layer_top + w.layer_bottom)
    calcite, gypsum = held(dry, "sic_pedogenic"), held(dry, "gypsum")
    depth = [float(kept @ middle / kept.sum()) for kept in (calcite, gypsum)]
    assert depth[0] < 0.25 < 0.35 < depth[1]
    assert gypsum[middle < 0.25].sum() < 1e-6 * gypsum.sum()
    # over half of the sulfate that came is gypsum, and nothing leaves
    brought = total(dry, "sulfate", "irrigation_solutes")
    assert 0.4 * brought < gypsum.sum() < brought and total(dry, "sulfate", "sulfate_leached") == 0.0
    assert brought == pytest.approx(8.0 * 1.2 * 890.0 * 1.6e-3 * MOLAR_MASS_SULFUR, rel=1e-9)
    # water that drains takes sulfate along: no gypsum, and carbonate all the same
    assert held(drained, "gypsum").sum() == 0.0 and held(drained, "sic_pedogenic").sum() > 0.2 * calcite.sum()
    assert -total(drained, "sulfate", "sulfate_leached") > 0.5 * total(drained, "sulfate", "irrigation_solutes")


SPREAD = {
    "time.end": "2003-12", "soil.sic": {"value": "0 %"}, "soil.ph": 5.5, "processes.carbonate.acid_deposition": 0.0,
    "processes.carbonate.buffer_capacity": 30.0,
}  # fmt: skip


def _spread(material: str, amount: str) -> dict[str, Any]:
    event = {"on": "10-20", "year": 1, "do": "lime", "material": material, "amount": amount}
    return {**SPREAD, "rotation.field": {"years": ["maize"] * 3, "event": [event]}}


def test_gypsum_that_is_spread_leaves_with_the_water_that_can_dissolve_it() -> None:
    """5 t ha-1 take 195 mm that percolate (14.9 mmol L-1 at 10 degC). The sulfate has as much charge as the calcium
    and goes on to the stream.
    """
    passed = [0.0, 0.0]

    def look(assembly: Assembly) -> None:
        w = assembly.watershed
        there = held(assembly, "gypsum").sum() > 0.0
        if there or passed[1] == 0.0:
            spread = total(assembly, "gypsum", "lime") > 0.0
            passed[0] += spread * float(w.percolation[w.cells, 0].mean())
            passed[1] += there

    assembly = ran(_spread("gypsum", "5 t/ha"), look)
    w = assembly.watershed
    brought = 0.5 / GYPSUM_PER_SULFUR
    assert total(assembly, "gypsum", "lime") == pytest.approx(brought, rel=1e-4)
    assert held(assembly, "gypsum").sum() == 0.0 and passed[1] < 12.0
    assert 0.6 * 195.0 < passed[0] < 195.0 + 60.0
    out = -total(assembly, "sulfate", "sulfate_leached")
    assert 0.2 * brought < out < brought
    area = w.cells.size * w.cell_area

    def gained(account: str, solute: np.ndarray, groundwater: np.ndarray) -> float:
        now = float((solute.sum(axis=1) + groundwater)[w.cells].mean()) - w.ledger.initial[account] / area
        return now - total(assembly, account, f"{account}_leached", "acidity_exchanged")

    moles = brought / MOLAR_MASS_SULFUR
    assert gained("sulfate", w.sulfate, w.groundwater_sulfate) == pytest.approx(brought, rel=1e-4)
    assert gained("strong_acid", w.strong_acid, w.groundwater_acid) == pytest.approx(2.0 * moles, rel=1e-4)
    assert gained("calcium", w.calcium, w.groundwater_calcium) == pytest.approx(moles * MOLAR_MASS_CALCIUM, rel=1e-4)


def test_dolomite_limes_more_slowly_and_leaves_its_magnesium_in_water() -> None:
    dolomite, limestone = ran(_spread("dolomite", "2 t/ha")), ran(_spread("limestone", "2 t/ha"))
    rows = [("dolomite_fine", "lime_fine"), ("dolomite_medium", "lime_medium"), ("dolomite_coarse", "lime_coarse")]
    for slow, fast in rows:
        assert held(dolomite, slow).sum() / 0.13027 >= held(limestone, fast).sum() / 0.12001
    left = held(dolomite, *(slow for slow, _ in rows)).sum()
    dissolved = 0.2 * 0.13027 - left
    assert 0.02 < left / (0.2 * 0.13027) < 0.6
    assert total(dolomite, "dic", "carbonic_acid_weathering") == pytest.approx(dissolved, rel=1e-4)
    w = dolomite.watershed
    magnesium = float((w.magnesium.sum(axis=1) + w.groundwater_magnesium)[w.cells].mean())
    magnesium -= total(dolomite, "magnesium", "magnesium_leached")
    assert magnesium == pytest.approx(0.5 * dissolved / 0.012011 * MOLAR_MASS_MAGNESIUM, rel=1e-3)
    told = dolomite.model.processes["liming"].findings()
    area = 1e-3 * w.cells.size * w.cell_area
    assert told["carbon of lime, t C"] == pytest.approx(0.2 * 0.13027 * area, rel=1e-9)
    assert told["CO2 of lime by IPCC 2006, t C"] == pytest.approx(0.2 * 0.13 * area, rel=1e-9)


def test_a_dolomitic_gypsic_soil_on_a_slope_keeps_its_books() -> None:
    """Erosion, tillage, bioturbation and what is exhumed carry both; drains and flow in the soil take their solutes."""
    assembly = ran({
        "domain.synthetic.length": "80 m", **{key: True for key in OFF}, **runs.WATER,
        "land.rules": [{"class": "maize-wheat"}], "time.end": "2002-12",
        "soil.gypsum": {"value": "6 %", "leached_depth": "10 cm"},
        "soil.sic": {"value": "8 %", "as": "CaCO3", "dolomite": 0.4},
    })  # fmt: skip
    for row in ("gypsum", "dolomite"):
        group = "sic" if row == "dolomite" else row
        assert total(assembly, group, "water_erosion") != 0.0
    assert total(assembly, "gypsum", "substratum_import") > 0.0
    for solute in ("sulfate", "magnesium"):
        assert total(assembly, solute, f"{solute}_leached", f"{solute}_drained") < 0.0
        assert total(assembly, solute, f"{solute}_drained") < 0.0
    dissolved = -total(assembly, "gypsum", "gypsum_dissolved")
    assert dissolved > 0.0


def test_sediment_that_leaves_has_its_gypsum_and_sulfate_is_told() -> None:
    exported = {"soil.water_erosion": 5.0, "gypsum.water_erosion": 2.0, "sulfate.sulfate_leached": 0.3}
    table = {"step": np.zeros(1), **{f"{name}_export": np.array([amount]) for name, amount in exported.items()}}
    series = outlet_series(table, 1.0 / 12.0)
    assert series["sediment_export"][0] == pytest.approx([5.0 + 2.0 * GYPSUM_PER_SULFUR], rel=1e-12)
    assert series["sulfate_export"][0] == pytest.approx([0.3], rel=1e-12)
