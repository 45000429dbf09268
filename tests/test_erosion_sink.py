"""When is erosion a sink: the experiment, its accounts, and the command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from click.testing import CliRunner

from tests import runs
from watershed_c.cli import main
from watershed_c.erosion_sink import erosion_sink
from watershed_c.errors import ScenarioError

#: without carbonate and DOC, which have no part in it
PLAIN = {
    "processes.carbonate.enabled": False,
    "processes.dissolved_carbon.enabled": False,
    "processes.water_erosion.enrichment": {"law": "none"},
    "soil.sic": None,
}


def total(path: Path, term: str) -> float:
    """Sum over a run of a column of its ledger, kg."""
    with path.open() as handle:
        return sum(float(row[term]) for row in csv.DictReader(handle))


def test_exchange_is_what_the_ledgers_differ_by(tmp_path: Path) -> None:
    """Both end members, from one steady state; parts add up; the table has what the ledgers have."""
    scenario = runs.small({**PLAIN, "carbon.isotopes": {"c14": True, "since": 2001}})
    sink = erosion_sink(scenario, years=4, output=tmp_path / "sink", quiet=True)
    assert list(sink.courses) == ["depth", "material"] and sink.years.tolist() == [1, 2, 3, 4]
    for end, course in sink.courses.items():
        np.testing.assert_allclose(course.losing + course.gaining, course.exchange, atol=1e-12)
        exchange = [
            sum(total(tmp_path / "sink" / run / "ledger.csv", f"soc.{term}") for term in ("plant_input", "respired"))
            for run in ("none", end)
        ]
        area = _cells(tmp_path / "sink" / end) * 100.0 / 1e4  # ha
        assert course.exchange[-1] == pytest.approx((exchange[1] - exchange[0]) / 1000.0 / area, rel=1e-3, abs=1e-6)
        export = total(tmp_path / "sink" / end / "ledger.csv", "soc.water_erosion_export")
        assert course.exported[-1] == pytest.approx(export / 1000.0 / area, rel=1e-4)
        # carbon goes where it is eroded and is not respired there; where it settles more is respired
        assert course.losing[-1] > 0.0 > course.gaining[-1]
    # they differ, and begin alike
    one, other = sink.courses.values()
    assert one.exchange[-1] != other.exchange[-1]
    with (tmp_path / "sink" / "sink.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert float(rows[-1]["material_exchange_t_ha"]) == other.exchange[-1]
    assert (tmp_path / "sink" / "sink.png").stat().st_size > 10_000
    assert "rates follow material" in sink.text() and "all export given off" in sink.text()
    header = (tmp_path / "sink" / "none" / "ledger.csv").read_text().split("\n")[0]
    assert "water_erosion" not in header and "tillage_erosion" not in header
    assert "c14." not in header  # they would begin with those of the end of the first run


def _cells(directory: Path) -> int:
    with netCDF4.Dataset(directory / "results.nc") as results:
        return int((results["cell_kind"][:] == 1).sum())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"processes.water_erosion.enabled": False, "processes.tillage_erosion.enabled": False}, "nothing to compare"),
        ({"processes.decomposition.enabled": False}, "nothing is exchanged"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, changes: dict[str, bool], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        erosion_sink(runs.small(PLAIN | changes), years=1, output=tmp_path / "sink", quiet=True)
    assert not (tmp_path / "sink").exists()


def test_the_command(tmp_path: Path) -> None:
    scenario = tmp_path / "slope.toml"
    scenario.write_text(runs.small(PLAIN).to_toml())
    arguments = ["sink", str(scenario), "--years", "1", "--output", str(tmp_path / "out"), "--json"]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    told = json.loads(outcome.output)
    assert told["years"] == [1] and set(told) == {"years", "unit", "depth", "material"}
