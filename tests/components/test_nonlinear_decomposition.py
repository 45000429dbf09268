"""MIMICS and Millennial in the watershed: each layer is the model by itself, books close, slopes are the model's."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c import parallel
from watershed_c.bedrock import Bedrock
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.pools import load_model
from watershed_c.pools.nonlinear import run_cycle, substeps_of
from watershed_c.state import Watershed

models = pytest.mark.parametrize("name", build.NONLINEAR)
UNITS = {"productivity": np.array([0.3, 0.35, 0.5]), "metabolic_fraction": np.array([0.4, 0.4, 0.3])}


def make(w: Watershed, **more: object) -> NonlinearDecomposition:
    soil = {"silt": np.full(w.clay.size, 40.0), "ph": np.full(w.clay.size, 6.5)}
    return NonlinearDecomposition(w, build.model_of(w), **{"properties": soil, "of_units": UNITS, **more})


def alone(
    w: Watershed, process: NonlinearDecomposition, cell: int, layer: int, slowing: float = 1.0, *,
    share: float = 1.0, lowest: bool = False,
) -> tuple[np.ndarray, float, float]:  # fmt: skip
    """Pools after a month, respired and leached: the kernel at one place, from the watershed's numbers as written.

    ``share`` of the layer is fine earth; the ``lowest`` gets the input of those below it, too.
    """
    model = build.model_of(w)
    thickness = share * (w.layer_bottom - w.layer_top)
    unit, pools = w.unit[cell], len(model.pools)
    place = {
        "temperature": w.temperature[cell] + w.layer_temperature[layer],
        "moisture": 1.0 if model.name == "mimics" else w.water[cell, layer] / (1000.0 * thickness[layer]),
        "clay": 100.0 * w.clay[cell],
        "silt": 40.0,
        "ph": 6.5,
        "bulk_density": w.bulk_density[cell, layer],
        "thickness": thickness[layer],
        "productivity": UNITS["productivity"][unit] * w.input_scale[cell],
        "metabolic_fraction": UNITS["metabolic_fraction"][unit],
    }
    rate = np.empty((len(model.kernel.RATES), 1))
    model.kernel.rates(*(np.array([place[a]]) for a in model.arguments), model.vector, rate)
    here = slice(layer, None if lowest else layer + 1)
    amendment = w.units.amendment[unit, here].sum(axis=0)
    plant = w.units.inputs[unit, here].sum(axis=0) - amendment
    inputs = (w.input_scale[cell] * plant + amendment) / build.MONTH
    # rates slower by a factor are time slower by it, with input faster
    dt = build.MONTH * slowing
    state, respired, leached, _ = run_cycle(
        model.kernel, w.stocks[cell, layer, :pools, None], rate[None], inputs[None, :, None] / slowing, dt,
        substeps_of(build.MONTH, 1.0) << int(process._halvings(build.MONTH)[w.cells == cell][0]),
    )  # fmt: skip
    return state[:, 0], float(respired.sum()), float(leached.sum())


@models
def test_every_layer_is_the_model_by_itself(name: str) -> None:
    w = build.watershed(name=name)
    w.input_scale[w.cells] = np.linspace(0.5, 2.0, w.cells.size)
    process = make(w, doc_fraction=0.1, dissolved=True, depth_scale=np.inf)
    cells = w.cells[::13]
    expected = {(cell, layer): alone(w, process, cell, layer) for cell in cells for layer in range(w.layer_bottom.size)}
    process.run_one_step(build.MONTH)
    pools = len(process.model.pools)
    for (cell, layer), (state, respired, leached) in expected.items():
        np.testing.assert_allclose(w.stocks[cell, layer, :pools], state, rtol=1e-12)
        # MIMICS leaches nothing, and a share of what it respires may dissolve; Millennial leaches by itself
        dissolved = 0.1 * respired if name == "mimics" else leached
        assert (leached > 0.0) == (name == "millennial")
        assert w.doc_produced[cell, layer] == pytest.approx(dissolved, rel=1e-11)
        assert w.respired[cell, layer] == pytest.approx(respired + leached - dissolved, rel=1e-11)


@models
def test_stones_and_rock_leave_less_of_a_layer(name: str) -> None:
    """Two fifths stones; fine earth ends in the third layer, of which a half is there: the kernel in what is left."""
    w = build.watershed(name=name)
    above = w.reference[:, :2].sum(axis=1) + 0.5 * w.reference[:, 2]
    w.coarse_fragments = np.full(w.water.shape, 0.4)
    w.bedrock = Bedrock(w.reference.copy(), above, w.reference, layer_bottom=w.layer_bottom)
    left = np.array([1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0])[: w.layer_bottom.size]
    w.mineral *= left
    w.stocks *= left[:, None]
    process = make(w, doc_fraction=0.1, dissolved=True, depth_scale=np.inf)
    cells, pools = w.cells[::29], len(process.model.pools)
    expected = {
        (cell, layer): alone(w, process, cell, layer, share=0.6 * left[layer], lowest=layer == 2)[0]
        for cell in cells for layer in range(3)
    }  # fmt: skip
    brought = w.units.inputs.sum(axis=(1, 2))[w.unit]
    before = w.stocks[:, :, :pools].sum(axis=(1, 2))
    process.run_one_step(build.MONTH)
    for (cell, layer), state in expected.items():
        np.testing.assert_allclose(w.stocks[cell, layer, :pools], state, rtol=1e-11)
    assert not w.stocks[w.cells, 3:, :pools].any() and not w.respired[w.cells, 3:].any()
    gone = (w.respired + w.doc_produced).sum(axis=1)
    after = w.stocks[:, :, :pools].sum(axis=(1, 2))
    np.testing.assert_allclose((after + gone)[w.cells], (before + brought)[w.cells], rtol=1e-12)


@models
def test_depth_slows_time(name: str) -> None:
    """Below the calibrated depth all rates fall alike: the layer lives through less time, with the same input."""
    w = build.watershed(name=name)
    model = build.model_of(w)
    process = make(w, depth_scale=0.2)
    cell, layer = int(w.cells[20]), 4
    top, bottom = w.layer_top[layer], w.layer_bottom[layer]
    start = max(top, model.calibration_depth)
    below = 0.2 * (np.exp((model.calibration_depth - start) / 0.2) - np.exp((model.calibration_depth - bottom) / 0.2))
    slowing = (start - top + below) / (bottom - top)
    assert (slowing < 1.0) == (name == "mimics")
    expected = alone(w, process, cell, layer, slowing)[0]
    process.run_one_step(build.MONTH)
    np.testing.assert_allclose(w.stocks[cell, layer, : len(model.pools)], expected, rtol=1e-11)


@models
@pytest.mark.parametrize("substep_days", [1.0, 31.0])
def test_books_close_also_where_guards_move_carbon(name: str, substep_days: float) -> None:
    """Microbes almost gone, others far too many: what the guards do stays in the layer."""
    w = build.watershed(name=name)
    model = build.model_of(w)
    microbes = [p for p, pool in enumerate(model.pools) if pool.startswith("mic")]
    w.stocks[w.cells[::2, None], :, microbes] = 1e-12
    w.stocks[w.cells[1::2, None], :, microbes] *= 200.0
    process = make(w, substep_days=substep_days, dissolved=True)
    w.ledger.open()
    for index in (4, 5, 6):
        w.at(build.step(index))
        w.doc_produced[:] = 0.0
        before = w.stocks[:, :, : len(model.pools)].sum(axis=2)
        process.run_one_step(build.MONTH)
        change = w.stocks[:, :, : len(model.pools)].sum(axis=2) - before
        plant = (w.units.inputs - w.units.amendment).sum(axis=2)[w.unit] * w.input_scale[:, None]
        brought = plant + w.units.amendment.sum(axis=2)[w.unit]
        left = w.respired + w.doc_produced
        flux = (np.abs(brought) + left)[w.cells]
        assert (np.abs(change - brought + left)[w.cells] <= 1e-12 * flux + 1e-14 * before[w.cells]).all()
        w.ledger.check(process._name, process.transforms)
        w.ledger.close()
    assert w.ledger.worst_residual < 1.0
    assert (w.stocks[w.cells][:, :, : len(model.pools)] >= 0.0).all()


@models
def test_threads_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 7)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    before, found = parallel.get_threads(), []
    for threads in (1, 2, 3):
        parallel.set_threads(threads)
        w = build.watershed(name=name)
        process = make(w, doc_fraction=0.02, dissolved=True)
        process.run_one_step(build.MONTH)
        process.run_one_step(build.MONTH)
        found.append((w.stocks.tobytes(), w.respired.tobytes(), w.doc_produced.tobytes()))
    parallel.set_threads(before)
    assert found[0] == found[1] == found[2]


@models
def test_without_dissolved_carbon_what_is_leached_is_respired(name: str) -> None:
    w = build.watershed(name=name)
    process = make(w)
    assert bool(process.warnings) == (name == "millennial")
    process.run_one_step(build.MONTH)
    assert not w.doc_produced[w.cells].any()
    kept, respired = w.stocks.copy(), w.respired.copy()
    w = build.watershed(name=name)
    make(w, dissolved=True).run_one_step(build.MONTH)
    np.testing.assert_array_equal(w.stocks, kept)
    np.testing.assert_allclose(w.respired + w.doc_produced, respired, rtol=1e-14)


@models
def test_slopes_are_those_of_the_model(name: str) -> None:
    """In a short time a small change of a pool, or of the plant input, changes the others as the matrix says."""
    model, dt = build.pool_model(name), 1e-5

    def after(pool: int | None, scale: float) -> tuple[np.ndarray, Watershed, NonlinearDecomposition]:
        w = build.watershed(name=name)
        process = make(w)
        w.input_scale[:] = 1.0 + scale
        w.units.inputs *= dt / build.MONTH  # the same input in a year
        w.units.amendment *= dt / build.MONTH
        if pool is not None:
            w.stocks[:, :, pool] *= 1.0 + 1e-4
        before = w.stocks.copy()
        process.run_one_step(dt)
        return (w.stocks - before)[w.cells][:, :, : len(model.pools)] / dt, w, process

    still, w, process = after(None, 0.0)
    w = build.watershed(name=name)
    process = make(w)
    w.units.inputs *= dt / build.MONTH
    w.units.amendment *= dt / build.MONTH
    w.input_scale[:] = 1.0
    process._forcing.follow(dt)
    matrix, paths, pools = process.modifier[w.cells], model.pathways, len(model.pools)
    for donor in range(pools):
        step = 1e-4 * w.stocks[w.cells][:, :, donor]
        found = (after(donor, 0.0)[0] - still) / step[:, :, None]
        expected = np.zeros_like(found)
        expected[:, :, donor] = -matrix[:, :, paths.group[donor]]
        for t in np.flatnonzero(paths.source == donor):
            expected[:, :, paths.destination[t]] = matrix[:, :, paths.transfer_group[t]]
        scale = np.abs(expected).max(axis=2, keepdims=True)
        assert (np.abs(found - expected) <= 5e-3 * scale + 1e-6).all(), model.pools[donor]
    found = (after(None, 1e-3)[0] - still) / 1e-3
    expected = process.response(process.modifier, w.units.inputs)[1][w.cells]
    assert (np.abs(found - expected) <= 5e-3 * np.abs(expected).max(axis=2, keepdims=True) + 1e-7).all()


def test_refusals_say_why() -> None:
    w = build.watershed(name="millennial")
    for more, message in (
        ({"depth_scale": 0.0}, "depth_scale"),
        ({"doc_fraction": 1.5}, "doc_fraction"),
        ({"substep_days": 0.0}, "substep_days must be above 0"),
        ({"properties": {"silt": np.full(w.clay.size, 40.0)}}, "not there: ph"),
        ({"properties": {"silt": np.full(w.clay.size, 40.0), "ph": np.full(w.clay.size, 12.0)}}, "ph = 12"),
    ):
        with pytest.raises(ValueError, match=message):
            make(w, **more)
    with pytest.raises(ValueError, match="soc rows must be litm"):
        NonlinearDecomposition(w, load_model("mimics"), of_units=UNITS)
    w.clay[w.cells[0]] = 0.0
    soil = {"silt": np.zeros(w.clay.size), "ph": np.full(w.clay.size, 6.5)}
    with pytest.raises(ValueError, match="no rates in 1 cells, first where .*clay = 0, silt = 0"):
        make(w, properties=soil)
    w.saturation[:] = 0.0
    with pytest.raises(ValueError, match="soil_water must be on"):
        make(w)


def test_a_moisture_law_is_the_argument_of_mimics(tmp_path) -> None:
    """[[modifiers]] may name any law instead of the constant of 2015."""
    import shutil

    from watershed_c.data import data_path

    folder = tmp_path / "mimics"
    shutil.copytree(data_path("models", "pools", "mimics"), folder)
    text = (folder / "model.toml").read_text().replace('law = "constant"', 'law = "moyano"')
    (folder / "model.toml").write_text(text)
    w = build.watershed(name="mimics")
    process = NonlinearDecomposition(w, load_model(folder), of_units=UNITS)
    process.run_one_step(build.MONTH)
    theta = (w.water / (1000.0 * (w.layer_bottom - w.layer_top)))[w.cells]
    np.testing.assert_allclose(process._forcing.factor[w.cells, :, 0], 3.11 * theta - 2.42 * theta**2, rtol=1e-12)


@pytest.mark.parametrize("chosen", ["millennial", "millennial:default", "millennial:linear"])
def test_the_substep_follows_the_fastest_pool(chosen: str) -> None:
    """Warm soil with much input: a day is too long for LMWC, and what comes out would be wrong by a third.

    Two years with the shipped step against substeps of two hours.
    """
    found = []
    for substep_days in (None, 1.0 / 12.0):
        w = build.watershed(name="millennial", shape=(6, 5))
        w.temperature[:] = 24.0
        w.input_scale[:] = 3.0
        soil = {"silt": np.full(w.clay.size, 40.0), "ph": np.full(w.clay.size, 6.5)}
        process = NonlinearDecomposition(w, load_model(chosen), properties=soil, substep_days=substep_days)
        if substep_days is None:
            process._forcing.follow(build.MONTH)
            assert 0 < process._halvings(build.MONTH).max() < 8
        for _ in range(24):
            process.run_one_step(build.MONTH)
        found.append(w.stocks[w.cells][:, :, :5])
    coarse, fine = found
    np.testing.assert_allclose(coarse.sum(axis=2), fine.sum(axis=2), rtol=1e-5)
