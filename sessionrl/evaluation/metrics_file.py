"""The file of measurements of a run: how was measured, what ties do, and every measurement."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sessionrl.data.catalogue import Catalogue
from sessionrl.errors import BadDirectory
from sessionrl.evaluation.averages import Average
from sessionrl.evaluation.measure import Measurement, measure, measurement_table
from sessionrl.evaluation.metric import CaseMetric, metric
from sessionrl.evaluation.rankings import Rankings
from sessionrl.evaluation.slices import cases_in
from sessionrl.runs import read_json, write_json

TIE_METRICS = ("hit@20", "ndcg@20", "mrr@20")  # fixed, so that the gaps of all runs can be compared
TIE_GAP_LIMIT = 0.001  # above it scores are saturated or dead


class TieGap(NamedTuple):
    """A metric in the headline slice, per event, with the target before, amid and behind its equals."""

    standard: float
    expected: float
    conservative: float

    @property
    def gap(self) -> float:
        """Above `TIE_GAP_LIMIT` the scores are saturated or dead, and the metric depends on the rule for ties."""
        return self.standard - self.conservative


@dataclass(frozen=True)
class MetricsFile:
    """What ``metrics.json`` holds: how was measured, what ties do, and every measurement."""

    protocol: Mapping[str, object]
    tie_gap: Mapping[str, TieGap]
    measurements: Sequence[Measurement]

    def __repr__(self) -> str:
        return f"MetricsFile({len(self.measurements):,} measurements of {self.protocol.get('events')} events)"

    def _repr_html_(self) -> str:
        return measurement_table([one for one in self.measurements if one.slice == "all" and one.average != "session"])

    def to_json(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "protocol": dict(self.protocol),
            "tie_gap": {name: {**one._asdict(), "gap": one.gap} for name, one in self.tie_gap.items()},
            "measurements": [asdict(one) for one in self.measurements],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "MetricsFile":
        """The inverse of `to_json`.

        Raises:
            BadDirectory: the content is something else.
        """
        try:
            ties = {name: TieGap(*(one[f] for f in TieGap._fields)) for name, one in content["tie_gap"].items()}
            return cls(content["protocol"], ties, [Measurement(**one) for one in content["measurements"]])
        except (KeyError, TypeError, AttributeError) as error:
            raise BadDirectory(
                f"The measurements cannot be read ({type(error).__name__}: {error}).\n"
                "  do now: measure again with `sessionrl evaluate`"
            ) from None

    def save(self, path: Path) -> None:
        """To a JSON file, whole or not at all."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> "MetricsFile":
        """The inverse of `save`.

        Raises:
            BadDirectory: the file is missing or holds something else.
        """
        return cls.from_json(read_json(path))

    def find(self, metric: str, where: str = "all", average: Average = "event") -> Measurement | None:
        """The measurement of a metric in a slice, if there is one."""
        key = (metric, where, average)
        return next((one for one in self.measurements if (one.metric, one.slice, one.average) == key), None)


def measured(
    rankings: Sequence[Rankings], catalogue: Catalogue, metrics: Sequence[str], replicates: int = 2000, seed: int = 0
) -> MetricsFile:
    """All measurements in all slices, with what a reader must know to trust them."""
    headline = cases_in("all", rankings[0], catalogue)
    protocol = {
        "ties": "expected: the mean over all orders of equally scored items",
        "first_event": "apart, in the slice 'first'; every other slice has at least one event read",
        "averages": {"event": "mean over cases", "session": "mean over sessions of their mean over cases"},
        "interval": "95% percentile interval, crossed bootstrap over training seeds and test sessions",
        "replicates": replicates,
        "bootstrap_seed": seed,
        "seeds": len(rankings),
        "items": rankings[0].n_items,
        "recommendable_items": int(catalogue.recommendable.sum()),
        "listed": rankings[0].top.shape[1],
        "kinds": list(rankings[0].kinds),
        "events": len(rankings[0]),
        "events_of_items_not_recommended": int((~catalogue.recommendable[rankings[0].target]).sum()),
        "cases": int(headline.sum()),
        "sessions": len(rankings[0].offsets) - 1,
    }
    measurements = measure(rankings, catalogue, metrics, None, replicates, seed)
    return MetricsFile(protocol, tie_gaps(rankings, catalogue), measurements)


def tie_gaps(rankings: Sequence[Rankings], catalogue: Catalogue) -> dict[str, TieGap]:
    """How far `TIE_METRICS` depend on the rule for ties, in the headline slice, mean over seeds."""
    headline = cases_in("all", rankings[0], catalogue)
    if not headline.any():
        return {}
    gaps = {}
    for name in TIE_METRICS:
        found = metric(name)
        assert isinstance(found, CaseMetric)
        by_rule = (
            np.mean([found.per_case(one.with_ties(ties), catalogue)[headline].mean() for one in rankings])
            for ties in ("standard", "expected", "conservative")
        )
        gaps[name] = TieGap(*map(float, by_rule))
    return gaps
