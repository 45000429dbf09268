"""Any Landlab component as a process of the loop: what its change of the surface means is said, never guessed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.find_component import make_component, problem
from watershed_c.components.link_flux import LinkFlux
from watershed_c.components.soil_column import SUBSTRATUM_TERMS
from watershed_c.errors import ModelFailure
from watershed_c.ledger import Term
from watershed_c.names import STATE, info
from watershed_c.state import Watershed

#: fields of ours that the wrapper itself changes, by what a change of elevation means
_CHANGES = {
    "refuse": info(),
    "uplift": info(changes=("elevation",)),
    "flux": info(
        reads=("reference", "substratum"),
        changes=("mineral", "stocks", "deposit_mineral", "deposit", "elevation"),
    ),
}
#: largest difference between the change of elevation and the divergence of the published flux, as a share of
#: the largest change: a component that divides its step publishes the flux of the last part only
FLUX_TOLERANCE = 1e-3


class ForeignComponent(Process):
    """Run a Landlab component of others on the same grid, once a step.

    It is given the length of the step in years: its parameters must be per year, whatever its ``_info`` says of
    seconds. It reads and writes fields of the grid. Soil, water and solutes it may not change (the ledger would
    not close); a change of elevation is dealt with by coupling rule 8.

    Parameters
    ----------
    watershed : Watershed
    import_path : str
        ``package.module:Class``, e.g. ``landlab.components:LinearDiffuser``.
    params : mapping
        Keyword parameters of the component; metres and years.
    name : str
        In the ledger and in messages. Default: the name of the class.
    elevation_change : {"refuse", "uplift", "flux"}
        What a change of elevation means. *refuse*: an error, the run stops. *uplift*: land moves and its soil with
        it. *flux*: soil moves, as ``flux_field`` says; elevation ends where the moved mass says.
    flux_field : str
        For *flux*: link field of the component, soil volume per unit width, m2 yr-1, positive from tail to head.

    Attributes
    ----------
    component : landlab.Component
    net_erosion : (n,) kg m-2
        Mineral soil lost through the component since the start, negative where soil was gained.

    Raises
    ------
    ScenarioError
        There is no such component; it refuses its parameters or lacks a field; its flux field does not fit.
    ValueError
        ``elevation_change`` is unknown or does not go with ``flux_field``.

    Notes
    -----
    Through a face of width b the flux q carries in dt the mineral mass :math:`q\\,b\\,\\Delta t\\,\\rho`;
    :math:`\\rho` is the reference mineral mass of the donor's top layer over its thickness. It is taken from the
    top of the donor with all it carries, at most the whole column. Nodes without soil give none.
    """

    _name = "ForeignComponent"
    _info = _CHANGES["flux"]

    def __init__(
        self,
        watershed: Watershed,
        *,
        import_path: str,
        params: Mapping[str, Any] | None = None,
        name: str = "",
        elevation_change: str = "refuse",
        flux_field: str = "",
    ) -> None:
        if elevation_change not in _CHANGES:
            raise ValueError(f"elevation_change must be one of {', '.join(_CHANGES)}, is {elevation_change!r}")
        moves = elevation_change == "flux"
        if moves != bool(flux_field):
            raise ValueError('flux_field goes with elevation_change = "flux", and only with it')
        self._name = name or import_path.rpartition(":")[2]
        if moves:  # one class wraps many components: the term is the instance's
            term = Term("lateral", f"Soil moved by {import_path}: gained minus lost")
            self.ledger_terms = {self._name: term, **SUBSTRATUM_TERMS}  # type: ignore[misc]
        super().__init__(watershed)
        self.elevation_change, self.flux_field = elevation_change, flux_field
        self._before = watershed.elevation.copy()
        self.component = make_component(import_path, watershed.grid, params or {})
        if not np.array_equal(self._before, watershed.elevation, equal_nan=True):
            raise problem(import_path, "changes topographic__elevation when it is made, before any step.")
        contract = self.component._info
        self._info = {**contract, **_CHANGES[elevation_change]}
        self._cite_as = self.component._cite_as
        self._takes_dt = bool(inspect.signature(self.component.run_one_step).parameters)
        if self._takes_dt and not self.component._unit_agnostic:
            self.warnings.append(f"{self._name} has units of its own; it is given its time step in years")
        written = {field for field, record in contract.items() if "out" in record["intent"]}
        written.add(STATE["elevation"].name)
        #: our fields among them, by attribute: it must write them in place
        self._ours = {attribute: record.name for attribute, record in STATE.items() if record.name in written}
        self._own = [(str(contract[field]["mapping"]), field) for field in written - set(self._ours.values())]
        self.net_erosion = np.zeros(self._before.size)
        if moves:
            self._check_flux(import_path)
            self._flux = LinkFlux(watershed, self._name)

    def _check_flux(self, import_path: str) -> None:
        contract, field = self.component._info, self.flux_field
        if field not in self.grid.at_link:
            known = ", ".join(name for name, record in contract.items() if record["mapping"] == "link") or "none"
            raise problem(import_path, f"has no link field {field}.", f"Its link fields: {known}.")
        units = str(contract.get(field, {}).get("units", "m2/yr"))
        if not units.replace("**", "").replace("^", "").startswith("m2/"):
            raise problem(import_path, f"has {field} in {units}; soil flux is volume per unit width, m2 per year.")

    def memory(self) -> dict[str, np.ndarray]:
        """Cumulative map, and the component's fields that are not the model's."""
        own = {f"{at}.{field}": self.grid[at][field] for at, field in self._own if field in self.grid[at]}
        return {"net_erosion": self.net_erosion, **own}

    def start_afresh(self) -> None:
        """Forget the cumulative map."""
        self.net_erosion[:] = 0.0

    def run_one_step(self, dt: float) -> None:
        """Run the component for ``dt`` yr and deal with what it did to the surface."""
        w = self.watershed
        if self.elevation_change == "flux":
            self._flux.rebalancer.run(w.cells)  # what was just laid down is top soil now
        self._before[:] = w.elevation
        try:
            self.component.run_one_step(*((dt,) if self._takes_dt else ()))
        except Exception as error:  # of others: say whose
            raise self._failure(f"{type(error).__name__}: {error}") from error
        for attribute, field in self._ours.items():
            if not np.shares_memory(w.grid.at_node[field], getattr(w, attribute)):
                raise self._failure(f"it replaced the array of {field}; it must change values in place")
        change = np.where(np.isnan(self._before), 0.0, w.elevation - self._before)
        if not np.isfinite(change).all():
            raise self._failure("elevation is no longer a finite number", int(np.argmin(np.isfinite(change))))
        if self.elevation_change == "flux":
            self._move(change, dt)
        elif self.elevation_change == "refuse" and change.any():
            worst = int(np.argmax(np.abs(change)))
            what = 'say in elevation_change whether that is "uplift" of the land or a "flux" of soil'
            raise self._failure(f"it changed elevation by {change[worst]:.3g} m; {what}", worst)

    def _move(self, change: np.ndarray, dt: float) -> None:
        """Move the soil of the published flux, if that explains the (n,) m change of the surface."""
        w, flux = self.watershed, self._flux
        thickness = flux.thickness(w.grid.at_link[self.flux_field], dt)
        expected = flux.gain(thickness)
        gap = np.where(w.active, np.abs(change - expected), 0.0)
        worst = int(np.argmax(gap))
        round_off = 8.0 * np.finfo(np.float64).eps * float(np.abs(self._before[w.active]).max())
        if not gap[worst] <= FLUX_TOLERANCE * float(np.abs(change[w.active]).max()) + round_off:
            raise self._failure(
                f"elevation changed by {change[worst]:.6g} m, {self.flux_field} explains {expected[worst]:.6g} m"
                f" (tolerance {FLUX_TOLERANCE:g} of the largest change): it moves more than this flux, or divides"
                " the step and publishes the last part; a smaller diffusivity or larger cells make one part enough",
                worst,
            )
        w.elevation[:] = self._before
        self.net_erosion[w.cells] += flux.carry(thickness)[w.cells]

    def _failure(self, message: str, node: int | None = None) -> ModelFailure:
        ledger = self.watershed.ledger
        if node is not None:
            row, column = divmod(node, self.watershed.shape[1])
            message += f" (row {row}, column {column})"
        return ModelFailure(message, step=ledger.label or ledger.step, process=self._name, cell=node)
