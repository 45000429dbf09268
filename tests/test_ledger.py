"""The ledger: closes over the whole model, finds a leak of 1e-9 and names it, and remembers to the last bit."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests import build
from watershed_c.components.base import Process
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.coupling import advance
from watershed_c.errors import LedgerError, ModelFailure
from watershed_c.ledger import KINDS, Ledger, Term
from watershed_c.state import Watershed

#: every account, and how to put an amount (kg m-2) into one cell of it: attribute and index after the cell
PLACES = {
    "soil": [("mineral", (3,)), ("deposit_mineral", ())],
    "water": [("water", (0,)), ("groundwater", ()), ("snow", ())],
    "hum": [("stocks", (2, 3)), ("deposit", (3,))],
    "sic_pedogenic": [("stocks", (4, 6))],
    "cs137": [("stocks", (0, 7))],
    "doc": [("doc", (1,)), ("groundwater_doc", ())],
    "dic": [("dic", (1,)), ("groundwater_dic", ())],
    "calcium": [("calcium", (1,)), ("groundwater_calcium", ())],
    "strong_acid": [("strong_acid", (1,)), ("groundwater_acid", ())],
}
EVERY_PLACE = [(account, *place) for account, places in PLACES.items() for place in places]


def add(w: Watershed, attribute: str, cell: int, index: tuple[int, ...], amount: float) -> None:
    getattr(w, attribute)[(cell, *index)] += amount


class Acting(Process):
    """A process that does what a test gives it to do, and books what the test says."""

    _name = "Acting"
    _info: dict = {}
    ledger_terms = {
        "slide": Term("lateral", "to a neighbour"),
        "sprout": Term("vertical", "from the air"),
        "rise": Term("substratum", "from below"),
        "turn": Term("internal", "within the cell"),
    }

    def __init__(self, watershed: Watershed, act: Callable[[Watershed, Ledger], None]) -> None:
        super().__init__(watershed)
        self.act = act

    def run_one_step(self, dt: float) -> None:
        self.act(self.watershed, self.watershed.ledger)


def only(w: Watershed, cell: int, amount: float) -> np.ndarray:
    values = np.zeros(w.elevation.size)
    values[cell] = amount
    return values


@pytest.fixture(scope="module")
def whole_run() -> tuple[Watershed, dict[str, Process], list[dict[tuple[str, str], float]], dict[str, np.ndarray]]:
    """Two years of every process; the state at the start."""
    w = build.watershed()
    processes = build.processes(w)
    w.ledger.map_of("soc", "lateral")
    w.ledger.map_of("soc", "respired")
    w.ledger.open()
    start = {name: values.copy() for name, values in w.state_arrays().items()}
    return w, processes, [advance(w, processes, build.step(index)) for index in range(24)], start


# -- booking --------------------------------------------------------------------------------------------------------
def test_a_pair_of_terms_has_maps_that_sum_to_its_totals() -> None:
    """By the sign of what a cell is booked in all, its factor in it, for columns as for the domain."""
    w = build.watershed()
    terms = ("rise", "sink")
    w.ledger.declare({name: Term("substratum", name) for name in terms})
    maps = [w.ledger.map_of("soil", name) for name in terms]
    amount = np.zeros((w.elevation.size, 2))
    amount[w.cells[0]], amount[w.cells[1]] = (1.0, -3.0), (2.0, 0.5)
    w.ledger.book(terms, "soil", amount, factor=-2.0)
    assert maps[0][w.cells[:2]].tolist() == [4.0, 0.0] and maps[1][w.cells[:2]].tolist() == [0.0, -5.0]
    for values, name in zip(maps, terms, strict=True):
        assert w.ledger.run_totals.amounts["soil", name] == values.sum() * w.cell_area


# -- closing --------------------------------------------------------------------------------------------------------
def test_the_whole_model_closes(whole_run) -> None:
    w, _, steps, start = whole_run
    ledger = w.ledger
    assert 0.0 < ledger.worst_residual < 0.1
    for label, residual in ledger.cumulative_residual().items():
        assert residual < 1e-12, label
    # and against the stocks themselves, not the ledger's own sums
    run: dict[tuple[str, str], float] = {}
    for totals in steps:
        for key, amount in totals.items():
            run[key] = run.get(key, 0.0) + amount
    assert not w.deposit.any() and start["deposit"].any()
    soil = ((w.mineral - start["mineral"]).sum(axis=1) - start["deposit_mineral"])[w.cells].sum()
    booked = sum(amount for (label, term), amount in run.items() if label == "soil" and not term.endswith("_export"))
    assert soil * w.cell_area == pytest.approx(booked, abs=1e-8)
    carbon = (w.stocks - start["stocks"])[:, :, ledger.soc_rows].sum() - start["deposit"][:, ledger.soc_rows].sum()
    carbon += (w.residue - start["residue"]).sum()
    carbon *= w.cell_area
    booked = sum(amount for (label, term), amount in run.items() if label == "soc" and not term.endswith("_export"))
    assert carbon == pytest.approx(booked, rel=1e-11)
    gross = sum(abs(amount) for (label, _), amount in run.items() if label == "soc")
    assert abs(carbon) > 1e-3 * gross
    assert run == pytest.approx(ledger.run_totals.amounts, rel=1e-12, abs=1e-9)


def test_change_of_carbon_is_the_sum_of_its_kinds_in_every_cell(whole_run) -> None:
    """The identity of the module docstring, both control volumes."""
    w, _, _, start = whole_run
    kinds = w.ledger.soc_by_kind
    rows = w.ledger.soc_rows
    change = (w.stocks - start["stocks"])[:, :, rows].sum(axis=(1, 2)) - start["deposit"][:, rows].sum(axis=1)
    change += (w.residue - start["residue"]).sum(axis=1)
    cells = w.cells
    np.testing.assert_allclose(sum(kinds.values())[cells], change[cells], rtol=0.0, atol=1e-11)
    for kind in KINDS:
        assert kinds[kind][cells].any() and not np.delete(kinds[kind], cells).any(), kind
    same_material = change - kinds["substratum"]
    without = kinds["vertical"] + kinds["lateral"] + kinds["internal"]
    np.testing.assert_allclose(without[cells], same_material[cells], rtol=0.0, atol=1e-11)
    assert np.array_equal(w.ledger.maps["soc", "lateral"], kinds["lateral"])
    total = w.ledger.run_totals.amounts["soc", "respired"]
    assert w.ledger.maps["soc", "respired"].sum() * w.cell_area == pytest.approx(total, rel=1e-12)


def test_checking_once_a_step_gives_the_same_run() -> None:
    runs = []
    for every_process in (True, False):
        w = build.watershed()
        w.ledger.every_process = every_process
        processes = build.processes(w)
        w.ledger.open()
        totals = [advance(w, processes, build.step(index)) for index in range(3)]
        assert w.ledger.worst_residual < 1.0
        runs.append((totals, w.stocks.copy()))
    assert runs[0][0] == runs[1][0] and np.array_equal(runs[0][1], runs[1][1])


# -- leaks ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("account", "attribute", "index"), EVERY_PLACE)
@pytest.mark.parametrize("amount", [1e-9, -1e-9])
def test_a_leak_in_the_loop_is_caught_and_named(account: str, attribute: str, index: tuple, amount: float) -> None:
    w = build.watershed()
    cell = int(w.cells[37])
    w.deposit_mineral[cell], w.deposit[cell] = 1.0, 1.0
    processes = build.processes(w, "climate", "cropping", "soil_water")
    processes["leak"] = Acting(w, lambda w, ledger: add(w, attribute, cell, index, amount if w.month == 2 else 0.0))
    processes |= build.processes(w, "decomposition")
    w.ledger.open()
    for month in range(2):
        advance(w, processes, build.step(month))
    with pytest.raises(LedgerError) as caught:
        advance(w, processes, build.step(2))
    error = caught.value
    assert (error.step, error.process, error.cell, error.constituent) == ("2001-03", "leak", cell, account)
    assert error.exit_code == 4 and "row 4, column" in str(error)


def test_a_leak_is_caught_at_the_end_of_the_step_too() -> None:
    w = build.watershed()
    w.ledger.every_process = False
    cell = int(w.cells[5])
    with pytest.raises(LedgerError, match=f"of this step.*cell {cell}.*soil"):
        advance(w, {"leak": Acting(w, lambda w, ledger: add(w, "mineral", cell, (0,), 1e-9))}, build.step())


def test_what_a_process_changes_undeclared_is_caught_by_the_end_of_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a process only the stores it declares are looked at; after a step, all."""
    w = build.watershed()
    cell = int(w.cells[5])
    processes = build.processes(w, "climate", "cropping")
    monkeypatch.setattr(processes["climate"], "run_one_step", lambda dt: add(w, "dic", cell, (0,), 1e-9))
    with pytest.raises(LedgerError, match=f"of this step.*cell {cell}.*dic"):
        advance(w, processes, build.step())


