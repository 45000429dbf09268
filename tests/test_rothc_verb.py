"""The verb `rothc` against the tables of the official programs and the manual's worked example."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.rothc_inputs import COLUMNS, fortran_lines, monthly_lines, python_lines, write
from tests.support import shared
from watershed_c.cli import main
from watershed_c.front.rothc import RothCRun, advance, run_official
from watershed_c.io.rothc_files import RothCInput, read_rothc_input
from watershed_c.io.rothc_results import (
    BIO,
    CO2,
    COVER_FACTOR,
    DEFICIT,
    DPM,
    DPM_ACTIVITY,
    HUM,
    MOISTURE_FACTOR,
    RPM,
    TEMPERATURE_FACTOR,
)  # fmt: skip
from watershed_c.kernels.radiocarbon import INERT_AGE, activity_at_age, delta_14c, radiocarbon_age

#: t C/ha and per mil: RothC_Py, and RothC_Code v2 whose constants are in single precision
PYTHON_TOLERANCE, DELTA_TOLERANCE, FORTRAN_TOLERANCE = 1e-9, 1e-6, 2e-5
CASES = ("o1_temperate_arable", "o2_sandy_wet_grass", "o3_clay60_mediterranean", "o4_fym_no_iom", "o5_tropical_forest",
         "o6_boreal_subzero")  # fmt: skip
FORTRAN_CASES = ("fo1_vg_dryextended", "fo2_vg_stdform_barewp", "fo3_std_barewp")


def typed(*words: str | Path) -> Result:
    """What typing ``watershed-c rothc words`` gives; an exception that is not an exit is a failure of the test."""
    result = CliRunner().invoke(main, ["rothc", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def table(path: Path) -> list[list[str]]:
    """Cells of a table without the blanks around them."""
    with open(path, encoding="utf-8") as file:
        return [[cell.strip() for cell in line] for line in csv.reader(file)]


def summary(name: str, case: str) -> dict[str, str]:
    """Row of a case."""
    with open(shared(f"reference/pools/{name}_summary.csv"), encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["case"] == case)


def rows_of(path: Path) -> list[str]:
    """Monthly rows of an oracle's table of drivers, for an input file."""
    cells = table(path)
    assert cells[0] == COLUMNS.split()
    return ["\t".join(line) for line in cells[1:]]


def differences(ours: Path, theirs: Path) -> dict[str, float]:
    """Greatest difference in each column; the headings, number of rows and empty cells must be the same."""
    a, b = table(ours), table(theirs)
    assert a[0] == b[0] and len(a) == len(b)
    found = dict.fromkeys(a[0], 0.0)
    for mine, given in zip(a[1:], b[1:], strict=True):
        for name, x, y in zip(a[0], mine, given, strict=True):
            assert (x == "") == (y == "")
            if x:
                found[name] = max(found[name], abs(float(x) - float(y)))
    return found


@pytest.mark.parametrize("case", CASES)
def test_python_cases_month_by_month(tmp_path: Path, case: str) -> None:
    """Six pools and Delta-14C of 480 months, the length of the equilibrium run, and the yearly rows."""
    rows = rows_of(shared(f"reference/pools/rothc_py/{case}_input.csv"))
    given = summary("rothc_py", case)
    lines = python_lines(rows, clay=given["clay_pct"], depth=given["depth_cm"], iom=given["iom_tC_ha"])
    assert typed(write(tmp_path / "RothC_input.dat", lines), "--output", tmp_path).exit_code == 0
    for name in ("month", "year"):
        found = differences(
            tmp_path / f"{name}_results.csv", shared(f"reference/pools/rothc_py/{case}_{name}ly.csv")
        )
        assert found.pop("Year") == found.pop("Month") == 0.0
        assert found.pop("deltaC") <= DELTA_TOLERANCE
        assert max(found.values()) <= PYTHON_TOLERANCE
    assert table(tmp_path / "year_results.csv")[1][:2] == ["1", given["spinup_months"]]


def test_the_official_python_example(tmp_path: Path) -> None:
    """Its own input file to its own result files: the same columns, rows and integers, the same numbers."""
    official = shared("reference/pools/rothc_official")
    told = typed(official / "RothC_input.dat", "--output", tmp_path / "new")
    assert told.exit_code == 0 and "RothC_Py input: 840 months; equilibrium after 1,656 years" in told.output
    for name in ("month_results.csv", "year_results.csv"):
        found = differences(tmp_path / "new" / name, official / name)
        assert found.pop("Year") == found.pop("Month") == found.pop("IOM_t_C_ha") == 0.0
        assert found.pop("deltaC") <= DELTA_TOLERANCE
        assert max(found.values()) <= PYTHON_TOLERANCE
        for ours, theirs in zip(table(tmp_path / "new" / name), table(official / name), strict=True):
            assert [ours[i] for i in (0, 1, 6)] == [theirs[i] for i in (0, 1, 6)]


