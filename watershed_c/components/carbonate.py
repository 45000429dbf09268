"""Inorganic carbon: carbonate in the soil, CO2 in its air, and what water carries of both to the stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from watershed_c.components.atmosphere_and_stream import NO_DEPOSITION, Deposition, evade_from_stream
from watershed_c.components.base import Process
from watershed_c.components.carbonate_books import TERMS, book
from watershed_c.components.minerals import Minerals
from watershed_c.components.sideways_solutes import SidewaysSolutes
from watershed_c.constituents import LIME, LIME_REACTED
from watershed_c.kernels.acidity import NEUTRAL
from watershed_c.kernels.calcite import equilibrium_table
from watershed_c.kernels.carbonate import carbonate_step
from watershed_c.kernels.soil_gas import soil_carbon_dioxide
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import EXCHANGES, Watershed

#: yr in which the shares of ``LIME_REACTED`` have reacted
REACTION_YEARS = 2.0
_ROWS = ("sic_lithogenic", "sic_pedogenic")


class Carbonate(Process):
    """Dissolve and precipitate calcite in every layer; carry calcium and inorganic carbon to the stream.

    Runs after soil water and decomposition: takes percolation, baseflow and respired CO2 of the same step, and the
    strong acid that processes before it put in ``watershed.acid``, which it makes.

    Parameters
    ----------
    watershed : Watershed
        With the constituent rows ``sic_lithogenic`` and ``sic_pedogenic``; layers may be without carbonate. Made with
        ``acid=True`` where acid is deposited, or queued by a process, or held by exchange.
    root_respiration : float, >= 0
        Root respiration under plant cover as a multiple of heterotrophic respiration. It is not in the carbon
        balance, it only raises the CO2 of soil air. Default 0.85: roots are 45.8 % of soil respiration in the
        mean of forest studies (Hanson et al. 2000, Biogeochemistry 48, 115-146; elsewhere 60.4 %: 1.5).
    atmospheric_carbon_dioxide : float, ppm, 100 to 10000
        Default 420, the global mean of about 2023 (NOAA Global Monitoring Laboratory).
    maximum_carbon_dioxide : float, ppm, above the atmospheric and at most 1e6
        No higher value is used for soil air, where wet soil lets diffusion run away. Default 150000, a little above the
        largest value of a compilation of soils of the world, 13.0 % (Amundson & Davidson 1990, J. Geochem. Explor. 38,
        13-41).
    buffer_capacity : (n, L) mol charge per kg mineral and pH, optional
        Of the exchange where there is no carbonate; needs the row ``acidity``. Default: acid is not held.
    ph : (n,), optional
        pH at the start, until the first step has found it.
    keep_ph : bool
        Whether ``watershed.ph`` is kept. Default: it is.
    deposition : Deposition
        What comes with rain and dust. Default: nothing.
    stream_carbon_dioxide : float, ppm, 100 to 1e5, optional
        CO2 that water in the stream comes to on its way to the outlet; the carbon it gives off then is told apart from
        the exports. Default: it keeps what it has.
    minerals : Minerals, optional
        Gypsum and dolomite. Default: none.

    Notes
    -----
    Equations: :func:`watershed_c.kernels.carbonate.carbonate_step`,
    :func:`watershed_c.kernels.soil_gas.soil_carbon_dioxide`. Dissolution is at equilibrium in every
    step; of lime at most ``1 - (1 - r)^(dt / 2 yr)`` can dissolve, with r what has reacted in two years.
    """

    _name = "Carbonate"
    _info = info(
        reads=(
            "temperature",
            "unit",
            "water",
            "saturation",
            "percolation",
            "groundwater",
            "baseflow",
            "respired",
        ),
        changes=(
            *("stocks", "dic", "calcium"),
            *("groundwater_dic", "groundwater_calcium"),
        ),
        may_change=(
            *("strong_acid", "groundwater_acid"),
            *("sulfate", "magnesium", "groundwater_sulfate", "groundwater_magnesium"),
        ),
    )
    _cite_as = """
    @article{plummer1982solubilities,
      author = {Plummer, L. Niel and Busenberg, Eurybiades},
      title = {The solubilities of calcite, aragonite and vaterite in {CO2-H2O} solutions},
      journal = {Geochimica et Cosmochimica Acta}, volume = {46}, pages = {1011--1040}, year = {1982}
    }
    """
    changes_only = ("sic", "acidity", "gypsum")
    ledger_terms = {**TERMS, **Deposition.ledger_terms, **Minerals.ledger_terms}

    def __init__(
        self,
        watershed: Watershed,
        *,
        root_respiration: float = 0.85,
        atmospheric_carbon_dioxide: float = 420.0,
        maximum_carbon_dioxide: float = 150_000.0,
        buffer_capacity: np.ndarray | None = None,
        ph: np.ndarray | None = None,
        keep_ph: bool = True,
        deposition: Deposition = NO_DEPOSITION,
        stream_carbon_dioxide: float | None = None,
        minerals: Minerals | None = None,
    ) -> None:
        super().__init__(watershed)
        names = watershed.constituents.names
        missing = [row for row in _ROWS if row not in names]
        if missing:
            raise ValueError(
                f"carbonate needs the constituents {', '.join(missing)}; the soil has {', '.join(names)}"
            )
        if not root_respiration >= 0.0:
            raise ValueError(f"root_respiration must not be negative, is {root_respiration}")
        if not 100.0 <= atmospheric_carbon_dioxide <= 10_000.0:
            raise ValueError(
                f"atmospheric_carbon_dioxide must be 100 to 10000 ppm, is {atmospheric_carbon_dioxide}"
            )
        if not atmospheric_carbon_dioxide < maximum_carbon_dioxide <= 1e6:
            raise ValueError(
                f"maximum_carbon_dioxide must be above the atmosphere's and at most 1e6 ppm, "
                f"is {maximum_carbon_dioxide}"
            )
        if stream_carbon_dioxide is not None and not 100.0 <= stream_carbon_dioxide <= 1e5:
            raise ValueError(f"stream_carbon_dioxide must be 100 to 1e5 ppm, is {stream_carbon_dioxide}")
        if not watershed.strong_acid.size and (deposition.acid > 0.0 or buffer_capacity is not None):
            raise ValueError("acid that is deposited or held by exchange needs a watershed made with acid=True")
        self.root_respiration = float(root_respiration)
        self.deposition, self.minerals = deposition, minerals
        self.stream = None if stream_carbon_dioxide is None else stream_carbon_dioxide * 1e-6
        self.ambient = atmospheric_carbon_dioxide * 1e-6
        self.ceiling = maximum_carbon_dioxide * 1e-6
        self._rows = tuple(watershed.constituents.index(row) for row in _ROWS)
        self._acidity = -1
        self._capacity, self._buffer = buffer_capacity, np.zeros((0, watershed.water.shape[1]))
        if buffer_capacity is not None:
            self._acidity = names.index("acidity")
            self._buffer = np.ascontiguousarray(buffer_capacity * watershed.reference)
        limes = [row.name for row in LIME if row.name in names]
        self._lime = np.array([names.index(name) for name in limes], dtype=np.int64)
        self._lime_dissolved = np.zeros((len(limes), watershed.water.shape[0]))
        self._thickness = watershed.layer_bottom - watershed.layer_top
        #: (n, L) atm, CO2 of soil air in this step, until another process runs
        self.carbon_dioxide = watershed.work(0, "layer")
        self._equilibria = equilibrium_table()
        self._sideways = SidewaysSolutes(watershed, 3 if minerals is None else 0)
        watershed.acid = np.zeros_like(watershed.strong_acid)
        watershed.ph = np.zeros(watershed.water.shape if keep_ph else (0, watershed.water.shape[1]))
        if keep_ph:
            watershed.ph[:] = NEUTRAL if ph is None else ph[:, None]
        self._has_acid = False
        # by kind first, so that it is booked without copies
        self._exchange = watershed.work(1, "exchange").reshape(EXCHANGES, -1)

    def memory(self) -> dict[str, np.ndarray]:
        """pH of layers, where it is kept."""
        return {"ph": self.watershed.ph} if self.watershed.ph.size else {}

    def run_one_step(self, dt: float) -> None:
        """Solve soil air, then water, of one step, ``dt`` in yr, and book what moved."""
        w = self.watershed
        self.deposition.bring(w, self._rows[0], dt)
        self._has_acid = any(values.any() for values in (w.acid, w.strong_acid, w.groundwater_acid))
        if self._capacity is not None and w.bedrock is not None:  # layers on rock do not keep their mass
            np.multiply(self._capacity, w.reference, out=self._buffer)
        cover = w.by_rows(np.ascontiguousarray(w.units.plant_cover, dtype=np.float64), layered=False)
        roots = w.by_rows(np.ascontiguousarray(w.units.root_fraction, dtype=np.float64))
        over_cells(
            soil_carbon_dioxide,
            w.cells,
            w.respired,
            self.root_respiration,
            cover,
            roots,
            w.rows_of_units(),
            dt,
            w.as_full(w.water),
            w.as_full(w.saturation),
            self._thickness,
            w.temperature,
            w.layer_temperature,
            self.ambient,
            self.ceiling,
            self.carbon_dioxide,
        )
        reacting = 1.0 - (1.0 - np.array(LIME_REACTED)) ** (dt / REACTION_YEARS)
        calcite = (*self._rows, self._acidity, self._lime, reacting[: self._lime.size])
        if self.minerals is not None:
            taken = self.carbon_dioxide, self._buffer, self._exchange, self._lime_dissolved
            self.minerals.dissolve(dt, reacting, calcite, *taken)
        else:
            self._dissolve(calcite)
        self._has_acid |= self._acidity >= 0 or self.minerals is not None
        book(w.ledger, self._exchange, self._lime_dissolved, self._has_acid, self._acidity >= 0)
        if self.minerals is not None:
            self.minerals.deliver()
        else:
            self._sideways.deliver(0, "calcium", w.calcium)
            self._sideways.deliver(1, "dic", w.dic)
            if self._has_acid:
                self._sideways.deliver(2, "strong_acid", w.strong_acid)
        if self.stream is not None:
            evade_from_stream(w, self.stream)

    def _dissolve(self, calcite: tuple[Any, ...]) -> None:
        """Solve water that has calcite alone; ``calcite``: rows, and shares of lime, as the kernel takes them."""
        w = self.watershed
        over_cells(
            carbonate_step,
            w.cells,
            *calcite,
            w.stocks,
            w.mineral,
            w.calcium,
            w.dic,
            w.strong_acid,
            w.acid,
            w.groundwater_calcium,
            w.groundwater_dic,
            w.groundwater_acid,
            w.water,
            w.percolation,
            self._sideways.water(),
            w.groundwater,
            w.baseflow,
            w.temperature,
            w.layer_temperature,
            self.carbon_dioxide,
            *self._equilibria,
            self._buffer,
            w.ph,
            self._exchange,
            self._lime_dissolved,
            *self._sideways.carried,
        )
