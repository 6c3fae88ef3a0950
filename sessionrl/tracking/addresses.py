"""Trackers by address, as ``tensorboard=runs/board`` or ``mlflow=sqlite:///runs.db``; told as a run goes or later."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

from sessionrl.errors import BadOption, MissingExtra, SessionRLError, UnknownName
from sessionrl.runs import RunDirectory
from sessionrl.tracking.tracker import Told, Tracker

PACKAGES = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}
STORES = ("sqlite:///", "postgresql://", "mysql://", "http://", "https://")

Say = Callable[[str], None]
Line = Callable[[Mapping[str, Any]], None]


class TrackerFailed(SessionRLError):
    """A tracker could not be told of a run."""


class Address(NamedTuple):
    """Which tracker, and where it keeps what it is told."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind}={self.where}"

    def tracker(self, run: RunDirectory) -> Tracker:
        """The tracker of a run, which is called as its directory."""
        path = run.path.resolve()
        if self.kind == "tensorboard":
            from sessionrl.tracking.tensorboard import TensorBoard

            return TensorBoard(self.where, path)
        from sessionrl.tracking.mlflow import MLflow

        return MLflow(self.where, path)


def addresses(texts: Sequence[str], option: str) -> list[Address]:
    """Checked before anything is trained.

    Args:
        texts: as ``mlflow=sqlite:///runs.db``
        option: that gave them, for messages

    Raises:
        BadOption, UnknownName: this is no address.
        MissingExtra: the package of the tracker is not installed.
    """
    return [_address(text, option) for text in texts]


def _address(text: str, option: str) -> Address:
    kind, _, where = text.partition("=")
    if not where:
        raise BadOption(f"{option} {text!r}: give a tracker and a place, as tensorboard=DIR or mlflow=sqlite:///FILE.")
    if kind not in PACKAGES:
        raise UnknownName("tracker", kind, PACKAGES)
    if kind == "mlflow" and not where.startswith(STORES):
        raise BadOption(
            f"{option} {text!r}: MLflow keeps runs in a database or on a server.\n"
            "  do now: give mlflow=sqlite:///runs.db, or the http:// address of a server"
        )
    for package in PACKAGES[kind]:
        try:
            import_module(package)
        except ModuleNotFoundError:
            raise MissingExtra(package, kind, f"{option} {kind}=...") from None
    return Address(kind, where)


@contextmanager
def tracked(run: RunDirectory, places: Sequence[Address], say: Say) -> Iterator[Line]:
    """Within the block trackers are told of a run; gives what takes a line of the log.

    A tracker that fails (a full disk, a locked database) is told nothing more, and that is said once: a training is
    worth more than its tracking, and `export` tells everything later.
    """
    told = [_Careful(place, run, say) for place in places]
    for one in told:
        one.attempt(Told.begin)

    def line(entry: Mapping[str, Any]) -> None:
        for one in told:
            one.attempt(lambda known: known.line(entry))

    try:
        yield line
    finally:
        for one in told:
            one.attempt(Told.end)


def export(run: RunDirectory, place: Address) -> None:
    """Tell a tracker of a run that exists, finished or not; what it knows already is not told twice.

    Raises:
        TrackerFailed: it could not be told.
    """
    try:
        told = Told(place.tracker(run), run)
        told.begin()
        told.end()
    except SessionRLError:
        raise
    except Exception as error:  # whatever a package of others raises
        raise TrackerFailed(_failure(place, run, error)) from error


class _Careful:
    """A tracker that may fail once."""

    def __init__(self, place: Address, run: RunDirectory, say: Say):
        self._place, self._run, self._say = place, run, say
        self._told: Told | None = None
        self._failed = False

    def attempt(self, tell: Callable[[Told], None]) -> None:
        """Unless it has failed before."""
        if self._failed:
            return
        try:
            self._told = self._told or Told(self._place.tracker(self._run), self._run)
            tell(self._told)
        except Exception as error:  # whatever a package of others raises: the training goes on
            self._failed = True
            self._say(f"{_failure(self._place, self._run, error)}\n  The training goes on without it.")


def _failure(place: Address, run: RunDirectory, error: Exception) -> str:
    said = str(error).partition("\n")[0]
    return (
        f"{place} could not be told of {run.path.name} ({type(error).__name__}: {said}).\n"
        f"  do now: mend that, then `sessionrl export {run.path} --to {place}`"
    )
