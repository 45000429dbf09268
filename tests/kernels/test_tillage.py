"""Tillage erosion: a diffusion within fields that moves the tilled layer at its mean composition."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import shared
from watershed_c.kernels.column_remap import remap_columns
from watershed_c.kernels.soil_column import homogenise
from watershed_c.kernels.tillage import translocate

#: rows of the tests: organic carbon, carbonate carbon, a trace
DRY_MASS = np.array([1.724, 8.333, 0.0])
ALONE = np.array([0, 1, 2], dtype=np.int64)
NO_TWIN = np.full(3, -1, dtype=np.int64)


class Land:
    """A raster with a rim, all core cells tilled soil unless said otherwise."""

    def __init__(self, rows: int, columns: int, dx: float, dy: float, depth_mass: float = 300.0) -> None:
        self.shape = (rows, columns)
        self.dx, self.dy = dx, dy
        n = rows * columns
        core = np.zeros(self.shape, dtype=bool)
        core[1:-1, 1:-1] = True
        self.cells = np.flatnonzero(core).astype(np.int64)
        self.field = np.where(core.ravel(), 0, -1).astype(np.int64)
        self.elevation = np.zeros(n)
        self.transport = np.full(n, 550.0)
        self.across, self.along_x, self.along_y = 1.0, np.zeros(0), np.zeros(0)
        self.depth_mass = np.full(n, depth_mass)
        self.reference = np.tile([150.0, 150.0, 400.0], (n, 1))
        self.mineral = self.reference.copy()
        self.stocks = self.mineral[..., None] * np.array([0.015, 0.002, 1e-9])
        self.substratum = np.tile([0.015, 0.002, 1e-9], (n, 1))
        self.deposit_mineral, self.deposit = np.zeros(n), np.zeros((n, 3))
        self.east, self.north, self.outflow = np.zeros(n), np.zeros(n), np.zeros(n)
        self.moved_mineral, self.moved = np.zeros(n), np.zeros((n, 3))

    def translocate(self, cells: np.ndarray | None = None) -> None:
        translocate(
            self.cells if cells is None else cells, self.shape[1], self.dx, self.dy, self.elevation,
            self.field, self.transport, self.across, self.along_x, self.along_y,
            self.depth_mass, self.mineral, self.stocks, DRY_MASS,
            self.deposit_mineral, self.deposit, self.east, self.north, self.outflow, self.moved_mineral,
            self.moved,
        )  # fmt: skip

    def direct(self, degrees: float, across: float) -> None:
        """Till in a direction, clockwise from north."""
        n = self.elevation.size
        self.across = across
        self.along_x = np.full(n, np.sin(np.radians(degrees)))
        self.along_y = np.full(n, np.cos(np.radians(degrees)))

    def net(self) -> np.ndarray:
        """Dry soil gained by each cell in the pass, kg m-2."""
        mineral = self.deposit_mineral - self.moved_mineral
        return mineral + (self.deposit - self.moved) @ DRY_MASS

    def remap(self) -> None:
        n = self.elevation.size
        remap_columns(
            self.cells, self.mineral, self.stocks, self.reference, self.deposit_mineral, self.deposit,
            self.substratum, ALONE, NO_TWIN, np.zeros(n), np.zeros((n, 3)), np.zeros((0, 0)),
        )  # fmt: skip


def _hill(cells: int, length: float = 100.0, amplitude: float = 2.0) -> tuple[Land, np.ndarray]:
    """One wavelength of a sinusoid, crest to crest: its symmetry stands for the closed field border."""
    land = Land(3, cells + 2, length / cells, 7.0)
    x = (np.arange(cells + 2) - 0.5) * land.dx
    land.elevation[:] = np.tile(amplitude * np.cos(2.0 * np.pi * x / length), 3)
    return land, x[1:-1]


def _analytic(quantity: str) -> float:
    with shared("reference/analytic/analytic.csv").open() as file:
        for row in csv.DictReader(file):
            if row["id"] == "A6" and quantity in row["quantity"]:
                return float(row["value"])
    raise AssertionError(quantity)


def test_a6_crest_erosion_is_second_order() -> None:
    """A6: 43.43 t/ha/yr on the crest for k_til 550, amplitude 2 m, 100 m; within 1 % at 20 cells."""
    expected = _analytic("crest") / 10.0  # kg m-2
    wavenumber = 2.0 * np.pi / 100.0
    assert expected == pytest.approx(550.0 * 2.0 * wavenumber**2, rel=1e-7)
    errors = []
    for cells in (10, 20, 40, 80):
        land, x = _hill(cells)
        land.translocate()
        exact = -expected * np.cos(wavenumber * x)
        errors.append(np.abs(land.net()[land.cells] - exact).max() / expected)
    assert errors[1] < 1e-2
    assert np.all(np.log2(np.array(errors[:-1]) / np.array(errors[1:])) > 1.9), errors


def test_a6_amplitude_after_a_hundred_passes() -> None:
    """A6: 1.70286 m after 100 years, one pass a year, rho 1350, within 1 % at 20 cells."""
    land, x = _hill(20)
    concentration = land.stocks / land.mineral[..., None]
    mass = 0.0
    for _ in range(100):
        land.translocate()
        net = land.net()
        mass = max(mass, abs(net.sum()))
        land.elevation += net / 1350.0
        land.remap()
    shape = np.cos(2.0 * np.pi * x / 100.0)
    amplitude = 2.0 * (land.elevation[land.cells] * shape).mean()
    assert amplitude == pytest.approx(_analytic("amplitude"), rel=1e-2)
    assert mass < 1e-12 * 5.0 * 20
    np.testing.assert_allclose(land.stocks / land.mineral[..., None], concentration, rtol=1e-11)


def test_both_directions_diffuse_alike_on_oblong_cells() -> None:
    """z = cos(q x) cos(p y): net loss k (q^2 + p^2) z, cells 2 m by 3 m."""
    land = Land(42, 52, 2.0, 3.0)
    x = (np.arange(52) - 0.5) * 2.0
    y = (np.arange(42) - 0.5) * 3.0
    q, p = 2.0 * np.pi / 100.0, 2.0 * np.pi / 120.0
    land.elevation[:] = np.outer(np.cos(p * y), np.cos(q * x)).ravel()
    land.translocate()
    exact = -550.0 * (q**2 + p**2) * land.elevation
    np.testing.assert_allclose(land.net()[land.cells], exact[land.cells], atol=5e-3 * np.abs(exact).max())


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0, 200.0])
@pytest.mark.parametrize("across", [0.0, 0.5, 2.0])
def test_a6_with_a_direction_is_second_order(degrees: float, across: float) -> None:
    """A6 on a tensor: z = A cos(q x + p y) loses k ((q t)^2 + a (q n)^2) z, t along the way and n across it."""
    expected = 550.0 * 2.0  # k A
    t = np.array([np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])
    wave = 2.0 * np.pi * np.array([1.0 / 100.0, 1.0 / 80.0])
    rate = (wave @ t) ** 2 + across * (wave @ np.array([-t[1], t[0]])) ** 2
    errors = []
    for cells in (20, 40, 80):
        land = Land(cells + 2, cells + 2, 100.0 / cells, 80.0 / cells)
        x = (np.arange(cells + 2) - 0.5) * land.dx
        y = (np.arange(cells + 2) - 0.5) * land.dy
        land.elevation[:] = (2.0 * np.cos(wave[0] * x[None, :] + wave[1] * y[:, None])).ravel()
        land.direct(degrees, across)
        land.translocate()
        exact = -550.0 * rate * land.elevation
        inside = np.zeros(land.shape, dtype=bool)
        inside[3:-3, 3:-3] = True  # the field is closed at its border, the wave is not
        errors.append(np.abs(land.net() - exact)[inside.ravel()].max() / (expected * max(1.0, across) * (wave @ wave)))
    assert errors[1] < 5e-3
    assert np.all(np.log2(np.array(errors[:-1]) / np.array(errors[1:])) > 1.8), errors


@pytest.mark.parametrize("degrees", [0.0, 33.0, 45.0, 120.0])
def test_passes_in_a_direction_wear_every_wave_down(degrees: float) -> None:
    """A checkerboard and white noise on cells near the limit of the scheme: neither grows, no check is left."""
    random = np.random.default_rng(2)
    land = Land(20, 18, 2.0, 2.0)
    checks = np.where(np.indices(land.shape).sum(axis=0) % 2, 1.0, -1.0).ravel()[land.cells]
    land.elevation[land.cells] = 0.1 * checks + 0.05 * random.standard_normal(land.cells.size)
    land.direct(degrees, 0.3)
    land.transport[:] = 0.5 / 2.0 * 1350.0 / (2.0 / 2.0**2)  # share of the limit that the process keeps to
    spread = land.elevation[land.cells].std()
    for _ in range(60):
        land.translocate()
        land.elevation += land.net() / 1350.0
        land.remap()
        assert land.elevation[land.cells].std() <= spread * (1.0 + 1e-12)
        spread = land.elevation[land.cells].std()
    assert abs((land.elevation[land.cells] * checks).mean()) < 1e-4


def test_soil_goes_sideways_where_tillage_runs_obliquely() -> None:
    """On a plane that falls north, tilled to the north-east and not across: all soil moves north-east."""
    land = Land(7, 7, 10.0, 10.0)
    land.elevation[:] = -0.1 * np.repeat(np.arange(7.0), 7)
    land.direct(45.0, 0.0)
    land.translocate()
    middle = 3 * 7 + 3
    assert land.east[middle] == pytest.approx(land.north[middle], rel=1e-12)
    assert land.north[middle] == pytest.approx(550.0 * 0.5 * 0.01 / 10.0, rel=1e-12)
    # a plane loses nothing inside its field
    np.testing.assert_allclose(land.net().reshape(7, 7)[2:-2, 2:-2], 0.0, atol=1e-15)


def test_no_direction_is_the_ratio_of_one() -> None:
    random = np.random.default_rng(4)
    land, directed = Land(8, 10, 5.0, 4.0), Land(8, 10, 5.0, 4.0)
    land.elevation[:] = random.random(80) * 4.0
    directed.elevation[:] = land.elevation
    directed.direct(37.0, 1.0)
    land.translocate()
    directed.translocate()
    np.testing.assert_allclose(directed.deposit, land.deposit, rtol=1e-13)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), strength=st.floats(0.0, 5.0))
def test_every_pass_conserves_respects_fields_and_donors(seed: int, strength: float) -> None:
    random = np.random.default_rng(seed)
    land = Land(7, 9, 5.0, 4.0)
    n = land.elevation.size
    land.elevation[:] = random.random(n) * 5.0
    land.transport[:] = 10.0**strength
    land.field[land.cells] = random.integers(-1, 3, land.cells.size)
    land.depth_mass[:] = random.choice([0.0, 100.0, 290.0], n)
    if seed % 2:
        angle = random.uniform(0.0, 2.0 * np.pi, n)
        land.across, land.along_x, land.along_y = random.uniform(0.0, 3.0), np.sin(angle), np.cos(angle)
    land.mineral *= random.uniform(0.5, 1.0, land.mineral.shape)
    land.stocks *= random.random(land.stocks.shape)
    before, mineral = land.stocks.copy(), land.mineral.copy()
    land.translocate()
    after = land.stocks.sum(axis=1) + land.deposit
    np.testing.assert_allclose(after.sum(axis=0), before.sum(axis=(0, 1)), rtol=1e-12)
    total = land.mineral.sum() + land.deposit_mineral.sum()
    np.testing.assert_allclose(total, mineral.sum(), rtol=1e-12)
    for identity in range(-1, 3):  # every field keeps its soil; where nothing is tilled nothing moves
        inside = land.field == identity
        np.testing.assert_allclose(after[inside].sum(axis=0), before[inside].sum(axis=(0, 1)), rtol=1e-12)
    untilled = land.field < 0
    assert np.array_equal(land.stocks[untilled], before[untilled]) and not land.deposit[untilled].any()
    assert np.all(land.stocks >= 0.0) and np.all(land.mineral >= 0.0)
    assert np.all(land.moved_mineral <= land.depth_mass * (1.0 + 1e-14))
    cut = np.maximum(np.cumsum(mineral, axis=1) - mineral, 0.0)
    below = cut >= land.depth_mass[:, None]
    assert np.array_equal(land.mineral[below], mineral[below])


def test_dry_mass_moved_is_what_the_coefficient_asks() -> None:
    """Rule 2: k_til speaks of total dry soil; mineral soil is its share of it. 1 % slope down to the east."""
    land = Land(3, 4, 10.0, 10.0)
    land.elevation[:] = np.tile([0.0, 0.1, 0.0, 0.0], 3)
    land.translocate()
    donor, receiver = land.cells
    dry = land.moved_mineral[donor] + land.moved[donor] @ DRY_MASS
    assert dry == pytest.approx(550.0 * 0.01 / 10.0, rel=1e-13)
    share = 1.0 / (1.0 + 0.015 * 1.724 + 0.002 * 8.333)
    assert land.moved_mineral[donor] == pytest.approx(dry * share, rel=1e-13)
    np.testing.assert_array_equal(land.deposit[receiver], land.moved[donor])
    assert not land.moved[receiver].any()


def test_soil_moves_at_the_mean_of_the_tilled_layer() -> None:
    """Rule 19, also where mixing was poor; soil below the plough stays, and stays what it was."""
    land = Land(3, 4, 10.0, 10.0, depth_mass=225.0)
    land.elevation[:] = np.tile([0.0, 5.0, 0.0, 0.0], 3)
    land.stocks[:, 0, 0] *= 3.0
    homogenise(land.cells, land.depth_mass, np.full(12, 0.5), land.mineral, land.stocks)
    donor = land.cells[0]
    tilled = land.stocks[donor, 0, 0] + 0.5 * land.stocks[donor, 1, 0]
    land.translocate()
    assert land.moved[donor, 0] / land.moved_mineral[donor] == pytest.approx(tilled / 225.0, rel=1e-13)
    land.transport[:] = 1e9  # and a donor gives no more than its tilled layer
    land.remap()
    land.depth_mass[:] = 150.0
    before = land.stocks[donor].copy()
    land.translocate()
    assert land.moved_mineral[donor] == 150.0 and land.mineral[donor, 0] == 0.0
    assert land.moved[donor, 0] == before[0, 0]
    np.testing.assert_array_equal(land.stocks[donor, 1:], before[1:])


def test_scarce_soil_is_shared_in_proportion_to_the_fluxes() -> None:
    land = Land(3, 5, 10.0, 10.0, depth_mass=150.0)
    land.elevation[:] = np.tile([0.0, 1.0, 4.0, 3.0, 0.0], 3)
    land.transport[:] = 1e6
    land.translocate()
    west, crest, east = land.cells
    assert land.moved_mineral[crest] == 150.0
    assert land.deposit_mineral[west] == pytest.approx(150.0 * 0.75, rel=1e-14)
    assert land.deposit_mineral[east] == pytest.approx(150.0 * 0.25, rel=1e-14)


def test_neither_order_of_cells_nor_mirror_matters() -> None:
    random = np.random.default_rng(11)
    land, other, mirror = (Land(8, 10, 5.0, 5.0) for _ in range(3))
    land.elevation[:] = random.random(80) * 4.0
    land.transport[:] = 3e4
    for twin in (other, mirror):
        twin.transport[:] = 3e4
    other.elevation[:] = land.elevation
    mirror.elevation[:] = land.elevation.reshape(8, 10)[::-1, ::-1].ravel()
    land.translocate()
    other.translocate(random.permutation(other.cells))
    mirror.translocate()
    assert np.array_equal(land.stocks, other.stocks) and np.array_equal(land.deposit, other.deposit)
    np.testing.assert_allclose(mirror.deposit_mineral[::-1], land.deposit_mineral, rtol=1e-13)
    np.testing.assert_allclose(mirror.mineral[::-1], land.mineral, rtol=1e-13)


def test_flat_land_stays_where_it_is() -> None:
    land = Land(5, 5, 10.0, 10.0)
    before = land.stocks.copy()
    land.translocate()
    assert np.array_equal(before, land.stocks) and not land.deposit.any() and not land.moved.any()
