"""Time of flow routing per cell: ``python benchmarks/routing.py [--quick] [--pyflwdir PYTHON]``. See README.md.

One thread; CPU seconds of that thread, shortest of several repeats after a first call. The terrain is that of
``catchment.py`` with 5 cm of noise. Landlab is timed at 256 x 256. pyflwdir is timed and compared if the interpreter
given (default: this one) can import it.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
#: m; standard deviation of what a laser or a photograph adds to the terrain
NOISE = 0.05
#: m
CELL = 20.0
LANDLAB_SIZE = 256
#: m
THRESHOLDS = (0.0, 0.01, 0.05, 0.2, 100.0)

#: ESRI codes of E, N, W, S, NE, NW, SW, SE
CODES = np.array([1, 64, 16, 4, 128, 32, 8, 2], dtype=np.uint8)
#: run by the interpreter that has pyflwdir: rasters in and out have row 0 in the north
PYFLWDIR = """\
import sys, time
import numpy as np
import pyflwdir
given, repeats = np.load(sys.argv[1]), int(sys.argv[2])
z = given["z"]
best = np.inf
for repeat in range(repeats + 1):
    start = time.process_time()
    network = pyflwdir.from_dem(z, nodata=-9999.0, outlets="edge")
    network.upstream_area("cell")
    if repeat > 0:
        best = min(best, time.process_time() - start)
filled, directions = pyflwdir.dem.fill_depressions(z, nodata=-9999.0, outlets="edge")
ours = pyflwdir.from_array(given["directions"], ftype="d8", check_ftype=False)
np.savez(sys.argv[3], filled=filled, directions=directions, area=ours.upstream_area("cell"))
print(best / z.size * 1e9, pyflwdir.__version__)
"""


def terrain(size: int) -> np.ndarray:
    """(size, size) m, without ties."""
    import catchment

    return catchment.elevation(size) + NOISE * np.random.default_rng(1).standard_normal((size, size))


def masks(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Core nodes inside, open boundary all round."""
    core = np.zeros(shape, dtype=bool)
    core[1:-1, 1:-1] = True
    return core.ravel(), ~core.ravel()


