"""Components of others (coupling rule 8): creep against its closed form and Landlab, uplift, refusals, messages."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
from landlab import Component, RasterModelGrid
from landlab.components import LinearDiffuser

from tests import build
from watershed_c.components.foreign import ForeignComponent
from watershed_c.constituents import CARBONATE, ConstituentTable, soc_pool
from watershed_c.coupling import advance
from watershed_c.errors import LedgerError, ModelFailure, ScenarioError
from watershed_c.state import Watershed

TABLE = ConstituentTable((soc_pool("humus", "mineral"), *CARBONATE))
DENSITY = 1300.0
FLUX = "hillslope_sediment__unit_volume_flux"
DIFFUSIVITY = 0.03


def creep(w: Watershed, diffusivity: float = DIFFUSIVITY, **parameters) -> ForeignComponent:
    options = {"import_path": "landlab.components:LinearDiffuser", "params": {"linear_diffusivity": diffusivity}}
    return ForeignComponent(w, **{**options, "elevation_change": "flux", "flux_field": FLUX, **parameters})


def hill(dx: float = 2.0, dy: float = 3.0, columns: int = 42) -> Watershed:
    """One wave along x, crest in the middle, closed all round; rows differ in their carbon."""
    grid = RasterModelGrid((5, columns), xy_spacing=(dx, dy))
    x = (np.arange(columns) - 0.5) * dx
    wave = 300.0 - np.cos(2.0 * np.pi * x / ((columns - 2) * dx))
    grid.add_field("topographic__elevation", np.tile(wave, 5), at="node", units="m")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    return fill(Watershed(grid, constituents=TABLE, layer_bottom=build.BOTTOM))


def fill(w: Watershed, density: float | np.ndarray = DENSITY) -> Watershed:
    """Soil of this density in every node, whose content falls with depth, and differs by row and by node."""
    n, rows = w.elevation.size, len(w.constituents)
    w.reference[:] = np.broadcast_to(density, n)[:, None] * (w.layer_bottom - w.layer_top)
    w.mineral[:] = w.reference
    content = 0.03 * np.exp(-w.layer_top / 0.3) * (1.0 + 0.1 * np.sin(np.arange(n)))[:, None]
    w.stocks[:] = (w.mineral * content)[:, :, None] * np.linspace(1.0, 0.0, rows)
    w.substratum[:] = 0.002 * np.linspace(1.0, 0.0, rows)
    w.deposit_mineral[:], w.deposit[:] = 0.0, 0.0
    w.ledger.open()
    return w


def uneven() -> Watershed:
    """With a channel, an outlet edge and cells outside; cells of unlike density."""
    w = build.watershed()
    return fill(w, np.random.default_rng(5).uniform(1100.0, 1500.0, w.elevation.size))


def of_others(monkeypatch: pytest.MonkeyPatch, run, make=None, info=None, agnostic: bool = True) -> str:
    """Put a Landlab component with this ``run(component, dt)`` into a module; return its import path."""
    z = {"dtype": float, "intent": "inout", "optional": False, "units": "m", "mapping": "node", "doc": "surface"}

    class Other(Component):
        _name, _unit_agnostic, _cite_as = "Other", agnostic, "@misc{other}"
        _info = {"topographic__elevation": z, **(info or {})}

        def __init__(self, grid, rate=1.0):
            super().__init__(grid)
            self.rate = rate
            self.z = grid.at_node["topographic__elevation"]
            if make:
                make(self)

        def run_one_step(self, dt):
            run(self, dt)

    module = types.ModuleType("component_of_others")
    module.Other = Other
    monkeypatch.setitem(sys.modules, "component_of_others", module)
    return "component_of_others:Other"


# -- flux -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("columns", "tolerance"), [(42, 2.1e-3), (82, 5.2e-4)])
def test_creep_moves_the_soil_of_the_diffusion_law(columns: int, tolerance: float) -> None:
    """A wave of wave number k loses density * D * k2 * height per year at its crest: second order in the cell."""
    w = hill(dx=80.0 / (columns - 2), columns=columns)
    process = creep(w)
    process.run_one_step(1.0)
    w.ledger.check("creep", process.transforms)
    x = (np.arange(columns) - 0.5)[1:-1] * w.dx
    k = 2.0 * np.pi / 80.0
    law = -DENSITY * DIFFUSIVITY * k**2 * np.cos(k * x)
    lost = process.net_erosion.reshape(5, columns)[2, 1:-1]
    assert np.abs(lost - law).max() < tolerance * np.abs(law).max()
    assert abs(process.net_erosion.sum()) < 1e-12 * np.abs(process.net_erosion).sum()


def test_surface_is_landlabs_own_where_density_is_uniform() -> None:
    w = build.watershed(channel=False)
    fill(w)
    alone = build.grid()
    diffuser = LinearDiffuser(alone, linear_diffusivity=DIFFUSIVITY)
    process = creep(w)
    start = w.elevation.copy()
    for _ in range(12):
        process.run_one_step(build.MONTH)
        w.ledger.check("creep", process.transforms)
        diffuser.run_one_step(build.MONTH)
    z = alone.at_node["topographic__elevation"]
    assert np.abs(z - start).max() > 1e-4
    np.testing.assert_allclose(w.elevation, z, rtol=0.0, atol=2e-12)
    np.testing.assert_allclose(process.net_erosion[w.cells], DENSITY * (start - z)[w.cells], atol=2e-9)
    assert np.array_equal(w.mineral, w.reference) and not w.deposit.any() and not w.deposit_mineral.any()


def test_what_leaves_is_top_soil_of_the_donor_and_export_is_what_crossed_the_border() -> None:
    w = uneven()
    process = creep(w, name="hillslope creep")
    carbon = w.stocks[:, 0, w.ledger.soc_rows].sum(axis=1)
    process.run_one_step(1.0)
    w.ledger.check("creep", process.transforms)
    totals = w.ledger.close()
    # by hand, link by link
    grid, flux = w.grid, w.grid.at_link[FLUX]
    gained, exported = np.zeros((w.elevation.size, 2)), np.zeros(2)
    for link in grid.active_links:
        tail, head = int(grid.node_at_link_tail[link]), int(grid.node_at_link_head[link])
        donor, receiver = (tail, head) if flux[link] > 0 else (head, tail)
        if not w.is_soil[donor]:
            continue
        mass = abs(flux[link]) * w.dx / w.cell_area * w.reference[donor, 0] / 0.05
        moved = mass * np.array([1.0, carbon[donor] / w.reference[donor, 0]])
        gained[donor] -= moved
        if w.is_soil[receiver]:
            gained[receiver] += moved
        else:
            exported += moved * w.cell_area
    assert exported[0] > 0.0
    np.testing.assert_allclose(-process.net_erosion[w.cells], gained[w.cells, 0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(w.ledger.soc_by_kind["lateral"][w.cells], gained[w.cells, 1], rtol=1e-9, atol=1e-13)
    assert totals["soil", "hillslope creep_export"] == pytest.approx(exported[0], rel=1e-10)
    assert totals["soc", "hillslope creep_export"] == pytest.approx(exported[1], rel=1e-10)
    assert totals["soil", "hillslope creep"] == pytest.approx(-exported[0], rel=1e-10)


def test_elevation_ends_where_the_mass_says() -> None:
    w = uneven()
    start = w.elevation.copy()
    process = creep(w)
    process.run_one_step(1.0)
    density = w.reference[w.cells, 0] / 0.05
    lowering = (start - w.elevation)[w.cells]
    np.testing.assert_allclose(lowering, process.net_erosion[w.cells] / density, atol=1e-12)
    rest = np.setdiff1d(np.arange(start.size), w.cells)
    assert np.array_equal(start[rest], w.elevation[rest])


def test_deep_cut_takes_layer_after_layer_and_no_more_than_the_column(monkeypatch: pytest.MonkeyPatch) -> None:
    w = fill(build.watershed(channel=False))
    donor = int(w.cells[40])
    link = int(w.grid.links_at_node[donor, 0])
    receiver = int(w.grid.node_at_link_head[link])

    def run(self, dt):
        self.grid.at_link["soil"][link] = self.rate
        self.z[donor] -= self.rate * dt / w.dx
        self.z[receiver] += self.rate * dt / w.dx

    field = {"dtype": float, "intent": "out", "optional": False, "units": "m2/yr", "mapping": "link", "doc": "flux"}
    path = of_others(monkeypatch, run, lambda self: self.initialize_output_fields(), {"soil": field})
    for height, taken in ((0.15, 0.15), (3.0, 1.0)):  # m of soil: two layers and a half; three times the column
        fill(w)
        held = w.stocks[donor][:, w.ledger.soc_rows].sum(axis=1)
        share = np.clip((taken - w.layer_top) / (w.layer_bottom - w.layer_top), 0.0, 1.0)
        options = {"name": f"slide {height}", "elevation_change": "flux", "flux_field": "soil"}
        process = ForeignComponent(w, import_path=path, params={"rate": height * w.dx}, **options)
        process.run_one_step(1.0)
        w.ledger.check("slide", process.transforms)
        assert process.net_erosion[donor] == pytest.approx(DENSITY * taken, rel=1e-12)
        assert process.net_erosion[receiver] == pytest.approx(-DENSITY * taken, rel=1e-12)
        lateral = w.ledger.soc_by_kind["lateral"]
        assert lateral[receiver] == pytest.approx(share @ held, rel=1e-12)
        w.ledger.start_afresh()


def test_nonlinear_creep_of_landlab_fits_too() -> None:
    w = build.watershed()
    parameters = {"linear_diffusivity": DIFFUSIVITY, "slope_crit": 0.6}
    path = "landlab.components:TaylorNonLinearDiffuser"
    process = ForeignComponent(w, import_path=path, params=parameters, elevation_change="flux", flux_field="soil__flux")
    for index in range(3):
        advance(w, {"creep": process}, build.step(index))
    assert process.net_erosion[w.cells].max() > 1e-3 and w.ledger.worst_residual < 1.0


def test_flux_that_is_not_what_happened_is_refused() -> None:
    """A diffuser that divides its step publishes the flux of the last part."""
    w = hill()
    process = creep(w, diffusivity=20.0)
    with pytest.raises(ModelFailure, match=r"LinearDiffuser.*cell \d+.*publishes the last part") as caught:
        advance(w, {"creep": process}, build.step(0))
    assert caught.value.step == "2001-01" and caught.value.process == "LinearDiffuser"
    w = hill()
    creep(w, diffusivity=6.0).run_one_step(build.MONTH)  # one part is enough


def test_water_laid_soil_creeps_on() -> None:
    """The surface buffer is top soil: it is in the column, and in the elevation, before soil is taken."""
    w = hill()
    cell = int(w.cells[60])
    w.stocks[cell] = 0.0
    w.deposit_mineral[cell], w.deposit[cell, 0] = 65.0, 6.5  # 5 cm, as thick as the top layer, with all the carbon
    w.ledger.open()
    process = creep(w)
    start = w.elevation[cell]
    process.run_one_step(1.0)
    w.ledger.check("creep", process.transforms)
    lost = process.net_erosion[cell]
    assert w.elevation[cell] == pytest.approx(start + 0.05 - lost / DENSITY, abs=1e-12)
    assert -w.ledger.soc_by_kind["lateral"][cell] == pytest.approx(0.1 * lost, rel=1e-9)


# -- uplift, refuse -------------------------------------------------------------------------------------------------
def test_uplift_lifts_land_and_creates_no_soil(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self, dt):
        self.z[self.grid.core_nodes] += self.rate * dt

    w = build.watershed()
    path = of_others(monkeypatch, run)
    process = ForeignComponent(w, import_path=path, params={"rate": 0.12}, elevation_change="uplift")
    start, soil = w.elevation.copy(), {name: getattr(w, name).copy() for name in ("mineral", "stocks", "deposit")}
    assert not any(advance(w, {"uplift": process}, build.step(0)).values())
    np.testing.assert_allclose(w.elevation[w.active], start[w.active] + 0.01, rtol=1e-14)
    assert np.array_equal(w.elevation[~w.active], start[~w.active])
    for name, values in soil.items():
        assert np.array_equal(values, getattr(w, name))
    assert process._cite_as == "@misc{other}" and not process.warnings and not process.ledger_terms


def test_change_of_elevation_is_refused_by_name_step_and_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = 45

    def run(self, dt):
        if self.grid.at_node["topographic__elevation"][cell] < 1e9:
            self.z[cell] += self.rate

    w = build.watershed()
    path = of_others(monkeypatch, run)
    quiet = ForeignComponent(w, import_path=path, params={"rate": 0.0}, name="quiet")
    advance(w, {"quiet": quiet}, build.step(0))
    process = ForeignComponent(w, import_path=path, params={"rate": -0.002}, name="sinkhole")
    with pytest.raises(ModelFailure) as caught:
        advance(w, {"sinkhole": process}, build.step(3))
    said = str(caught.value)
    assert all(part in said for part in ("2001-04", "sinkhole", f"cell {cell}", "-0.002 m", "uplift"))


def test_soil_made_by_a_component_does_not_close_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self, dt):
        self.grid.at_node["soil_layer__mineral_mass"][45, 0] += 1e-8

    w = build.watershed()
    process = ForeignComponent(w, import_path=of_others(monkeypatch, run), name="maker", elevation_change="uplift")
    with pytest.raises(LedgerError, match="maker.*cell 45.*soil"):
        advance(w, {"maker": process}, build.step(0))


@pytest.mark.parametrize("kind", ["nan", "replaced", "raises"])
def test_what_others_break_is_named(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def run(self, dt):
        if kind == "nan":
            self.z[45] = np.nan
        elif kind == "replaced":
            self.grid.at_node["topographic__elevation"] = self.z.copy()
        else:
            raise KeyError("no such thing")

    w = build.watershed()
    process = ForeignComponent(w, import_path=of_others(monkeypatch, run), name="breaker", elevation_change="uplift")
    said = {"nan": "finite.*row 3, column 3", "replaced": "replaced the array", "raises": "KeyError.*no such thing"}
    with pytest.raises(ModelFailure, match=f"breaker.*{said[kind]}"):
        process.run_one_step(build.MONTH)


def test_a_component_that_has_no_time_step_and_one_with_units_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    w = build.watershed()
    filler = ForeignComponent(w, import_path="landlab.components:SinkFillerBarnes", elevation_change="uplift")
    filler.run_one_step(build.MONTH)
    assert "node.sediment_fill__depth" in filler.memory()
    path = of_others(monkeypatch, lambda self, dt: None, agnostic=False)
    assert "in years" in ForeignComponent(w, import_path=path).warnings[0]


# -- what the user wrote --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"import_path": "LinearDiffuser"}, 'must be "package.module:Class"'),
        ({"import_path": "landlab.komponents:LinearDiffuser"}, "cannot be imported.*komponents"),
        ({"import_path": "landlab.components:LinearDifuser"}, "LinearDiffuser"),
        ({"import_path": "landlab:RasterModelGrid"}, "not a Landlab component"),
        ({"params": {"diffusivity": 1.0}}, "linear_diffusivity"),
        ({"params": {"linear_diffusivity": "no_such_field"}}, "cannot be made.*no_such_field"),
        ({"import_path": "landlab.components:DepthDependentDiffuser", "params": {}}, "missing.*soil__depth"),
        ({"flux_field": "soil__flux"}, FLUX),
        ({"flux_field": "topographic__gradient"}, "volume per unit width"),
    ],
)
def test_what_cannot_be_made_says_why(parameters: dict, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as caught:
        creep(hill(), **parameters)
    assert caught.value.problems[0].key == "processes.custom.import"


@pytest.mark.parametrize(
    "parameters",
    [{"elevation_change": "erosion"}, {"flux_field": ""}, {"elevation_change": "uplift"}, {"name": "lateral"}],
)
def test_parameters_that_do_not_fit_are_refused(parameters: dict) -> None:
    with pytest.raises(ValueError, match="elevation_change|lateral"):
        creep(hill(), **parameters)


def test_a_component_that_levels_the_land_when_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    path = of_others(monkeypatch, lambda self, dt: None, lambda self: self.z.fill(0.0))
    with pytest.raises(ScenarioError, match="when it is made"):
        ForeignComponent(build.watershed(), import_path=path, elevation_change="uplift")


def test_memory_holds_the_fields_that_are_not_the_models() -> None:
    w = hill()
    process = creep(w)
    process.run_one_step(1.0)
    memory = process.memory()
    assert set(memory) == {"net_erosion", f"link.{FLUX}", "link.topographic__gradient"}
    assert np.shares_memory(memory[f"link.{FLUX}"], w.grid.at_link[FLUX])
    process.start_afresh()
    assert not process.net_erosion.any()


def test_linear_diffuser_on_a_copy_of_hillslope(tmp_path: Path) -> None:
    """Landlab's LinearDiffuser inserted by import path: soil moves with all it carries, and the books close."""
    from watershed_c.scenario.load import load
    from watershed_c.simulation import run

    custom = {
        "import": "landlab.components:LinearDiffuser",
        "params": {"linear_diffusivity": 0.01},
        "name": "creep",
        "after": "tillage_erosion",
        "elevation_change": "flux",
        "flux_field": "hillslope_sediment__unit_volume_flux",
    }
    changes = {"processes.custom": [custom], "time.end": "2001-12", "carbon.initial.years": 1, "output.figures": False}
    finished = run(load("hillslope", changes), output=tmp_path / "creep", quiet=True)
    carbon = finished.budget.carbon["soc"]
    assert "creep" in carbon.terms
    assert carbon.closure < 1e-10 and finished.budget.worst_cell < 1.0
