"""Erodibility laws against the handbook's example, limits, and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.erodibility import LAWS, SI_PER_US_UNIT, by_law, epic, nomograph, renard, stone_factor, torri


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_nomograph_of_the_handbook_example() -> None:
    """AH-537, example on the nomograph: silt + very fine sand 65 %, sand 5 %, matter 2.8 %, classes 2 and 4: K 0.31."""
    found = nomograph(one(0.05), one(0.30), one(0.028), very_fine_sand=0.0, structure=2, permeability=4)
    assert found[0] / SI_PER_US_UNIT == pytest.approx(0.31, abs=0.005)


def test_nomograph_counts_matter_up_to_4_percent() -> None:
    given = [
        nomograph(one(0.2), one(0.2), one(om), very_fine_sand=0.2, structure=3, permeability=3)[0]
        for om in (0.03, 0.04, 0.06)
    ]
    assert given[0] > given[1] == given[2]


def test_classes_of_the_nomograph_add_what_they_say() -> None:
    def k(structure: int, permeability: int) -> float:
        return nomograph(
            one(0.3), one(0.2), one(0.02), very_fine_sand=0.2, structure=structure, permeability=permeability
        )[0]

    assert k(3, 3) - k(2, 3) == pytest.approx(SI_PER_US_UNIT * 0.0325, rel=1e-12)
    assert k(2, 4) - k(2, 3) == pytest.approx(SI_PER_US_UNIT * 0.025, rel=1e-12)


def test_epic_of_a_soil_without_sand_and_carbon() -> None:
    """Pure silt: coarse 0.5, silty 1, matter 1, very sandy almost 1."""
    assert epic(one(0.0), one(0.0), one(0.0))[0] / SI_PER_US_UNIT == pytest.approx(0.5, rel=1e-6)
    assert epic(one(1.0), one(0.0), one(0.01))[0] == 0.0  # no fines


def test_organic_carbon_lowers_k_of_epic_by_at_most_a_quarter() -> None:
    carbon = np.linspace(0.0, 0.08, 50)
    k = epic(np.full(50, 0.3), np.full(50, 0.2), carbon)
    assert (np.diff(k) < 0.0).all()
    assert k[-1] / k[0] == pytest.approx(0.75, rel=1e-3)


def test_mean_grain_size_of_renard() -> None:
    """K is 0.0439 at most, at a mean size of 10^-1.659 = 0.0219 mm; pure silt, 0.026 mm, is 0.104 deviations off."""
    off = (np.log10(0.026) + 1.659) / 0.7101
    assert renard(one(0.0), one(0.0))[0] == pytest.approx(0.0034 + 0.0405 * np.exp(-0.5 * off * off), rel=1e-12)
    assert off == pytest.approx(0.104, abs=5e-4)
    assert renard(one(1.0), one(0.0))[0] < 0.006 and renard(one(0.0), one(1.0))[0] < 0.02


def test_torri_in_figures() -> None:
    """Silt with 20 % clay and 2 % matter, by hand: DG = -2.3, OM/c = 10."""
    dg = 0.2 * np.log10(np.sqrt(0.00005 * 0.002)) + 0.8 * np.log10(np.sqrt(0.002 * 0.05))
    expected = 0.0293 * (0.65 - dg + 0.24 * dg * dg) * np.exp(-0.021 - 0.037 - 0.804 + 0.0688)
    assert dg == pytest.approx(-2.3, abs=1e-3)
    assert torri(one(0.0), one(0.2), one(0.02))[0] == pytest.approx(expected, rel=1e-12)


def test_stones_protect_above_a_tenth_of_the_surface() -> None:
    assert stone_factor(0.05) == stone_factor(0.10) == 1.0
    assert stone_factor(0.35) == pytest.approx(np.exp(-1.0), rel=1e-12)
    bare, stony = (by_law("epic", one(0.3), one(0.2), one(0.01), one(0.017), stone_cover=c)[0] for c in (0.0, 0.35))
    assert stony / bare == pytest.approx(np.exp(-1.0), rel=1e-12)


@settings(deadline=None)
@given(
    st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 0.06), st.sampled_from(LAWS)
)
def test_every_soil_has_a_k_that_soils_have(first: float, second: float, carbon: float, law: str) -> None:
    clay = first * second
    sand = first - clay
    k = by_law(
        law, one(sand), one(clay), one(carbon), one(1.724 * carbon), very_fine_sand=0.2, structure=2, permeability=3
    )[0]
    assert np.isfinite(k) and 0.0 <= k <= 0.15


def test_what_the_laws_refuse() -> None:
    with pytest.raises(ValueError, match="law must be one of"):
        by_law("bouyoucos", one(0.2), one(0.2), one(0.01), one(0.017))
    with pytest.raises(ValueError, match="needs very_fine_sand"):
        by_law("nomograph", one(0.2), one(0.2), one(0.01), one(0.017))
