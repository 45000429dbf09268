"""Flow by parcels in the router and what water erosion makes of it: rivers, buffers, sewers, books that close."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.budget import budget_of
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import DOLOMITE_PER_CARBON
from watershed_c.kernels.parcel_network import SEWER, ParcelLand, on_land
from watershed_c.kernels.two_receivers import FOREST
from watershed_c.state import Watershed


def parcels_of(w: Watershed, **more: object) -> ParcelLand:
    """Two fields and a wood, by columns and rows of the small watershed."""
    row, column = np.divmod(np.arange(w.is_soil.size), w.shape[1])
    code = np.where(column < 5, 1, 2)
    code[row > 8] = FOREST
    own = np.where(code == FOREST, 0.25, 1.0)
    return ParcelLand(code=code.astype(np.int64), own=own, connectivity=(0.9, 0.3, 0.3), **more)  # type: ignore[arg-type]


def route(w: Watershed, parcels: ParcelLand) -> FlowRouter:
    return FlowRouter(w, method="two_receivers", parcels=parcels)


def test_all_area_arrives_and_parcels_hold_some_back_from_ls() -> None:
    w = build.watershed()
    router = route(w, parcels_of(w))
    ends = np.concatenate((w.outlets, router.undrained))
    assert w.drainage_area[ends].sum() == pytest.approx(np.count_nonzero(w.active) * w.cell_area, rel=1e-12)
    assert np.array_equal(np.sort(w.order), np.flatnonzero(w.active)) and not w.in_depression.any()
    assert np.diff(w.first_receiver).max() == 2
    assert w.contributing_area is not None
    area_in, area = w.contributing_area
    assert (area <= w.drainage_area + 1e-9).all() and area[w.cells].sum() < 0.9 * w.drainage_area[w.cells].sum()
    np.testing.assert_allclose((area - area_in)[w.cells], np.where(w.cells // w.shape[1] > 8, 0.25, 1.0) * w.cell_area)
    # cells beside the river end in it
    beside = [c for c in w.cells if w.channel[c - 1] or w.channel[c + 1]]
    places = {int(node): place for place, node in enumerate(w.order)}
    for cell in beside:
        to = w.receivers[w.first_receiver[places[cell]] : w.first_receiver[places[cell] + 1]]
        assert to.size == 1 and w.channel[to[0]]


def test_warnings_are_of_the_network_with_its_rivers() -> None:
    """Rivers found by their area come after a first routing: what that left without a way out is of no concern."""

    def with_a_pit() -> Watershed:
        w = build.watershed()
        w.elevation[next(cell for cell in w.cells if w.channel[cell - 1])] -= 5.0
        return w

    w = with_a_pit()
    expected = route(w, parcels_of(w, window=1))
    w, channel = with_a_pit(), w.channel
    w.set_channel(np.zeros_like(channel))
    router = route(w, parcels_of(w, window=1))
    before = list(router.warnings)
    w.set_channel(channel)
    router.route()
    router.tell()
    assert router.warnings == expected.warnings != before


@pytest.mark.parametrize("kind", ["plain", "buffer", "sewer"])
def test_books_close_and_every_kilogram_has_a_place(kind: str) -> None:
    w = build.watershed()
    n = w.is_soil.size
    # totals of the budget take dolomite as calcite (constituents.DRY_MASS): nothing of it here
    dolomite = [k for k, row in enumerate(w.constituents.rows) if row.dry_mass_per_unit == DOLOMITE_PER_CARBON]
    w.stocks[:, :, dolomite] = w.substratum[:, dolomite] = 0.0
    more: dict[str, object] = {}
    cell = int(w.cells[w.cells // w.shape[1] == 3][2])
    if kind == "buffer":
        more["kept"] = np.full(n, -1.0)
        more["kept"][cell] = 0.75  # type: ignore[index]
    elif kind == "sewer":
        more["sewer"] = np.zeros(n)
        more["sewer"][cell] = 0.4  # type: ignore[index]
    parcels = parcels_of(w, **more)
    router = route(w, parcels)
    downstream = 0.5 if kind == "sewer" else 0.0
    erosion = WaterErosion(
        w, transport_capacity_coefficient=(3.0, 12.0), parcels=parcels, downstream_mineralisation=downstream
    )
    w.ledger.open()
    erosion.run_one_step(build.MONTH)
    w.ledger.check("water_erosion", erosion.transforms, erosion.stores)
    totals = w.ledger.close()
    lost = erosion.gross_erosion.sum() - erosion.gross_deposition.sum()
    assert erosion.gross_erosion.sum() > 0.0
    assert erosion.exported.sum() == pytest.approx(lost, rel=1e-12)
    np.testing.assert_array_equal(np.sort(erosion.sinks), np.sort(router.sinks))
    place = int(np.flatnonzero(w.order == cell)[0])
    along = slice(int(w.first_receiver[place]), int(w.first_receiver[place + 1]))
    if kind == "buffer":
        # what entered: from outside it, as nothing is detached there
        assert erosion.gross_erosion[cell] == 0.0
        donors = np.repeat(w.order, np.diff(w.first_receiver))
        assert (w.receivers[donors == cell] >= 0).all()
        assert erosion.gross_deposition[cell] == pytest.approx(0.75 * erosion._load[cell], rel=1e-12)
    if kind == "sewer":
        assert SEWER in w.receivers[along] and w.weights[along].sum() == pytest.approx(1.0, rel=1e-14)
        out = erosion._load[cell] + erosion.gross_erosion[cell] - erosion.gross_deposition[cell]
        assert erosion.exported[SEWER] == pytest.approx(0.4 * out, rel=1e-12)
        assert totals["soil", "sewer_export"] > 0.0
        # half the organic carbon is mineralised beyond the catchment, whichever way it left
        left = sum(totals["soc", f"{way}_export"] for way in ("water_erosion", "sewer"))
        lost = sum(totals["soc", f"{way}_mineralised_export"] for way in ("downstream", "sewer"))
        assert lost == pytest.approx(left, rel=1e-12)
        assert erosion.findings()["exported_organic_carbon_t"] == pytest.approx(2e-3 * left, rel=1e-12)
        found = budget_of(w.ledger, cells=w.cells, cell_area=w.cell_area, years=1.0)
        per_hectare = 10.0 * w.cell_area / (w.cells.size * w.cell_area)
        assert found.sewer_yield == pytest.approx(erosion.exported[SEWER] * per_hectare, rel=1e-9)
        out = erosion.exported.sum() - erosion.exported[SEWER]
        assert found.sediment_yield == pytest.approx(out * per_hectare, rel=1e-9)
        # what does not ride on water stays on land
        shares = on_land(w.first_receiver, w.receivers, w.weights)
        assert shares[w.receivers == SEWER].sum() == 0.0
        sums = np.add.reduceat(shares, w.first_receiver[:-1][np.diff(w.first_receiver) > 0])
        np.testing.assert_allclose(sums, 1.0, rtol=1e-14)
    else:
        assert ("soil", "sewer_export") not in totals


def test_a_coefficient_of_its_own_holds_in_a_cell_whatever_its_unit() -> None:
    """As on roads of WaTEM/SEDEM, where 9999 lets everything pass; next to none of it stops everything."""
    kept = []
    for coefficient in (9999.0, 1e-9):
        w = build.watershed()
        route(w, parcels_of(w))
        own = np.full(w.is_soil.size, np.nan)
        here = w.cells[w.cells // w.shape[1] == 4]
        own[here] = coefficient
        erosion = WaterErosion(w, transport_capacity_coefficient=(3.0, 12.0), coefficient_map=own)
        w.ledger.open()
        erosion.run_one_step(build.MONTH)
        here = np.setdiff1d(here, erosion.sinks)
        kept.append(erosion.gross_deposition[here].sum() / erosion._load[here].sum())
    assert kept[0] == 0.0 and kept[1] == pytest.approx(1.0, rel=1e-6)


def test_what_the_router_refuses() -> None:
    w = build.watershed()
    with pytest.raises(ValueError, match="go together"):
        FlowRouter(w, method="two_receivers")
    with pytest.raises(ValueError, match="go together"):
        FlowRouter(w, method="d8", parcels=parcels_of(w))
