"""Gypsum and dolomite as a scenario says them: the column they make, when a run follows them, and what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import assemble
from watershed_c.constituents import (
    CALCITE_PER_CARBON,
    DOLOMITE_PER_CARBON,
    GYPSUM_PER_SULFUR,
    ORGANIC_MATTER_PER_CARBON,
)
from watershed_c.errors import ScenarioError
from watershed_c.scenario.constituent_rows import rows_beside_pools
from watershed_c.scenario.memory import WORD, words_of_minerals, words_of_search, words_of_steps
from watershed_c.scenario.resolve import resolve

SOIL = {
    "soil.gypsum": {"value": "6 %", "leached_depth": "10 cm"},
    "soil.sic": {"value": "8 %", "as": "CaCO3", "lithogenic": 0.75, "dolomite": 0.4},
    "soil.substratum.gypsum": "2 %",
}


def test_column_has_the_dry_mass_that_bulk_density_says() -> None:
    assembly = assemble(resolve(runs.small(SOIL)))
    w, names = assembly.watershed, assembly.watershed.constituents.names
    stocks = {name: w.stocks[w.cells, :, names.index(name)] for name in names}
    gypsum = GYPSUM_PER_SULFUR * stocks["gypsum"]
    soil = 1350.0 * np.array([0.1, 0.15, 0.25])
    np.testing.assert_allclose(gypsum, np.broadcast_to(0.06 * soil * (0.0, 1.0, 1.0), gypsum.shape), rtol=1e-12)
    calcite, dolomite = stocks["sic_lithogenic"] + stocks["sic_pedogenic"], stocks["dolomite"]
    np.testing.assert_allclose(calcite + dolomite, np.broadcast_to(0.08 / CALCITE_PER_CARBON * soil, calcite.shape))
    np.testing.assert_allclose(dolomite, 0.4 * 0.75 * (calcite + dolomite), rtol=1e-12)
    # organic carbon comes with the start of the pools
    column = assembly.inputs.column
    organic = ORGANIC_MATTER_PER_CARBON * column.soc[w.cells]
    dry = w.mineral[w.cells] + organic + gypsum + CALCITE_PER_CARBON * calcite + DOLOMITE_PER_CARBON * dolomite
    np.testing.assert_allclose(dry, np.broadcast_to(soil, dry.shape), rtol=1e-12)
    below = w.substratum[w.cells]
    carbonate = 0.08 * (0.7 + 0.3 * DOLOMITE_PER_CARBON / CALCITE_PER_CARBON)
    share = 1.0 - 0.02 - ORGANIC_MATTER_PER_CARBON * 0.002 - carbonate
    np.testing.assert_allclose(below[:, names.index("gypsum")], 0.02 / GYPSUM_PER_SULFUR / share, rtol=1e-12)
    assert w.sulfate.size and w.groundwater_magnesium.size


def _limed(material: str) -> dict[str, Any]:
    event = {"id": "lime", "on": "10-01", "do": "lime", "material": material, "amount": "1 t/ha"}
    return {"rotation.maize-wheat.event": [event]}


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, []),
        (_limed("limestone"), []),
        (_limed("gypsum"), ["gypsum"]),
        (_limed("dolomite"), ["gypsum", "dolomite_fine", "dolomite_medium", "dolomite_coarse"]),
        ({"irrigation_water": {"well": {"magnesium": 1.0}}}, ["gypsum"]),
        ({"soil.gypsum": {"by_layer": ["0 %", "1 %", "30 %"]}}, ["gypsum"]),
        ({"soil.sic": {"value": "8 %", "dolomite": 1.0}}, ["gypsum", "dolomite"]),
        ({**_limed("limestone"), "soil.substratum.gypsum": "1 %"}, ["gypsum"]),
    ],
)
def test_a_run_follows_what_it_has(changes: dict[str, Any], rows: list[str]) -> None:
    """And its memory is predicted with them, those of lime and of exchange too."""
    maps = {"output.maps": ["cSoilOrg", "fSO4leach"]}
    inputs, plain = (resolve(runs.small(maps | more)) for more in (changes, {}))
    assert any("fSO4leach is 0 everywhere" in text for text in inputs.warnings) == (not rows)
    names, others = (
        [row.name for row in rows_beside_pools(one.scenario, one.calendars.values())] for one in (inputs, plain)
    )
    assert [name for name in names if name.startswith(("gypsum", "dolomite"))] == rows
    more, layers, nodes = len(names) - len(others), inputs.layer_bottom.size, inputs.status.size
    words = words_of_steps(layers, 7 + more) + words_of_search(layers, 7 + more, 5)
    words -= words_of_steps(layers, 7) + words_of_search(layers, 7, 5)
    words += words_of_minerals(layers) * bool(rows)
    assert inputs.memory - plain.memory == pytest.approx(WORD * nodes * words, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"processes.carbonate.enabled": False, "soil.gypsum": "3 %"}, "soil.gypsum", "needs"),
        ({"processes.carbonate.enabled": False, "soil.substratum.gypsum": "3 %"}, "soil.substratum.gypsum", "needs"),
        (
            {"processes.carbonate.enabled": False, "soil.sic": {"value": "3 %", "dolomite": 0.5}},
            "soil.sic.dolomite", r"needs \[processes.carbonate\]",
        ),
        ({"soil.gypsum": {"by_layer": ["0 %", "5 %"]}}, "soil.gypsum.by_layer", "one value per layer: 3"),
        (
            {"soil.gypsum": {"by_layer": ["0 %", "5 %", "5 %"], "leached_depth": "20 cm"}},
            "soil.gypsum.leached_depth", "not used with by_layer",
        ),
        ({"soil.gypsum": "88 %", "soil.sic": {"value": "1 %"}}, "soil.soc", "carbonate, gypsum and bulk density"),
        ({"soil.sic": {"value": "3 %", "dolomite_size": "1 m"}}, "soil.sic.dolomite_size", "100 mm|0.1 m"),
        ({"soil.sic": {"value": "3 %", "dolomite_size": "1 mm"}}, "soil.sic", "dolomite_size without dolomite"),
        ({"soil.sic": {"value": "3 %", "lithogenic": 0.0, "dolomite": 0.5}}, "soil.sic", "and lithogenic = 0"),
        ({"irrigation_water": {"well": {"sulfate": -1.0}}}, "irrigation_water.well.sulfate", "0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(changes: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as caught:
        resolve(runs.small(changes))
    assert key in str(caught.value)
