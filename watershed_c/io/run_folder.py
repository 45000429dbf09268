"""The results folder of a run: its record run.json, and what may be replaced."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError

RECORD = "run.json"


def wrong(path: Path, expectation: str) -> ScenarioError:
    """What is wrong with a file or folder."""
    return ScenarioError(Problem(str(path), expectation=expectation))


def read_record(directory: Path) -> dict[str, Any]:
    """Content of the run.json of a results folder.

    Raises
    ------
    ScenarioError
        There is none, or it is damaged.
    """
    try:
        record = json.loads((directory / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise wrong(directory, f"is not the results folder of a run: it has no {RECORD}.") from None
    except (OSError, ValueError) as error:
        raise wrong(directory / RECORD, f"cannot be read: {error}.") from None
    if not isinstance(record, dict) or "status" not in record:
        raise wrong(directory / RECORD, "is not the record of a run.")
    return record


def write_record(directory: Path, record: dict[str, Any]) -> None:
    """Write run.json, atomically; numbers that are not finite become null, as JSON has none."""
    target = directory / RECORD
    temporary = directory / f"{RECORD}.part"
    temporary.write_text(json.dumps(_plain(record), indent=2, allow_nan=False), encoding="utf-8")
    os.replace(temporary, target)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_replaceable(directory: Path) -> None:
    """Refuse, before anything is computed, to replace what no run has left and to write where nothing can be written.

    Raises
    ------
    ScenarioError
        The folder holds something, but no run.json; or it cannot be made.
    """
    if directory.is_dir() and any(directory.iterdir()) and not (directory / RECORD).exists():
        raise wrong(directory, f"is not empty and not the results folder of a run (no {RECORD}): it is not replaced.")
    parent = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise wrong(directory, f"cannot be written: {parent} is not a folder that you may write to.")


def make_empty(directory: Path) -> None:
    """Make the folder, or empty it; run.json goes last, so that a folder half emptied is still known as that of a run.

    Raises
    ------
    ScenarioError
        It cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(directory.iterdir(), key=lambda path: path.name == RECORD):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        raise wrong(directory, f"cannot be written: {error.strerror}.") from None
