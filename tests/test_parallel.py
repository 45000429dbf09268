"""Threads change nothing: same bits for any number of them, over the whole model."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests import build
from watershed_c import parallel
from watershed_c.coupling import advance
from watershed_c.kernels import flow_parts

#: kernels that must run in chunks of cells
CELL_LOCAL = {
    *("check_closure", "decompose", "rate_modifier", "update_deficit", "water_balance", "remap_columns", "homogenise"),
    *("carbonate_step", "mineral_step", "soil_carbon_dioxide", "advect", "ls_factor", "transport_capacity"),
    *("book_amount", "book_rows", "_bound_by_soil", "_take_up", "_lay_down", "capacity_of_terrain"),
    *("potential_soil_loss", "incorporate", "lower_neighbours", "multiple_shares", "downslope_gradient"),
}
#: kernels that must run in parts of the network
ALONG_FLOW = {"route_dry", "_carry", "pass_on"}


@pytest.fixture(autouse=True)
def restored():
    before = parallel.get_threads()
    yield
    parallel.set_threads(before)


def run(threads: int) -> tuple[dict[str, np.ndarray], list[dict[tuple[str, str], float]], set[str]]:
    """Four months of every process: all node fields and more, totals, and the kernels that ran in chunks."""
    parallel.set_threads(threads)
    chunked = set()
    original = parallel.ThreadPoolExecutor.submit

    def submit(self, kernel, *arguments):
        chunked.add(kernel.__name__)
        return original(self, kernel, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel.ThreadPoolExecutor, "submit", submit)
        w = build.watershed(3)
        processes = build.processes(w)
        w.ledger.map_of("soc", "lateral")
        w.ledger.open()
        totals = [advance(w, processes, build.step(index)) for index in (3, 4, 5, 9)]
    arrays = {f"{at}.{name}": np.array(w.grid[at][name]) for at in ("node", "link") for name in w.grid[at]}
    arrays |= {f"ledger.{name}": values.copy() for name, values in w.ledger.memory()[0].items()}
    for name, process in processes.items():
        arrays |= {f"{name}.{key}": values.copy() for key, values in process.memory().items()}
    arrays |= {"order": w.order, "first_receiver": w.first_receiver, "receivers": w.receivers, "weights": w.weights}
    arrays |= {"gradient": w.gradient_x}
    return arrays, totals, chunked


def test_same_bits_for_one_two_and_three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 7)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    monkeypatch.setattr(parallel, "BLOCK", 7)
    monkeypatch.setattr(flow_parts, "SMALLEST", 0)
    alone, totals, chunked = run(1)
    assert not chunked
    for threads in (2, 3):
        arrays, again, chunked = run(threads)
        # every cell-local kernel that a process calls did run in chunks, every routed one in parts
        assert chunked >= CELL_LOCAL | ALONG_FLOW
        assert again == totals
        assert set(arrays) == set(alone)
        for name, values in alone.items():
            same = np.array_equal(values, arrays[name], equal_nan=values.dtype.kind == "f")
            assert same, f"{threads} threads: {name}"


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("size", [0, 1, 6, 7, 13, 14, 100])
def test_chunks_cover_every_cell_once(monkeypatch: pytest.MonkeyPatch, threads: int, size: int) -> None:
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 7)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    parallel.set_threads(threads)
    seen: list[np.ndarray] = []
    lock = threading.Lock()

    def kernel(cells: np.ndarray, label: str) -> None:
        assert label == "argument"
        with lock:
            seen.append(cells)

    cells = np.arange(1000, 1000 + size)
    parallel.over_cells(kernel, cells, "argument")
    assert sorted(np.concatenate(seen).tolist()) == cells.tolist()
    assert len(seen) <= threads and all(chunk.flags.c_contiguous for chunk in seen)
    if threads > 1:
        assert len(seen) == min(threads, max(1, size // 7))


def test_what_a_chunk_raises_is_raised_when_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 1)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    parallel.set_threads(4)
    ended = []

    def kernel(cells: np.ndarray) -> None:
        if cells[0] == 0:
            raise ZeroDivisionError("first chunk")
        threading.Event().wait(0.05)
        ended.append(cells.size)

    with pytest.raises(ZeroDivisionError, match="first chunk"):
        parallel.over_cells(kernel, np.arange(40))
    assert ended == [10, 10, 10], "no kernel may still be writing when the error is handled"


def test_threads_are_set_and_bad_counts_refused() -> None:
    assert parallel.set_threads(3) == parallel.get_threads() == 3
    assert parallel.set_threads(None) >= 1
    for count in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            parallel.set_threads(count)


def test_a_short_kernel_stays_in_the_calling_thread_and_a_long_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kernel took per cell the last time decides, by a clock of our own; the first call is not known."""
    parallel.set_threads(2)
    clock, lock, chunks = [0.0], threading.Lock(), [0]
    monkeypatch.setattr(parallel.time, "perf_counter", lambda: clock[0])

    def kernel(cells: np.ndarray, seconds: float) -> None:
        with lock:
            clock[0] += seconds
            chunks[-1] += 1

    cells = np.arange(4 * parallel.SMALLEST_CHUNK)
    for seconds in (0.0, 0.0, 3.0 * parallel.WORTH_THREADS, 0.0):
        parallel.over_cells(kernel, cells, seconds)
        chunks.append(0)
    assert chunks[:4] == [2, 1, 1, 2]
