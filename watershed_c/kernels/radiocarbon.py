"""Conventional ages of carbon and Delta-14C as the official RothC programs have them (Coleman & Jenkinson 1996)."""

from __future__ import annotations

import math

import numpy as np

#: yr, half-life of radiocarbon by which conventional ages are told (Libby)
HALF_LIFE = 5568.0
#: yr-1, decay of radiocarbon in the programs
RADIOCARBON_DECAY = math.log(2.0) / HALF_LIFE
#: yr, conventional age of IOM, which does not decay in the programs
INERT_AGE = 50_000.0
#: yr, by which the programs turn an age into Delta-14C (5568 / ln 2 is 8033)
REPORTED_LIFETIME = 8035.0


def radiocarbon_age(carbon, activity):
    """Conventional age (yr), ``5568 / ln 2 * ln(carbon / activity)``; 0 where there is no carbon, infinite where it is
    dead. Arrays of one shape, in t C/ha and in t C/ha of modern carbon."""
    carbon, activity = np.asarray(carbon, dtype=np.float64), np.asarray(activity, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        age = -np.log(activity / carbon) / RADIOCARBON_DECAY
    return np.where(carbon > 0.0, age, 0.0)


def activity_at_age(age):
    """Activity relative to modern carbon at a conventional age (yr)."""
    return np.exp(-RADIOCARBON_DECAY * np.asarray(age, dtype=np.float64))


def delta_14c(age):
    """Delta-14C (per mil) as the programs report it, ``1000 (exp(-age / 8035) - 1)``."""
    return 1000.0 * (np.exp(-np.asarray(age, dtype=np.float64) / REPORTED_LIFETIME) - 1.0)
