"""Ages of radiocarbon and how they are reported."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.radiocarbon import activity_at_age, delta_14c, radiocarbon_age


def test_ages_and_their_report() -> None:
    assert activity_at_age(5568.0) == pytest.approx(0.5)
    assert radiocarbon_age(np.array([3.0, 0.0, 2.0]), np.array([1.5, 0.0, 2.0])).tolist() == [
        pytest.approx(5568.0), 0.0, 0.0,
    ]  # fmt: skip
    assert np.isinf(radiocarbon_age(1.0, 0.0)) and delta_14c(np.inf) == -1000.0
    assert delta_14c(0.0) == 0.0 and delta_14c(50_000.0) == pytest.approx(-998.016, abs=1e-3)
