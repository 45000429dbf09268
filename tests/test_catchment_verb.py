"""The verb `catchment`: from a DEM and a point to maps and a list of sinks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.scenario.test_drainage import dem, inner_stream, written
from watershed_c.cli import main
from watershed_c.io.rasters import Raster, read_raster
from watershed_c.scenario.drainage import Drainage


def typed(*words: object) -> Result:
    return CliRunner().invoke(main, ["catchment", *map(str, words)])


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, float, float]:
    whole = dem()
    row, column = inner_stream(Drainage.of(whole))
    return written(tmp_path, whole), float(whole.x[column]), float(whole.y[row])


def test_says_area_and_distance_and_writes_maps(place: tuple[Path, float, float], tmp_path: Path) -> None:
    path, x, y = place
    out = tmp_path / "cut"
    done = typed(path, x, y, "--snap", 0, "--stream-area", "2000 m2", "--output", out)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("catchment of ") and f"outlet at ({x:g}, {y:g}), moved 0 m" in lines[0]
    assert "reaches (from 2000 m2 upslope)" in lines[1] and "closed depressions" in lines[2]
    area, streams, basins = (read_raster(out / f"{name}.nc").values for name in ("area", "streams", "basins"))
    assert (streams[area >= 2000.0] == 1.0).all() and (streams[area < 2000.0] == 0.0).all()
    # every cell above a stream lies in the basin of one reach; basins are as many as reaches
    reaches = int(lines[1].split(" reaches")[0].split()[-1])
    assert np.nanmax(basins) == reaches > 1
    assert np.isfinite(basins[streams == 1.0]).sum() >= (streams == 1.0).sum() - 1  # but for the outlet
    sinks = (out / "sinks.csv").read_text().splitlines()
    assert sinks[0].startswith("x,y,cells,level_m") and len(sinks) - 1 == int(lines[2].split()[0])
    again = typed(path, x, y, "--output", out)
    assert again.exit_code == 2 and "Add --overwrite" in again.output


def test_breaching_lowers_nothing_that_is_written(place: tuple[Path, float, float], tmp_path: Path) -> None:
    path, x, y = place
    for name, more in (("filled", ()), ("cut", ("--breach",))):
        assert typed(path, x, y, "--snap", 0, "--output", tmp_path / name, *more).exit_code == 0
    filled, cut = (read_raster(tmp_path / name / "dem.nc").values for name in ("filled", "cut"))
    np.testing.assert_array_equal(filled, cut)
    areas = [read_raster(tmp_path / name / "area.nc").values for name in ("filled", "cut")]
    assert not np.array_equal(*areas, equal_nan=True)


def test_reaches_of_a_y() -> None:
    """Two streams meet: three reaches, of which the one below gets the water of both."""
    z = np.full((9, 9), 50.0) + np.arange(9)[:, None]
    for k in range(5):
        z[8 - k, k], z[8 - k, 8 - k] = 18.0 - k, 18.25 - k
    for k in range(4):
        z[k, 4] = 10.0 + k
    drainage = Drainage.of(Raster(z, 10.0, 10.0))
    streams = drainage.streams(1000.0)
    ends = drainage.reaches(streams)
    sizes = np.bincount(drainage.basins(ends).ravel())
    assert ends.size == 3 and sizes.size == 4
    below = int(ends[np.argmax(drainage.area.ravel()[ends])])
    assert 100.0 * sizes[1:].sum() == drainage.area.ravel()[below]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--streams", "5 kg"), "accepted units"),
        (("--streams", "900 km2"), "no stream within"),
        (("--stream-area", "1"), ""),
    ],
)
def test_mistakes_are_said(place: tuple[Path, float, float], more: tuple[str, ...], words: str) -> None:
    path, x, y = place
    done = typed(path, x, y, *more)
    assert done.exit_code == (2 if words else 0) and words in done.output and "Traceback" not in done.output
    missing = typed(path.with_name("none.nc"), x, y)
    assert missing.exit_code == 2 and "does not exist" in missing.output
    outside = typed(path, -1e6, y)
    assert outside.exit_code == 2 and "outside the DEM" in outside.output
