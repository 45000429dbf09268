"""The commented scenario that `init` writes: complete, runnable after the names of the files are set."""

from __future__ import annotations

TEMPLATE = '''\
# A scenario of Watershed C. `watershed-c explain KEY` tells what a key means; `watershed-c check FILE` validates.
# Numbers carry their unit ("25 cm"); bare numbers are kg, m, yr, degC, fractions of 1. Paths start at this file.
schema = 1
title  = "__TITLE__"

[domain]
# Elevation in metres (.asc, .nc, .tif). Its grid and CRS hold for every other map.
dem          = "__DEM__"
# Where water leaves: [x, y] (the catchment of that point), "lowest" (all of the DEM) or "edges".
outlet       = "lowest"
# Cells that drain more than this are channel: they have no soil column.
channel_area = "1 km2"

[time]
start = "2001-01"
end   = "2050-12"

[climate]
# A monthly table (.csv, .nc): year,month (or month 1-12 for normals), tmean_degC, precipitation_mm, optionally pet_mm,
# tmin_degC, tmax_degC, wet_days, erosivity_MJ_mm_ha_h. Columns of other names: rename = { ppt = "precipitation_mm" }.
source              = "climate.csv"
latitude            = 51.8
reference_elevation = "100 m"
# change = { temperature = "+1.5 K", precipitation = "-5 %" }

[climate.erosivity]
# RUSLE R, MJ mm ha-1 h-1 yr-1; or method = "renard_freimund", from monthly rain.
method = "given"
annual = 800.0

[soil]
# Thickness of the layers, top first. A value is a number with unit, { map = "clay.tif", units = "%" }, or
# { by_class = { grass = "20 %", wheat = "25 %" } }.
layers       = ["10 cm", "13 cm", "17 cm", "30 cm", "30 cm"]
clay         = "23 %"
sand         = "20 %"
bulk_density = "1.35 g/cm3"
# Measured soil organic carbon: a stock to a depth, and how its concentration falls with depth.
soc          = { value = "50 t/ha", depth = "30 cm", profile = "exponential", e_folding_depth = "25 cm" }
# RUSLE K, t ha h ha-1 MJ-1 mm-1
erodibility  = 0.035
# Carbonate, for [processes.carbonate]:
# sic = { value = "4 %", as = "CaCO3", decarbonated_depth = "40 cm" }

[carbon]
model       = "rothc"
initial     = { method = "steady" }
plant_input = "inverted"

# A process is switched off with enabled = false; carbonate and dissolved_carbon are on when their table is there.
[processes.soil_water]
rain_days        = 12.0
hydrologic_group = "B"

[processes.flow_routing]
method = "multiple"

[processes.water_erosion]
enrichment = { law = "none" }

[processes.tillage_erosion]

# [processes.carbonate]
# [processes.dissolved_carbon]
# [[processes.custom]]
# import = "landlab.components:LinearDiffuser"
# after  = "tillage_erosion"
# elevation_change = "uplift"

[land]
# A map of class numbers, with the name of each class; or rules: the first one that fits a cell.
# map     = "landuse.tif"
# classes = { 1 = "maize-wheat", 2 = "grass" }
[[land.rules]]
class     = "grass"
min_slope = "15 %"
[[land.rules]]
class     = "maize-wheat"

# A class is a rotation, or the name of a crop that is there every year (`watershed-c models` lists crops).
[rotation.maize-wheat]
years = ["maize", "winter-wheat"]
[[rotation.maize-wheat.event]]
id        = "spring-plough"
on        = "04-20"
crop      = "maize"
do        = "till"
implement = "mouldboard-plough"
depth     = "25 cm"
[[rotation.maize-wheat.event]]
id       = "autumn-manure"
on       = "10-05"
crop     = "winter-wheat"
do       = "manure"
material = "cattle-fym"
carbon   = "2 t/ha"

[numerics]
threads = "auto"

[output]
every = "year"
maps  = ["cSoilOrg", "netEro", "cLateral", "fVertSoil"]
'''


def template(title: str = "My catchment", dem: str = "dem.tif") -> str:
    """Text of a commented scenario."""
    return TEMPLATE.replace("__TITLE__", _escaped(title)).replace("__DEM__", _escaped(dem))


def _escaped(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")
