"""The tillage process: passes, fields, closed books, subsoil ploughed up on convexities."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.soil_column import SoilColumn
from watershed_c.components.tillage import Tillage
from watershed_c.constituents import CARBONATE, ConstituentTable, soc_pool
from watershed_c.state import TillageEvent, Watershed

TABLE = ConstituentTable((soc_pool("fast", "particulate"), soc_pool("slow", "mineral"), *CARBONATE))
BOTTOM = np.array([0.1, 0.2, 0.3, 0.6, 1.0])
DENSITY = 1300.0


def make(shape: tuple[int, int] = (6, 22), dx: float = 5.0, amplitude: float = 2.0) -> Watershed:
    """A sinusoidal hill, crest on the west and the east side, one field; carbon decreases with depth."""
    grid = RasterModelGrid(shape, xy_spacing=dx)
    x = (np.arange(shape[1]) - 0.5) * dx
    hill = amplitude * np.cos(2.0 * np.pi * x / ((shape[1] - 2) * dx))
    grid.add_field("topographic__elevation", np.tile(hill, shape[0]), at="node", units="m")
    w = Watershed(grid, constituents=TABLE, layer_bottom=BOTTOM, units=2)
    w.reference[w.cells] = DENSITY * (w.layer_bottom - w.layer_top)
    w.mineral[:] = w.reference
    profile = np.array([0.01, 0.01, 0.008, 0.004, 0.002])
    w.stocks[:] = (w.mineral * profile)[:, :, None] * np.array([0.2, 0.8, 0.3, 0.0])
    w.substratum[w.cells] = 0.002 * np.array([0.2, 0.8, 0.3, 0.0])
    w.field[w.cells] = 7
    w.ledger.open()
    return w


PLOUGH = TillageEvent(0, 0.25, 1.0, 234.0)


def test_books_close_and_fields_keep_their_soil() -> None:
    w = make()
    column = np.arange(w.elevation.size) % 22
    w.field[column >= 9] = 8
    w.field[~w.is_soil] = -1
    tillage, soil = Tillage(w), SoilColumn(w)
    w.units.tillage[:] = [PLOUGH, TillageEvent(0, 0.1, 0.5, 69.0)]
    for _ in range(3):
        tillage.run_one_step(1.0 / 12.0)
        w.ledger.check("Tillage")
        soil.run_one_step(1.0 / 12.0)
        w.ledger.check("SoilColumn")
    totals = w.ledger.close()
    gross = np.abs(tillage.net_erosion).sum() * w.cell_area
    assert gross > 100.0
    assert abs(totals["soil", "tillage_erosion"]) < 1e-11 * gross
    for field in (7, 8):
        assert abs(tillage.net_erosion[w.field == field].sum()) * w.cell_area < 1e-11 * gross
    assert np.array_equal(w.mineral, w.reference) and not w.deposit.any()


def test_crest_loses_foot_gains_by_the_diffusion_law() -> None:
    """A6 on the process: k A q^2 cos(q x) within 1 % (20 cells), as total dry soil; the surface follows."""
    w = make()
    tillage = Tillage(w)
    w.units.tillage[:] = [PLOUGH]
    before = w.elevation.copy()
    crest = w.cells[20]
    dry = 1.0 + (0.01 * 2 + 0.008 * 0.5) / 2.5 * (1.724 + 0.3 * 8.333)
    tillage.run_one_step(1.0 / 12.0)
    q = 2.0 * np.pi / 100.0
    assert tillage.net_erosion[crest] * dry == pytest.approx(234.0 * 2.0 * q**2 * np.cos(2.5 * q), rel=1e-2)
    lowering = before[w.cells] - w.elevation[w.cells]
    np.testing.assert_allclose(lowering, tillage.net_erosion[w.cells] / DENSITY, atol=1e-13)


def test_subsoil_enters_the_plough_layer_where_soil_is_lost() -> None:
    """Rule 19: after many passes the crest's plough layer is poorer than on flat land, and uniform."""
    w, flat = make(), make(amplitude=0.0)
    for watershed in (w, flat):
        tillage = Tillage(watershed)
        watershed.units.tillage[:] = [PLOUGH]
        for _ in range(40):
            tillage.run_one_step(1.0 / 12.0)
            watershed.ledger.check("Tillage")
    crest, foot = w.cells[20], w.cells[30]
    ratio = w.stocks[:, :, 1] / np.where(w.mineral > 0.0, w.mineral, 1.0)
    level = flat.stocks[crest, 0, 1] / flat.mineral[crest, 0]
    assert ratio[crest, 0] < 0.95 * level
    assert ratio[crest, 0] == pytest.approx(ratio[crest, 1], rel=1e-12)
    assert w.stocks[foot, :, 1].sum() > 1.02 * flat.stocks[foot, :, 1].sum()


def test_mixing_without_transport_happens_once_at_its_efficiency() -> None:
    w = make(amplitude=0.0)
    tillage = Tillage(w, scale=0.0)
    w.units.tillage[:] = [TillageEvent(0, 0.3, 0.5, 234.0)]
    before = w.stocks[w.cells[5], :3, 1].copy()
    tillage.run_one_step(1.0 / 12.0)
    w.ledger.check("Tillage")
    np.testing.assert_allclose(w.stocks[w.cells[5], :3, 1], 0.5 * before + 0.5 * before.mean(), rtol=1e-13)
    assert not tillage.net_erosion.any()


