"""Irrigation in a whole run: its water on the books, what it brings, and that a stopped run goes on with it."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import build, runs
from watershed_c.components.irrigation import Irrigation
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.simulation import run

DRY = [20.0] * 4 + [5.0] * 5 + [20.0] * 3
FIELD = "rotation.maize-wheat"
CHANGES = {
    "climate.constant.precipitation": DRY, "time.start": "2001-01", "time.end": "2001-12",
    f"{FIELD}.irrigation": {"trigger": 0.5, "crops": ["maize"], "water": "well", "method": "sprinkler"},
    "irrigation_water": {"well": {"calcium": 2.5, "bicarbonate": 4.5}},
    "output.maps": ["irr", "evspsbl", "fSICdiss"],
}  # fmt: skip


def maps(folder: Path, name: str) -> np.ndarray:
    """Sum over the records of a map, kg m-2 of each cell with soil."""
    with netCDF4.Dataset(folder / "results.nc") as dataset:
        total = dataset[name][1:].sum(axis=0).filled(np.nan).ravel()
    return total[~np.isnan(total)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A dry climate: maize irrigated with hard water, with pure water, and not at all."""
    base = tmp_path_factory.mktemp("irrigation")
    ways = {
        "hard": {},
        "pure": {"irrigation_water": {"well": {}}},
        "none": {f"{FIELD}.irrigation": None},
    }
    return {
        name: run(runs.small({**CHANGES, **changes}), output=base / name, quiet=True).directory
        for name, changes in ways.items()
    }


def test_water_of_a_trigger_is_transpired_and_on_the_books(folders: dict[str, Path]) -> None:
    hard, none = folders["hard"], folders["none"]
    brought = maps(hard, "irr")
    assert (maps(none, "irr") == 0.0).all()
    watered = brought > 0.0
    assert watered.any() and not watered.all()  # pasture is not
    more = maps(hard, "evspsbl") - maps(none, "evspsbl")
    # three quarters reach the soil; most of that is used by the maize it was brought for
    assert (more[watered] > 0.5 * brought[watered]).all() and (more[watered] < 0.75 * brought[watered] + 1e-6).all()
    assert np.array_equal(maps(hard, "evspsbl")[~watered], maps(none, "evspsbl")[~watered])
    ledger = read_ledger(hard / "ledger.csv")
    total = ledger["water.irrigation"].sum()
    assert -ledger["water.irrigation_loss"].sum() == pytest.approx(0.25 * total, rel=1e-9)
    found = runs.record(hard)["findings"]["irrigation"]
    assert found == {"irrigation of maize-wheat+0, mm/yr": pytest.approx(brought[watered].mean(), rel=1e-5)}


def test_hard_water_leaves_carbonate_where_pure_water_takes_it(folders: dict[str, Path]) -> None:
    hard, pure = (maps(folders[name], "fSICdiss") for name in ("hard", "pure"))
    brought = maps(folders["hard"], "irr")
    watered = brought > 0.0
    # of 2.5 mmol of calcium a litre 2.25 have come with bicarbonate and are laid down where the water is used up; the
    # rest has other anions and stays in solution, where less calcite dissolves for it (common ion)
    calcium = 2.5e-3 * 0.012011 * brought[watered]
    gained = (pure - hard)[watered]
    assert (gained > 0.8 * calcium).all() and (gained < calcium).all()
    ledger = read_ledger(folders["hard"] / "ledger.csv")
    calcium, carbon, charge = (
        ledger[f"{account}.irrigation_solutes"].sum() for account in ("calcium", "dic", "strong_acid")
    )
    assert calcium / carbon == pytest.approx(2.5 * 0.040078 / (4.5 * 0.012011), rel=1e-9)
    assert charge / carbon == pytest.approx((2 * 2.5 - 4.5) / (4.5 * 0.012011), rel=1e-9)


def test_it_needs_somebody_who_irrigates_and_a_water_for_each_unit() -> None:
    w = build.watershed()
    with pytest.raises(ValueError, match="nobody irrigates"):
        Irrigation(w, units=("a",))
    w.irrigate()
    for content in ([1.0], [-1.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match="calcium must be at least 0"):
            Irrigation(w, units=("a", "b", "c"), calcium=np.array(content))
    bare = build.watershed(acid=False)
    bare.irrigate()
    with pytest.raises(ValueError, match="other salts than of calcium bicarbonate needs a watershed made with acid"):
        Irrigation(bare, units=("a", "b", "c"), calcium=np.ones(3))
    with pytest.raises(ValueError, match="sulfate of irrigation water needs a watershed made with minerals"):
        Irrigation(bare, units=("a", "b", "c"), sulfate=np.ones(3))
