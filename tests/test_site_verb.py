"""The verb `site` as a user types it, its table against official RothC, its messages; and the example of its page."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner, Result

from tests.pools.test_simulate import CASES, climate
from tests.support import shared
from watershed_c.cli import main
from watershed_c.pools.loader import load_model

PAGE = Path(__file__).resolve().parents[1] / "docs" / "site.md"
FIELD = ("site", "rothc", "--forcing", "field.csv", "--soil", "clay=23.4,depth=23 cm,iom=2.7")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two years of weather and input in ``field.csv``."""
    monkeypatch.chdir(tmp_path)
    one = climate(24)
    with (tmp_path / "field.csv").open("w") as file:
        file.write("year,month,temperature_degC,rain_mm,pet_mm,plant_cover,plant_t_ha,manure_t_ha\n")
        for i in range(24):
            row = [one[name][i] for name in ("temperature", "rain", "pet", "plant_cover", "plant")]
            manure = "1.5" if i % 12 == 10 else ""  # nothing is spread where nothing is written
            file.write(f"{2001 + i // 12},{i % 12 + 1},{','.join(map(repr, map(float, row)))},{manure}\n")
    return tmp_path


def typed(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*words: str) -> str:
    """What is said where nothing is written and the exit code is 2."""
    before = {path.name for path in Path.cwd().iterdir()}
    result = typed(*words)
    assert result.exit_code == 2, result.output
    assert {path.name for path in Path.cwd().iterdir()} == before
    return result.output


def table(path: Path) -> dict[str, np.ndarray]:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_table_and_summary(here: Path) -> None:
    done = typed(*FIELD)
    assert done.exit_code == 0
    for said in ("RothC-26.3 (rothc)", "start", "end", "hum", "respired", "assumed  start: equilibrium",
                 "wrote field_rothc.csv"):  # fmt: skip
        assert said in done.output, said
    assert len(done.output.splitlines()) < 25
    found = table(here / "field_rothc.csv")
    assert list(found) == [
        "step", "year", "month", "dpm_t_ha", "rpm_t_ha", "bio_t_ha", "hum_t_ha", "iom_t_ha", "soc_t_ha", "co2_t_ha",
    ]  # fmt: skip
    assert found["year"][-1] == 2002 and found["month"][-1] == 12
    np.testing.assert_allclose(found["soc_t_ha"], sum(found[f"{p}_t_ha"] for p in ("dpm", "rpm", "bio", "hum", "iom")))
    # equilibrium of the first year: it ends as it began, and gives what it gets
    np.testing.assert_allclose(found["soc_t_ha"][11], found["soc_t_ha"][23], rtol=1e-12)
    assert found["co2_t_ha"][:12].sum() == pytest.approx(climate(12)["plant"].sum() + 1.5, rel=1e-12)


