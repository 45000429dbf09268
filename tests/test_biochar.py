"""Biochar in a whole run: it lies where it was brought, and a model that does not know it says so."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import runs
from tests.test_every_model import scenario
from watershed_c.errors import ScenarioError
from watershed_c.io.restart import process_arrays
from watershed_c.pools import load_model
from watershed_c.simulation import run

CHAR = {"on": "04-10", "do": "manure", "material": "biochar-wood", "amount": "20 t/ha", "depth": "10 cm"}


def with_char(model: str, amount: str = "20 t/ha", **more: object):
    event = CHAR | {"amount": amount}
    field = {"years": ["maize"], "event": [event]}
    return scenario(model, **{"rotation.maize-wheat": field, "land.rules": [{"class": "maize-wheat"}], **more})


@pytest.mark.parametrize(
    ("model", "plant_input"), [("rothc", "prescribed"), ("rothc", "inverted"), ("rothc:biochar", "prescribed")]
)
def test_char_is_booked_and_stays(model: str, plant_input: str, tmp_path: Path) -> None:
    """20 t ha-1 at 80 % dry matter and 77 % C: 12.3 t C ha-1 more are brought; the 10 % that do not last begin to go.

    Inverted, plants give less for it, so that the measured stock holds: what is respired more is then less.
    """
    settings = {"carbon.initial": {"method": "steady"}, "carbon.plant_input": plant_input}
    settings["processes.water_erosion.enrichment"] = {"char": 3.0}
    found = {}
    for amount in ("0.001 t/ha", "20 t/ha"):
        folder = run(with_char(model, amount, **settings), output=tmp_path / amount[0], quiet=True).directory
        record = runs.record(folder)
        assert record["status"] == "done" and record["worst_ledger_residual"] < 1.0
        told = [text for text in record["warnings"] if "rothc:biochar" in text]
        assert len(told) == (2 if model == "rothc" else 0), told  # how it moves, and that its ratio is not used
        found[amount] = record["budget"]["carbon"]["soc"]["terms"]
    brought = found["20 t/ha"]["amendment"] - found["0.001 t/ha"]["amendment"]
    respired = found["20 t/ha"]["respired"] - found["0.001 t/ha"]["respired"]
    assert brought == pytest.approx(0.8 * 0.77 * 2.0 * 4 * 3 * 100.0 / 1000.0, rel=1e-3)  # t C on 12 cells of 100 m2
    assert -0.1 * brought < respired < (-0.01 * brought if plant_input == "prescribed" else 0.0)


def test_the_pools_of_rothc_are_the_same_beside_char() -> None:
    own, plain = load_model("rothc:biochar"), load_model("rothc")
    assert own.pools == (*plain.pools, "char") and own.carriers == (*plain.carriers, "char")
    np.testing.assert_array_equal(own.rates, [*plain.rates, 0.0])
    for kind in ("plant", "manure"):
        np.testing.assert_array_equal(own.allocate(kind), [*plain.allocate(kind), 0.0])
    for name in ("source", "destination", "coefficient_index"):
        np.testing.assert_array_equal(getattr(own, name), getattr(plain, name))


def test_a_run_that_begins_with_another_has_its_loose_char(tmp_path: Path) -> None:
    start = tmp_path / "first/start.nc"
    first = with_char("rothc:biochar", **{"carbon.initial": {"method": "steady"}, "time.end": "2001-04"})
    run(first, output=tmp_path / "first", quiet=True, keep_start=True)
    with netCDF4.Dataset(start, "a") as state:
        state["process.water_erosion.loose_char"][:] = 0.3
    second = first.with_({"carbon.initial": {"method": "given", "file": str(start)}})
    run(second, output=tmp_path / "second", quiet=True, keep_start=True)
    assert (process_arrays(tmp_path / "second/start.nc", "water_erosion")["loose_char"] == 0.3).all()


def test_a_model_without_biochar_says_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="model icbm knows no input 'biochar'; known: plant, root, manure"):
        run(with_char("icbm"), output=tmp_path / "run", quiet=True)
