"""What a run says on the terminal, and hears: opening, progress with time left, closing tables, Ctrl-C."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from watershed_c.assembly import Assembly
from watershed_c.budget import CARBON, Budget
from watershed_c.comparison import Comparison
from watershed_c.coupling import Model
from watershed_c.factorial import TIMES, Effects
from watershed_c.initial_carbon import Report

#: seconds between progress lines when the output is not a terminal
QUIET_INTERVAL = 10.0
#: characters of a line when the output is not a terminal
PIPED_WIDTH = 120
#: runs that are told beside the first one in one table
BESIDE = 4

TERMS = {
    "plant_input": "plant input",
    "amendment": "manure and amendments",
    "respired": "respired CO2",
    "peat_balance": "net balance of peat",
    "doc_production": "to / from dissolved organic carbon",
    "water_erosion": "moved by water (net)",
    "transit_mineralised": "mineralised while water moves it",
    "tillage_erosion": "moved by tillage (net)",
    "substratum_import": "exhumed from below the profile",
    "burial_below_profile": "buried below the profile",
    "doc_mineralised": "mineralised in solution",
    "doc_leached": "leached to the stream",
    "carbonate_dissolved": "dissolved (+) from carbonate",
    "carbonic_acid_weathering": "soil CO2 consumed where carbonate dissolves",
    "precipitation_degassing": "CO2 set free where carbonate precipitates",
    "strong_acid_degassing": "CO2 set free by strong acid",
    "lime": "lime",
    "dust_deposition": "dust from the atmosphere",
    "dic_gas_exchange": "exchanged with soil CO2",
    "dic_leached": "leached to the stream",
}


class Console:
    """Speaks to the user, or is silent. What users wrote is printed as it is, never read as markup."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._rich = RichConsole(quiet=quiet, highlight=False)
        if not self._rich.is_terminal:
            self._rich = RichConsole(quiet=quiet, highlight=False, width=PIPED_WIDTH)
        self._terminal = self._rich.is_terminal and not quiet

    def _say(self, text: str, style: str = "") -> None:
        """A line of its own, not broken where the output is a file."""
        self._rich.print(Text(text, style=style), soft_wrap=not self._terminal)

    def _note(self, text: str) -> None:
        self._rich.print(Text.assemble(("note", "yellow"), f" {text}"), soft_wrap=not self._terminal)

    def opening(self, assembly: Assembly) -> None:
        """Title, size of the task, and what the user should know."""
        w, clock = assembly.watershed, assembly.model.clock
        if assembly.scenario.title:
            self._say(assembly.scenario.title, "bold")
        channel = int(w.channel.sum())
        self._say(
            f"{w.cells.size:,} cells of {w.dx:g} m ({w.cells.size * w.cell_area / 1e6:.2f} km2)"
            + (f", {channel:,} channel cells" if channel else "")
            + f", {w.layer_bottom.size} layers to {w.layer_bottom[-1]:g} m, {len(w.constituents)} constituents, "
            f"{clock.months:,} monthly steps"
            + (f" in {clock.steps_per_month} parts each" if clock.steps_per_month > 1 else "")
        )
        for warning in assembly.warnings:
            self._note(warning)

    def initial(self, report: Report) -> None:
        """How the initial carbon was found."""
        self._say(f"initial carbon: {report.method}, {report.corrections} corrections")
        for line in report.lines:
            self._say(f"  {line}")
        for warning in report.warnings:
            self._note(warning)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """While something takes long that has no steps."""
        if self._terminal:
            with self._rich.status(what):
                yield
        else:
            self._say(f"{what} ...")
            yield

    @contextmanager
    def progress(self, model: Model) -> Iterator[Callable[[], None]]:
        """Gives a function to call after every step."""
        total = model.clock.steps
        if self._terminal:
            columns = (
                TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            )  # fmt: skip
            with Progress(*columns, console=self._rich) as bar:
                task = bar.add_task("", total=total, completed=model.index)
                yield lambda: bar.update(
                    task, completed=model.index, description=model.clock.step(model.index - 1).label
                )
            return
        started, first = time.monotonic(), model.index
        last = started

        def advance() -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= QUIET_INTERVAL:
                last = now
                left = (now - started) / (model.index - first) * (total - model.index)
                label = model.clock.step(model.index - 1).label
                self._say(f"{label}  {100.0 * model.index / total:.0f} %  {left:.0f} s left")

        yield advance

    def closing(
        self, assembly: Assembly, budget: Budget, year: dict[str, float] | None, wall: float, compiling: float,
        memory: float, directory: Path, figures: list[Path],
    ) -> None:  # fmt: skip
        """Carbon budget with its closure, sediment yield, what the run took, and where things are."""
        self._rich.print()
        self._rich.print(_carbon_table(budget))
        self._rich.print()
        delivered = ""
        if budget.delivery_ratio is not None:
            share = 100.0 * budget.delivery_ratio
            delivered = f", {share:.1f} % of the {budget.gross_erosion:.2f} t/ha/yr that water detached"
        self._say(f"sediment yield {budget.sediment_yield:.3f} t/ha/yr{delivered}")
        for what, amount in (("sewers", budget.sewer_yield), ("ponds in the channel", budget.pond_storage)):
            if amount > 0.0:
                self._say(f"sediment in {what} {amount:.3f} t/ha/yr")
        if year is not None:
            self._say(
                f"months against one pass a year: gross erosion {100.0 * year['gross_erosion']:.1f} %, sediment yield "
                f"{100.0 * year['sediment_yield']:.1f} % (100 where C is the same all year; ktc belongs to the step)"
            )
        kinds = budget.soc_by_kind
        self._say(
            "SOC of the column below the moving surface: "
            f"vertical {kinds['vertical'] + kinds['internal']:+,.1f}, lateral {kinds['lateral']:+,.1f}, "
            f"substratum {kinds['substratum']:+,.1f} t C"
        )
        if assembly.note:
            self._note(assembly.note)
        self._say(
            f"every account closes: the worst cell used {100.0 * budget.worst_cell:.1g} % of what is allowed "
            "(1e-10 of its fluxes plus round-off)"
        )
        self._say(
            f"wall time {wall:.1f} s, of which {compiling:.1f} s compiling; peak memory {memory / 2**20:,.0f} MiB"
        )
        drawn = f", {len(figures)} figures in {directory / 'figures'}" if figures else ""
        self._say(f"results in {directory}{drawn}")

    def comparison(self, comparison: Comparison, directory: Path | None) -> None:
        """Runs side by side, and where table and maps of them are."""
        for table in _comparison_tables(comparison):
            self._rich.print()
            self._rich.print(table)
        if directory is not None:
            self._say(f"table and maps of differences in {directory}")


    def effects(self, found: list[Effects]) -> None:
        """Main effects of factors on every quantity; interactions are in the file."""
        main = [name for name in found[0].effects if TIMES not in name]
        table = Table(title="Main effects of the factors (on less off)", title_justify="left", box=None, pad_edge=False)
        table.add_column("", no_wrap=True)
        table.add_column("", no_wrap=True)
        for heading in ("mean", *main):
            table.add_column(Text(heading), justify="right", min_width=9, overflow="fold")
        for row in found:
            told = [f"{value:z.{row.digits}f}" for value in (row.mean, *(row.effects[name] for name in main))]
            table.add_row(Text(row.label), Text(row.unit), *told)
        self._rich.print()
        self._rich.print(table)


