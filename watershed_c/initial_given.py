"""Initial carbon that another run ended with: what is taken over, and what does not fit is told."""

from __future__ import annotations

from calendar import month_name
from pathlib import Path

from watershed_c.components.water_erosion import WaterErosion
from watershed_c.initial_carbon import Initialiser, Report
from watershed_c.io.restart import load_initial, next_month, not_followed, process_arrays

#: relative difference of the mineral mass of a layer, beyond that of its carbon, above which two soils are not the same
SAME_MASS = 0.01


def begin_with(file: Path, initialiser: Initialiser) -> tuple[Report, list[str]]:
    """Initial carbon from the restart file of another run, and the constituents that it does not have."""
    w = initialiser.watershed
    soil_water = initialiser.processes.get("soil_water")
    missing, difference = load_initial(file, w, None if soil_water is None else soil_water.start_afresh)
    if (nitrogen := w.mineralisation) is not None:
        held = process_arrays(file, "nitrogen")
        for name, values in (("owed", nitrogen.owed), ("returned", nitrogen.returned)):
            values[:] = held[name].reshape(values.shape) if name in held else 0.0
    _take_ph(file, initialiser)
    report = initialiser.given(str(file))
    # the control run left those of its own end
    _take_ph(file, initialiser)
    _take_loose_char(file, initialiser)
    if missing:
        report.warnings.append(f"{file} has no {', '.join(missing)}: they begin as the scenario says")
    counted, left = not_followed(file, w)
    for names, becomes in ((counted, "counts as lithogenic calcite"), (left, "is left out")):
        if names:
            report.warnings.append(f"{', '.join(names)} of the soil of {file} {becomes}: this run does not follow it")
    if difference > SAME_MASS:
        report.warnings.append(
            f"the soil of {file} differs by up to {100.0 * difference:.1f} % in mass: stocks per area are kept, not "
            "contents"
        )
    following, first = next_month(file), initialiser.clock.start_month
    if following is not None and following != first:
        report.warnings.append(
            f"{file} ends where {month_name[following + 1]} begins, this run begins in {month_name[first + 1]}: water, "
            "snow, dissolved carbon and what lies on the surface are of another season"
        )
    return report, missing


def _take_loose_char(file: Path, initialiser: Initialiser) -> None:
    """How much of the char lies loose on the surface, where both runs follow it."""
    erosion = initialiser.processes.get("water_erosion")
    char = erosion.char if isinstance(erosion, WaterErosion) else None
    if char is not None:
        char.loose[:] = process_arrays(file, "water_erosion").get("loose_char", 0.0)


def _take_ph(file: Path, initialiser: Initialiser) -> None:
    """pH of the layers, where both runs keep it: no store, but what decomposition reads before it is found anew."""
    w = initialiser.watershed
    ph = process_arrays(file, "carbonate").get("ph") if w.ph.size else None
    if ph is not None and ph.size:
        w.ph[w.cells] = ph.reshape(w.ph.shape)[w.cells]
