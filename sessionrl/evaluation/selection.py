"""Selection: the number on the validation part that chooses an epoch; checks of metrics before anything is trained."""

from dataclasses import dataclass

import numpy as np

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption, UnknownName
from sessionrl.evaluation.metric import CaseMetric, metric
from sessionrl.evaluation.options import Evaluation
from sessionrl.evaluation.rankings import Rankings, seen_before
from sessionrl.evaluation.slices import cases_in, slice_names

DEFAULT = Evaluation().select_on  # a log may have no such slice, and no user asked for it


@dataclass(frozen=True)
class Selection:
    """What chooses among epochs.

    by:     the metric, higher is better
    where:  the slice it is taken on; "all" where the slice that was asked for has no cases in the validation part
    listed: items per list that the metric needs; 0 for a metric of the rank
    """

    by: str
    where: str
    listed: int

    @classmethod
    def of(cls, evaluation: Evaluation, valid: Sessions, catalogue: Catalogue, kinds: tuple[str, ...]) -> "Selection":
        """What the options say, for this validation part.

        Raises:
            UnknownName, BadOption: there is no such metric or slice, or no epoch can be chosen by it.
        """
        name = evaluation.select_by
        found = metric(name)
        if not isinstance(found, CaseMetric) or found.better != "higher":
            what = "is not better if higher" if isinstance(found, CaseMetric) else "is a metric of all lists together"
            raise BadOption(
                f"[evaluation], option 'select_by' = {name!r} {what}.\n"
                "  do now: choose by a metric that every case has and that is better if higher, such as 'ndcg@20'"
            )
        where, known = evaluation.select_on, slice_names(kinds)
        if where not in known and where != DEFAULT:
            raise UnknownName("slice", where, known)
        if where not in known or not cases_in(where, _unranked(valid, kinds, catalogue, 0), catalogue).any():
            where = "all"
        return cls(name, where, found.k if _reads_lists(found, catalogue) else 0)

    def check(self, valid: Sessions, catalogue: Catalogue, kinds: tuple[str, ...]) -> None:
        """Take it of made-up ranks, so that a validation part without a value is known before training.

        Raises:
            BadOption: no case has one.
        """
        self.value(_unranked(valid, kinds, catalogue, self.listed), catalogue)

    def value(self, rankings: Rankings, catalogue: Catalogue) -> float:
        """The mean over the cases of the slice that have a value.

        Raises:
            BadOption: none has.
        """
        found = metric(self.by)
        assert isinstance(found, CaseMetric)
        values = found.per_case(rankings, catalogue)[cases_in(self.where, rankings, catalogue)]
        values = values[~np.isnan(values)]
        if not len(values):
            remedy = "set evaluation.select_on=all" if self.where != "all" else "prepare a longer validation part"
            raise BadOption(
                f"[evaluation], option 'select_by' = {self.by!r} has no value on {self.where} of the validation part.\n"
                f"  do now: choose by another metric, such as 'ndcg@20', or {remedy}"
            )
        return float(values.mean())


def check_metrics(evaluation: Evaluation, catalogue: Catalogue, kinds: tuple[str, ...]) -> None:
    """Take every metric of two made-up events, so that what cannot be measured is known before training.

    Raises:
        UnknownName, BadOption: there is no such metric, or it needs longer lists than will be kept.
    """
    two_events = _unranked(Sessions.of([[1, 1]]), kinds, catalogue, evaluation.top)
    for name in evaluation.metrics:
        found = metric(name)
        take = found.per_case if isinstance(found, CaseMetric) else found.overall
        try:
            take(two_events, catalogue)
        except BadOption:
            raise BadOption(
                f"[evaluation], option 'metrics': {name} needs lists of {found.k} items, but top = {evaluation.top}.\n"
                f"  do now: set evaluation.top={found.k}, or measure at {evaluation.top} or less"
            ) from None


def _reads_lists(found: CaseMetric, catalogue: Catalogue) -> bool:
    """Whether a metric looks at what was listed, and not only at the rank of the next item."""
    try:
        found.per_case(_unranked(Sessions.of([[1, 1]]), ("view",), catalogue, 0), catalogue)
    except BadOption:
        return True
    return False


def _unranked(sessions: Sessions, kinds: tuple[str, ...], catalogue: Catalogue, listed: int) -> Rankings:
    """The cases as `rank` would give them, with made-up ranks and lists."""
    n, shown = len(sessions.items), np.flatnonzero(catalogue.recommendable).astype(np.int32)
    return Rankings(
        session=sessions.session.astype(np.int32),
        position=sessions.position.astype(np.int32),
        target=sessions.items,
        event_type=sessions.event_types,
        repeat=seen_before(sessions),
        greater=np.zeros(n, np.int32),
        equal=np.ones(n, np.int32),
        top=np.tile(shown[:listed], (n, 1)),
        n_items=len(catalogue) - 1,
        kinds=kinds,
        n_shown=len(shown),
    )
