"""Erodibility that follows organic carbon: once a year, counted from the start, within bounds, with its gain."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.erodibility import ErodibilityFeedback
from watershed_c.kernels.erodibility import epic


def made(largest_change: float = 2.0):
    w = build.watershed()
    law = lambda carbon: epic(np.full(carbon.size, 0.3), w.clay[w.cells], carbon)  # noqa: E731
    return w, ErodibilityFeedback(w, law=law, largest_change=largest_change)


def lose(w, share: float) -> None:
    """Take a share of the organic carbon of every layer away."""
    w.stocks[:, :, w.constituents.of_group("soc")] *= 1.0 - share


def january(w) -> None:
    w.at(build.CLOCK.step(12))


def test_k_follows_each_january_and_not_between() -> None:
    w, feedback = made()
    before = w.erodibility.copy()
    january(w)
    feedback.run_one_step(build.MONTH)
    np.testing.assert_array_equal(w.erodibility, before)  # the run has not begun
    feedback.start_afresh()
    carbon = feedback.topsoil_carbon()
    lose(w, 0.4)
    w.at(build.CLOCK.step(4))
    feedback.run_one_step(build.MONTH)
    np.testing.assert_array_equal(w.erodibility, before)
    january(w)
    feedback.run_one_step(build.MONTH)
    cells = w.cells
    expected = feedback.law(feedback.topsoil_carbon()) / feedback.law(carbon)
    np.testing.assert_allclose(w.erodibility[cells] / before[cells], expected, rtol=1e-13)
    assert (expected > 1.0).all()


def test_topsoil_carbon_is_that_of_the_upper_20_cm() -> None:
    """Layers to 5, 10 and 25 cm: all of two and two thirds of the third."""
    w, feedback = made()
    rows = w.constituents.of_group("soc")
    soil = w.mineral + w.stocks @ w.constituents.dry_mass_per_unit
    share = np.array([1.0, 1.0, 2.0 / 3.0, 0.0, 0.0])
    expected = (w.stocks[:, :, rows].sum(axis=2) @ share)[w.cells] / (soil @ share)[w.cells]
    np.testing.assert_allclose(feedback.topsoil_carbon(), expected, rtol=1e-12)


def test_change_is_clamped_and_told() -> None:
    w, feedback = made(largest_change=1.01)
    feedback.start_afresh()
    assert feedback.findings()["change_of_topsoil_carbon"] == pytest.approx(0.0, abs=1e-12)
    lose(w, 0.6)
    january(w)
    feedback.run_one_step(build.MONTH)
    np.testing.assert_allclose(feedback.change[w.cells].max(), 1.01, rtol=1e-12)
    assert feedback.findings()["share_of_cells_at_the_bound"] > 0.5


def test_gain_is_the_elasticity_of_the_law() -> None:
    w, feedback = made()
    feedback.start_afresh()
    first = feedback.topsoil_carbon()
    lose(w, 0.01)
    january(w)
    feedback.run_one_step(build.MONTH)
    step = 1e-6
    slope = (np.log(feedback.law(first * (1 + step))) - np.log(feedback.law(first * (1 - step)))) / (2 * step)
    assert feedback.findings()["gain"] == pytest.approx(slope.mean(), rel=0.02) and slope.mean() < 0.0


def test_bad_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="largest_change"):
        made(1.0)
