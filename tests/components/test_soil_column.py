"""The soil column process: books close, the surface moves with the mass, mixing is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.soil_column import BIODIFFUSIVITY, SoilColumn
from watershed_c.constituents import CARBONATE, Constituent, ConstituentTable, soc_pool
from watershed_c.kernels.soil_column import take_from_top
from watershed_c.ledger import Term
from watershed_c.state import Watershed

TABLE = ConstituentTable(
    (
        soc_pool("fast", "particulate"),
        soc_pool("slow", "mineral"),
        *CARBONATE,
        Constituent("slow_14c", "isotope", 0.0, "mineral", "slow"),
    )
)
BOTTOM = np.array([0.05, 0.15, 0.3, 0.6])


def make(seed: int = 1) -> Watershed:
    random = np.random.default_rng(seed)
    grid = RasterModelGrid((6, 7), xy_spacing=10.0)
    grid.add_field("topographic__elevation", random.random(42), at="node", units="m")
    w = Watershed(grid, constituents=TABLE, layer_bottom=BOTTOM)
    density = np.array([1200.0, 1300.0, 1400.0, 1500.0])
    w.reference[w.cells] = density * (w.layer_bottom - w.layer_top)
    w.mineral[:] = w.reference
    w.stocks[w.cells] = w.mineral[w.cells][:, :, None] * random.uniform(0.001, 0.02, (w.cells.size, 4, 5))
    w.stocks[:, :, 4] = 0.9 * w.stocks[:, :, 1]
    w.substratum[w.cells] = 0.001
    w.substratum[:, 4] = 0.9 * w.substratum[:, 1]
    w.ledger.declare({"moved": Term("lateral", "by the test")})
    w.ledger.open()
    return w


def redistribute(w: Watershed, mass: float) -> None:
    """Take soil from the first cell and lay it on the last."""
    donor, receiver = w.cells[0], w.cells[-1]
    rows = np.zeros(len(TABLE))
    amount = take_from_top(donor, mass, w.mineral, w.stocks, rows)
    w.deposit_mineral[receiver] += amount
    w.deposit[receiver] += rows
    net, net_rows = np.zeros(w.elevation.size), np.zeros(w.deposit.shape)
    net[donor], net[receiver] = -amount, amount
    net_rows[donor], net_rows[receiver] = -rows, rows
    w.ledger.book("moved", "soil", net)
    w.ledger.book("moved", "rows", net_rows)
    w.ledger.check("test")


def test_books_close_month_after_month() -> None:
    w = make()
    column = SoilColumn(w, biodiffusivity=BIODIFFUSIVITY["grassland"])
    for mass in (0.5, 80.0, 0.001, 300.0, 0.0):
        redistribute(w, mass)
        column.run_one_step(1.0 / 12.0)
        w.ledger.check("SoilColumn")
        assert np.array_equal(w.mineral, w.reference)
        assert not w.deposit.any() and not w.deposit_mineral.any()
        assert np.all(w.stocks >= 0.0)
    totals = w.ledger.close()
    assert totals["soil", "substratum_import"] == pytest.approx(380.501 * 100.0, rel=1e-12)
    assert totals["soil", "burial_below_profile"] == pytest.approx(-380.501 * 100.0, rel=1e-12)
    assert totals["soc", "substratum_import"] == pytest.approx(380.501 * 100.0 * 0.002, rel=1e-12)
    # the twin kept its ratio through it all
    slow = w.stocks[w.cells][:, :, 1]
    np.testing.assert_allclose(w.stocks[w.cells][:, :, 4], 0.9 * slow, rtol=1e-12)


def test_the_surface_moves_by_mass_over_reference_density() -> None:
    w = make()
    column = SoilColumn(w)
    before = w.elevation.copy()
    redistribute(w, 12.0)
    column.run_one_step(1.0)
    change = w.elevation - before
    assert change[w.cells[0]] == pytest.approx(-0.01, rel=1e-9)
    assert change[w.cells[-1]] == pytest.approx(0.01, rel=1e-9)
    assert not change[w.cells[1:-1]].any()


def test_without_disturbance_and_mixing_nothing_changes() -> None:
    w = make()
    state = {name: values.copy() for name, values in w.state_arrays().items()}
    SoilColumn(w).run_one_step(1.0 / 12.0)
    for name, values in w.state_arrays().items():
        assert np.array_equal(values, state[name]), name


def test_bioturbation_mixes_only_where_animals_live_and_loses_nothing() -> None:
    w = make()
    diffusivity = np.zeros(w.elevation.size)
    diffusivity[w.cells[::2]] = 3e-4
    before = w.stocks.copy()
    column = SoilColumn(w, biodiffusivity=diffusivity, e_folding_depth=0.3)
    for _ in range(24):
        column.run_one_step(1.0 / 12.0)
        w.ledger.check("SoilColumn")
    assert np.array_equal(w.stocks[w.cells[1::2]], before[w.cells[1::2]])
    np.testing.assert_allclose(w.stocks.sum(axis=1), before.sum(axis=1), rtol=1e-12)

    def unevenness(stocks: np.ndarray) -> np.ndarray:
        mixed = w.cells[::2]
        return (stocks[mixed] / w.mineral[mixed][:, :, None]).std(axis=1)

    assert np.all(unevenness(w.stocks) < unevenness(before))


def test_rate_and_step_agree() -> None:
    """exchange_rate is per year, a new array each time, zero where nothing is mixed."""
    w = make()
    column = SoilColumn(w, biodiffusivity=1e-4)
    rate = column.exchange_rate()
    assert rate.shape == (42, 3) and rate is not column.exchange_rate()
    assert np.all(rate[w.cells] > 0.0) and not rate[~w.is_soil].any()
    column.run_one_step(0.25)
    np.testing.assert_allclose(column._exchange, 0.25 * rate, rtol=1e-15)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"biodiffusivity": -1e-4}, "at least 0"),
        ({"biodiffusivity": np.nan}, "at least 0"),
        ({"biodiffusivity": np.zeros(3)}, "one per node"),
        ({"e_folding_depth": 0.0}, "above 0"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, float | np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SoilColumn(make(), **parameters)  # type: ignore[arg-type]
