"""SASRec's encoder learns the cycle under every objective and with each of its losses, at positions it was shown."""

import pytest
from cycle import DIM, N_ITEMS, hit_at_1, material

from sessionrl import registry
from sessionrl.errors import BadOption
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.training.loop import train
from sessionrl.training.options import Training

FULL, SAMPLED = {"negatives": 0}, {"negatives": 20, "alpha": 0.5}
GBCE = {"kind": "gbce", "negatives": 4, "alpha": 0.0}


@pytest.mark.parametrize("loss", [FULL, SAMPLED, GBCE, GBCE | {"calibration": 0.0}], ids=str)
@pytest.mark.parametrize("name", ["next_item", "sqn", "smorl"])
def test_a_cycle_is_learned(name, loss):
    # gBCE is a mean over the candidates, a fifth of their sum here: beside it a Q loss weighs more.
    section = loss if name == "next_item" else {"supervised": loss, "td_weight": 0.1}
    objective = registry.build("objective", {"name": name, **section})

    def make() -> Network:
        backbone = registry.build("backbone", {"name": "sasrec", "layers": 1, "dropout": 0.1}, dim=DIM)
        return Network(Items(N_ITEMS, DIM), backbone, objective.rewards)

    training = Training(
        epochs=15, transitions_per_batch=16, optimizer="adam", learning_rate=0.02, order="shuffled", ema_every=5
    )
    assert hit_at_1(train(make, objective, training, material(), 1).network) > 0.9


@pytest.mark.parametrize(("start", "longest"), [(False, 4), (True, 5)])
def test_positions_that_no_row_reaches_are_refused(start, longest):
    def with_positions(count: int):
        def make() -> Network:
            backbone = registry.build("backbone", {"name": "sasrec", "max_length": count}, dim=DIM)
            return Network(Items(N_ITEMS, DIM, start=start), backbone, 0)

        return make

    objective, training = registry.build("objective", {"name": "next_item"}), Training(epochs=1, max_length=4)
    train(with_positions(longest), objective, training, material(), 1)
    with pytest.raises(BadOption) as caught:
        train(with_positions(50), objective, training, material(), 1)
    assert str(caught.value) == (
        f"[backbone], option 'max_length' = 50: rows of the training have {longest} places at most "
        "(training.max_length = 4), so that the positions behind them would stay untrained.\n"
        f"  do now: set backbone.max_length={longest}, or training.max_length=50"
    )
