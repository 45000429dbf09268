"""Speed and memory of the pool models at many points: ``python benchmarks/pools.py [--quick]``. See README.md.

Everything of the table is measured in one run: our engine, the same scheme in plain numpy and in a Python loop, and
pyRothC where the interpreter of ``--peer`` has it. Each row is a fresh process; times are of the processor but for those of
two threads (wall).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

#: weather series that the points share
SERIES = 100
MONTHS = 240
#: yr-1, decay of radiocarbon: mean life of 8267 yr (Stuiver & Polach 1977)
RADIOCARBON = 1.0 / 8267.0
DEPTH = 0.23
RATES = np.array([10.0, 0.3, 0.66, 0.02])


def case(name: str, points: int, months: int = MONTHS, *, twin: bool = False, mixed: bool = False) -> tuple[Any, ...]:
    """Model, drivers, soil and start: own clay and stocks, shared weather; ``mixed``: neighbours differ in weather."""
    from watershed_c.pools.loader import load_model
    from watershed_c.pools.points import Drivers, Soil

    model = load_model(name)
    rng = np.random.default_rng(1)
    month = np.arange(months)[:, None]
    summer = np.sin(2.0 * np.pi * (month - 3.0) / 12.0)
    weather = {
        "temperature": 10.0 + 8.0 * summer + rng.normal(0.0, 2.0, (months, SERIES)),
        "rain": rng.uniform(20.0, 110.0, (months, SERIES)),
        "pet": np.repeat(50.0 + 45.0 * summer, SERIES, axis=1),
    }
    drivers = Drivers(
        weather,
        ((month % 12 > 3) & (month % 12 < 10)).astype(np.float64),
        np.full((months, 1, 1), 0.03),
        model.allocate("plant")[None],
        np.ones((months, 1)) if twin else np.zeros((months, 0)),
    )
    one = np.zeros(points, dtype=np.int64)
    series = rng.integers(0, SERIES, points) if mixed else np.arange(points) * SERIES // points
    properties = {name: rng.uniform(5.0, 45.0, points) for name in model.properties}
    start = np.repeat(rng.uniform(0.1, 2.0, (1, len(model.pools), points)), 2 if twin else 1, axis=0)
    return model, drivers, Soil(properties, series, one, one, np.array([DEPTH])), start


def best_of(function: Callable[[], Any], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Shortest of some repeats after a first call that compiles, s."""
    function()
    shortest = math.inf
    for _ in range(repeats):
        started = clock()
        function()
        shortest = min(shortest, clock() - started)
    return shortest


# -- what a subprocess does: ns per cell-layer and month ---------------------------------------------------------------
def task_points(
    name: str, points: int, scheme: str = "", twin: bool = False, mixed: bool = False, repeats: int = 3
) -> dict[str, float]:
    """Our engine, all of ``run_points``."""
    from watershed_c.machine import peak_memory
    from watershed_c.parallel import set_threads
    from watershed_c.pools.points import run_points

    set_threads(1)
    model, drivers, soil, start = case(name, points, twin=twin, mixed=mixed)
    last = np.array([MONTHS - 1])
    decay = (RADIOCARBON,) if twin else ()
    run_points(*case(name, 2560, twin=twin), scheme=scheme, decay=decay, record=last)  # compiles

    def run() -> None:
        run_points(model, drivers, soil, start, record=last, scheme=scheme, decay=decay)

    result = {"ns": best_of(run, repeats) / points / MONTHS * 1e9, "peak": peak_memory()}
    tracemalloc.start()  # arrays of numpy count
    run()
    result["bytes"] = tracemalloc.get_traced_memory()[1] / points
    result["state"] = start.nbytes / points
    return result


