"""A trained network with a larger vocabulary: what it knew it keeps, what is new begins beside what it is seen with."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption
from sessionrl.nn.network import Network

NEAREST = 10  # known items at whose mean a new one begins
MOST = 10_000  # known items among which they are looked for: the most frequent, which are trained best
ROWS = 1024  # new items that are compared together


class Same(NamedTuple):
    """The rows of the old tables that mean what the rows of the new ones do; -1 where none does.

    items:  [V] int64, old item numbers; that of `PAD` is `PAD`
    others: [rows] int64 of other tables, by the names of their parameters
    """

    items: Tensor
    others: Mapping[str, Tensor]


@torch.no_grad()
def begin_as(network: Network, trained: Network, same: Same, vectors: Tensor) -> None:
    """Give an untrained network the weights of a trained one that knew other items.

    A new item begins at the mean of the known items that it is most looked at with, as the vectors of the catalogue
    say, and at the mean of all known items where those say nothing: as it is drawn, with a bias of 0, it would rank
    above most items that were trained. A new item with features begins as these say: its id as it is drawn, which is
    small, and the bias of an item whose id is left out. New rows of other tables stay as they are.

    Args:
        network: of the same shape as the trained one, but for the numbers of rows of those tables
        same: which rows are copied from where; at least one item is known
        vectors: [V, e] float32, of unit length or zero

    Raises:
        BadOption: the two are of different shapes.
    """
    old = dict(trained.named_parameters())
    check_shapes(network, old, same.others)
    near, tables = _near(same.items, vectors), item_tables(network)
    drawn = network.items.id.clone()
    for name, parameter in network.named_parameters():
        source = old[name].to(parameter)
        if name in tables:
            parameter.copy_(_grown(source, same.items, near))
        elif name in same.others:
            rows = same.others[name]
            parameter[rows >= 0] = source[rows[rows >= 0]]
        else:
            parameter.copy_(source)
    if network.items.features is not None:
        told = (same.items < 0) & network.items.features.described
        network.items.id[told], network.bias[told] = drawn[told], network.bias[PAD].clone()
        known: Tensor = trained.items.known
        network.items.learned((known[same.items.clamp(min=0)] & (same.items > 0)).numpy())


def item_tables(network: Network) -> list[str]:
    """Names of the parameters with one row per item."""
    tables = {id(parameter) for parameter in network.sparse_parameters()}
    return [name for name, parameter in network.named_parameters() if id(parameter) in tables]


def check_shapes(network: Network, old: Mapping[str, Tensor], others: Iterable[str] = ()) -> None:
    """Raises BadOption unless both have the same parameters, of equal shape but for the rows of some tables.

    others: tables besides those of items that may differ in their rows
    """
    tables, here = [*item_tables(network), *others], dict(network.named_parameters())
    if unlike := sorted({*old} ^ {*here}):
        raise BadOption(f"{unlike[0]} is {'new' if unlike[0] in here else 'missing'}")
    for name, parameter in here.items():
        ours, theirs = (list(one.shape[name in tables :]) for one in (parameter, old[name]))
        if ours != theirs:
            raise BadOption(f"{name} has {_size(theirs, name in tables)} there and {_size(ours, name in tables)} here")


def _size(shape: list[int], per_row: bool) -> str:
    size = " x ".join(map(str, shape))
    return f"{size} numbers a row" if per_row else f"the shape {size}"


class _Near(NamedTuple):
    """Where n new items begin: old numbers of known items [n, k], and the share of each [n, k]; all 0: nobody knows."""

    items: Tensor
    share: Tensor


def _near(items: Tensor, vectors: Tensor) -> _Near:
    pool = torch.nonzero(items > 0).squeeze(1)[:MOST]  # numbers rise as frequencies fall
    new = torch.nonzero(items < 0).squeeze(1)
    found = [(vectors[some] @ vectors[pool].T).topk(min(NEAREST, len(pool))) for some in torch.split(new, ROWS)]
    likeness = torch.cat([one.values.clamp(min=0) for one in found])
    nearest = torch.cat([items[pool[one.indices]] for one in found])
    return _Near(nearest, likeness / likeness.sum(1, keepdim=True).clamp(min=1e-12))


def _grown(old: Tensor, items: Tensor, near: _Near) -> Tensor:
    """[V, c] rows from those of the old table [old V, c]."""
    rows = old[items.clamp(min=0)]
    if not len(near.items):
        return rows
    begun = F.embedding_bag(near.items, old, per_sample_weights=near.share.to(old), mode="sum")
    begun[near.share.sum(1) == 0] = old[items[items > 0]].mean(0)
    rows[items < 0] = begun
    return rows
