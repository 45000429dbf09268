"""Time and memory of the coupled run: ``python benchmarks/coupled.py [--quick]``. See README.md.

Everything measured runs in a process of its own: one task, one fresh interpreter, one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
YEARS = 50
#: months of each run, and repeats of which the shortest counts
MONTHS = {64: (600, 2), 256: (120, 2), 1024: (12, 1)}
#: shares of SOC in DPM, RPM, BIO, HUM, IOM that a run begins with where initial carbon is not what is measured
SHARES = (0.005, 0.14, 0.02, 0.75, 0.085)


# -- what a subprocess does --------------------------------------------------------------------------------------------
def assembled(folder: Path, size: int) -> Any:
    """The synthetic catchment with every process on, its SOC set to fixed shares instead of solved for."""
    sys.path.insert(0, str(HERE))
    import catchment
    import numpy as np

    from watershed_c.assembly import assemble
    from watershed_c.scenario.load import load
    from watershed_c.scenario.resolve import resolve

    path = catchment.write(folder, size, YEARS)
    assembly = assemble(resolve(load(path), overwrite=True, available_memory=math.inf))
    w = assembly.watershed
    rows = w.constituents.of_group("soc")
    for row, share in zip(rows, SHARES, strict=True):  # no more memory than the model itself takes
        np.multiply(assembly.inputs.column.soc, share, out=w.stocks[:, :, row])
        np.multiply(assembly.inputs.column.substratum_soc, share, out=w.substratum[:, row])
    for values in (w.stocks, w.substratum):
        np.nan_to_num(values, copy=False)
    w.ledger.start_afresh()
    assembly.let_inputs_go()  # as a run does
    return assembly


def task_steps(folder: Path, size: int, months: int, repeats: int) -> dict[str, float]:
    """Seconds per step of a running model (a year before does not count), and peak memory."""
    from watershed_c.machine import mapped_memory, peak_memory

    assembly = assembled(folder, size)
    model, w = assembly.model, assembly.watershed
    for _ in range(12):
        model.step()
    seconds = math.inf
    for _ in range(repeats):
        model.index = 12
        started = time.perf_counter()
        for _ in range(months):
            model.step()
        seconds = min(seconds, time.perf_counter() - started)
    return {
        "cells": w.cells.size, "layers": w.layer_bottom.size, "seconds_per_step": seconds / months,
        "peak": peak_memory(), "mapped": mapped_memory(),
    }  # fmt: skip


def watched(model: Any) -> dict[str, float]:
    """Seconds of every process, bookings apart, and of the checks: filled as the model steps."""
    ledger = model.watershed.ledger
    spent: dict[str, float] = defaultdict(float)

    def timed(owner: Any, method: str, label: str) -> None:
        function: Callable[..., Any] = getattr(owner, method)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            booked, started = spent["ledger: bookings"], time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                inner = spent["ledger: bookings"] - booked
                spent[label] += time.perf_counter() - started - inner

        setattr(owner, method, wrapped)

    for name, process in model.processes.items():
        timed(process, "run_one_step", name)
    timed(ledger, "book", "ledger: bookings")
    timed(ledger, "check", "ledger: checks")
    return spent


def task_processes(folder: Path, size: int, threads: int) -> dict[str, Any]:
    """Seconds per step of every process, bookings apart, and of the checks."""
    from watershed_c.parallel import set_threads

    assembly = assembled(folder, size)
    set_threads(threads)
    model = assembly.model
    spent = watched(model)
    for _ in range(12):
        model.step()
    best: dict[str, float] = {}
    for _ in range(3):
        spent.clear()
        model.index = 12
        started = time.perf_counter()
        for _ in range(12):
            model.step()
        spent["whole step"] = time.perf_counter() - started
        for label, seconds in spent.items():
            best[label] = min(best.get(label, math.inf), seconds / 12.0)
    return {"cells": assembly.watershed.cells.size, "layers": assembly.watershed.layer_bottom.size, "seconds": best}


def task_century(folder: Path, size: int, years: int) -> dict[str, Any]:
    """Seconds per step, of which in each process, with the network found anew every January; and peak memory."""
    from watershed_c.machine import peak_memory

    assembly = assembled(folder, size)
    model, w = assembly.model, assembly.watershed
    spent = watched(model)
    router = model.processes["flow_routing"]
    for _ in range(12):
        model.step()
    spent.clear()
    started, processor = time.perf_counter(), time.process_time()
    for month in range(12 * years):
        if month % 12 == 0:
            routing = time.perf_counter()
            router.route()
            spent["flow_routing, anew"] += time.perf_counter() - routing
        model.step()
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    spent["rest"] = seconds - sum(spent.values())
    return {
        "cells": w.cells.size, "layers": w.layer_bottom.size, "months": 12 * years, "seconds": seconds / (12 * years),
        "processor": processor / (12 * years), "peak": peak_memory(),
        "parts": {name: value / (12 * years) for name, value in spent.items()},
    }  # fmt: skip


def task_run(folder: Path, scenario: str, size: int) -> dict[str, Any]:
    """A whole run from the command line's entry, with the time numba compiles."""
    started = time.perf_counter()
    sys.path.insert(0, str(HERE))
    import catchment
    from numba.core import event

    from watershed_c.machine import peak_memory
    from watershed_c.simulation import run

    path = scenario or str(catchment.write(folder, size, YEARS))
    with event.install_listener("numba:compile", event.TimingListener()) as compiling:
        finished = run(path, output=folder / "out", overwrite=True, quiet=True)
    record = json.loads((finished.directory / "run.json").read_text())
    return {
        "wall": time.perf_counter() - started,
        "compiling": compiling.duration if compiling.done else 0.0,
        "seconds": record["seconds"],
        "corrections": record["initial_carbon"]["corrections"],
        "cells": record["cells"],
        "steps": record["steps"],
        "peak": peak_memory(),
    }


