"""Soil erodibility K of RUSLE from what is known of the soil. Plain numpy: evaluated once a run or once a year.

K in t ha h ha-1 MJ-1 mm-1; texture as mass fractions of the mineral fine earth; organic carbon and organic matter as
fractions of the dry fine earth.

Sources
-------
Wischmeier & Smith 1978 (USDA Agriculture Handbook 537), the nomograph as an equation; Sharpley & Williams 1990 (EPIC,
USDA Technical Bulletin 1768); Renard et al. 1997 (Agriculture Handbook 703), after Roemkens; Torri, Poesen & Borselli
1997 (Catena 31, 1-22; erratum Catena 32, 307); Poesen, Torri & Bunte 1994 (Catena 23, 141-166), rock fragments.
"""

from __future__ import annotations

import numpy as np

#: t ha h ha-1 MJ-1 mm-1 per customary US unit of K (Foster et al. 1981, J. Soil Water Conserv. 36, 355)
SI_PER_US_UNIT = 0.1317
#: organic matter above which the nomograph has no curves, % (Wischmeier & Smith 1978)
NOMOGRAPH_ORGANIC_MATTER = 4.0
#: silt and very fine sand above which the equation is not the nomograph, fraction (Wischmeier & Smith 1978)
NOMOGRAPH_FINES = 0.70
#: limits of clay, silt and sand, mm (USDA); the lower limit of clay as in Torri et al. 1997
DIAMETERS = (0.00005, 0.002, 0.05, 2.0)
#: depth of the soil the laws speak of, m (Wischmeier & Smith 1978: the upper 15 to 20 cm)
TOPSOIL_DEPTH = 0.20
#: cover of rock fragments up to which they do not lower K, fraction (Poesen et al. 1994)
FREE_STONE_COVER = 0.10


def nomograph(
    sand: np.ndarray,
    clay: np.ndarray,
    organic_matter: np.ndarray,
    *,
    very_fine_sand: float,
    structure: int,
    permeability: int,
) -> np.ndarray:
    """K by the nomograph's equation.

    Parameters
    ----------
    sand, clay, organic_matter : (n,)
    very_fine_sand : 0-1
        Share of the sand that is finer than 0.1 mm.
    structure : 1-4
        1 very fine granular, 2 fine granular, 3 medium or coarse granular, 4 blocky, platy or massive.
    permeability : 1-6
        1 rapid to 6 very slow.

    Notes
    -----
    ``K = 0.1317 (2.1e-4 M^1.14 (12 - OM) + 3.25 (s - 2) + 2.5 (p - 3)) / 100`` with M = (silt + very fine sand)
    (100 - clay), all in %. OM is counted up to 4 %, as the nomograph. Made for silt and very fine sand up to 70 %.
    """
    fines = 100.0 * (1.0 - clay - sand + very_fine_sand * sand)
    size = fines * (100.0 - 100.0 * clay)
    matter = np.minimum(100.0 * organic_matter, NOMOGRAPH_ORGANIC_MATTER)
    sum_of_three = 2.1e-4 * size**1.14 * (12.0 - matter) + 3.25 * (structure - 2) + 2.5 * (permeability - 3)
    return np.maximum(SI_PER_US_UNIT * sum_of_three / 100.0, 0.0)


def epic(sand: np.ndarray, clay: np.ndarray, organic_carbon: np.ndarray) -> np.ndarray:
    """K of EPIC.

    Notes
    -----
    In % of sand, silt, clay and organic carbon C, with SN = 1 - sand / 100::

        K = 0.1317 (0.2 + 0.3 exp(-0.0256 sand (1 - silt / 100))) (silt / (clay + silt))^0.3
            (1 - 0.25 C / (C + exp(3.72 - 2.95 C))) (1 - 0.7 SN / (SN + exp(-5.51 + 22.9 SN)))
    """
    silt = np.maximum(1.0 - sand - clay, 0.0)
    fines = clay + silt
    carbon = 100.0 * organic_carbon
    coarse = 0.2 + 0.3 * np.exp(-0.0256 * 100.0 * sand * (1.0 - silt))
    silty = np.divide(silt, fines, out=np.zeros_like(fines), where=fines > 0.0) ** 0.3
    matter = 1.0 - 0.25 * carbon / (carbon + np.exp(3.72 - 2.95 * carbon))
    rest = 1.0 - sand
    very_sandy = 1.0 - 0.7 * rest / (rest + np.exp(-5.51 + 22.9 * rest))
    return SI_PER_US_UNIT * coarse * silty * matter * very_sandy


