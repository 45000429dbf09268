"""Rates that follow the material (coupling rule 12): stirring in place is no change of place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from watershed_c.state import Watershed


@contextmanager
def stirred_in_place(watershed: Watershed, cells: np.ndarray) -> Iterator[None]:
    """While soil of balanced columns is stirred, its memory of depth stays where it is.

    Soil that nothing moves is stirred, too, and its decline of rates with depth stands all the same. Stirring the
    memory would level it within centuries.
    """
    row = watershed.memory_row
    if row < 0:
        yield
        return
    kept = watershed.stocks[cells, :, row]
    yield
    watershed.stocks[cells, :, row] = kept
