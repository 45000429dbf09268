"""Gypsum and dolomite beside calcite: what dissolves and precipitates of them, and sulfate and magnesium in water."""

from __future__ import annotations

from typing import Any

import numpy as np

from watershed_c.components.sideways_solutes import SidewaysSolutes, terms_of
from watershed_c.constituents import DOLOMITE, DOLOMITE_LIME, GYPSUM, LIME_SIZES
from watershed_c.kernels.carbonate import GAS_EXCHANGE
from watershed_c.kernels.mineral_layers import (
    CALCIUM_PER_DOLOMITE_CARBON,
    CALCIUM_PER_SULFUR,
    CHARGE_PER_MAGNESIUM,
    CHARGE_PER_SULFUR,
    GYPSUM_DISSOLVED,
    MAGNESIUM_EXPORT,
    MAGNESIUM_PER_DOLOMITE_CARBON,
    SULFATE_EXPORT,
    mineral_step,
)
from watershed_c.kernels.soil_gas import SECONDS_PER_YEAR
from watershed_c.ledger import Term
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

#: solutes in the order of ``mineral_step``
SOLUTES = ("calcium", "dic", "strong_acid", "sulfate", "magnesium")


class Minerals:
    """What :class:`watershed_c.components.carbonate.Carbonate` does where there are gypsum or dolomite.

    Gypsum is at equilibrium in every step, and precipitates; dolomite dissolves at its own rate and does not.
    ``strong_acid`` has the sulfate among its anions and the magnesium among its bases: one charge balance.

    Parameters
    ----------
    watershed : Watershed
        Made with ``minerals=True, acid=True``, with the constituent row ``gypsum``; those of dolomite and of dolomitic
        lime where there is some.
    dolomite_size : float, m, 1e-6 to 0.1
        Diameter of the grains of dolomite of the soil. Default 50 um, coarse silt: a prior.

    Notes
    -----
    Equations: :func:`watershed_c.kernels.mineral_layers.mineral_step`. Of dolomitic lime no more can dissolve in a step
    than of limestone of its size, nor than its rate and the surface of grains in the middle of its size allow.
    """

    ledger_terms = {
        "gypsum_dissolved": Term("internal", "Gypsum dissolved less precipitated, with its calcium and sulfate"),
        "sulfate_leached": Term("lateral", "Sulfur of sulfate to the stream"),
        "magnesium_leached": Term("lateral", "Dissolved magnesium to the stream"),
        **terms_of("sulfate", "Sulfate"),
        **terms_of("magnesium", "Magnesium"),
    }

    def __init__(self, watershed: Watershed, *, dolomite_size: float = 5e-5) -> None:
        names = watershed.constituents.names
        if not (watershed.sulfate.size and watershed.strong_acid.size) or GYPSUM.name not in names:
            wrong = "gypsum and dolomite need the constituent gypsum and a watershed made with minerals=True, acid=True"
            raise ValueError(wrong)
        if not 1e-6 <= dolomite_size <= 0.1:
            raise ValueError(f"dolomite_size must be 1e-6 to 0.1 m, is {dolomite_size}")
        self.watershed = watershed
        self._gypsum = names.index(GYPSUM.name)
        sizes = {DOLOMITE.name: dolomite_size}
        sizes |= {row.name: size for row, size in zip(DOLOMITE_LIME, LIME_SIZES, strict=True)}
        self._names = [name for name in sizes if name in names]
        self._dolomite = np.array([names.index(name) for name in self._names], dtype=np.int64)
        self._sizes = np.array([sizes[name] for name in self._names])
        nodes = watershed.water.shape[0]
        self._traded, self._dolomite_dissolved = np.zeros((3, nodes)), np.zeros((self._dolomite.size, nodes))
        self._sideways = SidewaysSolutes(watershed, len(SOLUTES))

    def dissolve(
        self,
        dt: float,
        reacting: np.ndarray,
        calcite: tuple[Any, ...],
        carbon_dioxide: np.ndarray,
        buffer: np.ndarray,
        exchange: np.ndarray,
        lime_dissolved: np.ndarray,
    ) -> None:
        """Solve the water of a step of ``dt`` yr, and book what is of gypsum, dolomite, sulfate and magnesium.

        Parameters
        ----------
        reacting : (3,), share of each size of lime that may dissolve in the step
        calcite : arguments of ``mineral_step`` that are rows of carbonate, of acidity and of lime, and shares of that
        carbon_dioxide, buffer, exchange, lime_dissolved
            As ``mineral_step`` takes them.
        """
        w = self.watershed
        of_soil = np.ones(1 if DOLOMITE.name in self._names else 0)
        over_cells(
            mineral_step,
            w.cells,
            *calcite,
            self._gypsum,
            self._dolomite,
            np.concatenate((of_soil, reacting))[: self._dolomite.size],
            self._sizes,
            dt * SECONDS_PER_YEAR,
            w.stocks,
            w.mineral,
            w.calcium,
            w.dic,
            w.strong_acid,
            w.acid,
            w.sulfate,
            w.magnesium,
            w.groundwater_calcium,
            w.groundwater_dic,
            w.groundwater_acid,
            w.groundwater_sulfate,
            w.groundwater_magnesium,
            w.water,
            w.percolation,
            self._sideways.water(),
            w.groundwater,
            w.baseflow,
            w.temperature,
            w.layer_temperature,
            carbon_dioxide,
            buffer,
            w.ph,
            exchange,
            self._traded,
            lime_dissolved,
            self._dolomite_dissolved,
            self._sideways.carried,
        )
        self._book(exchange[GAS_EXCHANGE])

    def deliver(self) -> None:
        """Bring what left layers sideways where its water went."""
        for number, account in enumerate(SOLUTES):
            self._sideways.deliver(number, account, getattr(self.watershed, account))

    def _book(self, gas: np.ndarray) -> None:
        """Book what the step left; what weathering of dolomite takes up is taken off the other exchange of ``gas``."""
        ledger = self.watershed.ledger
        for name, carbon in zip(self._names, self._dolomite_dissolved, strict=True):
            gas -= carbon
            ledger.book("carbonic_acid_weathering", "dic", carbon)
            ledger.book("carbonate_dissolved", name, carbon, factor=-1.0)
            ledger.book("carbonate_dissolved", "dic", carbon)
            ledger.book("carbonate_dissolved", "calcium", carbon, factor=CALCIUM_PER_DOLOMITE_CARBON)
            ledger.book("carbonate_dissolved", "magnesium", carbon, factor=MAGNESIUM_PER_DOLOMITE_CARBON)
            charge = -MAGNESIUM_PER_DOLOMITE_CARBON * CHARGE_PER_MAGNESIUM
            ledger.book("carbonate_dissolved", "strong_acid", carbon, factor=charge)
        sulfur = self._traded[GYPSUM_DISSOLVED]
        ledger.book("gypsum_dissolved", "gypsum", sulfur, factor=-1.0)
        ledger.book("gypsum_dissolved", "sulfate", sulfur)
        ledger.book("gypsum_dissolved", "calcium", sulfur, factor=CALCIUM_PER_SULFUR)
        ledger.book("gypsum_dissolved", "strong_acid", sulfur, factor=CHARGE_PER_SULFUR)
        for account, row in (("sulfate", SULFATE_EXPORT), ("magnesium", MAGNESIUM_EXPORT)):
            left = ledger.book(f"{account}_leached", account, self._traded[row], factor=-1.0)
            ledger.export(f"{account}_leached", account, -left)
