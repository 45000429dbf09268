"""Names that must exist, and what one table of a scenario needs of another."""

from __future__ import annotations

import importlib

from watershed_c.constituents import TRACERS
from watershed_c.ledger import KINDS
from watershed_c.names import AGE_MAPS, CROP_MAPS, OUTPUT, SATURATION_MAPS
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import ModelError, available_models, is_shipped, load_model
from watershed_c.pools.priming import fresh_pools
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.minerals import needs_of_minerals
from watershed_c.scenario.processes import PROCESS_NAMES, WITHIN
from watershed_c.scenario.surface_residues import needs_of_residues
from watershed_c.units import HOURS_PER_YEAR


def pools_of_names(check: Checker) -> tuple[str, ...]:
    """Names that must exist; returns those of the pools of the carbon model."""
    scenario = check.scenario
    pools: tuple[str, ...] = ()
    model: PoolModel | None = None
    try:
        name = scenario.carbon.model
        model = load_model(name if is_shipped(name) else check.path(name))
        pools = model.pools
        if not model.couples:
            check.add(("carbon", "model"), name, "cannot run in a watershed.", model.caution)
        _soil_of_model(check, model)
        needs_of_residues(check, model)
        if scenario.processes.peat.enabled and not isinstance(model, CompiledPoolModel):
            check.add(("processes", "peat"), "", f"is for linear carbon models; {name} is not.")
        moisture = scenario.processes.decomposition.moisture
        if scenario.processes.decomposition.buried == "material" and not _declines_with_depth(model):
            check.add(
                ("processes", "decomposition", "buried"), "material",
                f"is for carbon models with a depth factor; {name} has none that soil could carry along.",
            )  # fmt: skip
        if scenario.processes.decomposition.priming is not None:
            _needs_of_priming(check, model)
        law = model.law("moisture") if isinstance(model, CompiledPoolModel) else ""
        if law != "rothc" and moisture != type(moisture)():
            check.add(
                ("processes", "decomposition", "moisture"), "",
                f"has variants of RothC's moisture law; {name} has a law of its own.",
            )  # fmt: skip
    except ModelError as error:
        known = available_models()
        folder = is_shipped(scenario.carbon.model) or (check.path(scenario.carbon.model) / "model.toml").is_file()
        text = "; ".join(error.problems) if folder else f"is not a carbon model; there are {', '.join(known)}."
        hint = "" if folder else messages.nearest_hint(scenario.carbon.model, known)
        check.add(("carbon", "model"), scenario.carbon.model, text, hint)
    for number, name in enumerate(scenario.output.maps):
        if name in AGE_MAPS:
            _needs_of_ages(check, number, name, model)
        elif (process := CROP_MAPS.get(name, "")) and not getattr(scenario.processes, process).enabled:
            check.add(("output", "maps", number), name, f"needs [processes.{process}].")
        elif name == "pH" and not scenario.processes.carbonate.enabled:
            check.add(("output", "maps", number), name, "needs [processes.carbonate].")
        elif name in SATURATION_MAPS and scenario.soil.sand is None:
            check.add(("soil", "sand"), "", f"is missing: {name} in output.maps needs texture.")
        elif name == "soilDepth" and scenario.soil.depth is None:
            check.add(("output", "maps", number), name, "needs soil.depth.")
        elif name in TRACERS and name not in scenario.tracers:
            check.add(("output", "maps", number), name, f"needs [tracers.{name}].")
        elif name not in OUTPUT and name not in TRACERS:
            hint = messages.nearest_hint(name, OUTPUT) or f"There are: {', '.join(OUTPUT)}."
            check.add(("output", "maps", number), name, "is not a variable of the results.", hint)
    for number, depth in enumerate(scenario.output.depths):
        base = sum(scenario.soil.layers)
        if depth > base * (1.0 + 1e-9):
            wrong = f"is below the lowest layer ({100.0 * base:g} cm)."
            check.add(("output", "depths", number), f"{100.0 * depth:g} cm", wrong)
    ours = ("climate", "cropping", "irrigation", "liming", "residue_cover", "tracers", *PROCESS_NAMES)
    taken = dict.fromkeys(ours, "a process of the program")
    taken |= dict.fromkeys(KINDS, "a kind of ledger term")
    for number, custom in enumerate(scenario.processes.custom):
        key = ("processes", "custom", number)
        called = custom.name or custom.import_path.rpartition(":")[2]
        if called in taken:
            check.add((*key, "name"), called, f"is {taken[called]}.", "Give this process a name of its own.")
        elif custom.enabled:
            taken[called] = "another of the processes.custom"
        if custom.after not in PROCESS_NAMES:
            hint = messages.nearest_hint(custom.after, PROCESS_NAMES) or f"There are: {', '.join(PROCESS_NAMES)}."
            check.add((*key, "after"), custom.after, "is not a process.", hint)
        if custom.enabled:
            module_name, _, class_name = custom.import_path.partition(":")
            try:
                module = importlib.import_module(module_name)
            except ImportError as error:
                check.add((*key, "import"), custom.import_path, f"cannot be imported: {error}.")
                continue
            if not hasattr(module, class_name):
                hint = messages.nearest_hint(class_name, dir(module))
                check.add((*key, "import"), custom.import_path, f"has no {class_name} in {module_name}.", hint)
    return pools


