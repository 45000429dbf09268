"""A non-linear pool model at many independent points: tables of drivers in; pools, CO2 and leached carbon out, and the
same of their twins.

Nothing is made for all points and all steps at once: the rates are those of one step, and only the steps recorded are
kept. The steady state of a cycle is found by Newton (:func:`watershed_c.pools.nonlinear.periodic_steady_state`), some
points at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from watershed_c.pools.initial import Start
from watershed_c.pools.nonlinear import carry, periodic_steady_state, steady_state, substeps_now, substeps_of
from watershed_c.pools.nonlinear_model import VOLUMETRIC, NonlinearPoolModel
from watershed_c.pools.nonlinear_twins import carry_twin, periodic_twin, slopes_of_twin
from watershed_c.pools.points import Drivers, needed_drivers, weather_factor

#: the argument of the kernels that a forcing may give by this name
MOISTURE = "moisture"
#: Runge-Kutta whose stages see forcing that runs linearly from row to row, the first of which is the start
INTERPOLATED = "rk4_interpolated"
SCHEMES = ("rk4", INTERPOLATED)
#: bytes of the rates of a cycle that is solved at a time
CYCLE_BYTES = 32_000_000
#: the input that sustains a stock: most trials, relative error of the stock, longest change of ln(input), least slope
#: of ln(stock) in it that is believed
TRIALS, CLOSE, LONGEST_CHANGE, LEAST_SLOPE = 30, 1e-11, 1.5, 0.1


def weather_of(model: NonlinearPoolModel, given: object) -> list[str]:
    """Names of the weather to read: moisture by name, or what the laws of it want."""
    by_name = model.moisture_unit == VOLUMETRIC or MOISTURE in given  # type: ignore[operator]
    laws = [MOISTURE] if by_name else [name for name in needed_drivers(model) if name != "temperature"]
    return ["temperature", *laws]


class NonlinearCourse(NamedTuple):
    """Pools (R, S, P, n), respired and leached (R, S, n) carbon, kg C m-2; flows since the record before. S states:
    carbon, then its twins.
    """

    pools: np.ndarray
    respired: np.ndarray
    leached: np.ndarray


@dataclass(frozen=True)
class NonlinearPoints:
    """Points and what drives them; as a cycle, what repeats for ever before a run begins.

    Attributes
    ----------
    model : NonlinearPoolModel
    drivers : Drivers
    plant : (K) bool
        Which kinds of input are scaled when the input is sought.
    soil : mapping name -> (n)
        Properties of the model, in its units, and ``thickness`` (m). Those of the plant input that are not there are
        made of it.
    weather, input : (n) int64
        Columns of the drivers.
    dt : float, yr
    scale : (n)
        Factor on the plant input.
    decay : (S - 1), yr-1
        Radioactive decay of each twin, at the end of each step; ``drivers.activity`` is what enters of them.
    """

    model: NonlinearPoolModel
    drivers: Drivers
    plant: np.ndarray
    soil: Mapping[str, np.ndarray]
    weather: np.ndarray
    input: np.ndarray
    dt: float
    scale: np.ndarray | float = 1.0
    decay: tuple[float, ...] = ()

    def rows(self, count: int) -> NonlinearPoints:
        """The first steps."""
        return replace(self, drivers=self.drivers.rows(0, count))

    def some(self, part: slice) -> NonlinearPoints:
        """Some of the points."""
        scale = np.broadcast_to(self.scale, self.weather.shape)[part]
        soil = {name: values[part] for name, values in self.soil.items()}
        return replace(self, soil=soil, weather=self.weather[part], input=self.input[part], scale=scale)

    # -- what the kernel wants ---------------------------------------------------------------------------------------
    def moisture(self) -> np.ndarray:
        """The argument "moisture" of every step and series (M, W)."""
        given = self.drivers.weather
        if MOISTURE in given:
            return given[MOISTURE]
        return weather_factor(self.model, given, round(1.0 / self.dt))[:, 0]

    def of_plants(self) -> dict[str, np.ndarray]:
        """Properties of the plant input (n) that the soil does not give: of its mean over all the steps.

        Raises
        ------
        ValueError
            One is outside the range of the model.
        """
        model, drivers = self.model, self.drivers
        wanted = {name: entered for name, entered in model.of_plant_input.items() if name not in self.soil}
        if not wanted:
            return {}
        yearly = drivers.share[self.plant].T @ drivers.amount[:, self.plant].sum(axis=0)
        yearly = yearly / (drivers.steps * self.dt)
        total = yearly.sum(axis=0)
        usual = np.broadcast_to(model.allocate("plant")[:, None], yearly.shape)
        share = np.where(total > 0.0, yearly / np.where(total > 0.0, total, 1.0), usual)
        found = {}
        for name, entered in wanted.items():
            if entered == "amount":
                found[name] = total[self.input] * self.scale
            else:
                found[name] = share[np.array(entered, dtype=np.int64)].sum(axis=0)[self.input]
            model.properties[name].check(found[name])
        return found

    def rates(self, temperature: np.ndarray, moisture: np.ndarray, known: Mapping[str, np.ndarray]) -> np.ndarray:
        """Rates (Q, n) under the weather of the series (W)."""
        now = {"temperature": temperature[self.weather], MOISTURE: moisture[self.weather], **known}
        arguments = (np.ascontiguousarray(now[name], dtype=np.float64) for name in self.model.arguments)
        rate = np.empty((len(self.model.kernel.RATES), self.weather.size))
        self.model.kernel.rates(*arguments, self.model.vector, rate)
        return rate

    def inputs(self, m: int) -> np.ndarray:
        """What enters the pools (P, n) in step m, kg C m-2 yr-1."""
        amount, share = self.drivers.amount[m] / self.dt, self.drivers.share
        plant = (share[self.plant].T @ amount[self.plant])[:, self.input] * self.scale
        return np.asarray(plant + (share[~self.plant].T @ amount[~self.plant])[:, self.input])

    def known(self) -> dict[str, np.ndarray]:
        """Arguments of the kernel that do not change."""
        return {**self.soil, **self.of_plants()}

    # -- a run -------------------------------------------------------------------------------------------------------
    def course(self, start: np.ndarray, record: np.ndarray, scheme: str = "") -> NonlinearCourse:
        """Run from ``start`` (S, P, n), kg C m-2, and keep the ends of the steps ``record`` (R)."""
        states, pools, points = start.shape
        kernel, known, moisture = self.model.kernel, self.known(), self.moisture()
        temperature = self.drivers.weather["temperature"]
        kept = np.empty((record.size, *start.shape)), *np.zeros((2, record.size, states, points))
        state = np.array(start, dtype=np.float64, order="C")
        respired, leached, moved = np.empty((states, points)), np.empty((states, points)), np.empty(points)
        left = np.exp(-np.array((0.0, *self.decay)) * self.dt)[:, None, None]
        place, last = 0, int(record[-1])
        for m in range(last + 1):
            if scheme == INTERPOLATED:
                rows = (temperature[m : m + 2], moisture[m : m + 2], (self.inputs(m), self.inputs(m + 1)))
                state, respired, leached = self._between(state, known, *rows, self.drivers.activity[m : m + 2])
            else:
                rate, inputs = self.rates(temperature[m], moisture[m], known), self.inputs(m)
                counts = substeps_now(kernel, state[0], rate, inputs, self.dt, self.model.substep_days)
                for s in range(1, states):
                    entering = self.drivers.activity[m, s - 1] * inputs
                    respired[s], leached[s] = carry_twin(
                        kernel, state[0], state[s], rate, inputs, entering, self.dt, counts
                    )
                carry(kernel, state[0], rate, inputs, self.dt, counts, respired[0], leached[0], moved)
            state *= left
            kept[1][place] += respired
            kept[2][place] += leached
            if m == record[place]:
                kept[0][place] = state
                place += 1
        return NonlinearCourse(*kept)

    def _between(
        self,
        state: np.ndarray,
        known: Mapping[str, np.ndarray],
        temperature: np.ndarray,
        moisture: np.ndarray,
        inputs: tuple[np.ndarray, np.ndarray],
        activity: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A step between two rows of forcing: states, respired and leached of each at its end."""
        count = substeps_of(self.dt, self.model.substep_days)
        step, kernel = self.dt / count, self.model.kernel
        states, pools, points = state.shape
        totals = np.concatenate((state, np.zeros((states, 2, points))), axis=1)

        def slope(share: float, stocks: np.ndarray) -> np.ndarray:
            warm, wet = ((1.0 - share) * two[0] + share * two[1] for two in (temperature, moisture))
            rate = self.rates(warm, wet, known)
            result = np.empty_like(totals)
            entering = (1.0 - share) * inputs[0] + share * inputs[1]
            carbon, of = stocks[0, :pools], result[0]
            kernel.right_hand_side(carbon, rate, entering, of[:pools], of[pools], of[pools + 1])
            for s in range(1, states):
                first, second = activity[0, s - 1] * inputs[0], activity[1, s - 1] * inputs[1]
                entering = (1.0 - share) * first + share * second
                found = slopes_of_twin(kernel, carbon, stocks[s, :pools], rate, entering)
                result[s, :pools], result[s, pools], result[s, pools + 1] = found
            return result

        for j in range(count):
            begin, middle, end = (j / count, (j + 0.5) / count, (j + 1) / count)
            k1 = slope(begin, totals)
            k2 = slope(middle, totals + 0.5 * step * k1)
            k3 = slope(middle, totals + 0.5 * step * k2)
            k4 = slope(end, totals + step * k3)
            totals = totals + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return totals[:, :pools].copy(), totals[:, pools], totals[:, pools + 1]

    # -- a cycle -----------------------------------------------------------------------------------------------------
    def equilibrium(self, before: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Stocks (S, P, n), kg C m-2, that the cycle brings back; and no deficit.

        Parameters
        ----------
        before : (P, n), kg C m-2
            Where the search begins; default the steady state of the mean rates.

        Returns
        -------
        nan where microbes cannot live, 0 where nothing enters.
        """
        points, steps = self.weather.size, self.drivers.steps
        bytes_of_point = 8 * steps * (len(self.model.kernel.RATES) + len(self.model.pools))
        width = max(64, CYCLE_BYTES // bytes_of_point)
        found = np.empty((1 + len(self.decay), len(self.model.pools), points))
        for first in range(0, points, width):
            part = slice(first, min(first + width, points))
            found[:, :, part] = self.some(part)._solve(None if before is None else before[:, part])
        return found, np.zeros(0)

    def _solve(self, state: np.ndarray | None) -> np.ndarray:
        """As :meth:`equilibrium`, of points whose tables of rates may be made at once."""
        kernel, known, moisture = self.model.kernel, self.known(), self.moisture()
        temperature, steps = self.drivers.weather["temperature"], range(self.drivers.steps)
        rate = np.stack([self.rates(temperature[m], moisture[m], known) for m in steps])
        inputs = np.stack([self.inputs(m) for m in steps])
        if state is None:
            state = steady_state(kernel, rate.mean(axis=0), inputs.mean(axis=0), tolerance=1e-6)
        else:
            state = state.copy()
        counts = self._counts(state, rate, inputs)
        todo = np.arange(state.shape[1])
        while todo.size:
            here = rate[:, :, todo], inputs[:, :, todo]
            start, substeps = state[:, todo], counts[:, todo]
            state[:, todo] = periodic_steady_state(kernel, *here, dt=self.dt, substeps=substeps, start=start)
            more = np.maximum(counts, self._counts(state, rate, inputs))
            todo = np.flatnonzero((more != counts).any(axis=0))
            counts = more
        twins = [
            periodic_twin(
                kernel, state, rate, inputs, self.drivers.activity[:, s], dt=self.dt, substeps=counts, decay=decay
            )
            for s, decay in enumerate(self.decay)
        ]
        return np.stack((state, *twins))

    def _counts(self, state: np.ndarray, rate: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Substeps (M, n) of every step of the cycle from ``state`` on."""
        kernel = self.model.kernel
        state = np.where(np.isfinite(state), state, 0.0)
        counts = np.empty((rate.shape[0], state.shape[1]), dtype=np.int64)
        other = np.empty((3, state.shape[1]))
        for m in range(rate.shape[0]):
            counts[m] = substeps_now(kernel, state, rate[m], inputs[m], self.dt, self.model.substep_days)
            carry(kernel, state, rate[m], inputs[m], self.dt, counts[m], *other)
        return counts

    def sustaining(self, soc: np.ndarray, inert: np.ndarray) -> Start:
        """The state of the cycle that holds ``soc`` (n), kg C m-2, its plant input scaled by one factor a point.

        By the secant rule in the logarithms of input and stock; what goes with the amount of the plant input is scaled
        with it. ``inert`` is nothing here. The scale is nan where none was found.
        """
        logarithm, old = np.zeros(soc.size), np.full((2, soc.size), np.nan)
        sought = replace(self, decay=())
        stocks = sought.equilibrium()[0]
        for trial in range(TRIALS):
            with np.errstate(divide="ignore", invalid="ignore"):
                missing = np.log(stocks[0].sum(axis=0) / soc)
                slope = (missing - old[1]) / (logarithm - old[0])
            done = np.abs(missing) <= CLOSE
            if (done | ~np.isfinite(missing)).all() or trial == TRIALS - 1:
                break
            slope = np.where(np.isfinite(slope) & (slope > LEAST_SLOPE), slope, 1.0)
            change = np.where(done | ~np.isfinite(missing), 0.0, -missing / slope)
            old = np.stack((logarithm, missing))
            logarithm = logarithm + np.clip(change, -LONGEST_CHANGE, LONGEST_CHANGE)
            stocks = replace(sought, scale=np.exp(logarithm)).equilibrium(stocks[0])[0]
        if self.decay:
            stocks = replace(self, scale=np.exp(logarithm)).equilibrium(stocks[0])[0]
        stocks[0] += inert
        return Start(stocks, np.zeros(0), np.where(done, np.exp(logarithm), np.nan))
