"""What a user can mend, and what we must.

`ScenarioError` carries every problem found in what the user wrote; the command line prints it without a
traceback and exits with 2. `ModelFailure` (exit 3) and `LedgerError` (exit 4) are failures of the model itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user wrote.

    Parameters
    ----------
    file : path of the scenario file as the user gave it; empty when there is none (Python call, machine).
    line : line of the file, counted from 1; None when unknown.
    key : dotted key, e.g. "soil.clay".
    value : what was written, as the user would recognise it; empty when the key itself is the problem.
    expectation : what is valid, in words ("must be 0-100 %").
    suggestion : what to do about it ('Did you mean "clay"?'); may be empty.
    """

    file: str = ""
    line: int | None = None
    key: str = ""
    value: str = ""
    expectation: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}" if self.file else f"line {self.line}"
        what = f"{self.key} = {self.value}" if self.key and self.value else self.key or self.value
        advice = " ".join(part for part in (self.expectation, self.suggestion) if part)
        return "  ".join(part for part in (place, what, advice) if part)


class WatershedError(Exception):
    """Base of everything this package raises on purpose."""

    exit_code = 3


class ScenarioError(WatershedError):
    """What the user wrote cannot be run as it stands: all the problems at once."""

    exit_code = 2

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class ModelFailure(WatershedError):
    """The model itself failed (non-finite state, impossible value).

    Parameters
    ----------
    message : what happened.
    step : step as the clock names it, e.g. "2013-07".
    process : the process after which it was found.
    cell : node number.
    constituent : account or row of the state.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        step: str | int | None = None,
        process: str | None = None,
        cell: int | None = None,
        constituent: str | None = None,
    ) -> None:
        self.message = message
        self.step = step
        self.process = process
        self.cell = cell
        self.constituent = constituent
        super().__init__(message)

    def __str__(self) -> str:
        where = [
            f"step {self.step}" if self.step is not None else "",
            f"after process {self.process}" if self.process else "",
            f"cell {self.cell}" if self.cell is not None else "",
            f"constituent {self.constituent}" if self.constituent else "",
        ]
        place = ", ".join(part for part in where if part)
        return f"{place}: {self.message}" if place else self.message


class LedgerError(ModelFailure):
    """An account did not close: something was lost or created."""

    exit_code = 4
