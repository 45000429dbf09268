"""The state that a year which repeats for ever brings about, without running it for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.points import MODIFIER, Course, Drivers, Soil, keeps_deficit, run_points

#: cells solved at a time: their pools and the columns of their maps take some MB
CHUNK = 16_384
#: kg m-2, change of the deficit over a cycle at which it repeats
SETTLED_DEFICIT = 1e-9
#: change of the stocks by a solution, relative to the largest, at which the state repeats; and the one from which on
#: a change about as large as the one before is round-off
SETTLED, ROUND_OFF = 1e-12, 1e-11
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
    if not keeps_deficit(model) or MODIFIER in year.weather:
        return np.zeros(0)
    deciding = next(law.pools for law in model.dynamic if law.factor == "moisture")
    one = np.flatnonzero(deciding & ~model.inert)[:1]  # no pool matters, but a model has some
    unfed = replace(year, share=np.zeros((len(year.share), 1)), activity=np.zeros((0, 0)), pool_factor=None)
    nothing, deficit = np.zeros((1, 1, soil.weather.size)), np.zeros(soil.weather.size)
    for _ in range(MOST_CYCLES):
        after = run_points(
            _part(model, one), unfed, soil, nothing, record=np.array([year.steps - 1]), deficit=deficit,
            steps_per_year=steps_per_year,
        ).deficit  # fmt: skip
        if np.abs(after - deficit).max(initial=0.0) <= SETTLED_DEFICIT:
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

    A cycle of a linear model is the affine map ``x -> F x + b``: ``b`` is a run from nothing, a column of ``F`` a run
    from a unit of a pool without input; then ``(I - F) x = b``. Pools that no other feeds (litter) come first: of them
    one run tells all of ``F``, and what they give drives the others. Protection by lignin makes the map depend on the
    state: it is taken along the course of the state found last, until that repeats.

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
    """Pools (S, P, n); inert ones are left at nothing."""
    decays = (0.0, *decay)
    points, states = soil.weather.size, len(decays)
    active = np.flatnonzero(~model.inert)
    heads = np.setdiff1d(active, model.destination)
    lignin = [law.pools | law.ratio_of | law.ratio_in for law in model.dynamic if law.factor == "lignin"]
    if any(concerned[np.setdiff1d(active, heads)].any() for concerned in lignin):
        heads = active[:0]
    full = np.zeros((states, len(model.pools), points))

    def cycle(pools: np.ndarray, start: np.ndarray, decays: tuple[float, ...], fed: bool = True) -> np.ndarray:
        """The end (S, pools, n) of a year of some pools; there is input to the first states, as many as we look for."""
        activity = np.zeros((year.steps, len(start) - 1))
        activity[:, : states - 1] = year.activity.reshape(year.steps, -1)
        driven = replace(
            year,
            share=np.asarray(year.share)[:, pools] * float(fed),
            activity=activity,
            pool_factor=None if year.pool_factor is None else year.pool_factor[:, pools],
        )
        course: Course = run_points(
            _part(model, pools), driven, soil, start, record=np.array([year.steps - 1]), scheme=scheme,
            steps_per_year=steps_per_year, decay=decays[1:], deficit=deficit if deficit.size else 0.0,
        )  # fmt: skip
        return course.pools[0]

    def settle(pools: np.ndarray, unknown: np.ndarray, units: np.ndarray, protected: bool) -> None:
        """Solve for the ``unknown`` of some pools; the others repeat. ``units`` (C, unknown): where columns start."""
        columns = np.repeat(np.tile(units, (states, 1))[:, :, None], points, axis=2)
        fading = tuple(rate for rate in decays for _ in units)
        place, moved = np.searchsorted(pools, unknown), np.inf
        for _ in range(MOST_CYCLES):
            if protected:  # by the same lignin
                together = np.concatenate((full[:, pools], np.zeros((len(columns), pools.size, points))))
                together[states:, place] = columns
                end = cycle(pools, together, (*decays, *fading))[:, place]
                after, kept = end[:states], end[states:]
            else:
                after, kept = cycle(pools, full[:, pools], decays)[:, place], cycle(unknown, columns, fading, fed=False)
            change = _fixed_point(kept.reshape(states, len(units), *after.shape[1:]), after - full[:, unknown])
            full[:, unknown] = np.maximum(full[:, unknown] + change, 0.0)
            largest = np.maximum(full[0].max(axis=0), 1e-300)
            before, moved = moved, np.nanmax(np.abs(change[0]).max(axis=0) / largest, initial=0.0)
            if not protected or moved <= SETTLED or 0.5 * before < moved <= ROUND_OFF:
                return

    if lignin:  # of nothing its share jumps with the first crumb; that of the input is near the one to be found
        full[0] = (np.asarray(year.share).T @ year.amount.sum(axis=0))[:, soil.input]
        full[0, model.inert] = 0.0
    if heads.size:
        settle(heads, heads, np.ones((1, heads.size)), bool(lignin))
    rest = np.setdiff1d(active, heads)
    if rest.size:
        protected = bool(lignin) and not heads.size
        if not protected:
            full[:, rest] = 0.0
        settle(active, rest, np.eye(rest.size), protected)
    return np.where(np.isnan(full).any(axis=1, keepdims=True), np.nan, full)


def _fixed_point(kept: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """``(I - F)^-1 gained`` (S, U, n), of columns (S, C, U, n) of F; with a single one F is diagonal.

    Elimination needs no pivots: what a pool loses is no less than what others get of it. nan where a pool turns over
    nothing.
    """
    count = kept.shape[1]
    if count == 1:
        turned = 1.0 - kept[:, 0]
        turned[turned <= LEAST_LOSS] = np.nan
        return np.where(np.isnan(turned).any(axis=1, keepdims=True), np.nan, gained / turned)
    matrix, rest = np.eye(count)[None, :, :, None] - np.swapaxes(kept, 1, 2), gained.copy()
    for k in range(count):
        matrix[:, k, k][matrix[:, k, k] <= LEAST_LOSS] = np.nan
        for i in range(k + 1, count):
            factor = matrix[:, i, k] / matrix[:, k, k]
            matrix[:, i, k:] -= factor[:, None] * matrix[:, k, k:]
            rest[:, i] -= factor * rest[:, k]
    for k in reversed(range(count)):
        for j in range(k + 1, count):
            rest[:, k] -= matrix[:, k, j] * rest[:, j]
        rest[:, k] /= matrix[:, k, k]
    return rest


def _part(model: CompiledPoolModel, pools: np.ndarray) -> CompiledPoolModel:
    """Some of the pools with the transfers among them, as a model."""
    place = np.full(len(model.pools), -1)
    place[pools] = np.arange(pools.size)
    inside = (place[model.source] >= 0) & (place[model.destination] >= 0)

    def of(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[pool] for pool in pools)

    def narrowed(mask: np.ndarray | None) -> np.ndarray | None:
        return None if mask is None else mask[pools]

    return replace(
        model,
        pools=of(model.pools), long_names=of(model.long_names), carriers=of(model.carriers), places=of(model.places),
        rate_expressions=of(model.rate_expressions), inert=model.inert[pools], source=place[model.source[inside]],
        destination=place[model.destination[inside]], coefficient_index=model.coefficient_index[inside], inputs={},
        modifiers=tuple(
            replace(law, pools=law.pools[pools], ratio_of=narrowed(law.ratio_of), ratio_in=narrowed(law.ratio_in))
            for law in model.modifiers
            if law.pools[pools].any()
        ),
    )  # fmt: skip


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
