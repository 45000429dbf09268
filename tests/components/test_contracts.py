"""What every process must keep: a whole contract, its own fields only, demanded inputs, closed books.

Processes are found by walking ``watershed_c.components``; one without a recipe in ``tests/build.py`` fails.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest
from landlab.field import FieldError

import watershed_c.components
from tests import build
from watershed_c.components.base import Process
from watershed_c.ledger import KINDS, Term
from watershed_c.names import STATE

#: keys of a Landlab ``_info`` record
KEYS = {"dtype", "intent", "optional", "units", "mapping", "doc"}
FIELDS = {record.name: record for record in STATE.values()}
#: a process file longer than this does more than one thing
LONGEST_FILE = 200


def _found() -> dict[str, type[Process]]:
    found = {}
    for entry in pkgutil.iter_modules(watershed_c.components.__path__, "watershed_c.components."):
        module = importlib.import_module(entry.name)
        for name, value in vars(module).items():
            own = inspect.isclass(value) and value.__module__ == entry.name
            if own and issubclass(value, Process) and value is not Process:
                found[name] = value
    return found


PROCESSES = _found()
every_process = pytest.mark.parametrize("kind", PROCESSES.values(), ids=PROCESSES)
#: processes on a watershed with the pools of RothC, or of each of the models that are theirs
CASES = [
    (kind, model)
    for name, kind in PROCESSES.items()
    for model in (build.NONLINEAR if name == "NonlinearDecomposition" else ("rothc",))
]
every_case = pytest.mark.parametrize(("kind", "model"), CASES, ids=[f"{kind.__name__}-{m}" for kind, m in CASES])


def make(kind: type[Process], w) -> Process:
    """A process of this class on the watershed, by the recipe of ``build``."""
    for recipe in (*build.RECIPES.values(), build.RECIPE_NONLINEAR):
        # a recipe is the class or a lambda that names it
        if recipe is kind or (inspect.isfunction(recipe) and kind.__name__ in recipe.__code__.co_names):
            return recipe(w)
    pytest.fail(f"{kind.__name__} has no recipe in tests/build.py: RECIPES")


def fields_of(grid) -> dict[tuple[str, str], np.ndarray]:
    places = ("node", "link", "patch", "cell", "face")
    return {(at, name): np.array(grid[at][name]) for at in places for name in grid[at]}


def test_the_walk_finds_the_processes() -> None:
    assert {"WaterErosion", "Tillage", "SoilColumn", "Decomposition", "ForeignComponent"} <= set(PROCESSES)


@every_process
def test_contract_is_whole(kind: type[Process]) -> None:
    assert isinstance(kind._name, str) and kind._name == kind.__name__
    assert isinstance(kind._cite_as, str)
    assert kind._unit_agnostic is False
    assert kind._info, "a process reads something"
    for name, record in kind._info.items():
        assert set(record) == KEYS, name
        assert name in FIELDS, f"{name} is not a field of names.STATE"
        assert record["units"] == FIELDS[name].units and record["doc"] == FIELDS[name].doc, name
        assert record["intent"] in ("in", "out", "inout") and record["mapping"] == "node", name
        assert np.dtype(record["dtype"]) == FIELDS[name].dtype, name
    for name, term in kind.ledger_terms.items():
        assert isinstance(term, Term) and term.kind in KINDS and term.doc, name
        assert re.fullmatch(r"[a-z_]+", name), name
    assert isinstance(kind.transforms, tuple)
    assert list(inspect.signature(kind.run_one_step).parameters) == ["self", "dt"]


@every_process
def test_docstring_says_what_each_parameter_is_and_in_which_unit(kind: type[Process]) -> None:
    text = inspect.getdoc(kind) or ""
    assert "Parameters\n----------" in text
    section = re.split(r"\n[A-Z][a-z]+\n-+\n", text.split("Parameters\n----------\n")[1])[0]
    documented = {}
    for line in section.splitlines():
        if match := re.match(r"([a-z_][\w, ]*) : (.+)|([a-z_]\w*) *$", line):
            for name in (match[1] or match[3]).split(", "):
                documented[name] = match[2] or ""
    parameters = inspect.signature(kind.__init__).parameters
    assert set(documented) == set(parameters) - {"self"}
    for name, parameter in parameters.items():
        is_number = re.match(r"float|tuple\[float|np\.ndarray", str(parameter.annotation))
        if parameter.kind is parameter.KEYWORD_ONLY and is_number:
            said = documented[name]
            assert re.search(r"[,{]", said), f"{name}: unit or range beside the type, has {said!r}"
    keyword = [p.name for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
    positional = [name for name in parameters if name not in (*keyword, "self", "watershed")]
    assert positional in ([], ["model"]), f"parameters are given by keyword: {positional}"


def _prose(tree: ast.AST) -> int:
    """Lines of docstrings and citations."""
    lines = 0
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = node
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_cite_as":
            text = node
        if text is not None and text.end_lineno is not None:
            lines += text.end_lineno - text.lineno + 1
    return lines


@every_process
def test_file_is_short(kind: type[Process]) -> None:
    """A process file does one thing: fewer than 200 lines, docstrings and citations aside."""
    source = inspect.getsource(inspect.getmodule(kind))
    lines = len(source.splitlines()) - _prose(ast.parse(source))
    assert lines < LONGEST_FILE, f"{kind.__module__} has {lines} lines of code"


@every_case
def test_what_it_reads_is_demanded(kind: type[Process], model: str) -> None:
    w = build.watershed(name=model)
    at_node = w.grid.at_node
    assert set(kind.input_var_names) <= set(at_node)
    for name in kind.input_var_names:
        values, units = at_node[name], at_node.units[name]
        at_node.pop(name)
        with pytest.raises(FieldError, match=re.escape(name)):
            make(kind, w)
        w.grid.add_field(name, values, at="node", units=units, copy=False)
    make(kind, w)


@every_case
def test_touches_only_what_it_declares_and_its_own_books_close(kind: type[Process], model: str) -> None:
    """Four months, one a January, on a real watershed: of a process alone; what others did before it stays."""
    w = build.watershed(name=model)
    process = make(kind, w)
    declared = {
        (record["mapping"], name)
        for name, record in process._info.items()
        if "out" in record["intent"] and (not record["optional"] or name in w.grid.at_node)
    }
    w.ledger.open()
    random = np.random.default_rng(2)
    touched, booked = set(), set()
    for index in (4, 5, 9, 12):  # what happens once a year does so in January
        w.at(build.step(index))
        w.runoff[w.cells] *= 1.1  # no two months are alike
        w.elevation[w.cells] += 0.5 * random.random(w.cells.size)  # enough for another order downstream
        before = fields_of(w.grid)
        process.run_one_step(build.MONTH)
        after = fields_of(w.grid)
        assert set(after) == set(before), "a field appeared or went"
        touched |= {key for key, values in before.items() if not np.array_equal(values, after[key], equal_nan=True)}
        w.ledger.check(process._name, process.transforms)
        booked |= {term.removesuffix("_export") for _, term in w.ledger.close()}
    assert touched <= declared, f"touches {sorted(touched - declared)}"
    declared -= {(record["mapping"], name) for name, record in process._info.items() if record["optional"]}
    assert touched >= declared, f"declares and does not change {sorted(declared - touched)}"
    assert booked <= set(process.ledger_terms), f"books {sorted(booked - set(process.ledger_terms))}"
    assert w.ledger.worst_residual < 1.0
    assert np.isfinite(np.concatenate([values.ravel() for (_, name), values in after.items() if name in FIELDS])).all()


@every_case
def test_land_outside_the_catchment_is_left_alone(kind: type[Process], model: str) -> None:
    w = build.watershed(name=model)
    process = make(kind, w)
    outside = w.grid.status_at_node == w.grid.BC_NODE_IS_CLOSED
    soil = ("elevation", "mineral", "stocks", "deposit_mineral", "deposit", "water", "groundwater", "snow", "doc")
    before = {name: getattr(w, name)[outside].copy() for name in soil}
    process.run_one_step(build.MONTH)
    for name, values in before.items():
        assert np.array_equal(values, getattr(w, name)[outside]), name


@every_case
def test_memory_are_arrays_it_goes_on_using(kind: type[Process], model: str) -> None:
    """A restart refills them in place: they must be the process's own, not copies."""
    w = build.watershed(name=model)
    process = make(kind, w)
    process.run_one_step(build.MONTH)
    first, second = process.memory(), process.memory()
    assert set(first) == set(second)
    for name, values in first.items():
        assert np.shares_memory(values, second[name]), name