def renard(sand: np.ndarray, clay: np.ndarray) -> np.ndarray:
    """K from mean grain size alone (Renard et al. 1997, world data).

    Notes
    -----
    ``K = 0.0034 + 0.0405 exp(-0.5 ((log10 Dg + 1.659) / 0.7101)^2)``, Dg (mm) the geometric mean of the arithmetic
    means of the class limits, 0.001, 0.026 and 1.025 mm, weighted by mass.
    """
    clay_mean, silt_mean, sand_mean = 0.5 * DIAMETERS[1], 0.5 * sum(DIAMETERS[1:3]), 0.5 * sum(DIAMETERS[2:])
    silt = 1.0 - sand - clay
    size = clay * np.log10(clay_mean) + silt * np.log10(silt_mean) + sand * np.log10(sand_mean)
    return 0.0034 + 0.0405 * np.exp(-0.5 * ((size + 1.659) / 0.7101) ** 2)


def torri(sand: np.ndarray, clay: np.ndarray, organic_matter: np.ndarray) -> np.ndarray:
    """K from grain size, clay and organic matter (Torri et al. 1997).

    Notes
    -----
    With DG the mean of log10 of the geometric mean of the class limits (mm), ``-3.5 c - 2.0 silt - 0.5 sand``, c the
    clay fraction, OM in %::

        K = 0.0293 (0.65 - DG + 0.24 DG^2) exp(-0.0021 OM / c - 0.00037 (OM / c)^2 - 4.02 c + 1.72 c^2)

    Clay below 1 % counts as 1 %: the law divides by it.
    """
    logs = 0.5 * (np.log10(DIAMETERS[:-1]) + np.log10(DIAMETERS[1:]))
    size = clay * logs[0] + (1.0 - sand - clay) * logs[1] + sand * logs[2]
    clay = np.maximum(clay, 0.01)
    per_clay = 100.0 * organic_matter / clay
    bound = -0.0021 * per_clay - 0.00037 * per_clay**2 - 4.02 * clay + 1.72 * clay**2
    return 0.0293 * (0.65 - size + 0.24 * size**2) * np.exp(bound)


def stone_factor(cover: float | np.ndarray) -> float | np.ndarray:
    """Factor of K by rock fragments: exp(-0.04 (Rc - 10)) above 10 % of the surface under them, cover 0-1."""
    return np.exp(-0.04 * 100.0 * np.maximum(np.asarray(cover) - FREE_STONE_COVER, 0.0))


#: laws by name
LAWS = ("nomograph", "epic", "renard", "torri")
#: laws in which organic carbon enters
FOLLOW_CARBON = ("nomograph", "epic", "torri")


def by_law(
    law: str,
    sand: np.ndarray,
    clay: np.ndarray,
    organic_carbon: np.ndarray,
    organic_matter: np.ndarray,
    *,
    very_fine_sand: float | None = None,
    structure: int | None = None,
    permeability: int | None = None,
    stone_cover: float = 0.0,
) -> np.ndarray:
    """K of a law of ``LAWS``, lowered by rock fragments; the three classes are the nomograph's.

    Raises
    ------
    ValueError
        Unknown law, or the nomograph without its classes.
    """
    if law == "nomograph":
        if very_fine_sand is None or structure is None or permeability is None:
            raise ValueError("the nomograph needs very_fine_sand, structure and permeability")
        found = nomograph(
            sand, clay, organic_matter,
            very_fine_sand=very_fine_sand, structure=structure, permeability=permeability,
        )  # fmt: skip
    elif law == "epic":
        found = epic(sand, clay, organic_carbon)
    elif law == "renard":
        found = renard(sand, clay)
    elif law == "torri":
        found = torri(sand, clay, organic_matter)
    else:
        raise ValueError(f"law must be one of {', '.join(LAWS)}, is {law!r}")
    return found * stone_factor(stone_cover)
