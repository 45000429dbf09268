"""What a scenario says of parcels, ditches, buffers and sewers reaches the router; mistakes are told by key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.scenario.valid import VALID, base, write
from watershed_c.errors import ScenarioError
from watershed_c.io.rasters import write_raster
from watershed_c.kernels.two_receivers import PASTURE, ROAD
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

PARCELS = """\
[processes.flow_routing]
method = "two_receivers"
[processes.flow_routing.parcels]
pasture = ["grass"]
to_field = "90 %"
to_forest = "30 %"
trapped_pasture = "75 %"
ditches = "ditches.asc"
buffers = "buffers.asc"
buffer_trapping = { "1" = "75 %" }
sewers = "sewers.asc"
"""


def written(folder: Path, parcels: str = PARCELS, **changed: np.ndarray) -> Path:
    path = write(folder, VALID.replace("[land]", parcels + "[land]", 1))
    maps = {name: np.zeros((8, 7)) for name in ("ditches", "buffers", "sewers", "ktc")}
    maps["ditches"][3:6, 2] = 5.0  # southwards
    maps["buffers"][5, 5], maps["buffers"][6, 4:6] = 1.0, 1.0 + 16384.0
    maps["sewers"][2, 4] = 0.25
    maps["ktc"][:] = np.nan
    maps["ktc"][4, 3] = 7.5
    for name, values in (maps | changed).items():
        write_raster(folder / f"{name}.asc", base().with_values(values))
    return path


def test_what_is_written_reaches_the_router(here: Path) -> None:
    parcels = PARCELS + '[processes.water_erosion]\nktc_map = "ktc.asc"\nktc_low = 3\nktc_high = 12\n'
    path = written(here, parcels)
    path.write_text(path.read_text().replace("[processes.water_erosion]\nktc_low = 3\nktc_high = 12\n", "", 1))
    inputs = resolve(load(path))
    land, ncols = inputs.parcels, inputs.shape[1]
    assert land is not None and land.connectivity == (0.9, 0.3, 1.0)
    code = land.code.reshape(inputs.shape)[1:-1, 1:-1]  # without the collar
    inside = code != 0
    assert (code[:, 3:][inside[:, 3:]] == PASTURE).all() and (code[:, :3][inside[:, :3]] > 0).all()
    np.testing.assert_array_equal(land.own[land.code == PASTURE], 0.25)
    drawn = np.flatnonzero(land.line)
    np.testing.assert_array_equal(land.route[drawn], drawn - ncols)
    assert land.kept.max() == 0.75 and (land.kept >= 0.0).sum() == 1
    outlet = int(np.argmax(land.kept))
    assert (land.route == outlet).sum() == 2
    assert (land.sewer > 0.0).sum() == 1
    assert set(inputs.ktc[drawn]) == {9999.0} and set(inputs.cover[drawn]) == {0.01}  # ditches, as in WaTEM/SEDEM
    assert np.nansum(inputs.ktc) == 7.5 + 9999.0 * drawn.size and np.isfinite(inputs.cover).sum() == drawn.size


def test_roads_let_everything_pass(here: Path) -> None:
    parcels = PARCELS.replace('pasture = ["grass"]', 'roads = ["grass"]')
    inputs = resolve(load(written(here, parcels)))
    passes = (inputs.parcels.code == ROAD) | inputs.parcels.ditch
    assert (inputs.ktc[passes] == 9999.0).all() and np.isnan(inputs.ktc[~passes]).all()


MISTAKES = [
    ('["grass"]', '["gras"]', {}, "pasture[0]", ["no land-use class", '"grass"']),
    ('pasture = ["grass"]', 'pasture = ["grass"]\nroads = ["grass"]', {}, "pasture[0]", ["among roads"]),
    ('"90 %"', '"190 %"', {}, "to_field", ["0-100 %"]),
    ("sewers.asc", "sewer.asc", {}, "sewers", ["does not exist", "looked for"]),
    ("", "", {"ditches": np.full((8, 7), 9.0)}, "ditches", ["has 9", "1 to 8 clockwise from north"]),
    ("", "", {"sewers": np.full((8, 7), 25.0)}, "sewers", ["has 25", "0 to 1"]),
    ('{ "1" = "75 %" }', '{ "2" = "75 %" }', {}, "buffers", ["buffer 1 without trapping", "buffer_trapping"]),
    ("", "", {"buffers": np.full((8, 7), 1.0)}, "buffers", ["cells numbered 1", "one outlet"]),
    ("sewers =", 'tillage_direction = "ktc.asc"\nsewers =', {}, "", ["both tillage_direction and furrow_height"]),
    ('method = "two_receivers"', 'method = "d8"', {}, None, ['method = "d8" does not read']),
]


@pytest.mark.parametrize(("old", "new", "changed", "key", "words"), MISTAKES)
def test_mistakes(here: Path, old: str, new: str, changed: dict, key: str | None, words: list[str]) -> None:
    path = written(here, PARCELS.replace(old, new) if old else PARCELS, **changed)
    with pytest.raises(ScenarioError) as caught:
        resolve(load(path))
    place = "processes.flow_routing" + ("" if key is None else ".parcels" + (f".{key}" if key else ""))
    found = [str(problem) for problem in caught.value.problems if problem.key == place]
    assert found, str(caught.value)
    assert all(word in found[0] for word in words), found


def test_coefficients_of_the_map_are_above_0(here: Path) -> None:
    path = written(here, ktc=np.zeros((8, 7)))
    path.write_text(path.read_text().replace("ktc_low = 3", 'ktc_map = "ktc.asc"\nktc_low = 3', 1))
    with pytest.raises(ScenarioError, match="not above 0"):
        resolve(load(path))