def test_a_plough_that_turns_leaves_its_share_upside_down_and_mixes_the_rest() -> None:
    w = make(amplitude=0.0)
    passed = TillageEvent(0, 0.3, 0.95, 234.0, inversion=0.6)
    node, mass = w.cells[5], w.mineral[w.cells[5], :3]
    before = w.stocks[node, :3, 1] / mass
    w.units.tillage[:] = [passed]
    Tillage(w, scale=0.0, inverts=True).run_one_step(1.0 / 12.0)
    w.ledger.check("Tillage")
    mean = (before * mass).sum() / mass.sum()
    np.testing.assert_allclose(w.stocks[node, :3, 1] / mass, 0.6 * before[::-1] + 0.4 * mean, rtol=1e-12)


def test_efficiency_is_applied_once_also_where_soil_moves() -> None:
    """A chisel of efficiency 0.5 goes half the way, not three quarters (inflection: gain and loss cancel)."""
    w = make(amplitude=0.1)
    w.units.tillage[:] = [TillageEvent(0, 0.3, 0.5, 111.0)]
    node = w.cells[25]  # the inflection
    before = w.stocks[node, :3, 1].copy()
    Tillage(w).run_one_step(1.0 / 12.0)
    np.testing.assert_allclose(w.stocks[node, :3, 1], 0.5 * before + 0.5 * before.mean(), rtol=2e-3)


def test_units_till_apart() -> None:
    """Cells of a unit without a pass keep every bit, and take no soil from neighbours in their field."""
    w = make()
    column = np.arange(w.elevation.size) % 22
    w.unit[column > 6] = 1
    idle = w.is_soil & (w.unit == 1)
    stocks, elevation = w.stocks[idle].copy(), w.elevation[idle].copy()
    tillage = Tillage(w)
    w.units.tillage[:] = [PLOUGH]
    tillage.run_one_step(1.0 / 12.0)
    w.ledger.check("Tillage")
    assert np.array_equal(w.stocks[idle], stocks) and np.array_equal(w.elevation[idle], elevation)
    assert tillage.net_erosion[w.cells].any() and not tillage.net_erosion[idle].any()


def test_every_pass_of_a_unit_is_done() -> None:
    w = make(amplitude=0.0)
    w.unit[w.cells[10:]] = 1
    w.units.tillage[:] = [TillageEvent(unit, 0.3, 0.5, 234.0) for unit in (0, 1, 0)]
    once, twice = w.cells[12], w.cells[2]
    before = w.stocks[once, :3, 1].copy()
    Tillage(w).run_one_step(1.0 / 12.0)
    np.testing.assert_allclose(w.stocks[once, :3, 1], 0.5 * before + 0.5 * before.mean(), rtol=1e-13)
    np.testing.assert_allclose(w.stocks[twice, :3, 1], 0.25 * before + 0.75 * before.mean(), rtol=1e-13)


def test_fresh_deposit_is_ploughed_in() -> None:
    w = make(amplitude=0.0)
    node = w.cells[3]
    w.deposit_mineral[node] = 10.0
    w.deposit[node] = 0.5
    w.ledger.open()
    w.units.tillage[:] = [PLOUGH]
    Tillage(w).run_one_step(1.0)
    w.ledger.check("Tillage")
    ratio = w.stocks[node, :2, 1] / w.mineral[node, :2]
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-13)
    assert not w.deposit[node].any() and np.array_equal(w.mineral[node], w.reference[node])


def test_fine_cells_do_not_overshoot() -> None:
    """A spike on 0.5 m cells, far beyond the explicit limit of one pass, only gets lower and wider."""
    w = make(shape=(9, 9), dx=0.5, amplitude=0.0)
    w.elevation[:] = 0.0
    w.elevation[40] = 0.05
    w.units.tillage[:] = [TillageEvent(0, 0.25, 1.0, 500.0)]
    Tillage(w).run_one_step(1.0)
    w.ledger.check("Tillage")
    inside = w.elevation[w.cells]
    assert inside.min() >= -1e-12 and inside.max() < 0.02
    assert inside.argmax() == inside.size // 2
    # mass over a uniform reference density: volume is kept
    assert inside.sum() == pytest.approx(0.05, rel=1e-9)


def lowered(w: Watershed, **parameters) -> np.ndarray:
    tillage = Tillage(w, **parameters)
    w.units.tillage[:] = [PLOUGH]
    tillage.run_one_step(1.0)
    w.ledger.check("Tillage")
    return tillage.net_erosion[w.cells].copy()


def test_direction_of_tillage() -> None:
    """The hill falls east and west: contour tillage runs north, up and down runs east; between them the tensor."""
    n = make().elevation.size
    free = lowered(make())
    np.testing.assert_allclose(lowered(make(), direction="contour", across=0.4), 0.4 * free, rtol=1e-12)
    for degrees, part in ((90.0, 1.0), (0.0, 0.4), (30.0, 0.25 + 0.4 * 0.75)):
        by_cell = lowered(make(), direction=np.full(n, degrees), across=0.4)
        middle = by_cell.reshape(4, 20)[1:-1]  # on the border of the field no soil comes in from beside
        np.testing.assert_allclose(middle, part * free.reshape(4, 20)[1:-1], rtol=1e-9, atol=1e-12)


def test_directions_that_are_none() -> None:
    with pytest.raises(ValueError, match="direction must be one of up_and_down, contour or degrees"):
        Tillage(make(), direction="across")
    with pytest.raises(ValueError, match="across must be 0 to 5"):
        Tillage(make(), direction="contour", across=-0.1)
    unknown = np.full(make().elevation.size, np.nan)
    with pytest.raises(ValueError, match="direction is not known at 80 cells"):
        Tillage(make(), direction=unknown, across=0.5)


def test_coarse_cells_warn_and_bad_scale_is_refused() -> None:
    assert any("curvature" in line for line in Tillage(make(dx=50.0)).warnings)
    assert not Tillage(make()).warnings
    with pytest.raises(ValueError, match="scale"):
        Tillage(make(), scale=-1.0)
