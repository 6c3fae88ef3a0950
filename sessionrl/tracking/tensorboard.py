"""TensorBoard: event files, one folder for each run."""

from functools import cached_property
from pathlib import Path
from typing import Any

from sessionrl.tracking.tracker import Options, Point


class TensorBoard:
    """Event files in ``directory/<name of the run>``; what is there of an earlier call is written anew.

    An event file cannot be taken up again, and its readers would draw what happened twice as a line that goes back.
    """

    def __init__(self, directory: str, run: str):
        self._folder = Path(directory) / run

    def known(self) -> set[tuple[str, int]]:
        """Nothing: everything is told anew."""
        return set()

    def begin(self, options: Options, text: str) -> None:
        """The configuration stands under Text."""
        for old in self._folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._writer.add_text("configuration", "\n".join(f"    {line}" for line in text.splitlines()))

    def add(self, points: list[Point]) -> None:
        """Written to disk at once."""
        for name, step, value in points:
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def end(self, options: Options, measured: dict[str, float]) -> None:
        """The options stand under HParams beside what was measured."""
        from torch.utils.tensorboard import summary

        hparams: Any = summary.hparams
        if measured:
            for one in hparams(options, measured):
                self._writer.file_writer.add_summary(one)
        self._writer.close()

    @cached_property
    def _writer(self) -> Any:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self._folder))
