"""Training with features of items: interrupted and resumed to the same bits, and an item without events is found."""

import numpy as np
import pytest
import torch
from cycle import DIM, N_ITEMS, checkpoint_in, material, same, weights

from sessionrl import registry
from sessionrl.data.item_features import CodedItems
from sessionrl.nn.items import Described, Items
from sessionrl.nn.network import Network
from sessionrl.training.hooks import Hooks, Interrupted
from sessionrl.training.loop import train
from sessionrl.training.options import Training

# Items 2 i - 1 and 2 i have one word in common; of item 4 nothing is known.
CODES = CodedItems(
    np.array([0, 0, 1, 2, 3, 3, 4, 5, 6, 7]), np.array([0, 0, 1, 2, 2, 3, 3]), np.zeros((N_ITEMS, 0), np.float32)
)
SAMPLED = {"name": "next_item", "kind": "bpr_max", "negatives": 6}


def trained(objective: dict, options: dict, hooks: Hooks | None = None, resume: bool = False):
    def make() -> Network:
        described = Described(CODES, 4, material().catalogue.counts)
        items = Items(N_ITEMS, DIM, features=("word",), id_dropout=0.4, described=described, warm_start=0.5)
        return Network(items, registry.build("backbone", {"name": "gru"}, dim=DIM), made.rewards)

    made = registry.build("objective", objective)
    training = Training(epochs=2, transitions_per_batch=16, **options)
    return weights(train(make, made, training, material(), 1, hooks, resume).network)


@pytest.mark.parametrize(
    ("objective", "options"),
    [
        ({"name": "next_item"}, {"optimizer": "adam"}),
        (SAMPLED, {"optimizer": "adam", "clip": 1.0}),
        (SAMPLED, {"optimizer": "adagrad", "momentum": 0.3, "layout": "parallel"}),
        ({"name": "sqn", "supervised": {"negatives": 6}}, {"optimizer": "adagrad", "target": "twins"}),
    ],
)
def test_ids_left_out_are_the_same_after_an_interruption(objective, options, tmp_path):
    whole = trained(objective, options)
    path = checkpoint_in(tmp_path)

    def stop(at):
        if at.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        trained(objective, options, Hooks(progress=stop, checkpoint=path))
    assert same(trained(objective, options, Hooks(checkpoint=path), resume=True), whole)
    assert whole["items.features.words"].norm() > 0
    assert torch.equal(
        whole["items.known"], torch.from_numpy(material().catalogue.counts > 0).index_fill(0, torch.tensor([0]), True)
    )
