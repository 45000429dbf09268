"""Everything farmers do in one run, in whole months and in halves: amounts are those of the calendar, killed or not.

Growth, nitrogen, residues on the surface, irrigation by trigger and turn, lime, grazing, priming, a cover crop, dates
by the temperature of each year.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import runs
from tests.test_resume import Crash, crash, stop_in_step
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.scenario.load import loads
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import resume, run

PARTS = 2
TEMPERATURE = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])
#: K from the mean year: the first summer is too cold for maize
COLDER = (3.0, 0.0)
EVENTS: list[dict[str, Any]] = [
    {"id": "sow", "do": "sow", "crop": "maize", "temperature_sum": 60, "since": "01-01"},
    {"id": "cut", "do": "harvest", "crop": "maize", "temperature_sum": 600},
    {"id": "plough", "on": "10-25", "do": "till", "crop": "maize"},
    {"id": "harrow", "on": "03-05", "do": "till", "implement": "rotary-harrow"},
    {"id": "dung", "on": "04-02", "crop": "maize", "do": "manure", "material": "cattle-fym", "carbon": "2 t/ha"},
    {"id": "feed", "on": "05-20", "crop": "maize", "do": "fertilise", "nitrogen": "120 kg/ha", "fertiliser": "urea"},
    {"id": "lime", "on": "03-10", "do": "lime", "amount": "2 t/ha", "year": 2},
    {"id": "turn", "on": "07-10", "do": "irrigate", "amount": "20 mm", "crop": "maize"},
]
FARM: dict[str, Any] = {
    "rotation.field": {
        "years": ["maize", "spring-wheat"], "event": EVENTS, "cover_crop": ["none", "rye-cover"],
        "canopy_sums": {"spring-wheat": [150, 400, 600, 900]}, "irrigation": {"trigger": "60 %", "refill": "90 %"},
        "offset": "by_parcel",
    },
    "rotation.ley": {
        "years": ["grass", "grass"],
        "grazing": [{"crop": "grass", "start": "05-01", "end": "09-30", "livestock_units": 1.0}],
    },
    "land.rules": [{"class": "ley", "min_slope": "16 %"}, {"class": "field"}],
    "land.parcels": {"size": "600 m2"}, "processes.growth": {}, "processes.nitrogen": {},
    "processes.surface_residues": {}, "processes.decomposition.priming": 2.0,
    "soil.sic": {"value": "0.2 %", "as": "CaCO3"},
    "carbon.initial": {"method": "history", "years": 1, "history_class": "ley"},
    "domain.synthetic.length": "50 m", "domain.synthetic.width": "30 m",
    "time.start": "2001-01", "time.end": "2002-04", "output.checkpoint_every": 5 / 12, "numerics.ledger": "process",
}  # fmt: skip
#: terms that are the same however months are divided
BROUGHT = (
    "soc.amendment", "sic.lime", "water.precipitation", "water.irrigation", "water.irrigation_loss",
    "strong_acid.acid_deposition", "nitrogen.fertiliser", "nitrogen.manure_nitrogen",
)  # fmt: skip


def scenario(folder: Path, parts: int) -> Scenario:
    """In parts it begins with the carbon of the whole months, which is sought only once."""
    text = runs.SMALL
    for begin, end in (("[climate.constant]", "[climate.erosivity]"), ("[[land.rules]]", "[numerics]")):
        text = text[: text.index(begin)] + text[text.index(end) :]
    rain = [74.0, 59.0, 62.0, 51.0, 52.0, 57.0, 34.0, 55.0, 58.0, 56.0, 75.0, 71.0]
    rows = [
        f"{2001 + year},{month + 1},{TEMPERATURE[month] - colder:.2f},{rain[month]}"
        for year, colder in enumerate(COLDER) for month in range(12)
    ]  # fmt: skip
    climate = folder / "climate.csv"
    climate.write_text("\n".join(["year,month,tmean_degC,precipitation_mm", *rows]) + "\n")
    more = {"climate.source": str(climate), "time.steps_per_month": parts}
    if parts > 1:
        more["carbon.initial"] = {"method": "given", "file": str(folder / "1/start.nc")}
    return loads(text, overrides={**FARM, **more})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in whole months, one in parts, and that killed in the middle of a month and resumed."""
    folder = tmp_path_factory.mktemp("farm")
    for parts in (1, PARTS):
        run(scenario(folder, parts), output=folder / str(parts), quiet=True, keep_start=parts == 1)
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 13 * PARTS + 2, crash)
        with pytest.raises(Crash):
            run(scenario(folder, PARTS), output=folder / "killed", quiet=True)
    resume(folder / "killed", quiet=True)
    return folder


def test_a_killed_run_leaves_no_trace(done: Path) -> None:
    """Though seasons, dates of the year, cover crops and animals all remember."""
    runs.assert_same_run(done / str(PARTS), done / "killed")


def test_what_is_brought_is_brought_once(done: Path) -> None:
    """Manure, dung, fertiliser, lime and water by month, as the calendar has them, whole or in parts."""
    whole, divided = (read_ledger(done / name / "ledger.csv") for name in ("1", str(PARTS)))
    for term in BROUGHT:
        assert np.abs(whole[term]).sum() > 0.0, term
        np.testing.assert_allclose(divided[term], whole[term], rtol=1e-12, atol=1e-12, err_msg=term)
    # hectares of maize in 2001, which have manure and urea; in 2002 they have barley, and lime
    first, second = (runs.record(done / "1")["land"].get(f"field+{offset}", 0.0) for offset in (0, 1))
    assert first > 0.0 and second > 0.0
    assert whole["soc.amendment"][3] == pytest.approx(2000.0 * first, rel=1e-9)
    assert whole["sic.lime"].sum() == pytest.approx(0.12001 * 2000.0 * (first + second), rel=1e-9)  # limestone


def test_records_know_the_units_of_the_run(done: Path) -> None:
    """Both offsets, each by its own years; the cold summer is told once."""
    record = runs.record(done / "1")
    (finding,) = record["findings"]["cropping"].items()
    assert finding == ("rotation.field (offset 0): harvest of maize before its temperature sum, years", 1.0)
    assert any("at the latest date: 2001-10-25" in warning for warning in record["warnings"])
    assert record["worst_ledger_residual"] < 1.0


def test_yields_by_the_dates_of_a_year_refer_to_the_mean_year(done: Path) -> None:
    """Maize of a summer 3 K colder is late, and has less than the given yield though nitrogen takes its own part."""
    with (done / "1/yields.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["crop"] == "maize" and row["step"] == "9"]
    assert {row["rotation"] for row in rows} == {"field+0"}
    for row in rows:
        fed = float(row["limit_nitrogen"]) * float(row["limit_soil"]) * float(row["given_yield_t_ha_dry"])
        assert float(row["yield_t_ha_dry"]) < 0.9 * fed, row
