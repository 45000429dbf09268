"""The verb `rothc`: official RothC from its own input file to its own result files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.rothc_files import (
    COVER,
    DPM_RPM,
    EQUILIBRIUM_ROWS,
    MANURE,
    MODERN,
    PAN_EVAPORATION,
    PLANT_INPUT,
    RAIN,
    TEMPERATURE,
    RothCInput,
    read_rothc_input,
)
from watershed_c.io.rothc_results import (
    CO2,
    COVER_FACTOR,
    DEFICIT,
    DPM_ACTIVITY,
    HUM,
    MOISTURE_FACTOR,
    MONTH_RESULTS,
    TEMPERATURE_FACTOR,
    YEAR_RESULTS,
    month_results,
    refuse_existing,
    write_results,
    year_results,
)
from watershed_c.kernels.moisture_laws import deficit_ramp
from watershed_c.kernels.radiocarbon import RADIOCARBON_DECAY
from watershed_c.kernels.rate_modifiers import COVERED_FACTOR, DRIEST_FACTOR, maximum_deficit
from watershed_c.kernels.retention import advance_deficit, deficit_limits, farina_deficits
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model
from watershed_c.pools.points import Drivers, Soil, run_points, weather_factor
from watershed_c.pools.site import PAN_FACTOR, point, site_drivers, spin_up
from watershed_c.pools.steady import KG_M2_PER_T_HA

#: years of the equilibrium run after which there is none (the slowest official case takes 2600)
MOST_YEARS = 20_000
#: kg C m-2 per year, change of the active carbon at which the equilibrium run stops: 1e-6 t C/ha
EQUILIBRIUM_CHANGE = 1e-7
#: % to share of modern carbon
_PERCENT = 0.01


@dataclass(frozen=True)
class RothCRun:
    """Course of a site.

    Attributes
    ----------
    spin_up : months of the equilibrium run
    equilibrium : float64 (13), its last month
    record : float64 (M - 12, 13), the months after it; columns as in :mod:`watershed_c.io.rothc_results`
    """

    spin_up: int
    equilibrium: np.ndarray
    record: np.ndarray


def run_official(given: RothCInput) -> RothCRun:
    """Run official RothC: the first 12 months until equilibrium, then the others once.

    Raises
    ------
    ValueError
        The soil has no van Genuchten deficits, or there is no equilibrium.
    """
    model, drivers, soil = _site(given)
    year = drivers.rows(0, EQUILIBRIUM_ROWS)
    nothing = np.zeros((2, len(model.pools), 1))
    try:
        years = spin_up(
            model, year, soil, nothing[0, :, 0], tolerance=EQUILIBRIUM_CHANGE, most_years=MOST_YEARS
        )[2]  # fmt: skip
    except ValueError:
        raise ValueError(
            f"the first {EQUILIBRIUM_ROWS} months, repeated for {MOST_YEARS:,} years, reach no equilibrium: carbon "
            "enters where hardly anything decomposes"
        ) from None
    steps = EQUILIBRIUM_ROWS * years
    course = run_points(
        model, year, soil, nothing, steps=steps, record=np.array([steps - 1]), decay=(RADIOCARBON_DECAY,)
    )
    equilibrium = np.zeros(13)
    equilibrium[:DEFICIT] = course.pools[0, :, : HUM + 1, 0].ravel() / KG_M2_PER_T_HA
    equilibrium[DEFICIT] = course.deficit[0]
    return RothCRun(steps, equilibrium, advance(given, equilibrium))


def advance(given: RothCInput, equilibrium: np.ndarray) -> np.ndarray:
    """Record of the months after the equilibrium, from any state that has its columns."""
    model, drivers, soil = _site(given)
    drivers, months = drivers.rows(EQUILIBRIUM_ROWS, None), given.months[EQUILIBRIUM_ROWS:]
    record = np.empty((len(months), 13))
    if not len(months):
        return record
    start = np.zeros((2, len(model.pools), 1))
    start[:, : HUM + 1, 0] = equilibrium[:DEFICIT].reshape(2, -1) * KG_M2_PER_T_HA
    deficit = float(equilibrium[DEFICIT])
    course = run_points(model, drivers, soil, start, deficit=deficit, decay=(RADIOCARBON_DECAY,))
    record[:, :DPM_ACTIVITY] = course.pools[:, 0, : HUM + 1, 0] / KG_M2_PER_T_HA
    record[:, DPM_ACTIVITY:DEFICIT] = course.pools[:, 1, : HUM + 1, 0] / KG_M2_PER_T_HA
    record[:, CO2] = course.respired[:, 0, 0] / KG_M2_PER_T_HA
    record[:, TEMPERATURE_FACTOR] = weather_factor(model, drivers.weather, 12)[:, 0, 0]
    record[:, COVER_FACTOR] = np.where(months[:, COVER] > 0.5, COVERED_FACTOR, 1.0)
    start_of_ramp, end_of_ramp, covered, bare, least = _limits(given)
    for month, (rain, pan, cover) in enumerate(months[:, [RAIN, PAN_EVAPORATION, COVER]]):
        deficit = advance_deficit(deficit, rain, PAN_FACTOR * pan, covered, bare, cover > 0.5)
        record[month, DEFICIT] = deficit
        record[month, MOISTURE_FACTOR] = deficit_ramp(deficit, start_of_ramp, end_of_ramp, least)
    return record


def _site(given: RothCInput) -> tuple[CompiledPoolModel, Drivers, Soil]:
    """The model with what drives the site, all months of it, and its soil."""
    model = load_model("rothc")
    assert isinstance(model, CompiledPoolModel)
    months = given.months
    # any ratio, as the programs: the model's range is one of advice
    split = {**model.constants(), "dpm_rpm": months[:, DPM_RPM]}
    plant = model.inputs["plant"].shares(split, len(model.pools), len(months)).T
    inputs = months[:, PLANT_INPUT, None] * plant + months[:, MANURE, None] * model.allocate("manure")
    weather = {
        "temperature": months[:, TEMPERATURE],
        "rain": months[:, RAIN],
        "pet": PAN_FACTOR * months[:, PAN_EVAPORATION],
    }
    drivers = site_drivers(weather, months[:, COVER], inputs * KG_M2_PER_T_HA, _PERCENT * months[:, MODERN])
    *limits, least = _limits(given)[:, None]
    soil = point({"clay": given.clay}, given.depth / 100.0)
    return model, drivers, replace(soil, limits=tuple(limits), driest_factor=least)


def _limits(given: RothCInput) -> np.ndarray:
    """Limits of the deficit and least factor of moisture, as the program's options have them."""
    depth = given.depth / 100.0
    deficits, least = None, DRIEST_FACTOR
    if given.moisture_option > 1:
        soil = (given.clay, given.silt, given.bulk_density, given.organic_carbon)
        with np.errstate(all="ignore"):  # far out of reach the functions overflow, and are refused
            deficits = farina_deficits(*soil, depth)
        least = given.driest_factor
    maximum = maximum_deficit(given.clay, depth)
    limits = deficit_limits(given.moisture_option, given.bare_option, maximum, deficits)
    return np.array([*limits, least], dtype=np.float64)


