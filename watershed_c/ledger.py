"""The ledger: nothing is lost.

**Control volumes** (coupling rule 1). The default account of a cell is the column *below the moving surface*, of
fixed mineral mass: when soil
erodes, the column moves down and subsoil enters it (``substratum`` exchange). The other is *the same material*: the
initial column with what was eroded from it
or laid on it, for which substratum exchange is internal. So, for every carried row and in every cell,

    change(column below the surface) = vertical + lateral + substratum + internal
    change(same material)            = vertical + lateral + internal

*vertical*: plants, amendments, respiration; *lateral*: soil moved between cells or exported, as well as water and
solutes that leave for the stream;
*substratum*: exhumed or buried below the profile; *internal*: changes of form within the cell (SOC to DOC, carbonate
to DIC).

**Closure** (rule 4) is judged after every process, in every cell, for every account: |change of stock - booked| <=
1e-10 of the sum of
absolute fluxes + the round-off of adding up the column (1e-13 of its stock). What does not close stops the run and
says where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.errors import LedgerError, ModelFailure
from watershed_c.kernels.ledger import (
    LEADING,
    OPTIONAL,
    TOLERANCE,
    TRAILING,
    book_amount,
    book_rows,
    check_closure,
    sum_columns,
)
from watershed_c.parallel import over_blocks, over_cells

if TYPE_CHECKING:
    from watershed_c.state import Watershed

KINDS = ("vertical", "lateral", "substratum", "internal")
#: where an account's stock is held
STORES = ("soil", "water", "solutes")


@dataclass(frozen=True)
class Term:
    """A ledger term a process declares: its kind (see module docstring) and what it is."""

    kind: str
    doc: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"ledger term kind {self.kind!r} must be one of {KINDS}")


@dataclass
class Totals:
    """Domain totals, kg, by (account label, term)."""

    amounts: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, label: str, term: str, amount: float) -> None:
        key = (label, term)
        self.amounts[key] = self.amounts.get(key, 0.0) + amount


class Ledger:
    """Accounts of one watershed, per cell and for the domain.

    Accounts: ``soil`` (mineral fine earth of column and surface deposit), ``water`` (soil, snow, groundwater), one
    per constituent row (with what lies on the surface as residue), ``doc``, ``dic``, ``calcium`` and, where a run
    follows them, ``strong_acid``, ``nitrogen``, ``doc_c14``, ``doc_c13``, ``sulfate`` and ``magnesium`` (soil water
    and groundwater; the first of these in mol charge, with what is queued of it). A group name (``soc``, ``sic``)
    stands for its rows together: book on it only in a process that declares the group in ``transforms``.

    Parameters
    ----------
    watershed : Watershed
    every_process : bool
        Check after every process (default), or only at the end of each step.
    """

    def __init__(self, watershed: Watershed, *, every_process: bool = True) -> None:
        self._watershed = watershed
        self.every_process = every_process
        table = watershed.constituents
        # some only where a run follows them
        trailing = [name for name in TRAILING if name not in OPTIONAL or getattr(watershed, name).size]
        self.accounts = (*LEADING, *table.names, *trailing)
        self._index = {name: i for i, name in enumerate(self.accounts)}
        for group in table.groups:
            self._index.setdefault(group, len(LEADING) + int(table.of_group(group)[0]))
        self._group_rows = {group: table.of_group(group) for group in table.groups}
        #: label of each account in tables: rows go under their group
        self.labels = (*LEADING, *(row.group for row in table.rows), *trailing)
        self.soc_rows = table.of_group("soc")
        n = watershed.grid.number_of_nodes
        # seven digits are plenty for the sum of absolute fluxes: it is only what a tolerance is a share of
        self._expected = np.zeros((len(self.accounts), n))
        self._gross = np.zeros((len(self.accounts), n), dtype=np.float32)
        #: accounts booked on since they were looked at: of others there is no sum of absolute fluxes to read
        self._booked = np.zeros(len(self.accounts), dtype=bool)
        self._looks: dict[tuple[str, ...], np.ndarray] = {}
        self._amount, self._nothing, self._bare = np.zeros(n), np.zeros(0), np.zeros((0, 0))
        #: kg m-2 per cell since the start: change of SOC by kind, the identity of the module docstring
        self.soc_by_kind = {kind: np.zeros(n) for kind in KINDS}
        #: kg m-2 per cell since the last record, by (label, term), for the maps that were asked for
        self.maps: dict[tuple[str, str], np.ndarray] = {}
        self.step_totals, self.run_totals = Totals(), Totals()
        self.gross_totals: dict[str, float] = {}
        self.initial: dict[str, float] = {}
        self.worst_residual = 0.0
        self._terms: dict[str, Term] = {}
        self._lateral: dict[str, list[float]] = {}
        self._joint_cache: dict[tuple[str, ...], np.ndarray] = {}
        self.step = 0
        self.label = ""

    # -- declaring --------------------------------------------------------------------------------------------------
    def declare(self, terms: dict[str, Term]) -> None:
        """Make a process's terms known; a term of one name must mean one thing, and not look like a kind or an
        export.
        """
        for name, term in terms.items():
            if name in KINDS or name.endswith("_export"):
                raise ValueError(f"a ledger term cannot be called {name!r}: the name is taken by a kind or an export")
            known = self._terms.setdefault(name, term)
            if known != term:
                raise ValueError(
                    f"ledger term {name!r} is declared as {known.kind} ({known.doc}) and {term.kind} ({term.doc})"
                )

    def kinds(self) -> dict[str, str]:
        """Kind of every term that is declared."""
        return {name: term.kind for name, term in self._terms.items()}

    def map_of(self, label: str, term: str) -> np.ndarray:
        """Ask for the per-cell amounts (kg m-2 since the last record) of a term, or of all terms of a kind.

        Raises
        ------
        RuntimeError
            Nobody asked for it before the first step of the run: what was booked until now is not in it.
        """
        if (label, term) not in self.maps and self.step >= 0 and self.run_totals.amounts:
            raise RuntimeError(f"ask for the map of {term!r} of {label!r} before the run begins: it was not kept")
        return self.maps.setdefault((label, term), np.zeros(self._amount.size))

    def open(self) -> None:
        """Take the stocks as they stand as the balance to compare with at the next check."""
        self._compare((), STORES)
        self._lateral.clear()
        if not self.initial:
            self.initial = self.domain_stocks()

    def start_afresh(self) -> None:
        """Forget all that was booked: the run begins here."""
        self.step_totals, self.run_totals = Totals(), Totals()
        self.gross_totals, self.initial, self.worst_residual = {}, {}, 0.0
        for values in (*self.soc_by_kind.values(), *self.maps.values()):
            values[:] = 0.0
        self.open()

    # -- booking ----------------------------------------------------------------------------------------------------
    def book(
        self,
        term: str | tuple[str, str],
        account: str,
        amount: np.ndarray,
        *,
        factor: float = 1.0,
        cells: np.ndarray | None = None,
    ) -> float:
        """Book an amount per cell.

        Parameters
        ----------
        term : str, or a pair of str
            A declared term; or two of one kind, for the positive amounts and for the negative ones.
        account : str
            An account, a group, or ``"rows"`` for all constituent rows.
        amount : (n,) float64, or (n, m): the sum over its columns; (n, K) for ``"rows"``; kg m-2, positive into the
        cell's account
            Only the values at soil cells are read.
        factor : float
            What the amount is multiplied with; not for ``"rows"``.
        cells : (c,) int64
            Soil cells to book; default all.

        Returns
        -------
        float, kg
            Of the domain; for ``"rows"`` of all rows together.
        """
        terms = {0: term} if isinstance(term, str) else {1: term[0], -1: term[1]}
        w = self._watershed
        cells = w.cells if cells is None else cells
        if account == "rows":
            count, first = amount.shape[1], len(LEADING)
            self._booked[first : first + count] = True
            sums = over_blocks(book_rows, cells, 2 * count, amount, self._expected, self._gross, first)
            by_sign = sums.sum(axis=0).reshape(2, count)
            for group, rows in self._group_rows.items():
                for only, name in terms.items():
                    targets = self._targets(name, group)
                    if targets:
                        over_cells(sum_columns, cells, amount, rows, only, self._amount)
                    self._tally(name, group, by_sign[:, rows].sum(axis=1), only, targets, cells)
            return float(by_sign.sum()) * w.cell_area
        column = self._index[account]
        by_column = amount if amount.ndim == 2 else amount[:, None]
        label = self.labels[column]
        wanted = any(self._targets(name, label) for name in terms.values())
        booked = self._amount if wanted else self._nothing
        self._booked[column] = True
        sums = over_blocks(
            book_amount, cells, 2, by_column, factor, self._expected[column], self._gross[column], booked
        )
        both = sums.sum(axis=0)
        # of a pair each map takes the cells whose sum, as it was booked, has its sign
        whole = booked.copy()[:, None] if wanted and isinstance(term, tuple) else by_column
        for only, name in terms.items():
            targets = self._targets(name, label)
            if targets and only:
                over_cells(sum_columns, cells, whole, np.zeros(1, dtype=np.int64), only, self._amount)
            self._tally(name, label, both, only, targets, cells)
        return float(both.sum()) * w.cell_area

    def _targets(self, term: str, label: str) -> list[np.ndarray]:
        """Cumulative maps that this term of this label adds to."""
        kind = self._terms[term].kind
        maps = [self.maps[key] for key in ((label, term), (label, kind)) if key in self.maps]
        return [self.soc_by_kind[kind], *maps] if label == "soc" else maps

    def _tally(
        self,
        term: str,
        label: str,
        by_sign: np.ndarray,
        only: int,
        targets: list[np.ndarray],
        cells: np.ndarray,
    ) -> None:
        """Add what was booked, gains and losses ``by_sign``, to the totals and, from ``_amount``, to maps."""
        gained, lost = (float(value) * self._watershed.cell_area for value in by_sign)
        gained, lost = gained * (only >= 0), lost * (only <= 0)
        total, gross = gained + lost, gained - lost
        self.step_totals.add(label, term, total)
        self.run_totals.add(label, term, total)
        self.gross_totals[label] = self.gross_totals.get(label, 0.0) + gross
        for target in targets:
            if cells is self._watershed.cells:
                target += self._amount  # zero at nodes without soil
            else:
                target[cells] += self._amount[cells]
        if self._terms[term].kind == "lateral":
            balance = self._lateral.setdefault(label, [0.0, 0.0])
            balance[0] += total
            balance[1] += gross

    def export(self, term: str, label: str, amount: float) -> None:
        """Book what left the cells laterally and arrived at a channel, outlet or open boundary: ``amount`` kg for the
        domain, positive.

        Lateral terms of the cells and exports must cancel for the domain.
        """
        balance = self._lateral.setdefault(label, [0.0, 0.0])
        balance[0] += amount
        self.step_totals.add(label, f"{term}_export", amount)
        self.run_totals.add(label, f"{term}_export", amount)

    # -- proving ----------------------------------------------------------------------------------------------------
    def check(self, process: str, transforms: Iterable[str] = (), stores: Collection[str] = STORES) -> None:
        """Prove that since the last check every account changed by what was booked; raise LedgerError otherwise.

        Parameters
        ----------
        process : str
            Whom to name.
        transforms : groups whose rows it may convert into each other
        stores : of "soil", "water", "solutes", or a group of rows
            Where to look: all, or those the process declares to change.
        """
        ratio, worst, account = self._compare(tuple(transforms), tuple(stores))
        if np.isnan(ratio):
            raise ModelFailure(
                "the state is no longer a finite number",
                step=self.label or self.step,
                process=process,
                cell=worst,
                constituent=account,
            )
        if ratio > 1.0:
            self._fail(process, account, worst, ratio)
        self.worst_residual = max(self.worst_residual, ratio)
        for label, (net, gross) in self._lateral.items():
            if not abs(net) <= TOLERANCE * gross + 1e-9 * TOLERANCE:  # also true for NaN
                self._fail(process, label, None, abs(net) / max(gross * TOLERANCE, 1e-300), lateral=net)
        self._lateral.clear()

    def _compare(self, transforms: tuple[str, ...], stores: tuple[str, ...]) -> tuple[float, int, str]:
        """Largest residual in units of what is allowed, its cell and its account."""
        w, look = self._watershed, self._look(stores)
        worst = over_blocks(
            check_closure, w.cells, 3, look, self._booked, self._joint(transforms), self._expected, self._gross,
            w.mineral, w.deposit_mineral, w.stocks, w.deposit, w.water, w.groundwater, w.snow,
            w.doc, w.groundwater_doc, w.dic, w.groundwater_dic, w.calcium, w.groundwater_calcium,
            w.strong_acid, w.acid, w.groundwater_acid,
            w.residue if w.has_residues else self._bare, int(self.soc_rows[0]) if self.soc_rows.size else 0,
            w.nitrogen, w.groundwater_nitrogen, w.doc_c14, w.groundwater_doc_c14, w.doc_c13, w.groundwater_doc_c13,
            w.sulfate, w.groundwater_sulfate, w.magnesium, w.groundwater_magnesium,
        )  # fmt: skip
        self._booked &= ~look
        ratio, cell, account = worst[np.argmax(worst[:, 0])]  # the first NaN, if there is one
        return float(ratio), int(cell), self.accounts[int(account)]

    def close(self) -> dict[tuple[str, str], float]:
        """End the step: the cumulative balance of the domain, then this step's totals (kg) by (label, term)."""
        totals, self.step_totals = self.step_totals.amounts, Totals()
        return totals

    def domain_stocks(self) -> dict[str, float]:
        """Stock of the domain by label, kg, as of the last check."""
        sums = self._expected[:, self._watershed.cells].sum(axis=1) * self._watershed.cell_area
        stocks: dict[str, float] = {}
        for label, amount in zip(self.labels, sums, strict=True):
            stocks[label] = stocks.get(label, 0.0) + float(amount)
        return stocks

    def cumulative_residual(self) -> dict[str, float]:
        """Change of the domain's stock since the start minus all that was booked, over the sum of absolute fluxes, by
        label.
        """
        residuals = {}
        for label, stock in self.domain_stocks().items():
            booked = sum(
                amount
                for (where, term), amount in self.run_totals.amounts.items()
                if where == label and not term.endswith("_export")
            )
            gross = self.gross_totals.get(label, 0.0)
            change = stock - self.initial.get(label, 0.0)
            residuals[label] = abs(change - booked) / gross if gross > 0.0 else abs(change - booked)
        return residuals

    # -- remembering ------------------------------------------------------------------------------------------------
    def memory(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays and values that a restart must bring back (floats survive JSON to the last bit)."""
        arrays = {f"soc.{kind}": values for kind, values in self.soc_by_kind.items()}
        arrays |= {f"map.{label}.{term}": values for (label, term), values in self.maps.items()}
        values = {
            "run_totals": [[label, term, amount] for (label, term), amount in self.run_totals.amounts.items()],
            "gross_totals": self.gross_totals,
            "initial": self.initial,
            "worst_residual": self.worst_residual,
        }
        return arrays, values

    def recall(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Bring back what :meth:`memory` gave, the stocks of the watershed being restored already."""
        for kind in KINDS:
            self.soc_by_kind[kind][:] = arrays[f"soc.{kind}"]
        for label, term in self.maps:
            self.maps[label, term][:] = arrays[f"map.{label}.{term}"]
        self.run_totals = Totals({(label, term): amount for label, term, amount in values["run_totals"]})
        self.gross_totals = dict(values["gross_totals"])
        self.initial = dict(values["initial"])
        self.worst_residual = values["worst_residual"]
        self.open()

    def _look(self, stores: tuple[str, ...]) -> np.ndarray:
        """Accounts that hold what is in ``stores``, (A,) bool."""
        if stores not in self._looks:
            rows = len(self._watershed.constituents)
            held = ("soil", "water", *["soil"] * rows, *["solutes"] * (len(self.accounts) - len(LEADING) - rows))
            self._looks[stores] = np.isin(held, stores) | np.isin(self.labels, stores)
        return self._looks[stores]

    def _joint(self, transforms: tuple[str, ...]) -> np.ndarray:
        if transforms not in self._joint_cache:
            joint = np.arange(len(self.accounts), dtype=np.int64)
            for group in transforms:
                rows = self._watershed.constituents.of_group(group) + len(LEADING)
                if rows.size:
                    joint[rows] = rows[0]
            self._joint_cache[transforms] = joint
        return self._joint_cache[transforms]

    def _fail(self, process: str, account: str, node: int | None, ratio: float, lateral: float | None = None) -> None:
        if lateral is not None:
            detail = f"lateral fluxes of the cells and exports differ by {lateral:.3e} kg"
        else:
            assert node is not None
            row, column = divmod(node, self._watershed.shape[1])
            detail = f"residual is {ratio:.3g} times what is allowed (1e-10 of the fluxes plus "
            detail += f"round-off) at row {row}, column {column}"
        raise LedgerError(detail, step=self.label or self.step, process=process, cell=node, constituent=account)
