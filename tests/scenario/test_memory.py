"""Predicted memory is what a run takes: peak resident memory of fresh processes at two sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from watershed_c.scenario.memory import OWN_MEMORY, WORD, predicted_memory, words_of_steps

ROOT = Path(__file__).resolve().parents[2]
#: of the synthetic catchment of the benchmark: RothC's five pools and two rows of carbonate
LAYERS, ROWS, POOLS = 5, 7, 5
#: relative difference of prediction and measurement that is a true prediction
TRUE = 0.15

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is predicted as Linux gives it")


def measured(task: str, folder: Path, **arguments: int | str) -> float:
    """Peak resident memory of a task of the benchmark without the files mapped in it, bytes.

    Of the same libraries the system keeps 140 to 195 MB resident, as its page cache has it.
    """
    order = json.dumps({"task": task, "folder": str(folder), **arguments})
    command = [sys.executable, str(ROOT / "benchmarks" / "coupled.py"), "--task", order]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    told = json.loads(done.stdout.splitlines()[-1])
    return float(told["peak"] - told["mapped"])


def test_memory_of_steps(tmp_path: Path) -> None:
    """The slope between two sizes shows the bytes per node alone."""
    sizes = (128, 384)
    # the lesser of two: whoever compiles, or finds kernels only in part compiled, holds more than a run
    peaks = [
        min(measured("steps", tmp_path / f"{size}-{run}", size=size, months=1, repeats=1) for run in range(2))
        for size in sizes
    ]
    slope = (peaks[1] - peaks[0]) / (sizes[1] ** 2 - sizes[0] ** 2)
    assert WORD * words_of_steps(LAYERS, ROWS) == pytest.approx(slope, rel=TRUE)
    for size, peak in zip(sizes, peaks, strict=True):
        assert OWN_MEMORY + WORD * size**2 * words_of_steps(LAYERS, ROWS) == pytest.approx(peak, rel=TRUE)


def test_more_of_anything_takes_more() -> None:
    rising = [(10_000, 1, 3, 3), (10_000, 2, 3, 3), (10_000, 2, 5, 3), (10_000, 2, 5, 5), (20_000, 2, 5, 5)]
    needed = [predicted_memory(*extent) for extent in rising]
    assert needed == sorted(set(needed))
