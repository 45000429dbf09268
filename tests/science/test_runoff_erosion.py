"""Whole runs: what changes runoff changes the erosion of MUSLE and rMMF, and not that of RUSLE (rule 24)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs import small
from watershed_c.simulation import run

MODELS = {
    "rusle": {},
    "musle": {"processes.water_erosion.model": "musle"},
    "mmf": {
        "processes.water_erosion.model": "mmf",
        "processes.water_erosion.mmf": {"cohesion": 3.0},
        "processes.water_erosion.ktc_low": None,
        "processes.water_erosion.ktc_high": None,
    },
}


def gross(folder: Path, model: str, group: str) -> tuple[float, float]:
    """Gross erosion and the worst closure of two years on soils of a hydrologic group, t ha-1 yr-1."""
    scenario = small(
        MODELS[model],
        **{
            "time.end": "2003-03",
            "processes.soil_water.hydrologic_group": group,
            "output.dir": str(folder / f"{model}{group}"),
        },
    )
    budget = run(scenario, quiet=True).budget
    return budget.gross_erosion, budget.worst_cell


@pytest.mark.parametrize("model", MODELS)
def test_soils_that_shed_more_water_lose_more_soil_where_the_model_sees_it(tmp_path: Path, model: str) -> None:
    """Curve numbers of group A (deep sand) and D (clay, wet): runoff differs, rain does not."""
    (open_soil, first), (tight, second) = (gross(tmp_path, model, group) for group in "AD")
    assert max(first, second) < 1.0 and open_soil > 0.0
    if model == "rusle":
        assert tight == pytest.approx(open_soil, rel=1e-4)
    else:
        assert tight > 1.3 * open_soil
