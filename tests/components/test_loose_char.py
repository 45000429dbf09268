"""Char that lies loose: it leaves at its own ratio, and passes, time and erosion make less of it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tests.components.test_water_erosion import TABLE, make
from watershed_c.components.loose_char import LooseChar
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import Constituent, ConstituentTable, soc_pool
from watershed_c.state import TillageEvent

LAID = 0.3


def soil(monkeypatch: pytest.MonkeyPatch, enrichment: float = 2.0, ratio: float = 1.0, laid: float = LAID):
    """A slope with char in its top layer, ``laid`` kg m-2 on it in each January."""
    twin = Constituent("char_c14", "c14", 0.0, "char", "char")
    rows = ConstituentTable([*TABLE.rows[:-2], soc_pool("char", "char"), twin])
    monkeypatch.setattr("tests.components.test_water_erosion.TABLE", rows)
    w = make(channel=False)
    row = w.constituents.index("char")
    w.stocks[:, :, row] = 0.0
    w.stocks[w.cells, 0, row] = 1.0
    w.stocks[:, :, row + 1] = 0.5 * w.stocks[:, :, row]
    w.ledger.start_afresh()
    table = np.zeros((12, 2))
    table[0] = laid
    at = lambda values, month: values[month % 12]  # noqa: E731
    tables = SimpleNamespace(names=("a", "b"), char_laid=table, at=at)
    char = LooseChar(w, tables=tables, first_year=0, enrichment=enrichment, settles=2.0)
    w.calendar_month = 5
    return w, row, char, WaterErosion(w, char=char, enrichment={"char": ratio, "particulate": ratio, "mineral": ratio})


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_char_leaves_by_what_lies_loose(share: float, ratio: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that only loses has char in its sediment ratio (1 - s) + e s times as much as its layer had."""
    w, row, char, erosion = soil(monkeypatch, ratio=ratio)
    char.loose[:] = share
    before, dry = w.stocks[:, 0].copy(), w.mineral[:, 0].copy()
    erosion.run_one_step(1.0 / 12.0)
    w.ledger.check("WaterErosion")
    other = w.constituents.index(TABLE.names[0])  # a particulate row
    lost = before - w.stocks[:, 0]
    cells = w.cells[(w.mineral[w.cells, 0] < dry[w.cells]) & (lost[w.cells, row] < before[w.cells, row])]
    assert cells.size > 10
    mean = lost[cells, other] / before[cells, other] / ratio
    assert lost[cells, row] == pytest.approx(mean * ((1.0 - share) * ratio + share * 2.0), rel=1e-12)
    assert lost[cells, row + 1] == pytest.approx(0.5 * lost[cells, row], rel=1e-12)
    # the loose char has lost its own part of it, and settles
    left = (share - np.minimum(mean * 2.0, 1.0) * share) * math.exp(-1.0 / 24.0)
    assert char.loose[cells] == pytest.approx(left, rel=1e-12, abs=1e-15)


def test_passes_bury_it_and_what_is_laid_down_adds_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    w, _, char, _ = soil(monkeypatch)
    net = np.zeros((w.elevation.size, len(w.constituents)))
    w.calendar_month = 12  # January of the second year
    char.follow(net, 1.0 / 12.0)
    w.units.tillage = [TillageEvent(0, 0.2, 0.5, 0.0, burial=0.9), TillageEvent(0, 0.1, 0.5, 0.0, burial=0.5)]
    w.calendar_month = 13
    char.follow(net, 1.0 / 12.0)
    for unit, left in ((0, 0.05), (1, 1.0)):
        cells = w.cells[w.unit[w.cells] == unit]
        assert char.loose[cells] == pytest.approx(LAID * left * math.exp(-1.0 / 24.0), rel=1e-12)


def test_it_is_not_beside_another_selectivity(monkeypatch: pytest.MonkeyPatch) -> None:
    w, _, char, _ = soil(monkeypatch)
    with pytest.raises(ValueError, match="one selectivity"):
        WaterErosion(w, char=char, enrichment_law="menzel_1980")
    with pytest.raises(ValueError, match="above 0, has 2.0, 0.0"):
        LooseChar(w, tables=char.tables, first_year=0, settles=0.0)
