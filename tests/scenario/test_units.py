"""Quantities with units: what is read, and what is refused with the accepted units named."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c import units
from watershed_c.units import UnitError, convert, quantity, written


@pytest.mark.parametrize(
    ("text", "kind", "inside"),
    [
        ("25 cm", "length", 0.25),
        (0.25, "length", 0.25),
        ("1.35 g/cm3", "density", 1350.0),
        ("135 cg/cm3", "density", 1350.0),
        ("2 t/ha", "areal mass", 0.2),
        ("2 t C/ha", "areal mass", 0.2),
        ("2 Mg C ha-1", "areal mass", 0.2),
        ("140 %", "fraction", 1.4),
        ("15 g/kg", "fraction", 0.015),
        ("150 dg/kg", "fraction", 0.015),
        ("+1.5 K", "temperature difference", 1.5),
        ("283.15 K", "temperature", 10.0),
        ("10 °C", "temperature", 10.0),
        ("−6.5 K/km", "lapse rate", -0.0065),
        ("40 kg h MJ-1 mm-1", "erodibility", 0.04),
        ("0.04 t ha h ha-1 MJ-1 mm-1", "erodibility", 0.04),
        ("800 MJ mm/(ha h yr)", "erosivity", 800.0),
        ("1 km²", "area", 1e6),
        ("4 ha", "area", 4e4),
        ("2 cm2/yr", "diffusivity", 2e-4),
        ("10 years", "time", 10.0),
        ("6 months", "time", 0.5),
        ("1.5 inch", "length", None),
        ("60 mm", "water", 60.0),
        ("30 mm/month", "water flux", 360.0),
        ("1 mm/day", "water flux", 365.25),
        ("1e3 m", "length", 1000.0),
    ],
)
def test_quantities(text: str | float, kind: str, inside: float | None) -> None:
    if inside is None:
        with pytest.raises(UnitError, match="does not know the unit"):
            quantity(text, kind)
    else:
        assert quantity(text, kind) == pytest.approx(inside, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("25 cm", "fraction", "accepted units are %, g/kg"),
        ("2 kg", "length", "accepted units are mm, cm, m, km"),
        ("3 furlong", "length", 'does not know the unit "furlong"'),
        ("2 t/ha/yr", "areal mass", "accepted units are t/ha"),
        ("cm", "length", "is not a number with a unit"),
        ("", "length", "is not a number with a unit"),
        (True, "length", "must be a number"),
        ("1 m999999999", "length", "does not know the unit"),
        (10**400, "length", "too large"),
    ],
)
def test_wrong_units_name_the_accepted_ones(text: object, kind: str, says: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(text, kind)  # type: ignore[arg-type]
    assert says in str(caught.value)


def test_percent_is_exact() -> None:
    assert quantity("23 %", "fraction") == 0.23
    assert quantity("7 cm", "length") == 0.07


def test_dimensions_against_hand_computation() -> None:
    assert convert(1.0, "t ha-1 yr-1", "g m-2 yr-1") == pytest.approx(100.0)
    assert convert(1.0, "kg m-2", "t/ha") == pytest.approx(10.0)
    assert convert(1.0, "m/yr", "mm/day") == pytest.approx(1000.0 / 365.25)
    np.testing.assert_allclose(units.t_ha_from_kg_m2(np.array([1.0, 2.0])), [10.0, 20.0])
    assert units.kg_m2_from_t_ha(10.0) == pytest.approx(1.0)
    with pytest.raises(UnitError, match="do not measure the same"):
        convert(1.0, "kg", "m")


@pytest.mark.parametrize("kind", list(units.KINDS))
def test_every_kind_reads_its_own_unit_and_what_it_writes(kind: str) -> None:
    for unit in units.KINDS[kind].accepts:
        assert np.isfinite(quantity(f"1 {unit}", kind))
    assert quantity(written(0.1234567890123, kind), kind) == 0.1234567890123
