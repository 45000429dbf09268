"""Deficits of the topsoil: the official Fortran's options and numbers, SoilR's variant, RothC's own."""

from __future__ import annotations

import ast
import csv
import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import watershed_c.kernels.rate_modifiers as rate_modifiers
import watershed_c.kernels.retention as retention
from tests.support import shared
from watershed_c.kernels.moisture_laws import MOISTURE_LAWS, deficit_ramp, moisture_law
from watershed_c.kernels.rate_modifiers import deficit_factor, maximum_deficit, update_deficit
from watershed_c.kernels.retention import (
    advance_deficit,
    deficit_limits,
    farina_deficits,
    soilr_limits,
    water_content,
    wosten_topsoil,
)

POOLS = "reference/pools"
CASES = ("fo1_vg_dryextended", "fo2_vg_stdform_barewp", "fo3_std_barewp")


def _rows(relative: str) -> list[dict[str, str]]:
    with shared(f"{POOLS}/{relative}").open() as file:
        return list(csv.DictReader(file))


class _Single(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            return ast.copy_location(ast.Constant(float(np.float32(node.value))), node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)


def _with_single_literals(module: ModuleType) -> dict[str, Any]:
    """The plain functions of a module with its literals in single precision, as the Fortran program has them."""
    tree = ast.fix_missing_locations(_Single().visit(ast.parse(inspect.getsource(module))))
    names: dict[str, Any] = {"__name__": f"single_{module.__name__}"}
    exec(compile(tree, module.__file__ or "module", "exec"), names)
    return names


def _fortran_case(case: str, names: dict[str, Any], least: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Deficit and moisture factor of every month of the forward run: computed, printed (M, 2)."""
    summary = next(row for row in _rows("rothc_fortran_v2_summary.csv") if row["case"] == case)
    value = {key: float(text) for key, text in summary.items() if key != "case"}
    depth = value["depth_cm"] / 100.0
    limits = names["deficit_limits"](
        int(value["opt_RMmoist"]),
        int(value["opt_SMDbare"]),
        names["maximum_deficit"](value["clay"], depth),
        names["farina_deficits"](value["clay"], value["silt"], value["BD"], value["OC"], depth),
    )
    start, end, covered, bare = (float(limit) for limit in limits)
    months = _rows(f"rothc_fortran_v2/{case}_input.csv")
    printed = _rows(f"rothc_fortran_v2/{case}_monthly.csv")[1:]
    deficit = 0.0
    computed = []
    # the equilibrium run repeats the first year: its deficit is periodic from the second on
    for month in months[:12] * 3 + months[12:]:
        rain, thirst = float(month["Rain"]), 0.75 * float(month["Evap"])
        deficit = advance_deficit(deficit, rain, thirst, covered, bare, float(month["PC"]) == 1.0)
        computed.append((deficit, deficit_ramp(deficit, start, end, least or value["minRM_Moist"])))
    wanted = np.array([(float(row["SMD_mm"]), float(row["RM_Moist"])) for row in printed])
    return np.array(computed[36:]), wanted


@pytest.mark.parametrize("case", CASES)
def test_every_month_of_the_fortran_runs(case: str) -> None:
    """The program's literals are single precision: 2e-7 of a deficit, 1e-6 of a factor on its steep ramp."""
    computed, printed = _fortran_case(case, vars(retention))
    assert len(computed) == 360 and np.ptp(printed[:, 1]) == pytest.approx(0.8, abs=1e-7)
    np.testing.assert_allclose(computed[:, 0], printed[:, 0], rtol=3e-7, atol=2e-5)
    np.testing.assert_allclose(computed[:, 1], printed[:, 1], rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_every_printed_digit_with_the_programs_single_literals(case: str) -> None:
    names = _with_single_literals(retention)
    official = _with_single_literals(rate_modifiers)
    names.update((name, official[name]) for name in ("UNLIMITED_SHARE", "BARE_SHARE"))
    # the program divides cm by 23, which single precision holds, not m by 0.23
    names["maximum_deficit"] = lambda clay, depth: official["maximum_deficit"](clay, depth / 0.23 * np.float32(0.23))
    # with opt_RMmoist = 1 the least factor is a literal of the program, otherwise it is read
    computed, printed = _fortran_case(case, names, float(np.float32(0.2)) if case.startswith("fo3") else None)
    np.testing.assert_allclose(computed, printed, rtol=0.0, atol=1.1e-12)


def test_retention_curve_is_that_of_van_genuchten() -> None:
    saturated, alpha, n = wosten_topsoil(25.0, 40.0, 1.35, 1.1)
    assert water_content(saturated, alpha, n, 0.0) == saturated
    content = water_content(saturated, alpha, n, np.logspace(0.0, 7.0, 50))
    assert (np.diff(content) < 0.0).all() and (content > 0.01).all()
    # far out the curve is a power of the suction: slope -(n - 1) in logarithms
    far = water_content(saturated, alpha, n, np.array([1e9, 1e10])) - 0.01
    assert np.log10(far[1] / far[0]) == pytest.approx(1.0 - n, rel=1e-6)


def test_deficits_of_many_soils_at_once_grow_with_depth_and_suction() -> None:
    clay, silt = np.array([8.0, 23.4, 45.0]), np.array([15.0, 58.6, 35.0])
    many = farina_deficits(clay, silt, 1.3, np.array([0.6, 0.94, 2.0]), np.array([0.23, 0.23, 0.30]))
    assert (many[0] > many[1]).all() and (many[1] > many[2]).all()
    one = farina_deficits(45.0, 35.0, 1.3, 2.0, 0.30)
    assert [float(deficit[2]) for deficit in many] == [float(deficit) for deficit in one]
    twice = farina_deficits(45.0, 35.0, 1.3, 2.0, 0.60)
    assert np.allclose(twice, 2.0 * np.array(one), rtol=1e-15)


@pytest.mark.parametrize("soil", [(0.0, 40.0, 1.35, 1.1), (25.0, 40.0, 1350.0, 1.1), (25.0, 40.0, 1.35, 0.0)])
def test_soils_out_of_reach_are_refused(soil: tuple[float, ...]) -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="Wosten"):
        farina_deficits(*soil)


def test_options_shape_the_limits() -> None:
    deficits = farina_deficits(25.0, 40.0, 1.35, 1.1, 0.3)
    one, fifteen, thousand = deficits
    maximum = float(maximum_deficit(25.0, 0.3))
    assert deficit_limits(1, 1, maximum) == (0.444 * maximum, maximum, maximum, 0.556 * maximum)
    assert deficit_limits(1, 2, maximum) == (0.444 * maximum, maximum, maximum, maximum)
    for option, covered in ((2, thousand), (3, fifteen)):
        start, end, wet, bare = deficit_limits(option, 1, maximum, deficits)
        assert (start, end, wet) == (one, fifteen, covered)
        # bare soil stops where RothC's factor of bare soil is: 0.8388
        assert deficit_ramp(float(bare), float(start), float(end), 0.2) == pytest.approx(0.8388, rel=1e-12)
        assert deficit_limits(option, 2, maximum, deficits)[3] == fifteen
    with pytest.raises(ValueError, match="opt_RMmoist must be 1, 2 or 3"):
        deficit_limits(4, 1, maximum)
    with pytest.raises(ValueError, match="needs the deficits"):
        deficit_limits(2, 1, maximum)


def test_with_the_official_limits_the_bucket_is_the_official_one() -> None:
    rng = np.random.default_rng(3)
    limits = deficit_limits(1, 1, float(maximum_deficit(23.4)))
    start, end, covered_limit, bare_limit = (float(limit) for limit in limits)
    cell, bucket, deficit = np.zeros(1, dtype=np.int64), np.zeros(1), 0.0
    for _ in range(500):
        rain, thirst, cover = rng.gamma(2.0, 20.0), rng.gamma(2.0, 25.0), float(rng.integers(2))
        maximum, bare = np.array([end]), np.array([bare_limit])
        update_deficit(cell, np.array([rain]), np.array([thirst]), cell, np.array([cover]), maximum, bare, bucket)
        deficit = advance_deficit(deficit, rain, thirst, covered_limit, bare_limit, cover > 0.5)
        assert deficit == bucket[0]
        assert deficit_ramp(deficit, start, end, 0.2) == pytest.approx(deficit_factor(deficit, end), rel=1e-14)


@pytest.mark.parametrize(
    ("bare", "pan", "clay", "depth", "column"),
    [(False, 0.75, 23.4, 0.23, ""), (True, 0.75, 23.4, 0.23, "bare."), (False, 1.0, 40.0, 0.30, "pE1.")],
)
def test_soilr_moisture_of_rothamsted(bare: bool, pan: float, clay: float, depth: float, column: str) -> None:
    """SoilR's function is a single pass from 0; clay and depth follow from the driest deficit of the table."""
    limits = [float(limit) for limit in soilr_limits(clay, depth, bare)]
    law = MOISTURE_LAWS["rothc_soilr_bare" if bare else "rothc"]
    maximum = float(maximum_deficit(clay, depth))
    deficit = 0.0
    for row in _rows("soilr/fW_RothC_rothamsted.csv"):
        deficit = advance_deficit(deficit, float(row["P"]), pan * float(row["E"]), limits[2], limits[3], True)
        assert deficit == pytest.approx(float(row[f"{column}Acc.TSMD"]), abs=6e-13), row
        factor = moisture_law(law.number, law.kernel_parameters(), deficit / maximum)
        assert factor == pytest.approx(float(row[f"{column}b"]), abs=1e-13), row
