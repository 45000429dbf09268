"""A synthetic catchment of any size, as files a scenario reads: for benchmarks only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from watershed_c.io.rasters import Raster, write_raster

#: m, side of a cell
CELL = 20.0
#: exponent of the power spectrum of the relief, and its standard deviation, m
SPECTRUM, RELIEF = 4.0, 12.0

SCENARIO = """\
schema = 1
title  = "Benchmark: {size} x {size} cells, {years} years"
[domain]
dem    = "dem.nc"
outlet = "lowest"
channel_area = "0.5 km2"
[time]
start = "2001-01"
end   = "{end}-12"
[climate]
source   = "constant"
latitude = 48.0
pet      = "thornthwaite"
[climate.constant]
temperature   = [0.5, 1.5, 5.0, 9.0, 13.5, 16.5, 18.5, 18.0, 14.5, 9.5, 4.5, 1.5]
precipitation = [60.0, 50.0, 55.0, 55.0, 75.0, 80.0, 80.0, 75.0, 65.0, 65.0, 65.0, 65.0]
[climate.erosivity]
annual = 800
[soil]
layers       = ["10 cm", "13 cm", "17 cm", "30 cm", "30 cm"]
clay         = "22 %"
sand         = "25 %"
bulk_density = {{ by_layer = ["1.25 g/cm3", "1.35 g/cm3", "1.45 g/cm3", "1.50 g/cm3", "1.55 g/cm3"] }}
soc          = {{ by_class = {{ forest = "80 t/ha", pasture = "65 t/ha", fields = "50 t/ha" }}, depth = "30 cm", profile = "exponential", e_folding_depth = "25 cm" }}
sic          = {{ value = "4 %", as = "CaCO3" }}
erodibility  = 0.04
[soil.substratum]
soc = "0.2 %"
[carbon]
initial = {{ method = "steady" }}
plant_input = "inverted"
[processes.soil_water]
rain_days = 12.0
[processes.water_erosion]
longest_slope = "305 m"
ktc_low = 3
ktc_high = 12
[processes.tillage_erosion]
[processes.soil_column]
biodiffusivity = "1 cm2/yr"
[processes.carbonate]
[processes.dissolved_carbon]
[land]
parcels = {{ size = "4 ha" }}
[[land.rules]]
class = "forest"
min_slope = "15 %"
[[land.rules]]
class = "fields"
max_slope = "9 %"
[[land.rules]]
class = "pasture"
[rotation.forest]
years = ["deciduous-forest"]
[rotation.pasture]
years = ["pasture"]
[rotation.fields]
years  = ["maize", "winter-wheat"]
offset = "by_parcel"
[[rotation.fields.event]]
id = "spring-plough"
on = "04-15"
crop = "maize"
do = "till"
implement = "mouldboard-plough"
[[rotation.fields.event]]
id = "autumn-plough"
on = "10-25"
crop = "winter-wheat"
do = "till"
implement = "chisel-plough"
[output]
every = "decade"
maps = ["elev", "cSoilOrg", "netEro", "cLateral", "fVertSoil"]
figures = false
"""


def elevation(size: int, *, seed: int = 7) -> np.ndarray:
    """(size, size) m, row 0 in the south: self-affine relief on a slope that gathers towards the middle of the south edge.

    Relief and fall per cell do not change with ``size``: a larger catchment is more of the same.
    """
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    amplitude = np.zeros_like(frequency)
    waves = frequency >= 1.0 / 64.0  # no hill is longer than 64 cells
    amplitude[waves] = frequency[waves] ** (-0.5 * SPECTRUM)
    phase = random.uniform(0.0, 2.0 * np.pi, frequency.shape)
    relief = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(size, size))
    row, column = np.mgrid[0:size, 0:size]
    return 200.0 + RELIEF * relief / relief.std() + CELL * 0.04 * np.hypot(row, column - size // 2)


def write(folder: Path, size: int, years: int) -> Path:
    """Write DEM and scenario; returns the scenario's path."""
    folder.mkdir(parents=True, exist_ok=True)
    write_raster(folder / "dem.nc", Raster(elevation(size), CELL, CELL), name="elevation", units="m")
    path = folder / f"square{size}.toml"
    path.write_text(SCENARIO.format(size=size, years=years, end=2000 + years), encoding="utf-8")
    return path
