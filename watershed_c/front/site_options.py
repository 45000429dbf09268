"""What the options of the verb `site` say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watershed_c.errors import Problem, ScenarioError
from watershed_c.pools.base import PoolModel
from watershed_c.pools.datasets import near
from watershed_c.pools.initial import METHODS, Measured
from watershed_c.units import UnitError, split_quantity

if TYPE_CHECKING:
    import xarray as xr

NETCDF = (".nc", ".nc4", ".cdf")


def quantity(text: str, key: str, problems: list[Problem]) -> xr.DataArray | None:
    """A number with or without a unit."""
    import xarray as xr

    try:
        number, unit = split_quantity(text)
    except UnitError:
        problems.append(
            Problem(key=key, value=text, expectation='must be a number, or a number with its unit ("23 cm").')
        )
        return None
    return xr.DataArray(number, attrs={"units": unit} if unit else {})


def soil_of(words: Sequence[str]) -> xr.Dataset:
    """Soil of KEY=VALUE and of NetCDF files."""
    import xarray as xr

    problems: list[Problem] = []
    found: dict[str, Any] = {}
    ground = xr.Dataset()
    for word in [part.strip() for given in words for part in given.split(",")]:
        key, mark, text = word.partition("=")
        if not mark and Path(word).suffix in NETCDF:
            ground = ground.merge(read_netcdf(Path(word)))
        elif not mark:
            problems.append(Problem(key=f"--soil {word}", expectation="must be KEY=VALUE, or a NetCDF file."))
        elif (value := quantity(text, f"--soil {key}", problems)) is not None:
            found[key.strip()] = value
    if problems:
        raise ScenarioError(problems)
    return ground.assign(found)


def initial_of(word: str, soc: str, model: PoolModel) -> Any:
    """What --initial and --soc mean."""
    problems: list[Problem] = []
    stock = quantity(soc, "--soc", problems) if soc else None
    method = word.replace("-", "_")
    start: Any = "equilibrium"
    if "=" in word:
        pools: dict[str, Any] = {}
        for part in word.split(","):
            key, _, text = part.partition("=")
            value = quantity(text, f"--initial {key}", problems)
            if value is not None:
                pools[key.strip()] = value
        start = pools if stock is None else Measured(stock, "measured_fractions", pools)
    elif method in METHODS and method != "measured_fractions":
        if not soc:
            problems.append(Problem(key="--soc", expectation=f"is missing: --initial {word} needs the measured stock."))
        start = Measured(stock, method)
    elif Path(word).suffix in NETCDF:
        start = read_netcdf(Path(word))
    elif word != "equilibrium":
        ways = ["equilibrium", *(name.replace("_", "-") for name in METHODS if name != "measured_fractions")]
        expectation = f"must be one of {', '.join(ways)}, a NetCDF result, or {model.pools[0]}=...,..."
        problems.append(Problem(key="--initial", value=word, expectation=expectation, suggestion=near(word, ways)))
    if soc and not isinstance(start, Measured) and not problems:
        problems.append(Problem(key="--soc", value=soc, expectation="needs --initial plant-input or another method."))
    if problems:
        raise ScenarioError(problems)
    return start


def moisture_of(text: str) -> dict[str, Any] | None:
    """What --moisture means: a variant, or options as KEY=VALUE."""
    if not text:
        return None
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for word in (part.strip() for part in text.split(",")):
        key, mark, value = (part.strip() for part in word.partition("="))
        if not mark:
            found["variant"] = key
            continue
        try:
            number = float(value)
        except ValueError:
            problems.append(Problem(key=f"--moisture {key}", value=value, expectation="must be a number."))
            continue
        found[key] = int(number) if key.startswith("opt_") and number == int(number) else number
    if problems:
        raise ScenarioError(problems)
    return found


def read_netcdf(path: Path) -> xr.Dataset:
    import xarray as xr

    if not path.is_file():
        raise ScenarioError(Problem(str(path), expectation="there is no such file."))
    try:
        with xr.open_dataset(path) as opened:
            return opened.load()
    except (OSError, ValueError) as error:
        raise ScenarioError(Problem(str(path), expectation=f"cannot be read as NetCDF: {error}")) from None
