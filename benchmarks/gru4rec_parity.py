"""Ours and the official GRU4Rec with equal weights: equal scores, ranks, losses, optimiser steps, order of events?

    python benchmarks/gru4rec_parity.py

It needs a checkout of the official code in the folder that SESSIONRL_PEERS names (it says how to get one). A small
official model learns a simulated shop for an epoch, its weights are copied into ours, and both score every event of the
test part. Every tenth item gets the weights of another, so that there are ties. Ends with 1 if a difference is larger
than its tolerance.

Not covered: separate and absent item vectors and layers of different sizes, which ours does not have; and of training
the drawn items, dropout, and the states that are carried from step to step.
"""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from baselines import commit
from official_gru4rec import Official, Rows, accuracy, copied, machine, official, ranked, table
from torch import Tensor

from sessionrl.data.prepare import Preparation, Prepared, prepare
from sessionrl.data.readers.delimited import Delimited
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.rankings import Rankings
from sessionrl.nn.candidates import Candidates
from sessionrl.nn.network import Network
from sessionrl.objectives.next_item import NextItem
from sessionrl.registry import build
from sessionrl.scorers import NetworkScorer
from sessionrl.simulator.log import DEMO, DEMO_POLICY, simulate_log
from sessionrl.training.lanes import Lanes
from sessionrl.training.optimizers import Adagrad

SEED = 1
SESSIONS, DAYS = 4000, 28
LAYERS = ([64], [48, 48])
SCORE, SHARE, EXACT = 2e-5, 2e-4, 1e-10  # float32 scores; accuracies; losses and their gradients in float64
STEP = 1e-6


class Difference(NamedTuple):
    """The largest difference found, over so many numbers; without a tolerance it is known and by design."""

    what: str
    numbers: int
    largest: float
    tolerance: float | None

    def __str__(self) -> str:
        verdict = "by design" if self.tolerance is None else "ok" if self.fits else "EXCEEDED"
        limit = "–" if self.tolerance is None else f"{self.tolerance:.0e}"
        return f"| {self.what} | {self.numbers:,} | {self.largest:.1e} | {limit} | {verdict} |"

    @property
    def fits(self) -> bool:
        return self.tolerance is None or self.largest <= self.tolerance  # NaN does not fit


def main() -> None:
    peer = official()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        exceeded = _table(peer, _simulated(Path(scratch)))
    print(f"\n{exceeded} of these exceed their tolerance." if exceeded else "\nAll within their tolerances.")
    raise SystemExit(1 if exceeded else 0)


def _table(peer: Official, prepared: Prepared) -> int:
    """Print it; how many tolerances are exceeded."""
    print(
        f"`python benchmarks/gru4rec_parity.py`, commit {commit()}, seed {SEED}, data {prepared.fingerprint}, ", end=""
    )
    print(f"official {peer.fingerprint}, {machine()}\n")
    print("| compared | numbers | largest difference | tolerance | |\n|---|---|---|---|---|")
    exceeded = 0
    for difference in _differences(peer, prepared):
        print(difference, flush=True)
        exceeded += not difference.fits
    return exceeded


def _simulated(scratch: Path) -> Prepared:
    simulate_log(DEMO, SESSIONS, DAYS, SEED, DEMO_POLICY).save(scratch / "log")
    return prepare(Delimited(path=str(scratch / "log" / "events.csv")), Preparation(), scratch / "prepared")


def _differences(peer: Official, prepared: Prepared) -> Iterator[Difference]:
    for layers in LAYERS:
        gru = _trained(peer, prepared.train, layers)
        yield from _of_inference(f"layers {layers}", peer, gru, prepared)
    yield _of_steps(peer, prepared)
    yield from _of_losses(peer)
    yield from _of_optimizers(peer)


def _trained(peer: Official, sessions: Sessions, layers: Sequence[int]) -> Any:
    """An official model after one epoch, every tenth item then made equal to the one before it."""
    torch.manual_seed(SEED)
    gru = peer.code.GRU4Rec(
        layers=list(layers), loss="bpr-max", batch_size=32, n_sample=256, n_epochs=1, learning_rate=0.1, momentum=0.2,
        dropout_p_embed=0.2, elu_param=0.5, bpreg=1.0, constrained_embedding=True, device=torch.device("cpu"),
    )  # fmt: skip
    with contextlib.redirect_stdout(sys.stderr):
        gru.fit(table(sessions), sample_cache_max_size=100_000)
    with torch.no_grad():
        for weights in (gru.model.Wy.weight, gru.model.By.weight):
            weights[10::10] = weights[9:-1:10]
    return gru


