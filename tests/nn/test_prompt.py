import math

import pytest
import torch
from torch.nn import functional as F

from sessionrl.nn.prompt import Prompt

STATES = torch.tensor([[1.0, -1.0, 0.5, 0.0], [0.5, 2.0, 0.0, 1.0], [0.0, 1.0, -2.0, 0.5]])
STEP = torch.tensor([0, 1, 1])
RETURNS = torch.tensor([4.0, 1.0, 3.0])


def made(steps: int = 3, factor: float = 2.0, dropout: float = 0.0) -> Prompt:
    torch.manual_seed(0)
    return Prompt(4, 1, dropout, steps, factor)


def test_a_prompt_is_its_equation():
    prompt = made()
    told = torch.tensor([[math.log(5)], [math.log(2)], [math.log(4)]]) @ prompt.wanted.weight.T
    tokens = torch.stack([STATES, prompt.step(STEP), told], 1)
    (q, k, v), (bq, bk, bv) = prompt.attention.in_proj_weight.chunk(3), prompt.attention.in_proj_bias.chunk(3)
    query, keys, values = STATES @ q.T + bq, tokens @ k.T + bk, tokens @ v.T + bv
    weight = ((query[:, None] * keys).sum(-1) / 4**0.5).softmax(1)
    attended = prompt.attention.out_proj((weight[..., None] * values).sum(1))
    y = F.layer_norm(STATES + attended, (4,))
    first, second = prompt.feed[0], prompt.feed[3]
    torch.testing.assert_close(prompt(STATES, STEP, RETURNS), y + second(first(y).relu()))


def test_the_mean_return_of_every_step_is_kept_while_training():
    prompt = made()
    prompt(STATES, STEP, RETURNS)
    assert prompt.mean.tolist() == [4, 2, 0]
    prompt(STATES[:2], torch.tensor([0, 1]), torch.tensor([0.0, 8.0]))
    assert prompt.mean.tolist() == [2, 4, 0]
    assert prompt.seen.tolist() == [2, 3, 0]


def test_outside_of_training_nothing_is_kept():
    prompt = made().eval()
    prompt(STATES, STEP, RETURNS)
    assert not prompt.seen.any()


def test_without_a_return_it_asks_for_a_multiple_of_the_mean():
    prompt = made(factor=2.0)
    prompt(STATES, STEP, RETURNS)
    prompt.eval()
    torch.testing.assert_close(prompt(STATES, STEP, None), prompt(STATES, STEP, torch.tensor([8.0, 4.0, 4.0])))
    assert not torch.allclose(prompt(STATES, STEP, None), prompt(STATES, STEP, RETURNS))


def test_steps_beyond_the_last_count_as_the_last():
    prompt = made(steps=2)
    far = torch.tensor([0, 1, 99])
    torch.testing.assert_close(prompt(STATES, far, RETURNS), made(steps=2)(STATES, far.clamp(max=1), RETURNS))
    assert prompt.mean.tolist() == [4, 2]


def test_the_means_are_saved_with_the_weights():
    prompt = made()
    prompt(STATES, STEP, RETURNS)
    other = made()
    other.load_state_dict(prompt.state_dict())
    torch.testing.assert_close(other.eval()(STATES, STEP, None), prompt.eval()(STATES, STEP, None))


def test_dropout_is_that_of_training():
    prompt = made(dropout=0.5)
    assert not torch.equal(prompt(STATES, STEP, RETURNS), prompt(STATES, STEP, RETURNS))
    prompt.eval()
    assert torch.equal(prompt(STATES, STEP, RETURNS), prompt(STATES, STEP, RETURNS))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_return_and_its_loss_are_told_apart(sign):
    prompt = made().eval()
    asked = prompt(STATES, STEP, sign * RETURNS)
    assert not torch.allclose(asked, prompt(STATES, STEP, -sign * RETURNS))
