"""Growth of crops as a scenario sets it."""

from __future__ import annotations

from typing import Literal

from watershed_c.scenario.fields import Number, item
from watershed_c.scenario.processes.base import Process


class Growth(Process):
    """[processes.growth]: yields, and the plant input with them, follow the season; on when its table is there."""

    yields: Literal["given", "potential"] = item(
        "given", "given: the yields of the rotation are those of the mean year, limits count relative to those of that "
        "year; potential: by intercepted radiation, of which the limits take their share",
        source="Williams et al. 1989, EPIC; Doorenbos & Kassam 1979, FAO-33",
    )  # fmt: skip
    productivity_loss: Number = item(
        0.43, "share of the yield lost per m of soil lost since the start; 0 = none", ge=0.0, le=10.0,
        source="Bakker et al. 2004, Catena 57, 55: 4.3 % per 10 cm in comparative plots, 10.9 in transects, 26.6 where "
        "topsoil was taken off",
    )  # fmt: skip
