"""A choices file of WaTEM/SEDEM with its rasters, written from a reference case or from arrays of a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.support import shared
from watershed_c.io.gis_rasters import write_idrisi
from watershed_c.io.rasters import Raster, write_raster

CHOICES = """\
[Working directories]
input directory = .
output directory = out
[Files]
dtm filename = dtm{suffix}
parcel filename = prc{suffix}
k factor filename = K{suffix}
c factor map filename = C{suffix}
p factor map filename = P{suffix}
{files}
[Options]
L model = '{L}'
S model = '{S}'
TC model = '{TC}'
Calculate tillage erosion = {tillage}
[Parameters]
r factor = {R}
bulk density = {BD}
parcel connectivity cropland = {pc_crop}
parcel connectivity forest = {pc_forest}
parcel connectivity grasstrips = {pc_grass}
parcel trapping efficiency cropland = {ptef_crop}
parcel trapping efficiency forest = {ptef_forest}
parcel trapping efficiency pasture = {ptef_pasture}
max kernel = 50
[Extensions]
create ktc map = 1
create ktil map = 1
adjusted slope = {adjusted_slope}
cardinal routing river = {cardinal}
{extensions}
[Parameters extensions]
ktc low = {ktc_low}
ktc high = {ktc_high}
ktc limit = {ktc_limit}
ktil default = {ktil}
ktil threshold = {ktil_threshold}
{parameters}
[Output]
write aspect = 1
write ls factor = 1
write slope = 1
write upstream area = 1
write rusle = 1
write sediment export = 1
write water erosion = 1
write routing table = 1
"""
DEFAULTS: dict[str, Any] = {
    "L": "Desmet1996_Vanoost2003", "S": "Nearing1997", "TC": "VanOost2000", "tillage": 1, "adjusted_slope": 0,
    "cardinal": 1, "R": 1250, "BD": 1350, "pc_crop": 90, "pc_forest": 30, "pc_grass": 30, "ptef_crop": 0,
    "ptef_forest": 75, "ptef_pasture": 75, "ktc_low": 3, "ktc_high": 12, "ktc_limit": 0.01, "ktil": 600,
    "ktil_threshold": 0.01, "files": "", "extensions": "", "parameters": "", "suffix": ".rst",
}  # fmt: skip


def write_choices(
    folder: Path, maps: dict[str, np.ndarray], size: float, *, corner: tuple[float, float] = (0.0, 0.0), **changed: Any
) -> Path:
    """Choices file and rasters in a folder; ``maps`` have row 0 in the south, dtm, prc, K, C and P among them.

    ``corner`` is that in the south-west, m.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = DEFAULTS | changed
    for name, values in maps.items():
        raster = Raster(values.astype(np.float64), size, size, *corner)
        if told["suffix"] == ".rst":
            write_idrisi(folder / f"{name}.rst", raster)
        else:
            write_raster(folder / f"{name}{told['suffix']}", raster)
    path = folder / "choices.ini"
    path.write_text(CHOICES.format(**told), encoding="utf-8")
    return path


def write_case(folder: Path, name: str, **changed: Any) -> tuple[Path, dict[str, np.ndarray], dict[str, Any]]:
    """Choices file of a reference case; its maps, row 0 in the south, and what is told of it."""
    path = shared(f"reference/watem_sedem/{name}.npz")
    about = json.loads(path.with_suffix(".json").read_text())
    with np.load(path) as arrays:
        maps = {key: arrays[key][::-1].astype(np.float64) for key in arrays.files if key != "routing_table"}
    inputs = {key.removeprefix("in_"): values for key, values in maps.items() if key.startswith("in_")}
    choices = write_choices(
        folder, inputs, about["resolution_m"], **{**about["options"], **about["parameters"], **changed}
    )  # fmt: skip
    return choices, maps, about


def reference_totals(about: dict[str, Any]) -> list[float]:
    """Erosion, deposition, by the river, not by the river, kg."""
    lines = [line for line in about["total_sediment_txt"].splitlines() if "(kg)" in line]
    return [float(line.split(":")[1].split("(")[0]) for line in lines]
