"""Whole runs with microbes: a steady state that stays, and the same bits however the run is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import runs
from tests.test_every_model import scenario
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.simulation import resume, run

NONLINEAR = ("mimics", "millennial")


@pytest.mark.parametrize("model", NONLINEAR)
@pytest.mark.parametrize("plant_input", ["prescribed", "inverted", "on rock"])
def test_steady_state_of_non_linear_models_stays(model: str, plant_input: str, tmp_path: Path) -> None:
    """By Newton with the slopes of the model: a run in which nothing changes keeps its carbon to 0.02 % per decade.

    Carbonate is the same at all depths: what the plough brings up would change how much of the sediment is mineral.
    """
    more: dict[str, object] = {"carbon.initial": {"method": "steady"}, "carbon.plant_input": plant_input}
    if plant_input == "on rock":  # whose third layer ends after a centimetre of fine earth among stones
        more = more | {"carbon.plant_input": "prescribed", "soil.depth": "26 cm", "soil.coarse_fragments": "30 %"}
    more["soil.sic"] = {"value": "4 %", "as": "CaCO3"}
    found = runs.record(run(scenario(model, **more), output=tmp_path / "run", quiet=True).directory)["initial_carbon"]
    assert abs(found["drift_per_decade"]) < 2e-4 and found["corrections"] <= 20


class Crash(RuntimeError):
    """A simulated failure of the machine."""


#: isotopes of the pools go along
TWINS = {"carbon.isotopes": {"c14": True, "c13": True, "since": 2001}}


@pytest.mark.parametrize("model", NONLINEAR)
def test_resumed_and_threaded_runs_have_the_same_bits(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watershed_c.initial_isotopes.MOST_CORRECTIONS", 1)
    whole = run(scenario(model, **TWINS), output=tmp_path / "whole", quiet=True).directory
    original = NonlinearDecomposition.run_one_step

    def dying(self: NonlinearDecomposition, dt: float) -> None:
        if self.watershed.ledger.step == 4:
            raise Crash
        original(self, dt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NonlinearDecomposition, "run_one_step", dying)
        with pytest.raises(Crash):
            run(scenario(model, **TWINS), output=tmp_path / "run", quiet=True)
    resume(tmp_path / "run", quiet=True)
    runs.assert_same_run(whole, tmp_path / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watershed_c.parallel.SMALLEST_CHUNK", 3)
        patch.setattr("watershed_c.parallel.WORTH_THREADS", 0.0)
        changed = scenario(model, **TWINS, **{"numerics.threads": 2})
        threaded = run(changed, output=tmp_path / "threads", quiet=True).directory
    for name in ("results.nc", "restart.nc"):
        one, two = runs.arrays(whole / name), runs.arrays(threaded / name)
        assert all(values.tobytes() == two[key].tobytes() for key, values in one.items() if values.dtype != object)
