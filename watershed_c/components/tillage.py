"""Tillage: passes of implements that mix the tilled layer and carry soil down slope within fields."""

from __future__ import annotations

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.buried import stirred_in_place
from watershed_c.components.soil_column import SUBSTRATUM_TERMS, Rebalancer
from watershed_c.grid import COARSE_CELL
from watershed_c.kernels.soil_column import homogenise, turn_over
from watershed_c.kernels.tillage import translocate
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import TillageEvent, Watershed

#: share of the explicit limit of the diffusion equation that one part of a pass may use. The shortest wave is then
#: multiplied with 1 - 2 share (von Neumann analysis of the explicit scheme): up to 1/2 no wave changes its sign
STABLE_SHARE = 0.5
DIRECTIONS = ("up_and_down", "contour")
#: the most that is taken for a ratio of coefficients: De Alba et al. (2006) find displacement across the way of a
#: mouldboard plough to depend more on slope than that along it, Van Oost et al. (2006) less
LARGEST_RATIO = 5.0


class Tillage(Process):
    """Carry out the tillage passes that the calendar has queued in ``watershed.units.tillage``.

    The first pass of every unit is done on all its cells together, then the second, and so on. A pass
    brings the columns of its cells back to their reference masses (soil that water has just laid down is
    ploughed in), moves soil of the tilled layer, at its mean composition, from cell to cell of one field,
    brings the columns back again, so that subsoil comes into the plough layer where soil was lost, and
    mixes the tilled layer once.

    Parameters
    ----------
    watershed : Watershed
        Soil crosses no border between fields, none of a cell without a pass, and none where ``field`` < 0;
        such cells are mixed all the same.
    scale : float, 0 to 5
        Multiplies the transport coefficient of every pass. Default 1; 0: tillage mixes but moves nothing.
    direction : {"up_and_down", "contour"} or (n,), degrees clockwise from north
        Way of the implements: along the slope, for which the coefficients of implements were measured, along the
        contour, or by cell.
    across : float, 0 to 5
        Transport coefficient across the way of the implement over that along it. Along the contour all soil moves
        across the way; ``up_and_down`` does not use it.
    inverts : bool
        Implements lay the share of the tilled layer that their events say upside down, and mix no more than the rest.
        Default: they mix only.

    Raises
    ------
    ValueError
        ``scale`` or ``across`` is out of range; the direction is not known, or is no number on a cell with soil.

    Attributes
    ----------
    net_erosion : (n,) kg m-2
        Mineral soil lost by tillage since the start, negative where soil was gained.
    """

    _name = "Tillage"
    _info = info(
        reads=("reference", "substratum", "unit", "field"),
        changes=("mineral", "stocks", "deposit_mineral", "deposit", "elevation"),
    )
    _cite_as = """@article{govers1994,
        author = {Govers, G. and Vandaele, K. and Desmet, P. and Poesen, J. and Bunte, K.},
        title = {The role of tillage in soil redistribution on hillslopes},
        journal = {European Journal of Soil Science}, volume = {45}, pages = {469--478}, year = {1994}}
@article{dealba2006,
        author = {De Alba, S. and Borselli, L. and Torri, D. and Pellegrini, S. and Bazzoffi, P.},
        title = {Assessment of tillage erosion by mouldboard plough in {Tuscany} ({Italy})},
        journal = {Soil and Tillage Research}, volume = {85}, pages = {123--142}, year = {2006}}
    """
    ledger_terms = {
        "tillage_erosion": Term("lateral", "Soil moved by tillage: gained minus lost"),
        **SUBSTRATUM_TERMS,
    }

    def __init__(
        self,
        watershed: Watershed,
        *,
        scale: float = 1.0,
        direction: str | np.ndarray = "up_and_down",
        across: float = 1.0,
        inverts: bool = False,
    ) -> None:
        super().__init__(watershed)
        if not 0.0 <= scale <= 5.0:
            raise ValueError(f"scale must be 0 to 5, is {scale}")
        if not 0.0 <= across <= LARGEST_RATIO:
            raise ValueError(f"across must be 0 to {LARGEST_RATIO:g}, is {across}")
        self.scale, self.across, self.inverts = float(scale), float(across), bool(inverts)
        self._set_direction(direction)
        w = watershed
        if max(w.dx, w.dy) > COARSE_CELL:
            self.warnings.append(
                f"cells of {max(w.dx, w.dy):g} m (above {COARSE_CELL:g} m) lose the curvature that "
                "tillage erosion follows: it comes out too low"
            )
        n = w.elevation.size
        self.net_erosion, self._turned = np.zeros(n), np.zeros(n if inverts else 0)
        self._rebalancer = Rebalancer(w)
        self._depth_mass, self._efficiency, self._transport = w.work(0), w.work(1), w.work(2)
        self._field = w.work(8).view(np.int64)
        # 7 and 2 are those of the rebalancer: what they hold is used before it runs
        self._east, self._north, self._outflow = w.work(3), w.work(4), w.work(7)
        self._moved_mineral, self._moved = w.work(5), w.work(2, "constituent")
        self._net_mineral, self._net = w.work(6), w.work(0, "constituent")

    def _set_direction(self, direction: str | np.ndarray) -> None:
        self._along_x, self._along_y, self._by_way = np.zeros(0), np.zeros(0), 1.0
        if isinstance(direction, str):
            if direction not in DIRECTIONS:
                raise ValueError(f"direction must be one of {', '.join(DIRECTIONS)} or degrees, is {direction!r}")
            if direction == "contour":
                self._by_way = self.across
            return
        angle = np.asarray(direction, dtype=np.float64)
        unknown = int(np.isnan(angle[self.watershed.cells]).sum())
        if unknown:
            raise ValueError(f"direction is not known at {unknown} cells with soil")
        radians = np.radians(np.nan_to_num(angle))
        self._along_x, self._along_y = np.sin(radians), np.cos(radians)

    def memory(self) -> dict[str, np.ndarray]:
        """Cumulative map."""
        return {"net_erosion": self.net_erosion}

    def start_afresh(self) -> None:
        """Forget what was moved before the run began."""
        self.net_erosion[:] = 0.0

    @property
    def stores(self) -> tuple[str, ...]:
        """Soil, in the steps that have a pass."""
        return super().stores if self.watershed.units.tillage else ()

    def run_one_step(self, dt: float) -> None:
        """Do the passes of this step; they have dates, not rates, so ``dt`` does not enter."""
        passes: dict[int, list[TillageEvent]] = {}
        for event in self.watershed.units.tillage:
            passes.setdefault(event.unit, []).append(event)
        for number in range(max(map(len, passes.values()), default=0)):
            self._till([events[number] for events in passes.values() if number < len(events)])

    def _till(self, events: list[TillageEvent]) -> None:
        """One pass, of at most one implement in each unit."""
        w = self.watershed
        for values in (self._depth_mass, self._east, self._north, self._turned):
            values[:] = 0.0
        # by unit, then gathered: there may be a thousand of them
        thickness, units = w.layer_bottom - w.layer_top, w.units.cover_factor.size
        share, works = np.zeros((units, thickness.size)), np.zeros(units, dtype=bool)
        efficiency, transport, turned = np.zeros((3, units))
        for event in events:
            u, works[event.unit] = event.unit, True
            share[u] = np.clip((event.depth - w.layer_top) / thickness, 0.0, 1.0)
            efficiency[u], transport[u] = event.efficiency, event.transport * self.scale * self._by_way
            if self.inverts and event.inversion > 0.0:
                efficiency[u] = min(event.efficiency, 1.0 - event.inversion)
                # what is turned before the rest is mixed: (1 - mixed) turned = inversion
                turned[u] = event.inversion / (1.0 - efficiency[u])
        cells = w.cells[works[w.unit[w.cells]]]
        unit = w.unit[cells]
        self._depth_mass[cells] = np.einsum("ij,ij->i", w.full_mass()[cells], share[unit])
        self._efficiency[cells], self._transport[cells] = efficiency[unit], transport[unit]
        if self._turned.size:
            self._turned[cells] = turned[unit]
        tilled = w.cells[self._depth_mass[w.cells] > 0.0]
        if tilled.size == 0:
            return
        self._rebalancer.run(tilled)
        self._move(tilled)
        with stirred_in_place(w, tilled):
            if self._turned.size:
                over_cells(turn_over, tilled, self._depth_mass, self._turned, w.mineral, w.stocks)
            over_cells(homogenise, tilled, self._depth_mass, self._efficiency, w.mineral, w.stocks)

    def _move(self, tilled: np.ndarray) -> None:
        """Translocate, in as many parts as keep the explicit scheme from overshooting."""
        w = self.watershed
        self._field[:] = -1
        self._field[tilled] = w.field[tilled]
        density = w.full_mass()[tilled, 0] / w.layer_bottom[0]
        widest = max(1.0, self.across) if self._along_x.size else 1.0
        number = 2.0 * widest * float((self._transport[tilled] / density).max()) * (1.0 / w.dx**2 + 1.0 / w.dy**2)
        if number <= 0.0:
            return
        parts = int(np.ceil(number / STABLE_SHARE))
        self._transport[tilled] /= parts
        for _ in range(parts):
            translocate(
                tilled, w.shape[1], w.dx, w.dy, w.elevation, self._field, self._transport,
                self.across, self._along_x, self._along_y, self._depth_mass,
                w.mineral, w.stocks, w.constituents.dry_mass_per_unit, w.deposit_mineral, w.deposit,
                self._east, self._north, self._outflow, self._moved_mineral, self._moved,
            )  # fmt: skip
            self._net_mineral[tilled] = w.deposit_mineral[tilled] - self._moved_mineral[tilled]
            self._net[tilled] = w.deposit[tilled] - self._moved[tilled]
            w.ledger.book("tillage_erosion", "soil", self._net_mineral, cells=tilled)
            w.ledger.book("tillage_erosion", "rows", self._net, cells=tilled)
            self.net_erosion[tilled] -= self._net_mineral[tilled]
            self._rebalancer.run(tilled)
