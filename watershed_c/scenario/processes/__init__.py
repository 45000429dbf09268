"""The processes a scenario can switch and set: one table each, named as the component that runs it."""

from __future__ import annotations

from watershed_c.scenario.fields import Table, item
from watershed_c.scenario.processes.bulk_density import BulkDensity
from watershed_c.scenario.processes.carbon import Decomposition, DissolvedCarbon, Peat
from watershed_c.scenario.processes.carbonate import Carbonate
from watershed_c.scenario.processes.custom import CustomProcess
from watershed_c.scenario.processes.erosion import TillageErosion, WaterErosion
from watershed_c.scenario.processes.flow_routing import FlowRouting
from watershed_c.scenario.processes.growth import Growth
from watershed_c.scenario.processes.nitrogen import Nitrogen
from watershed_c.scenario.processes.soil_column import SoilColumn
from watershed_c.scenario.processes.soil_water import ArtificialDrainage, SoilWater, SubsurfaceFlow
from watershed_c.scenario.processes.surface_residues import SurfaceResidues


class Processes(Table):
    """[processes]: in the order they run."""

    soil_water: SoilWater = item(doc="water in the cell", factory=SoilWater)
    subsurface_flow: SubsurfaceFlow = item(
        doc="water between cells below ground, within soil_water", factory=lambda: SubsurfaceFlow(enabled=False)
    )
    artificial_drainage: ArtificialDrainage = item(
        doc="tiles and ditches, within soil_water", factory=lambda: ArtificialDrainage(enabled=False)
    )
    growth: Growth = item(doc="yields by the season, in every cell", factory=lambda: Growth(enabled=False))
    flow_routing: FlowRouting = item(doc="surface flow", factory=FlowRouting)
    water_erosion: WaterErosion = item(doc="erosion and deposition by water", factory=WaterErosion)
    tillage_erosion: TillageErosion = item(doc="erosion by tillage", factory=TillageErosion)
    soil_column: SoilColumn = item(doc="the moving surface and vertical mixing", factory=SoilColumn)
    bulk_density: BulkDensity = item(
        doc="density that follows organic matter, tillage, rain, wheels", factory=lambda: BulkDensity(enabled=False)
    )
    decomposition: Decomposition = item(doc="turnover of organic carbon", factory=Decomposition)
    surface_residues: SurfaceResidues = item(
        doc="residues and litter on the surface", factory=lambda: SurfaceResidues(enabled=False)
    )
    nitrogen: Nitrogen = item(
        doc="mineral nitrogen: fertiliser, mineralisation, uptake, leaching", factory=lambda: Nitrogen(enabled=False)
    )
    peat: Peat = item(doc="carbon balance of peat, and subsidence", factory=lambda: Peat(enabled=False))
    carbonate: Carbonate = item(doc="turnover of inorganic carbon", factory=lambda: Carbonate(enabled=False))
    dissolved_carbon: DissolvedCarbon = item(doc="DOC with water", factory=lambda: DissolvedCarbon(enabled=False))
    custom: list[CustomProcess] = item(doc="other Landlab components", factory=list)


#: what soil water does in its substeps: the process a custom one comes after instead
WITHIN = {"subsurface_flow": "soil_water", "artificial_drainage": "soil_water"}
#: names that `after` may use
PROCESS_NAMES = tuple(name for name in Processes.model_fields if name != "custom")
