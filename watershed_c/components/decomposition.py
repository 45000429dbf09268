"""Turnover of soil organic carbon in every layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from watershed_c.components.base import Process
from watershed_c.components.buried import remember
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.components.rate_environment import Environment, LayerByLayer, SharedDeficit
from watershed_c.components.released_nitrogen import follow_nitrogen
from watershed_c.components.tracers import RADIOACTIVE_DECAY
from watershed_c.kernels.decomposition import decompose, decompose_by_series
from watershed_c.kernels.rate_factors import follow_material
from watershed_c.kernels.rate_modifiers import DEPTH_SCALE, depth_shares
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.ledger import Term
from watershed_c.names import info
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed

if TYPE_CHECKING:
    from watershed_c.pools import CompiledPoolModel

MOISTURE = ("official", "layered")
BURIED = ("depth", "material")


class Decomposition(Process):
    """Decay the pools of a carbon model, respire, make DOC, and add the input that cropping queued.

    Runs after climate, cropping and soil water of the same step, and before dissolved carbon. It also keeps
    the topsoil moisture deficit.

    Parameters
    ----------
    watershed : Watershed
        Its constituents hold the model's pools as consecutive rows of the group ``soc``; ``units.inputs`` has
        as many pools.
    model : CompiledPoolModel
        Clay is the watershed's own; other properties that it needs are given in ``properties``.
    depth_scale : float, m, at least 0.01
        Depth over which rates fall to 1/e below the calibration depth of the model. Default 0.303: 1 / (3.30
        m-1) of WATEM_C (its default r_exp). ``math.inf``: no decline.
    doc_fraction : float, 0 to 1
        Share of what would be respired that becomes dissolved organic carbon. Default 0, as official RothC
        has it; above 0 dissolved carbon must take it up.
    moisture : {"official", "layered"}
        Of models with RothC's moisture law. *official*: soil above the calibration depth has RothC's shared topsoil
        deficit, soil below it the water of its own layer on the same ramp. *layered*: every layer has its own water.
        Without ``wet_end`` saturated soil is not slowed in either. Models with another law always have the water of
        each layer.
    wet_end : {"", "skopp", "daycent"}
        Oxygen limb with *layered*: see :class:`watershed_c.components.rate_environment.SharedDeficit`.
    topsoil : TopsoilMoisture, optional
        Of models with RothC's moisture law: which program's deficit and ramp; default RothC-26.3. What it needs beside
        clay (``silt`` and ``organic_carbon`` in %, ``bulk_density`` in g cm-3, of the topsoil) is in ``properties``.
    buried : {"depth", "material"}
        Two end members for soil that was moved (coupling rule 12). *depth*: it takes the depth factor of where it lies.
        *material*: it keeps the one of where it lay when the component was made; the soil must have the constituent
        ``MEMORY``, which is filled here.
    scheme : str
        One of ``watershed_c.pools.compiled.SCHEMES``; default the model's own.
    properties : mapping name -> (n,)
        What the model wants to know of the soil beside clay, in its units.
    twins : IsotopeTwins, optional
        14C and 13C of the pools.
    peat : (n,) bool, optional
        Nodes whose carbon is not turned over here and whose plant input does not enter: another process has their net
        balance (coupling rule 27). Default: none.

    Attributes
    ----------
    cells : (c,) int64
        Nodes whose pools turn over.
    coefficients : (n, E)
        Transfer coefficients of each cell.
    rates : (P, n) or (P, 1), yr-1
    modifier : (n, L, G), dimensionless
        Product of the rate modifiers of each group of pools in the last step.

    Raises
    ------
    ValueError
        A parameter is out of range, or model and watershed do not fit.

    Notes
    -----
    Equations: :func:`watershed_c.kernels.decomposition.decompose` and
    :mod:`watershed_c.kernels.rate_modifiers`; docs/processes/decomposition.md.
    """

    _name = "Decomposition"
    _info = info(
        reads=(
            "temperature", "precipitation", "pet", "clay", "unit", "input_scale", "water", "field_capacity",
            "wilting_point", "saturation",
        ),
        changes=("stocks", "deficit"),
        writes=("respired", "doc_produced"),
        may_write=("doc_produced_c14", "doc_produced_c13"),
    )  # fmt: skip
    _cite_as = """@incollection{coleman1996,
  author = {Coleman, K. and Jenkinson, D. S.},
  title = {{RothC-26.3}: a model for the turnover of carbon in soil},
  booktitle = {Evaluation of Soil Organic Matter Models}, series = {NATO ASI Series I}, volume = {38},
  editor = {Powlson, D. S. and Smith, P. and Smith, J. U.},
  publisher = {Springer}, pages = {237--246}, year = {1996}}"""
    ledger_terms = {
        "plant_input": Term("vertical", "Organic carbon from plants"),
        "amendment": Term("vertical", "Organic carbon of manure and other amendments"),
        "respired": Term("vertical", "CO2-C respired by decomposition"),
        "doc_production": Term("internal", "DOC made of soil organic carbon"),
        "radioactive_decay": RADIOACTIVE_DECAY,
    }
    transforms = ("soc", "c14", "c13")
    changes_only = ("soc", "c14", "c13")

    def __init__(
        self,
        watershed: Watershed,
        model: CompiledPoolModel,
        *,
        depth_scale: float = DEPTH_SCALE,
        doc_fraction: float = 0.0,
        moisture: str = "official",
        topsoil: TopsoilMoisture | None = None,
        buried: str = "depth",
        wet_end: str = "",
        scheme: str = "",
        properties: Mapping[str, np.ndarray] | None = None,
        twins: IsotopeTwins | None = None,
        peat: np.ndarray | None = None,
    ) -> None:
        super().__init__(watershed)
        w = watershed
        if not depth_scale >= 0.01:
            raise ValueError(f"depth_scale must be at least 0.01 m, is {depth_scale}")
        if not 0.0 <= doc_fraction <= 1.0:
            raise ValueError(f"doc_fraction must be 0 to 1, is {doc_fraction}")
        if moisture not in MOISTURE:
            raise ValueError(f"moisture must be one of {', '.join(MOISTURE)}, is {moisture!r}")
        rows = w.constituents.of_group("soc")
        if tuple(w.constituents.names[row] for row in rows) != model.pools or (np.diff(rows) != 1).any():
            raise ValueError(
                f"the soc rows must be {', '.join(model.pools)} of {model.name}, one after the other"
            )
        if w.units.inputs.shape[2] != len(model.pools):
            raise ValueError(
                f"units.inputs has {w.units.inputs.shape[2]} pools, {model.name} has {len(model.pools)}"
            )
        self._properties = dict(properties or {})
        absent = sorted(set(model.properties) - {"clay", *self._properties})
        if absent:
            raise ValueError(f"model {model.name} needs soil properties that are not there: {', '.join(absent)}")
        self.model = model
        self.scheme = scheme or model.scheme
        self.doc_fraction = float(doc_fraction)
        self.twins = twins
        if peat is not None and (twins is not None or peat.shape != w.clay.shape):
            raise ValueError(f"peat must be of shape {w.clay.shape}, and goes without twins")
        self.cells = w.cells if peat is None else w.cells[~peat[w.cells]]
        self._first_row = int(rows[0])
        n = w.clay.size
        self.coefficients = np.zeros((n, len(model.coefficient_expressions)))
        self.rates = np.repeat(model.rates[:, None], n if model.rates_vary else 1, axis=1)
        self.modifier = np.zeros((*w.water.shape, model.members.shape[1]))
        # checksum of the clay that rates and coefficients are of
        self._clay_of = -1
        self._amount = w.work(0)
        above, below = depth_shares(w.layer_top, w.layer_bottom, model.calibration_depth, depth_scale)
        self._environment: Environment
        if model.law("moisture") == "rothc" and model.modifiers_are_common:
            options = topsoil or TopsoilMoisture()
            self._environment = SharedDeficit(w, model, above, below, moisture, options, self._properties, wet_end)
        elif wet_end or (topsoil is not None and not topsoil.is_official):
            raise ValueError(f"variants of RothC's moisture are of models that have it; {model.name} has its own")
        else:
            self._environment = LayerByLayer(w, model, above + below, self._first_row)
            self._cite_as = ""  # nothing of RothC is in it; the model has sources of its own
        if twins is not None:
            self._cite_as = "\n".join((self._cite_as, twins.citation)).strip()
        self._deepening: np.ndarray = np.zeros(0, dtype=bool)
        if buried == "material":
            self._deepening = remember(w, model, above + below, depth_scale)
        elif buried != "depth":
            raise ValueError(f"buried must be one of {', '.join(BURIED)}, is {buried!r}")
        self.warnings.extend(self._environment.warnings)
        self._follow_texture()

    def _follow_texture(self) -> None:
        """Rates and transfer coefficients of the present clay, where it changed."""
        w = self.watershed
        present = crc32(w.clay.data)
        if "ph" in self.model.properties and w.ph.size:
            self._properties["ph"] = w.mean_ph(self.model.calibration_depth, self.model.properties["ph"])
        elif present == self._clay_of:
            return
        self._clay_of = present
        known = {"clay": 100.0 * w.clay, **self._properties}
        values = {name: known[name][w.cells] for name in self.model.properties}
        self.coefficients[w.cells] = self.model.coefficients(values)
        if self.rates.shape[1] > 1:
            self.rates[:, w.cells] = self.model.pool_rates(values)
        self._environment.follow_texture()

    def run_one_step(self, dt: float) -> None:
        """Advance by ``dt`` (yr; the moisture deficit is made for a month) and book it."""
        w, units, model = self.watershed, self.watershed.units, self.model
        self._follow_texture()
        self._environment.update(self.modifier, dt)
        if self._deepening.size:
            over_cells(
                follow_material, w.cells, w.memory_row, w.stocks, w.mineral, w.depth_factor, self._deepening,
                self.modifier,
            )  # fmt: skip
        # inputs hold the amendment too; a difference of round-off must not take carbon from the soil
        plant = np.maximum(units.inputs - units.amendment, 0.0)
        amendment = np.ascontiguousarray(units.amendment, dtype=np.float64)
        largest = float(self.modifier.max(initial=0.0)) * dt
        self._plan = model.plan(self.scheme, self.rates.max(axis=1) * largest)

        def turnover(row: int, slower: float, plant: np.ndarray, amendment: np.ndarray, *results: np.ndarray) -> None:
            rows, plant, amendment = w.rows_of_units(), w.by_rows(plant), w.by_rows(amendment)
            self.turn_over(w.stocks, row, self.modifier, rows, plant, amendment, *results, dt=dt, slower=slower)

        follow_nitrogen(w, self.cells, self._first_row, plant, amendment, before=True)
        turnover(self._first_row, 1.0, plant, amendment, w.respired, w.doc_produced)
        follow_nitrogen(w, self.cells, self._first_row, plant, amendment, before=False)
        self._book(plant, amendment)
        if self.twins is not None:
            self.twins.run_one_step(turnover, plant, amendment, dt)

    def turn_over(
        self, stocks: np.ndarray, row: int, modifier: np.ndarray, unit: np.ndarray, plant: np.ndarray,
        amendment: np.ndarray, respired: np.ndarray, doc_produced: np.ndarray, *, dt: float, slower: float = 1.0,
    ) -> None:  # fmt: skip
        """Turn pools over by ``dt`` (yr), the scheme as planned in the last step; ``modifier`` not above that step's.

        ``stocks`` (n, L, K) and ``modifier`` (n, L, G), inputs (U, L, P) by their row ``unit`` (n), results (n, L), of
        any number of layers.
        """
        w, (order, substeps, doubled) = self.watershed, self._plan
        rates = self.rates if slower == 1.0 else slower * self.rates
        common = (
            stocks, row, self.model.structure, rates, self.coefficients, modifier, unit, plant, w.plant_scale,
            amendment,
        )  # fmt: skip
        results = self.doc_fraction, dt, respired, doc_produced
        if order == 0:
            over_cells(decompose, self.cells, *common, doubled, *results)
        else:
            over_cells(decompose_by_series, self.cells, *common, order, substeps, *results)

    def response(self, modifier: np.ndarray, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n) of a table (U, L, P) of what each pool gains a year per plant input of the unit: the input itself.

        ``inputs`` (U, L, P) kg C m-2 yr-1; the mean ``modifier`` of a non-linear model would matter.
        """
        return self.watershed.rows_of_units(), self.watershed.by_rows(inputs)

    def _book(self, plant: np.ndarray, amendment: np.ndarray) -> None:
        w, amount = self.watershed, self._amount
        for term, entered, scale in (("plant_input", plant, w.plant_scale), ("amendment", amendment, 1.0)):
            np.take(entered.sum(axis=(1, 2)), w.unit, out=amount, mode="clip")
            amount *= scale
            w.ledger.book(term, "soc", amount, cells=self.cells)
        w.ledger.book("respired", "soc", w.respired, factor=-1.0)
        if self.doc_fraction > 0.0:
            w.ledger.book("doc_production", "soc", w.doc_produced, factor=-1.0)
