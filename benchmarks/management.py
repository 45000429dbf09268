"""What management costs of a coupled step: ``python benchmarks/management.py [--size 512] [--years 0]``. See README.md.

A hundred rotations of ten years, each with its ten offsets: a thousand units, dealt out over blocks of 4 ha. CPU time of
the process (both cores), of each part of a year of months, best of three; and of making the tables once. With
``--years`` the climate is a series of so many and maize has its dates by temperature sums of each.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
CROPS = ("maize", "soybean", "barley", "oats", "potato", "sunflower", "field-pea", "linseed", "spring-wheat", "sorghum")
ROTATIONS, YEARS, BLOCK = 100, 10, 10
#: dates of maize by the warmth of each year
WARM = (
    '  { do = "sow", crop = "maize", temperature_sum = 80, since = "01-01" },\n'
    '  { do = "harvest", crop = "maize", temperature_sum = 900 },\n'
)
#: shares of SOC in DPM, RPM, BIO, HUM, IOM that a run begins with
SHARES = (0.005, 0.14, 0.02, 0.75, 0.085)


def write(folder: Path, size: int, years: int) -> Path:
    """The synthetic catchment with a map of a hundred classes."""
    sys.path.insert(0, str(HERE))
    import catchment

    from watershed_c.io.rasters import Raster, write_raster

    path = catchment.write(folder, size, years or 12)
    row, column = np.mgrid[0:size, 0:size] // BLOCK
    number = (row * 37 + column * 11) % ROTATIONS
    write_raster(folder / "land.nc", Raster(number + 1.0, catchment.CELL, catchment.CELL))
    random = np.random.default_rng(3)
    rotations = []
    for name in range(ROTATIONS):
        years = [CROPS[crop] for crop in random.permutation(len(CROPS))[:YEARS]]
        # dates a few days apart, as of a hundred farms
        spring, autumn = f"04-{1 + name % 10:02d}", f"11-{1 + name % 20:02d}"
        rotations.append(
            f'[rotation.r{name}]\nyears = {json.dumps(years)}\noffset = "by_parcel"\nevent = [\n'
            f'  {{ on = "{spring}", do = "till", implement = "disk-harrow", depth = "5 cm" }},\n'
            f'  {{ on = "{autumn}", do = "till", implement = "mouldboard-plough" }},\n'
            f'  {{ on = "{spring}", do = "manure", crop = "maize", amount = "30 t/ha" }},\n'
            + (WARM if years else "") + "]\n"
        )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    head, rest = text.split("[land]\n", 1)
    output = rest[rest.index("[output]") :]
    by_class = head[head.index("soc          =") : head.index("sic          =")]
    head = head.replace(by_class, 'soc = { value = "50 t/ha", depth = "30 cm" }\n')
    classes = ", ".join(f'{number + 1} = "r{number}"' for number in range(ROTATIONS))
    land = f'[land]\nmap = "land.nc"\nclasses = {{ {classes} }}\nparcels = {{ size = "4 ha" }}\n'
    head += "[climate.change]\ntemperature_trend = 0.3\n" if years else ""
    path.write_text(head + land + "".join(rotations) + output, encoding="utf-8")
    return path


def measure(folder: Path, size: int, years: int) -> dict[str, Any]:
    """CPU seconds per step of every process, and of making the tables."""
    from watershed_c.assembly import _units, assemble
    from watershed_c.scenario.load import load
    from watershed_c.scenario.resolve import resolve

    inputs = resolve(load(write(folder, size, years)), overwrite=True, available_memory=math.inf)
    started = time.process_time()
    tables = _units(inputs)
    made = time.process_time() - started
    del tables
    assembly = assemble(inputs)
    w, model = assembly.watershed, assembly.model
    for row, share in zip(w.constituents.of_group("soc"), SHARES, strict=True):
        np.multiply(inputs.column.soc, share, out=w.stocks[:, :, row])
    np.nan_to_num(w.stocks, copy=False)
    w.ledger.start_afresh()
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, process: Any) -> None:
        function: Callable[[float], None] = process.run_one_step

        def wrapped(dt: float) -> None:
            before = time.process_time()
            function(dt)
            spent[name] += time.process_time() - before

        process.run_one_step = wrapped

    for name, process in model.processes.items():
        timed(name, process)
    for _ in range(12):
        model.step()
    best: dict[str, float] = {}
    for _ in range(3):
        spent.clear()
        model.index = 12
        before = time.process_time()
        for _ in range(12):
            model.step()
        spent["whole step"] = time.process_time() - before
        best = {name: min(seconds / 12.0, best.get(name, math.inf)) for name, seconds in spent.items()}
    return {"cells": int(w.cells.size), "units": len(assembly.tables.names), "tables": made, "seconds": best}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--years", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.size, given.years)
    whole = found["seconds"]["whole step"]
    print(f"{found['cells']:,} cells, {found['units']:,} units; tables made in {found['tables']:.1f} s of CPU")
    for name, seconds in sorted(found["seconds"].items(), key=lambda item: -item[1]):
        print(f"  {name:18} {1e3 * seconds:9.2f} ms a step  {100.0 * seconds / whole:6.2f} %")


if __name__ == "__main__":
    main()
