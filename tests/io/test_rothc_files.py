"""RothC_input.dat: both layouts are read, and each mistake is told with its line, column and what was expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rothc_inputs import fortran_lines, monthly_lines, python_lines, write
from watershed_c.errors import ScenarioError
from watershed_c.io.rothc_files import FORTRAN, PYTHON, read_rothc_input
from watershed_c.io.rothc_results import write_results

#: line of the first monthly row
FIRST = {"python": 8, "fortran": 11}


def mistakes(tmp_path: Path, lines: list[str]) -> list[str]:
    """The messages that reading these lines gives, without the folder."""
    path = write(tmp_path / "input.dat", lines)
    with pytest.raises(ScenarioError) as refused:
        read_rothc_input(path)
    return str(refused.value).replace(f"{tmp_path}/", "").splitlines()


def changed(rows: list[str], row: int, column: int, word: str) -> list[str]:
    """The rows with one word replaced; both counted from 1."""
    words = rows[row - 1].split("\t")
    words[column - 1] = word
    return [*rows[: row - 1], "\t".join(words), *rows[row:]]


def test_both_layouts_are_known_by_their_lines(tmp_path: Path) -> None:
    rows = monthly_lines()
    python = read_rothc_input(write(tmp_path / "p.dat", python_lines(rows)))
    assert (python.program, python.clay, python.depth, python.iom) == (PYTHON, 23.4, 23.0, 2.7)
    assert (python.moisture_option, python.bare_option) == (1, 1)
    dry = read_rothc_input(
        write(tmp_path / "f.dat", fortran_lines(rows, options="2 1", dry="58.6 1.27 0.94 0.15"))
    )
    assert (dry.program, dry.moisture_option, dry.bare_option) == (FORTRAN, 2, 1)
    assert (dry.silt, dry.bulk_density, dry.organic_carbon, dry.driest_factor) == (58.6, 1.27, 0.94, 0.15)
    np.testing.assert_array_equal(python.months, dry.months)
    assert python.months.shape == (36, 8) and python.months[7].tolist() == [100, 16.0, 55, 91, 0, 0, 0, 1.44]
    assert python.year[12] == 2001 and python.month[23] == 12


def test_what_the_programs_do_not_mind_is_not_minded(tmp_path: Path) -> None:
    """Order of the names of the soil in RothC_Py; blanks, tabs, blank lines, line ends; words of the Fortran's
    headings; silt and the rest given or not with opt_RMmoist = 1; titles in an old encoding; where a year begins."""
    rows = monthly_lines()
    lines = python_lines([row.replace("\t", "   ") for row in rows])
    lines[3:5] = ["iom nsteps Clay DEPTH", "2.7 36 23.4 23"]
    path = tmp_path / "p.dat"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, "", ""]).encode())
    assert read_rothc_input(path).clay == 23.4
    plain = fortran_lines(rows)
    plain[3], plain[6] = "options of the model", "the soil"
    path.write_bytes("\n".join(["Boden µ", *plain[1:]]).encode("latin-1"))
    assert read_rothc_input(path).program == FORTRAN
    assert read_rothc_input(write(path, fortran_lines(rows, dry="0 0 0 0"))).silt == 0.0
    july = [*rows[6:12], *rows[:6], *rows[18:24], *rows[24:30]]  # the label of the first twelve means nothing
    assert read_rothc_input(write(path, python_lines(july))).month[12] == 7
    assert len(read_rothc_input(write(path, python_lines(rows[:12]))).months) == 12


@pytest.mark.parametrize("layout", ["python", "fortran"])
@pytest.mark.parametrize(
    ("column", "word", "said"),
    [
        (1, "2001.5", "column 1 (year) = 2001.5  must be a whole number."),
        (2, "13", "column 2 (month) = 13  must be 1 to 12."),
        (2, "0", "column 2 (month) = 0  must be 1 to 12."),
        (3, "-1", "column 3 (modern) = -1  must be 0 to 1000 %."),
        (4, "warm", "column 4 (Tmp) = warm  must be a number."),
        (4, "285", "column 4 (Tmp) = 285  must be -90 to 60 degC."),
        (4, "nan", "column 4 (Tmp) = nan  must be a number."),
        (5, "-3", "column 5 (Rain) = -3  must be 0 to 20000 mm."),
        (5, "1_000", "column 5 (Rain) = 1_000  must be a number."),
        (6, "3,9", "column 6 (Evap) = 3,9  must be a number, with a point before its decimals."),
        (7, "-0.1", "column 7 (C_inp) = -0.1  must be 0 to 1000 t C/ha."),
        (8, "inf", "column 8 (FYM) = inf  must be a number."),
        (9, "0.5", "column 9 (PC) = 0.5  must be 0 or 1."),
        (10, "-1.44", "column 10 (DPM_RPM) = -1.44  must be 0 to 1000."),
    ],
)
def test_a_wrong_number_in_a_month(tmp_path: Path, layout: str, column: int, word: str, said: str) -> None:
    rows = changed(monthly_lines(), 20, column, word)
    lines = python_lines(rows) if layout == "python" else fortran_lines(rows)
    assert mistakes(tmp_path, lines) == [f"input.dat:{FIRST[layout] + 19}  {said}"]


@pytest.mark.parametrize(
    ("soil", "said"),
    [
        ({"clay": 101}, "column 1 (clay) = 101  must be 0 to 100 %."),
        ({"clay": -1}, "column 1 (clay) = -1  must be 0 to 100 %."),
        ({"depth": 0}, "column 2 (depth) = 0  must be more than 0, at most 1000 cm."),
        ({"iom": "none"}, "column 3 (iom) = none  must be a number."),
        ({"iom": -2.7}, "column 3 (iom) = -2.7  must be 0 to 10000 t C/ha."),
        ({"iom": "2.7 3"}, "5 numbers  must be 4: clay, depth, iom, nsteps."),
        ({"clay": "23,4", "depth": ""}, "3 numbers  must be 4: clay, depth, iom, nsteps. Numbers are separated by "
         "blanks or tabs, decimals by a point."),
    ],
)  # fmt: skip
def test_a_wrong_soil(tmp_path: Path, soil: dict[str, object], said: str) -> None:
    assert mistakes(tmp_path, python_lines(monthly_lines(), **soil)) == [f"input.dat:5  {said}"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"options": "4 1"}, ":5  column 1 (opt_RMmoist) = 4  must be 1 or 2 or 3."),
        ({"options": "1 0"}, ":5  column 2 (opt_SMDbare) = 0  must be 1 or 2."),
        ({"options": "2 1"}, ":8  4 numbers  must be 8: clay, depth, iom, nsteps, siltper, BD, OC, minRM_Moist."),
        ({"options": "2 1", "dry": "80 1.3 1 0.2"}, ":8  clay + siltper = 103.4  must be at most 100 %."),
        ({"options": "3 1", "dry": "40 1.3 0 0.2"}, ":8  column 7 (OC) = 0  must be more than 0, at most 58 %."),
        ({"options": "3 1", "dry": "40 1.3 1 1.2"}, ":8  column 8 (minRM_Moist) = 1.2  must be 0 to 1."),
        ({"options": "3 1", "dry": "40 1300 1 .2"},
         ":8  column 6 (BD) = 1300  must be more than 0, at most 2.65 g/cm3."),
        ({"options": "2 1", "soil": "0 23 2.7", "dry": "40 1.3 1 0.2"},
         ":8  clay = 0  must be more than 0 % with opt_RMmoist = 2 or 3 (van Genuchten)."),
        ({"soil": "120 23 2.7"}, ":8  column 1 (clay) = 120  must be 0 to 100 %."),
    ],
)  # fmt: skip
def test_wrong_options_or_soil_of_the_fortran_program(tmp_path: Path, given: dict[str, str], said: str) -> None:
    assert mistakes(tmp_path, fortran_lines(monthly_lines(), **given)) == [f"input.dat{said}"]


def test_months_follow_each_other(tmp_path: Path) -> None:
    rows = monthly_lines()
    gap = mistakes(tmp_path, python_lines([*rows[:15], *rows[16:]]))
    assert gap == ["input.dat:23  year, month = 2001 5  must be 2001 month 4: the months follow without a gap."]
    in_equilibrium = mistakes(tmp_path, python_lines([*rows[:3], *rows[4:12], rows[0], *rows[12:]]))
    assert "input.dat:11  year, month = 1 5  must be month 4" in in_equilibrium[0]
    years = mistakes(tmp_path, python_lines([*rows[:12], *rows[24:], *rows[12:24]]))
    assert years == ["input.dat:32  year, month = 2001 1  must be 2003 month 1: the months follow without a gap."]
    start = mistakes(tmp_path, python_lines([*rows[:12], *rows[14:]]))
    assert start == ["input.dat:20  year, month = 2001 3  must be month 1: the months follow without a gap."]


def test_numbers_of_rows_and_columns(tmp_path: Path) -> None:
    rows = monthly_lines()
    few = mistakes(tmp_path, python_lines(rows[:7]))
    assert few == [
        "input.dat:5  column 4 (nsteps) = 7  must be 12 to 1e+06.",
        "input.dat:14  7 monthly rows  must be 12 or more: the first 12 are repeated until equilibrium.",
    ]
    assert "0 monthly rows  must be 12 or more" in mistakes(tmp_path, python_lines([]))[0]
    lines = python_lines(rows)
    lines[4] = "23.4 23 2.7 840"
    assert mistakes(tmp_path, lines) == ["input.dat:5  nsteps = 840  but 36 monthly rows follow. Write 36."]
    assert mistakes(tmp_path, fortran_lines(rows)[:-1]) == [
        "input.dat:8  nsteps = 36  but 35 monthly rows follow. Write 35."
    ]
    short = rows[19].rsplit("\t", 1)[0]
    nine = mistakes(tmp_path, python_lines([*rows[:19], short, *rows[20:]]))
    assert nine == [
        "input.dat:27  9 numbers  must be 10: year, month, modern, Tmp, Rain, Evap, C_inp, FYM, PC, DPM_RPM."
    ]
    commas = mistakes(tmp_path, python_lines([*rows[:19], rows[19].replace("\t", ","), *rows[20:]]))
    assert "1 number  must be 10" in commas[0] and "separated by blanks or tabs" in commas[0]


def test_all_mistakes_at_once_in_the_order_of_lines_and_many_alike_counted(tmp_path: Path) -> None:
    rows = monthly_lines()
    for row in range(3, 33):
        rows = changed(rows, row, 9, "2")
    rows = changed(rows, 36, 5, "-1")
    told = mistakes(tmp_path, python_lines(rows, clay=200))
    assert [line.split("  ")[0] for line in told] == [
        "input.dat:5", "input.dat:10", "input.dat:11", "input.dat:12", "input.dat:43", "input.dat",
    ]  # fmt: skip
    assert told[-1] == "input.dat  column 9 (PC)  must be 0 or 1. So in 27 more lines."


def test_headings_in_another_order_are_not_read_past(tmp_path: Path) -> None:
    lines = python_lines(monthly_lines())
    lines[6] = lines[6].replace("Tmp Rain", "Rain Tmp")
    told = mistakes(tmp_path, lines)
    assert len(told) == 2 and "input.dat:7  column 4 = Rain  is read as column 5" in told[0]
    lines = python_lines(monthly_lines())
    lines[3] = "clay depth iom steps"
    assert mistakes(tmp_path, lines) == ["input.dat:4  clay depth iom steps  must name clay, depth, iom and nsteps."]


def test_files_that_are_no_input(tmp_path: Path) -> None:
    path = tmp_path / "input.dat"
    for content, said in (
        (b"", "is empty."),
        (b" \n\n", "is empty."),
        ("\n".join(python_lines(monthly_lines())).encode("utf-16"), "is not plain text"),
        (b"Year,Month\n1,2\n", "is not the input of a RothC program"),
        (b"a\nb\nc\nd\ne\nf\ng\nh\n", "is not the input of a RothC program"),
    ):
        path.write_bytes(content)
        with pytest.raises(ScenarioError, match=said):
            read_rothc_input(path)
    with pytest.raises(ScenarioError, match="does not exist"):
        read_rothc_input(tmp_path / "none.dat")
    with pytest.raises(ScenarioError, match="is a folder"):
        read_rothc_input(tmp_path)


def test_results_are_written_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"month_results.csv": "a\n", "year_results.csv": "b\n"}
    (tmp_path / "year_results.csv").write_text("old")
    with pytest.raises(ScenarioError, match="--overwrite"):
        write_results(tmp_path, texts)
    assert [path.name for path in tmp_path.iterdir()] == ["year_results.csv"]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_results(tmp_path, texts, overwrite=True)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["year_results.csv"]
    assert (tmp_path / "year_results.csv").read_text() == "old"
    write_results(tmp_path, texts, overwrite=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == texts


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.data())
def test_whatever_is_written_is_read_or_told(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A damaged file gives messages, never another exception, and never a number that is not finite."""
    lines = data.draw(st.sampled_from((python_lines(monthly_lines()), fortran_lines(monthly_lines()))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        damage = data.draw(st.sampled_from(("word", "line", "lost", "twice")))
        if damage == "word":
            words = lines[at].split()
            words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.text(max_size=5)) or "1e999"
            lines = [*lines[:at], " ".join(words) or "x", *lines[at + 1 :]]
        elif damage == "line":
            lines = [*lines[:at], data.draw(st.text(min_size=1, max_size=30)) + "x", *lines[at + 1 :]]
        else:
            lines = lines[:at] + ([] if damage == "lost" else [lines[at], lines[at]]) + lines[at + 1 :]
    path = tmp_path_factory.mktemp("damaged") / "input.dat"
    path.write_bytes("\n".join(lines).encode("utf-8", errors="surrogatepass"))
    try:
        read = read_rothc_input(path)
    except ScenarioError as refused:
        assert str(refused)
    else:
        assert np.isfinite(read.months).all() and read.clay <= 100.0