def run_file(path: str | Path, output: str | Path | None = None, *, overwrite: bool = False) -> str:
    """Read the input of an official program, run it, write its results; -> what to tell the user.

    Parameters
    ----------
    output : folder of the results; the working folder if None

    Raises
    ------
    ScenarioError
        With every mistake of the input, or where results exist and are not to be replaced; nothing is written.
    """
    directory = Path.cwd() if output is None else Path(output)
    given = read_rothc_input(path)
    refuse_existing(directory, (MONTH_RESULTS, YEAR_RESULTS), overwrite=overwrite)
    try:
        run = run_official(given)
    except ValueError as error:
        raise ScenarioError(Problem(str(path), expectation=f"{error}.")) from None
    course = (given, run.spin_up, run.equilibrium, run.record)
    texts = {MONTH_RESULTS: month_results(*course), YEAR_RESULTS: year_results(*course)}
    paths = write_results(directory, texts, overwrite=overwrite)
    soc = [float(pools[: HUM + 1].sum()) + given.iom for pools in (run.equilibrium, *run.record[-1:])]
    told = f"{given.program} input: {len(given.months)} months; equilibrium after {run.spin_up // 12:,} years"
    told += f", SOC {soc[0]:.2f} t C/ha"
    if len(soc) > 1:
        told += f"; {soc[1]:.2f} t C/ha in {given.year[-1]}-{given.month[-1]:02d}"
    return "\n".join([told, *(f"wrote {path}" for path in paths)])