@pytest.mark.parametrize("wrong", [1.0 + 1e-9, 0.0, -1.0, 2.0])
def test_booking_another_amount_than_moved_is_caught(wrong: float) -> None:
    w = build.watershed()
    cell = int(w.cells[5])

    def act(w: Watershed, ledger: Ledger) -> None:
        add(w, "water", cell, (0,), 30.0)
        ledger.book("sprout", "water", only(w, cell, wrong * 30.0))

    with pytest.raises(LedgerError, match=f"rain.*cell {cell}.*water"):
        advance(w, {"rain": Acting(w, act)}, build.step())


def test_booking_on_another_cell_or_account_is_caught() -> None:
    for account, shift in (("dic", 1), ("doc", 0)):
        w = build.watershed()
        cell, other = int(w.cells[5]), int(w.cells[5 + shift])

        def act(w: Watershed, ledger: Ledger, account=account, cell=cell, other=other) -> None:
            add(w, "dic", cell, (0,), 1e-3)
            ledger.book("sprout", account, only(w, other, 1e-3))

        with pytest.raises(LedgerError, match="dic|doc"):
            advance(w, {"wrong": Acting(w, act)}, build.step())


# -- lateral balance ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("account", ["soil", "hum", "rows"])
@pytest.mark.parametrize(
    ("arrives", "exported", "closes"), [(0.6, 0.4, True), (0.6, 0.0, False), (0.6, 0.4 + 1e-8, False)]
)
def test_what_leaves_cells_must_arrive_or_be_exported(account, arrives, exported, closes) -> None:
    w = build.watershed()
    donor, receiver = (int(cell) for cell in w.cells[[5, 6]])

    def act(w: Watershed, ledger: Ledger) -> None:
        label = "soil" if account == "soil" else "soc"
        moved = np.zeros(w.deposit.shape)
        for cell, share in ((donor, -0.1), (receiver, 0.1 * arrives)):
            if account == "soil":
                w.mineral[cell, 0] += share
                moved[cell, 3] = share
            else:
                w.stocks[cell, 1, 3] += share
                moved[cell, 3] = share
        ledger.book("slide", account, moved if account == "rows" else moved[:, 3].copy())
        ledger.export("slide", label, 0.1 * exported * w.cell_area)

    processes = {"slide": Acting(w, act)}
    if closes:
        totals = advance(w, processes, build.step())
        label = "soil" if account == "soil" else "soc"
        assert totals[label, "slide"] == pytest.approx(-totals[label, "slide_export"], rel=1e-12)
        return
    with pytest.raises(LedgerError, match="slide.*lateral fluxes.*exports differ") as caught:
        advance(w, processes, build.step())
    assert caught.value.cell is None and caught.value.constituent == ("soil" if account == "soil" else "soc")


