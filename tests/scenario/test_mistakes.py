"""Every mistake is named with file, line, key, value, what is valid, and the nearest name; all at once."""
# ruff: noqa: E501  a mistake a line

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.scenario.valid import VALID, base, climate, write
from watershed_c.errors import ScenarioError
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

#: soil water with a tight base, and the head of a kind of drains
DRAINED = 'rain_days = 12\nbase_conductivity = "1 mm/day"\n[[processes.artificial_drainage.system]]\n'
#: soil water with a tight base, and the head of peat
PEAT = 'rain_days = 12\nbase_conductivity = "1 mm/day"\n[processes.peat]\n'
#: soil water, and the head of residues on the surface
RESIDUES = "rain_days = 12\n[processes.surface_residues]\n"


def watered(text: str) -> tuple[str, str]:
    """How the rotation is irrigated, written before the output."""
    return "[output]\n", f"[rotation.maize-wheat.irrigation]\n{text}\n[output]\n"


#: (what is written, what is written instead, key, value shown, words of the message)
WRITTEN = [
    ("clay = {", "clya = {", "soil.clya", "", ["unknown key", '"clay"']),
    ('sand = "30 %"', 'sand = "140 %"', "soil.sand", "140 %", ["must be 0-100 %"]),
    ('sand = "30 %"', "sand = 30", "soil.sand", "30", ["must be 0-100 %", "30 %"]),
    ('sand = "30 %"', "sand = true", "soil.sand", "true", ["must be a number"]),
    ('sand = "30 %"', 'sand = "30 cm"', "soil.sand", "30 cm", ["accepted units", "g/kg"]),
    ('sand = "30 %"', 'sand = "sand.tif"', "soil.sand", "sand.tif", ["is a map", "units"]),
    ('sand = "30 %"', "sand = { map = 'clay.asc' }", "soil.sand", "", ["without a unit", '"%"']),
    ('sand = "30 %"', "sand = { by_class = { gras = 0.3 } }", "soil.sand.by_class.gras", "", ["no land-use class", '"grass"']),
    ('"1.35 g/cm3"', "1.35", "soil.bulk_density", "1.35", ["must be 100-2200 kg/m3", "1.35 g/cm3"]),
    ('"month"', '"weekly"', "time.step", "weekly", ['must be "month"']),
    ('end = "2010-12"', 'end = "2010-13"', "time.end", "2010-13", ["date that exists"]),
    ('end = "2010-12"', 'end = "1999-12"', "time", "", ["end 1999-12 before its start"]),
    ('end = "2010-12"', 'end = "Dec 2010"', "time.end", "Dec 2010", ["must be a month"]),
    ('"lowest"', '"lowset"', "domain.outlet", "lowset", ['"lowest"']),
    ('"lowest"', "[35.0, 9000.0]", "domain.outlet", "9000", ["outside the data of the DEM"]),
    ("schema = 1", "schema = 2", "schema", "2", ["must be 1", "newer program"]),
    ('dem = "dem.asc"', 'dem = "missing.asc"', "domain.dem", "missing.asc", ["does not exist", "looked for"]),
    ('dem = "dem.asc"', 'dem = "builtin:jacksboro-77"', "domain.dem", "jacksboro-77", ['"jacksboro-7"']),
    ('dem = "dem.asc"', 'dem = "dem.png"', "domain.dem", "dem.png", ["does not exist"]),
    ('model = "rothc"', 'model = "rohtc"', "carbon.model", "rohtc", ["is not a carbon model", '"rothc"']),
    ('["maize", "winter-wheat"]', '["maize", "winter-weat"]', "rotation.maize-wheat.years", "winter-weat", ['"winter-wheat"']),
    ('2 = "grass"', '2 = "gras"', "land.classes.2", "gras", ["no [rotation.gras]", '"grass"']),
    ('2 = "grass"', '3 = "grass"', "land.map", "", ["class 2 (", "no entry in land.classes"]),
    ('2 = "grass"', 'two = "grass"', "land.classes", "", ['class "two"', "whole numbers"]),
    ('on = "04-20"', 'on = "04-31"', "rotation.maize-wheat.event.spring-plough.on", "04-31", ["date that exists"]),
    ('crop = "maize"', 'crop = "soybean"', "rotation.maize-wheat.event.spring-plough.crop", "soybean", ["not grown"]),
    ('do = "till"', 'do = "tll"', "rotation.maize-wheat.event.spring-plough.do", "tll", ['"till"']),
    ('do = "till"', 'do = "sow"', "rotation.maize-wheat.event.spring-plough", "", ["has depth", '"sow"']),
    ('depth = "25 cm"', 'depth = "25 m"', "rotation.maize-wheat.event.spring-plough.depth", "25 m", ["above 0 and at most 100 cm|at most 1 m"]),
    ('depth = "25 cm"', 'depth = "25 cm"\nspeed = "60 km/h"', "rotation.maize-wheat.event.spring-plough.speed", "60 km/h", ["above 0 and at most 30 km/h"]),
    ('depth = "25 cm"\n', 'depth = "25 cm"\nimplement = "plow"\n', "rotation.maize-wheat.event.spring-plough.implement", "plow",
     ["not known", "mouldboard-plough"]),
    ('on = "04-20"\n', "", "rotation.maize-wheat.event.spring-plough", "", ["either on", "temperature_sum"]),
    ('on = "04-20"\n', "temperature_sum = 9000\nsince = '01-01'\n", "rotation.maize-wheat.event.spring-plough.temperature_sum", "9000",
     ["is never reached", "degC d above 8 degC"]),
    (*watered("trigger = 0.6\nrefill = 0.5"), "rotation.maize-wheat.irrigation.refill", "50 %", ["above the trigger, 60 %"]),
    (*watered("refill = 0.8"), "rotation.maize-wheat.irrigation", "", ["refill without trigger"]),
    (*watered('method = "drip"'), "rotation.maize-wheat.irrigation", "", ["brings no water", 'do = "irrigate"']),
    (*watered('trigger = 0.5\nwater = "wel"\n[irrigation_water.well]\ncalcium = 2'), "rotation.maize-wheat.irrigation.water", "wel",
     ["no [irrigation_water.wel]", '"well"']),
    (*watered('trigger = 0.5\ncrops = ["grass"]'), "rotation.maize-wheat.irrigation.crops", "grass", ["not a main crop"]),
    (*watered('trigger = 0.5\ncrops = ["maize"]\nseason = ["01-01", "02-01"]'), "rotation.maize-wheat.irrigation", "", ["finds no month"]),
    (*watered('crops = ["maize"]\nmonths = [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]'), "rotation.maize-wheat.irrigation.months", "9 mm",
     ["when no crop that is irrigated stands"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "irrigate"', "rotation.maize-wheat.event.spring-plough", "", ["without amount", "30 mm"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "manure"\namount = "600 t/ha"', "rotation.maize-wheat.event.spring-plough", "",
     ["600 t/ha of manure"]),
    ('rain_days = 12', 'enabled = false\n[rotation.grass]\nyears = ["grass"]\nirrigation = { trigger = 0.5 }',
     "processes.soil_water.enabled", "false", ["rotation.grass is irrigated"]),
    ('maps = ["cSoilOrg"]', 'maps = ["cSoilOrgg"]', "output.maps[0]", "cSoilOrgg", ['"cSoilOrg"']),
    ("[[rotation", "[rotation.maize-wheat.roots]\nbarley = { beta = 0.97 }\n[[rotation", "rotation.maize-wheat.roots", "barley", ["not grown"]),
    ("[[rotation", "[rotation.maize-wheat.roots]\nmaize = { beta = 0.8 }\n[[rotation", "rotation.maize-wheat.roots.maize.beta", "0.8",
     ["must be 0.85-0.995"]),
    ("[output]", '[prices]\noperations = { mouldbord-plough = 100 }\n[output]', "prices.operations.mouldbord-plough", "",
     ["is not a known implement", '"mouldboard-plough"']),
    ("[output]", "[prices]\nyields = { maise = 100 }\n[output]", "prices.yields.maise", "", ["is not a known crop", '"maize"']),
    ("[output]", "[prices]\nfertilisers = { urae = 1 }\n[output]", "prices.fertilisers.urae", "", ["is not a known fertiliser", '"urea"']),
    ("[output]", '[processes.water_erosion.enrichment]\nlaw = "swat"\nchar = 3\n[output]', "processes.water_erosion.enrichment", "", ["swat", "it enriches char, too"]),
    ("[output]", "[prices]\npotassium = 1\n[output]", "prices.potassium", "1", ["needs nutrients.potassium"]),
    ("[output]", "[prices]\ndiscount_rate = 3\n[output]", "prices.discount_rate", "3", ["must be 0-50 %"]),
    ("[output]", "[nutrients]\ncarbon_nitrogen = 1\n[output]", "nutrients.carbon_nitrogen", "1", ["must be 5-40"]),
    ("[35.0, 25.0]", "[35.0, -25.0]", "output.points.foot", "[35.0, -25.0]", ["outside the grid"]),
    ("[35.0, 25.0]", "[35.0]", "output.points", "", ["[x, y]"]),
    ("ktc_low = 3", "ktc_low = 30", "processes.water_erosion", "", ["ktc_low = 30 above ktc_high = 12"]),
    ("ktc_low = 3\n", "", "processes.water_erosion", "", ["both ktc_low and ktc_high"]),
    ("rain_days = 12", "rain_days = 40", "processes.soil_water.rain_days", "40", ["31"]),
    ("rain_days = 12", "", "processes.soil_water.rain_days", "", ["is missing", "wet_days"]),
    ("rain_days = 12", 'rain_days = 12\ninfiltration = "green_ampt"', "processes.soil_water", "", ["must have storm_duration"]),
    ("rain_days = 12", 'rain_days = 12\nby_day = true', "processes.soil_water.by_day", "true", ["needs the days of a climate table"]),
    ("rain_days = 12", "rain_days = 12\nenabled = false\n[processes.growth]", "processes.soil_water.enabled", "false", ["must be true", "growth", "lack water"]),
    ("rain_days = 12", 'rain_days = 12\n[processes.growth]\nyields = "high"', "processes.growth.yields", "high", ["given", "potential"]),
    ("[carbon]\n", '[processes.growth]\n[carbon]\nbelowground = "fixed"\n', "carbon.belowground", "fixed", ["proportional", "growth"]),
    ("rain_days = 12", "rain_days = 12\nenabled = false\n[processes.nitrogen]", "processes.soil_water.enabled", "false", ["must be true", "leaches with water"]),
    ('maps = ["cSoilOrg"]', 'maps = ["yield", "fNleach"]', "output.maps[1]", "fNleach", ["needs [processes.nitrogen]"]),
    ("rain_days = 12", "rain_days = 12\n[processes.subsurface_flow]", "processes.soil_water.base_conductivity", "", ["is missing", "subsurface_flow needs a base", "1 mm/day"]),
    ("rain_days = 12", 'rain_days = 12\nbase_conductivity = "1 cm"', "processes.soil_water.base_conductivity", "1 cm", ["accepted units", "mm/h"]),
    ("rain_days = 12", 'rain_days = 12\npedotransfer = "wosten1999"', "processes.soil_water.pedotransfer", "wosten1999", ['"wosten"']),
    ("rain_days = 12", 'rain_days = 12\nbase_conductivity = "1 mm/day"\n[processes.artificial_drainage]', "processes.artificial_drainage.system", "", ["is missing", "spacing"]),
    ("rain_days = 12", DRAINED + 'classes = ["gras"]\nspacing = "10 m"\ndepth = "50 cm"', "processes.artificial_drainage.system[0].classes", "gras", ["no land-use class", '"grass"']),
    ("rain_days = 12", DRAINED + 'classes = ["grass"]\nspacing = "10 m"\ndepth = "0.9 m"', "processes.artificial_drainage.system[0].depth", "0.9 m", ["below the base", "0.6 m"]),
    ("rain_days = 12", DRAINED + 'spacing = "10 m"\ndepth = "50 cm"', "processes.artificial_drainage.system[0]", "", ["must say where it is"]),
    ("rain_days = 12", DRAINED + 'codes = [1]\nspacing = "10 m"\ndepth = "50 cm"', "processes.artificial_drainage.system[0].codes", "[1]", ["need processes.artificial_drainage.map"]),
    ("rain_days = 12", DRAINED + 'kind = "ditches"\nclasses = ["grass"]\nspacing = "10 m"\ndepth = "50 cm"', "processes.artificial_drainage.system[0]", "", ["must have wetted_perimeter"]),
    ("rain_days = 12", DRAINED + 'classes = ["grass"]\nspacing = "10 cm"\nradius = "10 cm"\ndepth = "50 cm"', "processes.artificial_drainage.system[0]", "", ["wider than their spacing"]),
    ("rain_days = 12", DRAINED + 'classes = ["grass"]\nspacing = "10 m"\ndepth = "50 cm"\nuntil = 1990', "processes.artificial_drainage.system[0].until", "1990", ["after the first year of the run"]),
    ("rain_days = 12", DRAINED + 'classes = ["grass"]\nspacing = "10 m"\ndepth = "50 cm"\nsince = 1990', "processes.artificial_drainage.system[0].since", "1990", ["after the first year of the run", "there from the start"]),
    ("rain_days = 12", DRAINED + 'classes = ["grass"]\nspacing = "10 m"\ndepth = "50 cm"\nsince = 2006\nuntil = 2004', "processes.artificial_drainage.system[0]", "", ["laid in 2006 and blocked in 2004"]),
    ("[land]", "[processes.decomposition]\npriming = 0\n[land]", "processes.decomposition.priming", "0", ["must be above 0"]),
    ("rain_days = 12", RESIDUES + "surface_rate = 1.5", "processes.surface_residues.surface_rate", "1.5", ["must be 0-100 %"]),
    ("rain_days = 12", RESIDUES + "[carbon.isotopes]\nc13 = true", "processes.surface_residues", "", ["cannot be on with carbon.isotopes"]),
    ('maps = ["cSoilOrg"]', 'maps = ["cLitterSurf"]', "output.maps[0]", "cLitterSurf", ["needs [processes.surface_residues]"]),
    ("rain_days = 12", PEAT, "processes.peat.classes", "", ["is missing", "land-use classes"]),
    ("rain_days = 12", PEAT + 'classes = ["gras"]', "processes.peat.classes", "gras", ["no land-use class", '"grass"']),
    ("rain_days = 12", 'rain_days = 12\n[processes.peat]\nclasses = ["grass"]', "processes.soil_water.base_conductivity", "", ["is missing", "peat needs a base"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\nipcc = { maize-wheat = "cropland" }', "processes.peat", "", ["has ipcc for maize-wheat", "not in its classes"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\nmethane = { maize-wheat = "boreal-rich" }', "processes.peat", "", ["has methane for maize-wheat"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\nipcc = { grass = "croplands" }', "processes.peat.ipcc.grass", "croplands", ['"cropland"']),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\nslope = 2', "processes.peat.slope", "2", ["must be 0-1"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\nintercept = "2 cm"', "processes.peat.intercept", "2 cm", ["accepted units", "t/ha/yr"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\n[processes.decomposition]\nenabled = false', "processes.decomposition.enabled", "false", ["must be true while peat is on"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\n[processes.decomposition]\nburied = "material"', "processes.peat", "", ["cannot be on", "material"]),
    ('rain_days = 12\n', 'enabled = false\n[processes.peat]\nclasses = ["grass"]\nipcc = { grass = "cropland" }\n', "processes.soil_water.enabled", "false", ["must be true while peat is on"]),
    ("rain_days = 12", PEAT + 'classes = ["grass"]\n[carbon.isotopes]\nc14 = true', "processes.peat", "", ["cannot be on with carbon.isotopes"]),
    ('model = "rothc"\n[processes.soil_water]\nrain_days = 12', 'model = "mimics"\n[processes.soil_water]\n' + PEAT + 'classes = ["grass"]', "processes.peat", "", ["linear carbon models", "mimics"]),
    ("erodibility = 0.04\n", "", "soil.erodibility", "", ["is missing", "water_erosion"]),
    ("erodibility = 0.04", 'erodibility = { law = "epi" }', "soil.erodibility.law", "epi", ['"epic"']),
    ("erodibility = 0.04", 'erodibility = { law = "epic", value = 0.04 }', "soil.erodibility", "", ["exactly one of", "has value, law"]),
    ("erodibility = 0.04", 'erodibility = { law = "nomograph", structure = 2 }', "soil.erodibility", "", ["without very_fine_sand, permeability"]),
    ("erodibility = 0.04", 'erodibility = { law = "epic", structure = 2 }', "soil.erodibility", "", ["has structure", "nomograph"]),
    ("erodibility = 0.04", 'erodibility = { value = 0.04, stone_cover = "20 %" }', "soil.erodibility", "", ["has stone_cover", "needs a law"]),
    ("erodibility = 0.04", 'erodibility = { value = 0.04, follows_soc = true }', "soil.erodibility", "", ["has follows_soc", "needs a law"]),
    ("erodibility = 0.04", 'erodibility = { law = "renard", follows_soc = true }', "soil.erodibility", "", ["organic carbon does not enter"]),
    ("erodibility = 0.04", 'erodibility = { law = "epic", follows_soc = true }', "soil.erodibility.follows_soc", "true", ["prior-land-use", "one of them"]),
    ('sand = "30 %"', '', "soil.sand", "", ["is missing", "soil_water"]),
    ('["maize", "winter-wheat"]', '["maize", "winter-wheat"]\npractice = "contouring"\npractice_factor = 0.5', "rotation.maize-wheat", "", ["practice and practice_factor"]),
    ('["maize", "winter-wheat"]', '["maize", "winter-wheat"]\ncover_factor = [0.1, 0.2]', "rotation.maize-wheat", "", ["has 2 numbers", "1, 12 or 24"]),
    ("ktc_low = 3", 'enrichment = { law = "swat", ratio = 2 }\nktc_low = 3', "processes.water_erosion.enrichment", "", ["has a ratio", '"swat"']),
    ("ktc_low = 3", 'enrichment = { law = "watem_c", events_per_year = 5 }\nktc_low = 3', "processes.water_erosion.enrichment", "", ["does not use"]),
    ("rain_days = 12\n[processes.water_erosion]", 'enabled = false\n[processes.water_erosion]\nenrichment = { law = "swat" }', "processes.soil_water.enabled", "false", ["sees runoff"]),
    ("ktc_low = 3", "transit_mineralisation = 2\nktc_low = 3", "processes.water_erosion.transit_mineralisation", "2", ["0-100 %"]),
    ("ktc_low = 3", 'model = "wepp"\nktc_low = 3', "processes.water_erosion.model", "wepp", ['"musle"']),
    ("ktc_low = 3\nktc_high = 12", 'model = "mmf"', "processes.water_erosion", "", ["must have [processes.water_erosion.mmf]"]),
    ("ktc_low = 3\nktc_high = 12", 'mmf = { cohesion = 3 }', "processes.water_erosion", "", ["only then"]),
    ("ktc_low = 3", 'model = "mmf"\nmmf = { cohesion = 3 }\nktc_low = 3', "processes.water_erosion", "", ["has ktc_low", "does not use"]),
    ("ktc_low = 3", "enrichment = { largest = 3 }\nktc_low = 3", "processes.water_erosion.enrichment", "", ["has largest", '"none" does not use']),
    ("ktc_low = 3\nktc_high = 12", 'model = "mmf"\nmmf = { detachability = 1 }', "processes.water_erosion.mmf.cohesion", "", ["is missing"]),
    ("rain_days = 12\n[processes.water_erosion]", 'enabled = false\n[processes.water_erosion]\nmodel = "musle"', "processes.soil_water.enabled", "false", ["sees runoff"]),
    ("annual = 800", 'method = "storms"', "climate.erosivity", "", ["must have series"]),
    ("annual = 800", 'method = "daily"\nseries = "rain.csv"', "climate.erosivity", "", ["must have coefficient"]),
    ("annual = 800", 'method = "fournier"\ncoefficient = 1.5', "climate.erosivity", "", ["must have exponent"]),
    ("annual = 800", 'method = "fournier"\nexponent = 1.5\ncoefficient = [1.0, 2.0]', "climate.erosivity", "", ["has 2 coefficients"]),
    ("annual = 800", 'annual = 800\nexponent = 1.5', "climate.erosivity", "", ["has exponent", "does not use"]),
    ("annual = 800", 'method = "storms"\nseries = "rain.csv"', "climate.erosivity.series", "rain.csv", ["cannot be read"]),
    ("annual = 800", 'method = "storms"\nseries = "climate.csv"', "climate.erosivity.series", "climate.csv", ["has no column time"]),
    ("erodibility = 0.04", 'erodibility = 0.04\ndepth = "5 mm"', "soil.depth", "5 mm", ["must be 10-100000 mm"]),
    ('[output]\ndir = "out"\nmaps = ["cSoilOrg"]', '[soil.depth]\nvalue = "50 cm"\n[output]\ndir = "out"\nmaps = ["cAge"]', "output.maps[0]", "cAge", ["leave soil.depth out"]),
    ("erodibility = 0.04", 'erodibility = 0.04\nweathering = { rate = "0.2 kg/m2/yr" }', "soil.weathering", "", ["needs soil.depth"]),
    ("erodibility = 0.04", 'erodibility = 0.04\ndepth = "50 cm"\n[processes.subsurface_flow]', "processes.subsurface_flow", "", ["leave soil.depth out"]),
    ("erodibility = 0.04", 'erodibility = 0.04\ncoarse_fragments = { by_layer = ["5 %"] }', "soil.coarse_fragments.by_layer", "", ["one value per layer: 3"]),
    ('maps = ["cSoilOrg"]', 'maps = ["cSoilOrg"]\ndepths = ["90 cm"]', "output.depths[0]", "90 cm", ["below the lowest layer", "60 cm"]),
    ("rain_days = 12", 'rain_days = 12\n[processes.soil_column]\nparameters = "clm5"\nbiodiffusivity = "1 cm2/yr"', "processes.soil_column", "", ["give one of them"]),
    ("rain_days = 12", "rain_days = 12\nenabled = false\n[processes.bulk_density]", "processes.soil_water.enabled", "false", ["must be true with bulk_density"]),
    ('maps = ["cSoilOrg"]', 'maps = ["soilDepth"]', "output.maps[0]", "soilDepth", ["needs soil.depth"]),
    ("rain_days = 12", "rain_days = 12\nfollows_texture = true", "processes.soil_water.follows_texture", "true", ["needs processes.water_erosion.size_classes"]),
    ("ktc_low = 3", 'size_classes = true\nenrichment = { law = "watem_c" }\nktc_low = 3', "processes.water_erosion", "", ["one selectivity"]),
    ("erodibility = 0.04\n[carbon]\nmodel = \"rothc\"\n[processes.soil_water]\nrain_days = 12\n[processes.water_erosion]",
     'erodibility = { law = "epic", follows_soc = true }\n[processes.soil_water]\nrain_days = 12\n[processes.water_erosion]\nsize_classes = true\nprior_land_use = false',
     "soil.erodibility.follows_soc", "true", ["K follows texture"]),
    ("annual = 800", "", "climate.erosivity", "", ["is missing", "renard_freimund"]),
    ("latitude = 51.8\n", "", "climate.latitude", "", ["is missing"]),
    ('"thornthwaite"', '"hargreaves"', "climate.pet", "hargreaves", ["tmin_degC) and mean daily maximum"]),
    ('model = "rothc"', 'model = "rothc"\ninitial = { method = "history", years = 100 }', "carbon.initial", "", ["must have history_class"]),
    ('model = "rothc"', 'model = "rothc"\ninitial = { method = "history", years = 100, history_class = "wood" }', "carbon.initial.history_class", "wood",
     ["no [rotation.wood]"]),
    ('"thornthwaite"', '"penman"', "climate.pet", "penman", ['"thornthwaite"']),
    ('bulk_density = "1.35 g/cm3"\n', "", "soil.bulk_density", "", ["is missing", "bulk density"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\ndirection = 'contur'\nacross = 0.5\n[processes.soil_water]", "processes.tillage_erosion.direction", "contur", ["contour"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\ndirection = 'contour'\n[processes.soil_water]", "processes.tillage_erosion", "", ["needs across"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\ndirection = 'contour'\nangle = '45 deg'\nacross = 0.5\n[processes.soil_water]", "processes.tillage_erosion", "", ["give one of them"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\nacross = 0.5\n[processes.soil_water]", "processes.tillage_erosion", "", ["does not use"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\nangle = '400 deg'\nacross = 0.5\n[processes.soil_water]", "processes.tillage_erosion.angle", "400 deg", ["360 deg"]),
    ("[processes.soil_water]", "[processes.tillage_erosion]\nangle = { map = 'clay.asc' }\nacross = 0.5\n[processes.soil_water]", "processes.tillage_erosion.angle", "", ["without a unit", '"deg"']),
    ("[processes.soil_water]", "[processes.soil_watr]", "processes.soil_watr", "", ["unknown key", '"soil_water"']),
    ("[processes.soil_water]", "[processes.carbonate]\n[processes.soil_water]", "soil.sic", "", ["carbonate needs it"]),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDifuser'\n[carbon]", "processes.custom[0].import",
     "LinearDifuser", ['"LinearDiffuser"']),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nafter = 'tilage_erosion'\n[carbon]",
     "processes.custom[0].after", "tilage_erosion", ['"tillage_erosion"']),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nname = 'decomposition'\n[carbon]",
     "processes.custom[0].name", "decomposition", ["is a process of the program", "name of its own"]),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nname = 'liming'\n[carbon]",
     "processes.custom[0].name", "liming", ["is a process of the program"]),
    ('maps = ["cSoilOrg"]', 'maps = ["pH"]', "output.maps[0]", "pH", ["needs [processes.carbonate]"]),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nname = 'lateral'\n[carbon]",
     "processes.custom[0].name", "lateral", ["a kind of ledger term"]),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nname = 'soil creep / yr'\n[carbon]",
     "processes.custom[0].name", "soil creep / yr", ["letters, digits, _ and -"]),
    ("[carbon]", "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\nname = 'creep_export'\n[carbon]",
     "processes.custom[0]", "", ["ends in _export"]),
    ("[carbon]", 2 * "[[processes.custom]]\nimport = 'landlab.components:LinearDiffuser'\n" + "[carbon]",
     "processes.custom[1].name", "LinearDiffuser", ["another of the processes.custom"]),
    ('erodibility = 0.04', 'erodibility = 0.04\nsic = { value = "2 %", depth = "30 cm" }', "soil.sic.depth", "30 cm",
     ["not used with a concentration", "t/ha"]),
    ('erodibility = 0.04', 'erodibility = 0.04\nsic = { by_layer = ["2 %", "2 %", "3 %"], depth = "30 cm" }', "soil.sic.depth", "30 cm",
     ["not used with by_layer"]),
    ('do = "till"', 'do = "burn"', "rotation.maize-wheat.event.spring-plough", "", ["has depth", '"burn"']),
    ('do = "till"\ndepth = "25 cm"', 'do = "burn"\nburnt = "140 %"', "rotation.maize-wheat.event.spring-plough.burnt", "140 %",
     ["0 to 1|0-100 %|0-1"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "fertilise"\nfertiliser = "urea"', "rotation.maize-wheat.event.spring-plough", "", ["without nitrogen", "120 kg/ha"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "fertilise"\nnitrogen = "1.2 t/ha"', "rotation.maize-wheat.event.spring-plough.nitrogen", "1.2 t/ha", ["must be 0-1000 kg/ha|must be 0-0.1 kg/m2|must be 0-1 t/ha"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "fertilise"\nfertiliser = "uera"\nnitrogen = "100 kg/ha"', "rotation.maize-wheat.event.spring-plough.fertiliser", "uera", ["is not known", '"urea"']),
    ('do = "till"\ndepth = "25 cm"', 'do = "manure"\nmaterial = "cattle-fym"', "rotation.maize-wheat.event.spring-plough", "",
     ["amount (fresh mass", "carbon"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "manure"\namount = "30 t/ha"\ncarbon = "2 t/ha"', "rotation.maize-wheat.event.spring-plough", "",
     ["either amount"]),
    ('do = "till"\ndepth = "25 cm"', 'do = "residue"\namount = "30 t/ha"', "rotation.maize-wheat.event.spring-plough", "",
     ["has amount", "does not use"]),
    ("layers = [", "layers = ['0 cm', ", "soil.layers[0]", "0 cm", ["above 0"]),
    ('depth = "30 cm" }', 'depth = "90 cm" }', "soil.soc.depth", "90 cm", ["below the lowest layer", "60 cm"]),
    ('soc = { map = "soc.asc", units = "t/ha",', 'soc = { value = "3 kg/m2", by_class = { grass = "3 kg/m2" },', "soil.soc", "",
     ["exactly one of"]),
    ('units = "t/ha"', 'units = "1"', "soil.soc.map", "", ["median of 44", "fraction", "t/ha", "%"]),
    ('units = "t/ha"', 'units = "kg/ha"', "soil.soc.map", "", ["median of 44", "t/ha"]),
    ("[land]", "[carbon.isotopes]\nc14 = true\nsince = 2005\n[land]", "carbon.isotopes.since", "2005", ["after the start"]),
    ("[land]", "[carbon.isotopes]\nc14 = true\natmosphere = 'air.csv'\n[land]", "carbon.isotopes.atmosphere", "air.csv", ["looked for"]),
    ("[land]", "[carbon.isotopes]\nc13 = true\nc4_share = { gras = 0.5 }\n[land]", "carbon.isotopes.c4_share.gras", "",
     ["not a land-use class", '"grass"']),
    ("[land]", "[carbon.isotopes]\nc13 = true\nc4_share = { grass = 2 }\n[land]", "carbon.isotopes.c4_share.grass", "2", ["0-100 %"]),
    ("[land]", "[carbon.isotopes]\nc13 = true\n[processes.decomposition]\nenabled = false\n[land]", "carbon.isotopes", "",
     ["need decomposition"]),
    ("[land]", "[tracers.cs317]\nflux = 1\n[land]", "tracers.cs317", "", ["is not a tracer", '"cs137"']),
    ("[land]", "[tracers.cs137]\n[land]", "tracers.cs137", "", ["either fallout", "flux"]),
    ("[land]", "[tracers.cs137]\nflux = '1 kg/m2'\n[land]", "tracers.cs137.flux", "1 kg/m2", ["accepted units", "Bq/m2/yr"]),
    ("[land]", "[tracers.cs137]\nfallout = 'f.csv'\n[land]", "tracers.cs137.fallout", "f.csv", ["does not exist", "looked for"]),
    ("[land]", "[tracers.cs137]\nfallout = 'clay.asc'\n[land]", "tracers.cs137.fallout", "clay.asc", ["columns year and deposition"]),
    ("[land]", "[tracers.cs137]\nfallout = 'f.csv'\nreference_year = 2003\n[land]", "tracers.cs137", "", ["both reference_inventory"]),
    ("[land]", "[tracers.pb210]\nflux = 1\nreference_inventory = 3\nreference_year = 2003\n[land]", "tracers.pb210", "", ["a flux is not scaled"]),
    ("[land]", "[tracers.pb210]\nflux = 1\ninitial_depth = '25 cm'\n[land]", "tracers.pb210", "", ["initial_depth without initial"]),
    ("[land]", "[tracers.pb210]\nflux = 1\ninitial = 5\ninitial_depth = '1 m'\n[land]", "tracers.pb210.initial_depth", "100 cm",
     ["below the lowest layer", "60 cm"]),
    ('maps = ["cSoilOrg"]', 'maps = ["cs137"]', "output.maps[0]", "cs137", ["needs [tracers.cs137]"]),
    ("[land]", "[processes.decomposition]\nmoisture = { opt_rmmoist = 4 }\n[land]", "processes.decomposition.moisture.opt_rmmoist", "4",
     ["must be 1-3"]),
    ("[land]", "[processes.decomposition]\nmoisture = { minrm_moist = 0.1 }\n[land]", "processes.decomposition.moisture", "",
     ["opt_rmmoist = 2 or 3 only"]),
    ("[land]", "[processes.decomposition]\nmoisture = { variant = 'rothc_soilr', opt_rmmoist = 2 }\n[land]", "processes.decomposition.moisture", "",
     ["RothC v2", "rothc_soilr"]),
    ("[land]", "[processes.decomposition]\nmoisture = { wet_end = 'skopp' }\n[land]", "processes.decomposition.moisture", "",
     ['needs form = "layered"']),
    ("[land]", "[processes.decomposition]\nmoisture = { variant = 'soilr' }\n[land]", "processes.decomposition.moisture.variant", "soilr",
     ['"rothc_soilr"']),
    ('units = "t/ha"', 'units = "kg"', "soil.soc.units", "kg", ["accepted units", "t/ha"]),
]  # fmt: skip


def check(path: Path, **options: object) -> Inputs:
    return resolve(load(path), **options)  # type: ignore[arg-type]


def fails(path: Path, **options: object) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        check(path, **options)
    return caught.value


def test_the_valid_scenario_is_valid(here: Path) -> None:
    check(write(here))


def test_priming_is_of_linear_models(here: Path) -> None:
    text = VALID.replace("[land]", "[processes.decomposition]\npriming = 0.5\n[land]", 1).replace('"rothc"', '"mimics"')
    found = [problem for problem in fails(write(here, text)).problems if problem.key == "processes.decomposition.priming"]
    assert len(found) == 1 and "is for linear carbon models; mimics" in str(found[0])


def test_what_residues_on_the_surface_cannot_go_with(here: Path) -> None:
    for old, new, key, words in (
        ('maps = ["cSoilOrg"]', 'maps = ["cAge"]', "processes.surface_residues", "cannot be on with cAge"),
        ('model = "rothc"', 'model = "mimics"', "processes.surface_residues", "is for linear carbon models"),
        ("[land]", "[processes.decomposition]\nenabled = false\n[land]", "processes.decomposition.enabled", "while surface_residues is on"),
    ):
        text = VALID.replace("rain_days = 12", RESIDUES).replace(old, new, 1)
        found = [problem for problem in fails(write(here, text)).problems if problem.key == key]
        assert len(found) == 1 and words in str(found[0])


def test_ages_are_not_of_peat(here: Path) -> None:
    text = VALID.replace("rain_days = 12", PEAT + 'classes = ["grass"]').replace('maps = ["cSoilOrg"]', 'maps = ["cAge"]')
    found = [problem for problem in fails(write(here, text)).problems if problem.key == "processes.peat"]
    assert len(found) == 1 and "cannot be on with cAge" in str(found[0])


@pytest.mark.parametrize(("old", "new", "key", "value", "words"), WRITTEN, ids=[f"{m[2]}-{n}" for n, m in enumerate(WRITTEN)])
def test_mistakes_in_the_file(here: Path, old: str, new: str, key: str, value: str, words: list[str]) -> None:
    assert old in VALID
    path = write(here, VALID.replace(old, new, 1))
    before = sorted(p.name for p in here.iterdir())
    error = fails(path)
    found = [p for p in error.problems if p.key == key]
    assert found, str(error)
    problem, text = found[0], str(found[0])
    assert problem.file == "orme.toml" and text.startswith("orme.toml")
    assert problem.line is not None
    assert value in problem.value
    for word in words:
        assert any(choice in text for choice in word.split("|")), text
    assert sorted(p.name for p in here.iterdir()) == before


def test_lines_point_at_the_key(here: Path) -> None:
    error = fails(write(here, VALID.replace("clay = {", "clya = {").replace('do = "till"', 'do = "tll"')))
    lines = VALID.splitlines()
    assert [lines[p.line - 1].split(" ")[0] for p in error.problems if p.line and "missing" not in p.expectation] == ["clay", "do"]


def test_all_mistakes_of_a_file_at_once(here: Path) -> None:
    text = VALID
    for old, new in (('"30 %"', '"140 %"'), ('"month"', '"day"'), ("04-20", "02-30"), ("erodibility", "erodibilty")):
        text = text.replace(old, new)
    keys = {p.key for p in fails(write(here, text)).problems}
    assert keys == {"soil.sand", "time.step", "rotation.maize-wheat.event.spring-plough.on", "soil.erodibilty"}
    # and all mistakes of the data at once
    text = VALID.replace('"rothc"', '"rohtc"').replace('2 = "grass"', '2 = "gras"').replace("[35.0, 25.0]", "[0.0, 1e6]")
    text = text.replace('units = "t/ha"', 'units = "kg/ha"').replace("latitude = 51.8", "")
    keys = {p.key for p in fails(write(here, text)).problems}
    assert keys >= {"carbon.model", "land.classes.2", "output.points.foot", "soil.soc.map", "climate.latitude"}


def holes(raster: Raster, value: float = np.nan) -> Raster:
    values = raster.values.copy()
    values[4, 4] = value
    return raster.with_values(values)


#: what is done to the files, key, words of the message
DATA: list[tuple[str, Callable[[Path], None], str, list[str]]] = [
    ("hole in clay", lambda d: write_raster(d / "clay.asc", holes(base().with_values(np.full((8, 7), 20.0)))), "soil.clay.map",
     ["covers 98.2 %", "1 cells", "x 45, y 45"]),
    ("clay of 140 %", lambda d: write_raster(d / "clay.asc", base().with_values(np.full((8, 7), 140.0))), "soil.clay.map",
     ["140", "must be 0-100 %", 'units = "g/kg"']),
    ("clay and sand", lambda d: write_raster(d / "clay.asc", base().with_values(np.full((8, 7), 80.0))), "soil.sand",
     ["clay + sand reach 110 %"]),
    ("negative SOC", lambda d: write_raster(d / "soc.asc", holes(base(), -5.0)), "soil.soc.map", ["is negative"]),
    ("shifted map", lambda d: write_raster(d / "clay.asc", Raster(base().values, 10.0, 10.0, 4.0, 0.0)), "soil.clay.map",
     ["shifted by 4 east", "grid of the DEM"]),
    ("other cells", lambda d: write_raster(d / "clay.asc", Raster(base().values, 20.0, 20.0)), "soil.clay.map", ["cells of 20"]),
    ("other CRS", lambda d: [write_raster(d / "clay.asc", Raster(base().values, 10.0, 10.0, crs="EPSG:32631")),
                             write_raster(d / "dem.asc", Raster(base().values, 10.0, 10.0, crs="EPSG:32630"))] and None,
     "soil.clay.map", ["EPSG:32631", "EPSG:32630"]),
    ("DEM in degrees", lambda d: write_raster(d / "dem.asc", Raster(base().values, 1e-3, 1e-3, -1.5, 45.0)), "domain.dem",
     ["is in degrees", "gdalwarp", "EPSG:32630"]),
    ("DEM without data", lambda d: write_raster(d / "dem.asc", base().with_values(np.full((8, 7), np.nan))), "domain.dem",
     ["every cell is nodata"]),
    ("DEM with odd nodata", lambda d: write_raster(d / "dem.asc", holes(base(), -32768.0)), "domain.dem", ["nodata value"]),
    ("DEM not square", lambda d: write_raster(d / "dem.asc", Raster(base().values, 10.0, 20.0)), "domain.dem", ["square"]),
    ("DEM not a grid", lambda d: (d / "dem.asc").write_text("hello") and None, "domain.dem", ["not an ESRI ASCII grid"]),
    ("11 months", lambda d: (d / "climate.csv").write_text(climate(11)) and None, "climate.source", ["12"]),
    ("negative rain", lambda d: (d / "climate.csv").write_text(climate(12, -3.0)) and None, "climate.source", ["negative|below|0"]),
    ("no climate", lambda d: (d / "climate.csv").unlink(), "climate.source", ["no such file"]),
    ("hole in land use", lambda d: write_raster(d / "landuse.asc", holes(base().with_values(np.ones((8, 7))))), "land.map",
     ["have no class"]),
    ("results exist", lambda d: (d / "out").mkdir() or (d / "out" / "run.json").write_text("{}") and None, "output.dir",
     ["exists and is not empty", "--overwrite"]),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "key", "words"), [m[1:] for m in DATA], ids=[m[0] for m in DATA])
def test_mistakes_in_the_data(here: Path, spoil: Callable[[Path], None], key: str, words: list[str]) -> None:
    path = write(here)
    spoil(here)
    error = fails(path)
    found = [p for p in error.problems if p.key == key]
    assert found, str(error)
    for word in words:
        assert any(choice in str(found[0]) for choice in word.split("|")), str(error)
    assert found[0].file == "orme.toml" and found[0].line is not None


def test_moisture_of_decomposition_needs_what_it_is_made_of(here: Path) -> None:
    text = VALID.replace("rain_days = 12", "enabled = false").replace('sand = "30 %"\n', "")
    path = write(here, text.replace("[land]", "[processes.decomposition]\nmoisture = { opt_rmmoist = 2, form = 'layered' }\n[land]", 1))
    found = {problem.key: str(problem) for problem in fails(path).problems}
    assert "needs silt" in found["soil.sand"] and "own water" in found["processes.soil_water.enabled"]
    path = write(here, VALID.replace('"rothc"', '"icbm"').replace("[land]", "[processes.decomposition]\nmoisture = { opt_smdbare = 2 }\n[land]", 1))
    found = {problem.key: str(problem) for problem in fails(path).problems}
    assert "icbm has a law of its own" in found["processes.decomposition.moisture"]


def test_memory_and_overwrite(here: Path) -> None:
    path = write(here)
    assert re.search(r"needs about .* GB .* kB.* 0.1 GB free", str(fails(path, available_memory=1e8)))
    (here / "out").mkdir()
    (here / "out" / "x").write_text("")
    check(path, overwrite=True)


def test_swapped_outlet_is_recognised(here: Path) -> None:
    dem = base()
    path = write(here, VALID.replace('"lowest"', "[5000.0, 30.0]"))
    write_raster(here / "dem.asc", Raster(dem.values, 10.0, 10.0, 0.0, 4960.0))
    assert "Did you swap x and y?" in str(fails(path))


def test_not_toml(here: Path) -> None:
    error = fails(write(here, VALID.replace('"rothc"', "rothc")))
    assert error.problems[0].line == VALID.splitlines().index('model = "rothc"') + 1
    assert "is not valid TOML" in str(error)
    assert "must be key=value" in str(pytest.raises(ScenarioError, load, write(here), ["time.end"]).value)
    assert "--set  tim" in str(pytest.raises(ScenarioError, load, write(here), ["tim.end=2030-12"]).value)
