"""Whether erosion makes soil a source or a sink depends on what becomes of the carbon it moves (Lugato et al. 2018).

That study has the net emission of EU farm soils over 2016-2100 at 0.92, 1.8 and 10.1 Tg C a year for its set-up e
(enrichment 2, 2 % mineralised in transit, burial efficiency 95 %), without erosion, and for its set-up r (1, 10 %,
20 %).
Here the order is asked of a slope that is in balance without erosion; what is not buried is mineralised downstream.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.runs import small
from watershed_c.simulation import run

OFF = {
    "time.start": "2016-01",
    "time.end": "2099-12",
    "carbon.initial": {"method": "inversion"},
    "carbon.plant_input": "inverted",
    "processes.carbonate.enabled": False,
    "processes.dissolved_carbon.enabled": False,
    "processes.tillage_erosion.enabled": False,
    "processes.water_erosion.enrichment": {"law": "none"},
    "output.every": "end",
    "output.checkpoint_every": "100 yr",
    "output.maps": ["cSoilOrg"],
}
SETUPS = {
    "e": {
        "processes.water_erosion.enrichment": {"law": "constant", "ratio": 2.0},
        "processes.water_erosion.transit_mineralisation": 0.02,
        "processes.water_erosion.downstream_mineralisation": 0.05,
    },
    "none": {"processes.water_erosion.enabled": False},
    "r": {
        "processes.water_erosion.transit_mineralisation": 0.10,
        "processes.water_erosion.downstream_mineralisation": 0.80,
    },
}


def emission(folder: Path, setup: str) -> tuple[float, float]:
    """CO2-C from soil, in transit and downstream, less what plants and manure bring, kg; and that input."""
    directory = run(small(OFF | SETUPS[setup]), output=folder / setup, quiet=True).directory
    with (directory / "ledger.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    total = {name: sum(float(row[name]) for row in rows) for name in rows[0] if name.startswith("soc.")}
    given = total["soc.plant_input"] + total["soc.amendment"]
    lost = -total["soc.respired"] - total.get("soc.transit_mineralised", 0.0)
    return lost + total.get("soc.downstream_mineralised_export", 0.0) - given, given


def test_sources_rank_as_the_fate_of_eroded_carbon_does(tmp_path: Path) -> None:
    (buried, given), (none, _), (lost, _) = (emission(tmp_path, setup) for setup in SETUPS)
    assert none == pytest.approx(0.0, abs=1e-6 * given)
    assert buried < none < lost
    # the ends are apart by far more than the balance they begin from
    assert min(none - buried, lost - none) > 0.005 * given
