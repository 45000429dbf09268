"""Residues on the surface: decay, cover, and what the way of tilling makes of a profile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests import build, runs
from watershed_c.assembly import assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.surface_residues import ResidueCover, SurfaceResidues, fauna_shares
from watershed_c.scenario.resolve import resolve
from watershed_c.state import Watershed


def process(w: Watershed, **parameters: Any) -> SurfaceResidues:
    decomposition = Decomposition(w, build.pool_model())
    decomposition.run_one_step(build.MONTH)
    w.ledger.start_afresh()
    return SurfaceResidues(
        w, decomposition=decomposition, tables=build.unit_tables(surface=True),
        allocate=build.pool_model().allocate_known, first_year=2001, **parameters,
    )  # fmt: skip


def test_animals_leave_what_daisy_says_at_each_depth() -> None:
    """Even to 18 cm, then falling to nothing at 80: of a whole profile 36.7 % above 18 cm."""
    shares = fauna_shares(np.array([0.09, 0.18, 0.49, 0.8, 1.0]))
    whole = 0.18 + 0.5 * 0.62
    np.testing.assert_allclose(shares, np.array([0.09, 0.09, 0.75 * 0.31, 0.25 * 0.31, 0.0]) / whole, rtol=1e-12)
    assert fauna_shares(np.array([0.05, 0.1])) == pytest.approx([0.5, 0.5])


def test_decay_alone_is_that_of_the_top_layer_at_the_rate_of_the_surface() -> None:
    """Cold and untilled: pools decay as RothC's do, and what humus they make is in the top layer."""
    w = build.watershed()
    residues = process(w, surface_rate=0.7)
    w.temperature[:] = -5.0  # animals rest; decay knows the temperature of its step
    w.units.tillage[:] = []
    residues.laid[:] = 0.0
    cell, soc = w.cells[5], w.constituents.of_group("soc")
    before, stock = w.residue[cell].copy(), w.stocks[cell, 0, soc].sum()
    others = w.stocks[cell, 1:].copy()
    residues.run_one_step(build.MONTH)
    decomposition = residues.decomposition
    q = 0.7 * decomposition.modifier[cell, 0, 0] * build.MONTH
    left = before * np.exp(-build.pool_model().rates * q)
    np.testing.assert_allclose(w.residue[cell], left, rtol=1e-12)
    humus = (before - left).sum() * decomposition.coefficients[cell].sum()
    assert w.stocks[cell, 0, soc].sum() - stock == pytest.approx(humus, rel=1e-9)
    assert np.array_equal(w.stocks[cell, 1:], others)
    share = left[:2].sum() / before[:2].sum()
    assert w.residue_cover[cell] == pytest.approx(2.0 * share, rel=1e-12)
    w.ledger.check("SurfaceResidues", ("soc",))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"surface_rate": 1.1}, "surface_rate must be 0 to 1, is 1.1"),
        ({"respired_share": -0.1}, "respired_share must be 0 to 1"),
        ({"left_where_inverted": 2.0}, "left_where_inverted must be 0 to 1"),
        ({"most_taken": -1.0}, "most_taken must be at least 0"),
    ],
)
def test_what_is_refused(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        process(build.watershed(), **parameters)


def test_cover_needs_tables_of_the_surface() -> None:
    with pytest.raises(ValueError, match="have none of the surface"):
        ResidueCover(build.watershed(), tables=build.unit_tables(), first_year=2001)


# -- ploughed and not ----------------------------------------------------------------------------------------------

IMPLEMENTS = ("mouldboard-plough", "direct-drill")


def grown(implement: str) -> SimpleNamespace:
    """Two years of a field by one implement; every month's cover, C and litter."""
    events = [{"id": "till", "on": "10-25", "do": "till", "implement": implement}]
    changes = {
        "processes.surface_residues.enabled": True, "soil.layers": ["5 cm", "5 cm", "15 cm", "25 cm"],
        "rotation.maize-wheat.event": events, "carbon.initial": {"method": "steady"}, "output.maps": ["cLitterSurf"],
        "processes.carbonate.enabled": False, "processes.dissolved_carbon.enabled": False,
    }  # fmt: skip
    assembly = assemble(resolve(runs.small(changes), overwrite=True))
    report = initialise(assembly)
    w = assembly.watershed
    months = []
    for _ in range(24):
        covered = 1.0 - np.exp(-w.residue_cover)
        cover = np.array([covered[w.cells][w.unit[w.cells] == unit].mean() if (w.unit[w.cells] == unit).any() else 0.0
                          for unit in range(len(assembly.tables.names))])  # fmt: skip
        totals = assembly.model.step()
        months.append((w.calendar_month, cover, w.units.cover_factor.copy(), w.units.ground_cover.copy(), totals))
    field = w.cells[w.field[w.cells] >= 0]
    content = w.stocks[field][:, :, w.constituents.of_group("soc")].sum(axis=2) / w.mineral[field]
    return SimpleNamespace(
        w=w, months=months, content=content.mean(axis=0), litter=w.residue[field].sum(axis=1).mean(), report=report,
        assembly=assembly,
    )  # fmt: skip


@pytest.fixture(scope="module")
def fields() -> dict[str, SimpleNamespace]:
    return {implement: grown(implement) for implement in IMPLEMENTS}


def test_without_a_plough_carbon_lies_in_layers(fields: dict[str, SimpleNamespace]) -> None:
    """A consequence: the plough leaves its 25 cm alike, the drill leaves more at the top and less below."""
    ploughed, drilled = (fields[implement].content for implement in IMPLEMENTS)
    assert ploughed[0] / ploughed[2] < 1.3
    assert drilled[0] / drilled[2] > 1.5 * ploughed[0] / ploughed[2]
    assert drilled[0] > ploughed[0] and drilled[2] < ploughed[2]
    for one in fields.values():
        assert abs(one.report.drift_per_decade) < 0.005
        assert one.w.ledger.cumulative_residual()["soc"] < 1e-12 and one.w.ledger.worst_residual < 1.0


def test_without_a_plough_residues_lie_and_cover(fields: dict[str, SimpleNamespace]) -> None:
    assert fields["direct-drill"].litter > 5.0 * fields["mouldboard-plough"].litter
    mean = {implement: np.mean([month[2][0] for month in one.months]) for implement, one in fields.items()}
    calendar = {implement: one.assembly.tables.cover_factor[:, 0].mean() for implement, one in fields.items()}
    assert mean["direct-drill"] < 0.3 * mean["mouldboard-plough"]
    # two independent decays: of the pool model with animals here, of RUSLE in the calendar
    assert mean == pytest.approx(calendar, abs=0.06)
    for one in fields.values():  # nothing of what water takes is residue: it is not among what soil carries
        assert "water_erosion_export" in {term for _, term in one.months[3][4]}


def test_cover_factor_is_that_of_the_residues_that_lie_there(fields: dict[str, SimpleNamespace]) -> None:
    for one in fields.values():
        tables = one.assembly.tables
        for month, cover, factor, ground, _ in one.months:
            given, bare, effectiveness, standing, share = (
                tables.at(getattr(tables.surface, name), month - 12 * 2001)
                for name in ("given_factor", "bare_factor", "effectiveness", "standing_cover", "residue_share")
            )
            np.testing.assert_allclose(factor, given + bare * np.exp(-effectiveness * cover), rtol=1e-12)
            np.testing.assert_allclose(ground, standing + share * cover, rtol=1e-12, atol=1e-15)


def test_tables_of_the_surface_are_those_of_the_calendar_taken_apart() -> None:
    """The same carbon, and with the calendar's own residues nearly the calendar's C: the mean of a product and the
    product of means differ within a month.
    """
    whole, apart = build.unit_tables(), build.unit_tables(surface=True)
    surface = apart.surface
    assert surface is not None
    total = apart.input_by_source.sum() + surface.laid.sum()
    assert total == pytest.approx(whole.input_by_source.sum(), rel=1e-12)
    factor = surface.given_factor + surface.bare_factor * np.exp(-surface.effectiveness * whole.residue_cover)
    assert np.abs(factor - whole.cover_factor).max() < 0.04
    ground = surface.standing_cover + surface.residue_share * whole.residue_cover
    np.testing.assert_allclose(ground, whole.ground_cover, rtol=1e-12)
    assert surface.turned_over == pytest.approx([0.495, 0.495, 0.0])  # ploughed in one of two years
