"""Restart files: everything a run needs to go on with the same bits, in float64, written atomically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.netcdf import put, write_atomically
from watershed_c.state import Watershed

#: raised when the content of the file changes meaning
FORMAT = 1


def save(path: Path, watershed: Watershed, *, next_step: int, scenario_hash: str, extra: dict[str, np.ndarray]) -> None:
    """Write the state before step ``next_step``.

    Parameters
    ----------
    extra : dict
        Arrays processes ask to keep (see ``Process.memory``), by name.
    """
    arrays = {f"state.{name}": values for name, values in watershed.state_arrays().items()}
    ledger_arrays, ledger_values = watershed.ledger.memory()
    arrays |= {f"ledger.{name}": values for name, values in ledger_arrays.items()}
    arrays |= {f"process.{name}": values for name, values in extra.items()}

    def fill(dataset: netCDF4.Dataset) -> None:
        dataset.setncatts(
            {"format": FORMAT, "next_step": next_step, "scenario_hash": scenario_hash, "ledger": json.dumps(ledger_values)}
        )
        for name, values in arrays.items():
            values = np.atleast_1d(values)
            dims = []
            for size in values.shape:
                if f"d{size}" not in dataset.dimensions:
                    dataset.createDimension(f"d{size}", size)
                dims.append(f"d{size}")
            put(dataset, name, tuple(dims), values)

    write_atomically(path, fill)


def load(path: Path, watershed: Watershed, *, scenario_hash: str) -> tuple[int, dict[str, np.ndarray]]:
    """Put the saved state into ``watershed``; return the next step and the processes' arrays.

    Raises
    ------
    ScenarioError
        The file is missing, of another format, or of another scenario.
    """
    if not path.exists():
        raise ScenarioError(Problem(str(path), key="restart", expectation="there is no restart file here; was this directory left by a run?"))
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_mask(False)
        attributes: dict[str, Any] = {key: dataset.getncattr(key) for key in dataset.ncattrs()}
        if int(attributes["format"]) != FORMAT:
            raise ScenarioError(
                Problem(str(path), key="format", value=str(attributes["format"]), expectation=f"this version reads format {FORMAT}")
            )
        if attributes["scenario_hash"] != scenario_hash:
            raise ScenarioError(
                Problem(str(path), key="scenario", expectation="the scenario or its inputs changed since this run began: start a new one")
            )
        arrays = {name: np.asarray(variable[...]) for name, variable in dataset.variables.items()}
    for name, values in watershed.state_arrays().items():
        values[...] = arrays[f"state.{name}"].reshape(values.shape)
    prefix = "ledger."
    watershed.ledger.recall(
        {name[len(prefix) :]: values for name, values in arrays.items() if name.startswith(prefix)}, json.loads(attributes["ledger"])
    )
    prefix = "process."
    return int(attributes["next_step"]), {name[len(prefix) :]: values for name, values in arrays.items() if name.startswith(prefix)}
