"""Restart files: everything a run needs to go on with the same bits, in float64, written atomically."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from watershed_c.constituents import CARBONATE, DOLOMITE, DOLOMITE_LIME, GYPSUM, LIME
from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.netcdf import put, write_atomically
from watershed_c.state import Watershed

#: raised when the content of the file changes meaning
FORMAT = 2
#: what another run may begin with, besides the constituents
CARRIED_OVER = (
    "input_scale",
    "deficit",
    "doc",
    "dic",
    "calcium",
    "groundwater_doc",
    "groundwater_dic",
    "groundwater_calcium",
)
#: and where that run had water, strong acid, nitrogen, or sulfate and magnesium
WATER = ("water", "groundwater", "snow")
ACID = ("strong_acid", "groundwater_acid")
NITROGEN = ("nitrogen", "groundwater_nitrogen")
MINERALS = ("sulfate", "magnesium", "groundwater_sulfate", "groundwater_magnesium")
#: carbonate that counts as lithogenic calcite where a run does not follow it
OTHER_CARBONATE = tuple(row.name for row in (*LIME, DOLOMITE, *DOLOMITE_LIME))


def fingerprint(text: str, arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 of a text and of arrays with their shapes."""
    digest = hashlib.sha256(text.encode())
    for values in arrays:
        digest.update(f"{values.dtype}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def grid_of(
    shape: tuple[int, int], spacing: tuple[float, float], corner: tuple[float, float], layer_bottom: np.ndarray
) -> dict[str, Any]:
    """What must be the same for the state of one watershed to mean something in another; lengths in m."""
    return {
        "rows and columns": list(shape),
        "cell size": [float(size) for size in spacing],
        "south-west corner": [float(position) for position in corner],
        "layer boundaries": layer_bottom.tolist(),
    }


def _grid(watershed: Watershed) -> dict[str, Any]:
    w = watershed
    return grid_of(w.shape, (w.dx, w.dy), (w.grid.x_of_node[0], w.grid.y_of_node[0]), w.layer_bottom)


def save(
    path: Path, watershed: Watershed, *, next_step: int, scenario_hash: str, extra: dict[str, np.ndarray],
    compress: bool = True,
) -> None:  # fmt: skip
    """Write the state before step ``next_step``.

    Parameters
    ----------
    extra : dict
        Arrays processes ask to keep (see ``Process.memory``), by name.
    compress : bool
        Whether it is to be kept: a file that the next one replaces is written five times faster as it is.
    """
    arrays = {f"state.{name}": values for name, values in watershed.state_arrays().items()}
    ledger_arrays, ledger_values = watershed.ledger.memory()
    arrays |= {f"ledger.{name}": values for name, values in ledger_arrays.items()}
    arrays |= {f"process.{name}": values for name, values in extra.items()}
    attributes = {
        "format": FORMAT,
        "next_step": next_step,
        "scenario_hash": scenario_hash,
        "ledger": json.dumps(ledger_values),
        "grid": json.dumps(_grid(watershed)),
        "constituents": json.dumps(watershed.constituents.names),
    }
    if watershed.calendar_month > 0:
        attributes["next_month"] = (watershed.calendar_month + 1) % 12

    def fill(dataset: netCDF4.Dataset) -> None:
        dataset.setncatts(attributes)
        for name, values in arrays.items():
            values = np.atleast_1d(values)
            dims = []
            for size in values.shape:
                if f"d{size}" not in dataset.dimensions:
                    dataset.createDimension(f"d{size}", size)
                dims.append(f"d{size}")
            put(dataset, name, tuple(dims), values, compress=compress)

    write_atomically(path, fill)


