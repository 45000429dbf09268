"""Soil redistribution from measured inventories of fallout radionuclides: the conversion models of the field.

All give net soil loss (gain where negative) from the inventory of a place and of a reference that neither lost nor
gained soil, both of the same date. Rates are kg m-2 yr-1 of soil; 1 kg m-2 yr-1 is 10 t ha-1 yr-1.
"""

from __future__ import annotations

import numpy as np

from watershed_c.constituents import TRACERS, Fallout

#: year in which the proportional and the simplified model let all bomb fallout have come down
PEAK_YEAR = 1963
#: kg m-2 yr-1, up to which a rate is sought
FASTEST = 100.0
#: halvings of that interval: the rate is found to 1e-12 of it
HALVINGS = 40


def proportional(inventory: np.ndarray, reference: float, tilled_mass: float, years: float) -> np.ndarray:
    r"""Proportional model: the share of the inventory that is gone is the share of the tilled soil that is gone.

    Parameters
    ----------
    inventory : (...) Bq m-2
    reference : float, Bq m-2
    tilled_mass : float, kg m-2
        Dry soil of the tilled layer, bulk density times depth.
    years : float, yr
        Since the fallout began to be lost.

    Notes
    -----
    :math:`R = d_m\,(1 - A/A_{ref})/t` (Walling & He 1999, J. Environ. Qual. 28, eq. 1 with P = 1).
    """
    return tilled_mass * (1.0 - np.asarray(inventory, dtype=np.float64) / reference) / years


def simplified_mass_balance(
    inventory: np.ndarray, reference: float, tilled_mass: float, year: float, *, peak_year: float = PEAK_YEAR
) -> np.ndarray:
    r"""Simplified mass balance (MBM1): all fallout in one year, then every year the same share of the tilled soil goes.

    ``year`` is that of sampling; other parameters as of :func:`proportional`.

    Notes
    -----
    :math:`R = d_m\,[1 - (A/A_{ref})^{1/(t - 1963)}]`, the inverse of :math:`A = A_{ref}(1 - R/d_m)^{t-1963}` (Zhang,
    Higgitt & Walling 1990, Hydrol. Sci. J. 35, 267).
    """
    remaining = np.asarray(inventory, dtype=np.float64) / reference
    return tilled_mass * (1.0 - remaining ** (1.0 / (year - peak_year)))


def profile_distribution(
    inventory: np.ndarray, reference: float, relaxation_mass: float, year: float, *, peak_year: float = PEAK_YEAR
) -> np.ndarray:
    r"""Profile distribution model, of soil that was never tilled: content declines exponentially with mass depth.

    Parameters
    ----------
    inventory, reference : Bq m-2
    relaxation_mass : float, kg m-2
        Mass depth h0 over which the content of the reference profile falls to 1/e; see :func:`relaxation`.
    year : float
        Of sampling.

    Notes
    -----
    :math:`R = -h_0\,\ln(A/A_{ref})/(t - 1963)` (Walling & He 1999, J. Environ. Qual. 28, eq. 13).
    """
    return -relaxation_mass * np.log(np.asarray(inventory, dtype=np.float64) / reference) / (year - peak_year)


def relaxation(mass_depth: np.ndarray, inventory: np.ndarray) -> float:
    """Mass depth h0, kg m-2, of the exponential profile that fits best the inventory below each depth.

    Parameters
    ----------
    mass_depth : (L,) kg m-2
        Of the base of each layer.
    inventory : (L,) Bq m-2
        Of each layer; layers below the last with any are not used.
    """
    below = 1.0 - np.cumsum(inventory) / np.sum(inventory)
    used = below > 1e-6
    depth = np.asarray(mass_depth, dtype=np.float64)[used]
    # ln(share below) = - depth/h0, a line through the origin
    return float(-(depth @ depth) / (depth @ np.log(below[used])))


def ploughed_inventory(
    rate: np.ndarray,
    fallout: Fallout,
    decay: float,
    tilled_mass: float,
    year: int,
    *,
    fresh_share: float = 0.0,
    particle_size: float = 1.0,
) -> np.ndarray:
    r"""Inventory at the end of a year of tilled soil that loses soil at a constant rate (mass balance with tillage).

    Parameters
    ----------
    rate : (...) kg m-2 yr-1
        Soil loss; negative values are not meant.
    fallout : Fallout
    decay : float, yr-1
    tilled_mass : float, kg m-2
    year : int
    fresh_share : float, 0 to 1
        Share of a year's fallout that is washed off before it is ploughed in (capital gamma of the model).
    particle_size : float
        Content of eroded soil over that of the soil it comes from (P).

    Notes
    -----
    :math:`dA/dt = (1 - \Gamma)\,I(t) - (\lambda + P R/d_m)\,A` (Walling & He 1999, eq. 7), solved exactly for fallout
    that comes evenly through each year.
    """
    loss = decay + particle_size * np.asarray(rate, dtype=np.float64) / tilled_mass
    kept = np.exp(-loss)
    stays = np.where(loss > 0.0, -np.expm1(-loss) / np.where(loss > 0.0, loss, 1.0), 1.0)
    inventory = np.zeros_like(loss)
    for each in range(fallout.first_year, year + 1):
        inventory = inventory * kept + (1.0 - fresh_share) * fallout.rate(each) * stays
    return inventory


def mass_balance(
    inventory: np.ndarray,
    fallout: Fallout,
    tilled_mass: float,
    year: int,
    *,
    tracer: str = "cs137",
    fresh_share: float = 0.0,
    particle_size: float = 1.0,
) -> np.ndarray:
    """Mass balance with yearly fallout (MBM2): the constant soil loss, (...) kg m-2 yr-1, that leaves an inventory.

    Inverse of :func:`ploughed_inventory`, by halving; parameters as there, the decay constant being that of ``tracer``.

    Raises
    ------
    ValueError
        An inventory is more than soil without loss holds, or less than is left at 100 kg m-2 yr-1. Gain of soil is not
        told by this model: it depends on the inventory of the soil that came.
    """
    wanted = np.asarray(inventory, dtype=np.float64)

    def left(rate: np.ndarray) -> np.ndarray:
        return ploughed_inventory(
            rate, fallout, TRACERS[tracer].decay, tilled_mass, year, fresh_share=fresh_share,
            particle_size=particle_size,
        )  # fmt: skip

    slow, fast = np.zeros_like(wanted), np.full_like(wanted, FASTEST)
    most, least = left(slow), left(fast)
    if (wanted > most * (1.0 + 1e-12)).any() or (wanted < least).any():
        raise ValueError(
            f"inventories must be between {least.max():.6g} and {most.min():.6g} Bq m-2, what is left at soil losses "
            f"of {FASTEST:g} and 0 kg m-2 yr-1; they are {wanted.min():.6g} to {wanted.max():.6g}"
        )
    for _ in range(HALVINGS):
        middle = 0.5 * (slow + fast)
        too_slow = left(middle) > wanted
        slow, fast = np.where(too_slow, middle, slow), np.where(too_slow, fast, middle)
    return 0.5 * (slow + fast)