@pytest.mark.parametrize("case", FORTRAN_CASES)
def test_fortran_cases_month_by_month(tmp_path: Path, case: str) -> None:
    """Pools, CO2, deficit and the three factors with van Genuchten's water and the limits of bare soil."""
    rows = rows_of(shared(f"reference/pools/rothc_fortran_v2/{case}_input.csv"))
    given = summary("rothc_fortran_v2", case)
    lines = fortran_lines(
        rows,
        options=f"{given['opt_RMmoist']} {given['opt_SMDbare']}",
        soil=f"{given['clay']} {given['depth_cm']} {given['iom_tC_ha']}",
        dry=f"{given['silt']} {given['BD']} {given['OC']} {given['minRM_Moist']}",
    )
    assert typed(write(tmp_path / "RothC_input.dat", lines), "--output", tmp_path).exit_code == 0
    ours = table(tmp_path / "month_results.csv")
    theirs = table(shared(f"reference/pools/rothc_fortran_v2/{case}_monthly.csv"))
    assert ours[0] == theirs[0] and ours[1][:2] == ["1", "0"]
    assert ours[2][:2] == theirs[1][:2] == ["1", given["spinup_months"]]
    # what is printed of the input has one decimal or three there
    echoed = {"TEMP_C": 0.05, "RAIN_mm": 0.05, "PEVAP_mm": 0.05, "C_Inp_t_C_ha": 5e-4, "FYM_Inp_t_C_ha": 5e-4}
    for mine, official in zip(ours[2:], theirs[1:], strict=True):
        for name, x, y in zip(ours[0], mine, official, strict=True):
            assert (x == "") == (y == "")
            if x:
                assert abs(float(x) - float(y)) <= echoed.get(name, 0.0) + FORTRAN_TOLERANCE, name


def test_the_official_fortran_example(tmp_path: Path) -> None:
    """Its example to the decimals it prints: what differs by one in the last place differs by less than 2e-5 before
    rounding."""
    official = shared("reference/pools/rothc_official/fortran_v2")
    assert typed(official / "RothC_input.dat", "--output", tmp_path).exit_code == 0
    places = {"TEMP_C": 1, "RAIN_mm": 1, "PEVAP_mm": 1, "RM_PC": 1, "SMD_mm": 2, "deltaC": 2, "C_Inp_t_C_ha": 3,
              "FYM_Inp_t_C_ha": 3}  # fmt: skip
    for name in ("month_results", "year_results"):
        found = differences(tmp_path / f"{name}.csv", official / f"{name}.out")
        assert found.pop("Year") == found.pop("Month") == found.pop("PC", 0.0) == 0.0
        for column, difference in found.items():
            tolerance = 1e-3 if column == "deltaC" else FORTRAN_TOLERANCE
            assert difference <= 0.5 * 10.0 ** -places.get(column, 4) + tolerance, column


# -- the manual --
def manual(tmp_path: Path) -> tuple[RothCInput, RothCRun, dict[tuple[str, str], float]]:
    """The worked example: its equilibrium year, and the January after it without input on bare soil."""
    folder = shared("reference/rothc_manual_worked_example")
    warmth = [line[1] for line in table(folder / "rothamsted_mean_temperature.csv")[1:]]
    water = [line[:3] for line in table(folder / "tsmd_table2.csv")[1:]]
    rows = []
    for temperature, (month, rain, pan) in zip(warmth, water, strict=True):
        grown = month not in ("8", "9", "10", "11")
        rows.append(f"1851 {month} 100 {temperature} {rain} {pan} {0.212 if grown else 0} 0 {int(grown)} 1.44")
    january = rows[0].split()
    january[0], january[6], january[8] = "1852", "0", "0"
    given = read_rothc_input(write(tmp_path / "manual.dat", python_lines([*rows, " ".join(january)])))
    with open(folder / "equilibrium_and_january_step.csv", encoding="utf-8") as file:
        printed = {(row["item"], row["pool"]): float(row["value"]) for row in csv.DictReader(file)}
    return given, run_official(given), printed


