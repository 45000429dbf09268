"""Drains and erosion, shown with a model that sees runoff (coupling rule 24)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import runs
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.simulation import run

#: a clay slope under crops over a tight base, in a wet climate
WET = {
    "time.end": "2002-03",
    "soil.clay": "35 %",
    "climate.constant.precipitation": [110.0] * 12,
    "processes.soil_water.base_conductivity": "0.1 mm/day",
    "processes.soil_water.infiltration": "curve_number_moisture",
    "land.rules": [{"class": "maize-wheat"}],
}
DRAINS = [{"classes": ["maize-wheat"], "spacing": "6 m", "depth": "45 cm", "coefficient": "20 mm/day"}]


@pytest.mark.parametrize("model", ["musle", "rusle"])
def test_drains_lower_runoff_and_the_erosion_of_a_model_that_sees_it(model: str, tmp_path: Path) -> None:
    """RUSLE does not see them; MUSLE loses less soil. DOC and DIC leave with the drain water."""
    found = []
    for drained in (False, True):
        changes = WET | {"processes.water_erosion.model": model}
        if drained:
            changes |= {
                "processes.artificial_drainage.enabled": True, "processes.artificial_drainage.system": DRAINS
            }  # fmt: skip
        done = run(runs.small(changes), output=tmp_path / f"{drained}", quiet=True)
        table = read_ledger(done.directory / "ledger.csv")
        eroded = runs.record(done.directory)["budget"]["gross_erosion"]
        found.append((table["water.runoff_export"].sum(), eroded, table))
    (wet, wet_loss, _), (dry, dry_loss, drains) = found
    assert dry < 0.9 * wet
    assert drains["doc.doc_drained_export"].sum() > 0.0 and drains["dic.dic_drained_export"].sum() > 0.0
    if model == "musle":
        assert dry_loss < 0.95 * wet_loss
    else:
        assert dry_loss == pytest.approx(wet_loss, rel=1e-3)
