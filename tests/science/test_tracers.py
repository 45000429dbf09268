"""137Cs through the model: the closed form, measured profiles, and erosion read back from what it left."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests import runs
from tests.support import shared
from watershed_c import tracer_inversion as inversion
from watershed_c.assembly import assemble, initialise
from watershed_c.components.soil_column import SoilColumn
from watershed_c.components.tillage import Tillage
from watershed_c.components.tracers import Tracers
from watershed_c.constituents import TRACERS, Constituent, ConstituentTable, Fallout
from watershed_c.kernels.soil_column import take_from_top
from watershed_c.ledger import Term
from watershed_c.scenario.resolve import resolve
from watershed_c.state import TillageEvent, Watershed

CS137 = TRACERS["cs137"]


class Column:
    """One cell that loses soil at a constant rate, kg m-2 yr-1 of mineral mass."""

    def __init__(self, row: Constituent, fallout: Fallout, layers: list[float], density: float, mixing: float) -> None:
        grid = RasterModelGrid((3, 3), xy_spacing=1.0)
        grid.add_field("topographic__elevation", np.zeros(9), at="node", units="m")
        self.w = w = Watershed(grid, constituents=ConstituentTable([row]), layer_bottom=np.cumsum(layers))
        w.mineral[w.cells] = density * np.array(layers)
        w.reference[:] = w.mineral
        w.field[w.cells] = 0
        self.column = SoilColumn(w, biodiffusivity=mixing, e_folding_depth=np.inf)
        self.tillage, self.tracers = Tillage(w, scale=0.0), Tracers(w, fallout={row.name: fallout})
        w.ledger.declare({"loss": Term("lateral", "by the test")})
        w.ledger.open()

    def year(self, year: int, loss: float, tilled: float, steps: int = 12, after: bool = False) -> None:
        """Fallout, then loss and mixing, or (``after``) loss first; tilled to a depth in m at the end."""
        w, taken = self.w, np.zeros(1)
        for month in range(steps):
            w.calendar_month, w.month = 12 * year + month, month
            if not after:
                self.tracers.run_one_step(1.0 / steps)
            take_from_top(int(w.cells[0]), loss / steps, w.mineral, w.stocks, taken)
            self.column.run_one_step(1.0 / steps)
            passes = [TillageEvent(0, tilled, 1.0, 0.0)] if tilled > 0.0 and month == steps - 1 else []
            w.units.tillage[:] = passes
            self.tillage.run_one_step(1.0 / steps)
            if after:
                self.tracers.run_one_step(1.0 / steps)

    @property
    def profile(self) -> np.ndarray:
        """Bq m-2 of each layer."""
        return self.w.stocks[self.w.cells[0], :, 0]


def test_closed_form_of_the_simplified_mass_balance() -> None:
    """A8: all fallout in 1963, 25 cm mixed every year, 2 mm a year for 40 years: 1813.04 Bq m-2 to 1e-6."""
    with shared("reference/analytic/analytic.csv").open() as file:
        expected = next(float(row["value"]) for row in csv.DictReader(file) if row["id"] == "A8")
    stable = Constituent("cs137", "cs137", 0.0, "mineral", unit="Bq")
    column = Column(stable, Fallout(1963, np.array([2500.0])), [0.1, 0.1, 0.05, 0.25], 1350.0, 0.0)
    for year in range(1963, 2004):
        column.year(year, 0.0 if year == 1963 else 0.002 * 1350.0, 0.25, steps=1)
    assert column.profile.sum() == pytest.approx(expected, rel=1e-6)


def test_loss_of_ploughed_soil_equals_the_equation_of_mass_balance() -> None:
    """Yearly fallout mixed into 25 cm: the inventory is that of the equation, and its inverse the imposed loss."""
    years = np.arange(1954, 1984)
    fallout = Fallout(1954, 300.0 * np.exp(-0.5 * ((years - 1963) / 3.0) ** 2))
    layers, density, loss = [0.05] * 5 + [0.25], 1300.0, 2.0
    column = Column(CS137, fallout, layers, density, 0.0)
    for year in range(1954, 2004):
        column.year(year, loss, 0.25, after=True)
    expected = inversion.ploughed_inventory(np.array(loss), fallout, CS137.decay, 325.0, 2003)
    # in the column each year's fallout lies on the surface until the plough comes, and months are discrete
    assert column.profile.sum() == pytest.approx(float(expected), rel=0.02)
    found = inversion.mass_balance(column.profile.sum(), fallout, 325.0, 2003)
    assert found == pytest.approx(loss, rel=0.06)


# -- the profiles of RadEro (GPL: read here, not shipped) -------------------------------------------------------------

#: years simulated and Bq m-2 of the reference profile at their end
LAST, REFERENCE = 2003, 1570.0
#: of the cores: layers of 5 cm; the ploughed ones to 25 cm
TILLED_DEPTH, BULK_DENSITY = 0.25, 1300.0


@pytest.fixture(scope="module")
def fallout() -> Fallout:
    """The yearly series, scaled to the reference inventory."""
    with shared("reference/cs137_radero_profiles/fallout_relative_1954_1983.csv").open() as file:
        rows = [(int(row["year"]), float(row["relative_deposition"])) for row in csv.DictReader(file)]
    shape = Fallout(rows[0][0], np.array([amount for _, amount in rows]))
    return Fallout(shape.first_year, shape.amounts * REFERENCE / shape.inventory(CS137.decay, LAST), 0.0, 4.0)


def measured(name: str) -> float:
    """Inventory of a profile, Bq m-2."""
    with shared("reference/cs137_radero_profiles/input-data_example.csv").open() as file:
        return sum(float(row["Cs137_invt"]) for row in csv.DictReader(file, delimiter=";") if row["id"] == name)


def through(fallout: Fallout, loss: float, tilled: float, mixing: float = 0.3e-4) -> np.ndarray:
    column = Column(CS137, fallout, [0.05] * 8, BULK_DENSITY, mixing)
    for year in range(fallout.first_year, LAST + 1):
        column.year(year, loss, tilled)
    return column.profile


@pytest.mark.parametrize("mixing", [0.06e-4, 0.3e-4, 1.0e-4])
def test_reference_profile(fallout: Fallout, mixing: float) -> None:
    """Total 2 %, and most of it in the top 10 cm of unploughed soil, over the diffusivities found with 137Cs.

    Measured: 91 % of the reference core; 0.06 to 2.63 cm2 yr-1 on 33 Swedish sites (Almgren & Isaksson 2006).
    """
    profile = through(fallout, 0.0, 0.0, mixing)
    assert profile.sum() == pytest.approx(REFERENCE, rel=1e-10)
    assert profile[:2].sum() >= 0.6 * profile.sum()
    assert (np.diff(profile) < 0.0).all()


def test_unploughed_profile_that_lost_a_quarter(fallout: Fallout) -> None:
    """Profile 1, 26.6 % lost: a loss leaves the measured inventory, most of it in the top 10 cm."""
    wanted = measured("profile1")
    assert wanted == pytest.approx(1152.35, abs=0.01)
    # the loss that leaves the measured inventory
    slow, fast = 0.0, 5.0
    for _ in range(12):
        loss = 0.5 * (slow + fast)
        profile = through(fallout, loss, 0.0)
        slow, fast = (loss, fast) if profile.sum() > wanted else (slow, loss)
    assert profile.sum() == pytest.approx(wanted, rel=0.02)
    assert profile[:2].sum() >= 0.6 * profile.sum()
    reference = through(fallout, 0.0, 0.0)
    mass = BULK_DENSITY * 0.05 * np.arange(1, 9)
    scale = inversion.relaxation(mass[:4], reference[:4])
    # the profile model takes fallout to lie at its last depth from the start, and reads less than what took it
    found = inversion.profile_distribution(wanted, REFERENCE, scale, LAST + 1)
    assert 0.4 * loss < found < loss


def test_ploughed_profile_that_lost_more_than_half(fallout: Fallout) -> None:
    """Profile 5, 56.5 % lost from 25 cm: the loss read by the mass balance leaves the measured inventory, to 2 %."""
    wanted = measured("profile5")
    simple = inversion.simplified_mass_balance(np.array(wanted), REFERENCE, TILLED_DEPTH * BULK_DENSITY, LAST)
    assert 1000.0 * simple / BULK_DENSITY == pytest.approx(5.15, abs=0.01)  # mm a year
    tilled, top, loss = TILLED_DEPTH * BULK_DENSITY, 0.05 * BULK_DENSITY, 0.0
    for _ in range(8):
        # fallout lies half a year in the top layer till the plough comes, and goes with it
        fresh = 0.5 * loss * (1.0 / top - 1.0 / tilled)
        loss = float(inversion.mass_balance(np.array(wanted), fallout, tilled, LAST, fresh_share=fresh))
    profile = through(fallout, loss, TILLED_DEPTH)
    assert profile.sum() == pytest.approx(wanted, rel=0.02)
    # even in the tilled layer, little below
    assert np.ptp(profile[:5]) < 0.1 * profile[0] and profile[5:].sum() < 0.25 * profile.sum()


@pytest.mark.parametrize(("loss", "expected"), [(1.0, 17.29), (2.0, 31.62), (4.0, 53.32)])
def test_share_lost_from_a_ploughed_layer(fallout: Fallout, loss: float, expected: float) -> None:
    """Yearly fallout mixed into 325 kg m-2, 10, 20 and 40 t ha-1 lost each year, to 2024; per cent, to 0.3."""
    left = []
    for rate in (loss, 0.0):
        column = Column(CS137, fallout, [0.25, 0.25], BULK_DENSITY, 0.0)
        for year in range(1954, 2025):
            column.year(year, rate, 0.0, steps=1)
        left.append(column.profile[0])
    assert 100.0 * (1.0 - left[0] / left[1]) == pytest.approx(expected, abs=0.3)


def test_profile_model_returns_the_imposed_loss() -> None:
    """Soil taken for 40 years from a profile that declines to 1/e in 40 kg m-2: to the order of the top layer.

    Erosion takes the mean of the top layer, which is first order in its thickness: 1 cm reads 6 % less, 0.5 cm half
    of that.
    """
    scale, loss, errors = 40.0, 0.8, []
    stable = Constituent("cs137", "cs137", 0.0, "mineral", unit="Bq")
    for thickness in (0.01, 0.005):
        count = round(0.3 / thickness)
        column = Column(stable, Fallout(1900, np.zeros(1)), [thickness] * count, BULK_DENSITY, 0.0)
        mass = thickness * BULK_DENSITY * np.arange(count + 1)
        column.profile[:] = -1000.0 * np.diff(np.exp(-mass / scale))
        column.w.ledger.open()
        reference = column.profile.sum()
        for year in range(40):
            column.year(1963 + year, loss, 0.0)
        found = inversion.profile_distribution(column.profile.sum(), reference, scale, 2003)
        errors.append(abs(found / loss - 1.0))
    assert errors[0] < 0.07 and errors[1] < 0.6 * errors[0]


# -- a whole scenario --------------------------------------------------------------------------------------------------


def test_erosion_of_a_scenario_is_read_back_from_its_inventories(tmp_path) -> None:
    """Fifty years of water and tillage erosion on a slope; the mass balance reads each losing cell's net loss."""
    years = np.arange(1954, 1984)
    shape = np.exp(-0.5 * ((years - 1963) / 3.0) ** 2)
    table = tmp_path / "fallout.csv"
    lines = [f"{year},{amount:.4f}" for year, amount in zip(years, shape, strict=True)]
    table.write_text("\n".join(["# relative", "year,deposition", *lines]) + "\n")
    off = ("decomposition", "carbonate", "dissolved_carbon", "soil_water")
    cs137 = {"fallout": str(table), "reference_inventory": "2000 Bq/m2", "reference_year": 2003}
    scenario = runs.small(
        {
            **{f"processes.{name}.enabled": False for name in off},
            "processes.water_erosion.enrichment": {"law": "none"},
            "processes.soil_column.biodiffusivity": None,
            "soil.layers": ["5 cm", "5 cm", "5 cm", "5 cm", "5 cm", "25 cm", "50 cm"],
            "land.rules": [{"class": "barley"}],
            "rotation": {"barley": {"years": ["barley"], "event": [{"on": "10-20", "do": "till"}]}},
            "domain.synthetic.height": "7 m",
            "time": {"start": "1954-01", "end": "2003-12"},
            "tracers": {"cs137": cs137},
        }
    )
    assembly = assemble(resolve(scenario, overwrite=True))
    initialise(assembly)
    w = assembly.watershed
    eroded = w.ledger.map_of("soil", "lateral")
    while not assembly.model.done:
        assembly.model.step()
    cells = w.cells
    loss, inventory = -eroded[cells] / 50.0, w.stock("cs137")[cells]
    assert w.ledger.cumulative_residual()["cs137"] < 1e-10
    # above 10 t/ha/yr: little loss is read as too much, where soil passes that lost its 137Cs further up
    losing = loss > 1.0
    assert losing.sum() >= 20 and loss[losing].max() > 2.0 * loss[losing].min()
    source = assembly.model.processes["tracers"].fallout["cs137"]  # type: ignore[attr-defined]
    tilled = 0.25 / w.layer_bottom[4] * w.reference[cells[losing], :5].sum(axis=1).mean()
    found = inversion.mass_balance(np.minimum(inventory[losing], 2000.0), source, tilled, 2003)
    np.testing.assert_allclose(found, loss[losing], rtol=0.05)
