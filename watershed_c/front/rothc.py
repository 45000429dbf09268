"""The verb `rothc`: official RothC from its own input file to its own result files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.rothc_files import EQUILIBRIUM_ROWS, RothCInput, read_rothc_input
from watershed_c.io.rothc_results import (
    MONTH_RESULTS,
    YEAR_RESULTS,
    month_results,
    refuse_existing,
    write_results,
    year_results,
)
from watershed_c.kernels.rate_modifiers import DRIEST_FACTOR, maximum_deficit
from watershed_c.kernels.retention import deficit_limits, farina_deficits
from watershed_c.kernels.rothc_point import HUM, MODERN, advance_site, equilibrium_run, respired_ratio

#: years of the equilibrium run after which there is none (the slowest official case takes 2600)
MOST_YEARS = 100_000
#: % to share of modern carbon
_PERCENT = 0.01


@dataclass(frozen=True)
class RothCRun:
    """Course of a site.

    Attributes
    ----------
    spin_up : months of the equilibrium run
    equilibrium : float64 (13), its last month
    record : float64 (M - 12, 13), the months after it, as recorded by
        :func:`~watershed_c.kernels.rothc_point.advance_site`
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
    limits = _limits(given)
    months = given.months.copy()
    months[:, MODERN] *= _PERCENT
    ratio = respired_ratio(given.clay)
    year = months[:EQUILIBRIUM_ROWS]
    state = np.zeros(9)
    years = equilibrium_run(year, limits, ratio, MOST_YEARS, state)
    if not years:
        raise ValueError(
            f"the first {EQUILIBRIUM_ROWS} months, repeated for {MOST_YEARS:,} years, reach no equilibrium: carbon "
            "enters where hardly anything decomposes"
        )
    equilibrium = np.zeros(13)
    equilibrium[: state.size] = state
    record = np.empty((len(months) - EQUILIBRIUM_ROWS, 13))
    if len(record):
        advance_site(months[EQUILIBRIUM_ROWS:], limits, ratio, state, record)
    return RothCRun(years * 12, equilibrium, record)


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