# -- not a number ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("account", "attribute", "index"), EVERY_PLACE)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_state_that_is_no_number_is_a_model_failure(account: str, attribute: str, index: tuple, value: float) -> None:
    """Whatever account comes after it."""
    w = build.watershed()
    cell = int(w.cells[20])
    with pytest.raises(ModelFailure, match="no longer a finite number") as caught:
        advance(w, {"breaker": Acting(w, lambda w, ledger: add(w, attribute, cell, index, value))}, build.step())
    assert not isinstance(caught.value, LedgerError) and caught.value.exit_code == 3
    assert (caught.value.process, caught.value.cell, caught.value.constituent) == ("breaker", cell, account)


def test_a_flux_or_an_export_that_is_no_number_is_caught() -> None:
    for act in (
        lambda w, ledger: ledger.book("sprout", "dic", only(w, w.cells[0], np.nan)),
        lambda w, ledger: ledger.export("slide", "soil", np.nan),
    ):
        w = build.watershed()
        with pytest.raises(ModelFailure, match="breaker"):
            advance(w, {"breaker": Acting(w, act)}, build.step())


# -- transforms -----------------------------------------------------------------------------------------------------
def _exchange(w: Watershed, lost: float = 0.0, group: bool = False) -> None:
    """From RPM to HUM in a layer; or from a pool into carbonate."""
    cell = w.cells[7]
    w.stocks[cell, 0, 1] -= 0.01
    w.stocks[cell, 0, 6 if group else 3] += 0.01 - lost


