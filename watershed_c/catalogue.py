"""What comes with the program, what is installed, and what to cite."""

from __future__ import annotations

import os
import platform
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from watershed_c.data import data_path
from watershed_c.io.run_folder import read_record

#: distributions a run needs, and the extras
REQUIRED = ("numpy", "numba", "scipy", "xarray", "netCDF4", "matplotlib", "landlab", "pydantic", "click", "rich")
OPTIONAL = {"rasterio": 'GeoTIFF maps: pip install "watershed-c[geo]"'}


def _titles(folder: Path) -> list[tuple[str, str]]:
    rows = []
    for path in sorted(folder.iterdir()):
        file = path / "model.toml" if path.is_dir() else path
        if file.suffix == ".toml" and file.exists():
            content = tomllib.loads(file.read_text(encoding="utf-8"))
            rows.append(
                (path.stem if path.is_file() else path.name, str(content.get("title", content.get("long_name", ""))))
            )
    return rows


def _table(heading: str, rows: list[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([heading, *(f"  {name:<{width}}  {text}".rstrip() for name, text in rows)])


def models_text() -> str:
    """Carbon models, crops, materials, implements and fertilisers by name."""
    implements = tomllib.loads(data_path("models", "implements.toml").read_text(encoding="utf-8"))
    tools = [
        (name, str(row["title"]))
        for name, row in sorted(implements.items())
        if isinstance(row, dict) and "title" in row
    ]
    bags = tomllib.loads(data_path("models", "fertilisers.toml").read_text(encoding="utf-8"))
    fertilisers = [(name, str(row["title"])) for name, row in sorted(bags.items())]
    parts = [
        _table("carbon models (carbon.model)", _titles(data_path("models", "pools"))),
        _table("crops (rotation.NAME.years)", _titles(data_path("models", "crops"))),
        _table("materials (event: manure)", _titles(data_path("models", "materials"))),
        _table("implements (event: till)", tools),
        _table("fertilisers (event: fertilise)", fertilisers),
    ]
    return "\n\n".join(parts)


def scenarios_text() -> str:
    """Shipped scenarios by name."""
    from watershed_c.scenario.load import shipped_scenarios

    rows = []
    for name, path in shipped_scenarios().items():
        rows.append((name, str(tomllib.loads(path.read_text(encoding="utf-8")).get("title", ""))))
    return _table("scenarios (watershed-c run NAME)", rows)


def doctor_text() -> tuple[str, bool]:
    """What is installed and what the machine has; whether a run can work."""
    lines = [f"python      {platform.python_version()} ({sys.executable})", f"system      {platform.platform()}"]
    healthy = True
    for name in ("watershed-c", *REQUIRED):
        try:
            lines.append(f"{name:<11} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name:<11} missing: pip install {name}")
            healthy = False
    for name, advice in OPTIONAL.items():
        try:
            lines.append(f"{name:<11} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name:<11} not installed ({advice})")
    try:
        import landlab  # noqa: F401
    except Exception as error:  # the point is to report whatever keeps landlab from importing
        lines.append(f"landlab does not import: {error}")
        healthy = False
    from watershed_c.scenario.resolve import free_memory

    memory = free_memory()
    lines.append(f"cores       {os.cpu_count()}")
    lines.append("memory      " + ("unknown" if memory is None else f"{memory / 2**30:.1f} GiB free"))
    lines.append("ready" if healthy else "not ready")
    return "\n".join(lines), healthy


def cite_text(directory: Path | None) -> str:
    """Citation of the software and, for a run, of its processes."""
    own = (
        "@software{watershed_c,\n"
        "  title = {Watershed C: water, sediment, drainage and soil carbon on one grid, one clock and one ledger},\n"
        "  author = {{The Watershed C founders}},\n"
        f"  version = {{{metadata.version('watershed-c')}}}\n}}"
    )
    if directory is None:
        return own
    return "\n\n".join([own, *read_record(directory)["citations"]])
