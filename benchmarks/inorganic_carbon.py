"""What acid, drainage and irrigation do to carbonate: ``python benchmarks/inorganic_carbon.py [--figure FILE]``.

Two behaviours that no part alone would tell, see docs/processes/carbonate.md: a calcareous slope under wheat that is given
200 kg N of urea, and an arid field that is irrigated. ``--causes``: only what carbonic and what strong acid take of the
slope, by percolation and by the nitrogen that the crop leaves.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from watershed_c.assembly import assemble, initialise
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.state import Watershed

#: kg m-2 -> kg ha-1
KG_HA = 1e4
RAIN = np.array([74.0, 59.0, 62.0, 51.0, 52.0, 57.0, 34.0, 55.0, 58.0, 56.0, 75.0, 71.0])
PLOUGH = {"id": "plough", "on": "09-20", "do": "till", "implement": "mouldboard-plough"}
#: the soil of the example, with a tenth of CaCO3 throughout
CALCAREOUS: dict[str, Any] = {
    "domain.synthetic.length": "100 m", "domain.synthetic.width": "10 m", "domain.synthetic.height": "6 m",
    "soil.sic": {"value": "10 %", "as": "CaCO3"}, "soil.substratum.sic": "1.2 %",
    "carbon.initial": {"method": "steady"},
    "processes.carbonate.enabled": True, "processes.nitrogen.enabled": True, "processes.dissolved_carbon.enabled": True,
    "time.end": "2012-12",
}  # fmt: skip
#: sand loam without carbonate, 240 mm of rain and 1400 mm of demand, one level field
ARID: dict[str, Any] = {
    "domain.synthetic": {"kind": "plane", "length": "40 m", "width": "10 m", "height": "0.2 m", "cell_size": "10 m"},
    "climate.constant.precipitation": [20.0] * 12,
    "climate.constant.temperature": [10.0, 12.0, 15.0, 19.0, 23.0, 27.0, 29.0, 29.0, 25.0, 20.0, 15.0, 11.0],
    "climate.constant.pet": [50.0, 65.0, 95.0, 120.0, 150.0, 175.0, 190.0, 175.0, 135.0, 95.0, 60.0, 45.0],
    "soil.sand": "60 %", "soil.clay": "15 %", "soil.sic": {"value": "0 %"},
    "soil.layers": [f"{thickness} cm" for thickness in (5, 5, 10, 10, 10, 10, 10, 20, 20)],
    "carbon.initial": {"method": "steady"},
    "processes.carbonate.enabled": True, "processes.water_erosion.enabled": False,
    "processes.tillage_erosion.enabled": False, "processes.soil_column.biodiffusivity": "0 cm2/yr",
    "irrigation_water": {"well": {"calcium": "0.6 mmol/L", "bicarbonate": "1.2 mmol/L"}},
    "time.end": "2030-12",
}  # fmt: skip
#: monthly means of Beijing (degC, mm), and three turns of water for wheat as in the North China Plain
BEIJING: dict[str, Any] = {
    "climate.constant.temperature": [-3.7, -0.7, 5.8, 14.2, 19.9, 24.4, 26.2, 24.8, 20.0, 13.1, 4.6, -1.5],
    "climate.constant.precipitation": [3.0, 7.4, 8.6, 19.4, 33.1, 77.8, 192.5, 212.3, 57.0, 24.0, 6.6, 2.6],
    "climate.pet": "thornthwaite", "climate.latitude": 39.9,
    "rotation.wheat.irrigation": {"months": [0, 0, 70, 70, 70, 0, 0, 0, 0, 0, 0, 0], "method": "surface"},
}  # fmt: skip
#: mm of each month, about what grass lacks
TURNS = np.array([0.0, 0.0, 70.0, 95.0, 120.0, 140.0, 150.0, 140.0, 105.0, 70.0, 0.0, 0.0])


def run(changes: dict[str, Any]) -> tuple[Watershed, dict[tuple[str, str], float], float]:
    """A changed hillslope: its watershed at the end, kg m-2 booked by (label, term) a year, and percolation, mm a year."""
    assembly = assemble(resolve(load("hillslope", {"output.figures": False, **changes}), overwrite=True))
    initialise(assembly)
    w, model = assembly.watershed, assembly.model
    percolated = 0.0
    while not model.done:
        model.step()
        percolated += float(w.percolation[w.cells, -1].mean())
    years = model.clock.steps / 12.0
    area = w.cells.size * w.cell_area
    return w, {key: amount / area / years for key, amount in w.ledger.run_totals.amounts.items()}, percolated / years


def slope(
    nitrogen: float = 200.0, rain: float = 1.0, manure: float = 0.0, roots: float = 0.85, grain: float | None = None,
    climate: dict[str, Any] | None = None, followed: bool = True,
) -> dict[str, float]:
    """A calcareous slope with urea (kg N/ha), rain relative to Rothamsted's, manure (t/ha), root respiration; yield of
    dry grain (t/ha), another climate; whether nitrogen, and its acid, is followed.
    """
    events: list[dict[str, Any]] = [PLOUGH]
    if nitrogen > 0.0:
        for day in ("03-15", "04-20"):
            urea = {"do": "fertilise", "fertiliser": "urea", "nitrogen": f"{0.5 * nitrogen} kg/ha"}
            events.append({"on": day, **urea})
    if manure > 0.0:
        events.append({"on": "09-15", "do": "manure", "material": "cattle-fym", "amount": f"{manure} t/ha"})
    w, booked, percolated = run({
        **CALCAREOUS, "rotation.wheat.event": events, "climate.constant.precipitation": list(rain * RAIN),
        "processes.carbonate.root_respiration": roots, "processes.nitrogen.enabled": followed, **(climate or {}),
        **({} if grain is None else {"rotation.wheat.yields": {"winter-wheat": f"{grain} t/ha"}}),
    })  # fmt: skip
    return {
        "SIC lost": -KG_HA * booked["sic", "carbonate_dissolved"],
        "acid, keq/ha": 10.0 * booked.get(("strong_acid", "nitrogen_acid"), 0.0),
        "CO2 set free by acid": -KG_HA * booked.get(("dic", "strong_acid_degassing"), 0.0),
        "DIC to the stream": KG_HA * booked["dic", "dic_leached_export"],
        "percolation, mm": percolated,
        "N leached": KG_HA * booked.get(("nitrogen", "nitrogen_leached_export"), 0.0),
        "SOC at the end, t/ha": 10.0 * float(w.stock("soc")[w.cells].mean()),
    }


def oasis(factor: float) -> dict[str, Any]:
    """An arid field with ``factor`` times the turns of water."""
    w, booked, percolated = run({
        **ARID, "rotation.wheat.event": [{"id": "plough", "on": "09-20", "do": "none"}],
        "rotation.wheat.years": ["grass"],
        "rotation.wheat.irrigation": {"months": list(factor * TURNS), "water": "well", "method": "surface"},
    })  # fmt: skip
    rows = w.constituents.of_group("sic")
    profile = w.stocks[w.cells][:, :, rows].sum(axis=2).mean(axis=0) / (w.layer_bottom - w.layer_top)
    brought = factor * TURNS.sum() + 240.0
    return {
        "bottom": w.layer_bottom, "profile": profile,  # kg C m-3
        "leaching fraction": percolated / brought,
        "gained": KG_HA * booked["sic", "carbonate_dissolved"],
        "set free": -KG_HA * booked["dic", "precipitation_degassing"],
    }  # fmt: skip


#: N and what else is other than 200 kg N ha-1 at Rothamsted
SLOPES: dict[str, dict[str, float]] = {
    "no N": {"nitrogen": 0.0}, "100 kg N": {"nitrogen": 100.0}, "200 kg N": {}, "200, rain \N{MINUS SIGN}40 %": {"rain": 0.6},
    "200, rain \N{MINUS SIGN}20 %": {"rain": 0.8}, "200, rain +20 %": {"rain": 1.2},
    "200, half the root CO$_2$": {"roots": 0.425}, "200, manure 30 t": {"manure": 30.0},
}  # fmt: skip
FACTORS = (1.2, 1.5, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure")
    parser.add_argument("--causes", action="store_true")
    chosen = parser.parse_args()
    if chosen.causes:
        return causes()
    slopes = {}
    for name, changes in SLOPES.items():
        slopes[name] = slope(**changes)
        print(f"{name:>28}", {key: round(value, 1) for key, value in slopes[name].items()}, flush=True)
    fields = [oasis(factor) for factor in FACTORS]
    for field in fields:
        print(f"leaching fraction {field['leaching fraction']:.2f}: {field['gained']:.0f} kg C/ha/yr precipitate net")
        print("  kg C m-3:", [round(float(value), 3) for value in field["profile"]])
    if chosen.figure:
        draw(slopes, fields, chosen.figure)


def causes() -> None:
    """Print what carbonic acid takes of the slope, and how much more with nitrogen and its acid."""
    places: dict[str, dict[str, Any]] = {
        "Rothamsted": {}, "rain -40 %": {"rain": 0.6}, "Beijing, irrigated": {"climate": BEIJING},
    }  # fmt: skip
    crops = {"5.1 t of grain": {}, "2.5 t of grain": {"grain": 2.5}}
    for place, climate in places.items():
        for crop, grown in crops.items():
            bare = slope(nitrogen=0.0, followed=False, **climate, **grown)
            fed = slope(**climate, **grown)
            told = {
                "percolation, mm": fed["percolation, mm"], "lost to carbonic acid": bare["SIC lost"],
                "DIC then": bare["DIC to the stream"], "more with 200 kg of N": fed["SIC lost"] - bare["SIC lost"],
                "N leached": fed["N leached"], "acid, keq/ha": fed["acid, keq/ha"],
            }  # fmt: skip
            print(f"{place:>20} {crop}", {key: round(value, 1) for key, value in told.items()}, flush=True)


def draw(slopes: dict[str, dict[str, float]], fields: list[dict[str, Any]], path: str) -> None:
    """Bars of what the slope loses; carbonate of the field with depth."""
    import matplotlib.pyplot as plt

    from watershed_c.plots.style import BLUE, GREEN, STYLE, VERMILION, WIDTH

    with plt.style.context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.1), width_ratios=(1.35, 1.0), layout="constrained")
        names = list(slopes)
        at = np.arange(len(names))[::-1]
        left.barh(at, [slopes[name]["SIC lost"] for name in names], 0.62, color=BLUE)
        for y, name in zip(at, names, strict=True):
            lost = slopes[name]["SIC lost"]
            left.text(lost + 1.0, y, f"{lost:.0f}", va="center", fontsize=8)
        left.set_yticks(at, names)
        left.set_xlabel("carbonate carbon lost, kg ha$^{-1}$ yr$^{-1}$")
        left.set_xlim(0.0, 1.15 * max(one["SIC lost"] for one in slopes.values()))
        for field, colour in zip(fields, (VERMILION, BLUE, GREEN), strict=True):
            depth = 100.0 * np.concatenate(([0.0], np.asarray(field["bottom"])))
            right.stairs(
                field["profile"], depth, orientation="horizontal", color=colour, baseline=None, linewidth=1.5,
                label=f"{100.0 * field['leaching fraction']:.0f} % of the water drains",
            )  # fmt: skip
        right.invert_yaxis()
        right.set_xlim(left=0.0)
        right.set_xlabel("carbonate carbon after 30 yr, kg m$^{-3}$")
        right.set_ylabel("depth, cm")
        right.legend(loc="lower right", frameon=False, fontsize=8)
        figure.savefig(path)


if __name__ == "__main__":
    main()
