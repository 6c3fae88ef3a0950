"""What a metric is, and how ``ndcg@20`` becomes one."""

from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadOption
from sessionrl.evaluation.rankings import Rankings
from sessionrl.registry import part

Better = Literal["higher", "lower", "neither"]


@runtime_checkable
class CaseMetric(Protocol):
    """A number for every case; averaged per event and per session."""

    k: int
    better: ClassVar[Better]

    def per_case(self, rankings: Rankings, catalogue: Catalogue) -> npt.NDArray[np.float64]:
        """[n] the metric of every row of whole sessions; NaN where a case has none and does not count."""
        ...


@runtime_checkable
class OverallMetric(Protocol):
    """One number for all lists together, no mean over cases."""

    k: int
    better: ClassVar[Better]

    def overall(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """The metric over the lists of all rows; NaN where it has no value."""
        ...


Metric = CaseMetric | OverallMetric


def metric(name: str) -> Metric:
    """``ndcg@20`` -> ``NDCG(k=20)``.

    Raises:
        UnknownName: no metric has this name.
        BadOption: the list length is missing or no number ≥ 1.
    """
    family, at, length = name.partition("@")
    cls = part("metric", family)
    if not at:
        raise BadOption(f"Metric {name!r} has no list length. Write it behind an @, for example {family}@20.")
    if not (length.isascii() and length.isdigit() and int(length) >= 1):
        raise BadOption(f"Metric {name!r}: the list length {length!r} is no whole number ≥ 1.")
    found: Metric = cls(k=int(length))
    return found
