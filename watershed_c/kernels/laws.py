"""What a rate law is: its name, its number in the kernels, its driver and its parameters.

Laws of temperature, moisture and soil are called by number from inside the loops of other kernels, one scalar in and
one out, with their parameters in an array of ``PARAMETERS`` places. The tables of laws are in ``temperature_laws``,
``moisture_laws`` and ``soil_laws``.
"""

from __future__ import annotations

import math

import numpy as np

#: places for parameters that every law gets; unused ones are 0
PARAMETERS = 8


#: what laws may ask for: (unit, meaning); who computes it sees to the unit
DRIVERS: dict[str, tuple[str, str]] = {
    "none": ("-", "nothing: the law is a constant"),
    "temperature": ("degC", "temperature of air or soil, whichever the model was calibrated with"),
    "deficit": (
        "-",
        "topsoil moisture deficit over its maximum under plants (15 bar): 0 field capacity, 1 driest of RothC; "
        "more than 1 where soil may dry on to 1000 bar; of a layer with its own water, 1 - relative_water",
    ),
    "relative_water": (
        "-",
        "(theta - wilting point) / (field capacity - wilting point): 0 wilting point, 1 field capacity",
    ),
    "saturation": ("-", "theta / porosity: share of the pores filled with water (WFPS as a fraction)"),
    "volumetric_water": ("m3 m-3", "theta: volume of water in the volume of soil"),
    "water_percent_of_mass": ("%", "100 x mass of water / dry mass of litter or soil"),
    "rain_over_pet": (
        "-",
        "(rain + irrigation) / potential evapotranspiration of the month; infinite where the latter is 0",
    ),
    "rain_minus_pet": ("mm yr-1", "rain + irrigation - potential evapotranspiration of the year"),
    "rain_per_year": ("mm yr-1", "rain + irrigation of the year"),
    "ph": ("-", "pH of the soil in water"),
    "clay": ("g kg-1", "clay in the fine earth"),
    "carbonate": ("g kg-1", "CaCO3 in the fine earth"),
    "carbon_to_nitrogen": ("-", "C:N of the soil organic matter, by mass"),
}


class Law:
    """A rate law; it cannot be changed.

    Attributes
    ----------
    name : str
    number : int
        By which its kernel knows it; unique within the kernel.
    driver : str
        Key of ``DRIVERS``.
    parameters : dict name -> default, in the order of the kernel
        A copy each time it is asked for.
    source : str
    doc : str
        The equation, with its parameters by name.
    """

    __slots__ = ("_parameters", "doc", "driver", "name", "number", "source")

    name: str
    number: int
    driver: str
    source: str
    doc: str
    _parameters: dict[str, float]

    def __init__(
        self, name: str, number: int, driver: str, parameters: dict[str, float], source: str, doc: str
    ) -> None:
        assert driver in DRIVERS and len(parameters) <= PARAMETERS, name
        values = (dict(parameters), doc, driver, name, number, source)
        for slot, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, slot, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"law {self.name!r} cannot be changed")

    def __repr__(self) -> str:
        return f"Law({self.name!r}, {self.number}, {self.driver!r}, {self._parameters})"

    @property
    def parameters(self) -> dict[str, float]:
        return dict(self._parameters)

    def kernel_parameters(self, given: dict[str, float] | None = None) -> np.ndarray:
        """Parameters for the kernel, float64 (8): the defaults, with those ``given`` by name in their place.

        Raises
        ------
        ValueError
            A name the law does not have, or a value that is not a finite number.
        """
        values = self.parameters
        for name, value in (given or {}).items():
            if name not in values:
                known = ", ".join(values) or "none"
                raise ValueError(f"law {self.name!r} has no parameter {name!r}; it has: {known}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"law {self.name!r}: {name} must be a finite number, got {value!r}")
            values[name] = float(value)
        array = np.zeros(PARAMETERS)
        array[: len(values)] = list(values.values())
        return array


def table(*laws: Law) -> dict[str, Law]:
    """Laws by name, in the order given."""
    by_name = {law.name: law for law in laws}
    assert len(by_name) == len(laws) == len({law.number for law in laws}), "names and numbers must be unique"
    return by_name
