"""Conversion models of fallout radionuclides: published cases, inverses of each other, what they refuse."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c import tracer_inversion as inversion
from watershed_c.constituents import TRACERS, Fallout

DECAY = TRACERS["cs137"].decay
#: kg m-2: 25 cm of 1300 kg m-3
TILLED = 325.0


def bomb(total: float = 2000.0) -> Fallout:
    """A made-up series with the peak of 1963."""
    years = np.arange(1954, 1984)
    shape = np.exp(-0.5 * ((years - 1963) / 3.0) ** 2)
    return Fallout(1954, total * shape / shape.sum())


def test_published_case() -> None:
    """20 % lost from 25 cm of 1300 kg m-3 between 1963 and 2023, 10.83 and 12.06 t/ha/yr."""
    proportional = inversion.proportional(np.array(80.0), 100.0, TILLED, 60.0)
    assert 10.0 * proportional == pytest.approx(10.83, abs=0.005)
    assert 10.0 * inversion.simplified_mass_balance(np.array(80.0), 100.0, TILLED, 2023) == pytest.approx(
        12.06, abs=0.005
    )


def test_simplified_mass_balance_inverts_the_closed_form() -> None:
    """A8 of the analytic cases: 2 mm/yr from 25 cm for 40 years."""
    with shared("reference/analytic/analytic.csv").open() as file:
        inventory = next(float(row["value"]) for row in csv.DictReader(file) if row["id"] == "A8")
    density = 1350.0
    found = inversion.simplified_mass_balance(np.array(inventory), 2500.0, 0.25 * density, 2003)
    assert found / density == pytest.approx(0.002, rel=1e-8)


def test_models_agree_where_little_is_lost_and_order_where_much_is() -> None:
    for share, close in ((0.999, True), (0.4, False)):
        fallout = Fallout(1963, np.array([1000.0]))
        reference = fallout.inventory(DECAY, 2003)
        inventory = np.array(share * reference)
        linear = inversion.proportional(inventory, reference, TILLED, 40.0)
        simple = inversion.simplified_mass_balance(inventory, reference, TILLED, 2003)
        full = inversion.mass_balance(inventory, fallout, TILLED, 2003)
        assert bool(simple == pytest.approx(linear, rel=1e-3)) is close
        assert linear < simple
        # evenly through 1963 and every moment, or at once and once a year
        assert full == pytest.approx(simple, rel=0.02)


@pytest.mark.parametrize("options", [{}, {"fresh_share": 0.1, "particle_size": 1.3}])
def test_mass_balance_returns_the_imposed_loss(options: dict[str, float]) -> None:
    rates = np.array([0.0, 0.1, 1.0, 4.0, 10.0])
    left = inversion.ploughed_inventory(rates, bomb(), DECAY, TILLED, 2020, **options)
    assert (np.diff(left) < 0.0).all()
    found = inversion.mass_balance(left, bomb(), TILLED, 2020, **options)
    np.testing.assert_allclose(found, rates, atol=1e-8)


def test_without_loss_the_reference_is_what_has_not_decayed() -> None:
    assert inversion.ploughed_inventory(np.array(0.0), bomb(), DECAY, TILLED, 2020) == pytest.approx(
        bomb().inventory(DECAY, 2020), rel=1e-12
    )


def test_particle_size_and_fresh_fallout_lower_the_loss_that_is_read() -> None:
    left = inversion.ploughed_inventory(np.array(2.0), bomb(), DECAY, TILLED, 2020)
    plain = inversion.mass_balance(left, bomb(), TILLED, 2020)
    assert inversion.mass_balance(left, bomb(), TILLED, 2020, particle_size=1.4) == pytest.approx(plain / 1.4, rel=1e-9)
    assert inversion.mass_balance(left, bomb(), TILLED, 2020, fresh_share=0.05) < plain


def test_profile_distribution_of_an_exponential_profile() -> None:
    """Soil taken from the top of an exponential profile in equal parts since 1963."""
    depth = np.array([13.0, 26.0, 52.0, 104.0, 400.0])
    content = -np.diff(np.concatenate(([1.0], np.exp(-depth / 40.0))))
    assert inversion.relaxation(depth, content) == pytest.approx(40.0, rel=1e-3)
    rate = 0.8
    left = np.exp(-rate * (2003 - 1963) / 40.0)
    assert inversion.profile_distribution(np.array(left), 1.0, 40.0, 2003) == pytest.approx(rate, rel=1e-12)
    assert inversion.profile_distribution(np.array(1.2), 1.0, 40.0, 2003) < 0.0


@pytest.mark.parametrize("inventory", [5000.0, 1e-9])
def test_impossible_inventories_are_refused(inventory: float) -> None:
    with pytest.raises(ValueError, match="inventories must be between"):
        inversion.mass_balance(np.array([500.0, inventory]), bomb(), TILLED, 2020)
