"""Errors a user can act on: what was found, where, what was expected, what to do now.

One type per decision the caller can take. The command line prints the message and exits with 2;
anything that is not a `SessionRLError` is a bug and keeps its traceback.
"""

import difflib
from collections.abc import Iterable, Sequence


class SessionRLError(Exception):
    """Every error this package raises on purpose."""


class UnknownName(SessionRLError):
    """No part of this kind has this name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        names = sorted(known)
        super().__init__(f"No {kind} is called {name!r}.{did_you_mean(name, names)} Known: {', '.join(names)}.")


class BadOption(SessionRLError):
    """A section of a configuration has an option that does not exist or a value that does not fit."""


class BadData(SessionRLError):
    """A file of the user cannot be read as what it should be."""

    def __init__(self, path: object, found: str, expected: str, remedy: str, rows: Sequence[int] = ()):
        where = f"{path}"
        if len(rows):
            first = ", ".join(str(row) for row in rows[:5])
            where += f", row{'s' if len(rows) > 1 else ''} {first}{', …' if len(rows) > 5 else ''}"
        super().__init__(f"{where}: {found}\n  expected: {expected}\n  do now:   {remedy}")


class BadDirectory(SessionRLError):
    """A prepared directory or a run is missing, unfinished, or does not fit another one."""


class NotFinite(SessionRLError):
    """A loss or a score is NaN or infinite, so nothing computed from it means anything."""


class BrokenContract(SessionRLError):
    """A part does not do what parts of its kind promise."""

    def __init__(self, kind: str, name: str, found: str):
        expected = f"what every {kind} promises, see sessionrl.contracts.check_{kind}"
        super().__init__(f"{found.rstrip('.')}.\n  expected: {expected}\n  do now:   mend {name!r}")


class MissingExtra(SessionRLError):
    """An optional package is needed for what was asked."""

    def __init__(self, package: str, extra: str, purpose: str):
        super().__init__(f"{purpose} needs the package {package!r}. Install it with: pip install 'sessionrl[{extra}]'")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'sqn'?`` with a leading space, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
