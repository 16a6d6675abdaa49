"""Fitting the weights to what came of pairs: an additive model of the chance of a good answer. Values in, values out.

The chance of a good answer is modelled as the sum itself, p = Σ weight × share (a linear probability model), so that
the explanation a reader gets and the model that was fitted are one and the same. Weights are never negative, a like
skill never counts more than the same skill, and no sum can pass 1. The loss is the log-loss plus a squared pull to the
priors (a Gaussian prior on each weight), so few rows move little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.scoring import PRIOR, SKILL

NAMES = tuple(PRIOR)
OTHERS = tuple(name for name in NAMES if name not in SKILL)
WIDTH = 0.1  # standard deviation of the prior on each weight
FOLDS = 5
STEPS = 400
CYCLES = 200  # of projections; a handful where no bound holds
CLIP = 0.01
BINS = 5

Array = npt.NDArray[np.float64]
Row = tuple[Mapping[str, float], bool]  # shares, whether a good answer came


@dataclass(frozen=True)
class Fitted:
    """Weights with how well they tell, each outcome told by a fit that had not seen it, beside the priors."""

    values: dict[str, float]
    log_loss: float
    prior_log_loss: float
    base_log_loss: float  # of always telling the overall share
    calibration: list[dict[str, float]]  # per bin: rows, told, came


def fit(rows: Sequence[Row]) -> Fitted:
    """Fit weights to at least one row; the same rows in the same order give the same weights."""
    shares = np.array([[given.get(name, 0.0) for name in NAMES] for given, _good in rows], dtype=np.float64)
    good = np.array([is_good for _given, is_good in rows], dtype=np.float64)
    folds = np.arange(len(rows)) % FOLDS
    told = np.empty(len(rows))
    for fold in range(min(FOLDS, len(rows))):
        held_out = folds == fold
        told[held_out] = _told(shares[held_out], _solve(shares[~held_out], good[~held_out]))
    values = _solve(shares, good)
    return Fitted(
        values={name: round(float(value), 4) for name, value in zip(NAMES, values, strict=True)},
        log_loss=_loss(told, good),
        prior_log_loss=_loss(_told(shares, _prior()), good),
        base_log_loss=_loss(np.full(len(rows), np.clip(good.mean(), CLIP, 1 - CLIP)), good),
        calibration=_bins(told, good),
    )


def _prior() -> Array:
    return np.array([PRIOR[name] for name in NAMES], dtype=np.float64)


def _told(shares: Array, values: Array) -> Array:
    return np.clip(shares @ values, CLIP, 1 - CLIP)


def _loss(told: Array, good: Array) -> float:
    return round(float(-(good * np.log(told) + (1 - good) * np.log(1 - told)).mean()), 5)


def _objective(values: Array, shares: Array, good: Array, prior: Array) -> float:
    told = _told(shares, values)
    fitted = -(good * np.log(told) + (1 - good) * np.log(1 - told)).sum()
    return float(fitted + (((values - prior) / WIDTH) ** 2).sum() / 2)


def _solve(shares: Array, good: Array) -> Array:
    """Minimise by projected gradient with halving steps; the objective is convex within the bounds."""
    prior = _prior()
    values, step = prior.copy(), 1e-3
    now = _objective(values, shares, good, prior)
    for _round in range(STEPS):
        told = _told(shares, values)
        slope = shares.T @ ((told - good) / (told * (1 - told))) + (values - prior) / WIDTH**2
        while step > 1e-12:
            tried = _allowed(values - step * slope)
            then = _objective(tried, shares, good, prior)
            if then <= now:
                break
            step /= 2
        else:
            break
        if now - then < 1e-10:
            return tried
        values, now, step = tried, then, step * 1.5
    return values


def _bounds() -> tuple[Array, Array]:
    """Give the bounds, `planes @ weights ≤ most`: none negative, related ≤ same, each fullest sum ≤ 1."""
    at = {name: place for place, name in enumerate(NAMES)}
    planes = [-np.eye(len(NAMES))]
    order = np.zeros(len(NAMES))
    order[at["related_skill"]], order[at["same_skill"]] = 1.0, -1.0
    planes.append(order[None, :])
    for skill in SKILL:
        full = np.zeros(len(NAMES))
        full[[at[skill], *(at[name] for name in OTHERS)]] = 1.0
        planes.append(full[None, :])
    most = np.concatenate([np.zeros(len(NAMES) + 1), np.ones(len(SKILL))])
    return np.concatenate(planes), most


PLANES, MOST = _bounds()
LENGTHS = (PLANES**2).sum(axis=1)


def _allowed(values: Array) -> Array:
    """Give the nearest weights within the bounds, by Dykstra's alternating projections.

    The nearest, and not just some: only then does the descent end at the least of the objective where a bound holds.
    Source: Boyle and Dykstra, "A method for finding projections onto the intersection of convex sets", 1986.
    """
    found = values.copy()
    carried = np.zeros(len(PLANES))  # how far each half-space has moved the point, in its own direction
    for _round in range(CYCLES):
        before = found.copy()
        for number, plane in enumerate(PLANES):
            shift = carried[number] + (plane @ found - MOST[number]) / LENGTHS[number]
            shift = max(0.0, shift)
            found = found - (shift - carried[number]) * plane
            carried[number] = shift
        if np.abs(found - before).max() < 1e-12:
            break
    found = np.maximum(found, 0.0)
    return found / max(1.0, float((PLANES @ found - MOST + 1.0)[-len(SKILL) :].max()))


def _bins(told: Array, good: Array) -> list[dict[str, float]]:
    """Give equal-sized groups by told chance: how many, what was told on average, what came."""
    ranked = np.argsort(told, kind="stable")
    return [
        {"rows": len(part), "told": round(float(told[part].mean()), 4), "came": round(float(good[part].mean()), 4)}
        for part in np.array_split(ranked, min(BINS, len(ranked)))
    ]
