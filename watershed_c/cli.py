"""The command line. Imports of weight are inside the verbs, so that help answers at once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from watershed_c.errors import WatershedError

#: interrupted by the user
INTERRUPTED = 130

SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one key of the scenario, e.g. time.end=2030-12.",
)
VARIANTS = click.option(
    "--variants",
    default=None,
    metavar="FILE",
    help="Variants or factors of a file, or of a name beside the scenario, instead of its own.",
)
OUTPUT = click.option("--output", type=click.Path(path_type=Path), default=None, help="Folder for the results.")
QUIET = click.option("--quiet", is_flag=True, help="No progress, no tables.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")


def _speaking(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what the package raises on purpose into its message and its exit code, without a traceback."""

    @wraps(verb)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return verb(*arguments, **options)
        except WatershedError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt as interruption:
            click.echo(str(interruption) or "interrupted; nothing was written", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # the reader of our output has gone
            raise
        except OSError as error:  # a full disk, a folder without permission
            click.echo(f"{error.filename or ''}  {error.strerror or error}".strip(), err=True)
            sys.exit(WatershedError.exit_code)

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="watershed-c")
def main() -> None:
    """Water, sediment, drainage and soil carbon on one grid, one clock and one ledger.

    Begin with `watershed-c run jacksboro`, or write a scenario of your own from `watershed-c init my-catchment`.
    """


