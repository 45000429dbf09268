"""The soil column follows its surface, and soil animals mix it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from watershed_c.bedrock import Bedrock
from watershed_c.components.base import Process
from watershed_c.components.buried import stirred_in_place
from watershed_c.kernels.column_lanes import mix_diffusive
from watershed_c.kernels.column_remap import remap_columns
from watershed_c.kernels.soil_column import biodiffusive_exchange, lower_surface
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: m2 yr-1 at the surface, by land use: priors of this project, each log-uniform within a factor 3. Measured
#: with 137Cs on 33 Swedish sites: 0.06 to 2.63 cm2 yr-1 (Almgren & Isaksson 2006); CLM5 uses 1 cm2 yr-1.
BIODIFFUSIVITY = {"cropland": 0.5e-4, "grassland": 2.0e-4, "forest": 3.0e-4}

#: sets by name: m2 yr-1 at the surface by class of land use or everywhere, and e-folding depth, m. CLM5: Koven et al.
#: (2013), Biogeosciences 10, 7109; WATEM_C: its code (Wang et al. 2020), without its advection
MIXING: dict[str, tuple[dict[str, float] | float, float]] = {
    "land_use": (BIODIFFUSIVITY, 0.2), "clm5": (1.0e-4, np.inf), "watem_c": (0.09e-4, 1.0),
}  # fmt: skip
#: share of a layer that stands for none where its thickness divides
TINY = 1e-12
#: what moves soil changes where it ends at rock
CHANGING_REFERENCE = info(
    reads=("substratum",), changes=("mineral", "stocks", "deposit_mineral", "deposit", "elevation", "reference")
)

#: exchange between layers where columns are not mixed
UNMIXED = np.zeros((0, 0))

#: ledger terms of whatever brings columns back to their reference masses
SUBSTRATUM_TERMS = {
    "substratum_import": Term("substratum", "Soil from below the profile that erosion brings into it"),
    "burial_below_profile": Term("substratum", "Soil that deposition pushes below the profile"),
}


class Rebalancer:
    """Brings columns back to their reference masses, books the exchange and moves the surface.

    The surface is mass-based (coupling rule 7): a cell that imports mineral soil from below has lost as
    much from above, and is lower by that mass over the reference density of its top layer. Loosening,
    compaction and loss of organic matter do not move it. Where soil ends at rock the column becomes thinner
    instead, once nothing is left below it.
    """

    def __init__(self, watershed: Watershed) -> None:
        self._watershed = watershed
        # numbers that no process takes which calls it in the middle of its own work
        self._mineral, self._rows = watershed.work(7), watershed.work(2, "constituent")
        #: mineral soil that columns lost; where soil has no end, what they imported
        self._lost = self._mineral if watershed.bedrock is None else np.zeros(watershed.elevation.size)

    def run(self, cells: np.ndarray, exchange: np.ndarray = UNMIXED) -> None:
        """Remap the disturbed columns among ``cells``, then mix them by ``exchange`` (n, L - 1), kg m-2."""
        w = self._watershed
        if w.bedrock is not None:
            w.bedrock.settle(cells, w.mineral, w.deposit_mineral, self._lost)
        over_cells(
            remap_columns, cells, w.mineral, w.stocks, w.reference, w.deposit_mineral, w.deposit,
            w.substratum, w.constituents.group, w.constituents.parent, self._mineral, self._rows, exchange,
        )  # fmt: skip
        terms = ("substratum_import", "burial_below_profile")
        w.ledger.book(terms, "soil", self._mineral, cells=cells)
        w.ledger.book(terms, "rows", self._rows, cells=cells)
        over_cells(lower_surface, cells, self._lost, w.full_mass(), float(w.layer_bottom[0]), w.elevation)


def mixed_by_tillage(watershed: Watershed, exchange: np.ndarray, years: float) -> None:
    """Add to ``exchange`` (n, L - 1), kg m-2 yr-1, what tillage of this step mixes between layers, over ``years``."""
    w = watershed
    if not w.units.tillage:
        return
    rate = np.zeros((w.units.cover_factor.size, exchange.shape[1]))
    for event in w.units.tillage:
        rate[event.unit] += np.where(w.layer_bottom[:-1] < event.depth, event.efficiency / years, 0.0)
    tilled = np.flatnonzero((rate.sum(axis=1) > 0.0)[w.unit])
    mass = w.reference[tilled, :-1]
    if w.bedrock is not None:  # with layers that hold soil
        mass = mass * (w.reference[tilled, 1:] > 0.0)
    exchange[tilled] += rate[w.unit[tilled]] * mass


class SoilColumn(Process):
    """Bring disturbed columns back to their reference masses, then mix them by bioturbation.

    Parameters
    ----------
    watershed : Watershed
        Its reference masses must be filled before the first step, and stay.
    biodiffusivity : float or (n,) array, m2 yr-1, at least 0
        Diffusivity of soil at the surface. Default 0: nothing is mixed. ``BIODIFFUSIVITY`` has values by
        land use; 0.06 to 2.63 cm2 yr-1 were found with 137Cs (Almgren & Isaksson 2006).
    e_folding_depth : float, m, above 0
        Depth over which it falls by a factor e; infinite: constant. Default 0.2.
    changes : sequence of (month, nodes, values)
        Diffusivity (c,) that nodes (c,) have from that month on, counted since year 0; in order.

    Raises
    ------
    ValueError
        A parameter is out of range or of a wrong shape.
    """

    _name = "SoilColumn"
    _info = info(
        reads=("reference", "substratum"),
        changes=("mineral", "stocks", "deposit_mineral", "deposit", "elevation"),
    )
    _cite_as = """@article{colella1984,
        author = {Colella, Phillip and Woodward, Paul R.},
        title = {The piecewise parabolic method ({PPM}) for gas-dynamical simulations},
        journal = {Journal of Computational Physics}, volume = {54}, pages = {174--201}, year = {1984}}
    @article{vanleer1977,
        author = {van Leer, Bram},
        title = {Towards the ultimate conservative difference scheme {IV}},
        journal = {Journal of Computational Physics}, volume = {23}, pages = {276--299}, year = {1977}}
    """
    ledger_terms = SUBSTRATUM_TERMS

    def __init__(
        self,
        watershed: Watershed,
        *,
        biodiffusivity: float | np.ndarray = 0.0,
        e_folding_depth: float = 0.2,
        changes: Sequence[tuple[int, np.ndarray, np.ndarray]] = (),
    ) -> None:
        super().__init__(watershed)
        n = watershed.elevation.size
        values = np.asarray(biodiffusivity, dtype=np.float64)
        if values.shape not in ((), (n,)):
            raise ValueError(f"biodiffusivity must be one number or one per node ({n}), is {values.shape}")
        self.biodiffusivity = np.ascontiguousarray(np.broadcast_to(values, (n,)))
        self.changes = deque(changes)
        if self.changes:
            self.biodiffusivity = self.biodiffusivity.copy()
        used = self.biodiffusivity[watershed.cells]
        for values in (used, *(values for _, _, values in changes)):
            if values.size and not (np.isfinite(values).all() and values.min() >= 0.0):
                raise ValueError(f"biodiffusivity must be at least 0 m2 yr-1 in soil cells, has {values.min()}")
        if not e_folding_depth > 0.0:
            raise ValueError(f"e_folding_depth must be above 0 m, is {e_folding_depth}")
        self.e_folding_depth = float(e_folding_depth)
        if watershed.bedrock is not None:
            self._info = CHANGING_REFERENCE
        self._mixed = watershed.cells if (used > 0.0).all() else watershed.cells[used > 0.0]
        self._rebalancer = Rebalancer(watershed)
        self._exchange, self._step = UNMIXED, 0.0

    def exchange_rate(self) -> np.ndarray:
        """Soil exchanged by bioturbation between layers i and i + 1, (n, L - 1) kg m-2 yr-1; a new array."""
        w = self.watershed
        rate = np.zeros((w.elevation.size, w.layer_bottom.size - 1))
        if w.bedrock is not None:
            mixed, filled = self._mixed, np.maximum(w.bedrock.filled[self._mixed], TINY)
            bottom = w.layer_top + filled * (w.layer_bottom - w.layer_top)
            rate[mixed] = biodiffusive_exchange(
                filled * w.bedrock.full[mixed], w.layer_top, bottom, self.biodiffusivity[mixed],
                self.e_folding_depth, 1.0,
            )  # fmt: skip
            rate[mixed] *= w.reference[mixed, 1:] > 0.0
            return rate
        for mixed in np.array_split(self._mixed, 1 + self._mixed.size // 2**16):  # temporaries of a part at a time
            rate[mixed] = biodiffusive_exchange(
                w.reference[mixed], w.layer_top, w.layer_bottom, self.biodiffusivity[mixed],
                self.e_folding_depth, 1.0,
            )  # fmt: skip
        return rate

    def run_one_step(self, dt: float) -> None:
        """Remap, then mix over ``dt`` yr."""
        w, together = self.watershed, self.watershed.bedrock is None and self.watershed.memory_row < 0
        if together:  # in one pass
            self._set_exchange(dt)
        self._rebalancer.run(w.cells, self._exchange if together else UNMIXED)
        if w.bedrock is not None:
            self._weather(w.bedrock, dt)
        if not together:
            self._set_exchange(dt)
            if self._mixed.size:
                with stirred_in_place(w, self._mixed):
                    over_cells(mix_diffusive, self._mixed, w.mineral, w.stocks, self._exchange)

    def _set_exchange(self, dt: float) -> None:
        """Soil exchanged in a step, found anew where columns, diffusivity or the step change."""
        w = self.watershed
        while self.changes and self.changes[0][0] <= w.calendar_month:  # all of them when a run is resumed
            _, nodes, values = self.changes.popleft()
            self.biodiffusivity[nodes] = values
            self._mixed, self._step = w.cells[self.biodiffusivity[w.cells] > 0.0], 0.0
        if self._mixed.size == 0:
            self._exchange = UNMIXED
        elif dt != self._step or w.bedrock is not None:
            self._exchange, self._step = self.exchange_rate() * dt, dt

    def _weather(self, bedrock: Bedrock, dt: float) -> None:
        """Let rock give soil."""
        if bedrock.rate == 0.0 or bedrock.renewed:
            return
        w, made, rows = self.watershed, self.watershed.work(7), self.watershed.work(2, "constituent")
        bedrock.weather(w.cells, dt, w.substratum, w.mineral, w.stocks, made, rows)
        w.ledger.book("substratum_import", "soil", made)
        w.ledger.book("substratum_import", "rows", rows)

    def memory(self) -> dict[str, np.ndarray]:
        """Fine earth above the rock, where soil ends."""
        bedrock = self.watershed.bedrock
        return {} if bedrock is None else {"above_rock": bedrock.above}