def shortest(work: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of this thread, least of ``repeats``."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)


def routed(z: np.ndarray, method: str, depressions: str = "trap") -> Any:
    """Network and upslope area in m2 of the whole raster."""
    from watershed_c.kernels.flow_network import find_network
    from watershed_c.kernels.flow_routing import accumulate

    core, boundary = masks(z.shape)
    network = find_network(z.ravel(), core, boundary, z.shape, CELL, CELL, method=method, depressions=depressions)
    area = np.empty(z.size)
    accumulate(network.order, network.first, network.receivers, network.weights, core * CELL**2, area)
    return network, area


def landlab_seconds(z: np.ndarray, repeats: int) -> float:
    """Priority flood, D8, order and accumulation of Landlab."""
    from landlab import RasterModelGrid
    from landlab.components import PriorityFloodFlowRouter

    grid = RasterModelGrid(z.shape, xy_spacing=CELL)
    grid.add_field("topographic__elevation", z.ravel().copy(), at="node")
    router = PriorityFloodFlowRouter(grid, flow_metric="D8", depression_handler="fill", suppress_out=True)
    return shortest(router.run_one_step, repeats)


def pyflwdir_of(python: str, z: np.ndarray, repeats: int) -> tuple[float, str] | None:
    """Nanoseconds per cell, and in words how the D8 network differs; None where it cannot be imported."""
    from watershed_c.kernels.flow_routing import neighbour_offsets

    network, area = routed(z, "d8")
    core, boundary = masks(z.shape)
    step = network.receiver - np.arange(z.size)
    directions = np.zeros(z.size, dtype=np.uint8)
    for code, offset in zip(CODES, neighbour_offsets(z.shape[1]), strict=True):
        directions[core & (step == offset)] = code
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given.npz", Path(folder) / "out.npz"
        np.savez(given, z=z[::-1], directions=directions.reshape(z.shape)[::-1])
        command = [python, "-c", PYFLWDIR, str(given), str(repeats), str(out)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(f"no pyflwdir in {python}: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
        nanoseconds, version = run.stdout.split()
        held = np.load(out)
        theirs = {name: held[name][::-1].ravel() for name in held.files}
    difference = np.abs(theirs["filled"] - network.filled)[core].max()
    same = (theirs["directions"] == directions)[core].mean()
    own = np.where(boundary, 1, 0)  # their cells on the edge have area of their own
    cells = np.abs(theirs["area"] - own - area / CELL**2).max()
    return float(nanoseconds), (
        f"pyflwdir {version}: filled surface differs by at most {difference:.1e} m; with our directions its upslope area"
        f" differs by at most {cells:g} cells; its own directions (those of the flood) are ours in {same:.1%} of the cells"
    )


def rerouted(size: int, years: int, threshold: float) -> tuple[np.ndarray, float, int]:
    """Change of elevation (n,) m, sediment yield in t ha-1 yr-1, and number of routings of a coupled run."""
    from coupled import assembled

    from watershed_c.budget import budget_of
    from watershed_c.components.flow_routing import FlowRouter

    with tempfile.TemporaryDirectory() as folder:
        assembly = assembled(Path(folder), size)
    model, w = assembly.model, assembly.watershed
    router = model.processes["flow_routing"]
    assert isinstance(router, FlowRouter)
    router.reroute_threshold = threshold
    start, version = w.elevation.copy(), w.routing_version
    for _ in range(12 * years):
        model.step()
    budget = budget_of(w.ledger, cells=w.cells, cell_area=w.cell_area, years=years)
    return (w.elevation - start)[w.active], budget.sediment_yield, w.routing_version - version


def tell_thresholds(size: int, years: int) -> None:
    """Print what routing seldom changes, against routing after every change."""
    print("| reroute_threshold | routings | sediment yield | largest change, cm | rms difference of the change |")
    all_change, all_sediment, _ = rerouted(size, years, 0.0)
    for threshold in THRESHOLDS:
        change, sediment, routings = rerouted(size, years, threshold)
        difference = np.sqrt(np.mean((change - all_change) ** 2) / np.mean(all_change**2))
        print(
            f"| {100.0 * threshold:g} cm | {routings} | {100.0 * (sediment / all_sediment - 1.0):+.2f} % |"
            f" {100.0 * abs(change).max():.1f} | {100.0 * difference:.2f} % |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 1024 x 1024, fewer repeats")
    parser.add_argument("--pyflwdir", default=sys.executable, help="interpreter that has pyflwdir")
    parser.add_argument("--thresholds", type=int, metavar="YEARS", help="coupled runs of 64 x 64 cells instead")
    chosen = parser.parse_args()
    if chosen.thresholds:
        tell_thresholds(64, chosen.thresholds)
        return
    sizes = (256, 1024) if chosen.quick else (256, 512, 1024, 2048)
    repeats = 3 if chosen.quick else 7
    from watershed_c.kernels.flow_network import METHODS

    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; ns per cell, one thread")
    methods = sorted(METHODS)
    print("| cells | filled |", " | ".join(methods), "| d8, breached | pyflwdir | Landlab |")
    times: dict[str, list[float]] = {method: [] for method in methods}
    for size in sizes:
        z = terrain(size)
        filled = routed(z, "d8")[0].filled
        row = [f"{size} x {size}", f"{(filled > z.ravel()).mean():.1%}"]
        for method in methods:
            routed(z, method)
            seconds = shortest(lambda z=z, method=method: routed(z, method), repeats)  # type: ignore[misc]
            times[method].append(seconds / z.size * 1e9)
            row.append(f"{times[method][-1]:.0f}")
        routed(z, "d8", "breach")
        seconds = shortest(lambda z=z: routed(z, "d8", "breach"), repeats)  # type: ignore[misc]
        row.append(f"{seconds / z.size * 1e9:.0f}")
        theirs = pyflwdir_of(chosen.pyflwdir, z, repeats)
        row.append("-" if theirs is None else f"{theirs[0]:.0f}")
        row.append(f"{landlab_seconds(z, 1) / z.size * 1e9:.0f}" if size == LANDLAB_SIZE else "-")
        print("|", " | ".join(row), f"| load {os.getloadavg()[0]:.1f}", flush=True)
        if theirs is not None:
            print(" ", theirs[1], flush=True)
    cells = math.log(sizes[-1] ** 2 / sizes[0] ** 2)
    for method in methods:
        print(f"growth exponent of {method}: {1.0 + math.log(times[method][-1] / times[method][0]) / cells:.3f}")


if __name__ == "__main__":
    main()
