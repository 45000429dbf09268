"""Run a serial, GIL-free kernel over chunks of cells in threads.

Cell-local kernels write only to the rows of the cells they are given, so the result cannot depend on the number of
threads or on the chunks, and one compiled entry serves both one thread and many.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

#: below this many cells a chunk is not worth a thread: dispatch costs about 50 microseconds
SMALLEST_CHUNK = 2048

_threads = max(1, os.cpu_count() or 1)
_pool: ThreadPoolExecutor | None = None


def set_threads(count: int | None) -> int:
    """Set how many threads kernels use (None: all cores); returns the number in force."""
    global _threads, _pool
    if count is not None and count < 1:
        raise ValueError(f"threads must be at least 1, got {count}")
    if _pool is not None:
        _pool.shutdown(wait=True)
        _pool = None
    _threads = count or max(1, os.cpu_count() or 1)
    return _threads


def get_threads() -> int:
    """Number of threads kernels use."""
    return _threads


def over_cells(kernel: Callable[..., None], cells: np.ndarray, *arguments: Any) -> None:
    """Call ``kernel(chunk, *arguments)`` for chunks of ``cells`` that together cover them all.

    The first chunk runs in the calling thread: to wake a thread takes longer than many a kernel on a small catchment.
    """
    global _pool
    chunks = min(_threads, max(1, cells.size // SMALLEST_CHUNK))
    if chunks == 1:
        kernel(cells, *arguments)
        return
    if _pool is None:
        _pool = ThreadPoolExecutor(max_workers=_threads - 1, thread_name_prefix="kernel")
    bounds = [cells.size * chunk // chunks for chunk in range(chunks + 1)]
    parts = [cells[low:high] for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
    futures = [_pool.submit(kernel, part, *arguments) for part in parts[1:]]
    try:
        kernel(parts[0], *arguments)
    finally:
        wait(futures)  # all of them, before an error of one is raised: nobody writes while it is handled
    for future in futures:
        future.result()
