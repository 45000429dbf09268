"""Strong acid is followed where it can come, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from tests import runs
from watershed_c.assembly import assemble
from watershed_c.scenario.acid import acid_may_come
from watershed_c.scenario.resolve import resolve

WATER = "irrigation_water"


@pytest.mark.parametrize(
    ("changes", "comes"),
    [
        ({}, False),
        ({"processes.carbonate.acid_deposition": 500.0}, True),
        ({"processes.carbonate.acid_deposition": 500.0, "processes.carbonate.enabled": False}, False),
        ({"processes.nitrogen.enabled": True}, True),
        ({"soil.ph": 6.0}, True),
        ({WATER: {"well": {"calcium": "1 mmol/L", "bicarbonate": "2 mmol/L"}}}, False),
        ({WATER: {"well": {"calcium": "1 mmol/L", "bicarbonate": "1 mmol/L"}}}, True),
    ],
)
def test_acid_is_expected_of_what_brings_it(changes: dict[str, Any], comes: bool) -> None:
    assert acid_may_come(runs.small({"processes.carbonate.acid_deposition": 0.0} | changes)) == comes


@pytest.mark.parametrize(("maps", "kept"), [([], False), (["pH"], True)])
def test_a_run_without_acid_has_no_room_for_it_and_keeps_ph_where_it_is_asked_for(maps: list[str], kept: bool) -> None:
    without = {"domain.synthetic.width": "20 m", "processes.carbonate.acid_deposition": 0.0, "output.maps": maps}
    w = assemble(resolve(runs.small(without), overwrite=True)).watershed
    assert not w.strong_acid.size and not w.acid.size and "strong_acid" not in w.ledger.accounts
    assert bool(w.ph.size) == kept
