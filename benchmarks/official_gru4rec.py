"""The official GRU4Rec in PyTorch beside ours: found, mended for today's libraries, fed, and its weights copied.

Nothing of it lies in this project, for its licence is for research and education alone. An untouched checkout will do.
"""

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from baselines import case_metric

from sessionrl import config
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.prepare import Prepared
from sessionrl.data.sessions import Sessions
from sessionrl.evaluation.rankings import Rankings, rank
from sessionrl.nn.network import Network
from sessionrl.policies import Greedy, Policy
from sessionrl.recommender import Offer, make_network
from sessionrl.scorers import NetworkScorer

NAME = "GRU4Rec_PyTorch_Official"
REMEDY = f"""\
  do now: git clone https://github.com/hidasib/{NAME} PEERS/{NAME}
          pip install pandas
          export SESSIONRL_PEERS=PEERS
  Its licence allows research and education; commercial use needs the author's permission."""
CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")  # the gates lie in them as in torch's own GRU


@dataclass(frozen=True)
class Official:
    """The modules of the checkout, and the first digits of the SHA-256 of its model's source."""

    code: Any
    evaluation: Any
    folder: Path
    fingerprint: str


class Accuracy(NamedTuple):
    """Means over the events that are not the first of their session."""

    recall: float
    mrr: float
    cases: int


def official() -> Official:
    """The checkout in the folder that SESSIONRL_PEERS names; where it cannot be run, the process says so and ends."""
    peers = os.environ.get("SESSIONRL_PEERS")
    if not peers:
        _refuse("SESSIONRL_PEERS is not set: it names the folder of the checkout of the official GRU4Rec.")
    folder = Path(peers) / NAME
    source = folder / "gru4rec_pytorch.py"
    if not source.is_file():
        _refuse(f"SESSIONRL_PEERS is {peers}, but there is no {source}.")
    if find_spec("pandas") is None:
        _refuse("pandas is not installed, and the official GRU4Rec reads nothing else.")
    sys.path.insert(0, str(folder))
    code = import_module("gru4rec_pytorch")
    _mend(code.GRU4RecModel)
    fingerprint = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    return Official(code, import_module("evaluation"), folder, fingerprint)


def _refuse(found: str) -> NoReturn:
    print(f"NOTHING WAS MEASURED. {found}\n{REMEDY}", file=sys.stderr)
    raise SystemExit(2)


def _mend(model: Any) -> None:
    """Its first weights become float64 under numpy 2, and torch refuses them: draw the same, in single precision.

    A second fault is left alone, because nothing here meets it: with log-q, training ends at once, for torch no longer
    makes a tensor of a pandas Series whose index does not begin at 0.
    """
    drawn = model._init_numpy_weights

    def single_precision(self: Any, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
        return np.asarray(drawn(self, shape), np.float32)

    model._init_numpy_weights = single_precision


def table(sessions: Sessions) -> Any:
    """The data frame it reads: items by their numbers, and times such that sessions come in the order of ours."""
    columns = {"SessionId": sessions.session, "ItemId": sessions.items.astype(np.int64)}
    return import_module("pandas").DataFrame({**columns, "Time": np.arange(len(sessions.items))})


class Rows(NamedTuple):
    """Items as we number them, and their rows in its tables; both [V - 1]."""

    numbers: torch.Tensor
    rows: torch.Tensor

    @classmethod
    def of(cls, gru: Any) -> "Rows":
        known = gru.data_iterator.itemidmap
        return cls(torch.from_numpy(known.index.to_numpy().copy()), torch.from_numpy(known.to_numpy().copy()).long())


@torch.no_grad()
def copied(gru: Any, catalogue: Catalogue) -> Network:
    """Our network with its weights, for the items of `catalogue`.

    Only for vectors that are both read and scored ("constrained embedding") and layers of one size: we have no others.
    """
    if not gru.constrained_embedding or len(set(gru.layers)) > 1:
        raise ValueError(f"constrained_embedding is {gru.constrained_embedding} and layers are {gru.layers}")
    sections = {
        "items": {"dim": gru.layers[-1]},
        "backbone": {"name": "gru", "layers": len(gru.layers)},
        "objective": {"name": "next_item"},
    }
    with torch.random.fork_rng(devices=[]):  # the official training, which may go on, draws from torch's global state
        network = make_network(config.complete(sections), Offer(catalogue)).eval()
    numbers, rows = Rows.of(gru)
    if len(numbers) != len(catalogue) - 1:
        raise ValueError(f"it was trained on {len(numbers)} items, but there are {len(catalogue) - 1}")
    network.items.id[numbers] = gru.model.Wy.weight[rows]
    network.bias[numbers] = gru.model.By.weight[rows]
    cells = network.backbone.gru
    assert isinstance(cells, torch.nn.GRU)
    for layer, cell in enumerate(gru.model.G):
        for name in CELL:
            getattr(cells, f"{name}_l{layer}").copy_(getattr(cell, name))
    return network


def ranked(network: Network, prepared: Prepared, policy: Policy | None = None) -> Rankings:
    """Where the events of the test part land, the first of each session left out, as in the official evaluation."""
    test, catalogue = prepared.test, prepared.catalogue
    scorer = NetworkScorer(network, policy or Greedy(), catalogue.counts)
    every = rank(scorer.scored(test, test.cases()), test, prepared.kinds, len(catalogue) - 1, top=0)
    return every.rows(every.position > 0)


def accuracy(rankings: Rankings, catalogue: Catalogue) -> Accuracy:
    recall, mrr = (case_metric(name).per_case(rankings, catalogue).mean() for name in ("hit@20", "mrr@20"))
    return Accuracy(float(recall), float(mrr), len(rankings))


def machine() -> str:
    models = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return f"{models[0] if models else platform.processor() or platform.machine()}, torch {torch.__version__}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
