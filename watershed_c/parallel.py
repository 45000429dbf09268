"""Run a serial, GIL-free kernel over chunks of cells in threads.

Cell-local kernels write only to the rows of the cells they are given, so the result cannot depend on the number of
threads or on the chunks, and one compiled entry serves both one thread and many. So it may be left to the clock
whether a kernel is worth threads: what it took per cell the last time is remembered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from typing import Any

import numpy as np

#: fewest cells of a chunk
SMALLEST_CHUNK = 2048
#: s, of a kernel over all cells: below this it is not worth a thread, which takes some 0.1 ms to hand over and wait for
WORTH_THREADS = 5e-4
#: cells that are added up by themselves, whatever the number of threads
BLOCK = 256

_threads = max(1, os.cpu_count() or 1)
_pool: ThreadPoolExecutor | None = None
#: s per cell that each kernel took the last time
_pace: dict[Callable[..., None], float] = {}


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
    """Call ``kernel(chunk, *arguments)`` for chunks of ``cells`` that together cover them all."""
    chunks = _chunks(kernel, cells)
    bounds = [cells.size * chunk // chunks for chunk in range(chunks + 1)]
    _in_threads(kernel, [(cells[low:high], *arguments) for low, high in pairwise(bounds)])


def over_blocks(kernel: Callable[..., None], cells: np.ndarray, width: int, *arguments: Any) -> np.ndarray:
    """Call ``kernel(chunk, of_chunk, BLOCK, *arguments)`` for chunks of ``cells`` made of whole blocks of ``BLOCK``.

    The kernel leaves ``width`` numbers of each block in ``of_chunk``. Blocks do not depend on the number of threads, so
    neither does what is added up over them in order.

    Returns
    -------
    (blocks, width) float64
    """
    blocks = -(-cells.size // BLOCK)
    of_blocks = np.zeros((blocks, width))
    chunks = max(1, min(_chunks(kernel, cells), blocks))
    bounds = [blocks * chunk // chunks for chunk in range(chunks + 1)]
    _in_threads(
        kernel,
        [
            (cells[low * BLOCK : high * BLOCK], of_blocks[low:high], BLOCK, *arguments)
            for low, high in pairwise(bounds)
        ],
    )
    return of_blocks


def along_flow(
    bounds: np.ndarray, kernel: Callable[..., None], order: np.ndarray, first: np.ndarray, *arguments: Any
) -> None:
    """Call ``kernel(order, first, *arguments)`` for the parts of a network at once, then for its trunk.

    The network is lined up part by part (:func:`watershed_c.kernels.flow_parts.in_parts`): the kernel, which gives to
    receivers, sees its nodes in the same order whatever the number of threads.
    """
    parts, trunk = bounds.size - 2, int(bounds[-2])
    groups = 1 if _too_short(kernel, order.size) else min(_threads, parts)
    if groups < 2:
        return _in_threads(kernel, [(order, first, *arguments)])
    cuts = [int(bounds[parts * group // groups]) for group in range(groups + 1)]
    _in_threads(kernel, [(order[low:high], first[low : high + 1], *arguments) for low, high in pairwise(cuts)])
    return kernel(order[trunk:], first[trunk:], *arguments)


def _too_short(kernel: Callable[..., None], cells: int) -> bool:
    return _pace.get(kernel, 1.0) * cells < WORTH_THREADS


def _chunks(kernel: Callable[..., None], cells: np.ndarray) -> int:
    if _too_short(kernel, cells.size):
        return 1
    return min(_threads, max(1, cells.size // SMALLEST_CHUNK))


def _in_threads(kernel: Callable[..., None], calls: list[tuple[Any, ...]]) -> None:
    """Make the calls at once.

    The first runs in the calling thread: to wake a thread takes longer than many a kernel on a small catchment.
    """
    global _pool
    if len(calls) > 1 and _pool is None:
        _pool = ThreadPoolExecutor(max_workers=_threads - 1, thread_name_prefix="kernel")
    futures = [_pool.submit(kernel, *call) for call in calls[1:]] if _pool is not None else []
    started = time.perf_counter()
    try:
        kernel(*calls[0])
        _pace[kernel] = (time.perf_counter() - started) / max(calls[0][0].size, 1)
    finally:
        wait(futures)  # all of them, before an error of one is raised: nobody writes while it is handled
    for future in futures:
        future.result()
