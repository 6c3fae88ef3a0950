"""TensorBoard: event files, one folder for each run."""

import itertools
from functools import cached_property
from pathlib import Path
from typing import Any

from sessionrl.tracking.tracker import Options, Point

WHOSE = "run_directory.txt"  # in a folder: which run it is of


class TensorBoard:
    """Event files in ``directory/<name of the run>``; what is there of an earlier call is written anew.

    An event file cannot be taken up again, and its readers would draw what happened twice as a line that goes back.
    Of runs with one name in several places, the later ones have a number behind it.
    """

    def __init__(self, directory: str, run: Path):
        self._run = str(run)
        places = (Path(directory) / (run.name + (f"-{n}" if n > 1 else "")) for n in itertools.count(1))
        self._folder = next(place for place in places if self._is_ours(place))

    def known(self) -> dict[tuple[str, int], float]:
        """Nothing: everything is told anew."""
        return {}

    def begin(self, options: Options, text: str) -> None:
        """The configuration stands under Text."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / WHOSE).write_text(self._run, encoding="utf-8")
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

    def _is_ours(self, place: Path) -> bool:
        whose = place / WHOSE
        return not place.exists() or (whose.is_file() and whose.read_text(encoding="utf-8") == self._run)

    @cached_property
    def _writer(self) -> Any:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self._folder))