@pytest.mark.parametrize(
    ("transforms", "lost", "other_group", "closes"),
    [
        (("soc",), 0.0, False, True),
        ((), 0.0, False, False),
        (("sic",), 0.0, False, False),
        (("soc",), 1e-9, False, False),
        (("soc", "sic"), 0.0, True, False),
        (("soc", "no such group"), 0.0, False, True),
    ],
)
def test_rows_of_a_transformed_group_may_exchange_and_not_lose(transforms, lost, other_group, closes) -> None:
    w = build.watershed()
    _exchange(w, lost, other_group)
    if closes:
        w.ledger.check("turn", transforms)
        w.ledger.check("nothing", ())
    else:
        with pytest.raises(LedgerError, match=f"cell {w.cells[7]}"):
            w.ledger.check("turn", transforms)


def test_a_group_is_booked_as_one_where_it_is_transformed() -> None:
    w = build.watershed()
    cell = int(w.cells[3])

    def act(w: Watershed, ledger: Ledger) -> None:
        w.stocks[cell, 0, :5] *= 0.9
        ledger.book("sprout", "soc", only(w, cell, -w.stocks[cell, 0, :5].sum() / 9.0))

    process = Acting(w, act)
    process.transforms = ("soc",)
    totals = advance(w, {"decay": process}, build.step())
    assert set(totals) == {("soc", "sprout")} and totals["soc", "sprout"] < 0.0
    process.transforms = ()
    with pytest.raises(LedgerError, match="dpm|rpm|bio|hum|iom"):
        advance(w, {"decay": process}, build.step(1))


# -- sums -----------------------------------------------------------------------------------------------------------
def test_totals_of_steps_sum_to_those_of_the_run_and_exports_do_not_count_twice() -> None:
    w = build.watershed()
    cell = int(w.cells[3])

    def act(w: Watershed, ledger: Ledger) -> None:
        w.mineral[cell, 0] -= 0.25
        ledger.book("slide", "soil", only(w, cell, -0.25))
        ledger.export("slide", "soil", 0.25 * w.cell_area)
        w.mineral[cell, 4] += 0.125
        ledger.book("rise", "soil", only(w, cell, 0.125))

    process = Acting(w, act)
    for index in range(4):
        totals = advance(w, {"act": process}, build.step(index))
        assert totals == {("soil", "slide"): -100.0, ("soil", "slide_export"): 100.0, ("soil", "rise"): 50.0}
    assert w.ledger.run_totals.amounts == {key: 4.0 * amount for key, amount in totals.items()}
    assert w.ledger.gross_totals["soil"] == 600.0
    assert w.ledger.cumulative_residual()["soil"] < 1e-12
    # what the ledger did not see shows in the cumulative balance, though no step does
    w.mineral[cell, 0] += 0.5
    w.ledger.open()
    assert w.ledger.cumulative_residual()["soil"] == pytest.approx(200.0 / 600.0)
    w.ledger.start_afresh()
    assert not w.ledger.run_totals.amounts and w.ledger.cumulative_residual()["soil"] == 0.0


