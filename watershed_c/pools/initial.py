"""Where the pools stand at the start: at equilibrium, or so that they add up to a measured stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from watershed_c.kernels.rate_modifiers import CALIBRATION_DEPTH
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.periodic import periodic_state
from watershed_c.pools.points import Drivers, Soil
from watershed_c.pools.steady import falloon_iom, sustaining_scale

#: how the pools are found from a measured stock
METHODS = {
    "plant_input": "the plant input that sustains the measured stock",
    "fractions": "shares of the pools as at equilibrium with the input given",
    "weihermueller": "pools of RothC from stock and clay (Weihermueller et al. 2013)",
    "measured_fractions": "shares of the pools as measured",
}
#: Weihermueller et al. (2013, doi:10.1111/ejss.12036): RPM, BIO and HUM (t C ha-1) are
#: (slope * SOC + offset) * (clay + shift) ** exponent, SOC in t C ha-1 and clay in %
PEDOTRANSFER = {
    "rpm": (0.1847, 0.1555, 1.2750, -0.1158),
    "bio": (0.0140, 0.0075, 8.8473, 0.0567),
    "hum": (0.7148, 0.5069, 0.3421, 0.0184),
}
#: slope for RPM that the GSOCseq scripts of FAO (2020) print
MISPRINTED_RPM_SLOPE = 0.184
#: sum of measured shares may differ from 1 by this
SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Measured:
    """A measured stock to start from; arrays of any dimensions of the points.

    Attributes
    ----------
    soc : t C ha-1 (or as its attribute ``units`` says), inert carbon included
    method : str
        One of METHODS.
    fractions : mapping pool -> share of ``soc``, for "measured_fractions"; of all pools together 1
    misprint : bool
        With "weihermueller": as the scripts of FAO print it (0.184 for 0.1847).
    """

    soc: Any
    method: str = "plant_input"
    fractions: Mapping[str, Any] = field(default_factory=dict)
    misprint: bool = False


@dataclass(frozen=True)
class Start:
    """Stocks to begin with.

    Attributes
    ----------
    stocks : (S, P, n), kg C m-2
        nan where there is no such state.
    deficit : (n), kg m-2, or empty
    scale : (n) or None
        Factor on the plant input of the spin-up, where that was sought.
    """

    stocks: np.ndarray
    deficit: np.ndarray
    scale: np.ndarray | None = None


def falloon_of_profile(
    soc: np.ndarray, top: np.ndarray, bottom: np.ndarray, depth: float = CALIBRATION_DEPTH
) -> np.ndarray:
    """Inert carbon of layers after Falloon et al. (1998), evaluated once on the stock from 0 to ``depth``.

    Every layer has the share ``IOM / TOC`` found there. Within a layer carbon lies evenly; a profile that ends above
    ``depth`` is taken as it is.

    Parameters
    ----------
    soc : (..., L), kg C m-2
    top, bottom : (..., L), m

    Returns
    -------
    (..., L), kg C m-2
    """
    inside = np.clip(np.minimum(bottom, depth) - top, 0.0, None) / (bottom - top)
    topsoil = (soc * inside).sum(axis=-1, keepdims=True)
    return soc * np.divide(falloon_iom(topsoil), topsoil, out=np.zeros_like(topsoil), where=topsoil > 0.0)


def weihermueller_pools(
    soc: np.ndarray, iom: np.ndarray, clay: np.ndarray, *, misprint: bool = False
) -> dict[str, np.ndarray]:
    """Pools of RothC (t C ha-1) from the stock, its inert part (t C ha-1) and clay (%).

    DPM is what is left (GSOCseq protocol, FAO 2020): a small difference of large numbers, mostly a little negative
    with the inert carbon of Falloon et al. (1998).
    """
    pools = {}
    for name, (slope, offset, shift, exponent) in PEDOTRANSFER.items():
        if misprint and name == "rpm":
            slope = MISPRINTED_RPM_SLOPE
        pools[name] = (slope * soc + offset) * (clay + shift) ** exponent
    return {"dpm": soc - iom - pools["rpm"] - pools["bio"] - pools["hum"], **pools, "iom": iom}


def by_pedotransfer(
    soc: np.ndarray, iom: np.ndarray, clay: np.ndarray, *, misprint: bool = False
) -> dict[str, np.ndarray]:
    """As :func:`weihermueller_pools`, no pool below 0.

    Where DPM would be, it is 0 and RPM, BIO and HUM are reduced by one factor, so that the sum is the stock.
    """
    pools = weihermueller_pools(soc, iom, clay, misprint=misprint)
    dpm = pools["dpm"]
    too_much = np.where(dpm < 0.0, (soc - iom) / (soc - iom - dpm), 1.0)
    return {name: stock if name == "iom" else np.maximum(stock, 0.0) * too_much for name, stock in pools.items()}


@dataclass(frozen=True)
class Cycle:
    """What repeats for ever before the run begins, and how it is solved.

    Attributes
    ----------
    drivers : Drivers
    soil : Soil
    plant : (K) bool
        Which kinds of input are scaled when the input is sought.
    decay : (T), yr-1
    """

    model: CompiledPoolModel
    drivers: Drivers
    soil: Soil
    plant: np.ndarray
    scheme: str
    steps_per_year: int
    decay: tuple[float, ...] = ()

    def equilibrium(self, which: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Stocks (S, P, n) without inert carbon, and deficit, with all the kinds of input or ``which`` (K) of them."""
        drivers = self.drivers
        if which is not None:
            drivers = replace(drivers, amount=drivers.amount * which[:, None])
        return periodic_state(
            self.model, drivers, self.soil, scheme=self.scheme, steps_per_year=self.steps_per_year, decay=self.decay
        )

    def sustaining(self, soc: np.ndarray, inert: np.ndarray) -> Start:
        """The state that holds a stock: :func:`by_plant_input`."""
        return by_plant_input(self, soc, inert)