def _needs_of_priming(check: Checker, model: PoolModel) -> None:
    """Priming is of linear models with pools that plants do not feed."""
    key, value = ("processes", "decomposition", "priming"), check.scenario.processes.decomposition.priming
    if not isinstance(model, CompiledPoolModel):
        check.add(key, f"{value:g}", f"is for linear carbon models; {model.name} has microbes of its own.")
    elif (fresh_pools(model) | model.inert).all():
        check.add(key, f"{value:g}", f"is for models with pools that plants do not feed; {model.name} has none.")


def _needs_of_ages(check: Checker, number: int, name: str, model: PoolModel | None) -> None:
    """Ages are of a linear model that runs."""
    key = ("output", "maps", number)
    if not check.scenario.processes.decomposition.enabled:
        check.add(key, name, "needs processes.decomposition.")
    elif check.scenario.soil.depth is not None:
        check.add(key, name, "is for layers that are as thick as soil.layers says; leave soil.depth out.")
    elif model is not None and not isinstance(model, CompiledPoolModel):
        check.add(key, name, f"is for linear carbon models; the fluxes of {model.name} are not linear in the pools.")


def _soil_of_model(check: Checker, model: PoolModel) -> None:
    """What the carbon model wants to know of the soil."""
    soil, wanted = check.scenario.soil, set(model.properties)
    if texture := sorted(wanted & {"sand", "silt"}):
        if soil.sand is None:
            check.add(("soil", "sand"), "", f"is missing: {model.name} needs {', '.join(texture)}.")
    if "ph" in wanted and soil.ph is None:
        check.add(("soil", "ph"), "", f"is missing: {model.name} needs it.", "e.g. ph = 6.5")
    if "carbonate" in wanted and soil.sic is None:
        wrong = f"is missing: {model.name} needs the carbonate of the soil."
        check.add(("soil", "sic"), "", wrong, 'e.g. sic = { value = "0 %", as = "CaCO3" }')


def _declines_with_depth(model: PoolModel) -> bool:
    return isinstance(model, CompiledPoolModel) and any(law.factor == "depth" for law in model.dynamic)


