"""Emergent behaviours of section 8 (3, 4, 5, 8) by sign, and the linearity of GSOCseq (P9): benchmarks, made small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.behaviours import biochar, deep_roots, drains
from benchmarks.productivity import shoulder, slopes
from benchmarks.sequestration import QUIET, rates, scenario
from watershed_c.variants import run_variants

#: three cells
SHORT: dict[str, Any] = {"domain.synthetic.length": "30 m", "domain.synthetic.height": "4.5 m"}


def test_closer_drains_on_wet_clay(tmp_path: Path) -> None:
    """Water table deeper, less runoff and erosion (by MUSLE), more CO2 and DIC, and less SOC for it."""
    found = drains(tmp_path, 2, (40, 10), **SHORT)
    wide, close = ({name.split(",")[0]: value for name, value in found[key].items()} for key in ("40 m", "10 m"))
    assert close["water table"] > 1.5 * wide["water table"]
    assert close["runoff"] < 0.9 * wide["runoff"] and close["gross erosion"] < 0.9 * wide["gross erosion"]
    assert close["respired"] > 1.02 * wide["respired"] and close["DIC to the stream"] > 1.5 * wide["DIC to the stream"]
    assert close["change of SOC"] < min(0.0, wide["change of SOC"]) - 0.05


def test_deeper_roots_of_the_same_carbon(tmp_path: Path) -> None:
    """More SOC below 40 cm, less above, and less that erodes."""
    found = deep_roots(tmp_path, 4, **SHORT)
    usual, deep = found["baseline"], found["deep-roots"]
    assert deep["input"] == pytest.approx(usual["input"], rel=1e-3)
    more = deep["layers"] - usual["layers"]
    assert (more[found["bottom"] > 0.4] > 0.0).all() and (more[found["bottom"] <= 0.4] < 0.0).all()
    assert deep["left"] < usual["left"]


def test_biochar_left_on_a_steep_field_erodes_more_than_it_decays(tmp_path: Path) -> None:
    """Ten years, 15 %, enrichment 2; worked in it erodes less."""
    found = biochar(tmp_path, 10, **{"domain.synthetic.length": "30 m", "domain.synthetic.height": "4.5 m"})
    assert found["on-top"]["brought"] == pytest.approx(10.0 * 0.8 * 0.77, rel=1e-6)
    assert found["on-top"]["eroded"] > 1.5 * found["on-top"]["respired"]
    assert found["worked-in"]["eroded"] < 0.6 * found["on-top"]["eroded"]


def test_eroding_soil_takes_carbon_up_until_yields_fall_with_it(tmp_path: Path) -> None:
    """Dynamic replacement under stable yields, a source where they fall as where topsoil was taken off."""
    steep = {"domain.synthetic.length": "40 m", "climate.erosivity": {"annual": 6000.0}}
    stable, falling = slopes(tmp_path, 20, (0.0, 2.66), **steep).values()
    cell = shoulder(stable)
    assert stable["netEro"][:, cell].sum() > 300.0, "22 cm and more"
    assert (stable["fVertSoil"][1:, cell] > 0.01).all() and falling["fVertSoil"][-1, cell] < -0.1
    assert falling["cSoilOrg"][-1].mean() < stable["cSoilOrg"][-1].mean()


def test_relative_rates_are_linear_in_input(tmp_path: Path) -> None:
    """P9: +5, +10, +20 % of carbon give rates as 1 : 2 : 4 where nothing moves and SOC acts on nothing else."""
    done = run_variants(scenario(QUIET, 1, **SHORT), output=tmp_path / "runs", quiet=True)
    relative, moved = rates(done)
    np.testing.assert_allclose(relative / relative[0], [1.0, 2.0, 4.0], rtol=1e-6)
    assert relative[0] > 0.01 and np.abs(moved).max() < 1e-6
