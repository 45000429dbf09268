"""Profiles at points: what is kept of every layer there, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watershed_c.constituents import TRACERS
from watershed_c.isotopes import permil
from watershed_c.state import Watershed

#: isotope of carbon -> how its difference from the standard is called
DELTAS = {"c14": ("Delta14C of", ""), "c13": ("delta13C of", ", VPDB,")}


#: values at nodes, (points, L)
Reading = Callable[[list[int]], np.ndarray]


@dataclass(frozen=True)
class Profile:
    """A variable of layers.

    Attributes
    ----------
    meaning, unit : str
    read : Reading
    """

    meaning: str
    unit: str
    read: Reading


def profiles_of(watershed: Watershed) -> dict[str, Profile]:
    """Profiles of a watershed by name: carbon, tracers, and isotopes where they are followed."""
    w, table = watershed, watershed.constituents

    def stock(group: str) -> Reading:
        rows = table.of_group(group)
        return lambda nodes: np.asarray(w.stocks[nodes][:, :, rows].sum(axis=2))

    def dissolved(name: str) -> Reading:
        return lambda nodes: np.asarray(getattr(w, name)[nodes])

    def delta(twin: Reading, of: Reading) -> Reading:
        def read(nodes: list[int]) -> np.ndarray:
            amount, carbon = twin(nodes), of(nodes)
            return permil(np.divide(amount, carbon, out=np.full_like(amount, np.nan), where=carbon > 0.0))

        return read

    carbon = stock("soc")
    found = {
        "soc": Profile("soil organic carbon", "kg m-2", carbon),
        "sic": Profile("soil inorganic carbon", "kg m-2", stock("sic")),
    }
    for row in table.rows:
        if row.name in TRACERS:
            found[row.name] = Profile(row.long_name, f"{row.unit} m-2", stock(row.group))
    for isotope, (before, after) in DELTAS.items():
        if isotope in table.groups:
            meaning = f"{before} soil organic carbon{after}"
            found[f"delta_{isotope}"] = Profile(meaning, "1e-3", delta(stock(isotope), carbon))
        if isotope in w.dissolved_isotopes:
            meaning = f"{before} dissolved organic carbon and what is sorbed of it{after}"
            read = delta(dissolved(f"doc_{isotope}"), dissolved("doc"))
            found[f"doc_delta_{isotope}"] = Profile(meaning, "1e-3", read)
    return found
