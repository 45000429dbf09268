"""Days become months; a record in another climate, with a trend, or drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.io.climate import ClimateTableError, MonthlyForcing, read_climate
from watershed_c.io.weather import as_series, change, generated, trend

MEAN = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])
RAIN = np.array([60.0, 50, 55, 50, 55, 60, 55, 65, 60, 75, 70, 65])
JANUARY = 2001 * 12


def normals(**more):
    return MonthlyForcing(MEAN.copy(), RAIN.copy(), temperature_min=MEAN - 4.0, temperature_max=MEAN + 4.0, **more)


def days(first="2003-01-01", last="2005-01-01"):
    return np.arange(first, last, dtype="datetime64[D]")


def write_days(path, dates, rain, header="date,tmean_degC,precipitation_mm", mean=None):
    mean = np.full(len(dates), 10.0) if mean is None else mean
    rows = (f"{d},{t},{p}" for d, t, p in zip(dates, mean, rain, strict=True))
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def messages(path):
    with pytest.raises(ClimateTableError) as caught:
        read_climate(path)
    return caught.value.messages


# -- days --------------------------------------------------------------------------------------------------------------


def test_days_become_months(tmp_path):
    """Amounts are summed over a leap February, means averaged, and a day below 1 mm is not wet."""
    dates = days()
    month = dates.astype("datetime64[M]")
    rain = np.where(np.arange(dates.size) % 3 == 0, 6.0, 0.4)
    mean = np.sin(np.arange(dates.size) / 40.0) * 10.0
    forcing = read_climate(write_days(tmp_path / "d.csv", dates, rain, mean=mean))
    assert (forcing.first_year, forcing.first_month, forcing.is_normals, len(forcing)) == (2003, 1, False, 24)
    for i, name in enumerate(np.unique(month)):
        assert forcing.precipitation[i] == pytest.approx(rain[month == name].sum())
        assert forcing.temperature[i] == pytest.approx(mean[month == name].mean())
        assert forcing.wet_days[i] == (rain[month == name] >= 1.0).sum()
        shares = forcing.rain_shares[i][~np.isnan(forcing.rain_shares[i])]
        assert shares * forcing.precipitation[i] == pytest.approx(rain[month == name])
    assert forcing.precipitation.sum() == pytest.approx(rain.sum())


def test_days_in_three_columns_and_in_netcdf_are_the_same(tmp_path):
    xr = pytest.importorskip("xarray")
    dates = days()
    rain = np.arange(dates.size) % 7 * 1.5
    text = write_days(tmp_path / "d.csv", dates, rain).read_text().splitlines()
    parts = ["year,month,day,tmean_degC,precipitation_mm", *(row.replace("-", ",", 2) for row in text[1:])]
    (tmp_path / "p.csv").write_text("\n".join(parts))
    flux = ("time", rain / 86400.0, {"units": "kg m-2 s-1"})
    kelvin = ("time", np.full(dates.size, 283.15), {"units": "K"})
    data = xr.Dataset({"pr": flux, "tas": kelvin}, coords={"time": dates.astype("datetime64[ns]")})
    data.to_netcdf(tmp_path / "d.nc")
    first = read_climate(tmp_path / "d.csv")
    for name in ("p.csv", "d.nc"):
        other = read_climate(tmp_path / name)
        assert other.precipitation == pytest.approx(first.precipitation) and other.wet_days is not None
        assert other.wet_days.tolist() == first.wet_days.tolist() and other.first_year == 2003


def test_a_calendar_without_leap_days_is_read(tmp_path):
    dates = days()
    kept = dates != np.datetime64("2004-02-29")
    forcing = read_climate(write_days(tmp_path / "d.csv", dates[kept], np.ones(int(kept.sum()))))
    assert forcing.precipitation[13] == 28.0 and len(forcing) == 24


def test_days_that_are_not(tmp_path):
    dates = days()
    gap = dates[np.arange(dates.size) != 40]
    assert "2003-02-09 is followed by 2003-02-11" in messages(write_days(tmp_path / "a.csv", gap, np.ones(gap.size)))[0]
    late = dates[3:-2]
    found = messages(write_days(tmp_path / "b.csv", late, np.ones(late.size)))
    assert "begins on 2003-01-04" in found[0] and "ends on 2004-12-29" in found[1]
    few = dates[:90]
    assert "at least 12 months, there are 3" in messages(write_days(tmp_path / "c.csv", few, np.ones(few.size)))[0]
    (tmp_path / "e.csv").write_text("date,tmean_degC,precipitation_mm\n01/02/2003,1,2\n")
    assert any('"01/02/2003" is not a number' in text for text in messages(tmp_path / "e.csv"))
    (tmp_path / "f.csv").write_text("date,tmean_degC,precipitation_mm\n2003-02-30,1,2\n")
    assert "there is no day 2003-02-30" in messages(tmp_path / "f.csv")[0]
    wrong = write_days(tmp_path / "g.csv", dates, np.where(np.arange(dates.size) == 5, -1.0, 2.0))
    assert "negative" in messages(wrong)[0]
    flood = write_days(tmp_path / "h.csv", dates, np.full(dates.size, 400.0))
    assert "Cherrapunji" in messages(flood)[0]


# -- radiation, wind, humidity ----------------------------------------------------------------------------------------


def test_columns_of_penman_monteith(tmp_path):
    header = "month,tmean_degC,rain_mm,radiation_W_m2,wind_10m_km_h,humidity_%"
    rows = [f"{m},10,50,150,18,75" for m in range(1, 13)]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    forcing = read_climate(tmp_path / "a.csv")
    assert forcing.radiation == pytest.approx(12.96) and forcing.wind == pytest.approx(5.0 * 4.87 / np.log(672.58))
    assert forcing.humidity_min == pytest.approx(75.0) and forcing.humidity_max == pytest.approx(75.0)
    header = "month,tmean_degC,rain_mm,radiation_MJ_m2_day,wind_2m_m_s,rhmin_fraction,rhmax_%,vapour_pressure_hPa"
    (tmp_path / "b.csv").write_text("\n".join([header, *(f"{m},10,50,13,2,0.6,90,9.5" for m in range(1, 13))]))
    forcing = read_climate(tmp_path / "b.csv")
    assert forcing.radiation == pytest.approx(13.0) and forcing.wind == pytest.approx(2.0)
    assert forcing.humidity_min == pytest.approx(60.0) and forcing.vapour_pressure == pytest.approx(0.95)


def test_impossible_radiation_wind_and_humidity_all_at_once(tmp_path):
    header = "month,tmean_degC,rain_mm,radiation_MJ_m2_day,wind_2m_m_s,rhmin_%,rhmax_%,vapour_pressure_mmHg"
    (tmp_path / "a.csv").write_text("\n".join([header, *(f"{m},10,50,150,90,80,60,9" for m in range(1, 13))]))
    found = messages(tmp_path / "a.csv")
    for text in ("more than above the atmosphere", "above 60", "minimum humidity is above", 'unit "mmHg" is not known'):
        assert any(text in message for message in found), text
    assert len(found) == 4


# -- another climate --------------------------------------------------------------------------------------------------


def test_change_by_month():
    kelvin, percent = np.arange(12.0), np.arange(12.0) * 2.0
    series = as_series(normals(), JANUARY + 4, 30)
    changed = change(series, temperature=kelvin, precipitation=percent)
    names = (4 + np.arange(30)) % 12
    assert changed.temperature == pytest.approx(MEAN[names] + names)
    assert changed.temperature_max == pytest.approx(MEAN[names] + 4.0 + names)
    assert changed.precipitation == pytest.approx(RAIN[names] * (1.0 + 0.02 * names))
    # a record of twelve months that does not begin in January
    year = as_series(normals(), JANUARY + 4, 12)
    assert change(year, temperature=kelvin).temperature == pytest.approx(np.roll(MEAN + kelvin, -4))


def test_trend_grows_from_the_start_and_normals_hold_before():
    series = trend(as_series(normals(), JANUARY, 360), JANUARY, temperature=0.4, precipitation=-3.0)
    assert series.temperature[0] == MEAN[0] and series.precipitation[0] == RAIN[0]
    assert series.temperature[120] == pytest.approx(MEAN[0] + 0.4)
    assert series.temperature_min[247] == pytest.approx(MEAN[7] - 4.0 + 0.4 * 247 / 120)
    assert series.precipitation[240] == pytest.approx(RAIN[0] * 0.94)
    assert series.before is not None and series.before.temperature.tolist() == MEAN.tolist()
    assert np.polyfit(np.arange(30), series.temperature[6::12], 1)[0] == pytest.approx(0.04)
    drying = trend(as_series(normals(), JANUARY, 360), JANUARY, precipitation=-90.0)
    assert (drying.precipitation >= 0.0).all() and drying.precipitation[-1] == 0.0
    later = trend(as_series(normals(), JANUARY, 24), JANUARY + 12, temperature=1.0)
    assert later.temperature[:13].tolist() == [*MEAN, MEAN[0]]


def test_generated_months_keep_the_normals():
    drawn = generated(
        normals(pet=np.arange(12.0)), JANUARY + 2, 240, seed=4, wet_days=np.full(12, 10.0), persistence=0.25, shape=1.0,
        every_month=False, temperature_deviation=1.0,
    )  # fmt: skip
    assert drawn.climatology(drawn.precipitation) == pytest.approx(RAIN)
    assert drawn.climatology(drawn.temperature) == pytest.approx(MEAN)
    assert drawn.temperature_max - drawn.temperature == pytest.approx(4.0)
    assert drawn.climatology(drawn.pet) == pytest.approx(np.arange(12.0))
    assert drawn.climatology(drawn.wet_days) == pytest.approx(10.0, abs=2.5)
    assert drawn.before is not None and drawn.before.wet_days.tolist() == [10.0] * 12
    assert drawn.index(2001, 3) == 0 and len(drawn) == 240 and drawn.precipitation.std() > 15.0
