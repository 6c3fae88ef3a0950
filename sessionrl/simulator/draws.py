"""Random numbers by name: functions of seed, purpose, session, step and column, never of what was drawn before."""

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

# SplitMix64: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", figure 16.
_GAMMA = 0x9E3779B97F4A7C15
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Draws:
    """The chances of one simulated world.

    A single stream would hand its numbers out in order of asking: a policy that keeps one shopper longer would
    change the luck of all others. Here the number of (purpose, session, step, column) is a hash of just that

        h(purpose) = BLAKE2b(seed, purpose)
        h(purpose, session) = mix(h + (session + 1) gamma)         mix, gamma: SplitMix64
        h(…, step), h(…, column) likewise

    so two policies meet the same shoppers with the same luck (common random numbers: their difference has less
    variance than two independent runs), and the size of a batch changes nothing.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def uniform(
        self, purpose: str, sessions: npt.NDArray[np.int64], steps: npt.NDArray[np.int64] | int, columns: int
    ) -> npt.NDArray[np.float64]:
        """[B, columns] numbers in (0, 1), multiples of 2^-33, for B sessions each at its own step (or all at one)."""
        stream = _child(np.uint64(_key(self.seed, purpose)), sessions)
        stream = _child(stream, np.asarray(steps))
        bits = _child(stream[:, None], np.arange(columns))
        # 32 bits, so that adding a whole number below 2^20 stays exact (see Shop.draw_within); + ½ keeps 0 and 1 out.
        return ((bits >> np.uint64(32)).astype(np.float64) + 0.5) * 2.0**-32

    def normal(
        self, purpose: str, sessions: npt.NDArray[np.int64], steps: npt.NDArray[np.int64] | int, columns: int
    ) -> npt.NDArray[np.float64]:
        """[B, columns] standard normal numbers: Box & Muller 1958, sqrt(-2 ln u) cos 2πv and sqrt(-2 ln u) sin 2πv."""
        half = (columns + 1) // 2
        u = self.uniform(purpose, sessions, steps, 2 * half)
        radius = np.sqrt(-2.0 * np.log(u[:, :half]))
        angle = 2.0 * np.pi * u[:, half:]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)[:, :columns]


@cache
def _key(seed: int, purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed} {purpose}".encode(), digest_size=8).digest(), "little")


def _child(stream: npt.NDArray[np.uint64] | np.uint64, number: npt.NDArray[np.integer]) -> npt.NDArray[np.uint64]:
    """SplitMix64's output number `number` of each stream."""
    # uint64 is meant to wrap around; numpy does so silently in arrays but warns where there is no dimension.
    x = stream + (np.atleast_1d(number).astype(np.uint64) + np.uint64(1)) * np.uint64(_GAMMA)
    x ^= x >> np.uint64(30)
    x *= _FIRST
    x ^= x >> np.uint64(27)
    x *= _SECOND
    x ^= x >> np.uint64(31)
    return x