@main.command()
@click.argument("scenario")
@SET
@VARIANTS
@OUTPUT
@click.option("--overwrite", is_flag=True, help="Replace an existing results folder.")
@click.option("--force", is_flag=True, help="Run even if the machine seems to have too little memory.")
@QUIET
@JSON
@_speaking
def run(
    scenario: str,
    settings: tuple[str, ...],
    variants: str | None,
    output: Path | None,
    overwrite: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run SCENARIO: a shipped name, a scenario file, a folder that holds one, or a choices file (.ini) of WaTEM/SEDEM
    for its mean year. With its variants, if it has any.
    """
    if scenario.lower().endswith(".ini"):
        from watershed_c.front.watem_sedem import run_file

        told, record = run_file(scenario, output, settings=list(settings), overwrite=overwrite)
        if as_json:
            click.echo(record.read_text(encoding="utf-8"))
        elif not quiet:
            click.echo(told)
        return
    from watershed_c.scenario.load import load
    from watershed_c.simulation import run as run_scenario
    from watershed_c.variants import run_variants

    chosen = load(scenario, list(settings), variants=variants)
    quiet = quiet or as_json
    if chosen.variants or chosen.factors:
        together = run_variants(chosen, output=output, overwrite=overwrite, force=force, quiet=quiet)
        if as_json:
            click.echo(together.comparison.json())
        return
    finished = run_scenario(chosen, output=output, overwrite=overwrite, force=force, quiet=quiet)
    if as_json:
        click.echo((finished.directory / "run.json").read_text(encoding="utf-8"))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
@QUIET
@JSON
@_speaking
def resume(directory: Path, quiet: bool, as_json: bool) -> None:
    """Go on with a run that was interrupted, from its last restart file, to the same bits."""
    from watershed_c.simulation import resume as resume_run
    from watershed_c.variants import has_variants, resume_variants

    if has_variants(directory):
        together = resume_variants(directory, quiet=quiet or as_json)
        if as_json:
            click.echo(together.comparison.json())
        return
    finished = resume_run(directory, quiet=quiet or as_json)
    if as_json:
        click.echo((finished.directory / "run.json").read_text(encoding="utf-8"))


@main.command()
@click.argument("scenario")
@SET
@VARIANTS
@OUTPUT
@JSON
@_speaking
def check(scenario: str, settings: tuple[str, ...], variants: str | None, output: Path | None, as_json: bool) -> None:
    """Validate SCENARIO with all its maps and tables, and predict memory, time and disk. Writes nothing."""
    from watershed_c.scenario.load import load
    from watershed_c.simulation import predict
    from watershed_c.variants import check_variants

    chosen = load(scenario, list(settings), variants=variants)
    prediction = predict(chosen, output=output)
    check_variants(chosen)
    if as_json:
        click.echo(json.dumps(prediction.as_dict(), indent=2))
    else:
        click.echo(prediction.text())


@main.command()
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@OUTPUT
@QUIET
@JSON
@_speaking
def compare(directories: tuple[Path, ...], output: Path | None, quiet: bool, as_json: bool) -> None:
    """Compare finished runs with the first of them: a table, and with --output maps of what differs."""
    from watershed_c.comparison import compare as compare_runs
    from watershed_c.console import Console
    from watershed_c.variants import has_variants, runs_of

    folders = [run for folder in directories for run in (runs_of(folder) if has_variants(folder) else [folder])]
    comparison = compare_runs(folders)
    if output is not None:
        comparison.save(output)
    Console(quiet=quiet or as_json).comparison(comparison, output)
    if as_json:
        click.echo(comparison.json())


@main.command()
@click.argument("scenario")
@SET
@click.option("--years", type=click.IntRange(1, 2000), default=300, show_default=True, help="Length of the runs.")
@OUTPUT
@click.option("--overwrite", is_flag=True, help="Replace an existing results folder.")
@QUIET
@JSON
@_speaking
def sink(
    scenario: str,
    settings: tuple[str, ...],
    years: int,
    output: Path | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """When is erosion a sink? Run SCENARIO from a steady state with and without erosion, for both end members of buried
    carbon, and draw the exchange with the air that erosion causes.
    """
    from watershed_c.erosion_sink import as_json as told
    from watershed_c.erosion_sink import erosion_sink
    from watershed_c.scenario.load import load

    found = erosion_sink(
        load(scenario, list(settings)), years=years, output=output, overwrite=overwrite, quiet=quiet or as_json
    )
    if as_json or not quiet:
        click.echo(told(found) if as_json else found.text())


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@OUTPUT
@click.option("--overwrite", is_flag=True, help="Replace existing result files.")
@QUIET
@_speaking
def rothc(file: Path, output: Path | None, overwrite: bool, quiet: bool) -> None:
    """Run official RothC from FILE, the RothC_input.dat of RothC_Py or RothC_Code, to month_results.csv and
    year_results.csv in that program's columns."""
    from watershed_c.front.rothc import run_file

    told = run_file(file, output, overwrite=overwrite)
    if not quiet:
        click.echo(told)


@main.command()
@click.argument("model")
@click.option(
    "--forcing", type=click.Path(path_type=Path), required=True, help="Table (CSV) or NetCDF of weather and input."
)
@click.option(
    "--soil", multiple=True, metavar="KEY=VALUE,...", help='E.g. clay=23.4,depth="23 cm",iom=2.7; or a NetCDF.'
)
@click.option(
    "--initial",
    default="equilibrium",
    show_default=True,
    metavar="HOW",
    help="equilibrium; plant-input, fractions or weihermueller, with --soc; POOL=VALUE,...; or a NetCDF result.",
)
@click.option("--soc", default="", metavar="STOCK", help='Measured stock in t C/ha, or with its unit: "6.1 kg/m2".')
@click.option(
    "--spin-up", type=click.Path(path_type=Path), default=None, help="What repeats before; default the first year."
)
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Result, .csv or .nc.")
@click.option(
    "--scheme", default="", help="sequential_exponential, euler, rk4, exact, rk4_interpolated; default the model's."
)
@click.option("--steps-per-year", type=float, default=0, help="Default what the dates say, or 12.")
@click.option("--every", default="step", show_default=True, help="What is recorded: step, month, year or end.")
@click.option(
    "--moisture",
    default="",
    metavar="HOW",
    help="Of RothC: rothc_soilr, rothc_soilr_bare, or opt_rmmoist=2,opt_smdbare=1,minrm_moist=0.1.",
)
@click.option("--set", "settings", multiple=True, metavar="PARAMETER=VALUE", help="Change a parameter of the model.")
@click.option("--overwrite", is_flag=True, help="Replace an existing result.")
@QUIET
@_speaking
def site(model: str, quiet: bool, **options: Any) -> None:
    """Run the carbon model MODEL at a point, or at those of a NetCDF file, without a watershed."""
    from watershed_c.front.site import run_site

    told = run_site(model, **options)
    if not quiet:
        click.echo(told)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("dem", type=click.Path(path_type=Path))
@click.argument("x", type=float)
@click.argument("y", type=float)
@click.option("--snap", type=float, default=None, metavar="M", help="Farthest way to the stream; default two cells.")
@click.option(
    "--streams", default=None, metavar="MAP|AREA",
    help='Move it to the nearest of these streams, not to the largest near: a map, or upslope area ("0.5 km2").',
)  # fmt: skip
@click.option("--stream-area", default="0.1 km2", show_default=True, metavar="AREA", help="Upslope area of a stream.")
@click.option("--breach", is_flag=True, help="Cut depressions open instead of filling them.")
@OUTPUT
@click.option("--overwrite", is_flag=True, help="Write into a folder that exists.")
@_speaking
def catchment(dem: Path, x: float, y: float, **options: Any) -> None:
    """Cut the catchment of the point X Y out of DEM; tell its area, how far the outlet was moved, and its sinks."""
    from watershed_c.front.catchment import run_catchment

    click.echo(run_catchment(dem, (x, y), **options))


@main.command()
@click.argument("choices", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--measured", multiple=True, required=True, type=float, metavar="T/YR",
    help="Measured sediment yield, t/yr: one for each choices file, in their order.",
)  # fmt: skip
@click.option("--ratio", type=float, default=0.3, show_default=True, help="Low over high coefficient.")
@click.option(
    "--band", type=float, nargs=2, default=(0.25, 0.35), show_default=True, help="Ratios a pair of the grid may have."
)
@click.option("--grid", is_flag=True, help="All pairs of [Calibration]; always with several catchments.")
@OUTPUT
@_speaking
def calibrate(
    choices: tuple[Path, ...],
    measured: tuple[float, ...],
    ratio: float,
    band: tuple[float, float],
    grid: bool,
    output: Path | None,
) -> None:
    """Find the transport capacity coefficients (ktc) with which CHOICES files of WaTEM/SEDEM, or a scenario, give what
    was measured.
    """
    from watershed_c.front.calibrate import run_calibration

    click.echo(run_calibration(list(choices), list(measured), ratio=ratio, band=band, grid=grid, output=output))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--from-ini", "choices", type=click.Path(path_type=Path), metavar="FILE",
    help="With the land of a choices file (.ini) of WaTEM/SEDEM.",
)  # fmt: skip
@_speaking
def init(directory: Path, choices: Path | None) -> None:
    """Write a commented scenario to start from into DIRECTORY."""
    from watershed_c.errors import Problem, ScenarioError
    from watershed_c.scenario.template import TEMPLATE, template_of_choices

    target = directory / "scenario.toml"
    if target.exists():
        raise ScenarioError(
            Problem(str(target), expectation="exists already and is not replaced. Name another folder.")
        )
    text = TEMPLATE
    if choices is not None:
        from watershed_c.io.watem_files import read_choices

        read_choices(choices)  # says what is wrong with it before anything is written
        text = template_of_choices(Path(os.path.relpath(choices, directory)).as_posix())
    directory.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}\nnext: edit it, then `watershed-c check {directory}` and `watershed-c run {directory}`")


