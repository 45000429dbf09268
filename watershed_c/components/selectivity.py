"""Which of the constituents leave with eroded soil, and by how much more than their share (coupling rule 21)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.components.running_year import RunningYear
from watershed_c.kernels import enrichment as kernels
from watershed_c.kernels import particle_classes as classes
from watershed_c.kernels.sediment import Selectivity, Transit
from watershed_c.parallel import along_flow, over_cells
from watershed_c.state import Watershed

CARRIERS = ("particulate", "mineral", "char", "bulk")
#: laws, and the time over which each counts what is lost
LAWS = {"menzel_1980": "year", "swat": "none", "watem_c": "year"}
#: largest enrichment ratio: the range of reviews (Lal 2020)
LARGEST_RATIO = 12.0


def constant_ratios(watershed: Watershed, by_carrier: Mapping[str, float]) -> np.ndarray:
    """Enrichment ratio of each row (K); a row that has a parent keeps its ratio to it.

    Raises
    ------
    ValueError
        Not a carrier, or a ratio below 0.
    """
    unknown = set(by_carrier) - set(CARRIERS)
    if unknown:
        raise ValueError(f"enrichment is by carrier ({', '.join(CARRIERS)}), not {', '.join(sorted(unknown))}")
    for carrier, ratio in by_carrier.items():
        if not (np.isfinite(ratio) and ratio >= 0.0):
            raise ValueError(f"enrichment of {carrier} must be at least 0, is {ratio}")
    table = watershed.constituents
    ratios = np.array([float(by_carrier.get(row.carrier, 1.0)) for row in table.rows])
    for row, parent in enumerate(table.parent):
        if parent >= 0:
            ratios[row] = ratios[parent]
    return ratios


def organic_rows(watershed: Watershed) -> np.ndarray:
    """Rows of organic carbon and of what is a ratio to them, (K) bool."""
    table = watershed.constituents
    chosen = np.array([row.group == "soc" for row in table.rows], dtype=np.bool_)
    for row, parent in enumerate(table.parent):
        if parent >= 0:
            chosen[row] = chosen[parent]
    return chosen


#: where each carrier is among the classes of particles
HOMES = {
    "particulate": classes.IN_AGGREGATES, "char": classes.IN_AGGREGATES, "mineral": classes.WITH_CLAY,
    "bulk": classes.BY_MASS, "soil": classes.BY_MASS, "clay": classes.CLAY, "silt": classes.SILT, "sand": classes.SAND,
}  # fmt: skip


class SizeClasses:
    """Sediment in the particle classes of Foster et al. 1985, which settle by their fall velocity.

    Particulate carbon is in large aggregates, mineral-associated carbon where clay is, what soil carries as a whole in
    all classes by mass; a row that has a parent is where its parent is.

    Parameters
    ----------
    watershed : Watershed
        With the rows of ``constituents.TEXTURE``.

    Raises
    ------
    ValueError
        It has no texture.
    """

    def __init__(self, watershed: Watershed) -> None:
        table = watershed.constituents
        texture = table.of_group("texture")
        if texture.size == 0:
            raise ValueError("size_classes needs the texture of the soil among its constituents")
        self.watershed, self._texture = watershed, int(texture[0])
        self._home = np.array([HOMES[row.carrier] for row in table.rows], dtype=np.int64)
        for row, parent in enumerate(table.parent):
            if parent >= 0:
                self._home[row] = self._home[parent]
        self._velocity = classes.fall_velocities()
        n, columns = watershed.elevation.size, len(table) + 1
        self._carried = np.zeros((n, self._velocity.size, columns))

    def route(
        self, trap: bool, kept: np.ndarray, potential: np.ndarray, capacity: np.ndarray, transit: Transit | None,
        eroded: np.ndarray, deposited: np.ndarray, net_mineral: np.ndarray, net: np.ndarray,
        load: np.ndarray, carried: np.ndarray,
    ) -> None:  # fmt: skip
        """The pass of ``route_sediment``; ``load`` and ``carried`` have what enters nodes that are not soil."""
        w = self.watershed
        self._carried[:] = 0.0
        nothing = Transit(np.zeros(0, dtype=np.int64), 0.0, np.zeros((0, net.shape[1])))
        along_flow(
            w.parts, classes.route_classes, w.order, w.first_receiver, w.receivers, w.weights, w.is_soil,
            w.in_depression, trap, kept, potential, capacity, w.mineral, w.stocks, w.constituents.dry_mass_per_unit,
            self._home, self._texture, self._velocity, *(transit or nothing), w.deposit_mineral, w.deposit,
            self._carried, eroded, deposited, net_mineral, net,
        )  # fmt: skip
        outside = ~w.is_soil
        carried[outside] = self._carried[outside].sum(axis=1)
        load[outside] = carried[outside, -1] + carried[outside, :-1] @ w.constituents.dry_mass_per_unit


class EnrichmentLaw:
    """Enrichment of organic carbon by a law of what each cell loses.

    Parameters
    ----------
    watershed : Watershed
    law : str
        Of ``LAWS``.
    eroded : (n,) kg m-2
        Where the pass writes what each cell detaches.
    events_per_year : float, above 0, optional
        Erosive events, which share the yearly rate evenly: with it ``menzel_1980`` is of one event, not of a year.
    largest : float, at least 1

    Raises
    ------
    ValueError
        Unknown law, or a number out of its range.
    """

    def __init__(
        self,
        watershed: Watershed,
        law: str,
        eroded: np.ndarray,
        *,
        events_per_year: float | None = None,
        largest: float = LARGEST_RATIO,
    ) -> None:
        if law not in LAWS:
            raise ValueError(f"enrichment law must be one of {', '.join(LAWS)}, is {law!r}")
        if events_per_year is not None and not events_per_year > 0.0:
            raise ValueError(f"events_per_year must be above 0, is {events_per_year}")
        if not largest >= 1.0:
            raise ValueError(f"the largest enrichment ratio must be at least 1, is {largest}")
        self.watershed, self.law, self.largest = watershed, law, largest
        self.events_per_year = events_per_year
        n = watershed.elevation.size
        self.ratio, self._eroded, self._amount = np.ones(n), eroded, np.zeros(n)
        by_year = LAWS[law] == "year" and events_per_year is None
        self.year = RunningYear(n) if by_year else None
        self._dt = 0.0

    def selectivity(self, dt: float) -> Selectivity:
        """For a pass of ``dt`` yr."""
        self._dt = dt
        rows = organic_rows(self.watershed)
        return Selectivity(np.ones(rows.size), rows, self.ratio, self._judge)

    def _judge(self) -> None:
        """Write the ratio of each cell by what it detaches in this pass."""
        w, law = self.watershed, self.law
        if law == "swat":
            scale, power = kernels.SWAT
            over_cells(
                kernels.by_concentration, w.cells, scale, power, self._eroded, w.runoff, self.largest, self.ratio
            )  # fmt: skip
            return
        amount = self._amount
        if self.year is not None:
            np.multiply(self._eroded, w.is_soil, out=amount)  # elsewhere it holds what another process left
            self.year.add(w.month, w.month_begins, 12.0 * self._dt, amount, amount)
        else:
            assert self.events_per_year is not None
            np.divide(self._eroded, self._dt * self.events_per_year, out=amount)
        if law == "watem_c":
            scale, depth = kernels.WATEM_C
            over_cells(
                kernels.by_lowering, w.cells, scale, depth, amount, w.bulk_density, self.largest, self.ratio
            )  # fmt: skip
        else:
            intercept, slope = kernels.MENZEL_1980
            over_cells(kernels.by_amount, w.cells, intercept, slope, amount, self.largest, self.ratio)
