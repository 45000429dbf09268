"""A small valid scenario that the tests change, and the maps it can be given."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from watershed_c.io.rasters import Raster, write_raster

VALID = """\
title = "valley"
schema = 1
[domain]
dem = "dem.asc"
outlet = "lowest"
[time]
start = "2001-01"
end = "2010-12"
step = "month"
[climate]
source = "climate.csv"
latitude = 51.8
pet = "thornthwaite"
[climate.erosivity]
annual = 800
[soil]
layers = ["10 cm", "20 cm", "30 cm"]
clay = { map = "clay.asc", units = "%" }
sand = "30 %"
bulk_density = "1.35 g/cm3"
soc = { map = "soc.asc", units = "t/ha", depth = "30 cm" }
erodibility = 0.04
[carbon]
model = "rothc"
[processes.soil_water]
rain_days = 12
[processes.water_erosion]
ktc_low = 3
ktc_high = 12
[land]
map = "landuse.asc"
classes = { 1 = "maize-wheat", 2 = "grass" }
[rotation.maize-wheat]
years = ["maize", "winter-wheat"]
[[rotation.maize-wheat.event]]
id = "spring-plough"
on = "04-20"
crop = "maize"
do = "till"
depth = "25 cm"
[output]
dir = "out"
maps = ["cSoilOrg"]
points = { foot = [35.0, 25.0] }
"""

ROWS, COLUMNS, CELL = 8, 7, 10.0


def base() -> Raster:
    """A tilted plane that falls to the south, with a valley in the middle."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    return Raster(100.0 + 1.0 * row + 0.3 * np.abs(column - 3), CELL, CELL)


def climate(rows: int = 12, rain: float = 60.0) -> str:
    lines = [f"{month},{10 - 7 * np.cos((month - 1) / 6 * np.pi):.1f},{rain}" for month in range(1, rows + 1)]
    return "\n".join(["month,tmean_degC,precipitation_mm", *lines]) + "\n"


def write(folder: Path, text: str = VALID) -> Path:
    """The scenario and its files in a folder."""
    dem = base()
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    write_raster(folder / "dem.asc", dem)
    write_raster(folder / "clay.asc", dem.with_values(15.0 + column))
    write_raster(folder / "soc.asc", dem.with_values(40.0 + row))
    write_raster(folder / "landuse.asc", dem.with_values(np.where(column < 3, 1.0, 2.0)))
    (folder / "climate.csv").write_text(climate())
    path = folder / "orme.toml"
    path.write_text(text, encoding="utf-8")
    return path
