import pytest

from sessionrl.errors import BadOption
from sessionrl.training.device import choose_device
from sessionrl.training.options import Training


def test_a_rate_stays_as_it_is():
    assert [Training(learning_rate=0.1).rate(step, 100) for step in (0, 50, 99, 100)] == [0.1] * 4


def test_a_rate_by_steps():
    training = Training(learning_rate=[(10, 0.01), (0, 0.1), (20, 0.05)])
    assert [training.rate(step, 100) for step in (0, 9, 10, 19, 20, 500)] == [0.1, 0.1, 0.01, 0.01, 0.05, 0.05]


def test_a_rate_decays_linearly_and_stays_at_its_end():
    training = Training(learning_rate=0.8, decay_to=0.5)
    assert [training.rate(step, 100) for step in (0, 25, 50, 100, 120)] == pytest.approx([0.8, 0.7, 0.6, 0.4, 0.4])
    assert Training(learning_rate=0.8, decay_to=0.0).rate(100, 100) == 0


def test_a_rate_by_steps_decays_too():
    training = Training(learning_rate=[(0, 0.1), (50, 0.01)], decay_to=0.5)
    assert [training.rate(step, 100) for step in (0, 50)] == pytest.approx([0.1, 0.0075])


@pytest.mark.parametrize("given", [[(5, 0.1)], []])
def test_a_rate_by_steps_needs_one_for_the_first(given):
    with pytest.raises(BadOption) as caught:
        Training(learning_rate=given)
    assert str(caught.value) == (
        f"[training], option 'learning_rate' = {[list(pair) for pair in given]}: it names no rate for the first step.\n"
        "  do now: begin with [0, rate]"
    )


def test_the_device_is_found_or_refused():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(BadOption) as caught:
        choose_device("toaster")
    first, last = str(caught.value).split("\n")
    assert first.startswith("[training], option 'device' = 'toaster': Expected one of cpu, cuda")
    assert last == "  do now: use 'auto' or 'cpu'"


def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(BadOption, match=r"option 'device' = 'cuda:99': .*\n  do now: use 'auto' or 'cpu'"):
        choose_device("cuda:99")