def test_maps_gather_a_term_or_a_kind_until_they_are_emptied() -> None:
    w = build.watershed()
    cell = int(w.cells[3])
    ledger = w.ledger
    Acting(w, lambda w, ledger: None)
    by_term, by_kind = ledger.map_of("soil", "rise"), ledger.map_of("soil", "substratum")
    assert ledger.map_of("soil", "rise") is by_term
    for _ in range(2):
        ledger.book("rise", "soil", only(w, cell, 2.0))
        ledger.book("slide", "soil", only(w, cell, 1.0))
    assert by_term[cell] == by_kind[cell] == 4.0 == by_term.sum()
    by_term[:] = 0.0
    assert ledger.maps["soil", "rise"].sum() == 0.0
    # one that nobody asked for is not kept, and is not zero either
    with pytest.raises(RuntimeError, match="'slide' of 'soil' before the run begins"):
        ledger.map_of("soil", "slide")
    ledger.start_afresh()
    assert not ledger.map_of("soil", "slide").any()


def test_only_soil_cells_have_an_account() -> None:
    w = build.watershed()
    Acting(w, lambda w, ledger: None)
    for node in (0, int(np.flatnonzero(w.channel)[0])):
        w.stocks[node, 0, 0] += 1.0
        w.ledger.book("sprout", "soc", only(w, node, 5.0))
    w.ledger.check("nothing")
    assert not any(w.ledger.close().values())


# -- remembering ----------------------------------------------------------------------------------------------------
def test_memory_goes_through_a_file_and_back_to_the_bit(whole_run) -> None:
    w, _, _, _ = whole_run
    arrays, values = w.ledger.memory()
    arrays = {name: array.copy() for name, array in arrays.items()}
    text = json.dumps(values)
    other = build.watershed(2)  # of another beginning
    for name, array in w.state_arrays().items():
        getattr(other, name)[...] = array
    other.ledger.map_of("soc", "lateral")
    other.ledger.map_of("soc", "respired")
    other.ledger.recall(arrays, json.loads(text))
    again_arrays, again = other.ledger.memory()
    assert json.dumps(again) == text
    assert set(again_arrays) == set(arrays)
    for name, array in arrays.items():
        assert np.array_equal(array, again_arrays[name]), name
    assert other.ledger.cumulative_residual() == w.ledger.cumulative_residual()
    assert other.ledger.domain_stocks() == w.ledger.domain_stocks()


# -- declaring ------------------------------------------------------------------------------------------------------
def test_a_term_means_one_thing() -> None:
    ledger = build.watershed().ledger
    ledger.declare({"slide": Term("lateral", "to a neighbour")})
    ledger.declare({"slide": Term("lateral", "to a neighbour")})
    for term in (Term("vertical", "to a neighbour"), Term("lateral", "something else")):
        with pytest.raises(ValueError, match="slide"):
            ledger.declare({"slide": term})
    for name in (*KINDS, "soil_export"):
        with pytest.raises(ValueError, match="taken"):
            ledger.declare({name: Term("lateral", "x")})
    with pytest.raises(ValueError, match="sideways"):
        Term("sideways", "x")
    with pytest.raises(KeyError):
        ledger.book("never declared", "soil", np.zeros(168))


def test_accounts_without_any_constituent() -> None:
    for rows in ((), (soc_pool("a", "bulk"),)):
        grid = RasterModelGrid((4, 4))
        grid.add_zeros("topographic__elevation", at="node")
        w = Watershed(grid, constituents=ConstituentTable(rows), layer_bottom=np.array([0.3]))
        w.ledger.open()
        w.ledger.check("nothing", ("soc",))
        solutes = ("doc", "dic", "calcium")
        assert w.ledger.accounts == ("soil", "water", *(row.name for row in rows), *solutes)
