"""Ensemble: the probabilities of a network mixed with those of a baseline."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from pydantic import AfterValidator, Field
from torch import Tensor

from sessionrl import registry
from sessionrl.baselines.baseline import Baseline, SparseScores
from sessionrl.data.sessions import Cases, Sessions
from sessionrl.errors import BadOption

if TYPE_CHECKING:
    from sessionrl.scorers import NetworkScorer

GRID = tuple(step / 10 for step in range(11))  # weights among which one is chosen
LEAST = 1e-12  # share of the network at weight 1, where it still orders what the baseline does not list


def _completed(section: dict[str, Any]) -> dict[str, Any]:
    if "name" not in section:
        known = ", ".join(registry.names("baseline"))
        raise BadOption(f"[ensemble.baseline] has no 'name'. Give it as ensemble.baseline.name=stan. Known: {known}.")
    return registry.complete("baseline", section)


@dataclass(frozen=True)
class Ensemble:
    """p(i|s) = (1 - weight) softmax(logits)_i + weight score_i / sum_j score_j, j over the items the baseline lists.

    Network and baseline err in different places: one generalises, the other remembers. After the weighted hybrid of
    GRU4Rec and session-kNN in Jannach & Ludewig 2017, doi:10.1145/3109859.3109872.

    Options:
        weight: of the baseline, in [0, 1]; None chooses it on the validation part, by what chooses the epoch, with a
            network and a baseline that were fitted without that part
        baseline: section of a baseline, as [baseline] has it
    """

    baseline: Annotated[dict[str, Any], AfterValidator(_completed)]
    weight: Annotated[float, Field(ge=0, le=1)] | None = None


class EnsembleScorer:
    """A network and a fitted baseline; a case for which the baseline lists nothing is the network's alone.

    Args:
        network: its supervised scores are mixed as logits, and its policy reads what comes of it
        baseline: its listed scores are > 0 and additive, as those of all neighbours are
        weight: of the baseline, in [0, 1]
    """

    def __init__(self, network: "NetworkScorer", baseline: Baseline, weight: float):
        self.network, self.baseline, self.weight = network, baseline, weight

    def scored(self, sessions: Sessions, cases: Cases) -> Iterator[tuple[Cases, Tensor | SparseScores]]:
        """Chunks of the cases in any order, with scores ``[N, V - 1]`` float32, column j being item j + 1."""
        return self.network.scored(sessions, cases, self.mix(sessions))

    def mix(self, sessions: Sessions) -> Callable[[Tensor, Cases], Tensor]:
        """What changes the supervised scores [N, V - 1] of cases of these sessions."""
        shown = self.network.shown

        def mix(logits: Tensor, chunk: Cases) -> Tensor:
            listed = self.baseline.scores(sessions, chunk)
            # A network that was extended knows more items than its baseline.
            return mixed(logits, listed.only(shown[: len(listed.base)]), self.weight)

        return mix


def mixed(logits: Tensor, listed: SparseScores, weight: float) -> Tensor:
    """[N, V - 1] logits_i, and for listed items log(e^logits_i + odds share_i sum_j e^logits_j): log p + a constant.

    The odds are weight / (1 - weight), the shares those of the listed scores. What is not listed keeps the network's
    own score ``[N, V - 1]``, so that no small probability is rounded into a tie.
    """
    if not weight:
        return logits
    case = np.repeat(np.arange(len(logits)), np.diff(listed.offsets))
    added = np.flatnonzero(listed.scores > 0.0)
    case, columns, shares = case[added], listed.items[added] - 1, listed.scores[added]
    total = np.bincount(case, weights=shares, minlength=len(logits))
    log_odds = math.log(weight / max(1.0 - weight, LEAST))
    at = torch.from_numpy(case).to(logits.device), torch.from_numpy(columns.astype(np.int64)).to(logits.device)
    # Logarithms before the quotient: the exponentials of a far neighbour may be the smallest numbers there are.
    of_baseline = torch.from_numpy(np.log(shares) - np.log(total[case]) + log_odds).to(logits)
    result = logits.clone()
    result[at] = torch.logaddexp(logits[at], logits.logsumexp(1)[at[0]] + of_baseline)
    return result
