"""Water erosion: what rain detaches, how much of it travels, where it settles, and all that it carries."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.components.base import Process
from watershed_c.kernels import water_erosion as kernels
from watershed_c.kernels.support_practice import apply_practice
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

_MODELS = ("rusle",)
_LENGTH = {"van_oost_2003": kernels.LENGTH_VAN_OOST_2003, "mccool_1989": kernels.LENGTH_MCCOOL_1989}
_SLOPE = {"nearing_1997": kernels.SLOPE_NEARING_1997, "mccool_1987": kernels.SLOPE_MCCOOL_1987}
_CAPACITY = {
    "van_oost_2000": kernels.CAPACITY_VAN_OOST_2000,
    "verstraeten_2007": kernels.CAPACITY_VERSTRAETEN_2007,
}
_DEPRESSIONS = ("trap", "breach")
_CARRIERS = ("particulate", "mineral", "bulk")

#: ktc on land of low and of high erosion potential, m: the example values of the WaTEM/SEDEM documentation (tutorial
#: 3c). That program has no default; in calibration it scans 1-20 and 5-40 m.
EXAMPLE_COEFFICIENT = (3.0, 12.0)
#: annual C between the two: 0.1, default of `watem_ktc` of rusleR 0.0.2, after Batista et al. 2022. It lies between
#: grassland (0.01 to 0.05) and ploughed fields (0.12 to 0.4); the 0.01 of the tutorial goes with its own C of pasture
COVER_THRESHOLD = 0.1
#: cell size those values go with, m
COEFFICIENT_CELL_SIZE = 20.0
#: above this cell size slopes are damped, m (coupling rule 23)
COARSE_CELL_SIZE = 30.0


def _code(table: Mapping[str, int], name: str, value: str) -> int:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, is {value!r}")
    return table[value]


class WaterErosion(Process):
    """RUSLE potential soil loss, limited by transport capacity, routed down the flow network with all it carries.

    Parameters
    ----------
    watershed : Watershed
        Reads of it: erosivity of the step, erodibility, cover and practice factors of the units, the flow network.
    model : {"rusle"}
        Source of potential soil loss.
    length_exponent : {"van_oost_2003", "mccool_1989"}
        Exponent m of the slope-length factor.
    slope_factor : {"nearing_1997", "mccool_1987"}
    capacity : {"van_oost_2000", "verstraeten_2007"}
        Transport capacity.
    transport_capacity_coefficient : (float, float), above 0
        ktc where the unit's annual cover factor is at most, and above, ``cover_threshold``; m (Van Oost) or m-1.8
        (Verstraeten). Default (3, 12) m, the example of the WaTEM/SEDEM documentation, for Van Oost only; that
        program's calibration scans 1-20 and 5-40 m, and a ratio of 0.25 to 0.35 was found in Flanders. It belongs to
        the capacity model, the cell size and the time step (coupling rule 20).
    cover_threshold : float, 0-1
        Annual cover factor above which the second coefficient holds. Default 0.1 (rusleR, after Batista et al. 2022).
    channel_area : float, m2, above 0
        Upslope area is counted no further than this in LS and capacity (rule 22). Default: no cap beyond the channel
        cells, which have no soil.
    depressions : {"trap", "breach"}
        Whether sediment that enters a depression stays, or passes whatever the capacity.
    enrichment : mapping of carrier to float, at least 0
        Content of a constituent in detached soil over its content in the top soil, for ``particulate``, ``mineral`` and
        ``bulk`` carriers. Default 1 for each: nothing is enriched. Literature for organic carbon: 1 to 12 (Lal 2020);
        0.9 to 2.6 in interrill flow, 1 above 0.0017 kg s-1 m-1 (Schiettecatte et al. 2008). A constant ratio has no
        time scale of its own (rule 21): months and years use the same number.

    Attributes
    ----------
    ls : (n,) LS factor on the current terrain
    gross_erosion, gross_deposition, exported : (n,) kg m-2 of dry soil since the start
        What was detached in, laid down in, and received by a node without soil (channel, outlet).
    sinks : (s,) int64
        Soil cells that no water leaves; they keep their sediment.
    """

    _name = "WaterErosion"
    _cite_as = """@techreport{renard1997,
        author = {Renard, K. G. and Foster, G. R. and Weesies, G. A. and McCool, D. K. and Yoder, D. C.},
        title = {Predicting Soil Erosion by Water: A Guide to Conservation Planning with {RUSLE}},
        institution = {USDA}, number = {Agriculture Handbook 703}, year = {1997}}
    @article{desmet1996,
        author = {Desmet, P. J. J. and Govers, G.},
        title = {A {GIS} procedure for automatically calculating the {USLE} {LS} factor on topographically complex
            landscape units},
        journal = {Journal of Soil and Water Conservation}, volume = {51}, pages = {427--433}, year = {1996}}
    @article{vanoost2000,
        author = {Van Oost, K. and Govers, G. and Desmet, P.},
        title = {Evaluating the effects of changes in landscape structure on soil erosion by water and tillage},
        journal = {Landscape Ecology}, volume = {15}, pages = {577--589}, year = {2000}}
    """
    _info = info(
        reads=("erosivity", "erodibility", "unit", "drainage_area"),
        changes=("mineral", "stocks", "deposit_mineral", "deposit"),
    )
    ledger_terms = {"water_erosion": Term("lateral", "Soil moved by water: deposited minus detached")}

    def __init__(
        self,
        watershed: Watershed,
        *,
        model: str = "rusle",
        length_exponent: str = "van_oost_2003",
        slope_factor: str = "nearing_1997",
        capacity: str = "van_oost_2000",
        transport_capacity_coefficient: tuple[float, float] | None = None,
        cover_threshold: float = COVER_THRESHOLD,
        channel_area: float = np.inf,
        depressions: str = "trap",
        enrichment: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        if model not in _MODELS:
            raise ValueError(f"model must be one of {', '.join(_MODELS)}, is {model!r}")
        if depressions not in _DEPRESSIONS:
            raise ValueError(f"depressions must be one of {', '.join(_DEPRESSIONS)}, is {depressions!r}")
        self._length = _code(_LENGTH, "length_exponent", length_exponent)
        self._slope = _code(_SLOPE, "slope_factor", slope_factor)
        self._capacity = _code(_CAPACITY, "capacity", capacity)
        if not np.isclose(w.dx, w.dy, rtol=1e-6):
            raise ValueError(f"the slope-length factor needs square cells, they are {w.dx} by {w.dy} m")
        if transport_capacity_coefficient is None:
            if capacity != "van_oost_2000":
                raise ValueError(f"transport_capacity_coefficient has no default for {capacity}: give (low, high)")
            coefficient = EXAMPLE_COEFFICIENT
            self.warnings.append(
                f"transport capacity coefficient {coefficient} m is the example of the WaTEM/SEDEM documentation for "
                f"cells of {COEFFICIENT_CELL_SIZE:g} m (here {w.dx:g} m) and annual steps: the yield is uncalibrated"
            )
        else:
            coefficient = (float(transport_capacity_coefficient[0]), float(transport_capacity_coefficient[1]))
        if not (np.isfinite(coefficient).all() and min(coefficient) > 0.0):
            raise ValueError(f"transport_capacity_coefficient must be above 0, is {coefficient}")
        if not 0.0 <= cover_threshold <= 1.0:
            raise ValueError(f"cover_threshold must be from 0 to 1, is {cover_threshold}")
        if not channel_area > 0.0:
            raise ValueError(f"channel_area must be above 0 m2, is {channel_area}")
        if w.dx > COARSE_CELL_SIZE:
            self.warnings.append(
                f"cells of {w.dx:g} m (above {COARSE_CELL_SIZE:g} m) damp slopes: potential soil loss is too low"
            )
        self.coefficient = coefficient
        self.cover_threshold = cover_threshold
        self.channel_area = float(channel_area)
        self.trap = depressions == "trap"
        self.enrichment = self._ratios(enrichment or {})

        n = w.elevation.size
        self.ls = np.zeros(n)
        self.gross_erosion, self.gross_deposition, self.exported = np.zeros(n), np.zeros(n), np.zeros(n)
        self.sinks = np.zeros(0, dtype=np.int64)
        self._outside = np.flatnonzero(~w.is_soil)
        self._routing = -1
        self._capacity_of_terrain = np.zeros(n)
        self._potential, self._limit = w.work(0), w.work(1)
        self._load, self._carried = w.work(2), w.work(2, "soil part")
        self._eroded, self._deposited = w.work(3), w.work(4)
        self._net_mineral, self._net = w.work(5), w.work(0, "constituent")

    def _ratios(self, enrichment: Mapping[str, float]) -> np.ndarray:
        """Enrichment ratio of each row; a row that has a parent keeps its ratio to it."""
        unknown = set(enrichment) - set(_CARRIERS)
        if unknown:
            raise ValueError(f"enrichment is by carrier ({', '.join(_CARRIERS)}), not {', '.join(sorted(unknown))}")
        for carrier, ratio in enrichment.items():
            if not (np.isfinite(ratio) and ratio >= 0.0):
                raise ValueError(f"enrichment of {carrier} must be at least 0, is {ratio}")
        table = self.watershed.constituents
        ratios = np.array([float(enrichment.get(row.carrier, 1.0)) for row in table.rows])
        for row, parent in enumerate(table.parent):
            if parent >= 0:
                ratios[row] = ratios[parent]
        return ratios

    def memory(self) -> dict[str, np.ndarray]:
        """Cumulative maps."""
        return {
            "gross_erosion": self.gross_erosion,
            "gross_deposition": self.gross_deposition,
            "exported": self.exported,
        }

    def start_afresh(self) -> None:
        """Forget what was moved before the run began."""
        for moved in (self.gross_erosion, self.gross_deposition, self.exported):
            moved[:] = 0.0

    def _follow_terrain(self) -> None:
        """LS and the list of sinks, anew where the flow router has run since."""
        w = self.watershed
        if self._routing == w.routing_version:
            return
        self._routing = w.routing_version
        area_in = np.maximum(w.drainage_area - w.cell_area, 0.0)
        over_cells(
            kernels.ls_factor, w.cells, area_in, w.gradient_x, w.gradient_y, w.dx, self.channel_area,
            self._length, self._slope, self.ls,
        )  # fmt: skip
        over_cells(
            kernels.capacity_of_terrain, w.cells, self._capacity, self.ls, w.drainage_area, w.gradient_x, w.gradient_y,
            w.dx, self.channel_area, self._capacity_of_terrain,
        )  # fmt: skip
        drains = np.zeros(w.is_soil.size, dtype=bool)
        drains[w.order] = np.diff(w.first_receiver) > 0
        self.sinks = w.cells[~drains[w.cells]]

    def coefficient_of_units(self) -> np.ndarray:
        """Transport capacity coefficient of each management unit, (U,)."""
        high = self.watershed.units.cover_factor_annual > self.cover_threshold
        return np.where(high, self.coefficient[1], self.coefficient[0])

    def run_one_step(self, dt: float) -> None:
        """Erode, transport and deposit. Erosivity is that of the step, so ``dt`` does not enter."""
        w = self.watershed
        cells = w.cells
        self._follow_terrain()
        over_cells(
            kernels.potential_soil_loss, cells, w.erosivity, w.erodibility, self.ls, w.unit,
            w.units.cover_factor, w.units.practice_factor, self._potential,
        )  # fmt: skip
        if w.units.practice.any():
            over_cells(
                apply_practice, cells, w.gradient_x, w.gradient_y, w.unit, w.units.practice, self._potential
            )  # fmt: skip
        over_cells(
            kernels.transport_capacity, cells, self._capacity_of_terrain, w.erosivity, w.erodibility, w.unit,
            self.coefficient_of_units(), self._potential, self._limit,
        )  # fmt: skip
        self._load[:] = 0.0
        self._carried[self._outside] = 0.0
        kernels.route_sediment(
            over_cells, cells, w.order, w.first_receiver, w.receivers, w.weights, w.is_soil, w.in_depression,
            self.trap, self._potential, self._limit, w.mineral, w.stocks, w.constituents.dry_mass_per_unit,
            self.enrichment, w.deposit_mineral, w.deposit, self._load, self._carried,
            self._eroded, self._deposited, self._net_mineral, self._net,
        )  # fmt: skip
        np.add(self.gross_erosion, self._eroded, out=self.gross_erosion, where=w.is_soil)
        np.add(self.gross_deposition, self._deposited, out=self.gross_deposition, where=w.is_soil)
        self._book()

    def _book(self) -> None:
        w, outside = self.watershed, self._outside
        w.ledger.book("water_erosion", "soil", self._net_mineral)
        w.ledger.book("water_erosion", "rows", self._net)
        self.exported[outside] += self._load[outside]
        exported = self._carried[outside].sum(axis=0) * w.cell_area
        w.ledger.export("water_erosion", "soil", float(exported[-1]))
        for group in w.constituents.groups:
            w.ledger.export("water_erosion", group, float(exported[w.constituents.of_group(group)].sum()))