def task_kernels(folder: Path) -> dict[str, float]:
    """Processor seconds numba compiles, by kernel (what it calls included)."""
    from numba.core import event

    from watershed_c.simulation import run

    class Watch(event.Listener):
        def __init__(self) -> None:
            self.depth, self.spent = 0, defaultdict(float)

        def on_start(self, happening: Any) -> None:
            if self.depth == 0:
                self.started = time.process_time()
            self.depth += 1

        def on_end(self, happening: Any) -> None:
            self.depth -= 1
            if self.depth == 0:
                function = happening.data["dispatcher"].py_func
                self.spent[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] += time.process_time() - self.started

    watch = Watch()
    with event.install_listener("numba:compile", watch):
        run("jacksboro", output=folder / "out", overwrite=True, quiet=True)
    return dict(watch.spent)


TASKS = {"steps": task_steps, "processes": task_processes, "century": task_century, "run": task_run, "kernels": task_kernels}


# -- asking for it -----------------------------------------------------------------------------------------------------
def measure(task: str, *, cache: str | None = None, **arguments: Any) -> Any:
    """Run a task in a subprocess; ``cache`` is a folder of compiled kernels other than the usual one."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--task", json.dumps({"task": task, "folder": folder, **arguments})]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without 1024 x 1024 and without the whole run of 256 x 256")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        order = json.loads(chosen.task)
        task, folder = TASKS[order.pop("task")], Path(order.pop("folder"))
        print(json.dumps(task(folder, **order), default=float))
        return

    cores = os.cpu_count() or 1
    print(f"{cores} cores, {platform.processor() or platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as cache:
        cold = measure("run", cache=cache, scenario="jacksboro", size=0)
        warm = min((measure("run", cache=cache, scenario="jacksboro", size=0) for _ in range(2)), key=lambda result: result["wall"])
        print(f"\njacksboro ({cold['cells']} cells, {cold['steps']} months), no compiled kernels: {cold['wall']:.1f} s, of which {cold['compiling']:.1f} s compiling")
        print(f"jacksboro, kernels compiled before: {warm['wall']:.1f} s  {_parts(warm)}")

        tiny = measure("steps", cache=cache, size=10, months=120, repeats=3)
        by_process = measure("processes", cache=cache, size=128 if chosen.quick else 256, threads=1)
        per = 1e9 / (by_process["cells"] * by_process["layers"])
        print(f"\nns per cell-layer-step, one thread, {by_process['cells']} cells x {by_process['layers']} layers")
        for label, seconds in sorted(by_process["seconds"].items(), key=lambda item: -item[1]):
            print(f"  {label:<20s} {seconds * per:7.1f}")
        print(f"  {'overhead of a step':<20s} {1e3 * tiny['seconds_per_step']:7.2f} ms (on {tiny['cells']} cells)")

        sizes = [64, 256] if chosen.quick else [64, 256, 1024]
        results = {}
        print(f"\nsteps on {cores} cores, SOC set; {YEARS} years = {12 * YEARS} steps")
        for size in sizes:
            months, repeats = MONTHS[size]
            results[size] = result = measure("steps", cache=cache, size=size, months=months, repeats=repeats)
            print(
                f"  {size:>4d} x {size:<4d} {result['cells']:>8d} cells  {1e3 * result['seconds_per_step']:8.1f} ms a step ({months} measured)  "
                f"{12 * YEARS * result['seconds_per_step']:7.1f} s for {YEARS} years  {1e9 * result['seconds_per_step'] / result['cells'] / result['layers']:6.0f} ns  "
                f"peak {result['peak'] / 2**20:6.0f} MiB"
            )
        small, large = results[sizes[0]], results[sizes[-1]]
        growth = math.log(large["seconds_per_step"] / small["seconds_per_step"]) / math.log(large["cells"] / small["cells"])
        print(f"  growth exponent {sizes[0]} to {sizes[-1]}: {growth:.3f}")
        low = results[256] if not chosen.quick else small
        print(f"  memory per cell {low['cells']} to {large['cells']} cells: {(large['peak'] - low['peak']) / (large['cells'] - low['cells']):.0f} B")
        _tell_century(measure("century", cache=cache, size=sizes[-1], years=2))
        if not chosen.quick:
            whole = measure("run", cache=cache, scenario="", size=256)
            print(f"\n256 x 256, {YEARS} years, whole run with initial carbon ({whole['corrections']} corrections): {whole['wall']:.1f} s  {_parts(whole)}  peak {whole['peak'] / 2**20:.0f} MiB")
    with tempfile.TemporaryDirectory() as cache:
        kernels = measure("kernels", cache=cache)
    print(f"\ncompiling, s by kernel (sum {sum(kernels.values()):.1f})")
    for name, seconds in sorted(kernels.items(), key=lambda item: -item[1]):
        print(f"  {name:<40s} {seconds:5.2f}")


def _tell_century(century: dict[str, Any]) -> None:
    """A century of months as so many of those measured, and where their time goes."""
    steps, per = 1200, 1e9 / century["cells"]
    print(
        f"\na century of months, {century['cells']} cells x {century['layers']} layers, network anew every January: "
        f"{century['seconds']:.2f} s a step ({century['months']} measured; {century['processor']:.2f} s of processors) x {steps} = "
        f"{century['seconds'] * steps / 60.0:.1f} min (aim 20), peak {century['peak'] / 2**30:.2f} GiB (aim 4)"
    )
    for label, seconds in sorted(century["parts"].items(), key=lambda item: -item[1]):
        print(f"  {label:<20s} {1e3 * seconds:7.1f} ms a step, {seconds * per:6.1f} ns per cell")


def _parts(result: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name} {seconds:.1f}" for name, seconds in result["seconds"].items()) + ")"


if __name__ == "__main__":
    main()
