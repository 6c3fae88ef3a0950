"""Numbers that look drawn at random and are always the same for the same event or item, without a table of them."""

import torch
from torch import Tensor

BITS = 32
MASK = 2**BITS - 1


def fixed_uniform(numbers: Tensor, seed: int) -> Tensor:
    """One number in [0, 1), float64, for each of `numbers`: int64 of any shape, told apart by their last 32 bits.

    A hash by two rounds of multiply and shift, with the constants of the search
    https://github.com/skeeto/hash-prospector (16 21f0aaad 15 735a2d97 15). Both are below 2^31, so that no product
    leaves an int64.
    """
    start = _mixed(torch.tensor(seed)).to(numbers.device)
    uniform: Tensor = _mixed(numbers + start).double() / 2**BITS
    return uniform


def _mixed(number: Tensor) -> Tensor:
    number = number & MASK
    number = ((number ^ (number >> 16)) * 0x21F0AAAD) & MASK
    number = ((number ^ (number >> 15)) * 0x735A2D97) & MASK
    mixed: Tensor = number ^ (number >> 15)
    return mixed
