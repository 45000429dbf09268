"""What erosion remembers over the year comes back with a restart: the resumed run is the whole one, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs import assert_same_run, record, small
from watershed_c.coupling import Model
from watershed_c.simulation import resume, run

#: each remembers a year of something: runoff; what was lost; K and carbon at the start
CASES = {
    "mmf": {
        "processes.water_erosion.model": "mmf",
        "processes.water_erosion.mmf": {"cohesion": 3.0},
        "processes.water_erosion.ktc_low": None,
        "processes.water_erosion.ktc_high": None,
        "processes.water_erosion.enrichment": {"law": "menzel_1980"},
        "processes.water_erosion.transit_mineralisation": 0.1,
        "processes.water_erosion.downstream_mineralisation": 0.2,
    },
    "feedback": {
        "soil.erodibility": {"law": "epic", "follows_soc": True},
        "processes.water_erosion.prior_land_use": False,
        "processes.water_erosion.model": "musle",
    },
    "parcels": {
        "soil.erodibility": {"law": "epic"},
        "domain.channel_area": "600 m2",
        "processes.flow_routing": {"method": "two_receivers", "reroute_threshold": 1e-4},
        "processes.water_erosion.size_classes": True,
        "processes.soil_water.follows_texture": True,
        "processes.water_erosion.enrichment": {"law": "none"},
        "processes.water_erosion.transit_mineralisation": 0.1,
        "processes.water_erosion.downstream_mineralisation": 0.2,
    },
}


class Stopped(RuntimeError):
    """The machine went off."""


@pytest.mark.parametrize("case", CASES)
def test_resumed_run_is_the_whole_run(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = small({"time.end": "2002-08", "output.checkpoint_every": 7.0 / 12.0, **CASES[case]})
    whole = run(scenario, output=tmp_path / "whole", quiet=True).directory
    step = Model.step

    def stop(model: Model) -> object:
        if model.index == 11:
            raise Stopped
        return step(model)

    with monkeypatch.context() as patch:
        patch.setattr(Model, "step", stop)
        with pytest.raises(Stopped):
            run(scenario, output=tmp_path / "part", quiet=True)
    resumed = resume(tmp_path / "part", quiet=True).directory
    assert_same_run(whole, resumed)
    findings = record(whole)["findings"]
    assert findings == record(resumed)["findings"]
    if case == "feedback":
        # EPIC: less carbon, more erodible; a quarter of K at most follows it
        assert -0.25 < findings["erodibility"]["gain"] < 0.0
        assert findings["erodibility"]["share_of_cells_at_the_bound"] == 0.0
    else:
        exported = findings["water_erosion"]["exported_organic_carbon_t"]
        assert findings["water_erosion"]["mineralised_downstream_t"] == pytest.approx(0.2 * exported, rel=1e-12)
