"""Ctrl-C that waits for a moment at which everything can be saved."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Within the block the first Ctrl-C is noted, and raised as KeyboardInterrupt when the yielded function is called.

    A step that is cut in two cannot be repeated: chance has been drawn and perhaps half of the parameters have moved.
    The second Ctrl-C is raised at once. Where Ctrl-C means something else already (another handler, another thread)
    nothing is changed.
    """
    noted = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt
        noted = True

    def due() -> None:
        if noted:
            raise KeyboardInterrupt

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield due
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield due
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
