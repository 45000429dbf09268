"""Broadbalk, 1843-2015: RothC with one plant input per plot, found from 1865-1914 alone, against later measurements.

``python scenarios/broadbalk/run.py [--figure docs/images/broadbalk.png]`` prints the table of README.md and draws.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from watershed_c.front.rothc import RothCRun, run_official
from watershed_c.io.rothc_files import EQUILIBRIUM_ROWS, PYTHON, RothCInput

HERE = Path(__file__).resolve().parent
PLOTS = ("nil", "PK", "N3PK", "FYM1843")
#: plots with farmyard manure and the year of their first; FYM1885 has the plant input of FYM1843
MANURED = {"FYM1843": 1843, "FYM1885": 1884}
#: %, cm (Rothamsted e-RA; clay as in the RothC manual)
CLAY, DEPTH = 23.4, 23.0
#: t C/ha: at the start (e-RA, estimated), and at the start of FYM1885 (0.93 %, at 28.8 t/ha per %)
START, START_1885 = 28.8, 0.93 * 28.8
#: t C/ha, Falloon et al. (1998): 0.049 SOC^1.139
INERT = 0.049 * START**1.139
#: t C/ha a year, 35 t/ha of fresh farmyard manure (RothC manual; Poulton et al. 2018)
MANURE = 3.0
#: years in which plant inputs are found, and from which they are judged
TUNED, JUDGED = (1865, 1914), (1936, 2015)
#: one section of five lay fallow each year
FALLOW = (1926, 1966)
FIRST, LAST = 1843, 2015
#: month that a year of the experiment begins with: drilling of winter wheat
DRILLED = 10


@dataclass(frozen=True)
class Setup:
    """What is not known of the experiment and has to be chosen.

    Attributes
    ----------
    weather : "measured" (normals where a month is missing) or "normals" (1961-1990 in every year)
    covered : months under wheat
    inputs : month -> share of the yearly plant input
    fallow : "section" (every fifth year from 1926), "mean" (mean of the five sections) or "none"
    manured_fallow : manure on fallow too
    sampled : month at whose end soil is sampled
    manure : t C/ha a year
    clay : %
    """

    weather: str = "measured"
    covered: tuple[int, ...] = (11, 12, 1, 2, 3, 4, 5, 6, 7)
    inputs: dict[int, float] = field(default_factory=lambda: {4: 0.1, 5: 0.2, 6: 0.3, 7: 0.4})
    fallow: str = "section"
    manured_fallow: bool = True
    sampled: int = 9
    manure: float = MANURE
    clay: float = CLAY


BASELINE = Setup()
ALTERNATIVES = {
    "baseline": BASELINE,
    "normals 1961-90 in every year": replace(BASELINE, weather="normals"),
    "covered all year": replace(BASELINE, covered=tuple(range(1, 13))),
    "covered April-July (manual, spring barley)": replace(BASELINE, covered=(4, 5, 6, 7)),
    "all plant input in August": replace(BASELINE, inputs={8: 1.0}),
    "plant input even over the covered months": replace(BASELINE, inputs={m: 1 / 9 for m in BASELINE.covered}),
    "mean of the five sections": replace(BASELINE, fallow="mean"),
    "no fallow": replace(BASELINE, fallow="none"),
    "no manure on fallow": replace(BASELINE, manured_fallow=False),
    "sampled in December": replace(BASELINE, sampled=12),
    "manure 3.2 t C/ha (upper estimate)": replace(BASELINE, manure=3.2),
    "clay 28 %": replace(BASELINE, clay=28.0),
}
#: known to be wrong, to show what it does
COUNTERFACTUAL = ("no fallow",)


@dataclass(frozen=True)
class Outcome:
    """Result of one setup.

    Attributes
    ----------
    years : (Y), years at whose sampling month SOC is given
    soc : plot -> (Y), t C/ha
    plant_input : plot -> t C/ha a year; "start" is that of the equilibrium of 1843
    rmse : plot -> t C/ha over the judged dates; over all dates for FYM1885
    """

    years: np.ndarray
    soc: dict[str, np.ndarray]
    plant_input: dict[str, float]
    rmse: dict[str, float]


def _table(name: str) -> list[dict[str, str]]:
    with open(HERE / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def measured() -> dict[str, dict[int, float]]:
    """Plot -> year -> SOC, t C/ha in 0-23 cm; without the estimates of 1843."""
    rows = _table("soc_t_ha.csv")
    return {
        plot: {int(row["year"]): float(row[plot]) for row in rows if row[plot] and int(row["year"]) > FIRST}
        for plot in (*PLOTS, "FYM1885")
    }


@cache
def weather(kind: str) -> np.ndarray:
    """(months from October 1843 to December 2015, 3): air temperature (degC), rain, open-pan evaporation (mm)."""
    normals = {int(row["month"]): row for row in _table("normals_1961_1990.csv")}
    months = {(int(row["year"]), int(row["month"])): row for row in _table("weather_1853_2015.csv")}
    rows = []
    for year, month in _calendar():
        given = months.get((year, month), {}) if kind == "measured" else {}
        normal = normals[month]
        rows.append([float(given.get(name) or normal[name]) for name in ("tmean_C", "rain_mm")])
        rows[-1].append(float(normal["evap_mm"]))
    return np.array(rows)


def _calendar() -> list[tuple[int, int]]:
    """Months of the run."""
    return [(year, month) for year in range(FIRST, LAST + 1) for month in range(1, 13)][DRILLED - 1 :]


def _run(
    setup: Setup, start: float, crop: Callable[[int], float], manured: int | None, section: int | None
) -> RothCRun:
    """The run from an equilibrium with a plant input of ``start`` on.

    Parameters
    ----------
    start : t C/ha a year
    crop : plant input (t C/ha a year) of the crop drilled in an October
    manured : year of the first manure
    section : which of the five has its turn of fallow, None none
    """
    calendar = _calendar()
    months = np.zeros((EQUILIBRIUM_ROWS + len(calendar), 8))
    months[:, 0], months[:, 7] = 100.0, 1.44
    months[:EQUILIBRIUM_ROWS, 1:4] = weather("normals")[:EQUILIBRIUM_ROWS]
    months[EQUILIBRIUM_ROWS:, 1:4] = weather(setup.weather)
    for i, (year, month) in enumerate(calendar[:EQUILIBRIUM_ROWS] + calendar):
        drilled = year if month >= DRILLED else year - 1
        grown, manure, fallow = start, 0.0, False
        if i >= EQUILIBRIUM_ROWS:
            grown = crop(drilled)
            manure = setup.manure if manured is not None and drilled >= manured else 0.0
            harvest = drilled + 1
            fallow = section is not None and FALLOW[0] <= harvest <= FALLOW[1] and harvest % 5 == (1 + section) % 5
        if fallow:
            grown, manure = 0.0, manure if setup.manured_fallow else 0.0
        months[i, 4] = grown * setup.inputs.get(month, 0.0)
        months[i, 5] = manure if month == DRILLED else 0.0
        months[i, 6] = float(month in setup.covered and not fallow)
    labels = np.array(calendar[:EQUILIBRIUM_ROWS] + calendar)
    given = RothCInput(
        program=PYTHON, clay=setup.clay, depth=DEPTH, iom=INERT, silt=np.nan, bulk_density=np.nan,
        organic_carbon=np.nan, moisture_option=1, bare_option=1, driest_factor=np.nan, year=labels[:, 0],
        month=labels[:, 1], months=months,
    )  # fmt: skip
    return run_official(given)


def _course(setup: Setup, start: float, crop: Callable[[int], float], manured: int | None) -> np.ndarray:
    """SOC (t C/ha) at the end of every month from October 1843; the mean of the sections if they are told apart."""
    sections: tuple[int | None, ...] = {"section": (0,), "mean": (0, 1, 2, 3, 4), "none": (None,)}[setup.fallow]
    runs = [_run(setup, start, crop, manured, section) for section in sections]
    return np.mean([run.record[:, :4].sum(axis=1) for run in runs], axis=0) + INERT  # type: ignore[no-any-return]


def evaluate(setup: Setup = BASELINE) -> Outcome:
    """Find the plant inputs from the tuned dates, predict, and judge.

    SOC is linear in every input, so each is found by least squares in closed form.
    """
    calendar, data = np.array(_calendar()), measured()
    sampled = calendar[:, 1] == setup.sampled
    years = calendar[sampled, 0]
    start = (START - INERT) / _run(setup, 1.0, lambda _: 0.0, None, None).equilibrium[:4].sum()
    plant_input, soc, rmse = {"start": float(start)}, {}, {}
    for plot in PLOTS:
        without = _course(setup, start, lambda _: 0.0, MANURED.get(plot))[sampled]
        response = _course(setup, start, lambda _: 1.0, MANURED.get(plot))[sampled] - without
        tuned = _dates(data[plot], TUNED)
        at = np.searchsorted(years, list(tuned))
        wanted = np.array(list(tuned.values())) - without[at]
        plant_input[plot] = float(response[at] @ wanted / (response[at] @ response[at]))
        soc[plot] = without + plant_input[plot] * response
        rmse[plot] = _rmse(years, soc[plot], _dates(data[plot], JUDGED))

    # FYM1885: its plant input before the first manure is what leads to its stock of that autumn
    first, later = MANURED["FYM1885"], plant_input["FYM1843"]
    low, high = (
        _course(setup, start, lambda drilled, early=early: later if drilled >= first else early, first)  # type: ignore[misc]
        for early in (0.0, 1.0)
    )
    autumn = np.flatnonzero((calendar == (first, DRILLED - 1)).all(axis=1))[0]
    early = float((START_1885 - low[autumn]) / (high[autumn] - low[autumn]))
    plant_input["before 1885"] = early
    soc["FYM1885"] = (low + early * (high - low))[sampled]
    rmse["FYM1885"] = _rmse(years, soc["FYM1885"], data["FYM1885"])
    return Outcome(years, soc, plant_input, rmse)


def _dates(values: dict[int, float], between: tuple[int, int]) -> dict[int, float]:
    return {year: value for year, value in values.items() if between[0] <= year <= between[1]}


def _rmse(years: np.ndarray, soc: np.ndarray, values: dict[int, float]) -> float:
    misses = soc[np.searchsorted(years, list(values))] - np.array(list(values.values()))
    return float(np.sqrt(np.mean(misses**2)))


def unchanged() -> dict[str, float]:
    """RMSE (t C/ha) over the judged dates of saying that SOC stays as it was measured in 1914."""
    data = measured()
    later = {plot: np.array(list(_dates(data[plot], JUDGED).values())) for plot in PLOTS}
    return {plot: float(np.sqrt(np.mean((values - data[plot][TUNED[1]]) ** 2))) for plot, values in later.items()}


def table(outcomes: dict[str, Outcome]) -> str:
    """Plant inputs (t C/ha a year) and RMSE (t C/ha) of each setup, as Markdown."""
    lines = [
        "| setup | start | nil | PK | N3PK | FYM1843 | RMSE nil | PK | N3PK | FYM1843 | FYM1885 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, outcome in outcomes.items():
        inputs = [f"{outcome.plant_input[key]:.2f}" for key in ("start", *PLOTS)]
        misses = [f"{outcome.rmse[key]:.1f}" for key in (*PLOTS, "FYM1885")]
        lines.append("| " + " | ".join([name, *inputs, *misses]) + " |")
    held = [f"{miss:.1f}" for miss in unchanged().values()]
    lines.append("| " + " | ".join(["no model: as in 1914", *[""] * 5, *held, ""]) + " |")
    return "\n".join(lines)


def draw(outcomes: dict[str, Outcome], path: Path) -> None:
    """The baseline against what was measured, in the range of the alternatives."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from watershed_c.plots.style import BLUE, GREEN, GREY, INK, PALE, PURPLE, STYLE, VERMILION, WIDTH

    names = {
        "FYM1843": "manure since 1843", "FYM1885": "manure since 1885", "N3PK": "N3 P K Mg", "PK": "P K Mg",
        "nil": "nothing",
    }  # fmt: skip
    raised = {"FYM1843": 2.0, "FYM1885": -2.0, "N3PK": 0.0, "PK": 0.7, "nil": -0.7}  # so that labels stay apart
    aside = {"PK": -0.7, "nil": 0.7}  # years: some of their measurements are the same
    colours = {"FYM1843": VERMILION, "FYM1885": PURPLE, "N3PK": GREEN, "PK": BLUE, "nil": INK}
    baseline, data = outcomes["baseline"], measured()
    spread = [outcome for name, outcome in outcomes.items() if name not in COUNTERFACTUAL]
    with pyplot.rc_context(STYLE):
        figure, panels = pyplot.subplots(
            2, 1, sharex=True, figsize=(WIDTH, 6.4), height_ratios=(55, 28), layout="constrained"
        )
        for panel, plots, limits in ((panels[0], ("FYM1843", "FYM1885"), (20, 90)),
                                     (panels[1], ("N3PK", "PK", "nil"), (15, 40))):  # fmt: skip
            panel.axvspan(*TUNED, color="#F2F2F2", lw=0)
            panel.axvspan(*FALLOW, color="#FBF3DC", lw=0)
            for plot in plots:
                colour, values = colours[plot], data[plot]
                since = baseline.years >= (MANURED["FYM1885"] if plot == "FYM1885" else FIRST)
                years = baseline.years[since]
                rows = np.array([outcome.soc[plot][np.isin(outcome.years, years)] for outcome in spread])
                panel.fill_between(years, rows.min(axis=0), rows.max(axis=0), color=colour, alpha=0.18, lw=0)
                panel.plot(years, baseline.soc[plot][since], color=colour, lw=1.6)
                tuned = [] if plot == "FYM1885" else list(_dates(values, TUNED))
                for year, value in values.items():
                    face = "white" if year in tuned else colour
                    at = year + aside.get(plot, 0.0)
                    panel.plot(at, value, "o", ms=4.8, mfc=face, mec=colour, mew=1.2, zorder=3, clip_on=False)
                label = f"{names[plot]}\nRMSE {baseline.rmse[plot]:.1f} t/ha"
                beside = (LAST + 4, baseline.soc[plot][-1] + raised[plot])
                panel.annotate(label, beside, color=colour, va="center", fontsize=8, annotation_clip=False)
            panel.plot(FIRST + 0.75, START, "D", ms=4.5, color=GREY, zorder=3)
            if "FYM1885" in plots:
                panel.plot(MANURED["FYM1885"] + 0.75, START_1885, "D", ms=4.5, color=GREY, zorder=3)
            panel.set(ylabel="SOC, 0\N{EN DASH}23 cm (t C ha$^{-1}$)", ylim=limits, xlim=(1840, LAST + 1))
        panels[0].set_title("Broadbalk: plant inputs found from 1865\N{EN DASH}1914, then prediction")
        panels[1].set_xlabel("year of harvest")
        for place, text in ((np.mean(TUNED), "plant inputs found here"), (np.mean(FALLOW), "fallow, one year in five")):
            panels[0].text(place, 88.5, text, ha="center", va="top", fontsize=7.5, color=GREY)
        handles = [
            Line2D([], [], marker="o", ls="", ms=4.8, mfc="white", mec=INK, label="measured, used to find plant input"),
            Line2D([], [], marker="o", ls="", ms=4.8, color=INK, label="measured, not used"),
            Line2D([], [], marker="D", ls="", ms=4.5, color=GREY, label="estimated start"),
            Line2D([], [], color=INK, lw=1.6, label="RothC"),
            Patch(color=PALE, label="range of the other choices in the table"),
        ]
        panels[0].legend(handles=handles, loc="lower right")
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="draw into this file")
    figure = parser.parse_args().figure
    outcomes = {name: evaluate(setup) for name, setup in ALTERNATIVES.items()}
    print(table(outcomes))
    if figure:
        draw(outcomes, figure)


if __name__ == "__main__":
    main()