def _of_inference(model: str, peer: Official, gru: Any, prepared: Prepared) -> Iterator[Difference]:
    test, catalogue = prepared.test, prepared.catalogue
    network = copied(gru, catalogue)
    theirs, own = _official_scores(gru, test, len(catalogue)), _our_scores(network, prepared)
    yield Difference(f"{model}: scores", own.numel(), _largest(theirs, own), SCORE)

    rankings = ranked(network, prepared)
    target = theirs.gather(1, torch.from_numpy(rankings.target.astype(np.int64))[:, None] - 1)
    greater, equal = (found.sum(1).numpy() for found in (theirs > target, theirs == target))
    n, ties = len(rankings), float((equal > 1).mean())
    counted = {
        "standard": (greater + 1, rankings.greater + 1),
        "conservative": (greater + equal, rankings.greater + rankings.equal),
        "median": (greater + (equal + 1) / 2, rankings.greater + (rankings.equal + 1) / 2),
    }
    for mode, (official_rank, our_rank) in counted.items():
        share = float((official_rank != our_rank).mean())
        yield Difference(f"{model}: share of ranks that differ, {mode} ({ties:.0%} ties)", n, share, SHARE)
    for mode in counted:
        yield from _of_accuracy(model, mode, peer, gru, rankings, prepared)


def _of_accuracy(
    model: str, mode: str, peer: Official, gru: Any, rankings: Rankings, prepared: Prepared
) -> Iterator[Difference]:
    lanes = min(512, len(prepared.test))  # with more lanes than sessions it fails
    try:
        with contextlib.redirect_stdout(sys.stderr):
            recall, mrr = peer.evaluation.batch_eval(gru, table(prepared.test), [20], lanes, mode)
    except (AttributeError, TypeError) as error:
        print(f"{model}: the official evaluation cannot do mode {mode!r}: {error}", file=sys.stderr)
        return
    ours = accuracy(rankings.with_ties("standard" if mode == "standard" else "conservative"), prepared.catalogue)
    yield Difference(f"{model}: Recall@20 {ours.recall:.4f}, {mode}", ours.cases, abs(recall[20] - ours.recall), SHARE)
    yield Difference(f"{model}: MRR@20 {ours.mrr:.4f}, {mode}", ours.cases, abs(mrr[20] - ours.mrr), SHARE)


@torch.no_grad()
def _official_scores(gru: Any, sessions: Sessions, n_items: int) -> Tensor:
    """[N, V - 1] for every event but the first of each session, in their order, column j being item j + 1."""
    numbers, rows = Rows.of(gru)
    row_of = torch.zeros(n_items, dtype=torch.long)
    row_of[numbers] = rows
    items = row_of[torch.from_numpy(sessions.items.astype(np.int64))]
    case = np.cumsum(sessions.position > 0) - 1  # of the event that is predicted
    scores = torch.empty(int(case[-1]) + 1, n_items - 1)
    lanes = np.argsort(-sessions.lengths, kind="stable")
    hidden = [torch.zeros(len(lanes), size) for size in gru.layers]
    for step in range(int(sessions.lengths.max()) - 1):
        lanes = lanes[sessions.lengths[lanes] > step + 1]
        hidden = [state[: len(lanes)] for state in hidden]
        event = sessions.offsets[:-1][lanes] + step
        found = gru.model.forward(items[event], hidden, None, training=False)
        scores[case[event + 1]] = torch.empty_like(found).index_copy_(1, numbers - 1, found[:, rows])
    return scores


def _our_scores(network: Network, prepared: Prepared) -> Tensor:
    """The same from our scorer, as rankings are made."""
    test, catalogue = prepared.test, prepared.catalogue
    scorer = NetworkScorer(network, build("policy", {"name": "greedy"}), catalogue.counts)
    scores = torch.empty(len(test.items), len(catalogue) - 1)
    for cases, found in scorer.scored(test, test.cases()):
        assert isinstance(found, Tensor)
        scores[test.offsets[cases.session] + cases.length] = found
    return scores[test.position > 0]


def _of_steps(peer: Official, prepared: Prepared) -> Difference:
    """The events that every step of an epoch learns from, in the layout "parallel"."""
    lanes, sessions = 32, prepared.train
    with contextlib.redirect_stdout(sys.stderr):
        batches = peer.code.SessionDataIterator(table(sessions), lanes, device=torch.device("cpu"))
    number = batches.itemidmap.index.to_numpy()
    theirs = [(number[read.numpy()], number[after.numpy()]) for read, after in batches(enable_neg_samples=False)]
    plan = Lanes(sessions, prepared.rewards, lanes, "time", SEED, carry=lambda state: torch.empty(0)).plan(0)
    own = [(sessions.items[events], sessions.items[events + 1]) for events in plan]
    different = sum(not np.array_equal(one, other) for one, other in zip(theirs, own, strict=False))
    different += abs(len(theirs) - len(own))
    return Difference(f"steps of an epoch with {lanes} lanes that differ", len(own), different, 0)


