"""When is erosion a sink? The exchange of land and air that erosion causes, over time, for both end members.

A steady state without erosion is the start of three runs: nothing moves; soil moves and rates follow depth; soil moves
and rates follow material (coupling rule 12). The vertical exchange of a run (input - respiration - DOC) less that of
the run in which nothing moves is what erosion does; above zero it is a sink. Carbon that left with sediment is not in
it: its fate lies outside, and both ends of it are told, all kept and all given off.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import is_shipped, load_model
from watershed_c.scenario.resolve import output_folder
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import run

if TYPE_CHECKING:
    import xarray as xr

#: t ha-1 per kg m-2
TONNES = 10.0
#: years at which the sign is told
TOLD = (1, 3, 10, 30, 100, 300)
#: `processes.decomposition.buried` -> what it is called
ENDS = {"depth": "rates follow depth", "material": "rates follow material"}


@dataclass
class Course:
    """One end member, by year, t C per ha of soil since the start; arrays (Y,).

    Attributes
    ----------
    exchange : with the air, caused by erosion: positive into the soil
    losing, gaining : the parts of it where soil was lost and where it settled over the whole run
    exported : carbon that left with sediment
    """

    exchange: np.ndarray
    losing: np.ndarray
    gaining: np.ndarray
    exported: np.ndarray


@dataclass
class Sink:
    """What :func:`erosion_sink` found; ``courses`` by end member."""

    directory: Path
    title: str
    years: np.ndarray
    courses: dict[str, Course]

    def text(self) -> str:
        """The exchange at some years, for the console."""
        lines = ["exchange with the air caused by erosion, t C/ha since the start (+ sink)"]
        header = "years".ljust(26) + "".join(f"{year:>9}" for year in self._told())
        lines.append(header)
        for end, course in self.courses.items():
            kept = "".join(f"{course.exchange[year - 1]:>+9.3f}" for year in self._told())
            gone = "".join(f"{course.exchange[year - 1] - course.exported[year - 1]:>+9.3f}" for year in self._told())
            lines += [f"{ENDS[end]:<26}{kept}", f"{'  all export given off':<26}{gone}"]
        return "\n".join([*lines, f"figure and table in {self.directory}"])

    def _told(self) -> list[int]:
        return [year for year in TOLD if year <= self.years.size]

    def as_dict(self) -> dict[str, object]:
        """Plain numbers, for JSON."""
        courses = {end: {name: values.tolist() for name, values in vars(c).items()} for end, c in self.courses.items()}
        return {"years": self.years.tolist(), "unit": "t C ha-1 since the start, positive = sink", **courses}

    def save(self) -> None:
        """Write ``sink.csv`` and ``sink.png``."""
        from watershed_c.plots.sink import draw

        columns = [f"{end}_{name}_t_ha" for end in self.courses for name in vars(self.courses[end])]
        values = [values for course in self.courses.values() for values in vars(course).values()]
        with (self.directory / "sink.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(["years", *columns])
            rows = zip(self.years, *values, strict=True)
            writer.writerows([int(year), *map(repr, map(float, row))] for year, *row in rows)
        lines = {ENDS[end]: vars(course) for end, course in self.courses.items()}
        draw(self.directory / "sink.png", self.title, self.years, lines)


def erosion_sink(
    scenario: Scenario,
    *,
    years: int = 300,
    output: str | Path | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> Sink:
    """Run the experiment on a scenario and write its table and figure.

    Parameters
    ----------
    scenario : Scenario
        Its initial carbon is replaced by the steady state without erosion, its period by ``years``.
    years : int, 1 to 2000
    output : path, optional
        Folder of the three runs, table and figure; default ``sink`` beside the scenario's own results.

    Raises
    ------
    ScenarioError
        Nothing erodes in the scenario, or carbon does not turn over; and what a run raises.
    """
    processes = scenario.processes
    if not (processes.water_erosion.enabled or processes.tillage_erosion.enabled):
        wrong = "neither water nor tillage erosion is on: there is nothing to compare."
        raise ScenarioError(Problem(scenario._file, key="processes", expectation=wrong))
    if not processes.decomposition.enabled:
        wrong = "must be true: without it nothing is exchanged with the air."
        raise ScenarioError(Problem(scenario._file, key="processes.decomposition.enabled", expectation=wrong))
    directory = Path(output) if output is not None else output_folder(scenario).with_name(f"{scenario.name}-sink")
    first = int(scenario.time.start[:4])
    common = {
        "time.start": f"{first}-01",
        "time.end": f"{first + years - 1}-12",
        "output.every": "year",
        "output.figures": False,
        "output.maps": ["fVertSoil", "netEro"],
        # of the end of the first run, years after the others begin; nothing of them is told
        "carbon.isotopes.c14": False,
        "carbon.isotopes.c13": False,
    }
    still = {f"processes.{name}.enabled": False for name in ("water_erosion", "tillage_erosion")}
    told = {"overwrite": overwrite, "quiet": quiet}
    none = run(
        scenario.with_({**common, **still, "carbon.initial": {"method": "steady"}}), output=directory / "none", **told
    )
    start = {"method": "given", "file": str((none.directory / "restart.nc").resolve())}
    courses, reference = {}, _exchange(none.directory)
    for end in _ends(scenario):
        changes = {**common, "carbon.initial": start, "processes.decomposition.buried": end}
        moved = run(scenario.with_(changes), output=directory / end, **told)
        courses[end] = _course(moved.directory, reference)
    sink = Sink(directory, scenario.title or scenario.name, np.arange(1, years + 1), courses)
    sink.save()
    return sink


def _ends(scenario: Scenario) -> list[str]:
    """Both end members, where the carbon model has a depth factor; else one, as they are the same."""
    name = scenario.carbon.model
    model = load_model(name if is_shipped(name) else scenario.file(name))
    declines = isinstance(model, CompiledPoolModel) and any(law.factor == "depth" for law in model.dynamic)
    return list(ENDS) if declines else ["depth"]


def _results(directory: Path) -> xr.Dataset:
    import xarray as xr

    return xr.open_dataset(directory / "results.nc", decode_times=False)  # centuries are beyond numpy's dates


def _exchange(directory: Path) -> np.ndarray:
    """Vertical exchange of each cell in each year, (Y, y, x) kg C m-2."""
    with _results(directory) as results:
        return np.asarray(results["fVertSoil"].values[1:], dtype=np.float64)


def _course(directory: Path, reference: np.ndarray) -> Course:
    caused = _exchange(directory) - reference
    with _results(directory) as results:
        soil = results["cell_kind"].values == 1
        lost = results["netEro"].values[1:].sum(axis=0)
        area = float(results["cell_area"].values[soil].sum(dtype=np.float64))
        left = results["poc_export"].values.reshape(caused.shape[0], -1).sum(axis=1)

    def part(where: np.ndarray) -> np.ndarray:
        return np.cumsum(TONNES * caused[:, where & soil].sum(axis=1) / soil.sum())

    return Course(part(soil), part(lost > 0.0), part(lost <= 0.0), np.cumsum(TONNES * left / area))


def as_json(sink: Sink) -> str:
    """The courses as JSON."""
    return json.dumps(sink.as_dict(), indent=2)
