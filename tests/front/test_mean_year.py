"""The mean year: the reference's totals with our own routing, closed forms, and budgets that sum to nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.watem_inputs import reference_totals, write_case
from watershed_c.front import mean_year as module
from watershed_c.front.mean_year import Catchment, MeanYear, coefficients, mean_year, with_coefficient
from watershed_c.front.watem_sedem import read_catchment
from watershed_c.io.watem_files import read_choices
from watershed_c.kernels.parcel_network import SEWER, ParcelLand, find_parcel_network
from watershed_c.kernels.two_receivers import OUTSIDE, RIVER, ROAD

#: largest difference of a total over gross erosion: with our routing as it is, and with the southern and eastern edge
#: closed as in the reference. There the 20 m cases and the synthetic valley are left with what the search beside rivers
#: and a dropped area make; at 5 m with shares that the reference drops (its own residual is 1.15 %)
TOLERANCE = {
    "langegracht20_default": (0.015, 0.0015),
    "langegracht20_mccool_adjslope": (0.006, 0.0005),
    "langegracht5_clip_default": (0.03, 0.04),
    "synthetic_valley_default": (0.035, 1e-4),
    "synthetic_valley_mccool_v2007": (0.04, 1e-4),
}


def closed_in_the_south_and_east(*arguments, **options):
    """The network without a way out over the southern and eastern edge of the map as it was read."""
    surface, core, open_boundary, gradient_x, gradient_y, shape, *rest = arguments
    border = open_boundary.reshape(shape).copy()
    border[1, :] = border[:, -2] = False  # the ring of one cell was added
    return find_parcel_network(surface, core, border.ravel(), gradient_x, gradient_y, shape, *rest, **options)


@pytest.mark.parametrize("name", TOLERANCE)
def test_totals_of_the_reference_with_our_own_routing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, maps, about = write_case(tmp_path, name)
    catchment, _ = read_catchment(read_choices(path))
    expected = reference_totals(about)
    for closed, tolerance in zip((False, True), TOLERANCE[name], strict=True):
        if closed:
            monkeypatch.setattr(module, "find_parcel_network", closed_in_the_south_and_east)
        year = mean_year(catchment)
        totals = list(year.totals().values())
        off = np.abs(np.array(totals[:4]) - expected) / -expected[0]
        print(
            f"\n{name}, southern and eastern edge {'closed' if closed else 'open'}: off by {100 * off.max():.3f} % of "
            f"gross erosion, of the sediment to the river by {100 * (totals[2] / expected[2] - 1.0):+.2f} %; sum "
            f"{sum(totals):.1e} kg, theirs {sum(expected):.0f} kg"
        )
        assert off.max() < tolerance
        assert abs(sum(totals)) < 1e-9 * -totals[0]
    if tolerance == 1e-4:
        inner = np.pad(np.ones(maps["in_prc"].shape, dtype=bool), 1).ravel() & year.land
        shown = {"SLOPE": np.arctan(np.hypot(year.gradient_x, year.gradient_y)), "UPAREA": year.area, "LS": year.ls,
                 "RUSLE": year.potential, "Capacity": year.capacity, "SediOut_kg": year.outflow,
                 "SediIn_kg": year.inflow}  # fmt: skip
        for key, ours in shown.items():
            theirs = np.pad(maps[f"out_{key}"], 1).ravel()
            least = 1e-3 if "Sedi" in key else 1e-6
            np.testing.assert_allclose(ours[inner], theirs[inner], rtol=1e-4, atol=least, err_msg=key)
        assert year.tillage_in is not None and year.tillage_out is not None
        moved = (year.tillage_in - year.tillage_out)[inner]
        theirs = np.pad(maps["out_TILEROS_kg_per_gridcel"], 1).ravel()[inner]
        # the reference leaves 8 cells beside its jumps without what they are given
        assert (np.abs(moved - theirs) > 1e-4 * np.abs(theirs) + 2e-3).sum() <= 8


def slope(rows: int = 22, tangent: float = 0.08, dx: float = 10.0, **parcels: object) -> Catchment:
    """A strip of cells between walls that falls to a river in the south; field above, road in row 3."""
    shape = (rows, 5)
    z = np.full(shape, np.nan)
    z[1:-1] = 100.0 + tangent * dx * np.arange(rows - 2)[:, None] + np.array([50.0, 0.0, 50.0, 0.0, 50.0])
    code = np.full(shape, OUTSIDE)
    code[1:-1, 1] = 1
    code[1, 1] = RIVER
    z[0, 1] = 90.0
    n = z.size
    land = ParcelLand(code.ravel().astype(np.int64), np.ones(n), **parcels)  # type: ignore[arg-type]
    return Catchment(
        shape, dx, z.ravel(), land, np.full(n, 0.04), np.full(n, 0.3), np.ones(n), 1000.0, np.full(n, 12.0)
    )  # fmt: skip


def test_a_slope_that_carries_everything_yields_its_soil_loss_and_one_that_carries_nothing_none() -> None:
    catchment = slope()
    plenty = with_coefficient(mean_year(catchment), np.full(catchment.elevation.size, 1e9))
    loss = plenty.potential[plenty.land].sum() * catchment.dx**2
    assert plenty.totals()["river"] == pytest.approx(loss, rel=1e-12) and plenty.totals()["deposition"] == 0.0
    nothing = with_coefficient(plenty, np.full(catchment.elevation.size, 1e-12))
    assert nothing.totals()["river"] < 1e-9 * loss
    # in between, the last cell passes exactly its capacity where supply exceeds it
    some = with_coefficient(plenty, np.full(catchment.elevation.size, 2.0))
    last = 2 * 5 + 1
    assert some.totals()["river"] == some.outflow[last] == pytest.approx(some.capacity[last], rel=1e-12)
    # LS of the straight slope: contributing area with the cell's own
    area = catchment.dx**2 * np.arange(catchment.shape[0] - 3, 0, -1)
    np.testing.assert_allclose(plenty.area[plenty.land], area, rtol=1e-12)


def budget_is_whole(year: MeanYear) -> dict[str, float]:
    totals = year.totals()
    assert sum(totals.values()) == pytest.approx(0.0, abs=1e-9 * -totals["erosion"])
    return totals


def test_buffers_keep_their_share_and_sewers_take_theirs() -> None:
    plain = mean_year(slope())
    n, cell = plain.land.size, 8 * 5 + 1
    kept, sewer = np.full(n, -1.0), np.zeros(n)
    kept[cell], sewer[cell] = 0.75, 0.4
    base = budget_is_whole(plain)
    buffer = mean_year(slope(kept=kept, passing=np.where(kept >= 0.0, 0.25, -1.0)))
    totals = budget_is_whole(buffer)
    assert totals["buffers"] == pytest.approx(0.75 * buffer.inflow[cell], rel=1e-12)
    assert totals["river"] < base["river"] and buffer.area[cell - 5] == pytest.approx(
        0.25 * plain.area[cell] + plain.catchment.dx**2, rel=1e-12
    )
    drained = mean_year(slope(sewer=sewer))
    totals = budget_is_whole(drained)
    assert totals["sewers"] == drained.inflow[SEWER] == pytest.approx(0.4 * drained.outflow[cell], rel=1e-12)


def test_sewers_take_no_soil_that_tillage_moves() -> None:
    sewer = np.zeros(slope().elevation.size)
    sewer[8 * 5 + 1], sewer[12 * 5 + 1] = 0.4, 1.0
    ploughed = np.full(sewer.size, 600.0)
    year = mean_year(replace(slope(sewer=sewer), tillage=ploughed))
    assert year.tillage_in is not None and year.tillage_out is not None and year.inflow[SEWER] > 0.0
    assert year.tillage_in[SEWER] == 0.0 and year.tillage_out[12 * 5 + 1] == 0.0
    assert year.tillage_in.sum() == pytest.approx(year.tillage_out.sum(), rel=1e-12)


def test_slope_to_the_receiver_of_a_cell_with_a_sewer() -> None:
    bumpy = slope()
    bumpy.elevation[3 * 5 + 1 : 20 * 5 : 10] += 0.3
    sewer = np.where(bumpy.parcels.code == 1, 0.4, 0.0)
    plain = mean_year(replace(bumpy, adjusted_slope=True))
    drained = mean_year(replace(bumpy, adjusted_slope=True, parcels=bumpy.parcels._replace(sewer=sewer)))
    assert not np.allclose(plain.gradient_y, mean_year(bumpy).gradient_y)
    np.testing.assert_array_equal(drained.gradient_y, plain.gradient_y)


def test_coefficients_by_land() -> None:
    code, cover = np.array([1, 2, ROAD, RIVER, 3, 4]), np.array([0.3, 0.01, 0.0, 0.0, 0.3, 0.3])
    dam, ditch = np.arange(6) == 4, np.arange(6) == 5
    found = coefficients(code, cover, 3.0, 12.0, 0.01, dam=dam, ditch=ditch)
    assert found.tolist() == [12.0, 3.0, 9999.0, 9999.0, 3.0, 9999.0]
