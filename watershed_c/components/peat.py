"""Peat: its net carbon balance follows the water table, and the surface sinks with what is lost."""

from __future__ import annotations

import math

import numpy as np

from watershed_c.components.base import Process
from watershed_c.constituents import CARBON_DIOXIDE_PER_CARBON
from watershed_c.kernels.peat import INTERCEPT, METHANE_WARMING, SLOPE, WET_DEPTH, exchange_peat
from watershed_c.kernels.subsurface_flow import water_table_depth
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed


class Peat(Process):
    """Debit the carbon that drained peat loses from its column, credit what wet peat gains, and move the surface.

    Runs after soil water. In these cells the pools do not turn over (``Decomposition(peat=...)``): the flux is the net
    balance of the ecosystem, plant input included, and is in place of decomposition and its input (coupling rule 27).

    Parameters
    ----------
    watershed : Watershed
    peat : (n,) bool, True or False
        Which nodes are peat.
    loss : (n,) kg C m-2 yr-1, any sign
        Net carbon loss that is known; NaN: by the water table.
    density : (n, L) kg C m-3, at least 0
        Carbon in a volume of peat: what its loss lowers the surface by. It stays.
    slope : float, kg C m-3 yr-1, at least 0
        Net carbon loss per mean depth of the water table. Default: Evans et al. (2021).
    intercept : float, kg C m-2 yr-1, any sign
        Of a water table at the surface. Default: Evans et al. (2021).
    methane : (n,) and (n,) kg CH4 m-2 yr-1, optional
        What peat gives off drained, and wet. It is counted, not taken from the column: the balance is that of CO2.
    wet_depth : float, m, at least 0
        Mean depth of the water table down to which it is wet. Default 0.20, a prior.
    slowest : int
        Place among the pools of the one that is all of the carbon of peat at the start of a run.

    Attributes
    ----------
    raised : (n,) m
        How far the surface of each node rose since the run began; negative: subsidence.

    Raises
    ------
    ValueError
        A parameter is out of range or of a wrong shape.

    Notes
    -----
    Equations: :func:`watershed_c.kernels.peat.exchange_peat`; docs/processes/peat.md.
    """

    _name = "Peat"
    _info = info(reads=("water", "field_capacity", "saturation"), changes=("stocks", "elevation"))
    _cite_as = """@article{evans2021,
        author = {Evans, C. D. and Peacock, M. and Baird, A. J. and Artz, R. R. E. and Burden, A. and others},
        title = {Overriding water table control on managed peatland greenhouse gas emissions},
        journal = {Nature}, volume = {593}, pages = {548--552}, year = {2021},
        doi = {10.1038/s41586-021-03523-1}}"""
    ledger_terms = {"peat_balance": Term("vertical", "Net carbon balance of peat")}
    transforms = ("soc",)
    changes_only = ("soc",)

    def __init__(
        self,
        watershed: Watershed,
        *,
        peat: np.ndarray,
        loss: np.ndarray,
        density: np.ndarray,
        slope: float = SLOPE,
        intercept: float = INTERCEPT,
        methane: tuple[np.ndarray, np.ndarray] | None = None,
        wet_depth: float = WET_DEPTH,
        slowest: int = 0,
    ) -> None:
        super().__init__(watershed)
        w, n = watershed, watershed.elevation.size
        if peat.shape != (n,) or peat.dtype != bool or loss.shape != (n,):
            raise ValueError(f"peat (bool) and loss must be of shape {(n,)}, are {peat.shape} and {loss.shape}")
        if density.shape != w.water.shape or not (density[w.cells] >= 0.0).all():
            raise ValueError(f"density must be at least 0 and of shape {w.water.shape}, is {density.shape}")
        if not 0.0 <= slope < math.inf or not math.isfinite(intercept):
            raise ValueError(f"slope must be at least 0 and intercept finite, are {slope} and {intercept}")
        self._pools = w.constituents.of_group("soc")
        if not 0 <= slowest < self._pools.size:
            raise ValueError(f"slowest must be 0 to {self._pools.size - 1}, is {slowest}")
        self.cells = w.cells[peat[w.cells]]
        self.slope, self.intercept = float(slope), float(intercept)
        self.slowest = int(self._pools[slowest])
        self._loss, self._density = loss, np.ascontiguousarray(density, dtype=np.float64)
        self._thickness = w.layer_bottom - w.layer_top
        #: (12, n) m yr and (12,) yr: depth of the water table of the last twelve months, times their length
        self._depths, self._months = np.zeros((12, n)), np.zeros(12)
        self.raised = np.zeros(n)
        self._depth, self._gained, self._raised = np.zeros((3, n))
        if not wet_depth >= 0.0:
            raise ValueError(f"wet_depth must be at least 0 m, is {wet_depth}")
        self._rates, self._wet_depth = methane, float(wet_depth)
        #: kg CH4 m-2 and kg C m-2 of net loss since the run began, means of the cells, and its years
        self._given = np.zeros(3)
        if methane is not None:
            w.methane = np.zeros(n)

    def memory(self) -> dict[str, np.ndarray]:
        """The water table of the last twelve months, and how far the surface rose."""
        held = {"depths": self._depths, "months": self._months, "raised": self.raised}
        return held if self.watershed.methane is None else held | {
            "given": self._given, "methane": self.watershed.methane
        }  # fmt: skip

    def start_afresh(self) -> None:
        """Forget the gases of before the run."""
        self._given[:] = 0.0

    def findings(self) -> dict[str, float]:
        """Mean and largest subsidence of peat, m; where methane is told, the gases of its mean cell."""
        if not self.cells.size:
            return {}
        sunk = -self.raised[self.cells]
        found = {"mean_subsidence": float(sunk.mean()), "largest_subsidence": float(sunk.max())}
        methane, carbon, years = self._given.tolist()
        if self.watershed.methane is not None and years > 0.0:
            per = 10.0 / years  # kg m-2 -> t ha-1 yr-1
            found["methane_t_ha_yr"] = per * methane
            found["carbon_dioxide_t_ha_yr"] = per * carbon * CARBON_DIOXIDE_PER_CARBON
            found["co2e_t_ha_yr"] = METHANE_WARMING * found["methane_t_ha_yr"] + found["carbon_dioxide_t_ha_yr"]
        return found

    def start_from(self, stocks: np.ndarray, substratum: np.ndarray) -> None:
        """Fill the cells of peat with measured carbon, all of it in one pool: the flux does not ask which.

        Parameters
        ----------
        stocks : (n, L), kg C m-2
        substratum : (n,), kg C per kg mineral
            Below the profile.
        """
        w, cells = self.watershed, self.cells
        w.stocks[np.ix_(cells, np.arange(stocks.shape[1]), self._pools)] = 0.0
        w.stocks[cells, :, self.slowest] = stocks[cells]
        w.substratum[np.ix_(cells, self._pools)] = 0.0
        w.substratum[cells, self.slowest] = substratum[cells]
        w.ledger.start_afresh()

    def go_on_from(self, held: dict[str, np.ndarray]) -> None:
        """Remember the water table of the last twelve months of another run (its :meth:`memory`) with all this peat."""
        depths = held.get("depths", np.zeros(0)).reshape(-1, self.raised.size)
        if depths.size and depths[:, self.cells].any(axis=0).all():
            self._depths[:, self.cells], self._months[:] = depths[:, self.cells], held["months"]

    def run_one_step(self, dt: float) -> None:
        """Exchange the carbon of ``dt`` yr, book it, and move the surface."""
        w, month = self.watershed, self.watershed.month
        water_table_depth(self.cells, w.water, w.field_capacity, w.saturation, self._thickness, self._depth)
        if w.month_begins:
            self._depths[month], self._months[month] = 0.0, 0.0
        self._depths[month] += dt * self._depth
        self._months[month] += dt
        np.divide(self._depths.sum(axis=0), self._months.sum(), out=self._depth)
        by_table = self.slope * self._depth + self.intercept
        over_cells(
            exchange_peat, self.cells, np.where(np.isnan(self._loss), by_table, self._loss), self._depth, w.layer_top,
            w.layer_bottom, self._density, int(self._pools[0]), self._pools.size, self.slowest, dt, w.stocks,
            self._gained, self._raised,
        )  # fmt: skip
        if w.methane is not None and self._rates is not None:
            drained, wet = self._rates
            given = dt * np.where(self._depth <= self._wet_depth, wet, drained)[self.cells]
            w.methane[self.cells] += given
            self._given += given.mean(), -self._gained[self.cells].mean(), dt
        w.ledger.book("peat_balance", "soc", self._gained)
        w.elevation[self.cells] += self._raised[self.cells]
        self.raised += self._raised