class Matrix(NamedTuple):
    """Scores [lanes, C] of `items` [C], the lanes' own next items and drawn ones; `counts` of all items; float64."""

    logits: Tensor
    items: Tensor
    counts: Tensor

    @property
    def candidates(self) -> Candidates:
        return Candidates(self.items + 1, torch.arange(len(self.logits)))


def _of_losses(peer: Official) -> Iterator[Difference]:
    """Of equal scores; the official losses are sums over the lanes."""
    draw = torch.Generator().manual_seed(SEED)
    lanes, drawn, n_items = 32, 96, 500
    matrix = Matrix(
        torch.randn(lanes, lanes + drawn, generator=draw, dtype=torch.float64) * 3,
        torch.randint(n_items, (lanes + drawn,), generator=draw),
        torch.randint(1, 1000, (n_items,), generator=draw).double(),
    )
    gru = peer.code.GRU4Rec(device=torch.device("cpu"), sample_alpha=0.5)
    yield from _of_bpr_max(gru, matrix)
    yield from _of_cross_entropy(gru, matrix)


def _of_bpr_max(gru: Any, matrix: Matrix) -> Iterator[Difference]:
    for elu, strength in ((0.0, 1.0), (0.5, 1.95), (1.0, 0.0)):
        gru.elu_param, gru.bpreg = elu, strength
        ours = NextItem("bpr_max", regularisation=strength, elu=elu)
        theirs = _with_gradient(gru.bpr_max_loss_with_elu, matrix, matrix.items, len(matrix.logits))
        found = _with_gradient(ours.per_transition, matrix, matrix.candidates)
        what = f"BPR-max and gradient, ELU {elu}, regularisation {strength}"
        yield Difference(what, len(found), _largest(theirs, found), EXACT)


def _of_cross_entropy(gru: Any, matrix: Matrix) -> Iterator[Difference]:
    """The official correction takes raw counts for the lanes' own items and counts^alpha for the drawn ones; ours the
    log of the times an item is expected among the candidates, and nothing off the next item (see `NextItem`)."""
    (logits, items, counts), alpha, lanes = matrix, gru.sample_alpha, len(matrix.logits)
    gru.P0 = counts
    correction = torch.cat([counts[items[:lanes]], counts[items[lanes:]] ** alpha]).log()
    for gru.logq in (0.0, 0.5, 1.0):
        theirs = _with_gradient(gru.xe_loss_with_softmax, matrix, items, lanes)
        corrected = matrix._replace(logits=logits - gru.logq * correction)
        found = _with_gradient(NextItem().per_transition, corrected, matrix.candidates)
        what = f"cross entropy and gradient, official log-q {gru.logq}"
        yield Difference(what, len(found), _largest(theirs, found), EXACT)
    own, drawn = counts / counts.sum(), counts**alpha / (counts**alpha).sum()
    expected = lanes * own[items] + (len(items) - lanes) * drawn[items]
    found = _with_gradient(NextItem().per_transition, matrix, matrix.candidates._replace(log_q=expected.log()))
    what = "cross entropy and gradient, official log-q 1.0 and our own correction"
    yield Difference(what, len(found), _largest(theirs, found), None)


def _with_gradient(loss: Callable[..., Tensor], matrix: Matrix, *others: Any) -> Tensor:
    """The sum of a loss of the scores and its gradient, in one vector."""
    leaf = matrix.logits.clone().requires_grad_(True)
    total = loss(leaf, *others).sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    return torch.cat([total.detach()[None], leaf.grad.flatten()])


def _of_optimizers(peer: Official) -> Iterator[Difference]:
    """Ten steps on equal gradients, of a matrix and of rows of a table, some of them named twice."""
    for momentum in (0.0, 0.4):
        draw = torch.Generator().manual_seed(SEED)
        start = torch.randn(50, 8, generator=draw)
        tables = [torch.nn.Parameter(start.clone()) for _ in range(4)]
        optimizers = [
            peer.code.IndexedAdagradM(tables[:2], 0.05, momentum), Adagrad(tables[2:], 0.05, momentum),
        ]  # fmt: skip
        for _ in range(10):
            rows = torch.randint(50, (1, 20), generator=draw)
            values, dense = torch.randn(20, 8, generator=draw), torch.randn(50, 8, generator=draw)
            for at in (0, 2):
                tables[at].grad = torch.sparse_coo_tensor(rows, values, (50, 8), check_invariants=True)
                tables[at + 1].grad = dense.clone()
            for optimizer in optimizers:
                optimizer.step()
        for at, kind in enumerate(("rows", "matrix")):
            what = f"Adagrad, momentum {momentum}, ten steps, {kind}"
            yield Difference(what, start.numel(), _largest(tables[at].detach(), tables[at + 2].detach()), STEP)


def _largest(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


if __name__ == "__main__":
    main()
