"""The results of the official RothC programs, month_results and year_results, in their columns."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.rothc_files import (
    COVER,
    EQUILIBRIUM_ROWS,
    MANURE,
    PAN_EVAPORATION,
    PLANT_INPUT,
    PYTHON,
    RAIN,
    TEMPERATURE,
    RothCInput,
)
from watershed_c.kernels.radiocarbon import INERT_AGE, REPORTED_LIFETIME, activity_at_age, delta_14c, radiocarbon_age

#: columns of a month's record: pools (t C/ha), their activities (t C/ha of modern carbon), deficit (mm), CO2 (t C/ha),
#: and the factors
DPM, RPM, BIO, HUM, DPM_ACTIVITY, RPM_ACTIVITY, BIO_ACTIVITY, HUM_ACTIVITY, DEFICIT = range(9)
CO2, TEMPERATURE_FACTOR, MOISTURE_FACTOR, COVER_FACTOR = range(9, 13)
MONTH_RESULTS, YEAR_RESULTS = "month_results.csv", "year_results.csv"
_POOLS = tuple(f"{pool}_t_C_ha" for pool in ("DPM", "RPM", "BIO", "HUM", "IOM", "SOC"))


def month_results(given: RothCInput, spin_up: int, equilibrium: np.ndarray, record: np.ndarray) -> str:
    """Text of month_results in the columns of the program whose input was given.

    Parameters
    ----------
    spin_up : months of the equilibrium run
    equilibrium : float64 (13), its last month: state, without CO2 and factors
    record : float64 (M - 12, 13), the months after it
    """
    run = slice(EQUILIBRIUM_ROWS, None)
    years, calendar, months = given.year[run].tolist(), given.month[run].tolist(), given.months[run]
    stocks = _stocks(given, record)
    if given.program == PYTHON:
        delta = _delta(given, record)
        rows = [[y, m, *pools, d] for y, m, pools, d in zip(years, calendar, stocks, delta, strict=True)]
        return _text(["Year", "Month", *_POOLS, "deltaC"], rows)
    header = [
        "Year", "Month", "C_Inp_t_C_ha", "FYM_Inp_t_C_ha", "TEMP_C", "RM_TMP", "RAIN_mm", "PEVAP_mm", "SMD_mm",
        "RM_Moist", "PC", "RM_PC", *_POOLS, "CO2_t_C_ha",
    ]  # fmt: skip
    first, blank = int(given.year[0]), [""] * 10
    rows = [
        [first, 0, *blank, 0.0, 0.0, 0.0, 0.0, given.iom, given.iom, 0.0],
        [first, spin_up, *blank, *_stocks(given, equilibrium[None])[0], 0.0],
    ]
    respired = np.cumsum(record[:, CO2]).tolist()
    for i, (drivers, state) in enumerate(zip(months.tolist(), record.tolist(), strict=True)):
        rows.append(
            [
                years[i], i % 12 + 1, drivers[PLANT_INPUT], drivers[MANURE], drivers[TEMPERATURE],
                state[TEMPERATURE_FACTOR], drivers[RAIN], drivers[PAN_EVAPORATION], state[DEFICIT],
                state[MOISTURE_FACTOR], int(drivers[COVER]), state[COVER_FACTOR], *stocks[i], respired[i],
            ]
        )  # fmt: skip
    return _text(header, rows)


def year_results(given: RothCInput, spin_up: int, equilibrium: np.ndarray, record: np.ndarray) -> str:
    """Text of year_results: the equilibrium, then the last month of every year. Parameters as in
    :func:`month_results`."""
    python = given.program == PYTHON
    month = given.month[EQUILIBRIUM_ROWS:]
    # RothC_Py closes a year in December, RothC_Code after every 12 rows
    last = np.flatnonzero(month == 12) if python else np.arange(11, len(month), 12)
    years = given.year[EQUILIBRIUM_ROWS:][last].tolist()
    closing = np.vstack([equilibrium[None], record[last]])
    respired = [[] if python else [co2] for co2 in [0.0, *np.cumsum(record[:, CO2])[last].tolist()]]
    labels = [[1 if python else int(given.year[EQUILIBRIUM_ROWS - 1]), spin_up], *([year, 12] for year in years)]
    rows = [
        [*label, *pools, *co2, delta]
        for label, pools, co2, delta in zip(
            labels, _stocks(given, closing), respired, _delta(given, closing), strict=True
        )
    ]
    if not python:
        nothing_but_iom = 1000.0 * math.expm1(-INERT_AGE / REPORTED_LIFETIME)
        rows.insert(0, [0, 0, 0.0, 0.0, 0.0, 0.0, given.iom, given.iom, 0.0, nothing_but_iom])
    return _text(["Year", "Month", *_POOLS, *([] if python else ["CO2_t_C_ha"]), "deltaC"], rows)


def write_results(directory: Path, texts: Mapping[str, str], *, overwrite: bool = False) -> list[Path]:
    """Write all of the files, each whole or not at all; -> their paths.

    Raises
    ------
    ScenarioError
        One exists and is not to be replaced.
    """
    paths = refuse_existing(directory, texts, overwrite=overwrite)
    directory.mkdir(parents=True, exist_ok=True)
    temporaries = [path.with_name(f"{path.name}.part") for path in paths]
    try:
        for temporary, text in zip(temporaries, texts.values(), strict=True):
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for temporary, path in zip(temporaries, paths, strict=True):
            os.replace(temporary, path)
    finally:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
    return paths


def refuse_existing(directory: Path, names: Iterable[str], *, overwrite: bool) -> list[Path]:
    """Paths of the files to write, before anything is computed; raises ScenarioError where that is not possible."""
    paths = [directory / name for name in names]
    if directory.exists() and not directory.is_dir():
        raise ScenarioError(Problem(str(directory), expectation="is a file. Name a folder with --output."))
    problems = [
        Problem(str(path), expectation="exists already. Name another folder with --output, or add --overwrite.")
        for path in paths
        if path.exists() and not overwrite
    ]
    if problems:
        raise ScenarioError(problems)
    return paths


def _stocks(given: RothCInput, record: np.ndarray) -> list[list[float]]:
    """DPM, RPM, BIO, HUM, IOM and SOC of every month, t C/ha."""
    pools = record[:, : HUM + 1]
    inert = np.full(len(record), given.iom)
    return np.column_stack([pools, inert, pools.sum(axis=1) + inert]).tolist()  # type: ignore[no-any-return]


def _delta(given: RothCInput, record: np.ndarray) -> list[float]:
    """Delta-14C of the whole soil, per mil."""
    carbon = record[:, : HUM + 1].sum(axis=1) + given.iom
    activity = record[:, DPM_ACTIVITY : HUM_ACTIVITY + 1].sum(axis=1) + given.iom * activity_at_age(INERT_AGE)
    return delta_14c(radiocarbon_age(carbon, activity)).tolist()  # type: ignore[no-any-return]


def _text(header: list[str], rows: list[list[int | float | str]]) -> str:
    """Comma separated, numbers as short as they are read back to the same bits."""
    return "\n".join([",".join(header), *(",".join(map(str, row)) for row in rows), ""])