def test_equilibrium_of_the_manual(tmp_path: Path) -> None:
    given, run, printed = manual(tmp_path)
    when = "equilibrium 31 Dec 1851"
    for pool, column in (("DPM", DPM), ("RPM", RPM), ("BIO", BIO), ("HUM", HUM)):
        assert run.equilibrium[column] == pytest.approx(printed[when, pool], abs=3e-4)
    total = run.equilibrium[: HUM + 1].sum() + given.iom
    assert total == pytest.approx(printed[when, "Total"], abs=3e-4)


def test_radiocarbon_of_the_manual(tmp_path: Path) -> None:
    given, run, printed = manual(tmp_path)
    when = "equilibrium 31 Dec 1851"
    stocks, activities = run.equilibrium[: HUM + 1], run.equilibrium[DPM_ACTIVITY : DPM_ACTIVITY + 4]
    for pool, age in zip(("DPM", "RPM", "BIO", "HUM"), radiocarbon_age(stocks, activities), strict=True):
        # the BIO that is printed is a month older than what RothC_Py gives, with which Delta-14C agrees to 1e-6 above
        month = 1.0 / 12.0 if pool == "BIO" else 0.0
        assert age + month == pytest.approx(printed[when, f"age {pool}"], abs=0.02)
    age = radiocarbon_age(
        stocks.sum() + given.iom, activities.sum() + given.iom * activity_at_age(INERT_AGE)
    )
    assert age == pytest.approx(printed[when, "age total"], abs=0.3)
    assert delta_14c(age) == pytest.approx(printed[when, "Delta14C total"], abs=0.05)


def test_january_1852_of_the_manual(tmp_path: Path) -> None:
    """One step from the pools that are printed, with the factors of the run."""
    given, run, printed = manual(tmp_path)
    before = run.equilibrium.copy()
    pools = (("DPM", DPM, 10.0), ("RPM", RPM, 0.3), ("BIO", BIO, 0.66), ("HUM", HUM, 0.02))
    for pool, column, _ in pools:
        before[column] = printed["equilibrium 31 Dec 1851", pool]
    ratio = 1.67 * (1.85 + 1.60 * np.exp(-0.0786 * given.clay))  # CO2 : (BIO + HUM)
    record = advance(given, before)
    modifier = record[0, [TEMPERATURE_FACTOR, MOISTURE_FACTOR, COVER_FACTOR]].prod()
    assert modifier == pytest.approx(printed["January 1852 (no input; bare)", "abc rate modifier"], abs=1e-4)
    released = 0.0
    for pool, column, rate in pools:
        assert record[0, column] == pytest.approx(printed["January 1852", f"{pool} after"], abs=1e-4)
        co2 = before[column] * -np.expm1(-rate * modifier / 12) * ratio / (1 + ratio)
        # RPM's 0.0308 was rounded to make its row add up: the manual's own 3.51/4.51 of 0.0397 is 0.0309
        rounded = 1e-4 if pool == "RPM" else 0.0
        assert co2 == pytest.approx(printed["January 1852", f"CO2-C {pool}"] + rounded, abs=1e-4)
        released += co2
    assert record[0, CO2] == pytest.approx(released, abs=1e-12)


def test_deficit_of_the_manual(tmp_path: Path) -> None:
    """Table 2 is of soil under plants in every month."""
    folder = shared("reference/rothc_manual_worked_example")
    water = table(folder / "tsmd_table2.csv")[1:]
    rows = [f"{year} {m} 100 10 {rain} {pan} 0 0 1 1.44" for year in (1, 2) for m, rain, pan, *_ in water]
    run = run_official(read_rothc_input(write(tmp_path / "wet.dat", python_lines(rows))))
    assert run.record[:, DEFICIT] == pytest.approx([float(line[-1]) for line in water], abs=0.005)


# -- how it behaves --
def test_the_two_programs_agree_where_they_are_the_same(tmp_path: Path) -> None:
    """opt_RMmoist 1 and opt_SMDbare 1 are RothC_Py; the least factor and what van Genuchten needs are not read."""
    rows = monthly_lines()
    for name, lines in (
        ("python", python_lines(rows)),
        ("fortran", fortran_lines(rows)),
        ("given", fortran_lines(rows, dry="58.6 1.27 0.94 0.1")),
    ):
        assert typed(write(tmp_path / "in.dat", lines), "--output", tmp_path / name, "--quiet").exit_code == 0
    months = {name: table(tmp_path / name / "month_results.csv") for name in ("python", "fortran", "given")}
    assert [line[2:8] for line in months["python"][1:]] == [line[12:18] for line in months["fortran"][3:]]
    assert months["fortran"] == months["given"]


