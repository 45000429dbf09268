"""Every pool model that couples runs with every process, and its books close; one that does not says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import runs
from watershed_c.errors import ScenarioError
from watershed_c.pools import available_models, load_model
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import run

#: one slope of 4 cells by 3, seven months
SMALLEST = {
    "domain.synthetic.length": "40 m",
    "domain.synthetic.width": "30 m",
    "domain.synthetic.height": "5 m",
    "time.end": "2001-10",
    "output.checkpoint_every": 0.25,
    "soil.ph": 6.5,
}
COUPLING = [name for name in available_models() if load_model(name).couples]


def scenario(model: str, **more: object) -> Scenario:
    return runs.small({**SMALLEST, "carbon.model": model, **more})


def test_every_model_is_here() -> None:
    assert {"rothc", "century", "icbm", "yasso07", "yasso15", "yasso20", "amg", "mimics", "millennial"} <= set(COUPLING)


@pytest.mark.parametrize("model", [*COUPLING, "century:ddcent17"])
def test_it_runs_coupled_and_closes(model: str, tmp_path: Path) -> None:
    finished = run(scenario(model), output=tmp_path / "run", quiet=True)
    record = runs.record(finished.directory)
    assert record["status"] == "done" and record["worst_ledger_residual"] < 1.0
    terms = record["budget"]["carbon"]["soc"]["terms"]
    assert terms["plant_input"] > 0.0 and terms["respired"] < 0.0 and terms["doc_production"] < 0.0
    carbon = load_model(model)
    assert all(carbon.citations[key] in record["citations"] for key in carbon.sources)
    # who did not use RothC is not asked to cite it
    assert any("coleman1996" in entry for entry in record["citations"]) == (model == "rothc")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("c-tool", "topsoil and subsoil are pools of the model itself"),
        ("ipcc-tier2", "no place in them: use the model century with erosion"),
        ("mimics:bonded_turnover", "no such set of parameters: 'bonded_turnover'. Did you mean 'bounded_turnover'"),
        ("mimic", "is not a carbon model; there are .*mimics"),
    ],
)
def test_what_does_not_couple_says_why(model: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=message):
        run(scenario(model), output=tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("millennial", {"soil.ph": None}, "soil.ph.*is missing: millennial needs it"),
        ("century:ddcent17", {"soil.ph": None}, "soil.ph.*is missing: century needs it"),
        ("amg", {"soil.sic": None, "processes.carbonate.enabled": False}, "soil.sic.*amg needs the carbonate"),
        ("millennial", {"soil.ph": 2.0}, "soil.ph.*must be 3-10"),
        (
            "millennial",
            {
                "processes.soil_water.enabled": False,
                "processes.carbonate.enabled": False,
                "processes.dissolved_carbon.enabled": False,
            },
            "millennial works with the water of each layer: soil_water must be on",
        ),
    ],
)
def test_what_a_model_wants_of_the_soil(model: str, changes: dict[str, object], message: str, tmp_path: Path) -> None:
    lines = [line for line in runs.SMALL.splitlines() if "soil.sic" not in changes or not line.startswith("sic = ")]
    text = "\n".join(lines)
    given = {**SMALLEST, "carbon.model": model, **changes}
    with pytest.raises(ScenarioError, match=message):
        run(runs.loads(text, overrides={k: v for k, v in given.items() if v is not None}), output=tmp_path / "run")


def test_ph_by_class(tmp_path: Path) -> None:
    by_class = {"by_class": {"maize-wheat": 6.2, "pasture": 5.1}}
    del (more := dict(SMALLEST))["soil.ph"]
    wet = runs.small({**more, "carbon.model": "millennial", "soil.ph": by_class})
    assert runs.record(run(wet, output=tmp_path / "run", quiet=True).directory)["worst_ledger_residual"] < 1.0
