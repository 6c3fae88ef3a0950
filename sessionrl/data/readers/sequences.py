"""A published split: training sessions one a line, test sessions as prefixes and targets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from sessionrl.data.columns import as_ids
from sessionrl.data.files import check_exists, find, text_of
from sessionrl.data.schema import Origin, names, short
from sessionrl.data.tables import Table
from sessionrl.errors import BadData
from sessionrl.registry import register

_TRAIN = "train_sequences.tsv"
_TEST = ("test_sid_ts_prefix_target.tsv", "test_prefix_target.tsv")


@register("reader", "sequences")
@dataclass(frozen=True)
class Sequences:
    """A folder with ``train_sequences.tsv`` and ``test_prefix_target.tsv`` (or ``test_sid_ts_prefix_target.tsv``).

    Training: one session a line in time order, item ids separated by blanks. Test: a row is ``prefix TAB target`` (or
    ``session id TAB time TAB prefix TAB target``); a session of n events is n - 2 or n - 1 rows, longest prefix first,
    so a row goes on with the session of the row above it exactly if its prefix and target together are the prefix
    above. The session is put together again as longest prefix + target.

    All events are views; the time is only an order: a running number.
    """

    path: str

    order_only: ClassVar[bool] = True

    @property
    def files(self) -> tuple[Path, ...]:
        """The training and the test file; the test file with session ids if both are there."""
        folder = Path(self.path)
        check_exists(folder, folder=True)
        train, test = find(folder, [_TRAIN]), find(folder, _TEST)
        if train is None or test is None:
            beside = sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
            missing = _TRAIN if train is None else _TEST[1]
            found = f"there is no {missing} in this folder, only: {names(beside) or 'nothing'}"
            raise BadData(folder, found, f"{_TRAIN} and {_TEST[1]} (or {_TEST[0]}), maybe .gz or .xz", "check the path")
        return train, test

    def chunks(self) -> Iterator[Table]:
        """Two pieces, training and test, see `sessionrl.data.schema`; `session_id` is ``train:LINE`` or ``test:ID``."""
        train_path, test_path = self.files
        train = _lines(train_path).select("line", id=pl.format("train:{}", "line"), items="text")
        events = _events(train, "train", 0)
        yield Table(events.drop("line"), Origin(train_path, events["line"]))
        test = _events(_test_sessions(_lines(test_path), test_path), "test", len(events))
        yield Table(test.drop("line"), Origin(test_path, test["line"]))

    def items(self) -> pl.DataFrame | None:
        """Nothing is known about the items."""
        return None

    def notes(self) -> dict[str, str]:
        """How the files were understood."""
        return {
            "times": "only an order: a running number",
            "kinds": "there are no kinds, so every event is a view",
            "test": "every test session is put together again as longest prefix + target",
        }


def _events(sessions: pl.DataFrame, part: str, first: int) -> pl.DataFrame:
    """One row per item of `sessions` with `id`, `items` and `line`; the running number begins with `first`."""
    events = (
        sessions.select("line", session_id="id", item_id=pl.col("items").str.extract_all(r"\S+"))
        .explode("item_id")
        .with_row_index("timestamp", offset=first)
        .with_columns(pl.col("timestamp").cast(pl.Int64), part=pl.lit(part), event_type=pl.lit("view"))
    )
    return events.with_columns(as_ids(events["item_id"], "item_id", Origin("", events["line"])))


def _lines(path: Path) -> pl.DataFrame:
    """`line` and `text` of the lines that are not blank."""
    text = pl.Series("text", text_of(path).decode().splitlines(), dtype=pl.String)
    table = text.to_frame().with_row_index("line", offset=1).cast({"line": pl.Int64})
    return table.filter(pl.col("text").str.strip_chars() != "")


def _test_sessions(rows: pl.DataFrame, path: Path) -> pl.DataFrame:
    """`id`, `items` and `line`, one row per session, from rows of prefixes and targets."""
    origin = Origin(path, rows["line"])
    fields = 4 if path.name.startswith(_TEST[0]) else 2
    expected = "session id TAB time TAB prefix TAB target" if fields == 4 else "prefix TAB target"
    parts = rows["text"].str.split("\t")
    wrong = (parts.list.len() != fields) | (parts.list.eval(pl.element().str.strip_chars() == "").list.any())
    if wrong.any():
        found = f"{{n}} not of the form {expected}, the first {short(rows['text'].filter(wrong)[0])}"
        origin.refuse(wrong, found, f"{expected}, item ids separated by blanks", "correct these rows")
    table = rows.select(
        "line",
        prefix=parts.list.get(fields - 2).str.strip_chars().str.replace_all(r"\s+", " "),
        target=parts.list.get(fields - 1).str.strip_chars(),
        sid=parts.list.get(0) if fields == 4 else pl.lit(""),
    ).with_columns(items=pl.format("{} {}", "prefix", "target"))
    goes_on = (pl.col("items") == pl.col("prefix").shift()) & (pl.col("sid") == pl.col("sid").shift())
    sessions = table.filter(~goes_on.fill_null(False))
    return sessions.with_columns(
        id=pl.format("test:{}", "sid") if fields == 4 else pl.format("test:{}", pl.int_range(1, pl.len() + 1))
    )
