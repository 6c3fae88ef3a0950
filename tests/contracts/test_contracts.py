"""Every registered part keeps its contract, and each contract notices a part that does not."""

import time
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from sessionrl import registry
from sessionrl.baselines.popularity import Popularity
from sessionrl.contracts import check_backbone, check_baseline, check_metric, check_objective, check_policy
from sessionrl.contracts.by_name import CONTRACTS
from sessionrl.nn.prefixes import Prefixes
from sessionrl.objectives.next_item import NextItem
from sessionrl.objectives.objective import Loss, Valued

# Readers need a sample each, in test_reader_contract.py; rewards and pictures have files of their own.
CHECKS = {kind: check for kind, check in CONTRACTS.items() if kind not in ("reader", "reward", "picture")}
PARTS = [(kind, name) for kind in CHECKS for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_registered_part_keeps_its_contract(kind, name):
    CHECKS[kind](name)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gru", {"layers": 2, "dropout": 0.3}),
        ("gru", {"residual": True}),
        ("gru", {"window": 3, "layers": 2, "residual": True}),
        ("gru", {"truncate": True, "layers": 2, "dropout": 0.2}),
        ("sasrec", {"heads": 2, "dropout": 0.0, "residual": True}),
        ("sasrec", {"max_length": 9}),
        ("sasrec", {"max_length": 4}),
        ("sasrec", {"max_length": 3, "layers": 1}),
        ("sasrec", {"block": "ligr", "layers": 1, "heads": 2, "expansion": 1}),
        ("sasrec", {"block": "ligr", "max_length": 4, "dropout": 0.0, "residual": True}),
        ("caser", {"window": 2, "heights": [1, 2], "filters": 2, "dropout": 0.0}),
        ("caser", {"window": 4, "vertical": 3, "rectify": True, "residual": True}),
        ("nextitnet", {"dilations": [1], "kernel": 2, "dropout": 0.3}),
        ("nextitnet", {"dilations": [4, 1], "residual": True}),
    ],
)
def test_backbone_keeps_its_contract_with_other_options(name, options):
    check_backbone(name, **options)


@pytest.mark.parametrize("kind", ["bpr_max", "top1", "top1_max", "gbce"])
@pytest.mark.parametrize("name", ["next_item", "sqn", "smorl"])
def test_objective_keeps_its_contract_with_every_ranking_loss(name, kind):
    check_objective(name, **({"kind": kind} if name == "next_item" else {"supervised": {"kind": kind}}))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("next_item", {"kind": "bpr_max", "elu": 0.5}),
        ("next_item", {"log_q": 0.0}),
        ("sqn", {"gamma": 0.0}),
        ("cql", {"one_head": True}),
        ("crr", {"weight": "binary"}),
        ("reinforce", {"k": 1}),
        ("reinforce", {"behaviour": "logged"}),
        ("reward_weighted", {"by": "return"}),
        ("sac", {"warm_up": 0}),
        ("sa2c", {"warm_up": 0, "smoothing": 0.5}),
        ("smorl", {"rewards_of": "top", "weights": [1.0, 0.5, 0.0]}),
    ],
)
def test_objective_keeps_its_contract_with_other_options(name, options):
    check_objective(name, **options)


def test_policies_keep_their_contract_with_three_q_heads():
    check_policy("weighted", q_heads=3, weights=[1.0, -2.0, 0.5], temperature=0.1)


# ---- Each contract notices a part that breaks it ----


@pytest.fixture
def plugged(monkeypatch):
    """Registers a part for one test."""

    def plug(kind, cls):
        registry.names(kind)
        monkeypatch.setitem(registry._parts, (kind, "mine"), cls)

    return plug


class Broken(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.gru = nn.GRU(dim, dim, batch_first=True)


class SeesTheFuture(Broken):
    def forward(self, x):
        return self.gru(x)[0] + x.mean(1, keepdim=True)


class SeesTheNext(Broken):
    def forward(self, x):
        return self.gru(torch.cat([x[:, 1:], x[:, -1:]], 1))[0]


class SeesOnlyThePresent(Broken):
    def forward(self, x):
        return self.gru(x.flatten(0, 1)[:, None])[0].view_as(x)


class SeesOnlyThePast(Broken):
    def forward(self, x):
        return self.gru(torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1))[0]


class SeesItsNeighbours(Broken):
    def forward(self, x):
        return self.gru(x)[0] + x.mean(0).detach()


class TurnsRound(Broken):
    def forward(self, x):
        return self.gru(x)[0].transpose(1, 2)


