"""Strips, rows, waterways, set-aside and ponds: which cells they take, what they do to sediment, what can be wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from watershed_c.assembly import assemble
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.coupling import advance
from watershed_c.errors import ScenarioError
from watershed_c.scenario.load import loads
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario

#: a plane of 12 rows of 10 m that falls to the south, and 8 columns; fields of 40 m by 40 m, two classes
PLANE = """\
schema = 1
[domain.synthetic]
kind = "plane"
length = "120 m"
width = "80 m"
height = "12 m"
cell_size = "10 m"
[time]
start = "2001-01"
end = "2001-02"
[climate]
source = "constant"
latitude = 50.8
[climate.constant]
temperature = 10.0
precipitation = 70.0
[climate.erosivity]
annual = 1500.0
[soil]
layers = ["30 cm", "70 cm"]
clay = { by_class = { maize = "20 %", soybean = "10 %" } }
bulk_density = "1.35 g/cm3"
soc = "1 %"
erodibility = 0.04
[carbon]
initial = { method = "inversion" }
[processes.soil_water]
enabled = false
[processes.water_erosion]
ktc_low = 1
ktc_high = 12
[processes.decomposition]
enabled = false
[land]
rules = [{ class = "maize", min_elevation = "106 m" }, { class = "soybean" }]
parcels = { size = "1600 m2" }
[rotation.maize]
years = ["maize"]
cover_factor = 0.35
[rotation.soybean]
years = ["soybean"]
cover_factor = 0.35
"""
ROWS, COLUMNS = 12, 8


def made(changes: dict[str, Any] | None = None) -> Scenario:
    return loads(PLANE).with_({"processes.flow_routing.method": "d8", **(changes or {})})


def taken(practice: dict[str, Any], **more: Any) -> np.ndarray:
    """(rows, cols) bool, row 0 at the foot: cells that have become grass."""
    changes = {"practice.one": {"class": "grass", "on": ["maize", "soybean"], **practice}}
    inputs = resolve(made(changes | more))
    assert inputs.land.groups().keys() == {"maize", "soybean"}  # the soil stays what it was
    assert inputs.column.clay[inputs.land.index >= 0].min() == 0.1
    found = inputs.land.index == inputs.land.names.index("grass")
    return found.reshape(inputs.shape)[1:-1, 1:-1]


def rows(*numbers: int) -> np.ndarray:
    found = np.zeros((ROWS, COLUMNS), dtype=bool)
    found[list(numbers)] = True
    return found


@pytest.mark.parametrize(
    ("practice", "expected"),
    [
        # blocks of 4 rows begin with the collar: fields end after rows 2, 6 and 10, and at the border of classes
        ({"where": "field_edges", "width": "10 m"}, rows(0, 3, 6, 7, 11)),
        ({"where": "field_edges", "width": "20 m", "on": ["maize"]}, rows(6, 7, 8, 11)),
        ({"where": "contours", "width": "10 m", "spacing": "20 m", "on": ["maize"]}, rows(6, 7, 9, 11)),
        ({"where": "lines", "width": "10 m", "spacing": "40 m", "angle": "90 deg"}, rows(3, 7, 11)),
        ({"where": "waterways", "area": "1000 m2"}, rows(0, 1, 2)),
        ({"where": "slopes", "min_slope": "9 %", "on": ["soybean"]}, rows(0, 1, 2, 3, 4, 5)),
    ],
)
def test_which_cells_a_practice_takes(practice: dict[str, Any], expected: np.ndarray) -> None:
    np.testing.assert_array_equal(taken(practice), expected)


def test_rows_at_an_angle_have_their_spacing_and_share() -> None:
    found = taken({"where": "lines", "width": "10 m", "spacing": "30 m", "angle": "0 deg"})
    np.testing.assert_array_equal(found, np.broadcast_to(np.arange(COLUMNS) % 3 == 0, found.shape))
    assert taken({"where": "lines", "width": "10 m", "spacing": "40 m", "angle": "45 deg"}).mean() == pytest.approx(
        0.25, abs=0.08
    )


def test_a_strip_along_the_channel_and_practices_in_their_order() -> None:
    channel = {"domain.channel_area": "1100 m2"}
    np.testing.assert_array_equal(taken({"where": "channel", "width": "20 m"}, **channel), rows(2, 3))
    first = {"class": "grass", "on": ["soybean"], "where": "slopes", "min_slope": "0 %"}
    both = {"practice.first": first, "practice.second": first | {"class": "pasture", "on": ["soybean", "maize"]}}
    land = resolve(made(both)).land
    assert (land.index == land.names.index("grass")).sum() == 6 * COLUMNS == (land.index == 3).sum()
    assert land.names == ("maize", "soybean", "grass", "pasture")


def eroded(changes: dict[str, Any]) -> WaterErosion:
    assembly = assemble(resolve(made(changes)))
    assembly.watershed.ledger.open()
    for step in assembly.model.clock.iterate():
        advance(assembly.watershed, assembly.model.processes, step)
    erosion = assembly.model.processes["water_erosion"]
    assert isinstance(erosion, WaterErosion)
    return erosion


METHODS: list[dict[str, Any]] = [
    {"processes.flow_routing.method": method} for method in ("d8", "multiple", "d_infinity")
] + [
    {"processes.flow_routing.method": "two_receivers",
     "processes.flow_routing.parcels": {"grass_strips": ["grass"], "to_strip": 0.3}},
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method["processes.flow_routing.method"])
def test_strips_and_ponds_lower_what_leaves_by_every_routing(method: dict[str, Any]) -> None:
    strip = {"class": "grass", "where": "field_edges", "width": "10 m", "on": ["soybean", "maize"]}
    plain, with_strip = eroded(method), eroded(method | {"practice.edge": strip})
    assert with_strip.exported.sum() < 0.6 * plain.exported.sum()
    place = {"at": [35.0, 25.0], "trapping": "80 %"}
    pond = eroded(method | {"pond.foot": place})
    node = int(np.flatnonzero(pond._kept >= 0.0)[0])
    # its share of what comes, two equal months, is laid down there, and none of its own soil leaves
    assert pond.gross_erosion[node] == 0.0
    assert pond.gross_deposition[node] == pytest.approx(0.8 * pond._load[node] * 2.0, rel=1e-9)
    assert pond.exported.sum() < plain.exported.sum()


def test_terraces_end_the_slope_and_lower_what_is_lost() -> None:
    """Spacing of two cells: L of the rows below is that of the second; P by slope on top. Capacity falls with it."""
    plain = eroded({})
    short = eroded({f"rotation.{name}.slope_length": 10.0 for name in ("maize", "soybean")})
    terraced = eroded({f"rotation.{name}.practice": "terraces" for name in ("maize", "soybean")})
    rows_of = [erosion.ls.reshape(erosion.watershed.shape)[1:-1, 1:-1][:, 3] for erosion in (plain, short)]
    np.testing.assert_allclose(rows_of[1][-2:], rows_of[0][-2:], rtol=1e-12)  # the crest and the cell below
    np.testing.assert_allclose(rows_of[1][:-1], rows_of[0][-2], rtol=1e-12)
    # and where land gets terraces, or loses them, when it changes: LS is of the class that is there
    built = [{"class": name, "year": 2001, "becomes": "new"} for name in ("maize", "soybean")]
    new = {"land.change": built, "rotation.new": {"years": ["maize"], "slope_length": 10.0}}
    np.testing.assert_array_equal(eroded(new).ls, short.ls)
    lost = [erosion.exported.sum() for erosion in (plain, short, terraced)]
    assert lost[1] < 0.3 * lost[0] and lost[2] < 0.4 * lost[0]


def test_a_pond_in_the_channel_keeps_its_share_of_what_comes_down() -> None:
    """Two ponds, one below the other, 80 and 50 %: 10 % of what enters above both is the yield, and the books close."""
    river = {"domain.channel_area": "700 m2"}
    plain = eroded(river)
    ponds = {f"pond.{row}": {"at": [x, 10.0 * row + 5.0], "trapping": share}
             for row, share in ((2, "80 %"), (4, "50 %")) for x in (15.0,)}  # fmt: skip
    found = eroded(river | ponds)
    np.testing.assert_array_equal(found.exported, plain.exported)
    totals = found.watershed.ledger.run_totals.amounts
    column = np.arange(found.exported.size) % found.watershed.shape[1] == 1
    dry = found.exported[column].sum() * found.watershed.cell_area
    mineral = totals["soil", "pond_export"] + 1.724 * totals["soc", "pond_export"]
    assert mineral == pytest.approx(0.9 * dry, rel=1e-3)
    assert found.findings()["mineral_in_channel_ponds_t"] == pytest.approx(1e-3 * totals["soil", "pond_export"])


MISTAKES: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"where": "contours", "width": 10.0}, "practice.one", ["without spacing"]),
    ({"where": "slopes", "min_slope": 0.1, "width": 10.0}, "practice.one", ["has width", "does not use"]),
    ({"where": "contours", "width": 10.0, "spacing": 5.0}, "practice.one", ["leaves nothing of the spacing"]),
    ({"where": "field_edges", "width": 10.0, "on": ["maiz"]}, "practice.one.on[0]", ["no land-use class", '"maize"']),
    ({"where": "field_edges", "width": 10.0, "class": "gras"}, "practice.one.class", ["is not a crop either"]),
    ({"where": "channel", "width": 10.0}, "practice.one.where", ["needs a channel"]),
    ({"where": "slopes", "min_slope": 0.01, "max_slope": 0.09}, "practice.one", ["slopes of maize are 10 to 10 %"]),
    ({"where": "waterways", "area": 1e9}, "practice.one", ["takes no cell: at most", "ha drain to a cell of maize"]),
    ({"where": "slopes", "min_slope": 0.0, "on": ["grass"]}, "practice.one", ["none of the land is grass"]),
]


@pytest.mark.parametrize(("practice", "key", "words"), MISTAKES)
def test_mistakes(practice: dict[str, Any], key: str, words: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        resolve(made({"practice.one": {"class": "grass", "on": ["maize"], **practice}}))
    found = [str(problem) for problem in caught.value.problems if problem.key == key]
    assert found and all(word in found[0] for word in words), str(caught.value)


def test_ponds_that_cannot_be() -> None:
    twice = {"at": [35.0, 25.0], "trapping": 0.8}
    with pytest.raises(ScenarioError) as caught:
        resolve(made({"pond.a": twice, "pond.b": twice, "pond.c": {"at": [1e4, 0.0], "trapping": 0.5}}))
    told = str(caught.value)
    assert "pond.b.at" in told and "cell of another pond" in told and "outside the catchment" in told