def _comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """The first run beside a few of the others at a time, so that no number is cut."""
    others = range(1, len(comparison.names))
    for start in others[::BESIDE]:
        shown = [0, *others[start - 1 : start - 1 + BESIDE]]
        table = Table(title=f"Compared with {comparison.names[0]}", title_justify="left", box=None, pad_edge=False)
        table.add_column("", no_wrap=True)
        table.add_column("", no_wrap=True)
        for run in shown:
            table.add_column(Text(comparison.names[run]), justify="right", min_width=9, overflow="fold")
        for row in comparison.rows:
            # z: what rounds to nothing has no sign
            told = ["" if math.isnan(row.values[run]) else f"{row.values[run]:z.{row.digits}f}" for run in shown]
            table.add_row(Text(row.label), Text(row.unit), *told)
        yield table


def _carbon_table(budget: Budget) -> Table:
    title = f"Carbon budget, {budget.years:g} years, {budget.area:,.1f} ha"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("t C", "t C/ha/yr", "closure"):
        table.add_column(heading, justify="right", no_wrap=True)
    per = 1.0 / (budget.area * budget.years)
    for label, account in budget.carbon.items():
        if not account.terms and account.start == account.end:
            continue
        table.add_row(Text(f"{CARBON[label]}, start", style="bold"), f"{account.start:,.1f}", "", "")
        for term, amount in account.terms.items():
            name = TERMS.get(term, term.replace("_", " "))
            table.add_row(Text(f"  {name}"), f"{amount:+,.1f}", f"{amount * per:+.4f}", "")
        change = account.end - account.start
        table.add_row(
            Text(f"  change, to {account.end:,.1f}", style="bold"), f"{change:+,.1f}", f"{change * per:+.4f}",
            f"{account.closure:.0e}",
        )  # fmt: skip
    return table


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the first is remembered, as no step is left half taken; the second stops at once."""
    before = signal.getsignal(signal.SIGINT)
    # only the main thread gets signals; a background job may have been told to ignore them
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield lambda: False
        return
    asked: list[int] = []

    def remember(number: int, _: Any) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
