"""The state that a year which repeats for ever brings about, without running it for ever."""

from __future__ import annotations

import numpy as np

from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.points import Course, Drivers, Soil, run_points

#: cells solved at a time: 10 pools, their matrices and their runs take 10 MB
CHUNK = 4_000
#: kg m-2, change of the deficit over a cycle at which it repeats
SETTLED_DEFICIT = 1e-9
#: change of the stocks by a step of Newton, relative to the largest, at which the state repeats; and the one from which
#: on a step about as long as the one before is round-off (a slow pool multiplies it by its years of turnover)
SETTLED, ROUND_OFF = 1e-13, 1e-9
#: share of a pool that a cycle must turn over: below it there is only round-off
LEAST_LOSS = 1e-12
MOST_CYCLES = 100


def periodic_deficit(model: CompiledPoolModel, year: Drivers, soil: Soil, *, steps_per_year: int = 12) -> np.ndarray:
    """Topsoil moisture deficit (n, kg m-2) at the end of a cycle that repeats; empty for models without.

    Raises
    ------
    ValueError
        As :func:`watershed_c.pools.points.run_points`.
    """
    points = soil.weather.size
    nothing = np.zeros((1, len(model.pools), points))
    deficit = np.zeros(points)
    last = np.array([year.steps - 1])
    for _ in range(MOST_CYCLES):
        after = run_points(
            model, year, soil, nothing, record=last, deficit=deficit, steps_per_year=steps_per_year
        ).deficit
        if not after.size or np.abs(after - deficit).max(initial=0.0) <= SETTLED_DEFICIT:
            return after
        deficit = after
    return deficit


def periodic_state(
    model: CompiledPoolModel,
    year: Drivers,
    soil: Soil,
    *,
    inert: np.ndarray | float = 0.0,
    scheme: str = "",
    steps_per_year: int = 12,
    decay: tuple[float, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Pools at the end of a cycle that leaves them as it found them, in closed form.

    A cycle of a linear model is the affine map ``x -> F x + b``. It is run once from nothing (``b``) and once from a
    unit of each pool; then ``(I - F) x = b``. Where protection by lignin makes the map depend on the state the same is
    done around the state found until that repeats (Newton).

    Parameters
    ----------
    year : Drivers
        The cycle; any number of rows. Twins as it has them.
    inert : () or (S, n), kg C m-2
        Stock of the inert pools, shared evenly should there be several.
    decay : (T), yr-1

    Returns
    -------
    state : (S, P, n), kg C m-2
        nan where nothing decays or carbon reaches a pool that does not.
    deficit : (n), kg m-2
    """
    points = soil.weather.size
    states = 1 + len(decay)
    deficit = periodic_deficit(model, year, soil, steps_per_year=steps_per_year)
    result = np.empty((states, len(model.pools), points))
    for begin in range(0, points, CHUNK):
        part = np.arange(begin, min(begin + CHUNK, points))
        result[:, :, part] = _solve(
            model, year, _select(soil, part), deficit[part] if deficit.size else deficit, scheme, steps_per_year, decay
        )
    result[:, model.inert, :] = np.asarray(inert) / max(int(model.inert.sum()), 1)
    return result, deficit


def _solve(
    model: CompiledPoolModel,
    year: Drivers,
    soil: Soil,
    deficit: np.ndarray,
    scheme: str,
    steps_per_year: int,
    decay: tuple[float, ...],
) -> np.ndarray:
    active = np.flatnonzero(~model.inert)
    count, points, states = active.size, soil.weather.size, 1 + len(decay)
    many = _select(soil, np.tile(np.arange(points), count + 1))
    start = np.zeros((states, len(model.pools), (count + 1) * points))
    linear = not any(law.factor == "lignin" for law in model.dynamic)

    def cycle() -> np.ndarray:
        course: Course = run_points(
            model, year, many, start, record=np.array([year.steps - 1]), scheme=scheme,
            steps_per_year=steps_per_year, decay=decay, deficit=np.tile(deficit, count + 1) if deficit.size else 0.0,
        )  # fmt: skip
        return course.pools[0][:, active, :].reshape(states, count, count + 1, points)

    # of nothing the share of lignin jumps with the first crumb: there is no slope to follow there
    state = np.zeros((states, count, points)) if linear else np.nan_to_num(cycle()[:, :, 0])
    moved = np.inf
    for _ in range(MOST_CYCLES):
        unit = np.maximum(state[0].max(axis=0), 1.0) * (1.0 if linear else 1e-6)
        view = start.reshape(states, len(model.pools), count + 1, points)
        view[:, active] = state[:, :, None, :]
        for column, pool in enumerate(active):
            view[:, pool, column + 1] += unit
        after = cycle()
        slope = (after[:, :, 1:] - after[:, :, :1]) / unit  # (S, receiver, donor, n)
        matrix = np.eye(count) - np.moveaxis(slope, 3, 1)
        wrong = np.moveaxis(after[:, :, 0] - state, 2, 1)[..., None]
        with np.errstate(all="ignore"):
            turned = np.diagonal(matrix, axis1=2, axis2=3)
            solvable: np.ndarray = np.all(turned > LEAST_LOSS, axis=2)
            matrix[~solvable] = np.eye(count)
            change = np.moveaxis(np.linalg.solve(matrix, wrong)[..., 0], 2, 1)
        change[np.broadcast_to(~solvable[:, None], change.shape)] = np.nan
        state = state + change if linear else np.maximum(state + change, 0.0)
        before, moved = moved, np.nanmax(np.abs(change), initial=0.0) / max(np.nanmax(state, initial=0.0), 1e-300)
        if linear or moved <= SETTLED or 0.5 * before < moved <= ROUND_OFF:
            break
    full = np.zeros((states, len(model.pools), points))
    full[:, active] = state
    return full


def _select(soil: Soil, index: np.ndarray) -> Soil:
    """Some of the points."""

    def take(values: np.ndarray) -> np.ndarray:
        values = np.asarray(values)
        return values if values.size == 1 else values[index]

    def column(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (soil.weather.size,))[index]

    limits = None if soil.limits is None else tuple(take(values) for values in soil.limits)
    return Soil(
        {name: take(values) for name, values in soil.properties.items()},
        column(soil.weather),
        column(soil.cover),
        column(soil.input),
        take(soil.depth),
        limits,  # type: ignore[arg-type]
        take(soil.driest_factor),
    )
