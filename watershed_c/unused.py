"""What a scenario says that its run does not use: told when the run begins."""

from __future__ import annotations

from watershed_c.components.loose_char import CHAR
from watershed_c.io.results import TO_DEPTH
from watershed_c.pools import PoolModel
from watershed_c.scenario.inputs import Inputs


def unused(inputs: Inputs, pools: PoolModel) -> list[str]:
    """What the scenario says that the run does not use."""
    carbon, climate = inputs.scenario.carbon, inputs.scenario.climate
    method, found = carbon.initial.method, []
    if method == "history" and carbon.plant_input == "inverted":
        found.append(
            'carbon.plant_input = "inverted" is not used with carbon.initial.method = "history": crops and yields give '
            "the plant input, and the SOC at the start is what that history leaves, not the one of soil.soc"
        )
    if method in ("stable_cells", "inversion") and carbon.plant_input == "prescribed":
        found.append(
            f'carbon.plant_input = "prescribed" is not used with carbon.initial.method = "{method}": the plant input '
            "is found from the measured SOC"
        )
    given = [name for name, rotation in inputs.rotations.items() if rotation.plant_input is not None]
    if given and carbon.plant_input == "inverted":
        found.append(f'rotation.{given[0]}.plant_input is used with carbon.plant_input = "prescribed" only')
    fed = [name for name, rotation in inputs.rotations.items() if any(e.do == "fertilise" for e in rotation.event)]
    if fed and not inputs.scenario.processes.nitrogen.enabled:
        found.append(f"rotation.{fed[0]}: fertilise is used with [processes.nitrogen] only")
    erosion = inputs.scenario.processes.water_erosion
    ended = [name for name, rotation in inputs.rotations.items() if rotation.slope_length is not None]
    if ended and erosion.enabled and erosion.model == "mmf":
        found.append(f'rotation.{ended[0]}.slope_length is not used with processes.water_erosion.model = "mmf"')
    if erosion.enabled and erosion.unused:
        found.append(f'processes.water_erosion: {", ".join(erosion.unused)} not used with model = "{erosion.model}"')
    ratios, usual = erosion.enrichment, type(erosion.enrichment).model_fields
    of_char = [key for key in ("char", "char_settles") if getattr(ratios, key) != usual[key].default]
    if of_char and erosion.enabled and (CHAR not in pools.pools or erosion.size_classes):
        where = 'with carbon.model = "rothc:biochar" and without size_classes only'
        found.append(f"processes.water_erosion.enrichment.{of_char[0]} is used {where}")
    processes, output = inputs.scenario.processes, inputs.scenario.output
    if processes.carbonate.enabled and processes.carbonate.buffer_capacity is not None and inputs.column.ph is None:
        found.append("processes.carbonate.buffer_capacity is used with soil.ph only")
    if inputs.column.ph is not None and not processes.carbonate.enabled:
        if "ph" not in pools.properties or not processes.decomposition.enabled:
            of_models = f"by carbon models that need it; {pools.name} does not"
            found.append(f"soil.ph is not used: it is with [processes.carbonate] and {of_models}")
    if processes.decomposition.priming is not None and not processes.decomposition.enabled:
        found.append("processes.decomposition.priming is not used: decomposition is off")
    if processes.tillage_erosion.inversion and not processes.soil_column.enabled:
        found.append("processes.tillage_erosion.inversion is used with [processes.soil_column] only: nothing is tilled")
    if output.depths and not set(output.maps) & set(TO_DEPTH):
        found.append(f"output.depths is used with {', '.join(TO_DEPTH)} in output.maps only")
    if climate.change.pet != 0.0 and inputs.climate.pet is None:
        found.append("climate.change.pet is not used: no PET is given, and a computed one follows temperature")
    return found