@pytest.mark.parametrize(("ratio", "easy"), [(0, 0.0), (1000, 1000 / 1001)])
def test_any_ratio_of_plant_material_is_run(tmp_path: Path, ratio: int, easy: float) -> None:
    """In frozen ground nothing decomposes: what enters stays as it was split."""
    warm = [f"1 {m} 100 15 60 30 0.1 0 1 1" for m in range(1, 13)]
    frozen = [f"2 {m} 100 -20 60 30 2 0 1 {ratio}" for m in range(1, 13)]
    run = run_official(read_rothc_input(write(tmp_path / "in.dat", python_lines([*warm, *frozen]))))
    gained = run.record[-1] - run.equilibrium
    assert gained[DPM] == pytest.approx(24.0 * easy, abs=1e-12)
    assert gained[RPM] == pytest.approx(24.0 * (1.0 - easy), abs=1e-12)


def test_an_equilibrium_year_alone_gives_the_equilibrium(tmp_path: Path) -> None:
    for name, lines in (("p", python_lines(monthly_lines((1,)))), ("f", fortran_lines(monthly_lines((1,))))):
        told = typed(write(tmp_path / "in.dat", lines), "--output", tmp_path / name)
        assert told.exit_code == 0 and "equilibrium after" in told.output
    assert len(table(tmp_path / "p" / "month_results.csv")) == 1
    assert len(table(tmp_path / "p" / "year_results.csv")) == 2
    assert len(table(tmp_path / "f" / "month_results.csv")) == len(table(tmp_path / "f" / "year_results.csv")) == 3


def test_a_mistake_leaves_nothing_and_says_all(tmp_path: Path) -> None:
    path = write(tmp_path / "in.dat", python_lines(monthly_lines(), clay=140)[:-1])
    wrong = typed(path, "--output", tmp_path / "out")
    assert wrong.exit_code == 2 and "Traceback" not in wrong.output
    assert wrong.output.splitlines() == [
        f"{path}:5  column 1 (clay) = 140  must be 0 to 100 %.",
        f"{path}:5  nsteps = 36  but 35 monthly rows follow. Write 35.",
    ]
    assert not (tmp_path / "out").exists()
    assert typed(tmp_path / "none.dat").exit_code == 2


def test_results_are_not_replaced_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And stand in the working folder where no other is named."""
    path = write(tmp_path / "in.dat", python_lines(monthly_lines()))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert typed(path).exit_code == 0
    first = Path("month_results.csv").read_bytes()
    write(path, python_lines(monthly_lines(), clay=10))
    refused = typed(path)
    assert refused.exit_code == 2 and refused.output.count("--overwrite") == 2
    assert Path("month_results.csv").read_bytes() == first
    assert typed(path, "--overwrite").exit_code == 0
    assert Path("month_results.csv").read_bytes() != first
    assert {entry.name for entry in Path().iterdir()} == {"month_results.csv", "year_results.csv"}
    assert typed(path, "--output", path).exit_code == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (python_lines([f"1 {m} 100 -20 50 10 0.1 0 1 1.44" for m in range(1, 13)]), "reach no equilibrium"),
        (fortran_lines(monthly_lines(), options="2 1", dry="1 0.1 50 0.2"), "functions of Wosten"),
        (fortran_lines(monthly_lines(), options="3 1", dry="1e-6 1e-6 1e-6 0.2"), "functions of Wosten"),
    ],
)  # fmt: skip
def test_inputs_that_have_no_answer_are_told(tmp_path: Path, lines: list[str], said: str) -> None:
    wrong = typed(write(tmp_path / "in.dat", lines), "--output", tmp_path / "out")
    assert wrong.exit_code == 2 and said in wrong.output and not (tmp_path / "out").exists()


def test_soil_without_carbon_and_carbon_without_activity_have_an_answer(tmp_path: Path) -> None:
    """An empty soil has no age; dead carbon is infinitely old."""
    bare = [f"{year} {month} 0 10 60 30 0 0 0 1" for year in (1, 2001) for month in range(1, 13)]
    for rows, soc, delta in ((bare, 0.0, 0.0), ([row.replace(" 0 0 0 1", " 1 0 0 1") for row in bare], None, -1000.0)):
        path = write(tmp_path / "in.dat", python_lines(rows, iom=0))
        assert typed(path, "--output", tmp_path, "--overwrite", "--quiet").exit_code == 0
        last = [float(cell) for cell in table(tmp_path / "year_results.csv")[-1]]
        assert last[-1] == delta and (soc is None or last[-2] == soc)
