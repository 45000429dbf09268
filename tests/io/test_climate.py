"""Climate tables: what must be read as it is, and what must be refused, all at once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.support import shared
from watershed_c.io.climate import ClimateTableError, MonthlyForcing, read_climate
from watershed_c.io.weather import change

RAIN = [60, 50, 55, 50, 55, 60, 55, 65, 60, 75, 70, 65]
MEAN = [3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]


def write(path, header, rows):
    path.write_text(
        "\n".join([header, *(",".join(str(value) for value in row) for row in rows)]) + "\n", encoding="utf-8"
    )
    return path


def normals(path, header="month,tmean_degC,precipitation_mm", months=range(1, 13), mean=MEAN, rain=RAIN):
    return write(path, header, [(m, mean[m - 1], rain[m - 1]) for m in months])


def messages(path, **options):
    with pytest.raises(ClimateTableError) as caught:
        read_climate(path, **options)
    assert isinstance(caught.value, ValueError)
    return caught.value.messages


def test_station_table_as_published():
    """Allardt, Tennessee, in Fahrenheit and inches: annual precipitation is 55.72 in."""
    forcing = read_climate(shared("reference/jacksboro_climate/allardt_tn_normals_1971_2000.csv"))
    assert forcing.is_normals and len(forcing) == 12 and forcing.first_year is None
    assert forcing.precipitation.sum() == pytest.approx(55.72 * 25.4)
    assert forcing.temperature[0] == pytest.approx((34.5 - 32.0) / 1.8)
    assert forcing.temperature_min is not None and forcing.temperature_max is not None
    assert forcing.temperature_max[6] == pytest.approx((83.8 - 32.0) / 1.8)


def test_published_series_with_renaming():
    path = shared("reference/rothamsted_weather/rothamsted_monthly_1985_2017.csv")
    forcing = read_climate(path)
    assert (forcing.first_year, forcing.first_month, forcing.is_normals) == (1985, 10, False)
    assert forcing.temperature[forcing.index(1985, 12)] == 6.27 and forcing.precipitation[2] == 108.2
    assert len(forcing) > 300


def test_index_of_a_series_and_of_normals(tmp_path):
    rows = [(1990 + i // 12, i % 12 + 1, MEAN[i % 12], RAIN[i % 12]) for i in range(5, 41)]
    forcing = read_climate(write(tmp_path / "s.csv", "year,month,tmean_degC,precipitation_mm", rows))
    assert forcing.index(1990, 6) == 0 and forcing.index(1993, 5) == 35
    for year, month in ((1990, 5), (1993, 6)):
        with pytest.raises(IndexError, match="1990-06 to 1993-05"):
            forcing.index(year, month)
    assert forcing.climatology(forcing.temperature) == pytest.approx(MEAN)
    assert read_climate(normals(tmp_path / "n.csv")).index(2075, 3) == 2


def test_normals_in_any_order_and_other_separators(tmp_path):
    shuffled = read_climate(normals(tmp_path / "a.csv", months=[7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]))
    assert shuffled.temperature == pytest.approx(MEAN)
    text = "# Rothamsted\nmonth;tmean_K;rain_cm\n" + "\n".join(
        f"{m};{MEAN[m - 1] + 273.15};{RAIN[m - 1] / 10}" for m in range(1, 13)
    )
    (tmp_path / "b.csv").write_text("\ufeff" + text, encoding="utf-8")
    other = read_climate(tmp_path / "b.csv")
    assert other.temperature == pytest.approx(MEAN) and other.precipitation == pytest.approx(RAIN)


def test_mean_from_extremes(tmp_path):
    rows = [(m, MEAN[m - 1] - 4, MEAN[m - 1] + 4, RAIN[m - 1]) for m in range(1, 13)]
    forcing = read_climate(write(tmp_path / "x.csv", "month,tmin_degC,tmax_degC,precipitation_mm", rows))
    assert forcing.temperature == pytest.approx(MEAN)


def test_optional_columns(tmp_path):
    rows = [(m, MEAN[m - 1], RAIN[m - 1], 10 * m, 5.5 * m, 12) for m in range(1, 13)]
    header = "month,tmean_degC,precipitation_mm,pet_mm,erosivity_MJ_mm_ha_h,wet_days"
    forcing = read_climate(write(tmp_path / "x.csv", header, rows))
    assert forcing.pet is not None and forcing.pet[2] == 30.0
    assert forcing.erosivity is not None and forcing.erosivity.sum() == pytest.approx(5.5 * 78)
    assert forcing.wet_days is not None and forcing.wet_days[0] == 12.0


def test_netcdf_series_with_rates_and_kelvin(tmp_path):
    xr = pytest.importorskip("xarray")
    time = np.arange("2001-01", "2003-01", dtype="datetime64[M]").astype("datetime64[ns]")
    kelvin = np.tile(np.array(MEAN) + 273.15, 2).reshape(-1, 1, 1)
    rate = np.full((24, 1, 1), 2.0 / 86400.0)
    data = xr.Dataset(
        {
            "t2m": (("time", "y", "x"), kelvin, {"units": "K"}),
            "pr": (("time", "y", "x"), rate, {"units": "kg m-2 s-1"}),
        },
        coords={"time": time},
    )
    data.to_netcdf(tmp_path / "c.nc")
    forcing = read_climate(tmp_path / "c.nc", rename={"t2m": "temperature"})
    assert forcing.temperature == pytest.approx(MEAN * 2)
    assert (forcing.first_year, forcing.first_month) == (2001, 1)
    assert forcing.precipitation[:2] == pytest.approx([62.0, 56.5])


def test_netcdf_problems(tmp_path):
    xr = pytest.importorskip("xarray")
    data = xr.Dataset({"tas": (("month", "x"), np.zeros((12, 3)), {"units": "degC"}), "pr": (("month",), np.ones(12))})
    data.to_netcdf(tmp_path / "c.nc")
    found = messages(tmp_path / "c.nc", rename={"ppt": "precipitation"})
    assert any("map over x" in text for text in found)
    assert any("pr: has no unit" in text for text in found)
    assert any('no variable "ppt"' in text for text in found)
    (tmp_path / "broken.nc").write_bytes(b"not a NetCDF file")
    assert "cannot be read" in messages(tmp_path / "broken.nc")[0]


def test_eleven_months(tmp_path):
    found = messages(normals(tmp_path / "x.csv", months=[1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]))
    assert found == ["x.csv: normals need the 12 months once each, there are 11 (missing: 7)"]


def test_a_series_without_year_and_a_gap(tmp_path):
    assert "needs a column year" in messages(normals(tmp_path / "x.csv", months=[*range(1, 13), 1]))[0]
    rows = [(1990 + i // 12, i % 12 + 1, 10.0, 50.0) for i in range(30) if i != 14]
    found = messages(write(tmp_path / "y.csv", "year,month,tmean_degC,precipitation_mm", rows))
    assert found == ["y.csv: months must follow one another: 1991-02 is followed by 1991-04"]


def test_missing_column_names_the_nearest(tmp_path):
    found = messages(normals(tmp_path / "x.csv", header="month,tmean_degC,precipitaton_mm"))
    assert found == ['x.csv: precipitation is missing: give precipitation_mm. Did you mean "precipitaton_mm"?']


def test_kelvin_and_fahrenheit_called_celsius(tmp_path):
    kelvin = messages(normals(tmp_path / "k.csv", mean=[value + 273.15 for value in MEAN]))
    assert len(kelvin) == 1 and "in kelvin, the unit is K" in kelvin[0]
    fahrenheit = messages(normals(tmp_path / "f.csv", mean=[value * 1.8 + 32.0 for value in MEAN]))
    assert len(fahrenheit) == 1 and "the unit is degF" in fahrenheit[0]
    celsius = messages(normals(tmp_path / "c.csv", header="month,tmean_K,precipitation_mm"))
    assert len(celsius) == 1 and "degC, not K" in celsius[0]


def test_everything_wrong_at_once(tmp_path):
    rows = [[m, MEAN[m - 1] - 3, MEAN[m - 1] + 3, RAIN[m - 1], 1.0] for m in range(1, 13)]
    rows[1][3] = -5
    rows[2][1], rows[2][2] = 9.0, 2.0
    rows[3][2] = ""
    rows[4][3] = "n/a"
    rows[5][4] = -1
    found = messages(write(tmp_path / "x.csv", "month,tmin_degC,tmax_degC,rain_mm,pet_mm", rows))
    for text in ("negative (-5) in month 2", "tmin is above tmax in month 3", "tmax_degC has no value in month 4",
                 'x.csv:6: rain_mm = "n/a" is not a number', "pet_mm is negative (-1) in month 6"):  # fmt: skip
        assert any(text in message for message in found), (text, found)


def test_unit_missing_unknown_or_absurd(tmp_path):
    assert "has no unit" in messages(normals(tmp_path / "x.csv", header="month,tmean,precipitation_mm"))[0]
    assert '"furlong" is not known' in messages(normals(tmp_path / "y.csv", header="month,tmean_degC,rain_furlong"))[0]
    assert "above any month on record" in messages(normals(tmp_path / "z.csv", header="month,tmean_degC,rain_m"))[0]


def test_what_is_wrong_in_many_rows_is_told_once(tmp_path):
    """The first row named, the others counted; a cell that is no number is not missing as well."""
    rows = [
        (1950 + i // 12, i % 12 + 1, "x" if 100 <= i < 160 else 10.0, "inf" if i == 3 else 50.0) for i in range(240)
    ]
    found = messages(write(tmp_path / "x.csv", "year,month,tmean_degC,precipitation_mm", rows))
    assert found == [
        'x.csv:5: precipitation_mm = "inf" is not a number',
        'x.csv:102: tmean_degC = "x" is not a number; likewise in lines 103, 104, 105 and 56 more',
    ]
    lines = ["month,tmean_degC,precipitation_mm", *(f"{m},10" if m in (4, 6) else f"{m},10,50" for m in range(1, 13))]
    (tmp_path / "r.csv").write_text("\n".join(lines))
    assert messages(tmp_path / "r.csv") == ["r.csv:5: has 2 values, the header has 3; likewise in line 7"]
    (tmp_path / "m.csv").write_text("month,tmean_degC,precipitation_mm\n" + "Jan,10,50\n" * 12)
    assert messages(tmp_path / "m.csv") == [
        'm.csv:2: month = "Jan" is not a number; likewise in lines 3, 4, 5 and 8 more'
    ]


def test_more_than_ever_was_measured_is_refused(tmp_path):
    """The limits are the wettest month and the wettest twelve on record; a monsoon slope of 11 m a year is read."""
    monsoon = [10, 50, 250, 900, 1200, 2200, 3200, 1800, 1300, 500, 70, 30]
    assert read_climate(normals(tmp_path / "a.csv", rain=monsoon)).precipitation.sum() == sum(monsoon)
    (month,) = messages(normals(tmp_path / "b.csv", rain=[9600, *[50] * 11]))
    assert "9600 mm in month 1" in month and "Cherrapunji in July 1861" in month
    (year,) = messages(normals(tmp_path / "c.csv", rain=[2500] * 12))
    assert "30000 mm in 12 months" in year and "Cherrapunji in 1860-61" in year
    rows = [(m, 10, 50, 1200 if m == 7 else 30) for m in range(1, 13)]
    (pet,) = messages(write(tmp_path / "d.csv", "month,tmean_degC,rain_mm,pet_mm", rows))
    assert "pet_mm is 1200 mm in month 7" in pet


def test_unreadable_files(tmp_path):
    assert "no such file" in messages(tmp_path / "absent.csv")[0]
    (tmp_path / "empty.csv").write_text("")
    assert "is empty" in messages(tmp_path / "empty.csv")[0]
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    assert "cannot be read" in messages(tmp_path / "binary.csv")[0]
    assert messages(write(tmp_path / "h.csv", "tmean_degC,precipitation_mm", [])) != []
    ragged = "month,tmean_degC,precipitation_mm\n" + "\n".join(
        f"{m},10" if m == 3 else f"{m},10,50" for m in range(1, 13)
    )
    (tmp_path / "r.csv").write_text(ragged)
    assert "r.csv:4: has 2 values, the header has 3" in messages(tmp_path / "r.csv")
    (tmp_path / "month.csv").write_text("month,tmean_degC,precipitation_mm\nJan,10,50\n")
    assert any('month = "Jan" is not a number' in text for text in messages(tmp_path / "month.csv"))


def test_two_columns_of_one_quantity(tmp_path):
    rows = [(m, 10, 50, 2) for m in range(1, 13)]
    assert (
        "both give precipitation"
        in messages(write(tmp_path / "x.csv", "month,tmean_degC,rain_mm,precip_inch", rows))[0]
    )


def test_changes_leave_the_original_alone():
    forcing = MonthlyForcing(
        np.array(MEAN), np.array(RAIN, dtype=float), temperature_min=np.array(MEAN) - 4, pet=np.full(12, 40.0)
    )
    warmer = change(forcing, temperature=1.5, precipitation=-5.0)
    assert warmer.temperature == pytest.approx(np.array(MEAN) + 1.5)
    assert warmer.temperature_min is not None and warmer.temperature_min == pytest.approx(np.array(MEAN) - 2.5)
    assert warmer.precipitation == pytest.approx(0.95 * np.array(RAIN))
    assert warmer.pet is forcing.pet or warmer.pet == pytest.approx(forcing.pet)
    assert forcing.temperature == pytest.approx(MEAN)
    with pytest.raises(ValueError, match="-100"):
        change(forcing, precipitation=-120.0)


def test_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(ClimateTableError(["a", "b"])))
    assert error.messages == ["a", "b"]
