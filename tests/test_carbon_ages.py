"""Ages, transit time and worth of input per cell: against the closed form of a point, SoilR, the stock, on a slope."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import runs
from tests.support import shared
from watershed_c import names
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.carbon_ages import CarbonAges
from watershed_c.errors import ScenarioError
from watershed_c.pools.ages import carbon_sequestration, climate_benefit, mean_times
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import resume, run

#: nothing moves, one layer as RothC has it, nothing but barley that is never spread with manure
ALONE: dict[str, Any] = {
    "processes.water_erosion.enabled": False,
    "processes.tillage_erosion.enabled": False,
    "processes.soil_column.enabled": False,
    "processes.carbonate.enabled": False,
    "processes.dissolved_carbon.enabled": False,
    "soil.layers": ["23 cm"],
    "soil.clay": "23.4 %",
    "soil.soc": {"value": "50 t/ha", "depth": "23 cm", "profile": "uniform"},
    "carbon.initial": {"method": "steady"},
    "land.rules": [{"class": "barley"}],
    "rotation": {"barley": {"years": ["winter-barley"]}},
}


def watched(changes: dict[str, Any]) -> tuple[Assembly, CarbonAges]:
    """A watershed at its initial carbon, and what was seen of the last cycle before the start."""
    scenario = runs.small({**changes, "output.maps": list(names.AGE_MAPS)})
    assembly = assemble(resolve(scenario))
    ages = CarbonAges(
        assembly.watershed, assembly.model.processes, assembly.pools, assembly.cycle_months, 100.0, names.AGE_MAPS
    )
    initialise(assembly, watch=ages.take)
    return assembly, ages


def test_one_layer_is_the_point_of_soilr() -> None:
    """Transit time 9.307 and age 49.682 yr of RothC at 23.4 % clay over the mean modifier; the rest by closed form."""
    assembly, ages = watched(ALONE)
    w, maps = assembly.watershed, ages.maps()
    modifier = ages._mean["modifier"][w.cells, 0, 0]
    assert 0.3 < modifier.min() < modifier.max() < 0.5  # colder on top
    with (shared("reference/pools/soilr") / "age_rothc_a1_stats.csv").open() as file:
        stats = {row["stat"]: float(row["value"]) for row in csv.DictReader(file)}
    for name, stat in (("cTransit", "meanTransitTime"), ("cAge", "meanSystemAge")):
        expected = stats[stat] / modifier
        np.testing.assert_allclose(maps[name][w.cells], expected, rtol=1e-7)
    matrix = modifier[:, None, None] * rothc(23.4)
    yearly = w.input_scale * ages._mean["plant"].sum(axis=(1, 2))[w.unit]
    rate = yearly[w.cells, None] * np.array([1.44, 1.0, 0.0, 0.0]) / 2.44
    hundred = np.array([100.0])
    for name, form in (("cSequestration", carbon_sequestration), ("climateBenefit", climate_benefit)):
        np.testing.assert_allclose(maps[name][w.cells], form(matrix, rate, hundred)[:, 0], rtol=1e-9)
    # sequestration of all time is the stock in other units; of a hundred years it is less
    assert (maps["cSequestration"] < maps["cTransit"] * rate[0].sum())[w.cells].all()
    assert (maps["climateBenefit"][w.cells] < 0.0).all() and np.isnan(maps["cAge"][~w.is_soil]).all()


def rothc(clay: float) -> np.ndarray:
    """Matrix of DPM, RPM, BIO, HUM, yr-1, at modifier 1 (Coleman & Jenkinson 1996)."""
    rate = np.array([10.0, 0.3, 0.66, 0.02])
    kept = 1.0 / (1.0 + 1.67 * (1.85 + 1.60 * np.exp(-0.0786 * clay)))
    return (np.outer([0.0, 0.0, 0.46, 0.54], np.full(4, kept)) - np.eye(4)) * rate


@pytest.mark.parametrize("tilled", [False, True])
def test_layers_with_mixing_are_one_system(tilled: bool) -> None:
    """Against a matrix written out here, and against the stock that the coupled model itself finds without erosion."""
    still = {key: value for key, value in ALONE.items() if key.startswith(("processes", "carbon", "land", "rotation"))}
    still |= {"processes.soil_column.enabled": True, "processes.tillage_erosion.enabled": tilled}
    if tilled:  # with plough and manure
        del still["land.rules"], still["rotation"]
    assembly, ages = watched(still)
    w, maps = assembly.watershed, ages.maps()
    mixed = ages._mean["tilled"].max(axis=1)
    cell = int(np.argmax(mixed)) if tilled else int(w.cells[w.cells.size // 2])
    assert (mixed[cell] > 0.0) == tilled
    column = assembly.model.processes["soil_column"]
    exchange = column.exchange_rate()[cell] + ages._mean["tilled"][cell]  # type: ignore[attr-defined]
    single = rothc(23.0)
    matrix = np.zeros((12, 12))
    for layer in range(3):
        here = slice(4 * layer, 4 * layer + 4)
        matrix[here, here] += ages._mean["modifier"][cell, layer, 0] * single
        for other, rate in ((layer - 1, exchange[layer - 1]), (layer + 1, exchange[min(layer, 1)])):
            if 0 <= other < 3:
                out = rate / w.reference[cell, layer] * np.eye(4)
                matrix[here, here] -= out
                matrix[4 * other : 4 * other + 4, here] += out
    plant, amendment = (ages._mean[name][w.unit[cell]] for name in ("plant", "amendment"))
    assert (amendment.sum() > 0.0) == tilled
    inputs = (plant * w.input_scale[cell] + amendment)[:, :4].ravel()
    times = mean_times(matrix, inputs)
    assert maps["cAge"][cell] == pytest.approx(times.age, rel=1e-10)
    assert maps["cTransit"][cell] == pytest.approx(times.transit, rel=1e-10)
    if tilled:  # tillage takes soil along
        return
    # the coupled steady state: months and seasons differ from their means by some per cent
    active = w.stocks[cell][:, assembly.watershed.constituents.of_group("soc")[:4]].sum()
    assert times.stock.sum() == pytest.approx(active, rel=0.05)


def test_hillslope_tells_storage_from_sequestration(tmp_path: Path) -> None:
    """Cooler soil stores more of the same input and keeps it longer; the maps are in the results with their horizon."""
    chosen = {
        "time.end": "2003-12", "output.maps": ["cAge", "cTransit", "cSequestration"], "output.horizon": 20.0,
        "output.figures": False, "carbon.initial": {"method": "steady"},
    }  # fmt: skip
    means = {}
    for warming in (0.0, 3.0):
        temperature = [3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]
        scenario = load("hillslope", {**chosen, "climate.constant.temperature": [t + warming for t in temperature]})
        done = run(scenario, output=tmp_path / f"plus{warming}", quiet=True)
        with done.ds as ds:
            soil = ds.cell_kind.values == 1
            assert ds.cSequestration.attrs["horizon_years"] == 20.0 and ds.cAge.attrs["units"] == "yr"
            assert all(np.isfinite(ds[name].values[:, soil]).all() for name in chosen["output.maps"])
            means[warming] = {name: ds[name].values[-1][soil].astype(float) for name in chosen["output.maps"]}
            # a constant climate: from the control run on nothing changes
            np.testing.assert_allclose(ds.cAge.values[1:, soil], ds.cAge.values[:-1, soil], rtol=1e-6)
    for name in chosen["output.maps"]:
        assert (means[3.0][name] < means[0.0][name]).all(), name
    citations = " ".join(runs.record(done.directory)["citations"])
    assert "10.5194/bg-18-1029-2021" in citations


def test_nothing_is_kept_where_no_map_asks_for_it(tmp_path: Path) -> None:
    done = run(runs.small({"time.end": "2001-06"}), output=tmp_path / "run", quiet=True)
    assert not [name for name in runs.arrays(done.directory / "restart.nc") if "ages" in name]
    assert "10.5194/bg-18-1029-2021" not in " ".join(runs.record(done.directory)["citations"])


def test_resumed_run_has_the_same_bits(tmp_path: Path) -> None:
    asked = {"output.maps": ["cAge", "cTransit"], "output.checkpoint_every": 0.5, "time.end": "2004-03",
             "output.every": "month"}  # fmt: skip
    whole = run(runs.small(asked), output=tmp_path / "whole", quiet=True).directory
    original, calls = CarbonAges.maps, []

    def dying(self: CarbonAges) -> dict[str, np.ndarray]:
        calls.append(1)
        if len(calls) == 17:
            raise RuntimeError("stopped")
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CarbonAges, "maps", dying)
        with pytest.raises(RuntimeError, match="stopped"):
            run(runs.small(asked), output=tmp_path / "part", quiet=True)
    runs.assert_same_run(whole, resume(tmp_path / "part", quiet=True).directory)


def test_twins_of_pools_change_nothing() -> None:
    """Isotopes ride along: ages are of the carbon."""
    _, alone = watched(ALONE)
    _, beside = watched({**ALONE, "carbon.isotopes": {"c14": True}})
    for name, values in alone.maps().items():
        np.testing.assert_allclose(beside.maps()[name], values, rtol=1e-12)


def test_memory_is_predicted() -> None:
    asked, plain = (resolve(runs.small({"output.maps": maps})).memory for maps in (["cAge"], ["cSoilOrg"]))
    assert asked > plain


def test_what_has_no_ages_is_refused() -> None:
    def told(**changes: Any) -> str:
        with pytest.raises(ScenarioError) as error:
            resolve(runs.small({"output.maps": ["cSoilOrg", "cAge"], **changes}))
        return str(error.value)

    assert "output.maps" in told(**{"carbon.model": "mimics"})
    assert "is for linear carbon models; the fluxes of mimics are not linear" in told(**{"carbon.model": "mimics"})
    assert "needs processes.decomposition" in told(**{"processes.decomposition.enabled": False})
    assert "horizon" in told(**{"output.horizon": 0.0})
