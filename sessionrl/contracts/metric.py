"""What a metric must be: a number, or none, for lists of any length."""

from typing import get_args

import numpy as np
import torch

from sessionrl import registry
from sessionrl.contracts.made_up import KINDS, N_ITEMS, made_up, require
from sessionrl.evaluation.metric import Better, CaseMetric, OverallMetric, metric
from sessionrl.evaluation.rankings import Rankings, rank


def check_metric(name: str) -> None:
    """A finite number for every list length, which says whether more is better.

    Args:
        name: as registered, without a list length
    """
    cls = registry.part("metric", name)
    first_line = (cls.__doc__ or "").strip().split("\n")[0]
    require(first_line.endswith("."), f"metric {name!r}: the docstring should begin with a sentence on one line")
    catalogue, rankings = made_up().catalogue, _rankings()
    for k in (1, 10):
        one = metric(f"{name}@{k}")
        who = f"metric '{name}@{k}'"
        require(one.k == k, f"{who} has the list length {one.k}")
        require(one.better in get_args(Better), f"{who}: better is {one.better!r}, not one of {get_args(Better)}")
        if isinstance(one, CaseMetric):
            values = one.per_case(rankings, catalogue)
            require(values.shape == (len(rankings),), f"{who} gives {values.shape} numbers for {len(rankings)} cases")
            require(not np.isinf(values).any(), f"{who} is infinite for a case; a case without a value is NaN")
            require(np.array_equal(values, one.per_case(rankings, catalogue), equal_nan=True), f"{who} is random")
        else:
            require(isinstance(one, OverallMetric), f"{who} has neither per_case nor overall")
            value = one.overall(rankings, catalogue)
            require(not np.isinf(value), f"{who} is {value}; where it has no value it is NaN")
            require(np.array_equal([value], [one.overall(rankings, catalogue)], equal_nan=True), f"{who} is random")


def _rankings() -> Rankings:
    """Random scores with ties, of the made-up sessions."""
    sessions = made_up().sessions
    scores = torch.randint(0, 9, (len(sessions.items), N_ITEMS - 1), generator=torch.Generator().manual_seed(0))
    return rank([(sessions.cases(), scores.float())], sessions, KINDS, N_ITEMS - 1, top=10)