def task_threads(points: int, repeats: int) -> dict[str, float]:
    """RothC on one thread and on two by turns, by the clock on the wall; processor time of two to that of one."""
    from watershed_c.parallel import set_threads
    from watershed_c.pools.points import run_points

    given = case("rothc", points)
    last = np.array([MONTHS - 1])
    shortest = {}
    for count in (1, 2) * (repeats + 1):  # the first of each compiles, or makes the pool of threads
        set_threads(count)
        times = [clock() for clock in (time.perf_counter, time.process_time)]
        run_points(*given, record=last)
        wall, processor = (clock() - t for clock, t in zip((time.perf_counter, time.process_time), times, strict=True))
        before = shortest.get(count, (math.inf, math.inf))
        shortest[count] = (min(before[0], wall), min(before[1], processor))
    (one, processor), (two, together) = shortest[1], shortest[2]
    return {"ns": two / points / MONTHS * 1e9, "faster": one / two, "processor": together / processor}


def task_first_call(name: str) -> dict[str, float]:
    """Processor seconds of the first run of one point: nearly all of them numba compiles."""
    from watershed_c.pools.points import run_points

    given = case(name, 1, 12)
    started = time.process_time()
    run_points(*given)
    return {"seconds": time.process_time() - started}


def task_mimics(points: int, repeats: int) -> dict[str, float]:
    """One Runge-Kutta step of a day, with what its rates cost."""
    from watershed_c.kernels import mimics

    block = mimics.BLOCK
    parameters = np.array([value for value, _, _ in mimics.PARAMETERS.values()])
    rng = np.random.default_rng(1)
    clay = rng.uniform(5.0, 45.0, block)
    rate = np.empty((len(mimics.RATES), block))
    full = np.ones(block)
    soil = (10.0 * full, full, clay, 0.4 * full, 0.2 * full, 0.3 * full, parameters, rate)
    inputs = np.zeros((7, block))
    inputs[:2] = 0.2
    state = inputs[:1].mean() * np.array(mimics.RESIDENCE_YEARS)[:, None] * np.ones((1, block))
    work, released, leached = np.empty(mimics.SCRATCH), np.empty(block), np.empty(block)
    steps = max(1, points // block // 10)

    def run() -> None:
        for _ in range(steps):
            mimics.rates(*soil)
            mimics.advance(state, rate, inputs, 1.0 / 365.25, 1, work, released, leached)

    seconds = best_of(run, repeats)
    if not np.isfinite(state).all():
        raise RuntimeError("the run of MIMICS is not finite")
    return {"ns": seconds / steps / block * 1e9}


def task_periodic(
    name: str, points: int, repeats: int, apart: bool = False, scheme: str = ""
) -> dict[str, float]:
    """Steady state of a repeated year, per cell-layer; ``apart``: lignin enters in April, all else in October."""
    from watershed_c.parallel import set_threads
    from watershed_c.pools.periodic import periodic_state

    set_threads(1)
    model, drivers, soil, _ = case(name, points, 12)
    if apart:
        lignin = np.array([pool.endswith("lignin") for pool in model.pools])
        share = drivers.share * np.array([lignin, ~lignin])
        drivers = dataclasses.replace(drivers, share=share, amount=np.zeros((12, 2, 1)))
        drivers.amount[[3, 9], [0, 1], 0] = 0.36
    state = periodic_state(model, drivers, soil, scheme=scheme)[0]
    if not np.isfinite(state).all():
        raise RuntimeError("no steady state")
    return {"ns": best_of(lambda: periodic_state(model, drivers, soil, scheme=scheme), repeats) / points * 1e9}


def task_numpy(points: int, repeats: int) -> dict[str, float]:
    """RothC's scheme, all points of a month at once: what one writes in numpy."""
    _, drivers, soil, start = case("rothc", points)
    factor, shares, deficit_limit = _by_hand(drivers, soil)
    inputs = drivers.amount[:, 0, 0, None] * drivers.share[0, :4]
    cover = drivers.plant_cover[:, 0] > 0.5
    net_rain = drivers.weather["rain"] - drivers.weather["pet"]

    def run() -> np.ndarray:
        pools, deficit = start[0, :4].copy(), np.zeros(points)
        for m in range(MONTHS):
            limit = deficit_limit if cover[m] else np.minimum(0.556 * deficit_limit, deficit)
            deficit = np.maximum(limit, np.minimum(0.0, deficit + net_rain[m, soil.weather]))
            ramp = np.clip(0.2 + 0.8 * (deficit_limit - deficit) / (0.556 * deficit_limit), 0.2, 1.0)
            modifier = factor[m, soil.weather] * ramp * (0.6 if cover[m] else 1.0)
            left = pools * np.exp(-RATES[:, None] * modifier / 12.0)
            lost = (pools - left).sum(axis=0)
            pools = left
            pools[2:] += shares * lost
            pools += inputs[m][:, None]
        return pools

    return {"ns": best_of(run, repeats) / points / MONTHS * 1e9}


def task_python(points: int, repeats: int) -> dict[str, float]:
    """RothC's scheme in a pure Python loop, a point after the other."""
    _, drivers, soil, start = case("rothc", points)
    factor, shares, deficit_limit = _by_hand(drivers, soil)
    inputs = (drivers.amount[:, 0, 0, None] * drivers.share[0, :4]).tolist()
    cover = (drivers.plant_cover[:, 0] > 0.5).tolist()
    net_rain = (drivers.weather["rain"] - drivers.weather["pet"]).T.tolist()
    weather = factor.T.tolist()
    rates = RATES.tolist()

    def run() -> None:
        for point in range(points):
            pools, deficit, bottom = start[0, :4, point].tolist(), 0.0, float(deficit_limit[point])
            to_bio, to_hum = shares[:, point].tolist()
            rain, warmth = net_rain[soil.weather[point]], weather[soil.weather[point]]
            for m in range(MONTHS):
                limit = bottom if cover[m] else min(0.556 * bottom, deficit)
                deficit = max(limit, min(0.0, deficit + rain[m]))
                ramp = min(1.0, max(0.2, 0.2 + 0.8 * (bottom - deficit) / (0.556 * bottom)))
                modifier = warmth[m] * ramp * (0.6 if cover[m] else 1.0)
                left = [pool * math.exp(-rate * modifier / 12.0) for pool, rate in zip(pools, rates, strict=True)]
                lost = sum(pools) - sum(left)
                left[2] += to_bio * lost
                left[3] += to_hum * lost
                pools = [pool + more for pool, more in zip(left, inputs[m], strict=True)]

    return {"ns": best_of(run, repeats) / points / MONTHS * 1e9}


def _by_hand(drivers: Any, soil: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RothC's temperature factor (M, W), shares to BIO and HUM (2, n), and lowest deficit (n)."""
    temperature = np.maximum(drivers.weather["temperature"], -18.26)
    factor = np.where(temperature < -5.0, 0.0, 47.91 / (1.0 + np.exp(106.06 / (temperature + 18.27))))
    clay = soil.properties["clay"]
    kept = 1.0 / (1.0 + 1.67 * (1.85 + 1.6 * np.exp(-0.0786 * clay)))
    return factor, np.stack((0.46 * kept, 0.54 * kept)), -(20.0 + 1.3 * clay - 0.01 * clay**2) * DEPTH / 0.23


#: of another interpreter, which needs nothing of ours
PEER = """
import json, time
import numpy as np
from pyRothC.RothC import RothC
month = np.arange(12)
summer = np.sin(2 * np.pi * (month - 3) / 12)
years = YEARS
def run():
    model = RothC(temperature=10 + 8 * summer, precip=np.full(12, 65.0), evaporation=50 + 45 * summer, years=years,
                  clay=23.4, soil_thickness=23.0, input_carbon=3.6, pE=1.0, DR=1.44, bare=False, C0=np.array([0.1, 5, 1, 20, 3.0]))
    return model.compute()
run()
best = min((run(), time.process_time() - started)[1] for started in (time.process_time() for _ in range(REPEATS)))
print(json.dumps({"ns": best / years / 12 * 1e9}))
"""

TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "points": task_points,
    "threads": task_threads,
    "first_call": task_first_call,
    "mimics": task_mimics,
    "periodic": task_periodic,
    "numpy": task_numpy,
    "python": task_python,
}


# -- asking for it -----------------------------------------------------------------------------------------------------
def measure(cache: str, task: str, **arguments: Any) -> dict[str, float]:
    """Run a task in a process of its own, with kernels compiled in ``cache``."""
    command = [sys.executable, __file__, "--task", json.dumps({"task": task, **arguments})]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def peer(interpreter: str, quick: bool) -> dict[str, float] | str:
    """pyRothC's time, or why there is none."""
    script = PEER.replace("YEARS", "20" if quick else "100").replace("REPEATS", "3")
    done = subprocess.run([interpreter, "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the points, fewer repeats")
    parser.add_argument("--peer", default=sys.executable, help="interpreter that has pyRothC (default: this one)")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        order = json.loads(chosen.task)
        print(json.dumps(TASKS[order.pop("task")](**order), default=float))
        return

    points, repeats = (100_000, 2) if chosen.quick else (1_000_000, 3)
    fewer = points // 10
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load before "
        f"{os.getloadavg()[0]:.1f}; {points} points x {MONTHS} months, {SERIES} weather series\n"
    )
    print("| what | ns per cell-layer and month | aim | times RothC here |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as cache:
        compiling = {name: measure(cache, "first_call", name=name)["seconds"] for name in ("rothc", "century")}
        rothc = measure(cache, "points", name="rothc", points=points, repeats=repeats)
        own = rothc["ns"]

        def tell(what: str, ns: float, aim: str = "") -> None:
            print(f"| {what} | {ns:.3g} | {aim} | {ns / own:.3g} |", flush=True)

        tell("RothC, one thread", own, "8")
        mixed = measure(cache, "points", name="rothc", points=points, repeats=repeats, mixed=True)["ns"]
        tell("RothC, neighbours differ in weather", mixed)
        both = measure(cache, "threads", points=points, repeats=repeats)
        tell("RothC, two threads (wall)", both["ns"], f"1.6 times faster: {both['faster']:.2f} times, by turns with one")
        twin = measure(cache, "points", name="rothc", points=points // 2, repeats=repeats, twin=True)
        tell("RothC with 14C", twin["ns"], "16")
        for scheme, label, aim in (("sequential_exponential", "each pool", "60"), ("exact", "matrix", "200")):
            found = measure(cache, "points", name="century", points=fewer, scheme=scheme, repeats=repeats)
            tell(f"CENTURY, exponential of {label}", found["ns"], aim)
        tell("MIMICS, a Runge-Kutta step with its rates", measure(cache, "mimics", points=points, repeats=9)["ns"], "100")
        tell("numpy, RothC's scheme", measure(cache, "numpy", points=fewer, repeats=repeats)["ns"])
        tell("Python loop, RothC's scheme", measure(cache, "python", points=points // 5000, repeats=repeats)["ns"])
        other = peer(chosen.peer, chosen.quick)
        if isinstance(other, str):
            print(f"\npyRothC is not in the table: {other}")
        else:
            tell("pyRothC", other["ns"])
        print("\nSteady state of a repeated year, one thread, us per cell-layer:", end=" ")
        asked: list[tuple[str, dict[str, Any]]] = [
            ("RothC", {"name": "rothc", "points": fewer}),
            ("CENTURY, each pool", {"name": "century", "points": fewer // 4, "scheme": "sequential_exponential"}),
            ("CENTURY, matrix", {"name": "century", "points": fewer // 4}),
            ("CENTURY, matrix, lignin in a month of its own", {"name": "century", "points": fewer // 4, "apart": True}),
        ]
        states = [(label, measure(cache, "periodic", repeats=3, **how)["ns"] / 1000.0) for label, how in asked]
        print(", ".join(f"{label} {us:.3g}" for label, us in states), "(aim 3)")
    print(f"Two threads take {both['processor']:.2f} times the processor time of one")
    for label, found in (("RothC", rothc), ("RothC with 14C", twin)):
        print(
            f"Memory of {label}: process at its peak {found['peak'] / 2**20:.0f} MiB; state {found['state']:.0f} B per "
            f"point, a run takes {found['bytes']:.0f} B per point more, its result among them"
        )
    print("First call, processor seconds: " + ", ".join(f"{name} {s:.1f}" for name, s in compiling.items()))
    print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
