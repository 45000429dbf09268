"""Growth: yields of the mean year are the given ones; less water, soil or warmth takes what the laws say."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.cropping import Cropping
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.growth import ACTIVE_RADIATION, DAYS_IN_MONTH, Growth, codes
from watershed_c.kernels.growth import CROP, warmth
from watershed_c.management.growth import growth_tables

TABLES = build.unit_tables()
WARM = np.array([0.0, 2, 6, 10, 14, 18, 20, 19, 15, 10, 5, 1])


def year(w, processes, first: int = 0, months: int = 12, supply: float = 1.0) -> list[tuple[object, ...]]:
    """Take months with evapotranspiration a share of what is wanted, and the rows of yields they told."""
    rows = []
    for index in range(first, first + months):
        w.at(build.step(index))
        w.temperature[w.cells] = WARM[index % 12] - 0.5 * (w.cells % 3)  # not all cells alike
        processes[0].run_one_step(build.MONTH)  # cropping
        w.evapotranspiration[:] = supply * w.units.crop_coefficient[w.unit] * w.pet
        for process in processes[1:]:
            process.run_one_step(build.MONTH)
        rows += processes[1].rows["yields"]
        processes[1].rows["yields"].clear()
    return rows


def grown(**parameters):
    w = build.watershed(shape=(4, 9), channel=False)
    growth = Growth(
        w, tables=growth_tables(TABLES), names=TABLES.names, first_year=2001, cycle_months=TABLES.cycle_months,
        **parameters,
    )  # fmt: skip
    cropping = Cropping(w, tables=TABLES, allocate=build.pool_model().allocate_known, first_year=2001)
    return w, [cropping, growth]


def test_the_mean_year_gives_the_given_yields_and_any_lack_after_it_takes_its_part():
    w, processes = grown()
    growth = processes[1]
    year(w, processes, months=24, supply=0.9)
    standing = growth.tables.crop[11, w.unit[w.cells]] >= 0
    for unit in np.unique(w.unit[w.cells[standing]]):
        of_unit = w.cells[w.unit[w.cells] == unit]
        assert w.crops.relative[of_unit].mean() == pytest.approx(1.0, abs=1e-12)
    assert np.ptp(w.crops.relative[w.cells]) > 0.0, "cooler cells yield less"
    growth.start_afresh()
    same = year(w, processes, 0, 12, supply=0.9)
    assert {row[0] for row in same} == set(TABLES.names)
    for _, _, _, _, harvest, given, *_ in same:
        assert harvest == pytest.approx(given, rel=0.08)  # a field is not the unit, and its mean not of all cells
    dry = year(w, processes, 12, 12, supply=0.6)
    for row in dry:
        crop = next(crop for crop in growth.tables.crops if crop.name == row[2])
        assert row[7] == pytest.approx(1.0 - crop.water_response * 0.4)
        assert row[4] < 0.8 * row[5]


def test_lost_soil_takes_its_share_and_the_carbon_follows():
    w, processes = grown()
    year(w, processes, months=24)
    decomposition = Decomposition(w, build.pool_model(), doc_fraction=0.02)
    processes[1].start_afresh()
    w.elevation[w.cells[0]] -= 0.1
    w.elevation[w.cells[1]] += 0.1
    rows = year(w, processes, 0, 9)
    relative = w.crops.relative[w.cells]
    before = relative.copy()
    w.elevation[w.cells[1]] -= 0.1
    year(w, processes, 9, 1)
    assert rows and processes[1].limits[2, w.cells[0]] == pytest.approx(0.957) and before[1] > 0.0
    assert processes[1].limits[2, w.cells[1]] == 1.0, "what was laid down adds nothing"
    w.ledger.start_afresh()
    decomposition.run_one_step(build.MONTH)
    plant = (w.units.inputs - w.units.amendment).sum(axis=(1, 2))[w.unit[w.cells]]
    total = (plant * w.input_scale[w.cells] * w.crops.relative[w.cells]).sum() * w.cell_area
    assert w.ledger.close()["soc", "plant_input"] == pytest.approx(total, rel=1e-12)
    w.ledger.check("decomposition", decomposition.transforms)


def test_potential_yield_is_intercepted_light_times_its_use():
    w, processes = grown(yields="potential")
    w.radiation = 18.0
    growth = processes[1]
    growth.start_afresh()
    rows = {row[2]: row for row in year(w, processes, months=24)}
    c = [crop.name for crop in growth.tables.crops].index("maize")
    crop = growth.tables.crops[c]
    unit = TABLES.unit("arable", 0)
    months = np.flatnonzero(growth.tables.crop[:, unit] == c)
    light = 18.0 * ACTIVE_RADIATION * DAYS_IN_MONTH * growth.tables.green[months, unit]
    harvest = []
    for offset in (0.0, 0.5, 1.0):  # of the cells, see above
        warm = [warmth(WARM[m % 12] - offset, crop.base_temperature, crop.optimum_temperature) for m in months]
        product = crop.product / (crop.product + crop.straw + crop.roots)
        harvest.append(10.0 * crop.radiation_use * product * float(light @ warm))
    assert min(harvest) <= rows["maize"][4] <= max(harvest)
    assert 3.0 < rows["maize"][4] < 15.0


@pytest.mark.parametrize(
    ("temperature", "share"), [(8.0, 0.0), (25.0, 1.0), (16.5, 2.0**-0.5), (33.5, 2.0**-0.5), (42.0, 0.0), (-5.0, 0.0)]
)
def test_warmth(temperature: float, share: float):
    assert warmth(temperature, 8.0, 25.0) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("wrong", [{"yields": "high"}, {"productivity_loss": -0.1}])
def test_what_cannot_be_is_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        grown(**wrong)


def test_a_run_that_begins_with_another_refers_to_its_mean_year():
    w, processes = grown()
    year(w, processes, months=24, supply=0.9)
    kept = {name: values.copy() for name, values in processes[1].memory().items()}
    other, wetter = grown()
    year(other, wetter, months=24, supply=1.0)
    assert wetter[1].refer_to(kept)
    wetter[1].start_afresh()
    rows = year(other, wetter, months=12, supply=1.0)
    wheat = next(row for row in rows if row[2] == "winter-wheat")
    assert wheat[4] / wheat[5] == pytest.approx(1.0 / (1.0 - 1.05 * 0.1), rel=0.05), "no lack where there was one"
    assert not wetter[1].refer_to({**kept, "share": kept["share"] + 1.0})
    assert not wetter[1].refer_to({**kept, "units": kept["units"] + 1.0}) and not wetter[1].refer_to({})
    assert len(set(codes(["field+0", "field+0", "ley+0"]))) == 3, "a unit by year is called as that of the mean year"
    # a run with a unit and a crop more, before those of this one
    more = {name: np.insert(kept[name], 0, 0.0, axis=-1) for name in ("share", "reference", "units", "crops")}
    kept["season"][CROP] += 1.0
    assert wetter[1].refer_to({**kept, **more})
    np.testing.assert_array_equal(wetter[1].reference, kept["reference"])
    wetter[1].go_on_from({**kept, **more})
    np.testing.assert_array_equal(wetter[1].memory()["season"][CROP], kept["season"][CROP] - 1.0)
