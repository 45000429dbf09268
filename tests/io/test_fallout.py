"""Tables of fallout: what is read, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watershed_c.io.fallout import FalloutError, read_fallout


def test_years_in_any_order_with_gaps_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "fallout.csv"
    path.write_text("# 137Cs\nstation, year, deposition\nA,1963,97.0\nA,1960,9.7\n\nA,1962,53.4\n")
    first, amounts = read_fallout(path)
    assert first == 1960
    np.testing.assert_array_equal(amounts, [9.7, 0.0, 53.4, 97.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the columns year and deposition; has nothing"),
        ("year,bq\n1963,1\n", "must have the columns year and deposition; has year, bq"),
        ("year,deposition\n", "has no year"),
        ("year,deposition\n1963\n", "not a year and an amount: 1963"),
        ("year,deposition\n1963,much\n", "not a year and an amount: 1963,much"),
        ("year,deposition\n1963,-1\n", "has -1 in 1963"),
        ("year,deposition\n1963,nan\n", "has nan in 1963"),
        ("year,deposition\n63,1\n", "has 1 in 63"),
        ("year,deposition\n1963,1\n1963,2\n", "has the year 1963 twice"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "fallout.csv"
    path.write_text(text)
    with pytest.raises(FalloutError, match=message):
        read_fallout(path)


def test_missing_file_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(FalloutError, match="does not exist.*nowhere.csv"):
        read_fallout(tmp_path / "nowhere.csv")
