"""What a run says on the terminal: opening, progress with time left, and the closing tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from watershed_c.assemble import Assembly
from watershed_c.budget import CARBON, Budget
from watershed_c.coupling import Model
from watershed_c.initialise import Report

#: seconds between progress lines when the output is not a terminal
QUIET_INTERVAL = 10.0

TERMS = {
    "plant_input": "plant input",
    "amendment": "manure and amendments",
    "respired": "respired CO2",
    "doc_production": "to / from dissolved organic carbon",
    "water_erosion": "moved by water (net)",
    "tillage_erosion": "moved by tillage (net)",
    "substratum_import": "exhumed from below the profile",
    "burial_below_profile": "buried below the profile",
    "doc_mineralised": "mineralised in solution",
    "doc_leached": "leached to the stream",
    "carbonate_dissolved": "dissolved (+) from carbonate",
    "dic_gas_exchange": "exchanged with soil CO2",
    "dic_leached": "leached to the stream",
}


class Console:
    """Speaks to the user, or is silent."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._rich = RichConsole(quiet=quiet, highlight=False)
        self._quiet = quiet

    def opening(self, assembly: Assembly) -> None:
        w, clock = assembly.watershed, assembly.model.clock
        title = assembly.inputs.scenario.title
        self._rich.print(f"[bold]{title}[/bold]" if title else "")
        channel = int(w.channel.sum())
        self._rich.print(
            f"{w.cells.size:,} cells of {w.dx:g} m ({w.cells.size * w.cell_area / 1e6:.2f} km2)"
            + (f", {channel:,} channel cells" if channel else "")
            + f", {w.layer_bottom.size} layers to {w.layer_bottom[-1]:g} m, {len(w.constituents)} constituents, {clock.steps:,} monthly steps"
        )
        for warning in assembly.warnings:
            self._rich.print(f"[yellow]note[/yellow] {warning}")

    def initial(self, report: Report) -> None:
        self._rich.print(f"initial carbon: {report.method}, {report.corrections} corrections")
        for line in report.lines:
            self._rich.print(f"  {line}")
        for warning in report.warnings:
            self._rich.print(f"[yellow]note[/yellow] {warning}")

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        if self._rich.is_terminal and not self._quiet:
            with self._rich.status(what):
                yield
        else:
            self._rich.print(f"{what} ...")
            yield

    @contextmanager
    def progress(self, model: Model) -> Iterator[Callable[[], None]]:
        """Gives a function to call after every step."""
        total = model.clock.steps
        if self._rich.is_terminal and not self._quiet:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
            with Progress(*columns, console=self._rich) as bar:
                task = bar.add_task("", total=total, completed=model.index)

                def advance() -> None:
                    bar.update(task, completed=model.index, description=model.clock.step(model.index - 1).label)

                yield advance
            return
        started, first, last = time.monotonic(), model.index, [time.monotonic()]

        def advance_quietly() -> None:
            now = time.monotonic()
            if now - last[0] >= QUIET_INTERVAL:
                last[0] = now
                left = (now - started) / max(1, model.index - first) * (total - model.index)
                self._rich.print(f"{model.clock.step(model.index - 1).label}  {100.0 * model.index / total:.0f} %  {left:.0f} s left")

        yield advance_quietly

    def closing(
        self, assembly: Assembly, budget: Budget, wall: float, compiling: float, memory: float, directory: Path, figures: list[Path]
    ) -> None:  # fmt: skip
        table = Table(title=f"Carbon budget, {budget.years:g} years, {budget.area:,.1f} ha", title_justify="left", box=None, pad_edge=False)
        for heading, justify in (("", "left"), ("t C", "right"), ("t C/ha/yr", "right"), ("closure", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        for label, account in budget.carbon.items():
            if not account.terms and account.start == account.end:
                continue
            per = 1.0 / (budget.area * budget.years)
            table.add_row(f"[bold]{CARBON[label]}[/bold], start", f"{account.start:,.1f}", "", "")
            for term, amount in account.terms.items():
                table.add_row(f"  {TERMS.get(term, term.replace('_', ' '))}", f"{amount:+,.1f}", f"{amount * per:+.4f}", "")
            change = account.end - account.start
            table.add_row(f"  [bold]change[/bold], to {account.end:,.1f}", f"{change:+,.1f}", f"{change * per:+.4f}", f"{account.closure:.0e}")
        self._rich.print()
        self._rich.print(table)
        delivered = "" if budget.delivery_ratio is None else f", {100.0 * budget.delivery_ratio:.1f} % of the {budget.gross_erosion:.2f} t/ha/yr that water detached"
        self._rich.print(f"\nsediment yield {budget.sediment_yield:.3f} t/ha/yr{delivered}")
        kinds = budget.soc_by_kind
        self._rich.print(
            "SOC of the column below the moving surface: "
            f"vertical {kinds['vertical'] + kinds['internal']:+,.1f}, lateral {kinds['lateral']:+,.1f}, substratum {kinds['substratum']:+,.1f} t C"
        )
        if assembly.note:
            self._rich.print(f"[yellow]note[/yellow] {assembly.note}")
        self._rich.print(f"every account closes: the worst cell used {100.0 * budget.worst_cell:.1g} % of what is allowed (1e-10 of its fluxes plus round-off)")
        self._rich.print(f"wall time {wall:.1f} s, of which {compiling:.1f} s compiling; peak memory {memory / 2**20:,.0f} MiB")
        self._rich.print(f"results in {directory}" + (f", {len(figures)} figures in {directory / 'figures'}" if figures else ""))