def test_official_case_from_tables(here: Path) -> None:
    """RothC_Py's own input as a table: its first year repeats, the rest is the run."""
    with (shared("reference/pools/rothc_py") / "o4_fym_no_iom_input.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    header = "year,month,percent_modern,temperature_degC,rain_mm,pan_evaporation_mm,plant_t_ha,manure_t_ha"
    header += ",plant_cover,dpm_rpm\n"
    (here / "year.csv").write_text(header + "\n".join(",".join(row) for row in rows[:12]))
    (here / "run.csv").write_text("\ufeff" + (header + "\n".join(",".join(row) for row in rows[12:])).replace(",", ";"))
    clay, depth = CASES["o4_fym_no_iom"]
    soil = f"clay={clay},depth={depth},iom=0"
    words = ("site", "rothc", "--forcing", "run.csv", "--spin-up", "year.csv", "--soil", soil, "--quiet")
    done = typed(*words)
    assert (done.exit_code, done.output) == (0, "")
    found = table(here / "run_rothc.csv")
    with (shared("reference/pools/rothc_py") / "o4_fym_no_iom_monthly.csv").open() as file:
        official = list(csv.DictReader(file))
    for column, name, tolerance in (("soc_t_ha", "SOC_t_C_ha", 3e-4), ("delta_14C_permil", "deltaC", 0.1)):
        np.testing.assert_allclose(found[column], [float(row[name]) for row in official], rtol=0.0, atol=tolerance)


def test_netcdf_of_many_points_goes_to_netcdf(here: Path) -> None:
    one = climate(24)
    forcing = xr.Dataset({name: ("time", values) for name, values in one.items()})
    forcing["temperature"] = (("time", "site"), one["temperature"][:, None] + np.arange(3.0))
    forcing.to_netcdf("many.nc")
    xr.Dataset({"clay": ("site", [10.0, 20.0, 30.0])}).to_netcdf("soil.nc")
    words = ("site", "rothc", "--forcing", "many.nc", "--soil", "soil.nc", "--soil", "iom=2 t/ha", "--every", "year")
    done = typed(*words)
    assert done.exit_code == 0 and "mean of 3 points (site 3)" in done.output and "many_rothc.nc" in done.output
    with xr.open_dataset("many_rothc.nc") as result:
        assert result.soil_carbon.dims == ("time", "pool", "site") and result.sizes["time"] == 2
        assert result.cSoil.attrs["units"] == "t ha-1" and result.attrs["Conventions"] == "CF-1.11"
        last = result.cSoil.values[-1]
    assert "one site" in refused(*words, "--output", "many.csv")
    # a result is a start
    again = typed(*words[:-2], "--initial", "many_rothc.nc", "--output", "again.nc")
    assert again.exit_code == 0 and "the pools given" in again.output
    with xr.open_dataset("again.nc") as result:
        np.testing.assert_allclose(result.initial_soil_carbon.sum("pool"), last, rtol=1e-13)


def test_starts_from_a_measured_stock(here: Path) -> None:
    plain = FIELD[:-1] + ("clay=23.4",)
    for way in ("plant-input", "fractions", "weihermueller"):
        done = typed(*plain, "--initial", way, "--soc", "6.1 kg/m2", "--overwrite")
        assert done.exit_code == 0 and "61.0000" in done.output and "Falloon" in done.output, way
    shares = "dpm=0.01,rpm=0.15,bio=0.02,hum=0.72,iom=0.1"
    done = typed(*plain, "--soc", "50", "--initial", shares, "--overwrite")
    assert done.exit_code == 0 and re.search(r"humified organic matter +36.0000", done.output)
    done = typed(*plain, "--initial", "dpm=0.1,rpm=5,bio=1,hum=30,iom=3,deficit=-20 mm", "--overwrite")
    assert done.exit_code == 0 and "39.1000" in done.output
    assert "is missing: --initial fractions needs the measured stock" in refused(*plain, "--initial", "fractions")
    assert "--soc = 50" in refused(*plain, "--soc", "50")
    assert 'Did you mean "plant-input"?' in refused(*plain, "--initial", "plant-imput")
    assert "--soc = sixty  must be a number" in refused(*plain, "--initial", "fractions", "--soc", "sixty")
    assert "--soc  must not be less than the inert carbon" in refused(
        *FIELD, "--initial", "fractions", "--soc", "2", "--overwrite"
    )


def test_existing_results_stay(here: Path) -> None:
    assert typed(*FIELD, "--output", "out.csv").exit_code == 0
    before = (here / "out.csv").read_bytes()
    assert "--overwrite" in refused(*FIELD, "--output", "out.csv", "--scheme", "exact")
    assert (here / "out.csv").read_bytes() == before
    assert typed(*FIELD, "--output", "out.csv", "--scheme", "exact", "--overwrite").exit_code == 0
    assert (here / "out.csv").read_bytes() != before
    assert "must end in .csv or .nc" in refused(*FIELD, "--output", "out.xlsx")
    assert "no such folder" in refused(*FIELD, "--output", "nowhere/out.csv")


def test_mistakes_with_file_line_and_column(here: Path) -> None:
    lines = (here / "field.csv").read_text().splitlines()
    broken = lines.copy()
    broken[3] = "2001,3,5;5" + broken[3][broken[3].index(",", 8) :]
    broken[5] = broken[5] + ",7"
    (here / "broken.csv").write_text("\n".join(broken))
    words = ("site", "rothc", "--soil", "clay=23.4,iom=2.7", "--forcing")
    assert "broken.csv:6  9 cells  must have 8 cells" in refused(*words, "broken.csv")
    (here / "broken.csv").write_text("\n".join(broken[:5]))
    assert "broken.csv:4  temperature_degC = 5;5  must be a number." in refused(*words, "broken.csv")
    (here / "broken.csv").write_text("\n".join(lines).replace("pet_mm", "PET_mm").replace("rain_mm", "rain"))
    told = refused(*words, "broken.csv")
    assert 'broken.csv:1  PET_mm  is no column. Did you mean "pet_mm"?' in told and '"rain_mm"' in told
    bad = lines.copy()
    bad[4] = bad[4].replace(",1.0,", ",0.5,", 1)
    bad[7] = ",".join([*bad[7].split(",")[:6], "-2.0", ""])
    (here / "bad.csv").write_text("\n".join(bad).replace("pet_mm", "step"))
    told = refused("site", "rothc", "--forcing", "bad.csv", "--soil", "clya=23.4,iom=2.7 mm")
    for line in (
        "bad.csv:5  plant_cover = 0.5  must be 0 or 1.",
        "bad.csv:8  plant_t_ha = -2 t ha-1  must be 0 to 1000 t ha-1.",
        "bad.csv  pet_mm or pan_evaporation_mm  is missing",
        '--soil clya  is not known. Did you mean "clay"?',
        '--soil iom  cannot be in "mm"',
    ):
        assert line in told, line
    assert "cannot be read: No such file" in refused(*words, "nothing.csv")
    (here / "empty.csv").write_text("")
    assert "has no rows" in refused(*words, "empty.csv")
    assert "there is no such file" in refused(*words, "nothing.nc")
    assert 'Did you mean "rothc"?' in refused("site", "rohtc", *FIELD[2:])
    assert "ipcc-tier2  is no model of pools" in refused("site", "ipcc-tier2", *FIELD[2:])
    told = refused("site", "millennial", *FIELD[2:-1], "clay=20,silt=40")
    for line in ("field.csv  moisture  is missing: millennial needs it.", "--soil ph  is missing",
                 "--soil bulk_density  is missing"):  # fmt: skip
        assert line in told, line
    assert "no such parameter" in refused(*FIELD, "--set", "speed=3")
    assert "--set speed = fast  must be a number." in refused(*FIELD, "--set", "speed=fast")
    assert "--every = day  must be one of" in refused(*FIELD, "--every", "day")
    assert "--scheme = rk5" in refused(*FIELD, "--scheme", "rk5")
    assert "must be KEY=VALUE" in refused(*FIELD, "--soil", "clay")


def test_variants_of_the_moisture(here: Path) -> None:
    """SoilR's bare soil dries further, so that less decays; options of the Fortran want the texture."""
    plain, bare = (typed(*FIELD, "--output", f"{name}.csv", *more) for name, more in
                   (("plain", ()), ("bare", ("--moisture", "rothc_soilr_bare"))))  # fmt: skip
    assert plain.exit_code == bare.exit_code == 0 and "assumed  topsoil moisture: rothc_soilr_bare" in bare.output
    assert (table(here / "bare.csv")["soc_t_ha"] != table(here / "plain.csv")["soc_t_ha"]).all()
    options = ("--moisture", "opt_rmmoist=2,opt_smdbare=2,minrm_moist=0.1")
    assert "--soil silt  is missing: the moisture chosen needs it (%)" in refused(*FIELD, *options)
    soil = ("--soil", "silt=40,organic_carbon=1.1,bulk_density=1.3")
    assert typed(*FIELD, *soil, *options).exit_code == 0
    assert 'Did you mean "opt_smdbare"' in refused(*FIELD, "--moisture", "opt_smdbere=2", "--overwrite")
    assert "--moisture minrm_moist = low  must be a number" in refused(*FIELD, "--moisture", "minrm_moist=low")


def test_models_with_microbes(here: Path) -> None:
    """MIMICS from the same table as RothC, Millennial with the water of the soil: books, columns, a measured start."""
    done = typed("site", "mimics", *FIELD[2:-1], "clay=23.4")
    assert done.exit_code == 0 and "assumed  productivity: amount of a year of the plant input" in done.output
    found = table(here / "field_mimics.csv")
    assert list(found) == ["step", "year", "month", *(f"{p}_t_ha" for p in load_model("mimics").pools), "soc_t_ha",
                           "co2_t_ha"]  # fmt: skip
    assert found["co2_t_ha"][:12].sum() == pytest.approx(climate(12)["plant"].sum() + 1.5, rel=1e-9)
    lines = (here / "field.csv").read_text().splitlines()
    (here / "wet.csv").write_text("\n".join([f"{lines[0]},moisture", *(f"{line},0.28" for line in lines[1:])]))
    words = ("site", "millennial", "--forcing", "wet.csv", "--soil", "clay=20,silt=40,ph=6.5,bulk_density=1.4 g/cm3")
    done = typed(*words, "--soil", "depth=30 cm", "--initial", "plant-input", "--soc", "60")
    assert done.exit_code == 0 and "60.0000" in done.output and "leached" in done.output
    assert "plant input of the spin-up was multiplied by" in done.output
    found = table(here / "wet_millennial.csv")
    entered = 2.0 * (climate(12)["plant"].sum() + 1.5)
    left = found["co2_t_ha"].sum() + found["leached_t_ha"].sum()
    assert found["soc_t_ha"][-1] == pytest.approx(60.0 + entered - left, rel=1e-9) and found["leached_t_ha"].min() > 0.0


def test_parameters_of_a_model_can_be_set(here: Path) -> None:
    (here / "litter.csv").write_text("modifier,shoot_t_ha\n" + "1.0,0.2\n" * 12)
    words = ("site", "century", "--forcing", "litter.csv", "--soil", "clay=20,silt=30", "--output")
    assert typed(*words, "a.csv").exit_code == 0
    assert typed(*words, "b.csv", "--set", "surface_structural_rate=2").exit_code == 0
    a, b = table(here / "a.csv"), table(here / "b.csv")
    ratio = b["surface_structural_t_ha"] / a["surface_structural_t_ha"]
    np.testing.assert_allclose(ratio, 3.952 / 2.0, rtol=1e-9)
    assert "surface_structural_rate" in refused(*words, "c.csv", "--set", "surface_structural_rate=3e9")


def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table, its commands, its Python, in that order."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    blocks = re.findall(r"```(\w*)\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "field.csv").write_text(next(body for kind, body in blocks if kind == "csv"))
    ran = 0
    for kind, body in blocks:
        if kind == "console":
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line)
                assert words[0] == "watershed-c"
                done = typed(*words[1:])
                assert done.exit_code == 0, done.output
                ran += 1
        elif kind == "python":
            exec(compile(body, "docs/site.md", "exec"), {})
            ran += 1
    assert ran == 3 and {path.name for path in tmp_path.iterdir()} == {"field.csv", "field_rothc.csv", "measured.csv"}
