"""Convergence of the loop: ``python benchmarks/splitting.py [--figure FILE]``. See docs/coupling.md.

Coupling rule 6: the same slope, two years, with a month in 1, 2, 4 and 8 steps, with water erosion, tillage, soil
column, decomposition and carbonate in every order, and with every layer in 1, 2, 4, 8 and 16 parts. Pools are linear
with frozen rate modifiers and take exact steps, so what changes with step and order is what splitting does, and what
changes with layers is what their thickness does.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import expm

from watershed_c.assembly import assemble, initialise
from watershed_c.budget import budget_of
from watershed_c.clock import Clock
from watershed_c.components.base import Process
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.soil_water import SoilWater
from watershed_c.coupling import Model
from watershed_c.names import STATE, info
from watershed_c.pools import CompiledPoolModel
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario
from watershed_c.state import Watershed

#: the shipped slope of 400 m, 50 m wide, with lime, under enriched erosion; every change of the surface is routed anew,
#: with central slopes, under which sediment minds the order of processes ten times as much as with those of the default;
#: with 16 wet days soil water takes the same 16 substeps a month in all runs
CHANGES = {
    "domain.synthetic.width": "50 m",
    "time.end": "2002-12",
    "soil.sic": {"value": "10 %", "as": "CaCO3"},
    "soil.substratum.sic": "1.2 %",
    "carbon.initial": {"method": "history", "years": 20, "history_class": "deciduous-forest"},
    "processes.soil_water.rain_days": 16.0,
    "processes.flow_routing.reroute_threshold": 0.0,
    "processes.flow_routing.slopes": "central",
    "processes.water_erosion.ktc_low": 3.0,
    "processes.water_erosion.ktc_high": 12.0,
    "processes.water_erosion.enrichment": {"law": "constant", "ratio": 1.5},
    "processes.carbonate.enabled": True,
    "numerics.threads": 1,
    "numerics.ledger": "step",
}
#: what is permuted, in the order of the loop; climate, cropping, soil water and flow routing come before in all
ORDER = ("water_erosion", "tillage_erosion", "soil_column", "decomposition", "carbonate")
#: wash after tillage instead of before it
TILLAGE_FIRST = ("tillage_erosion", "water_erosion", *ORDER[2:])
STEPS = (1, 2, 4, 8)
#: of each layer
PARTS = (1, 2, 4, 8, 16)
#: what lies on the ground is in the top layer, and enrichment is over what the top layer holds: with either its thickness
#: is no matter of accuracy. So straw is ploughed in soon after the harvest of 3 August, and nothing is enriched
NOTHING_ON_TOP = {
    "rotation.wheat.event.plough.on": "08-20", "processes.water_erosion.enrichment": {"law": "none"},
}  # fmt: skip
#: fields that are amounts of a layer; others hold for a part as for the whole
_AMOUNTS = {
    "mineral", "reference", "stocks", "water", "wilting_point", "field_capacity", "saturation", "percolation", "doc",
    "dic", "calcium", "strong_acid", "acid", "respired", "doc_produced",
}  # fmt: skip
#: quantity -> what it is
QUANTITIES = {
    "sediment export": "t ha-1 yr-1",
    "SOC export": "kg C ha-1 yr-1",
    "SIC loss": "kg C ha-1 yr-1",
    "net exchange": "kg C ha-1 yr-1",
}


class FrozenDecomposition(Process):
    """Exact step of linear pools, dC/dt = modifier A C + input, with modifiers that do not change.

    Parameters
    ----------
    watershed : Watershed
        With one clay content.
    model : CompiledPoolModel
    modifier : (L,), dimensionless
    """

    _name = "FrozenDecomposition"
    _info = info(reads=("unit", "input_scale"), changes=("stocks",), writes=("respired", "doc_produced"))
    ledger_terms = Decomposition.ledger_terms
    transforms = ("soc",)

    def __init__(self, watershed: Watershed, model: CompiledPoolModel, modifier: np.ndarray) -> None:
        super().__init__(watershed)
        clay = np.unique(watershed.clay[watershed.cells])
        if clay.size != 1:
            raise ValueError("one matrix serves all cells: they must have the same clay content")
        coefficients = model.coefficients({"clay": 100.0 * clay} if model.properties else {})[0]
        self.matrix = -np.diag(model.rates)
        for source, destination, index in zip(model.source, model.destination, model.coefficient_index, strict=True):
            self.matrix[destination, source] += coefficients[index] * model.rates[source]
        self.modifier = np.array(modifier)
        self._rows = watershed.constituents.of_group("soc")
        self._dt, self._decay, self._enter = 0.0, np.empty(0), np.empty(0)

    def _set_step(self, dt: float) -> None:
        """Maps of a step, (L, P, P), for C(t + dt) = decay C(t) + enter u, the input u entering evenly."""
        pools = len(self.matrix)
        block = np.zeros((self.modifier.size, 2 * pools, 2 * pools))
        block[:, :pools, :pools] = self.modifier[:, None, None] * dt * self.matrix
        block[:, :pools, pools:] = np.eye(pools)
        both = expm(block)
        self._dt, self._decay, self._enter = dt, both[:, :pools, :pools], both[:, :pools, pools:]

    def run_one_step(self, dt: float) -> None:
        """Advance by ``dt`` yr and book it."""
        w = self.watershed
        if dt != self._dt:
            self._set_step(dt)
        cells, unit, scale = w.cells, w.unit[w.cells], w.input_scale[w.cells, None, None]
        amendment = w.units.amendment[unit]
        plant = (w.units.inputs[unit] - amendment) * scale
        before = w.stocks[cells][:, :, self._rows]
        after = np.einsum("lpq,clq->clp", self._decay, before)
        after += np.einsum("lpq,clq->clp", self._enter, plant + amendment)
        w.stocks[np.ix_(cells, np.arange(self.modifier.size), self._rows)] = after
        w.respired[cells] = (before + plant + amendment - after).sum(axis=2)
        w.doc_produced[:] = 0.0
        for term, amount in (("plant_input", plant), ("amendment", amendment)):
            values = np.zeros(w.respired.shape)
            values[cells] = amount.sum(axis=2)
            w.ledger.book(term, "soc", values)
        w.ledger.book("respired", "soc", w.respired, factor=-1.0)


class Experiment:
    """One slope in one initial state, to be taken through two years in steps and orders of choice.

    Parameters
    ----------
    decomposition : callable
        ``decomposition(watershed, model, modifier)``: the process that stands for decomposition; ``modifier`` (L,) are
        the rate modifiers, their mean over the cells and a year.
    changes : mapping, optional
        Of the scenario, by dotted key.
    merged : int
        So many layers are made one, each time, once the state at the start is there: it is that of the fine ones.
    """

    def __init__(
        self,
        decomposition: Callable[[Watershed, CompiledPoolModel, np.ndarray], Process] = FrozenDecomposition,
        changes: Mapping[str, Any] | None = None,
        merged: int = 1,
    ) -> None:
        scenario = load("hillslope", {**CHANGES, **(changes or {})})
        assembly = assemble(resolve(scenario, overwrite=True))
        initialise(assembly)
        self.watershed, self.clock = assembly.watershed, assembly.model.clock
        self.processes = dict(assembly.model.processes)
        self._start = {name: values.copy() for name, values in self.watershed.state_arrays().items()}
        modifier = np.zeros(self.watershed.layer_bottom.size)
        for _ in range(12):
            assembly.model.step()
            modifier += self.processes["decomposition"].modifier[self.watershed.cells][:, :, 0].mean(axis=0) / 12.0  # type: ignore[attr-defined]
        if merged > 1:
            modifier = self._merge(scenario, merged, modifier)
        self.processes["decomposition"] = decomposition(self.watershed, assembly.pools, modifier)

    def _merge(self, scenario: Scenario, merged: int, modifier: np.ndarray) -> np.ndarray:
        """Go on with layers of ``merged`` each; returns the modifiers (L / merged)."""
        thickness = np.array(scenario.soil.layers)
        first = np.arange(0, thickness.size, merged)
        layers = np.add.reduceat(thickness, first)

        def mean(values: np.ndarray, axis: int) -> np.ndarray:
            shape = [-1 if i == axis else 1 for i in range(values.ndim)]
            return np.add.reduceat(values * thickness.reshape(shape), first, axis=axis) / layers.reshape(shape)

        coarser = assemble(resolve(scenario.with_({"soil.layers": layers.tolist()}), overwrite=True))
        water, coarser_water = self.processes["soil_water"], coarser.model.processes["soil_water"]
        assert isinstance(water, SoilWater) and isinstance(coarser_water, SoilWater)
        self.watershed, self.processes = coarser.watershed, dict(coarser.model.processes)
        for name, values in self._start.items():
            if "layer" in STATE[name].dims:
                self._start[name] = np.add.reduceat(values, first, axis=1) if name in _AMOUNTS else mean(values, 1)
        coarser_water.conductivity[:] = mean(water.conductivity, 1)
        return mean(modifier, 0)

    def _restart(self, steps_per_month: int) -> None:
        for name, values in self.watershed.state_arrays().items():
            values[...] = self._start[name]
        # what carbonate would take for the CO2 of the step before, where it comes before decomposition
        np.divide(self.watershed.respired, steps_per_month, out=self.watershed.respired)
        router = self.processes["flow_routing"]
        assert isinstance(router, FlowRouter)
        router.route()
        for process in self.processes.values():
            process.start_afresh()
        self.watershed.ledger.start_afresh()

    def run(self, steps_per_month: int = 1, order: Sequence[str] = ORDER) -> np.ndarray:
        """The four quantities (4,) of a run from the start."""
        assert sorted(order) == sorted(ORDER)
        before = [name for name in self.processes if name not in ORDER]
        clock = self.clock
        clock = Clock(clock.start_year, clock.end_year, clock.start_month, clock.end_month, steps_per_month)
        self._restart(steps_per_month)
        model = Model(self.watershed, {name: self.processes[name] for name in (*before, *order)}, clock)
        while not model.done:
            model.step()
        w = self.watershed
        budget = budget_of(w.ledger, cells=w.cells, cell_area=w.cell_area, years=clock.months / 12.0)
        per = 1e3 / budget.area / budget.years  # t -> kg ha-1 yr-1
        soc, sic = budget.carbon["soc"].terms, budget.carbon["sic"].terms
        return np.array(
            [
                budget.sediment_yield,
                -per * soc["water_erosion"],
                -per * (sic["carbonate_dissolved"] + sic["water_erosion"]),
                per * (soc["plant_input"] + soc["amendment"] + soc["respired"]),
            ]
        )


def by_thickness(changes: Mapping[str, Any] | None = None, parts: Sequence[int] = PARTS) -> np.ndarray:
    """The four quantities (k, 4) with every layer of the slope in ``parts``; the state at the start is that of the most
    parts, and a month a step.
    """
    finest = max(parts)
    layers = [t / finest for t in load("hillslope", CHANGES).soil.layers for _ in range(finest)]
    cut = {"soil.layers": layers, **(changes or {})}
    return np.array([Experiment(changes=cut, merged=finest // n).run() for n in parts])


def observed_order(values: np.ndarray) -> np.ndarray:
    """log2 of the ratio of successive differences, (k - 2, 4), of (k, 4) values of steps that halve."""
    difference = np.abs(np.diff(values, axis=0))
    return np.log2(difference[:-1] / difference[1:])


def step_label(n: int) -> str:
    """As "1/4 month"."""
    return "1 month" if n == 1 else f"1/{n} month"


def carried_on(experiment: Experiment, order: Sequence[str]) -> np.ndarray:
    """The four quantities of a step of length zero, first order taken for granted below 1/8 month."""
    return 2.0 * experiment.run(16, order) - experiment.run(8, order)


def row(label: str, columns: np.ndarray, digits: str, unit: str = "") -> str:
    """A line of the table of docs/coupling.md: columns (4,), or (4, k) with several numbers each."""
    cells = (", ".join(f"{number:{digits}}" for number in np.atleast_1d(column)) + unit for column in columns)
    return f"| {label} | " + " | ".join(cells) + " |"


def tell(values: np.ndarray, spreads: np.ndarray) -> None:
    """Print the table of values (4, 4) by step and quantity, and of spreads over the orders (k, 4)."""
    last = np.abs(values[-1]) / 100.0
    print("\n| | " + " | ".join(f"{name}, {unit}" for name, unit in QUANTITIES.items()) + " |\n|" + 5 * "---|")
    for n, found in zip(STEPS, values, strict=True):
        print(row(step_label(n), found, ".6g"))
    print(row("changed by halving 1, 1/2, 1/4", (np.diff(values, axis=0) / last).T, "+.2g", " %"))
    print(row("observed order", observed_order(values).T, ".2f"))
    print(row("spread over the orders at 1, 1/2, 1/4", (spreads / last).T, ".2g", " %"))
    print(row("it falls by", (spreads[:-1] / spreads[1:]).T, ".2f"))


def draw(values: np.ndarray, spreads: np.ndarray, orders: int, layered: np.ndarray, file: Path) -> None:
    """Three panels: what halving the step changes, the spread over the orders, both relative to the finest step, and what
    halving the layers changes, relative to the finest.
    """
    import matplotlib
    from matplotlib.ticker import FuncFormatter, NullLocator

    from watershed_c.plots.style import BLUE, GREY, PURPLE, STYLE, VERMILION, panels

    looks = zip(QUANTITIES, (GREY, VERMILION, PURPLE, BLUE), ("o", "s", "^", "D"), ("-", "--", ":", "-."), strict=True)
    with matplotlib.rc_context(STYLE):
        figure = panels(3.3, "A slope of 400 m, 10 m cells, two years, frozen rate modifiers")
        left, right, third = figure.subplots(1, 3, sharey=True)
        for q, (name, colour, marker, dashes) in enumerate(looks):
            style = {"color": colour, "marker": marker, "ls": dashes, "lw": 1.5, "ms": 5, "label": name}
            changed = 100.0 * np.abs(np.diff(values[:, q])) / abs(values[-1, q])
            left.loglog([1.0 / n for n in STEPS[:-1]], changed, **style)
            right.loglog([1.0 / n for n in STEPS[: len(spreads)]], 100.0 * spreads[:, q] / abs(values[-1, q]), **style)
            thinned = 100.0 * np.abs(np.diff(layered[:, q])) / abs(layered[-1, q])
            third.loglog([50.0 / n for n in PARTS[:-1]], thinned, **style)
        guide = np.array([1.0 / STEPS[-2], 1.0])
        left.loglog(guide, 1.2 * guide, color=GREY, lw=0.8)
        left.annotate("first order", (0.62, 1.0), color=GREY, ha="right", size=8)
        coarse = np.array([50.0 / PARTS[-2], 50.0])
        third.loglog(coarse, 0.02 * coarse, color=GREY, lw=0.8)
        third.set_title("Halving the layers")
        third.set_xlabel("top layer (mm)")
        third.set_xticks([50.0 / n for n in PARTS[:-1]], [f"{50.0 / n:g}" for n in PARTS[:-1]])
        third.xaxis.set_minor_locator(NullLocator())
        for ax, title in ((left, "Halving the step"), (right, f"Spread of {orders} orders")):
            low, high = ax.get_ylim()
            ax.set_title(title)
            ax.set_xlabel("step (months)")
            ax.set_xticks([1.0 / n for n in STEPS[:-1]], [f"1/{n}" if n > 1 else "1" for n in STEPS[:-1]])
            ax.xaxis.set_minor_locator(NullLocator())
            ax.set_ylim(low, high)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        left.set_ylabel("change or spread, % of the finest")
        figure.legend(handles=list(left.lines)[: len(QUANTITIES)], loc="outside lower center", ncols=4, handlelength=3.2)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="write the figure to this file (.png, .pdf)")
    chosen = parser.parse_args()
    started = time.perf_counter()
    experiment = Experiment()
    values = np.array([experiment.run(n) for n in STEPS])
    orders = list(itertools.permutations(ORDER))
    permuted = np.array([[experiment.run(n, order) for order in orders] for n in STEPS[:3]])
    spreads = np.ptp(permuted, axis=1)
    print(f"{experiment.watershed.cells.size} cells, {len(orders)} orders, {time.perf_counter() - started:.0f} s")
    tell(values, spreads)
    first = np.array([permuted[k, orders.index(TILLAGE_FIRST)] for k in range(3)])
    print(row("tillage before wash, less the loop's, at 1, 1/2, 1/4", (100.0 * (first / values[:3] - 1.0)).T, "+.2g", " %"))
    print("\norder farthest from the loop's at 1 month: difference there, and carried on to no step from 1/8 and 1/16, %")
    limit = carried_on(experiment, ORDER)
    for q, name in enumerate(QUANTITIES):
        far = int(np.argmax(np.abs(permuted[0, :, q] - values[0, q])))
        there = permuted[0, far, q] / values[0, q] - 1.0
        left = carried_on(experiment, orders[far])[q] / limit[q] - 1.0
        print(f"{name:<18s}{100.0 * there:+8.3f}{100.0 * left:+10.4f}  {', '.join(orders[far])}")
    print("\nlayers in parts, nothing on top that is of the top layer; then as the slope is")
    layered = by_thickness(NOTHING_ON_TOP)
    for found in (layered, by_thickness()):
        for n, numbers in zip(PARTS, found, strict=True):
            print(row(f"{50.0 / n:g} mm", numbers, ".6g"))
        print(row("changed by halving", (100.0 * np.diff(found, axis=0) / np.abs(found[-1])).T, "+.2g", " %"))
        print(row("observed order", observed_order(found).T, ".2f"))
    print("\nRothC as it is: its own modifiers, input after decay")
    rothc = Experiment(lambda watershed, model, _: Decomposition(watershed, model))
    for n in STEPS:
        print(row(step_label(n), rothc.run(n), ".6g"))
    if chosen.figure:
        draw(values, spreads, len(orders), layered, chosen.figure)


if __name__ == "__main__":
    main()
