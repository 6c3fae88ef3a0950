"""A network that begins as another one that knew other items."""

import numpy as np
import pytest
import torch

from sessionrl.data.item_features import CodedItems
from sessionrl.errors import BadOption
from sessionrl.nn import growing
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.growing import Same, begin_as
from sessionrl.nn.inputs import Inputs
from sessionrl.nn.items import Described, Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes

# Old items a, b, c are 1, 2, 3; of the new ones c, x, a, y, b the second and the fourth are new.
ITEMS = torch.tensor([0, 3, -1, 1, -1, 2])
SAME = Same(ITEMS, {"inputs.kinds": torch.tensor([0, 2, -1, 1])})
NOTHING = torch.zeros(6, 2)


def network(n_items: int, kinds: int = 2, dim: int = 4, **options) -> Network:
    torch.manual_seed(n_items)
    made = Network(Items(n_items, dim=dim, **options), GRU(dim=dim), 1, Inputs(dim, kinds, event_types=True))
    with torch.no_grad():  # biases and kinds begin at 0, so that nobody would see them lost
        for parameter in made.parameters():
            parameter.add_(torch.rand_like(parameter))
    return made.eval()


def begun(vectors=NOTHING, **options) -> tuple[Network, Network]:
    old, new = network(4, **options), network(6, kinds=3, **options)
    begin_as(new, old, SAME, vectors)
    return old, new


@pytest.mark.parametrize("options", [{}, {"tied": False}, {"start": True}, {"scale": 8.0}], ids=str)
def test_known_items_score_as_before(options):
    old, new = begun(**options)
    rows, kinds = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 0]])
    theirs = torch.tensor([[3, 5, 1]]), torch.tensor([[3, 1, 0]])
    at = torch.arange(3)
    was = old(Prefixes(rows, at, event_types=kinds), torch.tensor([1, 2, 3]))
    now = new(Prefixes(theirs[0], at, event_types=theirs[1]), torch.tensor([3, 5, 1]))
    torch.testing.assert_close(now.logits, was.logits, rtol=0, atol=0)
    torch.testing.assert_close(now.q, was.q, rtol=0, atol=0)


def test_an_item_of_which_nothing_is_known_begins_at_the_mean():
    old, new = begun()
    torch.testing.assert_close(new.items.id[[2, 4]], old.items.id[1:].mean(0).expand(2, -1))
    torch.testing.assert_close(new.bias[[2, 4]], old.bias[1:].mean(0).expand(2, -1))


def test_a_new_item_begins_among_those_it_is_looked_at_with(monkeypatch):
    monkeypatch.setattr(growing, "NEAREST", 2)
    c, x, a, b = torch.tensor([0.6, 0.8]), torch.tensor([1.0, 0.0]), torch.tensor([0.2, -(0.96**0.5)]), torch.zeros(2)
    old, new = begun(torch.stack([b, c, x, a, b, b]))
    torch.testing.assert_close(new.items.id[2], 0.75 * old.items.id[3] + 0.25 * old.items.id[1])  # 0.6 and 0.2
    torch.testing.assert_close(new.items.id[4], old.items.id[1:].mean(0))


def described(words: list[list[int]], size: int, known: list[bool]) -> Network:
    torch.manual_seed(len(words))
    offsets = np.cumsum([0, *map(len, words)])
    codes = CodedItems(
        offsets, np.array([word for one in words for word in one], np.int64), np.zeros((len(words), 0), np.float32)
    )
    items = Items(len(words), dim=4, features=("colour",), described=Described(codes, size, np.array(known)))
    made = Network(items, GRU(dim=4), 0)
    with torch.no_grad():
        made.bias.uniform_(1, 2)
    return made


def test_a_new_item_with_features_begins_as_they_say():
    old = described([[], [0], [1], []], 2, [False, True, False, True])
    new = described([[], [], [2], [1], [], [0]], 3, [False, True, False, False, False, False])
    drawn = new.items.id.clone()
    begin_as(new, old, Same(ITEMS, {"items.features.words": torch.tensor([1, 0, -1])}), NOTHING)
    assert torch.equal(new.items.id[2], drawn[2]), "its id says nothing yet, its features do"
    assert torch.equal(new.bias[2], old.bias[0]), "as that of an item whose id is left out"
    torch.testing.assert_close(new.items.id[4], old.items.id[1:].mean(0))
    assert torch.equal(new.items.features.words[:2], old.items.features.words[[1, 0]])
    # Items 3 and 1 of the old network were learned, which are 1 and 3 of the new one; PAD counts as known.
    assert new.items.known.tolist() == [True, True, False, True, False, False]


def test_a_new_kind_of_event_stays_as_it_is():
    old, new = network(4), network(6, kinds=3)
    before = new.inputs.kinds[2].clone()
    begin_as(new, old, SAME, NOTHING)
    assert torch.equal(new.inputs.kinds[[0, 1, 3]], old.inputs.kinds[[0, 2, 1]])
    assert torch.equal(new.inputs.kinds[2], before)


def test_without_new_items_there_is_nothing_to_begin():
    old, new = network(4), network(4)
    begin_as(new, old, Same(torch.tensor([0, 3, 1, 2]), {}), torch.zeros(4, 2))
    assert torch.equal(new.items.id[1:], old.items.id[[3, 1, 2]])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: network(6, kinds=3, dim=8), "heads has the shape 1 x 4 x 4 there and the shape 1 x 8 x 8 here"),
        (lambda: Network(Items(6, dim=4), GRU(dim=4), 2, Inputs(4, 3, event_types=True)),
         "bias has 2 numbers a row there and 3 numbers a row here"),
        (lambda: Network(Items(6, dim=4), GRU(dim=4), 1), "inputs.kinds is missing"),
        (lambda: Network(Items(6, dim=4), GRU(dim=4), 1, Inputs(4, 3, event_types=True, gaps=True)),
         "inputs.gaps is new"),
    ],
)  # fmt: skip
def test_other_shapes_are_refused(other, message):
    with pytest.raises(BadOption) as error:
        begin_as(other(), network(4), SAME, NOTHING)
    assert str(error.value) == message
