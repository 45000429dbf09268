"""How much memory a run needs, by counting its arrays."""

from __future__ import annotations

import math

from watershed_c.kernels.ledger import LEADING, OPTIONAL, TRAILING
from watershed_c.ledger import KINDS
from watershed_c.names import STATE
from watershed_c.state import EXCHANGES

#: bytes a run holds whatever its size, of its own: interpreter, compiled kernels (measured, Linux, Python 3.11)
OWN_MEMORY = 200e6
#: bytes of libraries resident: 140e6 to 200e6 in equal runs, as the page cache has it (measured, as above)
LIBRARIES = 200e6
BASE_MEMORY = OWN_MEMORY + LIBRARIES
#: of float64 and int64 arrays, and of those of float32
WORD, HALF = 8, 4
#: (n) arrays of the processes by their attributes: climate 3 (offset, wetter, heat), flow routing 3 (depression depth,
#: two surfaces), water erosion 5 (LS, capacity of the terrain, eroded, deposited, exported), tillage 1, soil column 1
#: (biodiffusivity), decomposition 6 (two coefficients, clay, three limits of the deficit); gradients 2 and cells 1
PROCESS_ARRAYS = 3 + 3 + 5 + 1 + 1 + 6 + 3
#: (n, L) arrays of the processes: conductivity, factors of decomposition, exchange by soil animals (L - 1)
PROCESS_LAYER_ARRAYS = 3
#: amounts that carbonate keeps apart until they are booked: of acid, where there is any, and the others
ACID_EXCHANGES = 4
#: (n) words of the network: order and first receiver, two receivers of a cell on average (multiple flow), their weights
NETWORK_ARRAYS = 2 + 2 + 2
#: (n) and (n, L) arrays read (field, index and offset of land, elevation, texture, erodibility, two of the substratum,
#: a window of the DEM; bulk density, mineral, SOC, SIC): there until the first step
READ_ARRAYS, READ_LAYER_ARRAYS = 10, 4


#: (n, L) and (n) arrays where water leaves layers sideways: drained, lateral, arriving, their sum, five of what passes,
#: DOC, DIC and calcium that left; to the stream, gained, lost, returned, and four of each of two processes with solutes
SIDEWAYS_LAYER_ARRAYS, SIDEWAYS_ARRAYS = 12, 12


def words_of_sideways(layers: int) -> float:
    """Words (8 B) per node of drains and subsurface flow."""
    return SIDEWAYS_LAYER_ARRAYS * layers + SIDEWAYS_ARRAYS


def words_of_peat(layers: int) -> float:
    """Words (8 B) per node of peat: density, twelve months of the water table, six (n) arrays, two made in a step."""
    return layers + 12 + 8


def words_of_growth() -> float:
    """Words (8 B) per node of growth: a season, four limits, five of crops, the first surface, two made in a step."""
    return 5 + 4 + 5 + 1 + 2


def words_of_residues(pools: int) -> float:
    """Words (8 B) per node of residues on the surface: pools, their factors, two (n) fields and four (n) arrays."""
    return 2 * pools + 6


def words_of_nitrogen(layers: int) -> float:
    """Words (8 B) per node of mineral nitrogen: four arrays by layer, crops, nine fluxes and two sums, ledger,
    groundwater, what came back, two made in a step.
    """
    return 4 * layers + 5 + 9 + 2 + 2 + 1 + 1 + 2


def words_of_acid(layers: int) -> float:
    """Words (8 B) per node of strong acid: that of layers and what is queued, groundwater, ledger, what is booked."""
    return 2 * layers + 1 + 1 + HALF / WORD + ACID_EXCHANGES


def words_of_dissolved_isotopes(layers: int, isotopes: int) -> float:
    """Words (8 B) per node of isotopes of dissolved carbon: two arrays by layer of each, groundwater, ledger."""
    return isotopes * (2 * layers + 1 + 1 + HALF / WORD)


def words_of_minerals(layers: int) -> float:
    """Words (8 B) per node of sulfate and magnesium: two by layer and in groundwater, ledger, what is booked."""
    return 2 * layers + 2 + 2 * (1 + HALF / WORD) + 3


def words_of_steps(layers: int, rows: int) -> float:
    """Words (8 B) per node that the model holds while it takes steps: state, ledger, work arrays, processes."""
    extent = {"node": 1, "layer": layers, "constituent": rows}
    state = sum(math.prod(extent[dim] for dim in field.dims) for field in STATE.values() if not field.where)
    accounts = len(LEADING) + rows + len(TRAILING) - len(OPTIONAL)
    ledger = accounts * (1 + HALF / WORD) + 1 + len(KINDS)
    work = 3 + max(layers, rows) + max(layers, EXCHANGES - ACID_EXCHANGES) + max(layers, rows + 1)
    processes = PROCESS_ARRAYS + NETWORK_ARRAYS + PROCESS_LAYER_ARRAYS * layers - 1
    return state + ledger + work + processes


def words_of_search(layers: int, rows: int, pools: int) -> float:
    """Words (8 B) per node beside those of the steps while initial carbon is sought, the inputs still there.

    Stocks before a cycle and what they miss, mean factors and exchange, eight (n) arrays, and copies of the stocks of
    the cells from which the change of the pools is summed.
    """
    search = layers * (rows + pools) + 2 * layers - 1 + 8
    copies = layers * (rows + pools)
    return READ_ARRAYS + READ_LAYER_ARRAYS * layers + search + copies


def words_of_erosion(
    rows: int, *, classes: int = 0, years: int = 0, transit: bool = False
) -> float:
    """Words (8 B) per node of what water erosion can be asked for beside the rest.

    Sediment by class of particles; running years (twelve months, the present one, their sum, two of amounts); what is
    mineralised in transit.
    """
    return classes * (rows + 1) + 16 * years + (rows if transit else 0)


def words_of_ages(layers: int, groups: int) -> float:
    """Words (8 B) per node of the maps of ages: means and sums of the factors of the groups of pools, and of mixing."""
    return 2 * (layers * groups + layers - 1)


def predicted_memory(nodes: int, layers: int, rows: int, pools: int, more: float = 0.0) -> float:
    """Bytes a run needs: what every run holds, and its arrays where they are most, at the end of the search.

    ``more`` are words per node of what this run has and others have not.
    """
    words = words_of_steps(layers, rows) + words_of_search(layers, rows, pools) + more
    return BASE_MEMORY + WORD * nodes * words
