"""Yields beside their stated ranges for the climate of jacksboro, and acidity of fertilisers beside its formula.

    python benchmarks/yields.py [--figure FILE]

Yields: every sown crop on a cell of its own, loam, `growth.yields = "potential"`, 120 kg N ha-1 but for legumes, mean of two
years of the normals of Allardt (Tennessee); the range is that of the crop file. Acidity: winter wheat with 120 kg N ha-1 of each type for six years
on limed loam, less the same without; u is 1 - what more was leached per nitrogen that stayed. Nothing is fitted: evidence,
not a gate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.growth import Growth
from watershed_c.kernels.nitrogen import NITROGEN_MASS
from watershed_c.management.library import load_library
from watershed_c.management.nitrogen import CALCITE_PER_CHARGE
from watershed_c.management.reading import month_day
from watershed_c.scenario.load import loads, shipped_scenarios
from watershed_c.scenario.resolve import resolve

LIBRARY = load_library()
CROPS = [name for name, crop in LIBRARY.crops.items() if crop.kind == "annual"]
#: kg N ha-1 that the crops of the first part get
NITROGEN = 120.0
#: kg CaCO3 per kg N with half of it taken up, the convention of AOAC
CONVENTION = {"urea": 1.79, "ammonium-sulphate": 5.36, "dap": 3.57}
COLUMN = """\
title = "fields one below the other"
schema = 1
[domain]
outlet = "edges"
[domain.synthetic]
kind = "plane"
length = "{length} m"
width = "10 m"
height = "1 m"
cell_size = "10 m"
[time]
start = "2001-01"
end = "{end}-12"
[climate]
source = "{climate}"
latitude = 36.4
[climate.erosivity]
method = "renard_freimund"
[soil]
layers = ["10 cm", "15 cm", "25 cm", "50 cm"]
clay = "20 %"
sand = "40 %"
bulk_density = "1.35 g/cm3"
soc = {{ value = "50 t/ha", depth = "30 cm" }}
[carbon]
plant_input = "prescribed"
[processes.water_erosion]
enabled = false
[processes.tillage_erosion]
enabled = false
[processes.soil_water]
rain_days = 10
[numerics]
threads = 1
"""


def fields(names: list[str], rotations: dict[str, dict[str, object]], end: int, more: dict[str, object]) -> Assembly:
    """A cell for each rotation, the first at the foot, with initial carbon found."""
    climate = shipped_scenarios()["jacksboro"].parent / "climate.csv"
    text = COLUMN.format(length=10 * (len(names) + 2), end=end, climate=climate)
    changes = {
        "land.rules": [{"class": name} for name in names], **{f"rotation.{n}": r for n, r in rotations.items()}
    }  # fmt: skip
    assembly = assemble(resolve(loads(text, overrides={**changes, **more}), overwrite=True))
    w = assembly.watershed
    w.unit[w.cells] = [assembly.tables.unit(names[min(place, len(names) - 1)]) for place in range(w.cells.size)]
    initialise(assembly)
    return assembly


def rows_of(assembly: Assembly) -> dict[str, int]:
    """Cell of each rotation."""
    w = assembly.watershed
    return {assembly.tables.names[w.unit[cell]].split("+")[0]: int(cell) for cell in w.cells}


def fed(name: str) -> dict[str, object]:
    """A crop year after year, with nitrogen in spring or soon after sowing; legumes fix theirs."""
    crop = LIBRARY.crops[name]
    assert crop.sown is not None
    on = "03-15" if crop.habit == "winter" else month_day(crop.sown + 20)
    event = {"id": "n", "on": on, "do": "fertilise", "nitrogen": f"{NITROGEN:g} kg/ha"}
    return {"years": [name], "event": [] if crop.nitrogen_fixed > 0.0 else [event]}


def yields() -> dict[str, tuple[float, float, float, float, float]]:
    """Yield by light and warmth and the yield as it is, t DM ha-1, and the limits of warmth, water and nitrogen."""
    more = {
        "processes.growth.enabled": True, "processes.growth.yields": "potential", "processes.nitrogen.enabled": True,
    }  # fmt: skip
    assembly = fields(CROPS, {name: fed(name) for name in CROPS}, 2002, more)
    growth = assembly.model.processes["growth"]
    assert isinstance(growth, Growth)
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in CROPS}
    while not assembly.model.done:
        assembly.model.step()
        for _, _, crop, _, harvest, _, warm, water, _, nitrogen in growth.rows["yields"]:
            found[str(crop)].append((harvest / water / nitrogen, harvest, warm, water, nitrogen))  # type: ignore[operator]
        growth.rows["yields"].clear()
    return {name: tuple(np.mean(rows, axis=0)) for name, rows in found.items()}  # type: ignore[misc]


def acidity(amount: float = 0.012) -> dict[str, tuple[float, float, float]]:
    """H+ per N of each fertiliser, share u that was taken up, and kg CaCO3 per kg N that stayed."""
    names = ["none", *LIBRARY.fertilisers]
    plough = {"id": "plough", "on": "09-20", "do": "till"}
    rotations: dict[str, dict[str, object]] = {
        name: {"years": ["winter-wheat"], "event": [plough, *(
            [] if name == "none" else
            [{"id": "n", "on": "03-10", "do": "fertilise", "fertiliser": name, "nitrogen": f"{1e4 * amount:g} kg/ha"}]
        )]} for name in names
    }  # fmt: skip
    more = {
        "processes.growth.enabled": True, "processes.nitrogen.enabled": True, "processes.carbonate.enabled": True,
        "soil.sic": {"value": "1 %", "as": "CaCO3"}, "processes.nitrogen.denitrification": 0.0,
    }  # fmt: skip
    assembly = fields(names, rotations, 2006, more)
    ledger = assembly.watershed.ledger
    keys = {
        "acid": ("strong_acid", "nitrogen_acid"), "stayed": ("nitrogen", "fertiliser"),
        "taken": ("nitrogen", "nitrogen_uptake"), "freed": ("nitrogen", "mineralisation"),
    }  # fmt: skip
    maps = {name: ledger.map_of(*key) for name, key in keys.items()}
    harvested = assembly.watershed.with_crops().harvested
    while not assembly.model.done:
        assembly.model.step()
    cells = rows_of(assembly)
    control, found = cells["none"], {}
    grain = LIBRARY.crops["winter-wheat"].product_alkalinity / CALCITE_PER_CHARGE
    for name, fertiliser in LIBRARY.fertilisers.items():
        more_of = {key: float(values[cells[name]] - values[control]) for key, values in maps.items()}
        bases = grain * float(harvested[cells[name]] - harvested[control])  # which the formula leaves aside
        stayed = more_of["stayed"]
        leached = stayed + more_of["freed"] + more_of["taken"]  # uptake is booked as a loss
        acid = (more_of["acid"] - bases) * CALCITE_PER_CHARGE
        found[name] = fertiliser.acid, 1.0 - leached / stayed, acid / stayed
    return found


def draw(path: Path, grown: dict[str, tuple[float, ...]], sour: dict[str, tuple[float, ...]]) -> None:
    """Both beside each other."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11.0, 6.2), width_ratios=(1.35, 1.0), layout="constrained")
    order = sorted(grown, key=lambda name: LIBRARY.crops[name].yield_dry_matter)
    for place, name in enumerate(order):
        crop = LIBRARY.crops[name]
        low, high = RANGES[name]
        left.plot((low, high), (place, place), color="0.8", lw=7, solid_capstyle="butt", zorder=1)
        left.plot(10.0 * crop.yield_dry_matter, place, "|", color="0.3", ms=11, mew=1.5, zorder=2)
        left.plot(grown[name][0], place, "o", mfc="white", mec="#1f6f8b", ms=6, zorder=3)
        left.plot(grown[name][1], place, "o", color="#1f6f8b", ms=6, zorder=4)
    left.set_yticks(range(len(order)), order)
    left.set_xlabel("yield of the product, t dry matter ha$^{-1}$")
    left.set_xscale("log")
    left.set_xticks((1, 2, 5, 10, 20, 50), ("1", "2", "5", "10", "20", "50"))
    left.minorticks_off()
    for style, label in (
        ({"color": "0.8", "lw": 7}, "stated range"), ({"marker": "|", "ls": "", "color": "0.3", "ms": 11}, "of the crop file"),
        ({"marker": "o", "ls": "", "mfc": "white", "mec": "#1f6f8b"}, "by light and warmth"),
        ({"marker": "o", "ls": "", "color": "#1f6f8b"}, f"and water and nitrogen ({NITROGEN:g} kg ha$^{{-1}}$)"),
    ):  # fmt: skip
        left.plot([], [], label=label, **style)
    left.legend(loc="upper left", frameon=False, fontsize=9)
    left.set_title("Yields in the climate of jacksboro", loc="left", fontsize=11)
    share = np.linspace(0.0, 1.0, 2)
    factor = CALCITE_PER_CHARGE / NITROGEN_MASS
    for acid, color in zip((0.0, 1.0, 1.5, 2.0), ("#4a7c59", "#1f6f8b", "#b5651d", "#8b1e3f"), strict=True):
        right.plot(share, factor * (acid - share), color=color, lw=1.2)
        right.text(0.02, factor * acid + 0.12, f"a = {acid:g}", color=color, fontsize=9)
    for _, taken, lime in sour.values():
        right.plot(taken, lime, "o", color="k", ms=5)
    right.plot([], [], "o", color="k", label="simulated, winter wheat, 120 kg N ha$^{-1}$")
    for number, lime in enumerate(CONVENTION.values()):
        right.plot(0.5, lime, "x", color="0.35", ms=8, label="convention (AOAC), u = 0.5" if number == 0 else None)
    right.axhline(0.0, color="0.7", lw=0.8, zorder=0)
    right.set_xlabel("share taken up, u")
    right.set_ylabel("acidity, kg CaCO$_3$ per kg N")
    right.legend(loc="upper right", frameon=False, fontsize=9)
    right.set_title("Acidity of fertilisers, 3.573 (a - u)", loc="left", fontsize=11)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def _ranges() -> dict[str, tuple[float, float]]:
    """Stated range of the yield of each crop, t DM ha-1."""
    import tomllib

    from watershed_c.data import data_path

    found = {}
    for name in CROPS:
        table = tomllib.loads(data_path("models", "crops", f"{name}.toml").read_text(encoding="utf-8"))
        low, high = table["carbon"]["yield_dry_matter"]["range"]
        found[name] = float(low), float(high)
    return found


RANGES = _ranges()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path)
    figure = parser.parse_args().figure
    grown, sour = yields(), acidity()
    print("| crop | crop file | range | light and warmth | with water and nitrogen | warmth | water | nitrogen |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (potential, harvest, warm, water, nitrogen) in grown.items():
        low, high = RANGES[name]
        given = 10.0 * LIBRARY.crops[name].yield_dry_matter
        limits = f"{warm:.2f} | {water:.2f} | {nitrogen:.2f}"
        print(f"| {name} | {given:.1f} | {low:g}-{high:g} | {potential:.1f} | {harvest:.1f} | {limits} |")
    inside = [RANGES[name][0] <= row[1] <= RANGES[name][1] for name, row in grown.items()]
    print(f"{sum(inside)} of {len(inside)} within the range of their file")
    print("\n| fertiliser | a | u | kg CaCO3 per kg N | 3.573 (a - u) |\n|---|---|---|---|---|")
    for name, (acid, taken, lime) in sour.items():
        print(f"| {name} | {acid:g} | {taken:.3f} | {lime:.3f} | {3.573 * (acid - taken):.3f} |")
    if figure is not None:
        draw(figure, grown, sour)


if __name__ == "__main__":
    main()
