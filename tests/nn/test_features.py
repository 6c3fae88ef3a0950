"""Item vectors with features: by hand, at input and output alike, and for items without an id of their own."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sessionrl.data.item_features import CodedItems
from sessionrl.data.sessions import Sessions
from sessionrl.errors import BadOption
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.features import FeatureVectors
from sessionrl.nn.items import Described, Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes
from sessionrl.policies import Greedy
from sessionrl.scorers import NetworkScorer

V, SIZE, DIM = 6, 3, 4
# item 1: words 0 and 2; item 2: nothing; item 3: word 0; items 4 and 5: word 1; 5 has no events
CODES = CodedItems(
    np.array([0, 0, 2, 2, 3, 4, 5]),
    np.array([0, 2, 0, 1, 1]),
    np.array([[0, 0], [1, 0], [0, 0], [0, 1], [0.6, 0.8], [0, 0]], np.float32),
)
COUNTS = np.array([0, 9, 8, 7, 2, 0])
DESCRIBED = Described(CODES, SIZE, COUNTS)


def items(**options) -> Items:
    torch.manual_seed(0)
    return Items(V, dim=DIM, features=("category",), described=DESCRIBED, **options)


def network(rewards: int = 1, **options) -> Network:
    made = Network(items(**options), GRU(dim=DIM), rewards)
    torch.nn.init.normal_(made.bias)
    return made


def states() -> Prefixes:
    return Prefixes(torch.tensor([[1, 5, 2], [4, 3, 0]]), torch.tensor([0, 1, 2, 3, 4]))


def test_features_are_the_sum_of_their_words_and_the_projected_vector():
    made = FeatureVectors(CODES, SIZE, DIM, 0.1)
    found = made(torch.tensor([[1, 2], [4, 0]]))
    assert made.words.abs().max() <= 0.1
    assert made.projection.abs().max() <= 0.1
    torch.testing.assert_close(found[0, 0], made.words[0] + made.words[2] + made.projection[0])
    torch.testing.assert_close(found[1, 0], made.words[1] + 0.6 * made.projection[0] + 0.8 * made.projection[1])
    assert not found[[0, 1], [1, 1]].any(), "nothing is known of item 2, nor of PAD"
    assert made.described.tolist() == [False, True, False, True, True, True]


def test_in_evaluation_only_items_with_events_have_an_id():
    made = items().eval()
    every = torch.arange(V)
    ids = (made.vectors(every) - made.features(every)).detach()
    torch.testing.assert_close(ids[:5], made.id[:5].detach())
    torch.testing.assert_close(ids[5], torch.zeros(DIM))
    assert made.biased_as(every).tolist() == [0, 1, 2, 3, 4, 0]


def test_an_item_with_few_events_can_be_known_by_its_features_alone():
    assert items(id_least_events=3).known.tolist() == [True, True, True, True, False, False]
    assert items(id_least_events=2).known.tolist() == [True, True, True, True, True, False]


def test_in_training_ids_are_left_out_for_a_step_at_input_and_output_alike():
    made = network(id_dropout=0.5).train()
    left_out = []
    for _ in range(200):
        made.items.begin_step()
        read = made.items.read
        vectors = made.items.vectors(torch.arange(V))
        ids = (vectors - made.items.features(torch.arange(V))).detach()
        torch.testing.assert_close(ids, made.items.id.detach() * read[:, None])
        torch.testing.assert_close(made.items(torch.arange(V)), vectors)
        state = made.states(states())
        torch.testing.assert_close(
            made.score(state).logits, state @ vectors[1:].T + made.bias[torch.where(read, torch.arange(V), 0)][1:, 0]
        )
        left_out.append(~read)
    share = torch.stack(left_out).float().mean(0)
    assert share[[0, 2, 5]].tolist() == [0, 0, 0], "PAD, what nothing else is known of, and what has no events"
    assert ((share[[1, 3, 4]] - 0.5).abs() < 0.15).all()


def test_candidates_taken_items_and_the_whole_catalogue_score_alike():
    for made in (network().eval(), network(scale=4.0, start=True).eval()):
        whole = made(states())
        chosen = torch.tensor([5, 2, 5, 1])
        some = made(states(), chosen)
        torch.testing.assert_close(some.logits, whole.logits[:, chosen - 1])
        torch.testing.assert_close(some.q, whole.q[:, :, chosen - 1])
        taken = torch.tensor([5, 1, 4, 4, 2])
        own = made(states(), heads="q", taken=taken).q[:, :, 0]
        torch.testing.assert_close(own, whole.q[torch.arange(5), :, taken - 1])


@pytest.mark.parametrize("options", [{}, {"scale": 4.0, "start": True}])
def test_a_folded_network_scores_the_same_and_draws_nothing(options):
    made = network(**options).eval()
    before = torch.get_rng_state()
    with torch.inference_mode():
        plain = made.folded()
        assert plain.items.features is None
        assert plain.backbone is made.backbone
        for one, other in zip(made(states()), plain(states()), strict=True):
            torch.testing.assert_close(one, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert plain.folded() is plain


def test_sparse_and_dense_gradients_are_equal():
    grads = []
    for sparse in (False, True):
        made = network(id_dropout=0.5).train()
        made.items.sparse = sparse
        made.items.begin_step()
        scores = made(states(), torch.tensor([5, 2, 2, 1, 4]))
        (F.cross_entropy(scores.logits, torch.tensor([0, 1, 2, 3, 4])) + scores.q.square().mean()).backward()
        assert made.items.id.grad.is_sparse == made.bias.grad.is_sparse == sparse
        assert not made.items.features.words.grad.is_sparse
        grads.append({name: one.grad.to_dense() for name, one in made.named_parameters()})
    torch.testing.assert_close(grads[0], grads[1])
    assert not grads[0]["items.id"][0].any(), "PAD stays at zero"


def test_what_is_trained_on_is_remembered_with_the_weights():
    made = items()
    made.learned(np.array([False] * 5 + [True]))
    again = items()
    again.load_state_dict(made.state_dict())
    assert again.known.all()
    assert set(made.state_dict()) == {"id", "known", "features.words", "features.projection"}, "codes are not weights"


def test_without_features_nothing_changes():
    torch.manual_seed(0)
    plain = Items(V, dim=DIM)
    torch.manual_seed(0)
    told = Items(V, dim=DIM, described=DESCRIBED)
    assert told.features is None
    assert list(told.state_dict()) == ["id"]
    assert torch.equal(told(torch.arange(V)), plain(torch.arange(V)))
    assert torch.equal(items().id, plain.id), "with features the ids begin as they do without"
    told.begin_step()
    assert told.biased_as(torch.arange(V)).tolist() == list(range(V))


def test_untied_vectors_with_features_and_dropout_without_are_refused():
    with pytest.raises(BadOption) as refused:
        items(tied=False)
    assert str(refused.value) == (
        "[items], option 'tied' = false: with features the vectors that are read are also those that are scored, or an "
        "item without events could not be.\n  do now: set items.tied=true, or leave items.features out"
    )
    with pytest.raises(BadOption) as refused:
        Items(V, dim=DIM, id_dropout=0.1)
    assert str(refused.value) == (
        "[items], option 'id_dropout' = 0.1: without features nothing is left of an item whose id is left out.\n"
        "  do now: name columns of the table of items with items.features, or leave this option out"
    )


def test_features_are_computed_once_and_not_for_every_request(monkeypatch):
    scorer = NetworkScorer(network(), Greedy(), COUNTS)
    sessions = Sessions.of([[1, 5], [3]])
    first = [scores for _, scores in scorer.scored(sessions, sessions.cases())]
    monkeypatch.setattr(FeatureVectors, "forward", None)
    for one, other in zip(first, scorer.scored(sessions, sessions.cases()), strict=True):
        assert torch.equal(one, other[1])


def test_a_step_looks_at_no_feature_to_draw_the_ids_that_are_left_out(monkeypatch):
    made = items(id_dropout=0.5).train()
    del made.features.given, made.features.offsets  # as many numbers as there are items, times the length of a vector
    made.begin_step()
    assert made.read[[0, 2, 5]].all()
