"""Who may import whom: the table of docs/architecture.md, enforced on the source; and that help answers at once."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "watershed_c"

#: room of each module or folder at the top of the package; what is not here has no place in docs/architecture.md
ROOMS = {
    **dict.fromkeys(("units", "names", "errors", "clock", "parallel", "data", "machine"), "first line"),
    "kernels": "kernels",
    **dict.fromkeys(("constituents", "bedrock", "isotopes", "saturation", "soil_mass", "tracer_inversion"), "state"),
    **dict.fromkeys(("grid", "state", "ledger"), "state"),
    "components": "components",
    "pools": "pools",
    "io": "io",
    "management": "management",
    "scenario": "scenario",
    "coupling": "coupling",
    **dict.fromkeys(("initial_carbon", "initial_dissolved", "initial_isotopes", "carbon_ages"), "initial carbon"),
    **dict.fromkeys(("simulation", "assembly", "processes", "console", "budget"), "simulation"),
    **dict.fromkeys(("initial_given", "soil_acidity", "soil_minerals"), "simulation"),
    **dict.fromkeys(("variants", "comparison", "erosion_sink", "erosion_inputs", "land_units", "unused"), "simulation"),
    **dict.fromkeys(("measures", "costs", "appraisal", "factorial"), "simulation"),
    "plots": "plots",
    "front": "front",
    **dict.fromkeys(("cli", "catalogue"), "cli"),
}
_SOIL = {"first line", "kernels", "state"}
#: rooms each room may import, besides itself
MAY = {
    "first line": set(),
    "kernels": set(),
    "state": {"first line", "kernels"},
    "components": _SOIL,
    "pools": {"first line", "kernels"},
    "io": _SOIL,
    "management": {"first line", "kernels"},
    "scenario": _SOIL | {"io", "management", "pools"},
    "coupling": _SOIL | {"components", "pools"},
    "initial carbon": _SOIL | {"components", "pools", "coupling"},
    "simulation": set(ROOMS.values()) - {"cli"},
    "plots": {"first line"},
    "front": set(ROOMS.values()) - {"cli", "plots"},
    "cli": set(ROOMS.values()) - {"plots"},
}
#: constructors that users look for under the name of their class, although what they call lies above it: imported when
#: called, and never by the program itself
FRONT_DOORS = {("watershed_c.state", "watershed_c.scenario.catchment")}
#: packages of others that cost time to import: the rooms that may do so when they are imported themselves
HEAVY = {
    "numba": {"kernels"},
    "landlab": {"components"},
    "pydantic": {"scenario"},
    "pydantic_core": {"scenario"},
    "netCDF4": {"io"},
    "matplotlib": {"plots"},
    "xarray": {"plots"},
    "rasterio": set(),
    "scipy": set(),
    "pandas": set(),
    "dask": set(),
}


@dataclass(frozen=True)
class Import:
    """One import in the source: by which module, of what, where, and when it is carried out."""

    importer: str
    imported: str
    line: int
    lazy: bool
    typing_only: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in sorted(PACKAGE.rglob("*.py")) if "data" not in path.parts}


def _imports(name: str) -> list[Import]:
    found: list[Import] = []

    def walk(node: ast.AST, lazy: bool, typing_only: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.Import):
                found.extend(Import(name, alias.name, child.lineno, inside, typing_only) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name}:{child.lineno}: imports are absolute"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    imported = whole if whole in MODULES else str(child.module)
                    found.append(Import(name, imported, child.lineno, inside, typing_only))
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                walk(child, inside, True)
            else:
                walk(child, inside, typing_only)

    walk(ast.parse(MODULES[name].read_text(encoding="utf-8")), False, False)
    return found


IMPORTS = [found for name in MODULES for found in _imports(name)]


def _top(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _room(module: str) -> str:
    return ROOMS.get(_top(module), "")


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "watershed_c"


def test_the_walk_sees_imports_of_every_sort() -> None:
    assert len(MODULES) > 50 and sum(_is_ours(found.imported) for found in IMPORTS) > 150
    assert any(found.lazy for found in IMPORTS) and any(found.typing_only for found in IMPORTS)


def test_every_module_has_its_room() -> None:
    homeless = [name for name in MODULES if name != "watershed_c" and not _room(name)]
    assert not homeless, f"say in docs/architecture.md and here where these belong: {homeless}"


@pytest.mark.parametrize("room", MAY)
def test_rooms_import_only_what_they_may(room: str) -> None:
    """Imports inside functions count too; those for type checkers alone do not."""
    wrong = [
        str(found)
        for found in IMPORTS
        if _room(found.importer) == room
        and _is_ours(found.imported)
        and not found.typing_only
        and _room(found.imported) not in MAY[room] | {room}
        and not (found.lazy and (found.importer, found.imported) in FRONT_DOORS)
    ]
    assert not wrong, f"{room} may import {sorted(MAY[room]) or 'nothing of ours'}:\n" + "\n".join(wrong)


def test_first_line_modules_do_not_lean_on_each_other() -> None:
    wrong = [str(f) for f in IMPORTS if _room(f.importer) == "first line" and _is_ours(f.imported)]
    assert not wrong, "\n".join(wrong)


def test_kernels_know_only_numpy_numba_and_mathematics() -> None:
    allowed = {"__future__", "numpy", "numba", "math", "typing"}
    wrong = [
        str(found)
        for found in IMPORTS
        if _room(found.importer) == "kernels"
        and not found.imported.startswith("watershed_c.kernels")
        and found.imported.split(".")[0] not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_pools_never_know_landlab_nor_the_grid() -> None:
    wrong = [str(f) for f in IMPORTS if _room(f.importer) == "pools" and f.imported.split(".")[0] == "landlab"]
    assert not wrong, "\n".join(wrong)


def test_only_runs_and_their_comparison_call_plots() -> None:
    callers = {f.importer for f in IMPORTS if _room(f.imported) == "plots" != _room(f.importer)}
    drawing = ("simulation", "comparison", "factorial", "erosion_sink")
    assert callers <= {f"watershed_c.{name}" for name in drawing}, callers


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_are_imported_late(package: str) -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if found.imported.split(".")[0] == package
        and not (found.lazy or found.typing_only)
        and _room(found.importer) not in HEAVY[package]
    ]
    assert not wrong, "\n".join(wrong)


def _loaded_after(statement: str, packages: list[str]) -> list[str]:
    """Which of ``packages`` a fresh interpreter has loaded after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {packages!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("statement", ["import watershed_c", "import watershed_c.cli"])
def test_the_command_line_starts_without_weight(statement: str) -> None:
    assert _loaded_after(statement, [*HEAVY, "numpy", "rich"]) == []


def test_pool_models_run_without_landlab() -> None:
    assert _loaded_after("import watershed_c.pools.site", ["landlab", "xarray", "matplotlib", "pydantic"]) == []


def test_help_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how long it took (aim: under 0.5 s); the time itself depends on the machine and is not judged."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "watershed_c.cli", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    elapsed = time.perf_counter() - start
    assert done.returncode == 0 and "run" in done.stdout, done.stderr
    with capsys.disabled():
        print(f" [help answered in {elapsed:.2f} s] ", end="")