class HasAnIdleParameter(Broken):
    def __init__(self, dim: int):
        super().__init__(dim)
        self.idle = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return self.gru(x)[0]


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (SeesTheFuture, "sees the future: other inputs after position 0 change the outputs up to it"),
        (SeesTheNext, "sees the future: other inputs after position 0 change the outputs up to it"),
        (SeesOnlyThePresent, "does not see the past: another input at position 7 leaves the next output as it was"),
        (SeesOnlyThePast, "does not see the present: another input at position 1 leaves its output as it was"),
        (SeesItsNeighbours, "of row 0 alone give other outputs than within the batch"),
        (TurnsRound, r"a backbone maps \[B, T, d\] to \[B, T, d\], but 'mine' gives \[3, 8, 9\]"),
        (HasAnIdleParameter, "leaves the parameter 'idle' without a gradient"),
    ],
)
def test_a_broken_backbone_is_noticed(plugged, cls, sentence):
    plugged("backbone", cls)
    with pytest.raises(AssertionError, match=sentence):
        check_backbone("mine")


@dataclass(frozen=True)
class Sound:
    rewards: ClassVar[int] = 1
    bootstraps: ClassVar[bool] = True
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        scores = online(batch.state, context.sampler.whole(batch.action).items)
        total = scores.logits.square().mean() + scores.q.square().mean()
        return Loss(total, {"all": total.detach()})


class ForgetsTheQHeads(Sound):
    samples: ClassVar[bool] = False

    def loss(self, online, target, batch, context):
        total = online(batch.state, heads="supervised").logits[:, :3].mean()
        return Loss(total, {"all": total.detach()})


