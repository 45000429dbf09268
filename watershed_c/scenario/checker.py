"""Where problems found in the data of a scenario are collected, with file and line of the key they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.rasters import Raster, RasterError, misalignment, read_raster
from watershed_c.scenario import messages
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.toml_lines import KeyPath


class Checker:
    """Collects problems of one scenario, and warnings that do not stop a run."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def add(self, path: KeyPath, value: Any, expectation: str, suggestion: str = "") -> None:
        """A problem at a key; `value` is shown as the user would recognise it."""
        key = messages.dotted(path, None)
        for number, part in enumerate(path):
            if isinstance(part, int) and path[number - 1] == "event":
                event = self.scenario.rotation[str(path[1])].event[part]
                if event.id:
                    key = key.replace(f".event[{part}]", f".event.{event.id}")
        file, line = messages.where(path, key, self.scenario._file, self.scenario._lines)
        problem = Problem(file, line, key, "" if value == "" else messages.shown(value), expectation, suggestion)
        if problem not in self.problems:
            self.problems.append(problem)

    def done(self) -> None:
        """Raise everything found, in the order of the file."""
        if self.problems:
            raise ScenarioError(sorted(self.problems, key=lambda p: (p.line is None, p.line or 0)))

    def path(self, written: str) -> Path:
        """A path in the scenario."""
        return self.scenario.file(written)

    def map(self, key: KeyPath, written: str, variable: str | None, dem: Raster) -> Raster | None:
        """A map on the grid of the DEM, or None and a problem."""
        try:
            raster = read_raster(self.path(written), variable)
        except RasterError as error:
            missing = "does not exist" in str(error)
            hint = f"Paths start at the scenario file: looked for {self.path(written)}." if missing else ""
            self.add(key, written, str(error), hint)
            return None
        return self.on_grid(key, written, raster, dem)

    def on_grid(self, key: KeyPath, written: str, raster: Raster, dem: Raster) -> Raster | None:
        """The map, or None and a problem where it does not lie on the grid of the DEM."""
        difference = misalignment(dem, raster)
        if difference:
            hint = "Resample it to the grid of the DEM, e.g. gdalwarp -te ... -tr ... -t_srs ..."
            self.add(key, written, f"{difference}; all maps must lie on the grid of the DEM.", hint)
            return None
        return raster
