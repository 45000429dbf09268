"""From the import path a user wrote to a Landlab component, or a message that says why there is none."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from landlab import Component, ModelGrid

from watershed_c.errors import Problem, ScenarioError
from watershed_c.names import nearest


def problem(import_path: str, expectation: str, suggestion: str = "") -> ScenarioError:
    """What is wrong with a component of others, said of the scenario."""
    return ScenarioError(Problem("", None, "processes.custom.import", import_path, expectation, suggestion))


def find_component(import_path: str) -> type[Component]:
    """The Landlab component class at ``package.module:Class``; ScenarioError says why there is none."""
    module_name, _, class_name = import_path.partition(":")
    if not module_name or not class_name:
        raise problem(import_path, 'must be "package.module:Class".')
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a module of others may fail in any way
        raise problem(import_path, f"cannot be imported: {error}.", "Is the package installed?") from error
    found = getattr(module, class_name, None)
    if found is None:
        classes = {name for name, value in vars(module).items() if inspect.isclass(value)}
        guess = nearest(class_name, classes)
        advice = f'Did you mean "{module_name}:{guess}"?' if guess else ""
        raise problem(import_path, f"cannot be found: {module_name} has no {class_name}.", advice)
    is_component = inspect.isclass(found) and issubclass(found, Component)
    if not is_component or not hasattr(found, "run_one_step"):
        raise problem(import_path, "is not a Landlab component with run_one_step.")
    return found


def make_component(import_path: str, grid: ModelGrid, parameters: Mapping[str, Any]) -> Component:
    """The component on ``grid``; ScenarioError where it is not found or refuses its parameters or fields."""
    found = find_component(import_path)
    try:
        return found(grid, **parameters)
    except Exception as error:  # whatever the constructor of others raises is about what the user wrote
        accepted = ", ".join(list(inspect.signature(found).parameters)[1:]) or "none"
        raise problem(import_path, f"cannot be made: {error}.", f"Its parameters: {accepted}.") from error