class TeachesTheTarget(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total + target(batch.state).q.mean()
        return Loss(total, {"all": total.detach()})


class LogsAGraph(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total
        return Loss(total, {"all": total})


class DrawsFromTheGlobalState(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total
        return Loss(total, {"all": torch.rand(())})


class IsRandom(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total * time.perf_counter_ns()
        return Loss(total, {"all": total.detach()})


@dataclass(frozen=True)
class SamplesHalf:
    """Looks at everything once its supervised half samples."""

    supervised: NextItem = NextItem()  # noqa: RUF009 -- frozen

    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False

    @property
    def samples(self):
        return self.supervised.samples

    def loss(self, online, target, batch, context):
        total = online(batch.state, context.sampler.whole(batch.action).items).logits.square().mean()
        return Loss(total, {"all": total.detach()})


class FailsOnOne(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total * batch.reward.std()
        return Loss(total, {"all": total.detach()})


class FailsWhereAllAreDone(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total / (~batch.done).float().mean()
        return Loss(total, {"all": total.detach()})


class ForgetsWhatStatesRead(Sound):
    def loss(self, online, target, batch, context):
        bare = replace(batch, state=Prefixes(batch.state.items, batch.state.at))
        return super().loss(online, target, bare, context)


class ShowsEverything(Sound):
    def loss(self, online, target, batch, context):
        scores = online(batch.state)
        total = scores.logits.square().mean() + scores.q.square().mean()
        return Loss(total, {"all": total.detach()})


class DrawsByItself(Sound):
    def loss(self, online, target, batch, context):
        items = torch.cat([batch.action, torch.tensor([1, 2])])
        scores = online(batch.state, items)
        total = scores.logits.square().mean() + scores.q.square().mean()
        return Loss(total, {"all": total.detach()})


class TakesWhatIsNotShown(Sound):
    def loss(self, online, target, batch, context):
        taken = torch.full_like(batch.action, 5)
        total = super().loss(online, target, batch, context).total + online(batch.state, heads="q", taken=taken).q.sum()
        return Loss(total, {"all": total.detach()})


class SaysThatItSamples(Sound):
    samples: ClassVar[bool] = True


class MovesWeights(Sound):
    def loss(self, online, target, batch, context):
        with torch.no_grad():
            target.bias.add_(1)
        return super().loss(online, target, batch, context)


class ThinksInDouble(Sound):
    def loss(self, online, target, batch, context):
        total = super().loss(online, target, batch, context).total.double()
        return Loss(total, {"all": total.detach()})


class IsPaidForMoreThanItsHeads(Sound):
    def valued(self, batch, context):
        return Valued({"one": batch.reward, "two": batch.reward}, 0.5)


class DoublesTheFuture(Sound):
    def valued(self, batch, context):
        return Valued({"one": batch.reward}, 2.0)


class IsPaidInColumns(Sound):
    def valued(self, batch, context):
        return Valued({"one": batch.reward[:, None]}, 0.5)


@dataclass
class IsNotFrozen:
    rewards: ClassVar[int] = 0
    bootstraps: ClassVar[bool] = False
    samples: ClassVar[bool] = False


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (ForgetsTheQHeads, "leaves the parameter 'heads' without a gradient"),
        (
            TeachesTheTarget,
            "sends a gradient into the target network: bias, heads, items.id, backbone.gru.weight_ih_l0",
        ),
        (LogsAGraph, "part 'all' should be a detached scalar"),
        (DrawsFromTheGlobalState, "draws from torch's global state, not from context.rng"),
        (IsRandom, "give another loss the second time"),
        (MovesWeights, "changes the parameters of a network by itself"),
        (ThinksInDouble, "the total should be float32, but is torch.float64"),
        (IsPaidForMoreThanItsHeads, ": 1 Q heads, but it is paid for one, two"),
        (DoublesTheFuture, "gamma should lie in 0 … 1, but is 2.0"),
        (IsPaidInColumns, r"reward 'one' should have shape \[9\], but has \[9, 1\]"),
        (IsNotFrozen, "should be a frozen dataclass, so that its fields are its options"),
        (FailsWhereAllAreDone, "3 transitions, all done: the total is inf"),
        (
            ForgetsWhatStatesRead,
            "a network that reads kinds, gaps and session features, .* leaves the parameter 'inputs.kinds' without",
        ),
        (
            ShowsEverything,
            "scores the whole catalogue, where some items are not recommendable; "
            r"take context.sampler.whole\(batch.action\) or what it draws",
        ),
        (DrawsByItself, "has candidates that are not recommendable, 1; take"),
        (TakesWhatIsNotShown, "takes the Q of items that are neither logged nor recommendable: 5$"),
        (SaysThatItSamples, "says that it samples, but scores 19,999 of 19,999 items for one transition"),
    ],
)
def test_a_broken_objective_is_noticed(plugged, cls, sentence):
    plugged("objective", cls)
    with pytest.raises(AssertionError, match=sentence):
        check_objective("mine")


def test_what_a_wrapper_wraps_is_tried_with_sampled_candidates(plugged):
    plugged("objective", SamplesHalf)
    with pytest.raises(
        AssertionError, match=r"'constant_reward', 'of': .*'negatives': 5.* says that it samples, but scores"
    ):
        check_objective("constant_reward", of={"name": "mine"})


def test_an_objective_that_fails_on_a_single_transition_is_noticed(plugged):
    plugged("objective", FailsOnOne)
    with (
        pytest.warns(UserWarning, match="degrees of freedom"),
        pytest.raises(AssertionError, match=r"1 transitions.*nan"),
    ):
        check_objective("mine")


def test_a_sound_objective_passes(plugged):
    plugged("objective", Sound)
    check_objective("mine")


@dataclass(frozen=True)
class Upside:
    """Orders by the logits, but prefers what it shows last."""

    heads: ClassVar[str] = "supervised"

    def order_by(self, scores, prefixes):
        return scores.logits

    def probabilities(self, scores, prefixes):
        return (-scores.logits).softmax(1)


class Unsummed(Upside):
    def probabilities(self, scores, prefixes):
        return scores.logits.sigmoid()


class Mixed(Upside):
    def order_by(self, scores, prefixes):
        return scores.logits - scores.logits.mean(0)

    def probabilities(self, scores, prefixes):
        return self.order_by(scores, prefixes).softmax(1)


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (Upside, "gives an item more probability than one that stands above it"),
        (Unsummed, "the probabilities do not sum to 1"),
        (Mixed, "state 0 alone has another order than within the batch"),
    ],
)
def test_a_broken_policy_is_noticed(plugged, cls, sentence):
    plugged("policy", cls)
    with pytest.raises(AssertionError, match=sentence):
        check_policy("mine")


class ScoresPad(Popularity):
    def scores(self, sessions, cases):
        found = super().scores(sessions, cases)
        return found._replace(base=np.zeros_like(found.base))


class ListsTwice(Popularity):
    def scores(self, sessions, cases):
        n = len(cases.session)
        offsets, items = np.arange(n + 1) * 2, np.full(2 * n, 3, np.int32)
        return super().scores(sessions, cases)._replace(offsets=offsets, items=items, scores=np.ones(2 * n))


class ComparesCases(Popularity):
    def scores(self, sessions, cases):
        found = super().scores(sessions, cases)
        return found._replace(base=found.base + len(cases.session))


class ForgetsWhenSaved(Popularity):
    def arrays(self):
        return {"counts": self.counts[::-1]}


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (ScoresPad, "PAD should score -inf, but scores 0.0"),
        (ListsTwice, "lists an item twice for one case"),
        (ComparesCases, "alone is scored otherwise than among other cases"),
        (ForgetsWhenSaved, "restored from its arrays it gives other scores"),
    ],
)
def test_a_broken_baseline_is_noticed(plugged, cls, sentence):
    plugged("baseline", cls)
    with pytest.raises(AssertionError, match=sentence):
        check_baseline("mine")


@dataclass(frozen=True)
class Infinite:
    """One over the rank of an item that is not there."""

    k: int
    better: ClassVar[str] = "higher"

    def per_case(self, rankings, catalogue):
        return np.full(len(rankings), np.inf)


class Undecided(Infinite):
    """Better in both directions."""

    better: ClassVar[str] = "both"


class Short(Infinite):
    """Only the first case."""

    def per_case(self, rankings, catalogue):
        return np.zeros(1)


@pytest.mark.parametrize(
    ("cls", "sentence"),
    [
        (Infinite, "is infinite for a case; a case without a value is NaN"),
        (Undecided, r"better is 'both', not one of \('higher', 'lower', 'neither'\)"),
        (Short, r"gives \(1,\) numbers for \d+ cases"),
    ],
)
def test_a_broken_metric_is_noticed(plugged, cls, sentence):
    plugged("metric", cls)
    with pytest.raises(AssertionError, match=sentence):
        check_metric("mine")