def needs_of_processes(check: Checker) -> None:
    """Keys that one process needs of another table."""
    scenario = check.scenario
    processes, soil, climate = scenario.processes, scenario.soil, scenario.climate
    water = processes.soil_water.enabled
    erodes = processes.water_erosion.enabled or processes.tillage_erosion.enabled
    if erodes and not processes.soil_column.enabled:
        check.add(("processes", "soil_column", "enabled"), False, "must be true while water or tillage moves soil.")
    storm, erosion = processes.soil_water.storm_duration, processes.water_erosion
    if water and storm is not None and erosion.enabled and erosion.model == "musle":
        hours = HOURS_PER_YEAR * storm
        if abs(hours - erosion.storm_hours) > 1e-6 * hours:
            check.warnings.append(
                f"processes: one rain lasts {hours:.4g} h in soil_water.storm_duration and {erosion.storm_hours:g} h "
                "in water_erosion.storm_hours"
            )
    if processes.water_erosion.enabled and processes.water_erosion.model != "mmf" and soil.erodibility is None:
        check.add(("soil", "erodibility"), "", "is missing: water_erosion needs it.", "e.g. erodibility = 0.035")
    if processes.water_erosion.enabled and processes.water_erosion.enrichment.law == "swat" and not water:
        wrong = 'must be true with water_erosion.enrichment.law = "swat", which sees runoff.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.water_erosion.enabled and processes.water_erosion.model != "rusle" and not water:
        wrong = f'must be true with water_erosion.model = "{processes.water_erosion.model}", which sees runoff.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.water_erosion.enabled and processes.water_erosion.size_classes:
        if soil.sand is None:
            check.add(("soil", "sand"), "", "is missing: water_erosion.size_classes needs texture.")
        if soil.erodibility is not None and soil.erodibility.follows_soc:
            wrong = "cannot be true with water_erosion.size_classes: K follows texture there."
            check.add(("soil", "erodibility", "follows_soc"), True, wrong)
    if soil.erodibility is not None and soil.erodibility.follows_soc and processes.water_erosion.prior_land_use:
        check.add(
            ("soil", "erodibility", "follows_soc"), True,
            "stands for what organic matter does to soil, as does the prior-land-use sub-factor of C: one of them.",
            "Set processes.water_erosion.prior_land_use = false.",
        )  # fmt: skip
    if processes.water_erosion.enabled and not processes.flow_routing.enabled:
        check.add(("processes", "flow_routing", "enabled"), False, "must be true while water_erosion is on.")
    if processes.soil_water.enabled and soil.sand is None:
        check.add(("soil", "sand"), "", "is missing: soil_water needs it for its pedotransfer function.")
    moisture = processes.decomposition.moisture
    if processes.decomposition.enabled and moisture.opt_rmmoist > 1 and soil.sand is None:
        wrong = f"is missing: opt_rmmoist = {moisture.opt_rmmoist} needs silt, which is what clay and sand leave."
        check.add(("soil", "sand"), "", wrong)
    if processes.decomposition.enabled and moisture.form == "layered" and not processes.soil_water.enabled:
        wrong = 'must be true with decomposition.moisture.form = "layered": every layer has its own water.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.carbonate.enabled and soil.sic is None:
        check.add(("soil", "sic"), "", "is missing: carbonate needs it.", 'e.g. sic = { value = "1 %", as = "CaCO3" }')
    needs_of_minerals(check)
    for name in WITHIN:
        if not getattr(processes, name).enabled:
            continue
        if not processes.soil_water.enabled:
            check.add(("processes", "soil_water", "enabled"), False, f"must be true while {name} is on.")
        elif processes.soil_water.base_conductivity is None:
            wrong = f"is missing: {name} needs a base that holds a water table."
            hint = 'e.g. base_conductivity = "1 mm/day"'
            check.add(("processes", "soil_water", "base_conductivity"), "", wrong, hint)
    for name in ("soil_water", "decomposition"):
        if processes.nitrogen.enabled and not getattr(processes, name).enabled:
            wrong = "must be true while nitrogen is on: it leaches with water and is set free by decomposition."
            check.add(("processes", name, "enabled"), False, wrong)
    if processes.growth.enabled:
        if not water:
            wrong = "must be true while growth is on: crops that lack water yield less."
            check.add(("processes", "soil_water", "enabled"), False, wrong)
        if scenario.carbon.belowground != "proportional":
            wrong = 'must be "proportional" while growth is on: all input of plants then follows their yield.'
            check.add(("carbon", "belowground"), scenario.carbon.belowground, wrong)
    if processes.subsurface_flow.enabled and not processes.flow_routing.enabled:
        check.add(("processes", "flow_routing", "enabled"), False, "must be true while subsurface_flow is on.")
    solutes = processes.carbonate.enabled or processes.dissolved_carbon.enabled
    if solutes and not processes.soil_water.enabled:
        wrong = "must be true with carbonate or dissolved_carbon: solutes ride on water."
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    sorts = processes.water_erosion.enabled and processes.water_erosion.size_classes
    if processes.soil_water.follows_texture and not sorts:
        wrong = "needs processes.water_erosion.size_classes: without it texture does not change."
        check.add(("processes", "soil_water", "follows_texture"), True, wrong)
    if processes.bulk_density.enabled and not processes.soil_water.enabled:
        wrong = "must be true with bulk_density: soil settles under the water that comes into it."
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if soil.weathering is not None and soil.depth is None:
        check.add(("soil", "weathering"), "", "needs soil.depth: how deep the rock is.")
    of_full_layers = ("subsurface_flow", "artificial_drainage", "peat", "surface_residues")
    for name in of_full_layers if soil.depth is not None else ():
        if getattr(processes, name).enabled:
            wrong = "is for layers that are as thick as soil.layers says; leave soil.depth out."
            check.add(("processes", name), "", wrong)
    initial = scenario.carbon.initial
    if initial.method == "inversion" and erodes:
        check.warnings.append(
            "carbon.initial: plain inversion reads eroded cells as low-input ones and then loses carbon that was never "
            'lost; method = "steady" includes erosion'
        )
    if climate.erosivity.annual is None and climate.erosivity.shares is not None:
        check.add(("climate", "erosivity", "shares"), "", "need annual, the erosivity they share.")