@main.command()
@_speaking
def models() -> None:
    """List the carbon models, crops, materials and implements that a scenario can name."""
    from watershed_c.catalogue import models_text

    click.echo(models_text())


@main.command()
@_speaking
def scenarios() -> None:
    """List the scenarios that come with the program."""
    from watershed_c.catalogue import scenarios_text

    click.echo(scenarios_text())


@main.command()
@click.argument("key", required=False)
@_speaking
def explain(key: str | None) -> None:
    """Say what a KEY of the scenario means: unit, range, default, source. Without KEY: list them all."""
    from watershed_c.scenario.explain import explain as explain_key
    from watershed_c.scenario.explain import explain_keys

    click.echo("\n".join(explain_keys()) if key is None else explain_key(key))


@main.command()
@_speaking
def doctor() -> None:
    """Say what is installed, whether it works together, and what the machine has."""
    from watershed_c.catalogue import doctor_text

    text, healthy = doctor_text()
    click.echo(text)
    sys.exit(0 if healthy else 3)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@_speaking
def cite(directory: Path | None) -> None:
    """Print what to cite: this software, and the sources of the processes and data of the run in DIRECTORY."""
    from watershed_c.catalogue import cite_text

    click.echo(cite_text(directory))


if __name__ == "__main__":
    main()
