"""The commented scenario that `init` writes: it runs as it is, on a made-up slope; real maps then take its place."""

from __future__ import annotations

import json

TEMPLATE = '''\
# A scenario of Watershed C. `watershed-c explain KEY` tells what a key means; `watershed-c check FILE` validates.
# Numbers carry their unit ("25 cm"); bare numbers are kg, m, yr, degC, fractions of 1. Paths start at this file.
schema = 1
title  = "My catchment"

[domain]
# Elevation in metres (.asc, .nc, .tif); its grid and CRS hold for every other map. Put yours in place of the slope:
# dem = "dem.tif"
synthetic = { kind = "convex-concave", length = "300 m", width = "100 m", height = "20 m", cell_size = "10 m" }
# Where water leaves a DEM: [x, y] (the catchment of that point), "lowest" (all of the DEM) or "edges".
# outlet = [512340.0, 5561200.0]
# Cells that drain more than this are channel: they have no soil column.
# channel_area = "1 km2"

[time]
start = "2001-01"
end   = "2050-12"

[climate]
# "constant", or a monthly table (.csv, .nc): year,month (or month 1-12 for normals), tmean_degC, precipitation_mm,
# optionally pet_mm, tmin_degC, tmax_degC, wet_days, erosivity_MJ_mm_ha_h.
# Columns of other names: rename = { ppt = "precipitation_mm" }.
source   = "constant"
latitude = 51.8
# reference_elevation = "100 m"
# change = { temperature = "+1.5 K", precipitation = "-5 %" }

[climate.constant]
# Rothamsted (Coleman & Jenkinson 1996): mean temperature and rain of the months, January first
temperature   = [3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]
precipitation = [74.0, 59.0, 62.0, 51.0, 52.0, 57.0, 34.0, 55.0, 58.0, 56.0, 75.0, 71.0]

[climate.erosivity]
# RUSLE R from monthly rain; or method = "given" with annual = ... in MJ mm ha-1 h-1 yr-1.
method = "renard_freimund"

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
id       = "spring-manure"
on       = "04-10"
crop     = "maize"
do       = "manure"
material = "cattle-fym"
amount   = "22 t/ha"

[numerics]
threads = "auto"

[output]
every = "year"
maps  = ["cSoilOrg", "netEro", "cLateral", "fVertSoil"]
'''

#: what takes the place of a part of the template, from its first line to that of the next, with a choices file
_OF_CHOICES = (
    ("[domain]", "[time]", """\
# Terrain, parcels, rivers, roads, ditches, K, C, P, R, ktc and equations are those of a choices file of WaTEM/SEDEM.
# What is said here counts instead: processes.water_erosion.cover_map = "none" lets the crops make C.
watem_sedem = {file}
"""),
    ("[climate.erosivity]", "[soil]", ""),
    ("# RUSLE K,", "# Carbonate,", ""),
    ("[processes.flow_routing]", "[processes.water_erosion]", ""),
    ("[land]", "# A class is a rotation", """\
[land.classes]
# What grows on the land of the map of parcels; several for fields are dealt out by their number.
fields       = "maize-wheat"
roads        = "grass"
forest       = "deciduous-forest"
pasture      = "pasture"
open_water   = "grass"
grass_strips = "grass"

"""),
)  # fmt: skip


def template_of_choices(file: str) -> str:
    """The template with the land of a choices file of WaTEM/SEDEM; ``file`` is its path from the scenario."""
    text = TEMPLATE
    for first, following, new in _OF_CHOICES:
        before, _, rest = text.partition(f"\n{first}")
        after = rest[rest.index(f"\n{following}") + 1 :]
        heading = f"{first}\n" if first == "[domain]" else ""
        text = f"{before}\n{heading}{new.replace('{file}', json.dumps(file))}{after}"
    return text
