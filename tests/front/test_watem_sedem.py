"""A choices file of WaTEM/SEDEM from the command line: tables and maps it leaves, and its mistakes by key."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.watem_inputs import reference_totals, write_case, write_choices
from watershed_c.cli import main
from watershed_c.errors import ScenarioError
from watershed_c.front.mean_year import mean_year
from watershed_c.front.watem_sedem import read_catchment, run_file
from watershed_c.io.rasters import read_raster
from watershed_c.io.watem_files import NOT_DONE, read_choices


def typed(*words: str | Path) -> Result:
    """What typing ``watershed-c words`` gives; an exception that is not an exit is a failure of the test."""
    result = CliRunner().invoke(main, [*map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def valley(size: int = 12) -> dict[str, np.ndarray]:
    """A small valley with a river in the middle, two fields, a wood; row 0 in the south."""
    row, column = np.mgrid[:size, :size]
    dtm = 100.0 + 0.4 * row + 0.6 * np.abs(column - 5) + 0.05 * np.sin(3.0 * row + column)
    prc = np.where(column < 5, 1.0, 2.0)
    prc[row > 8] = -3.0
    prc[:, 5] = -1.0
    prc[[0, -1]] = prc[:, [0, -1]] = 0.0
    cover = np.where(prc > 0, 0.37, 0.001)
    return {"dtm": dtm, "prc": prc, "K": np.full(prc.shape, 35.0), "C": cover, "P": np.ones(prc.shape)}


@pytest.mark.parametrize("suffix", [".rst", ".asc"])
def test_the_synthetic_valley_from_the_command_line(suffix: str, tmp_path: Path) -> None:
    """Written as Idrisi or ASCII; totals within 3.5 % of gross erosion (edges, see test_mean_year), terms by name."""
    path, maps, about = write_case(tmp_path, "synthetic_valley_default", suffix=suffix)
    result = typed("run", path)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out"
    text = (folder / "Total sediment.txt").read_text()
    expected = reference_totals(about)
    names = [line.partition(":")[0] for line in about["total_sediment_txt"].splitlines() if "(kg)" in line]
    assert [line.partition(":")[0] for line in text.splitlines()[:4]] == names
    ours = [float(line.split(":")[1].split("(")[0]) for line in text.splitlines()[:4]]
    assert np.abs(np.array(ours) - expected).max() < 0.035 * -expected[0]
    assert "Sum of all: 0.00 (kg)" in text.replace("-0.00", "0.00") and "Sum of all" in result.output
    written = {file.name for file in folder.iterdir()}
    assert {"UPAREA.rst", "LS.rst", "SediExport_kg.rst", "TILEROS (kg per gridcel).rst", "run.json"} <= written
    changed = read_raster(folder / "WATEREROS (kg per gridcel).rst")
    assert changed.shape == maps["in_prc"].shape and (changed.x_left, changed.dx) == (0.0, about["resolution_m"])
    assert np.nansum(np.minimum(changed.values, 0.0)) == pytest.approx(ours[0], rel=1e-5)
    assert np.isnan(changed.values[maps["in_prc"] == 0]).all()
    record = json.loads((folder / "run.json").read_text())
    assert record["totals_kg"]["river"] == pytest.approx(ours[2], abs=0.01) and record["sinks"] == []
    # the routing table has a row for each cell of land, shares that sum to 1
    table = np.loadtxt(folder / "routing.txt", skiprows=1)
    assert table.shape == (int(((maps["in_prc"] != 0) & (maps["in_prc"] != -1)).sum()), 10)
    np.testing.assert_allclose(table[:, 4] + table[:, 8], 1.0, atol=1e-7)
    again = typed("run", path)
    assert again.exit_code == 2 and "--overwrite" in again.output
    assert typed("run", path, "--overwrite", "--quiet").output == ""
    as_json = json.loads(typed("run", path, "--overwrite", "--json", "--set", "r factor=625").output)
    assert as_json["totals_kg"]["erosion"] == pytest.approx(0.5 * ours[0], rel=1e-6)


def test_buffers_sewers_ditches_and_forced_routes(tmp_path: Path) -> None:
    maps = valley()
    blank = np.zeros(maps["prc"].shape)
    maps |= {"buf": blank.copy(), "sew": blank.copy(), "ditch": blank.copy()}
    maps["buf"][4, 3], maps["buf"][5, 3] = 1.0, 16385.0
    maps["sew"][3, 8] = 0.5
    maps["ditch"][6:9, 2] = 5.0
    path = write_choices(
        tmp_path, maps, 10.0,
        files="buffer map filename = buf.rst\nsewer map filename = sew.rst\nditch map filename = ditch.rst",
        extensions="include buffers = 1\ninclude sewers = 1\ninclude ditches = 1\nbuffer reduce area = 1\n"
        "force routing = 1\ncurve number = 0",
        parameters="number of buffers = 1\nnumber of forced routing = 1\n"
        "[Buffer 1]\ntrapping efficiency = 75\nextension id = 16385\n"
        "[Forced routing 1]\nfrom col = 9\nfrom row = 2\ntarget col = 9\ntarget row = 4",
    )  # fmt: skip
    catchment, grid = read_catchment(read_choices(path))
    ncols = grid.shape[1]

    def node(row: int, column: int) -> int:  # of the map as written, row 0 in the south
        return (row + 1) * ncols + column + 1

    land = catchment.parcels
    assert land.route is not None and land.kept is not None and land.sewer is not None and land.line is not None
    assert land.route[node(5, 3)] == node(4, 3) and land.kept[node(4, 3)] == 0.75
    assert land.route[node(7, 2)] == node(6, 2) and land.line.sum() == 3
    assert land.route[node(12 - 2, 9 - 1)] == node(12 - 4, 9 - 1)
    assert land.sewer[node(3, 8)] == 0.5
    assert (catchment.coefficient[land.line] == 9999.0).all() and (catchment.cover[land.line] == 0.01).all()
    told, record = run_file(path)
    totals = json.loads(record.read_text())["totals_kg"]
    assert totals["buffers"] > 0.0 and totals["sewers"] > 0.0
    assert "Sediment trapped in buffers" in told and "Sediment entering sewer system" in told
    assert sum(totals.values()) == pytest.approx(0.0, abs=1e-9 * -totals["erosion"])


MISTAKES = [
    ("r factor = 1250", "r factor = lots", "r factor", ["is no number"]),
    ("r factor = 1250", "", "r factor", ["is missing"]),
    ("bulk density = 1350", "bulk density = 1.35", "bulk density", ["must be 100 to 2650"]),
    ("TC model = 'VanOost2000'", "TC model = Govers", "tc model", ["must be one of vanoost2000, verstraeten2007"]),
    ("create ktc map = 1", "create ktc map = yes", "create ktc map", ["must be 0 or 1"]),
    ("dtm filename = dtm.rst", "dtm filename = dem.rst", "dtm filename", ["does not exist", "looked for"]),
    ("p factor map filename = P.rst", "", "p factor map filename", ["is missing"]),
    ("[Options]", "[Options]\ncurve number = 1", "curve number", ["single events"]),
    ("[Options]", "[Options]\ninclude sewers = 1", "sewer map filename", ["is missing"]),
    ("ktc low = 3\n", "", "ktc low", ["is missing"]),
    (
        "[Output]", "number of buffers = 2\ninclude buffers = 1\nbuffer map filename = P.rst\n[Output]", "buffer 1",
        ["extension id and trapping efficiency"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "words"), MISTAKES)
def test_mistakes_of_the_choices(tmp_path: Path, old: str, new: str, key: str, words: list[str]) -> None:
    path = write_choices(tmp_path, valley(), 10.0)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ScenarioError) as caught:
        read_choices(path)
    found = [problem for problem in caught.value.problems if problem.key == key]
    assert found, str(caught.value)
    assert all(word in str(found[0]) for word in words), str(found[0])
    if new:
        assert found[0].line is not None or "missing" in found[0].expectation or "buffer" in key
    assert not (tmp_path / "out").exists()


def holes(values: np.ndarray, value: float) -> np.ndarray:
    spoilt = values.copy()
    spoilt[5, 3] = value
    return spoilt


WRONG_MAPS = [
    ("dtm", np.nan, "dtm filename", ["no data in 1 cells"]),
    ("prc", 2.5, "parcel filename", ["whole numbers"]),
    ("prc", -9.0, "parcel filename", ["has -9"]),
    ("C", 37.0, "c factor map filename", ["has 37", "0 to 1"]),
    ("C", np.nan, "c factor map filename", ["no data in 1 cells"]),
    ("K", -1.0, "k factor filename", ["has -1"]),
]


@pytest.mark.parametrize(("name", "value", "key", "words"), WRONG_MAPS)
def test_mistakes_of_the_maps(tmp_path: Path, name: str, value: float, key: str, words: list[str]) -> None:
    maps = valley()
    path = write_choices(tmp_path, maps | {name: holes(maps[name], value)}, 10.0)
    with pytest.raises(ScenarioError) as caught:
        read_catchment(read_choices(path))
    found = [str(problem) for problem in caught.value.problems if problem.key == key]
    assert found and all(word in found[0] for word in words), str(caught.value)


def test_maps_of_another_grid_and_a_file_that_is_none(tmp_path: Path) -> None:
    path = write_choices(tmp_path, valley(), 10.0)
    write_choices(tmp_path / "small", valley(11), 10.0)
    for file in ("K.rst", "K.rdc"):
        (tmp_path / file).write_bytes((tmp_path / "small" / file).read_bytes())
    with pytest.raises(ScenarioError, match="k factor filename.*11 x 11 cells, the DTM 12 x 12"):
        read_catchment(read_choices(path))
    path.write_text("hello\n")
    with pytest.raises(ScenarioError, match="not a choices file"):
        read_choices(path)
    with pytest.raises(ScenarioError, match="No such file"):
        read_choices(tmp_path / "none.ini")


def test_what_is_not_used_is_told(tmp_path: Path) -> None:
    path = write_choices(tmp_path, valley(), 10.0, extensions="manual outlet selection = 1\nmax kernal = 3")
    notes = read_choices(path).notes
    assert any("manual outlet selection = 1 is not used" in note for note in notes)
    assert any('"max kernal"' in note and 'did you mean "max kernel"' in note for note in notes)
    assert "note:" in run_file(path)[0]


@pytest.mark.parametrize("choice", NOT_DONE)
def test_no_choice_does_nothing_in_silence(tmp_path: Path, choice: str) -> None:
    """What it asks for is not made, so it needs no map either."""
    path = write_choices(tmp_path, valley(), 10.0, extensions=f"{choice} = 1\nptef map filename = ptef.rst")
    notes = read_choices(path, ["use r factor=0"]).notes
    assert any(note.startswith(f"{choice} = 1 is not used: ") for note in notes), notes
    assert any("use r factor = 0" in note for note in notes) and any("ptef map filename" in note for note in notes)


def test_a_river_follows_its_drawn_way_and_its_segments_are_told_apart(tmp_path: Path) -> None:
    """Drawn northwards, against the heights, all sediment arrives at the northern end; segments sum to the river."""
    maps = valley()
    way, segment = np.zeros(maps["prc"].shape), np.where(np.arange(12)[:, None] < 6, 1.0, 2.0)
    way[1:11, 5], segment = 1.0, np.where(maps["prc"] == -1.0, segment, 0.0)
    files = "river routing filename = way.rst\nriver segment filename = segment.rst"
    path = write_choices(
        tmp_path, maps | {"way": way, "segment": segment}, 10.0, files=files,
        extensions="river routing = 1\noutput per river segment = 1",
    )  # fmt: skip
    run_file(path)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    river, passed = record["totals_kg"]["river"], read_raster(tmp_path / "out" / "cumulative.rst").values
    assert passed[10, 5] == pytest.approx(river, rel=1e-6) and np.all(np.diff(passed[1:11, 5]) > 0.0)
    rows = [line.split("\t") for line in (tmp_path / "out" / "Total sediment segments.txt").read_text().splitlines()]
    assert [row[0] for row in rows] == ["1", "2"]
    assert sum(float(row[1]) for row in rows) == pytest.approx(river, abs=0.02)
    # drawn in a circle it is cut, and nothing is lost
    way[4, 5] = 5.0
    write_choices(tmp_path, maps | {"way": way}, 10.0, files=files, extensions="river routing = 1")
    year = mean_year(read_catchment(read_choices(path))[0])
    assert year.network.parted > 0 and year.totals()["river"] == pytest.approx(river, rel=1e-9)
