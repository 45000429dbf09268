"""Which program's topsoil moisture: RothC-26.3, RothC_Code v2 with its options, or SoilR; one choice for points and
watersheds.
"""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.rate_modifiers import CALIBRATION_DEPTH, DRIEST_FACTOR, maximum_deficit
from watershed_c.kernels.retention import deficit_limits, farina_deficits, soilr_limits

#: which program's moisture: RothC's, or SoilR's under plants and bare
VARIANTS = ("rothc", "rothc_soilr", "rothc_soilr_bare")
#: options by the names of the programs and of a scenario -> arguments
OPTIONS = {
    "variant": "variant", "opt_rmmoist": "moisture_option", "opt_smdbare": "bare_option",
    "minrm_moist": "driest_factor",
}  # fmt: skip
#: what the limits of a soil are made of, beside clay, with opt_RMmoist 2 and 3
RETENTION_PROPERTIES = ("silt", "bulk_density", "organic_carbon")


class TopsoilMoisture:
    """How a topsoil dries and what that does to its rates: RothC as its programs have it.

    Attributes
    ----------
    variant : str
        One of ``VARIANTS``. *rothc*: RothC-26.3, with the options of RothC_Code v2. *rothc_soilr* and
        *rothc_soilr_bare*: SoilR's fW.RothC with its flag for bare soil off and on, in all months, whatever the cover.
    moisture_option, bare_option : int
        opt_RMmoist and opt_SMDbare, see :func:`watershed_c.kernels.retention.deficit_limits`.
    driest_factor : float
        minRM_Moist, 0 to 1; the program reads it with opt_RMmoist 2 and 3, and has 0.2 with 1.

    Raises
    ------
    ValueError
        An option that is not there, or one that the others leave without effect.
    """

    def __init__(
        self,
        variant: str = "rothc",
        moisture_option: int = 1,
        bare_option: int = 1,
        driest_factor: float = DRIEST_FACTOR,
    ) -> None:
        self.variant, self.driest_factor = variant, float(driest_factor)
        self.moisture_option, self.bare_option = moisture_option, bare_option
        if self.variant not in VARIANTS:
            raise ValueError(f"moisture variant must be one of {', '.join(VARIANTS)}, is {self.variant!r}")
        if self.moisture_option not in (1, 2, 3) or self.bare_option not in (1, 2):
            raise ValueError(
                f"opt_RMmoist must be 1, 2 or 3 and opt_SMDbare 1 or 2, are {self.moisture_option} and "
                f"{self.bare_option}"
            )
        if not 0.0 <= self.driest_factor <= 1.0:
            raise ValueError(f"minRM_Moist must be 0 to 1, is {self.driest_factor:g}")
        if self.variant != "rothc" and self.options != (1, 1, DRIEST_FACTOR):
            raise ValueError(f"{self.variant} has no opt_RMmoist, opt_SMDbare or minRM_Moist: RothC_Code v2 has them")
        if self.moisture_option == 1 and self.driest_factor != DRIEST_FACTOR:
            raise ValueError(
                f"minRM_Moist is read with opt_RMmoist 2 or 3 only; with 1 the factor ends at {DRIEST_FACTOR:g}"
            )

    def __str__(self) -> str:
        if self.variant != "rothc":
            return self.variant
        moist, bare, least = self.options
        return f"RothC_Code v2 with opt_RMmoist {moist}, opt_SMDbare {bare}, minRM_Moist {least:g}"

    @property
    def options(self) -> tuple[int, int, float]:
        """opt_RMmoist, opt_SMDbare, minRM_Moist."""
        return self.moisture_option, self.bare_option, self.driest_factor

    @property
    def is_official(self) -> bool:
        """Whether this is RothC-26.3."""
        return self.variant == "rothc" and self.options == (1, 1, DRIEST_FACTOR)

    @property
    def needs(self) -> tuple[str, ...]:
        """Soil properties that :meth:`limits` wants beside clay."""
        return RETENTION_PROPERTIES if self.moisture_option > 1 else ()

    def limits(self, properties: dict[str, np.ndarray], depth=CALIBRATION_DEPTH):
        """Ramp start, ramp end, covered and bare limit of :func:`watershed_c.kernels.retention.deficit_limits`.

        Parameters
        ----------
        properties : dict name -> (n) or (1)
            ``clay``; with opt_RMmoist 2 and 3 also ``silt`` and ``organic_carbon`` (%), ``bulk_density`` (g cm-3).
        depth : float or array, m

        Raises
        ------
        ValueError
            A property is missing, or the soil is out of reach of the pedotransfer functions.
        """
        clay = properties["clay"]
        if self.variant != "rothc":
            return soilr_limits(clay, depth, self.variant.endswith("bare"))
        absent = [name for name in self.needs if name not in properties]
        if absent:
            raise ValueError(f"opt_RMmoist = {self.moisture_option} needs {', '.join(absent)} of the topsoil")
        deficits = None
        if self.moisture_option > 1:
            silt, density, carbon = (properties[name] for name in RETENTION_PROPERTIES)
            deficits = farina_deficits(clay, silt, density, carbon, depth)
        return deficit_limits(self.moisture_option, self.bare_option, maximum_deficit(clay, depth), deficits)
