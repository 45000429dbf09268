"""Where the tests find the shared reference data, and what they say when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(relative: str) -> Path:
    """Path of a shared reference file; skips the test, saying so, where the folder is absent (never in CI)."""
    path = SHARED / relative
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have ../shared: {path} is missing")
        pytest.skip(f"reference data not available: {path}")
    return path
