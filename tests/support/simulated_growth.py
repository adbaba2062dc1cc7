"""Labs whose stores grow in a known way: what a forecast is measured by."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

N_LABS = 200
START = pd.Timestamp("2024-01-01T00:00Z")


def steady(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return random.gamma(4, 1 / 4, shape)


def weekly(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Nothing is recorded on weekends."""
    working = np.arange(shape[1]) % 7 < 5
    return random.gamma(3, 1 / 3, shape) * working * 7 / 5


def sessions(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A session on every second day; few are much longer than most."""
    return (random.random(shape) < 0.5) * random.lognormal(-0.5, 1, shape) * 2


def heavy(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A session a week, the longest of them twenty times the usual one."""
    return (random.random(shape) < 1 / 7) * random.lognormal(-1.125, 1.5, shape) * 7


def campaigns(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Two weeks of recording, three weeks of analysis, on average."""
    n_labs, n_days = shape
    running = random.random(n_labs) < 2 / 5
    days = []
    for _ in range(n_days):
        running = running ^ (random.random(n_labs) < np.where(running, 1 / 14, 1 / 21))
        days.append(running)
    return np.stack(days, axis=1) * random.gamma(2, 1 / 2, shape) * 5 / 2


def rare(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A copy of a whole experiment, once a month on average."""
    return (random.random(shape) < 1 / 30) * random.lognormal(-0.125, 0.5, shape) * 30


KINDS = {k.__name__: k for k in (steady, weekly, sessions, heavy, campaigns, rare)}


def scan_days(random: np.random.Generator, rhythm: str, n_days: int) -> np.ndarray:
    if rhythm == "irregular":
        days = np.cumsum(random.exponential(8, n_days)).astype(int)
        return np.unique([0, *days[days <= n_days]])
    return np.arange(0, n_days + 1, {"daily": 1, "weekly": 7, "monthly": 30}[rhythm])


def labs(
    kind: str, rhythm: str, n_days: int, *, purged: bool, seed: int
) -> Iterator[tuple[pd.Series, float]]:
    """Yield measured totals and the true growth, in bytes per day."""
    random = np.random.default_rng(seed)
    scales = random.uniform(0.5, 2, (N_LABS, 1)) * 1e9
    added = KINDS[kind](random, (N_LABS, n_days)) * scales
    for scale, adds in zip(scales[:, 0], added, strict=True):
        stored = 50 * scale + np.concatenate([[0], np.cumsum(adds)])
        for day in np.sort(random.integers(1, n_days, 3 if purged else 0)):
            stored[day:] -= stored[day] * random.uniform(0.1, 0.6)
        days = scan_days(random, rhythm, n_days)
        yield pd.Series(stored[days], START + pd.to_timedelta(days, "D")), scale