class Repeating(Protocol):
    """What a start wants of a cycle, of linear models or others."""

    def equilibrium(self) -> tuple[np.ndarray, np.ndarray]:
        """Stocks (S, P, n) without inert carbon, and deficit."""


def at_equilibrium(cycle: Repeating, inert: np.ndarray) -> Start:
    """Periodic state under the cycle; ``inert`` (P, n), kg C m-2, in the inert pools."""
    stocks, deficit = cycle.equilibrium()
    stocks[0] += inert
    return Start(stocks, deficit)


def by_plant_input(cycle: Cycle, soc: np.ndarray, inert: np.ndarray) -> Start:
    """Periodic state under the cycle with its plant input scaled so that it holds ``soc`` (n), kg C m-2.

    The state is linear in the input, so ``scale = (soc - inert - from manure) / from plants``. With protection by
    lignin it is linear only while nothing else comes in.

    Raises
    ------
    ValueError
        Lignin and manure together.
    """
    rest = ~cycle.plant
    stocks, deficit = cycle.equilibrium(cycle.plant)
    other = np.zeros_like(stocks)
    if cycle.drivers.amount[:, rest].any():
        if any(law.factor == "lignin" for law in cycle.model.dynamic):
            raise ValueError("where lignin protects, the plant input is only sought without manure")
        other, _ = cycle.equilibrium(rest)
    total = [part.sum(axis=0) for part in (inert, stocks[0], other[0])]
    scale, attained = sustaining_scale(soc, total[0], total[1], total[2])
    scale[~attained] = np.nan
    stocks = stocks * scale + other
    stocks[0] += inert
    return Start(stocks, deficit, scale)


def by_fractions(cycle: Repeating, soc: np.ndarray, inert: np.ndarray) -> Start:
    """Active pools in the proportions of the periodic state under the cycle, with inert carbon ``soc`` in all."""
    stocks, deficit = cycle.equilibrium()
    active = soc - inert.sum(axis=0)
    total = stocks[0].sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where((active >= 0.0) & (total > 0.0), active / total, np.nan)
    stocks *= scale
    stocks[0] += inert
    return Start(stocks, deficit)


def assumptions(method: str, falloon: str, spin_up: str, misprint: bool, solved: str = "in closed form") -> list[str]:
    """What a start assumes, a line each.

    Parameters
    ----------
    method : "equilibrium", "pools" or one of METHODS
    falloon : how inert carbon was found by Falloon's relation, "" if it was given
    spin_up : what repeats
    solved : how the equilibrium with it is found
    """
    lines = {
        "equilibrium": [f"start: equilibrium with {spin_up}, {solved}"],
        "pools": ["start: the pools given"],
        "plant_input": [
            f"start: the state that holds the measured stock under {spin_up}, its plant input scaled by one factor",
            "this assumes a stock in equilibrium, without erosion; the run itself has the input given",
        ],
        "fractions": [
            f"start: the measured stock, its active pools in the proportions of the equilibrium with {spin_up}"
        ],
        "weihermueller": [
            "start: the measured stock, its pools from stock and clay (Weihermueller et al. 2013), DPM the rest"
            + (", with 0.184 for 0.1847 as the scripts of FAO print" if misprint else ""),
            "where DPM would be less than nothing it is 0, and the other active pools are reduced by one factor",
        ],
        "measured_fractions": ["start: the measured stock, its pools by the shares given"],
    }[method]
    return [*lines, falloon] if falloon else lines
