"""Time of water erosion by model and selectivity, per cell and month: ``python benchmarks/erosion_models.py [--size N]``.

See README.md. One thread, CPU seconds, shortest of twelve months after a first year; the terrain of ``catchment.py``, RothC and
carbonate (7 rows; 10 with texture), 5 layers. Bookings in the ledger are in it, its checks are not.
"""
# ruff: noqa: E501

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

EROSION = "processes.water_erosion"
NO_KTC = {f"{EROSION}.ktc_low": None, f"{EROSION}.ktc_high": None}
VARIANTS = {
    "rusle": {},
    "musle": {f"{EROSION}.model": "musle"},
    "mmf": {f"{EROSION}.model": "mmf", f"{EROSION}.mmf": {"cohesion": 3.0}, **NO_KTC},
    "rusle, constant enrichment": {f"{EROSION}.enrichment": {"law": "constant", "ratio": 1.5}},
    "rusle, menzel_1980": {f"{EROSION}.enrichment": {"law": "menzel_1980"}},
    "rusle, swat": {f"{EROSION}.enrichment": {"law": "swat"}},
    "rusle, size classes": {f"{EROSION}.size_classes": True},
}


def months(path: Path, changes: dict[str, object]) -> tuple[int, float]:
    """Cells, and CPU seconds of the fastest month of the second year."""
    from watershed_c.assembly import assemble
    from watershed_c.parallel import set_threads
    from watershed_c.scenario.load import load
    from watershed_c.scenario.resolve import resolve

    model = assemble(resolve(load(path).with_(changes), overwrite=True)).model
    set_threads(1)
    w = model.watershed
    soc = w.constituents.of_group("soc")
    w.stocks[:, :, soc] = w.mineral[:, :, None] * 0.02 / soc.size
    w.water[:] = w.field_capacity
    w.ledger.start_afresh()
    chosen = ("climate", "cropping", "soil_water", "flow_routing", "texture", "water_erosion")
    taken = []
    for index in range(24):
        step = model.clock.step(index)
        w.at(step)
        for name in chosen:
            if name not in model.processes:
                continue
            before = time.process_time()
            model.processes[name].run_one_step(1.0 / 12.0)
            spent = time.process_time() - before
        taken.append(spent)
    return w.cells.size, min(taken[12:])


def main() -> None:
    """Print the table."""
    from catchment import write

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256)
    size = parser.parse_args().size
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), size, 2)
        print(f"{'':30} ns per cell and month, {size} x {size}")
        for name, changes in VARIANTS.items():
            cells, seconds = months(path, changes)
            print(f"{name:30} {1e9 * seconds / cells:6.0f}", flush=True)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
