"""Nitrogen of continuous wheat under the treatments of Broadbalk, beside what was measured there.

    python benchmarks/nitrogen.py [--months PLOT]

A cell for each treatment, level, in the normals of Rothamsted 1961-1990: 100 cm of loam with 23 % clay, winter wheat of 5.5 t ha-1
(dry) where nothing lacks, straw baled but where it says kept, ammonium nitrate in April or 35 t ha-1 of farmyard manure in
September, 30 kg N ha-1 from the air; each at its own steady cycle of carbon and nitrogen. Nothing is fitted: evidence, not a gate.
"""

from __future__ import annotations

import argparse
import csv

import numpy as np

from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.growth import Growth
from watershed_c.components.nitrogen import Nitrogen
from watershed_c.kernels.nitrogen import FLUXES
from watershed_c.scenario.load import loads, shipped_scenarios
from watershed_c.scenario.resolve import resolve

#: name -> kg N ha-1 of fertiliser, manure, straw kept
PLOTS = {
    "nil": (0, False, False), "48": (48, False, False), "96": (96, False, False), "144": (144, False, False),
    "192": (192, False, False), "144-straw-kept": (144, False, True), "manure": (0, True, False),
}  # fmt: skip
COLUMN = """\
title = "plots one below the other"
schema = 1
[domain]
outlet = "edges"
[domain.synthetic]
kind = "plane"
length = "{length} m"
width = "10 m"
height = "0.1 m"
cell_size = "10 m"
[time]
start = "2001-01"
end = "2002-12"
[climate]
source = "constant"
latitude = 51.8
pet = "given"
[climate.erosivity]
annual = 500.0
[soil]
layers = ["10 cm", "13 cm", "27 cm", "50 cm"]
clay = "23.4 %"
sand = "20 %"
bulk_density = "1.3 g/cm3"
soc = {{ value = "29 t/ha", depth = "23 cm" }}
[carbon]
plant_input = "prescribed"
[processes.water_erosion]
enabled = false
[processes.tillage_erosion]
enabled = false
[processes.soil_water]
rain_days = 15
[processes.growth]
[processes.nitrogen]
deposition = "30 kg/ha/yr"
[numerics]
threads = 1
"""


def climate() -> dict[str, object]:
    """Normals 1961-1990: air temperature, rain, 0.75 of open-pan evaporation (RothC manual)."""
    hillslope = shipped_scenarios()["hillslope"].parent
    with open(hillslope.parent / "broadbalk" / "normals_1961_1990.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        "climate.constant.temperature": [float(row["tmean_C"]) for row in rows],
        "climate.constant.precipitation": [float(row["rain_mm"]) for row in rows],
        "climate.constant.pet": [0.75 * float(row["evap_mm"]) for row in rows],
    }


def rotation(fertiliser: float, manure: bool, straw_kept: bool) -> dict[str, object]:
    """Wheat after wheat of a treatment."""
    events: list[dict[str, object]] = [{"id": "plough", "on": "09-25", "do": "till", "implement": "mouldboard-plough"}]
    if not straw_kept:
        events.append({"id": "bale", "on": "08-05", "do": "harvest", "crop": "winter-wheat", "straw_removed": "100 %"})
    if fertiliser:
        events.append({"id": "n", "on": "04-15", "do": "fertilise", "nitrogen": f"{fertiliser} kg/ha"})
    if manure:
        events.append({"id": "fym", "on": "09-24", "do": "manure", "material": "cattle-fym", "amount": "35 t/ha"})
    return {"years": ["winter-wheat"], "yields": {"winter-wheat": "5.5 t/ha"}, "event": events}


def plots(treatments: dict[str, tuple[float, bool, bool]]) -> Assembly:
    """A cell for each treatment at its steady cycle; the last ones repeat the last treatment."""
    names = list(treatments)
    changes: dict[str, object] = {"land.rules": [{"class": name} for name in names], **climate()}
    changes |= {f"rotation.{name}": rotation(*treatment) for name, treatment in treatments.items()}
    text = COLUMN.format(length=10 * (len(names) + 2))
    assembly = assemble(resolve(loads(text, overrides=changes), overwrite=True))
    w = assembly.watershed
    w.unit[w.cells] = [assembly.tables.unit(names[min(place, len(names) - 1)]) for place in range(w.cells.size)]
    initialise(assembly)
    return assembly


def budgets(assembly: Assembly, months_of: str | None = None) -> dict[str, dict[str, float]]:
    """Of each treatment in the second year: the row of nitrogen.csv, and its yield; tells the months of one."""
    growth, nitrogen = (assembly.model.processes[name] for name in ("growth", "nitrogen"))
    assert isinstance(growth, Growth) and isinstance(nitrogen, Nitrogen)
    w = assembly.watershed
    names = [name.rsplit("+", 1)[0] for name in assembly.tables.names]
    cell = None if months_of is None else int(w.cells[[names[u] for u in w.unit[w.cells]].index(months_of)])
    if cell is not None:
        print("month  " + "  ".join(f"{name:>10.10}" for name in FLUXES) + "     in the soil, by layer (kg N ha-1)")
    for month in range(24):
        assembly.model.step()
        if cell is not None and month >= 12:
            flows, held = 1e4 * nitrogen.fluxes[:, cell], 1e4 * w.nitrogen[cell]
            print(f"{month - 11:5d}  " + "  ".join(f"{value:10.1f}" for value in flows), np.round(held, 1))
    columns = nitrogen.columns["nitrogen"][1:]
    rows = {str(row[0]): row[1:] for row in nitrogen.rows["nitrogen"]}
    found = {key.rsplit("+", 1)[0]: dict(zip(columns, row, strict=True)) for key, row in rows.items()}
    for row in growth.rows["yields"]:
        found[str(row[0]).rsplit("+", 1)[0]]["yield"] = float(row[4])  # type: ignore[arg-type]
    return found  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", choices=PLOTS, help="tell the months of this plot")
    found = budgets(plots(PLOTS), parser.parse_args().months)
    told = ("mineralised", "taken_up", "removed", "percolated", "denitrified", "denitrified_below", "in_the_soil")
    print("| plot | yield | grain and straw N | " + " | ".join(told) + " | brought less removed and lost |")
    print("|" + "---|" * (len(told) + 4))
    for name, row in found.items():
        brought = sum(row[key] for key in ("fertiliser", "manure_mineral", "manure_organic", "deposition"))
        left = brought - sum(row[key] for key in ("volatilised", "removed", "percolated", "denitrified"))
        numbers = " | ".join(f"{row[key]:.1f}" for key in told)
        share = 100.0 * row["removed"] / (10.0 * row["yield"]) / 100.0
        print(f"| {name} | {row['yield']:.2f} | {share:.2f} % | {numbers} | {left:.2f} |")


if __name__ == "__main__":
    main()
