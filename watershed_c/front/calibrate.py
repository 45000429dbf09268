"""The verb `calibrate`: transport capacity coefficients with which the mean year gives what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.front.mean_year import MeanYear, mean_year, with_coefficient
from watershed_c.front.watem_sedem import read_catchment
from watershed_c.io.watem_files import Choices, read_choices

TABLE = "calibration.txt"
#: ratio of the low to the high coefficient that several calibrations in Flanders found, and its middle (documentation
#: of WaTEM/SEDEM; Verstraeten et al. 2006, Hydrol. Process. 20, 4259)
RATIO_BAND = (0.25, 0.35)
RATIO = 0.3
#: coefficients between which one is sought, m (or m-1.8)
SMALLEST, LARGEST = 1e-6, 1e6
#: kg -> t
_TONNES = 1e-3


class Unreachable(ValueError):
    """No coefficient gives the sediment that was measured; the message says what can be reached."""


@dataclass(frozen=True)
class Trial:
    """A pair of coefficients and what they give.

    Attributes
    ----------
    low, high : float, m
    simulated : tuple of float, t yr-1
        Sediment that enters the rivers, by catchment.
    efficiency : float
        Model efficiency of Nash & Sutcliffe (1970); NaN for one catchment.
    slope : float
        Of simulated on measured through the origin.
    """

    low: float
    high: float
    simulated: tuple[float, ...]
    efficiency: float
    slope: float


class Calibrated:
    """A catchment whose mean year is found once, but for its coefficients.

    Parameters
    ----------
    choices : Choices
        ktc limit parts low from high.
    """

    def __init__(self, choices: Choices) -> None:
        if "ktc limit" not in choices.number:
            wrong = "is missing: it parts the land of the low coefficient from that of the high one."
            raise ScenarioError(Problem(str(choices.file), key="ktc limit", expectation=wrong))
        # stand-ins that can be told apart
        choices.choice["create ktc map"] = True
        choices.number["ktc low"], choices.number["ktc high"] = 1.0, 2.0
        choices.maps.pop("ktc map filename", None)
        self.choices, self._year = choices, mean_year(read_catchment(choices)[0])
        stand_in = self._year.catchment.coefficient
        self._low, self._high = stand_in == 1.0, stand_in == 2.0

    def year(self, low: float, high: float) -> MeanYear:
        """The mean year with a pair of coefficients."""
        coefficient = self._year.catchment.coefficient.copy()
        coefficient[self._low], coefficient[self._high] = low, high
        return with_coefficient(self._year, coefficient)

    def river(self, low: float, high: float) -> float:
        """Sediment that enters the rivers, t yr-1."""
        return self.year(low, high).totals()["river"] * _TONNES


def coefficient_for(river: Callable[[float, float], float], measured: float, ratio: float) -> tuple[float, float]:
    """Low and high coefficient of a fixed ratio that give the measured sediment, by bisection.

    What a cell passes is the smaller of supply and capacity: what enters the rivers never falls as coefficients grow.

    Parameters
    ----------
    river : callable
        Sediment that enters the rivers, t yr-1, with a low and a high coefficient.
    measured : float, t yr-1
    ratio : float, 0-1
        Low over high.

    Raises
    ------
    Unreachable
        No coefficient between 1e-6 and 1e6 gives it.
    """
    least, most = (river(ratio * high, high) for high in (SMALLEST, LARGEST))
    if not least <= measured <= most:
        end = f"at most {most:,.4g} t/yr enter the rivers, however much can be carried"
        if measured < least:
            end = f"at least {least:,.4g} t/yr enter the rivers, from roads and what lies beside the rivers"
        raise Unreachable(
            f"no coefficient gives {measured:,.4g} t/yr: {end}. Look at erosivity, K and C, at buffers and sewers, and "
            "at what the measurement counts (bank erosion, bed load, the area above the gauge)"
        )
    low, high = math.log(SMALLEST), math.log(LARGEST)
    while high - low > 1e-12 * max(abs(low), abs(high), 1.0):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if river(ratio * math.exp(middle), math.exp(middle)) < measured:
            low = middle
        else:
            high = middle
    found = math.exp(high)
    return ratio * found, found


def scan(catchments: list[Calibrated], measured: list[float]) -> list[Trial]:
    """Every pair of the grid of the first choices file ([Calibration]) in which low does not exceed high."""
    number, observed = catchments[0].choices.number, np.array(measured)
    steps = int(number["steps"])
    lows = np.linspace(number["ktclow_lower"], number["ktclow_upper"], steps + 1)
    highs = np.linspace(number["ktchigh_lower"], number["ktchigh_upper"], steps + 1)
    spread = float(((observed - observed.mean()) ** 2).sum())
    trials = []
    for low in lows:
        for high in highs[highs >= low]:
            simulated = np.array([catchment.river(float(low), float(high)) for catchment in catchments])
            missed = float(((observed - simulated) ** 2).sum())
            efficiency = 1.0 - missed / spread if spread > 0.0 else math.nan
            slope = float((simulated * observed).sum() / (observed**2).sum())
            trials.append(Trial(float(low), float(high), tuple(simulated.tolist()), efficiency, slope))
    return trials


def best(trials: list[Trial], band: tuple[float, float]) -> Trial | None:
    """The trial of highest efficiency among those whose ratio lies in the band; None if there is none."""
    within = [trial for trial in trials if trial.high > 0.0 and band[0] <= trial.low / trial.high <= band[1]]
    return max(within, key=lambda trial: trial.efficiency, default=None)


def run_calibration(
    files: list[Path], measured: list[float], *, ratio: float = RATIO, band: tuple[float, float] = RATIO_BAND,
    grid: bool = False, output: Path | None = None,
) -> str:  # fmt: skip
    """Calibrate one catchment on its measured yield, or several on theirs, or a scenario; -> what to tell the user.

    One catchment: the coefficients of a fixed ratio that give its yield. Several, or with ``grid``: a table of all
    pairs and, of those within the band of ratios, the pair with the highest model efficiency.
    """
    if any(file.suffix.lower() != ".ini" for file in files):
        return _of_scenario(files, measured, ratio, grid)
    if len(files) != len(measured):
        wrong = f"has {len(measured)} yields for {len(files)} choices files: give one for each, in their order."
        raise ScenarioError(Problem(key="--measured", expectation=wrong))
    _check(measured, ratio)
    if len(measured) > 1 and len(set(measured)) == 1:
        wrong = "must differ between catchments: of equal yields there is no model efficiency to choose by."
        raise ScenarioError(Problem(key="--measured", value=f"{measured[0]:g}", expectation=wrong))
    catchments = [Calibrated(read_choices(file)) for file in files]
    lines = []
    if len(files) == 1 and not grid:
        try:
            low, high = coefficient_for(catchments[0].river, measured[0], ratio)
        except Unreachable as error:
            raise ScenarioError(Problem(str(files[0]), key="--measured", expectation=f"{error}.")) from None
        year = catchments[0].year(low, high)
        totals = year.totals()
        lines += [
            f"ktc low = {low:.4g}", f"ktc high = {high:.4g}",
            f"with which {totals['river'] * _TONNES:,.4g} t/yr enter the rivers (measured {measured[0]:,.4g}), "
            f"{100.0 * totals['river'] / -totals['erosion']:.3g} % of the soil that cells lose",
        ]  # fmt: skip
        return "\n".join([*lines, _OF_WHAT.format(size=year.catchment.dx, model=year.catchment.capacity)])
    trials = scan(catchments, measured)
    folder = catchments[0].choices.output if output is None else output
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_text(_table(trials, files), encoding="utf-8")
    if len(files) > 1:
        found = best(trials, band)
        if found is None:
            lines.append(f"no pair of the grid has a ratio of {band[0]:g} to {band[1]:g}: change [Calibration]")
        else:
            biased = "" if 0.95 <= found.slope <= 1.05 else ": biased, it should be 0.95 to 1.05"
            lines += [
                f"ktc low = {found.low:.4g}", f"ktc high = {found.high:.4g}",
                f"model efficiency {found.efficiency:.3f}, slope {found.slope:.3f}{biased} ({len(files)} catchments)",
            ]  # fmt: skip
            first = catchments[0].year(found.low, found.high).catchment
            lines.append(_OF_WHAT.format(size=first.dx, model=first.capacity))
    return "\n".join([*lines, f"wrote {folder / TABLE}: {len(trials)} pairs"])


def _check(measured: list[float], ratio: float) -> None:
    for value in measured:
        if not (math.isfinite(value) and value > 0.0):
            raise ScenarioError(Problem(key="--measured", value=f"{value:g}", expectation="must be above 0 t/yr."))
    if not 0.0 < ratio <= 1.0:
        raise ScenarioError(Problem(key="--ratio", value=f"{ratio:g}", expectation="must be above 0 and at most 1."))


def _of_scenario(files: list[Path], measured: list[float], ratio: float, grid: bool) -> str:
    """Calibrate the mean year of one scenario on its measured yield."""
    from watershed_c.front.calibrate_scenario import CalibratedScenario

    if len(files) != 1 or len(measured) != 1 or grid:
        first = next(file for file in files if file.suffix.lower() != ".ini")
        raise ScenarioError(
            Problem(str(first), expectation="is a scenario: one is calibrated at a time, without --grid.")
        )
    _check(measured, ratio)
    found = CalibratedScenario(files[0])
    try:
        low, high = coefficient_for(found.river, measured[0], ratio)
    except Unreachable as error:
        raise ScenarioError(Problem(str(files[0]), key="--measured", expectation=f"{error}.")) from None
    where = "enter the channel" if found.watershed.channel.any() else "leave the land"
    chosen = found.scenario.processes.water_erosion
    return "\n".join([
        "[processes.water_erosion]", f"ktc_low = {low:.4g}", f"ktc_high = {high:.4g}",
        f"with which {found.river(low, high):,.4g} t/yr {where} in the mean year (measured {measured[0]:,.4g})",
        f"they belong to cells of {found.watershed.dx:g} m, {chosen.model}, {chosen.capacity} and the months of this "
        f"scenario: its normals, over {found.years:g} {'year' if found.years == 1.0 else 'years'} of rotation",
    ])  # fmt: skip


_OF_WHAT = "they belong to cells of {size:g} m, {model} and a mean year (months need others: coupling rule 20)"


def _table(trials: list[Trial], files: list[Path]) -> str:
    heading = ["ktc_low", "ktc_high", *(f"sed_river {file.stem} (t/yr)" for file in files), "model_efficiency", "slope"]
    rows = [
        [f"{value:.4f}" for value in (trial.low, trial.high, *trial.simulated, trial.efficiency, trial.slope)]
        for trial in trials
    ]
    return "\n".join(";".join(row) for row in [heading, *rows]) + "\n"
