"""Radiation on inclined ground: closed forms, symmetry, quadrature, and Landlab's Radiation at noon."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watershed_c.kernels import radiation as r
from watershed_c.kernels.climate import _FIRST_DAY, mean_of_month, monthly_radiation

DAY = np.arange(1.0, 366.0)
#: every day of the year: month, declination, distance
DAILY = (
    np.repeat(np.arange(12), np.diff(_FIRST_DAY)),
    0.409 * np.sin(2.0 * np.pi * DAY / 365.0 - 1.39),
    1.0 + 0.033 * np.cos(2.0 * np.pi * DAY / 365.0),
)


def ratio(slope, aspect, latitude, sun=DAILY):
    """(c, 12); slope and aspect in degrees, aspect clockwise from north towards which the ground falls."""
    tangent, angle = np.tan(np.radians(np.atleast_1d(slope))), np.radians(np.atleast_1d(aspect))
    gx, gy = -tangent * np.sin(angle), -tangent * np.cos(angle)
    out = np.full((gx.size, 12), np.nan)
    r.slope_radiation_ratio(np.arange(gx.size), gx, gy, math.radians(latitude), *sun, out)
    return out


@pytest.mark.parametrize("latitude", [-75.0, -30.0, 0.0, 45.0, 80.0])
def test_horizontal_is_one(latitude):
    assert ratio(0.0, 0.0, latitude) == pytest.approx(1.0, abs=1e-12)


def test_flat_radiation_is_that_of_the_climate_kernel():
    """What the ratio divides by, times its constant, is Ra of FAO-56 eq. 21."""
    month, declination, distance = DAILY
    for latitude in (-20.0, 51.8):
        phi = math.radians(latitude)
        sunset = np.arccos(-math.tan(phi) * np.tan(declination))
        day = distance * [
            r.daily_geometry(math.sin(phi) * math.sin(d), math.cos(phi) * math.cos(d), 0.0, w)
            for d, w in zip(declination, sunset, strict=True)
        ]
        assert 720.0 / np.pi * 0.0820 * mean_of_month(day) == pytest.approx(monthly_radiation(latitude), rel=1e-12)


def test_equator_at_the_equinox():
    """Sun in the zenith plane: a slope to the north or south gets cos(slope); to the east (1 + cos(slope)) / 2."""
    equinox = np.array([2]), np.array([0.0]), np.array([1.0])
    for slope in (10.0, 30.0, 60.0):
        cosine = math.cos(math.radians(slope))
        march = ratio([slope] * 4, [0.0, 90.0, 180.0, 270.0], 0.0, equinox)[:, 2]
        assert march == pytest.approx([cosine, (1.0 + cosine) / 2.0, cosine, (1.0 + cosine) / 2.0], rel=1e-12)


def test_a_slope_is_the_horizontal_of_another_latitude():
    """A slope to the south, at an equinox: the horizontal of a place further south, cos(l - slope) / cos(l)."""
    equinox = np.array([2]), np.array([0.0]), np.array([1.0])
    south, north = ratio([20.0, 20.0], [180.0, 0.0], 45.0, equinox)[:, 2]
    assert south == pytest.approx(math.cos(math.radians(25.0)) / math.cos(math.radians(45.0)), rel=1e-12)  # 1.282
    assert north == pytest.approx(math.cos(math.radians(65.0)) / math.cos(math.radians(45.0)), rel=1e-12)  # 0.598
    assert (round(south, 3), round(north, 3)) == (1.282, 0.598)


def test_east_and_west_are_alike():
    aspects = np.array([20.0, 70.0, 90.0, 135.0])
    for latitude in (-52.0, 5.0, 67.0):
        assert ratio(np.full(4, 25.0), aspects, latitude) == pytest.approx(
            ratio(np.full(4, 25.0), 360.0 - aspects, latitude), rel=1e-12
        )


def test_hemispheres_mirror_each_other():
    """At an equinox, where the sun is the same, north here is south there."""
    equinox = np.array([2]), np.array([0.0]), np.array([1.0])
    assert ratio(30.0, 50.0, 40.0, equinox)[:, 2] == pytest.approx(ratio(30.0, 130.0, -40.0, equinox)[:, 2], rel=1e-12)


def test_opposite_aspects_keep_the_energy_of_the_plan():
    """Slopes that never shade themselves: the mean over opposite aspects is cos(slope), so per plan area it is 1."""
    for aspect in (0.0, 30.0, 90.0):
        pair = ratio([3.0, 3.0], [aspect, aspect + 180.0], 10.0)
        mean = pair.mean(axis=0) / math.cos(math.radians(3.0))
        # at dawn and dusk the low sun stands behind one of the two: more is caught than on the plan
        assert (mean >= 1.0 - 1e-12).all() and mean == pytest.approx(1.0, abs=math.tan(math.radians(3.0)) ** 2)
    steep = ratio([40.0, 40.0], [0.0, 180.0], 50.0).mean(axis=0) / math.cos(math.radians(40.0))
    assert (steep > 1.0 - 1e-12).all()


def test_against_quadrature():
    """The exact pieces against a fine sum over the hours, steep ground with two spells of sun a day included."""
    angles = (np.arange(200_000) + 0.5) / 200_000 * 2.0 * np.pi - np.pi
    for latitude, slope, aspect, day in ((50.0, 70.0, 0.0, 172), (65.0, 35.0, 75.0, 150), (-35.0, 50.0, 200.0, 10)):
        phi, tilt, towards = math.radians(latitude), math.radians(slope), math.radians(aspect)
        d = 0.409 * math.sin(2.0 * math.pi * day / 365.0 - 1.39)
        up = math.sin(d) * math.sin(phi) + math.cos(d) * math.cos(phi) * np.cos(angles)
        north = math.sin(d) * math.cos(phi) - math.cos(d) * math.sin(phi) * np.cos(angles)
        east = -math.cos(d) * np.sin(angles)
        facing = math.cos(tilt) * up + math.sin(tilt) * (math.cos(towards) * north + math.sin(towards) * east)
        wanted = np.where(up > 0.0, np.maximum(facing, 0.0), 0.0).sum() / np.maximum(up, 0.0).sum()
        found = ratio(slope, aspect, latitude, (np.array([0]), np.array([d]), np.array([1.0])))[0, 0]
        assert found == pytest.approx(wanted, abs=2e-5)  # the sum jumps at sunset


def test_polar_night_and_polar_day_are_finite():
    found = ratio([10.0, 10.0, 80.0], [0.0, 180.0, 0.0], 85.0)
    assert np.isfinite(found).all() and (found >= 0.0).all()
    assert found[:, 11] == pytest.approx(1.0)  # December is dark
    assert found[0, 5] == pytest.approx(found[1, 5], rel=0.25)  # in June the sun goes round


def test_a_few_days_stand_for_all():
    aspects = np.arange(0.0, 360.0, 45.0)
    for latitude in (0.0, 36.0, 52.0, 60.0):
        every = ratio(np.full(8, 25.0), aspects, latitude)
        few = ratio(np.full(8, 25.0), aspects, latitude, r.sun_of_month())
        assert few == pytest.approx(every, rel=2e-3, abs=1e-3)


def test_landlab_radiation_at_noon():
    """Landlab's ratio is that of the cosines of incidence at noon, to 2e-3: its sun is 0.26 degrees off south."""
    from landlab import RasterModelGrid
    from landlab.components import Radiation

    grid = RasterModelGrid((5, 5), xy_spacing=10.0)
    gx, gy = 0.15, -0.25
    grid.add_field("topographic__elevation", 100.0 + gx * grid.x_of_node + gy * grid.y_of_node, at="node")
    landlab = Radiation(grid, latitude=40.0, current_time=80.0 / 365.0)
    landlab.update()
    theirs = grid.at_cell["radiation__ratio_to_flat_surface"][4]
    # its declination takes a year of 360 days
    declination = 0.409 * math.sin(math.pi / 180.0 * 80.0 - 1.39)
    phi, upward = math.radians(40.0), 1.0 / math.sqrt(1.0 + gx * gx + gy * gy)
    level = math.sin(declination) * (upward * math.sin(phi) - gy * upward * math.cos(phi))
    along = math.cos(declination) * (upward * math.cos(phi) + gy * upward * math.sin(phi))
    narrow = 1e-5  # the integral over a moment at noon
    flat = r.daily_geometry(math.sin(phi) * math.sin(declination), math.cos(phi) * math.cos(declination), 0.0, narrow)
    ours = r.daily_geometry(level, along, gx * upward * math.cos(declination), narrow) / flat
    assert ours == pytest.approx(float(theirs), rel=2e-3)