def _read(path: Path, *only: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Attributes and arrays, all or those named that there are, of a restart file of this format."""

    def refuse(expectation: str) -> ScenarioError:
        return ScenarioError(Problem(str(path), expectation=expectation))

    if not path.is_file():
        raise refuse("is missing: there is no restart file here.")
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_mask(False)
            attributes = {key: dataset.getncattr(key) for key in dataset.ncattrs()}
            names = [name for name in dataset.variables if not only or name in only]
            arrays = {name: np.asarray(dataset.variables[name][...]) for name in names}
    except (OSError, RuntimeError) as error:
        raise refuse(f"cannot be read as a restart file: {error}.") from None
    if "format" not in attributes or "next_step" not in attributes:
        raise refuse("is not a restart file of a run (restart.nc).")
    if int(attributes["format"]) != FORMAT:
        raise refuse(f"has format {attributes['format']}; this version reads format {FORMAT}.")
    return attributes, arrays


def load(path: Path, watershed: Watershed, *, scenario_hash: str) -> tuple[int, dict[str, np.ndarray]]:
    """Put the saved state into ``watershed``; return the next step and the processes' arrays.

    Raises
    ------
    ScenarioError
        The file is missing, not readable, of another format, or of another scenario.
    """
    attributes, arrays = _read(path)
    if attributes["scenario_hash"] != scenario_hash:
        expectation = "the scenario or its inputs changed since this run began: start a new one."
        raise ScenarioError(Problem(str(path), expectation=expectation))
    for name, values in watershed.state_arrays().items():
        values[...] = arrays[f"state.{name}"].reshape(values.shape)
    watershed.ledger.recall(_below("ledger.", arrays), json.loads(attributes["ledger"]))
    return int(attributes["next_step"]), _below("process.", arrays)


def _differences(attributes: dict[str, Any], grid: dict[str, Any], pools: Iterable[str]) -> list[tuple[str, str]]:
    """What a restart file has otherwise than a run that would begin with it, and what to do about it."""
    there, rows = json.loads(attributes["grid"]), json.loads(attributes["constituents"])
    found = []
    differing = [f"{key} {there[key]} there, {value} here" for key, value in grid.items() if there[key] != value]
    if differing:
        found.append((f"is of another grid: {'; '.join(differing)}.", "Use the grid and layers of that run."))
    lacking = [name for name in pools if name not in rows]
    if lacking:
        text = f"has no {', '.join(lacking)}, which are pools of this run (it has {', '.join(rows)})."
        found.append((text, "Use the carbon model of that run."))
    return found


def initial_differences(path: Path, grid: dict[str, Any], pools: Iterable[str]) -> list[tuple[str, str]]:
    """Why a run cannot begin with the carbon of a restart file, each with advice; nothing where it can.

    Parameters
    ----------
    grid : dict
        As :func:`grid_of` says it.
    pools : iterable of str
        Names of the carbon pools.

    Raises
    ------
    ScenarioError
        The file is missing or not readable.
    """
    return _differences(_read(path, "")[0], grid, pools)


def holds_acid(path: Path) -> bool:
    """Whether there is strong acid in the water of a restart file, which who begins with it has to follow."""
    held = _read(path, *(f"state.{name}" for name in ACID))[1]
    return any(values.any() for values in held.values())


def load_initial(
    path: Path, watershed: Watershed, pores: Callable[[], None] | None = None
) -> tuple[list[str], float]:  # fmt: skip
    """Put soil carbon, plant input, water and solutes of another run on the same grid into ``watershed``.

    Terrain, soil mass and land use stay those of ``watershed``. Constituents go by name. Layers that hold less than
    those of that run have no more water than they hold.

    Parameters
    ----------
    pores : callable, optional
        Takes what layers hold from the carbon that is in them by then.

    Returns
    -------
    missing : list of str
        Constituents and stores of ``watershed`` that the file does not have; theirs are left as they are.
    difference : float
        Largest relative difference of the mineral mass of a layer: stocks are kept, not contents, but those of layers
        that are rock here.

    Raises
    ------
    ScenarioError
        The file is missing, not readable, of another grid, other layers or pools, without soil where there is soil
        here, or with strong acid that ``watershed`` was not made to follow.
    """
    attributes, arrays = _read(path)
    w = watershed
    pools = [w.constituents.names[row] for row in w.constituents.of_group("soc")]
    differing = _differences(attributes, _grid(w), pools)
    if differing:
        raise ScenarioError([Problem(str(path), expectation=text, suggestion=advice) for text, advice in differing])
    state = _below("state.", arrays)
    cells, shape = w.cells, w.reference.shape
    reference = state["reference"].reshape(shape)[cells]
    bare = int((reference[:, 0] <= 0.0).sum())
    if bare:
        raise ScenarioError(
            Problem(str(path), expectation=f"has no soil in {bare} of the {cells.size} cells of this run.")
        )
    if not w.strong_acid.size and any(state[name].any() for name in ACID if name in state):
        text, advice = "holds strong acid, which this run does not follow.", "Name it in carbon.initial.file."
        raise ScenarioError(Problem(str(path), expectation=text, suggestion=advice))
    rows = {name: row for row, name in enumerate(json.loads(attributes["constituents"]))}
    stocks = state["stocks"].reshape(*shape, len(rows))
    substratum = state["substratum"].reshape(shape[0], len(rows))
    there = w.reference[cells] > 0.0  # nothing lies in layers below rock
    shares = _dolomite_shares(w) if DOLOMITE.name not in rows and CARBONATE[0].name in rows else []
    for row, name in enumerate(w.constituents.names):
        if name in rows:
            w.stocks[cells, :, row] = np.where(there, stocks[cells, :, rows[name]], 0.0)
            w.substratum[cells, row] = substratum[cells, rows[name]]
    for held, dolomite, lithogenic, share in shares:  # of the carbonate of that run, not beside it
        held[..., dolomite] = share * held[..., lithogenic]
        held[..., lithogenic] -= held[..., dolomite]
    if CARBONATE[0].name in w.constituents.names:
        row = w.constituents.index(CARBONATE[0].name)
        for name in (name for name in OTHER_CARBONATE if name in rows and name not in w.constituents.names):
            w.stocks[cells, :, row] += np.where(there, stocks[cells, :, rows[name]], 0.0)
            w.substratum[cells, row] += substratum[cells, rows[name]]
    wet = bool(state["water"].any())
    fertile = w.nitrogen.size > 0 and "nitrogen" in state
    acidic = w.strong_acid.size > 0 and "strong_acid" in state
    salty = w.sulfate.size > 0 and "sulfate" in state
    also = (*(WATER if wet else ()), *(ACID if acidic else ()), *(NITROGEN if fertile else ()))
    also = (*also, *(MINERALS if salty else ()))
    for name in (*CARRIED_OVER, *also):
        values = getattr(w, name)
        values[cells] = state[name].reshape(values.shape)[cells]
    if pores is not None:
        pores()
    tighter = w.saturation < state["saturation"].reshape(w.saturation.shape)
    np.minimum(w.water, w.saturation, out=w.water, where=tighter)
    for name in ("residue", "residue_cover", "residue_nitrogen") if w.has_residues else ():
        if name in state:
            values = getattr(w, name)
            values[cells] = state[name].reshape(values.shape)[cells]
    missing = [name for name in w.constituents.names if name not in rows]
    for isotope in w.dissolved_isotopes:
        for name in (f"doc_{isotope}", f"groundwater_doc_{isotope}"):
            if name in state:
                values = getattr(w, name)
                values[cells] = state[name].reshape(values.shape)[cells]
            elif w.doc.any() and name.startswith("doc"):
                missing.append(name)
    missing += ["residue"] if w.has_residues and "residue" not in state else []
    missing += ["nitrogen"] if w.nitrogen.size > 0 and not fertile else []
    ours = w.reference[cells]
    # of a layer that soil does not reach
    ratio = np.where(ours > 0.0, reference / np.where(ours > 0.0, ours, 1.0), 1.0 + (reference > 0.0))
    return missing, float(np.abs(ratio - 1.0).max())


def _dolomite_shares(watershed: Watershed) -> list[tuple[np.ndarray, int, int, np.ndarray]]:
    """Of stocks and substratum: the rows of dolomite and of the other lithogenic carbonate, and its share of both."""
    w, names = watershed, watershed.constituents.names
    if DOLOMITE.name not in names:
        return []
    dolomite, lithogenic = names.index(DOLOMITE.name), names.index(CARBONATE[0].name)
    found = []
    for held in (w.stocks, w.substratum):
        both = held[..., dolomite] + held[..., lithogenic]
        share = np.divide(held[..., dolomite], both, out=np.zeros_like(both), where=both > 0.0)
        found.append((held, dolomite, lithogenic, share))
    return found


def not_followed(path: Path, watershed: Watershed) -> tuple[list[str], list[str]]:
    """Constituents of the soil of a restart file that ``watershed`` does not follow, where there is some of them.

    Returns those that :func:`load_initial` counts as lithogenic calcite, and carbonate and gypsum it leaves out.
    """
    attributes, arrays = _read(path, "state.stocks")
    rows, ours = json.loads(attributes["constituents"]), watershed.constituents.names
    stocks = arrays["state.stocks"].reshape(-1, len(rows))
    carbonate = [*(row.name for row in CARBONATE), *OTHER_CARBONATE]
    unknown = [name for name in (*carbonate, GYPSUM.name) if name in rows and name not in ours]
    found = [name for name in unknown if stocks[:, rows.index(name)].any()]
    counted = [name for name in found if name != GYPSUM.name and CARBONATE[0].name in ours]
    return counted, [name for name in found if name not in counted]


def next_month(path: Path) -> int | None:
    """Month (0 = January) that follows what a restart file holds; None where it does not say."""
    found = _read(path, "")[0].get("next_month")
    return None if found is None else int(found)


def process_arrays(path: Path, process: str) -> dict[str, np.ndarray]:
    """What a process asked to keep in a restart file, by name; empty where that run did not have it."""
    return _below(f"process.{process}.", _read(path)[1])


def _below(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name[len(prefix) :]: values for name, values in arrays.items() if name.startswith(prefix)}
