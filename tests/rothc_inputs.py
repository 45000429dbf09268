"""RothC_input.dat in either layout, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

COLUMNS = "year month modern Tmp Rain Evap C_inp FYM PC DPM_RPM"
#: a temperate year: month, temperature, rain, pan evaporation, plant input, cover
YEAR = (
    (1, 3.4, 74, 8, 0.2, 1), (2, 3.6, 59, 10, 0.2, 1), (3, 5.1, 62, 27, 0.2, 1), (4, 7.3, 51, 49, 0.2, 1),
    (5, 11.0, 52, 83, 0.2, 1), (6, 13.9, 57, 99, 0.2, 1), (7, 16.0, 34, 103, 0.2, 1), (8, 16.0, 55, 91, 0, 0),
    (9, 13.5, 58, 69, 0, 0), (10, 10.2, 56, 34, 0, 0), (11, 6.1, 75, 16, 0, 0), (12, 4.6, 71, 8, 0.2, 1),
)  # fmt: skip


def monthly_lines(years: Sequence[int] = (1, 2001, 2002)) -> list[str]:
    """Rows of whole years, tab separated as in the official examples."""
    return [f"{year}\t{m}\t100\t{t}\t{rain}\t{pan}\t{c}\t0\t{cover}\t1.44"
            for year in years for m, t, rain, pan, c, cover in YEAR]  # fmt: skip


def python_lines(rows: Sequence[str], *, clay: object = 23.4, depth: object = 23, iom: object = 2.7) -> list[str]:
    """Lines of an input of RothC_Py."""
    return [
        "title", "information", "units", "clay depth iom nsteps", f"{clay} {depth} {iom} {len(rows)}", "units", COLUMNS,
        *rows,
    ]  # fmt: skip


def fortran_lines(rows: Sequence[str], *, options: str = "1 1", soil: str = "23.4 23 2.7", dry: str = "") -> list[str]:
    """Lines of an input of RothC_Code v2; ``dry`` holds silt, bulk density, organic carbon and least factor."""
    return [
        "title", "information", "(-) (-)", "opt_RMmoist opt_SMDbare", options, "units",
        "clay depth iom nsteps siltper BD OC minRM_Moist", f"{soil} {len(rows)} {dry}", "units", COLUMNS, *rows,
    ]  # fmt: skip


def write(path: Path, lines: Sequence[str]) -> Path:
    """The file, with the lines given."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
