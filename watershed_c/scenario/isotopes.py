"""Isotopes of soil carbon as a scenario asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from watershed_c.data import data_path
from watershed_c.isotopes import Atmosphere, AtmosphereError, read_atmosphere
from watershed_c.scenario import messages
from watershed_c.scenario.fields import Share, Table, item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from watershed_c.scenario.checker import Checker


class Isotopes(Table):
    """[carbon.isotopes]: 14C and 13C of every pool, and of DOC."""

    c14: bool = item(False, "14C of every pool and of DOC: Delta14C by depth")
    c13: bool = item(False, "13C of every pool and of DOC: delta13C by depth")
    zone: Literal["north", "tropics", "south"] = item(
        "north", "whose atmosphere: north of 30 N, between, south of 30 S", source="Graven et al. 2017"
    )
    atmosphere: str | None = item(
        None, "table (.csv) with columns year, c14 and c13 in per mil; if not given, Graven et al. 2017 of 1850 to 2015"
    )
    since: int = item(
        1850, "year from which the atmosphere is followed to the start of the run, by the coupled model; before it, it "
        "stood still", ge=-50000, le=3000,
    )  # fmt: skip
    c4_share: dict[str, Annotated[Share, Field(ge=0.0, le=1.0)]] = item(
        doc="land-use class -> share of its plant input that is of C4 plants; as its crops say if not given",
        factory=dict,
    )

    @property
    def chosen(self) -> tuple[str, ...]:
        """Isotopes that are on."""
        return tuple(name for name in ("c14", "c13") if getattr(self, name))


def atmosphere_of(check: Checker, classes: Iterable[str]) -> Atmosphere | None:
    """The atmosphere of a scenario with isotopes; problems and warnings where something does not fit."""
    scenario, key = check.scenario, ("carbon", "isotopes")
    table = scenario.carbon.isotopes
    if not table.chosen:
        return None
    if not scenario.processes.decomposition.enabled:
        check.add(key, "", "need decomposition: without it carbon keeps no account of its age.")
    known = list(classes)
    for name in table.c4_share:
        if name not in known:
            hint = messages.nearest_hint(name, known) or f"There are: {', '.join(known)}."
            check.add((*key, "c4_share", name), "", "is not a land-use class.", hint)
    try:
        path = data_path("models", "atmosphere", "graven2017.csv") if table.atmosphere is None else check.path(
            table.atmosphere
        )
        found = read_atmosphere(path, table.zone)
    except AtmosphereError as error:
        check.add((*key, "atmosphere"), table.atmosphere or "", str(error))
        return None
    start, end = (int(text[:4]) for text in (scenario.time.start, scenario.time.end))
    if end > found.last_year:
        check.warnings.append(
            f"carbon.isotopes: the atmosphere is known until {found.last_year}; after it that year's is held"
        )
    if table.since > start:
        wrong = f"is after the start of the run ({start})."
        check.add((*key, "since"), table.since, wrong, f"Set it to {start} for an atmosphere that stood still.")
    return found
