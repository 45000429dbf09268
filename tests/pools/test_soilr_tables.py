"""Tables of SoilR 1.2.105 (tight lsoda) with the engine: exact scheme, modifiers through a spline, radiocarbon."""

from __future__ import annotations

import csv
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.support import shared
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model
from watershed_c.pools.points import Drivers, run_points
from watershed_c.pools.site import point

#: yr-1, half-life 5730 yr, as the coupled twins have it (coupling rule 16); SoilR rounds it to 1.209681e-4
RADIOCARBON_DECAY = np.log(2.0) / 5730.0


def table(name: str) -> dict[str, np.ndarray]:
    with shared(f"reference/pools/soilr/{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def linear(name: str) -> CompiledPoolModel:
    model = load_model(name)
    assert isinstance(model, CompiledPoolModel)
    return model


def pools_of(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.column_stack([columns[f"C{number}"] for number in range(1, 8) if f"C{number}" in columns])


def constant(model: CompiledPoolModel, amount: ArrayLike, modifier: float, steps: int) -> Drivers:
    """The same modifier and input by pool (per step) in every step."""
    pools = len(model.pools)
    series = np.broadcast_to(np.asarray(amount, dtype=float).reshape(1, pools, 1), (steps, pools, 1))
    return Drivers({"modifier": np.full((steps, 1), modifier)}, np.zeros((steps, 1)), series, np.eye(pools))


def run_exact(
    model: CompiledPoolModel, clay: Mapping[str, float], start: ArrayLike, drivers: Drivers, steps_per_year: int = 1
) -> np.ndarray:
    state = np.asarray(start, dtype=float).reshape(1, -1, 1)
    course = run_points(
        model, drivers, point(clay, 0.2), state, scheme="exact", steps_per_year=steps_per_year
    )
    return np.vstack((state[:, :, 0], course.pools[:, 0, :, 0]))


def worst(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference relative to the value, or to 1e-3 of the largest of its pool."""
    scale = np.maximum(np.abs(expected), 1e-3 * np.abs(expected).max(axis=0))
    return float(np.nanmax(np.abs(found - expected) / np.where(scale > 0.0, scale, 1.0)))


@pytest.mark.parametrize(
    ("case", "clay", "modifier", "plant", "ratio", "manure"),
    [("rothc_s1", 23.4, 1.0, 1.7, 1.44, 0.0), ("rothc_s2", 10.0, 2.1, 2.4, 0.67, 2.0)],
)
def test_rothc(case: str, clay: float, modifier: float, plant: float, ratio: float, manure: float) -> None:
    model = linear("rothc")
    expected = pools_of(table(case))
    amount = plant * model.allocate("plant", dpm_rpm=ratio) + manure * model.allocate("manure")
    drivers = constant(model, amount, modifier, len(expected) - 1)
    assert worst(run_exact(model, {"clay": clay}, expected[0], drivers), expected) < 1e-7


@pytest.mark.parametrize(
    ("case", "parameter_set", "amount"),
    [("icbm_bare", "bare-fallow", 0.0), ("icbm_mNmS", "control", 0.057), ("icbm_manure", "manure", 0.272)],
)
def test_icbm_sets(case: str, parameter_set: str, amount: float) -> None:
    model = linear("icbm:" + parameter_set)
    columns = table(case)
    expected = pools_of(columns)
    drivers = constant(model, [0.5 * amount, 0.0], 1.0, len(expected) - 1)
    assert columns["t"][1] == 0.5
    assert worst(run_exact(model, {}, expected[0], drivers, 2), expected) < 1e-7


def test_yasso07_of_soilr() -> None:
    model = linear("yasso07:soilr-2009")
    expected = pools_of(table("yasso07_soilr_y1"))
    drivers = constant(model, np.zeros(5), 1.0, len(expected) - 1)
    assert worst(run_exact(model, {}, expected[0], drivers), expected) < 1e-7


def century_input(
    model: CompiledPoolModel, surface: float, soil: float, nitrogen: float, lignin: float
) -> np.ndarray:
    """Litter as SoilR splits it: metabolic 0.85 - 0.018 L:N, of the rest the share ``lignin`` is lignin."""
    metabolic = 0.85 - 0.018 * nitrogen
    amount = np.zeros(len(model.pools))
    for first, litter in ((0, surface), (3, soil)):
        rest = litter * (1.0 - metabolic)
        amount[first : first + 3] = lignin * rest, (1.0 - lignin) * rest, litter * metabolic
    return amount


def as_soilr(state: np.ndarray) -> np.ndarray:
    """SoilR's seven pools: its structural litter has its lignin in it; pools are axis 1."""
    return np.stack(
        (state[:, 0] + state[:, 1], state[:, 2], state[:, 3] + state[:, 4], *np.moveaxis(state[:, 5:], 1, 0)), axis=1
    )


def century_start(pools: ArrayLike, lignin: float) -> np.ndarray:
    """Our nine pools for SoilR's seven; a trace of structural litter says how much lignin it has."""
    c = np.asarray(pools, dtype=float)
    surface, soil = max(c[0], 1e-12), max(c[2], 1e-12)
    parts = (lignin * surface, (1.0 - lignin) * surface, c[1], lignin * soil, (1.0 - lignin) * soil, *c[3:])
    return np.array(parts)


@pytest.mark.parametrize(
    ("case", "surface", "soil", "nitrogen", "lignin", "clay", "silt", "modifier"),
    [
        ("century_c1", 345.0 / 795.0, 450.0 / 795.0, 0.5, 0.1, 20.0, 45.0, 1.0),
        ("century_c2", 0.02, 0.03, 18.0, 0.25, 8.0, 22.0, 0.45),
    ],
)
def test_century(
    case: str, surface: float, soil: float, nitrogen: float, lignin: float, clay: float, silt: float, modifier: float
) -> None:
    model = linear("century")
    expected = pools_of(table(case))
    amount = 52.0 * century_input(model, surface, soil, nitrogen, lignin)
    drivers = constant(model, amount, modifier, len(expected) - 1)
    found = run_exact(model, {"clay": clay, "silt": silt}, century_start(expected[0], lignin), drivers)
    assert worst(as_soilr(found), expected) < 1e-7


class FmmSpline:
    """R's ``splinefun(method = "fmm")``: a cubic spline whose end pieces have the third derivative of the cubic through
    the four points at that end (Forsythe, Malcolm & Moler 1977).
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        n, h = x.size, np.diff(x)
        slope = np.diff(y) / h
        matrix, right = np.zeros((n, n)), np.zeros(n)
        for i in range(1, n - 1):
            matrix[i, i - 1 : i + 2] = h[i - 1], 2.0 * (h[i - 1] + h[i]), h[i]
            right[i] = slope[i] - slope[i - 1]
        # the unknown is a sixth of the second derivative; its slope at the ends is a sixth of the third
        for row, other, points, step in ((0, 1, slice(0, 4), h[0]), (n - 1, n - 2, slice(n - 4, n), -h[-1])):
            matrix[row, row], matrix[row, other] = -1.0, 1.0
            right[row] = step * np.polyfit(x[points] - x[points][0], y[points], 3)[0]
        self.sixth = np.linalg.solve(matrix, right)

    def __call__(self, at: np.ndarray) -> np.ndarray:
        i = np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, self.x.size - 2)
        h = self.x[i + 1] - self.x[i]
        b = (at - self.x[i]) / h
        a = 1.0 - b
        cubic = (a**3 - a) * self.sixth[i] + (b**3 - b) * self.sixth[i + 1]
        return a * self.y[i] + b * self.y[i + 1] + h * h * cubic


def means(function: FmmSpline, edges: np.ndarray) -> np.ndarray:
    """Mean between neighbouring edges, exact for cubics (Simpson)."""
    middle = 0.5 * (edges[1:] + edges[:-1])
    return (function(edges[:-1]) + 4.0 * function(middle) + function(edges[1:])) / 6.0


def spline_run(parts: int, scheme: str) -> float:
    """Worst relative difference from rothc_s3_spline with every month in equal parts."""
    model = linear("rothc")
    columns = table("rothc_s3_spline")
    expected = pools_of(columns)
    nodes = np.arange(121) / 12.0
    modifier = FmmSpline(nodes, 1.4 + 1.1 * np.sin(2.0 * np.pi * (nodes - 0.3)))
    plant = FmmSpline(nodes, 2.0 + 1.5 * np.sin(2.0 * np.pi * (nodes - 0.4)))
    edges = np.arange(120 * parts + 1) / (12.0 * parts)
    steps = edges.size - 1
    share = model.allocate("plant", dpm_rpm=1.44)[None, :]
    amount = (means(plant, edges) / (12.0 * parts)).reshape(steps, 1, 1)
    interpolated = scheme == "rk4"
    factor = modifier(edges) if interpolated else means(modifier, edges)
    rows = factor.size
    amount = np.concatenate((amount, amount[-1:]))[:rows]
    drivers = Drivers({"modifier": factor[:, None]}, np.zeros((rows, 1)), amount, share)
    course = run_points(
        model, drivers, point({"clay": 23.4}, 0.23), expected[0].reshape(1, -1, 1), steps=steps, scheme=scheme,
        record=np.arange(1, 121) * parts - 1, steps_per_year=12 * parts, interpolated=interpolated,
    )  # fmt: skip
    return worst(course.pools[:, 0, :, 0], expected[1:])


@pytest.mark.parametrize("scheme", ["exact", "rk4"])
def test_rothc_with_modifier_and_input_through_a_spline(scheme: str) -> None:
    """Both schemes come to SoilR's numbers with the square of the step: exact with the means of the modifier over each
    step, Runge-Kutta with the modifier linear within it; input at its mean in both. 1e-7 needs a month in 512 parts.
    """
    coarse, fine = spline_run(16, scheme), spline_run(128, scheme)
    assert fine < 4e-6
    assert 60.0 < coarse / fine < 68.0


def test_the_spline_to_the_digits_of_the_table() -> None:
    assert spline_run(512, "exact") < 1e-7


def radiocarbon_run(parts: int, atmosphere: str) -> tuple[np.ndarray, np.ndarray]:
    """Pools and Delta14C (per mil) by pool of SoilR's CenturyModel14 run, years in equal parts."""
    model = linear("century")
    expected = pools_of(table("century14_e1"))
    graven = table("aux_Graven2017")
    edges = 1900.0 + np.arange(115 * parts + 1) / parts
    if atmosphere == "spline":
        activity = 1.0 + means(FmmSpline(graven["Year.AD"], graven["NH"]), edges) / 1000.0
    else:
        activity = 1.0 + np.interp(0.5 * (edges[1:] + edges[:-1]), graven["Year.AD"], graven["NH"]) / 1000.0
    steps = activity.size
    amount = 52.0 / parts * century_input(model, 345.0 / 795.0, 450.0 / 795.0, 0.5, 0.1)
    start = century_start(expected[0], 0.1)
    drivers = Drivers(
        {"modifier": np.ones((steps, 1))}, np.zeros((steps, 1)), np.full((steps, 1, 1), amount.sum()),
        (amount / amount.sum())[None, :], activity[:, None],
    )  # fmt: skip
    course = run_points(
        model, drivers, point({"clay": 20.0, "silt": 45.0}, 0.2), np.stack((start, start))[:, :, None], scheme="exact",
        record=np.arange(1, 116) * parts - 1, steps_per_year=parts, decay=(RADIOCARBON_DECAY,),
    )  # fmt: skip
    carbon, twin = (as_soilr(course.pools[:, state, :, 0]) for state in (0, 1))
    return carbon, 1000.0 * (twin / carbon - 1.0)


def test_radiocarbon_of_century() -> None:
    """SoilR reads the atmosphere (mid-year values, northern hemisphere) through a cubic spline and takes litter at its
    Delta14C, undecayed. A twin with the mean activity of each step comes to its pools with the square of the step;
    where the bomb peak passes the fastest pools (turned over in three weeks) a day still leaves 0.06 per mil.
    """
    columns = table("century14_e1")
    expected = np.column_stack([columns[f"D14C{number}"] for number in range(1, 8)])[1:]
    differences = []
    for parts in (24, 96):
        carbon, delta = radiocarbon_run(parts, "spline")
        assert worst(carbon, pools_of(columns)[1:]) < 1e-9
        differences.append(np.abs(delta - expected).max(axis=0))
    assert differences[1].max() < 0.07 and differences[1][4:].max() < 3e-3
    np.testing.assert_allclose(differences[0] / differences[1], 16.0, rtol=0.15)
    # straight lines between the years are another reading, not SoilR's
    assert np.abs(radiocarbon_run(4, "lines")[1] - expected).max() > 30.0
