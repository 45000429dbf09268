"""Restart files: every bit comes back; what does not fit is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import build, runs
from watershed_c.constituents import DOLOMITE, GYPSUM, ConstituentTable
from watershed_c.coupling import advance
from watershed_c.errors import ScenarioError
from watershed_c.io import restart


def scrambled(seed: int, **options: object):
    """A watershed whose every field holds noise, and its ledger too."""
    w = build.watershed(3, **options)  # type: ignore[arg-type]
    random = np.random.default_rng(seed)
    for values in w.state_arrays().values():
        values[...] = (
            random.integers(0, 9, values.shape) if values.dtype == np.int64 else random.normal(size=values.shape)
        )
    w.ledger.map_of("soc", "lateral")[:] = random.normal(size=w.elevation.size)
    return w


def test_every_bit_comes_back(tmp_path: Path) -> None:
    w, extra = scrambled(1), {"tillage.net_erosion": np.random.default_rng(2).normal(size=7)}
    w.ledger.start_afresh()
    for kind in w.ledger.soc_by_kind.values():
        kind[:] = np.random.default_rng(3).normal(size=kind.size)
    w.ledger.run_totals.add("soc", "respired", 1.0 / 3.0)
    w.ledger.gross_totals["soc"] = 0.1 + 0.2
    w.ledger.worst_residual = 1e-17 / 3.0
    restart.save(tmp_path / "restart.nc", w, next_step=5, scenario_hash="abc", extra=extra)
    other = scrambled(9)
    next_step, arrays = restart.load(tmp_path / "restart.nc", other, scenario_hash="abc")
    assert next_step == 5
    for name, values in w.state_arrays().items():
        assert values.tobytes() == other.state_arrays()[name].tobytes(), name
    assert arrays["tillage.net_erosion"].tobytes() == extra["tillage.net_erosion"].tobytes()
    mine, theirs = w.ledger.memory(), other.ledger.memory()
    assert mine[1] == theirs[1] and list(mine[0]) == list(theirs[0])
    assert all(mine[0][name].tobytes() == theirs[0][name].tobytes() for name in mine[0])


def test_another_watershed_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    """Every process, a tracer and a component of others: what the file lacks is made anew before it is used."""
    w = build.watershed(3)
    processes = build.processes(w)
    w.ledger.open()
    for month in (3, 4):
        advance(w, processes, build.step(month))
    extra = {f"{name}.{key}": array for name, p in processes.items() for key, array in p.memory().items()}
    restart.save(tmp_path / "restart.nc", w, next_step=5, scenario_hash="abc", extra=extra)
    other = build.watershed(3)
    again = build.processes(other)
    for attribute in set(other.fields) - set(other.state_arrays()) - {"receiver", "upstream_order"}:
        getattr(other, attribute)[...] = np.nan
    _, arrays = restart.load(tmp_path / "restart.nc", other, scenario_hash="abc")
    for name, process in again.items():
        for key, array in process.memory().items():
            array[...] = arrays[f"{name}.{key}"].reshape(array.shape)
    for month in (5, 9):
        totals = [advance(w, processes, build.step(month)), advance(other, again, build.step(month))]
        assert totals[0] == totals[1]
    for name, values in w.state_arrays().items():
        assert values.tobytes() == other.state_arrays()[name].tobytes(), name


def test_acid_goes_on_where_it_is_followed_and_is_not_lost_where_it_is_not(tmp_path: Path) -> None:
    """A run without acid begins with one that has none, and is asked to follow what the other one has."""
    acid, none = tmp_path / "acid.nc", tmp_path / "none.nc"
    for path, followed in ((acid, True), (none, False)):
        w = build.watershed(3, acid=followed)
        restart.save(path, w, next_step=0, scenario_hash="abc", extra={})
    assert restart.holds_acid(acid) and not restart.holds_acid(none)
    assert not {name for name in ("strong_acid", "groundwater_acid") if f"state.{name}" in runs.arrays(none)}
    before = w.calcium.copy()
    with pytest.raises(ScenarioError, match="holds strong acid, which this run does not follow"):
        restart.load_initial(acid, w)
    restart.load_initial(none, w)
    assert np.array_equal(w.calcium, before)
    other = build.watershed(3)
    other.strong_acid[:], other.groundwater_acid[:] = 0.0, 0.0
    restart.load_initial(none, other)
    assert not other.strong_acid.any()
    restart.load_initial(acid, other)
    assert (other.strong_acid[other.cells] == 5e-3).all() and (other.groundwater_acid[other.cells] == 4e-3).all()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    restart.save(tmp_path / "restart.nc", build.watershed(3), next_step=0, scenario_hash="abc", extra={})
    return tmp_path / "restart.nc"


def test_what_does_not_fit_is_refused(file: Path, tmp_path: Path) -> None:
    w = build.watershed(3)
    with pytest.raises(ScenarioError, match="inputs changed"):
        restart.load(file, w, scenario_hash="other")
    with pytest.raises(ScenarioError, match="missing"):
        restart.load(tmp_path / "none.nc", w, scenario_hash="abc")
    with netCDF4.Dataset(tmp_path / "foreign.nc", "w"):
        pass
    with pytest.raises(ScenarioError, match="not a restart file"):
        restart.load(tmp_path / "foreign.nc", w, scenario_hash="abc")
    (tmp_path / "torn.nc").write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ScenarioError, match="cannot be read"):
        restart.load(tmp_path / "torn.nc", w, scenario_hash="abc")
    with netCDF4.Dataset(file, "a") as dataset:
        dataset.format = 99
    with pytest.raises(ScenarioError, match="format 99"):
        restart.load(file, w, scenario_hash="abc")


def test_fingerprint_sees_every_change() -> None:
    """Value, last bit, shape, type, text."""
    values = np.arange(6.0)
    nudged = values.copy()
    nudged[3] = np.nextafter(3.0, 4.0)
    cases = [
        ("a", [values]),
        ("b", [values]),
        ("a", [nudged]),
        ("a", [values.reshape(2, 3)]),
        ("a", [values.astype(int)]),
    ]
    found = {restart.fingerprint(text, arrays) for text, arrays in [*cases, ("a", [values, values]), ("a", [])]}
    assert len(found) == 7
    assert restart.fingerprint("a", [values]) == restart.fingerprint(
        "a", [np.asfortranarray(values.reshape(2, 3)).ravel()]
    )


# -- carbon of another run -------------------------------------------------------------------------------------------


def test_carbon_of_another_run_goes_by_name(file: Path) -> None:
    """Constituents of another order and number: those of the same name are taken, the others stay."""
    source, w = build.watershed(3), build.watershed(3)
    w.stocks[:] = -1.0
    w.substratum[:] = -1.0
    w.input_scale[:] = 7.0
    with netCDF4.Dataset(file, "a") as dataset:
        names = json.loads(dataset.constituents)
        dataset.constituents = json.dumps(["unheard_of" if name == "cs137" else name for name in names])
    missing, difference = restart.load_initial(file, w)
    assert missing == ["cs137"] and difference == 0.0
    cells, tracer = w.cells, w.constituents.index("cs137")
    others = np.delete(np.arange(len(w.constituents)), tracer)
    assert np.array_equal(w.stocks[cells][:, :, others], source.stocks[cells][:, :, others])
    assert np.array_equal(w.substratum[cells][:, others], source.substratum[cells][:, others])
    assert (w.stocks[cells, :, tracer] == -1.0).all() and (w.input_scale[cells] == 1.0).all()
    assert np.array_equal(w.groundwater_dic, source.groundwater_dic) and np.array_equal(
        w.water[cells], source.water[cells]
    )


def test_carbonate_of_another_run_is_there_once(file: Path) -> None:
    """Dolomite is a share of the carbonate there is, also where the other run knew none; elsewhere it is calcite."""
    w = build.watershed(3)
    names, lithogenic = w.constituents.names, w.constituents.index("sic_lithogenic")
    before, below = w.stocks[:, :, lithogenic].copy(), w.substratum[:, lithogenic].copy()
    rows = ConstituentTable([DOLOMITE if row.name == "gypsum" else row for row in w.constituents.rows])
    w.constituents, dolomite = rows, names.index("gypsum")
    for held in (w.stocks, w.substratum):
        held[..., dolomite], held[..., lithogenic] = 0.3, 0.9
    assert restart.load_initial(file, w)[0] == ["dolomite"]
    assert restart.not_followed(file, w) == ([], ["gypsum"])
    for held, there in ((w.stocks, before), (w.substratum, below)):
        now, whole = held[w.cells], there[w.cells]
        np.testing.assert_allclose(now[..., dolomite], 0.25 * whole, rtol=1e-14)
        np.testing.assert_allclose(now[..., dolomite] + now[..., lithogenic], whole, rtol=1e-14)
    restart.save(file, w, next_step=0, scenario_hash="abc", extra={})
    other = build.watershed(3)
    assert restart.load_initial(file, other) == ([GYPSUM.name], 0.0)
    assert restart.not_followed(file, other) == ([DOLOMITE.name], [])
    np.testing.assert_allclose(other.stocks[w.cells][:, :, lithogenic], before[w.cells], rtol=1e-14)


def test_water_of_another_run_fits_the_soil(file: Path) -> None:
    w = build.watershed(3)
    w.saturation *= 0.5
    restart.load_initial(file, w)
    assert (w.water[w.cells] <= w.saturation[w.cells]).all()


def test_another_soil_mass_is_told(file: Path) -> None:
    w = build.watershed(3)
    w.reference[w.cells[4], 2] *= 0.8
    assert restart.load_initial(file, w)[1] == pytest.approx(0.25)


def test_nothing_is_put_into_layers_below_rock(file: Path) -> None:
    w = build.watershed(3)
    cell = w.cells[4]
    w.reference[cell, 1:] = 0.0
    assert restart.load_initial(file, w)[1] == pytest.approx(1.0)
    assert (w.stocks[cell, 1:] == 0.0).all() and w.stocks[cell, 0].any()


def test_another_grid_is_refused(file: Path) -> None:
    with pytest.raises(ScenarioError, match=r"rows and columns \[12, 14\] there, \[11, 14\] here"):
        restart.load_initial(file, build.watershed(3, shape=(11, 14)))
    with pytest.raises(ScenarioError, match="no soil in [0-9]+ of the"):
        channel = build.watershed(3, channel=False)
        with netCDF4.Dataset(file, "a") as dataset:
            dataset["state.reference"][channel.cells[0]] = 0.0
        restart.load_initial(file, channel)
