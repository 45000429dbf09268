"""The matrices that model folders describe, against the tables of the programs they come from.

Nothing of the loader or of the kernels takes part: see :mod:`tests.pools.matrices`.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.pools.matrices import MODELS as FOLDER
from tests.pools.matrices import allocate, pool_names, read, rerun, runge_kutta, solution, system
from tests.support import shared

MODELS = ("century", "icbm", "yasso", "yasso07", "yasso15", "yasso20", "c-tool", "amg")
#: relative, as asked of every table (SoilR is solved to 1e-11 by its own account)
TOLERANCE = 1e-7
#: below this stock (in the table's unit) digits are those of the other program's solver
SMALL = 1e-3


def _table(relative: str) -> np.ndarray:
    with shared(f"reference/pools/{relative}").open() as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(value) for value in row] for row in rows])


def _worst(result: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(result - expected) / np.maximum(np.abs(expected), SMALL)))


@pytest.mark.parametrize("name", MODELS)
def test_folder_reproduces_its_own_reference(name: str) -> None:
    states, expected, tolerance = rerun(name)
    assert tolerance == TOLERANCE
    assert _worst(states, expected) <= tolerance


def test_century_of_soilr() -> None:
    content = read("century")
    for file, clay, silt, lignin, ratio, surface, soil, modifier, start in (
        ("century_c1", 20.0, 45.0, 0.1, 0.5, 345 / 795, 450 / 795, 1.0, np.zeros(7)),
        ("century_c2", 8.0, 22.0, 0.25, 18.0, 0.02, 0.03, 0.45, np.array([1, 0.5, 1, 0.5, 3, 40, 25.0])),
    ):
        table = _table(f"soilr/{file}.csv")
        # SoilR's Ls is the share of lignin in structural litter, ours that in all litter
        structural = 1.0 - (0.85 - 0.018 * ratio)
        shares = {"lignin": lignin * structural, "lignin_nitrogen": ratio}
        rate = 52 * surface * allocate(content, "shoot", **shares) + 52 * soil * allocate(content, "root", **shares)
        split = np.zeros((7, 9))
        for row, columns in enumerate(([0, 1], [2], [3, 4], [5], [6], [7], [8])):
            split[row, columns] = [lignin, 1.0 - lignin] if len(columns) == 2 else 1.0
        matrix = modifier * system(content, {"clay": clay, "silt": silt}, split.sum(axis=0))
        states = solution(matrix, rate, start @ split, table[:, 0] / 52)
        assert _worst(states @ (split > 0.0).T, table[:, 1:8]) <= TOLERANCE


@pytest.mark.parametrize(
    ("file", "treatment", "start", "rate"),
    [
        ("icbm_pNpS", "straw-nitrogen", (3.0, 41.1), 2.85),
        ("icbm_mNmS", "control", (3.0, 39.9), 0.57),
        ("icbm_manure", "manure", (3.0, 39.9), 2.72),
        ("icbm_bare", "bare-fallow", (3.0, 39.6), 0.0),
    ],
)
def test_icbm_of_soilr(file: str, treatment: str, start: tuple[float, float], rate: float) -> None:
    table = _table(f"soilr/{file}.csv")
    states = solution(system(read("icbm", treatment), {}), np.array([rate, 0.0]), np.array(start), table[:, 0])
    assert _worst(states, 10.0 * table[:, 1:3]) <= TOLERANCE


def test_yasso07_of_soilr() -> None:
    table = _table("soilr/yasso07_soilr_y1.csv")
    matrix = system(read("yasso07", "soilr-2009"), {})
    states = solution(matrix, np.zeros(5), np.full(5, 100.0), table[:, 0])
    assert _worst(states, table[:, 1:6]) <= TOLERANCE


#: donor, receiver, printed flow, printed stock, printed factor of climate; soil pools that are tilled in this run
#: (active, slow, soil structural) are looked at apart
FLOWS = (
    ("surface_active", "surface_slow", "f_som11tosom21", "som1c1", "agdefac"),
    ("surface_slow", "surface_active", "f_som21tosom11", "som2c1", "agdefac"),
    ("surface_slow", "slow", "f_som21tosom22", "som2c1", "agdefac"),
    ("passive", "active", "f_som3tosom12", "som3c", "bgdefac"),
    ("surface_metabolic", "surface_active", "f_metc1tosom11", "metabc1", "agdefac"),
    ("soil_metabolic", "active", "f_metc2tosom12", "metabc2", "bgdefac"),
)
TILLED = (
    ("active", "passive", "f_som12tosom3", "som1c2"),
    ("slow", "active", "f_som22tosom12", "som2c2"),
    ("slow", "passive", "f_som22tosom3", "som2c2"),
)


def _days(days_of_year: int) -> np.ndarray:
    """Length of each day, yr: DayCent's months are twelfths of a year."""
    months = np.array([31, days_of_year - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    return np.repeat(1.0 / 12.0 / months, months)


def _printed(per_day: np.ndarray, stock: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A flow and what its digits leave open: half of one of the flow (6 decimals), the stock and the factor (4)."""
    return per_day * stock * factor, 0.5e-6 + per_day * 0.5e-4 * (factor + stock)


def test_flows_of_daycent_follow_from_its_printed_states() -> None:
    """Every printed flow within 3e-3 or the digits printed, of the flow and of the state and factor it follows from."""
    path = shared("reference/pools/daycent/daycent_eqt_base_daily.csv")
    table = np.genfromtxt(path, delimiter=",", names=True)
    content = read("century", "ddcent17")
    names = pool_names(content)
    matrix = system(content, {"clay": 14.0, "silt": 16.0, "sand": 70.0, "ph": 7.0}, np.ones(len(names)))
    compared = 0
    for year in np.unique(table["year"]):
        rows = table[table["year"] == year]
        days = _days(len(rows))[1:]
        before, after = rows[:-1], rows[1:]

        for donor, receiver, column, stock, factor in FLOWS:
            per_day = matrix[names.index(receiver), names.index(donor)] * days
            expected, digits = _printed(per_day, before[stock], after[factor])
            off = np.abs(after[column] - expected)
            bad = off > 3e-3 * expected + digits
            assert not bad.any(), (year, column, expected[bad], after[column][bad])
            compared += off.size
        # tillage multiplies all flows of a donor alike: what it does to one it does to the others
        per_day = matrix[names.index("active"), names.index("slow")] * days
        untilled = after["f_som22tosom12"] < 1.005 * per_day * before["som2c2"] * after["bgdefac"]
        tillage = after["f_som22tosom12"] / (per_day * before["som2c2"] * after["bgdefac"])
        for donor, receiver, column, stock in TILLED:
            per_day = matrix[names.index(receiver), names.index(donor)] * days
            expected, digits = _printed(per_day, before[stock], after["bgdefac"])
            off = np.abs(after[column] - expected)[untilled]
            assert (off <= (3e-3 * expected + digits)[untilled]).all(), (year, column)
            off = np.abs(after[column] - tillage * expected)
            assert (off <= tillage * (3e-3 * expected + digits)).all(), (year, column)
        assert tillage.max() > 30.0
        assert untilled.mean() > 0.3
        # from active to slow goes what is not leached: at most (0.03 + 0.12 sand) of the decay, DDCent17's limit
        per_day = matrix[names.index("slow"), names.index("active")] * days
        expected, digits = _printed(per_day, before["som1c2"], after["bgdefac"])
        lost = -matrix[names.index("active"), names.index("active")] * days * before["som1c2"] * after["bgdefac"]
        off = (after["f_som12tosom22"] - expected)[untilled]
        assert (off <= (3e-3 * expected + digits)[untilled]).all()
        assert (off >= -(3e-3 * expected + digits + 0.114 * lost)[untilled]).all()
    assert compared > 6000


#: structural litter: stock, its flows to active and slow of its place, factor of climate, whether tillage stirs it
STRUCTURAL = (
    ("surface", "strucc1", "f_struc1tosom11", "f_struc1tosom21", "agdefac", False),
    ("soil", "strucc2", "f_struc2tosom12", "f_struc2tosom22", "bgdefac", True),
)


@pytest.mark.parametrize(("place", "stock", "to_active", "to_slow", "factor", "tilled"), STRUCTURAL)
def test_structural_litter_of_daycent_decays_by_its_lignin(
    place: str, stock: str, to_active: str, to_slow: str, factor: str, tilled: bool
) -> None:
    """On every day, tilled ones too: the flows' ratio tells the lignin share, their size must be that of exp(-3 share).

    Within 3e-3 or the digits printed. How fast tillage makes the soil turn over is told by another pool, as its flow
    from slow to active says (the effect on slow and structural is one number in this run).
    """
    path = shared("reference/pools/daycent/daycent_eqt_base_daily.csv")
    table = np.genfromtxt(path, delimiter=",", names=True)
    content, properties = read("century", "ddcent17"), {"clay": 14.0, "silt": 16.0, "sand": 70.0, "ph": 7.0}
    names = pool_names(content)
    active, slow = (names.index(f"surface_{pool}" if place == "surface" else pool) for pool in ("active", "slow"))
    at = names.index("active"), names.index("slow")
    stirred = system(content, properties, np.ones(len(names)))[at]
    compared, most = 0, 0.0
    for year in np.unique(table["year"]):
        rows = table[table["year"] == year]
        days = _days(len(rows))[1:]
        before, after = rows[:-1], rows[1:]
        other, other_stock = after["f_som22tosom12"], before["som2c2"]
        tillage = other / (stirred * days * other_stock * after["bgdefac"]) if tilled else np.ones(days.size)
        most = max(most, float(tillage.max()))
        for n in range(days.size):
            decayed = after[to_active][n] / (0.45 if tilled else 0.55), after[to_slow][n] / 0.7
            total = sum(decayed)
            share = decayed[1] / total
            state = np.zeros(len(names))
            state[names.index(f"{place}_structural_lignin")] = share * before[stock][n]
            state[names.index(f"{place}_structural")] = (1.0 - share) * before[stock][n]
            gained = system(content, properties, state) @ state * after[factor][n] * days[n] * tillage[n]
            # half a digit: of both flows, by size and by share; of the stocks; of the climate where it does not cancel
            open_ = 0.5e-6 * (1.0 / 0.45 + 1.0 / 0.7) / total * (1.0 + 3.0 * max(share, 1.0 - share))
            open_ += 0.5e-4 / before[stock][n]
            open_ += 0.5e-6 / other[n] + 0.5e-3 / other_stock[n] if tilled else 0.5e-4 / after[factor][n]
            for pool, column in ((active, to_active), (slow, to_slow)):
                assert abs(after[column][n] / gained[pool] - 1.0) <= 3e-3 + open_, (year, n, column)
                compared += 1
    assert compared == 2 * 1093
    assert (most > 30.0) == tilled


def _climate(content: dict, temperature: np.ndarray, precipitation_m: np.ndarray) -> np.ndarray:
    names = pool_names(content)
    factors = np.ones((temperature.size, len(names)))
    for modifier in content["modifiers"]:
        pools = [names.index(pool) for pool in modifier.get("pools", names)]
        if modifier["factor"] == "temperature":
            given = modifier["parameters"]
            value = np.exp(given["linear"] * temperature + given["quadratic"] * temperature**2)
        elif modifier["factor"] == "moisture":
            value = 1.0 - np.exp(modifier["parameters"]["exponent"] * precipitation_m)
        else:
            continue  # wood, 1 without a size
        factors[:, pools] *= value[:, None]
    return factors


@pytest.mark.parametrize("name", ["yasso07", "yasso15", "yasso20"])
def test_yasso_of_sorcering(name: str) -> None:
    content = read(name, "sorcering")
    table = _table(f"sorcering/{name}.csv")[:, 1:]
    drivers = _table("sorcering/yasso_input.csv")
    # its year of precipitation begins with the second month
    precipitation = [drivers[12 * (max(n - 1, 0) // 12) + 1 :][:12, 2].sum() for n in range(len(drivers))]
    factors = _climate(content, drivers[:, 1], np.array(precipitation) / 1000.0)
    rates = 12.0 * drivers[: len(table) - 1, 3:8]
    states = runge_kutta(system(content, {}), factors[: len(table)], rates, table[0], 1.0 / 12.0)
    assert _worst(states, table) <= TOLERANCE


@pytest.mark.parametrize("name", ["yasso07", "yasso20"])
def test_yasso_of_holisoils(name: str) -> None:
    items = shared("reference/pools/holisoils/yasso_inputs.csv").read_text().split()[1:]
    given = {key: float(value) for key, value in (item.split(",") for item in items)}
    mean, amplitude, precipitation = given["MT"], given["TA"], given["PR_mm"] / 1000.0
    if name == "yasso07":  # four temperatures of a sine, Tuomi et al. (2009)
        half = 1.0 / np.sqrt(2.0)
        temperature = mean + 4.0 * amplitude / np.pi * np.array([half - 1.0, -half, 1.0 - half, half])
        file = "yasso07_tuomi2011"
    else:
        temperature = np.array([given[f"Tmonth_{month}"] for month in range(1, 13)])
        file = "yasso20_viskari2022"
    content = read(name)
    factor = _climate(content, temperature, np.full(temperature.size, precipitation)).mean(axis=0)
    table = _table(f"holisoils/{file}.csv")
    rate = given["litter"] * allocate(content, "plant", acid=0.52, water=0.18, ethanol=0.08)
    states = solution(system(content, {}) * factor, rate, np.zeros(5), table[:, 0] - 1.0)
    assert _worst(states, table[:, 1:6]) <= TOLERANCE


def test_c_tool_of_sorcering() -> None:
    drivers, table = _table("sorcering/ctool_input.csv"), _table("sorcering/ctool.csv")[:, 1:]
    content = read("c-tool")
    years = drivers[:, 1].reshape(-1, 12)
    ordered = np.sort(years, axis=1)
    quartiles = 0.5 * (ordered[:, 8] + ordered[:, 9] - ordered[:, 2] - ordered[:, 3])
    days = 30.4375 * (np.arange(12) + 0.5) - 110.0
    damping = np.sqrt(2.0 * 0.35e-6 / (2.0 * np.pi / (365.0 * 86400.0)))  # m, from the diffusivity in m2/s
    factors = np.ones((drivers.shape[0], 6))
    for modifier in content["modifiers"]:
        depth = modifier["depth_m"]
        wave = np.exp(-depth / damping) * np.sin(2.0 * np.pi * days / 365.0 - depth / damping)
        soil = (years.mean(axis=1)[:, None] + quartiles[:, None] * wave).ravel()
        factor = 7.24 * np.exp(-3.432 + 0.168 * soil * (1.0 - soil / 73.8))
        factors[:, [pool_names(content).index(pool) for pool in modifier["pools"]]] = factor[:, None]
    steps = len(table) - 1
    matrix = system(content, {"clay": 18.0})
    states = runge_kutta(matrix, factors[: steps + 1], 12.0 * drivers[:steps, 2:8], table[0], 1.0 / 12.0)
    assert _worst(states, table) <= TOLERANCE


@pytest.mark.parametrize(("parameter_set", "column"), [("v1", 1), ("", 2)])
def test_clay_and_carbonate_of_amg(parameter_set: str, column: int) -> None:
    content = read("amg", parameter_set)
    active = pool_names(content).index("active")
    rate = content["parameters"]["active_rate"]["value"]
    table = _table("holisoils/amg_soil.csv")
    for row in table:
        clay = system(content, {"clay": row[0] / 10.0, "carbonate": 0.0})[active, active]
        carbonate = system(content, {"clay": 0.0, "carbonate": row[0]})[active, active]
        assert -clay / rate == pytest.approx(row[column], rel=1e-12)
        assert -carbonate / rate == pytest.approx(row[column + 2], rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_default_set_creates_no_carbon_and_sets_that_do_say_so(name: str) -> None:
    sets = ["", *sorted(path.stem for path in (FOLDER / name / "sets").glob("*.toml"))]
    for chosen in sets:
        content = read(name, chosen)
        for clay, silt, sand in ((0, 0, 100), (100, 0, 0), (0, 100, 0), (30, 30, 40)):
            given = {"clay": clay, "silt": silt, "sand": sand, "ph": 6.0, "carbonate": 20}
            properties = {key: float(given[key]) for key in content.get("properties", {})}
            matrix = system(content, properties, np.ones(len(content["pools"])))
            lost = -np.diag(matrix)
            gained = matrix.sum(axis=0) / np.where(lost > 0.0, lost, 1.0)
            assert (matrix - np.diag(np.diag(matrix)) >= 0.0).all()
            assert (gained.max() > 1e-12) == content.get("creates_mass", False), (chosen, gained)
    assert not read(name).get("creates_mass", False)
