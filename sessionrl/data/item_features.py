"""What is known of items beside their events, as a network reads it: words, numbers in buckets, and given vectors."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionrl.errors import BadData, BadDirectory, BadOption, did_you_mean
from sessionrl.runs import read_json, write_json

Kind = Literal["words", "number", "vector"]

LEAST_ITEMS = 2  # a word of one item says no more than the item's own vector
BUCKETS = 10  # of a number, with about equally many items
LEVELS = re.compile(r"[.|/>]")  # between the levels of a category
SEVERAL = ";"  # between the values of a text that holds several


class CodedItems(NamedTuple):
    """The features of V - 1 items, by item number; row 0 is `PAD` and has none.

    offsets: [V + 1] int64; item i has the words ``words[offsets[i]:offsets[i + 1]]``, each once
    words:   [n] int64, numbers of words and buckets
    vectors: [V, v] float32, the given vectors side by side, each of unit length; zeros where none is given
    """

    offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Column:
    """How one column of the table of items is read.

    kind:   ``words``: a text is a category, and with its levels (`a.b.c`, `a|b|c`, `a/b/c`, `a > b > c`) its ancestors
            as well; lists of texts, and texts with ``;``, are several. ``number``: the bucket it falls into.
            ``vector``: a list of numbers, of a text or a picture
    values: the known words
    edges:  the inner borders of the buckets; a border belongs to the bucket above it
    length: of a vector
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    length: int = 0

    @property
    def size(self) -> int:
        """How many words, or buckets, the column has."""
        return len(self.values) if self.kind == "words" else len(self.edges) + 1 if self.kind == "number" else 0


@dataclass(frozen=True)
class ItemFeatures:
    """A frozen encoder of the table of items: it codes new items as those it was fitted on.

    Words and buckets of all columns are numbered on, in the order of the columns: all are words of the encoder. A word
    that was not known then is left out, but its known ancestors count; so a new item of the category ``lamp.desk`` is
    at least a ``lamp``.
    """

    columns: tuple[Column, ...] = ()

    @property
    def size(self) -> int:
        """How many words there are."""
        return sum(column.size for column in self.columns)

    @property
    def length(self) -> int:
        """v, of the given vectors side by side."""
        return sum(column.length for column in self.columns)

    @classmethod
    def fit(cls, items: pl.DataFrame, wanted: Sequence[str]) -> "ItemFeatures":
        """What is known of these items.

        Numbers are put into buckets and texts are words; ``NAME:number`` and ``NAME:words`` say it where the type does
        not (columns of a CSV file are texts).

        Args:
            items: with a column of each name
            wanted: names of columns

        Raises:
            BadOption: there is no such column, it can be no feature, or they say nothing.
        """
        features = cls(tuple(_fitted(items, one) for one in dict.fromkeys(wanted)))
        if wanted and not features.size + features.length:
            raise BadOption(
                f"[items], option 'features' = {list(wanted)}: no two items have a word in common there, so nothing "
                "can be learned from them.\n  do now: name other columns, or leave the option out"
            )
        return features

    def encode(self, items: pl.DataFrame) -> CodedItems:
        """The codes of item 1, 2, …, a row each; a column that is missing is unknown of all.

        Raises:
            BadData: a column is of another type than that it was fitted on, or a vector of another length.
        """
        rows, words, first = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        vectors = [np.zeros((len(items), 0), np.float32)]
        for column in self.columns:
            given = items[column.name] if column.name in items.columns else pl.Series([None] * len(items))
            if column.kind == "vector":
                vectors.append(_vectors(given, column))
                continue
            row, word = _words(given, column.values) if column.kind == "words" else _buckets(given, column)
            rows.append(row)
            words.append(word + first)
            first += column.size
        row = np.concatenate(rows)
        order = np.argsort(row, kind="stable")
        counts = np.bincount(row, minlength=len(items))
        flat = np.concatenate(vectors, axis=1)
        return CodedItems(
            np.concatenate([[0, 0], np.cumsum(counts)]).astype(np.int64),
            np.concatenate(words)[order],
            np.concatenate([np.zeros((1, flat.shape[1]), np.float32), flat]),
        )

    def words_in(self, other: "ItemFeatures") -> npt.NDArray[np.int64]:
        """[size] the number of each word in another encoder; -1 where it has none.

        A word is the same word; a bucket is the one that its middle falls into.
        """
        found, first = [np.zeros(0, np.int64)], 0
        theirs = {}
        for column in other.columns:
            theirs[column.name, column.kind] = (column, first)
            first += column.size
        for column in self.columns:
            theirs_too = theirs.get((column.name, column.kind))
            if theirs_too is None:
                found.append(np.full(column.size, -1))
            elif column.size:
                rows = _same_words(column, theirs_too[0])
                found.append(np.where(rows >= 0, rows + theirs_too[1], -1))
        return np.concatenate(found)

    def save(self, path: Path) -> None:
        """As JSON, a column each."""
        write_json(path, [_plain(column) for column in self.columns])

    @classmethod
    def load(cls, path: Path) -> "ItemFeatures":
        """What `save` wrote; where there is no file there are no features.

        Raises:
            BadDirectory: the file is damaged.
        """
        if not path.exists():
            return cls()
        try:
            return cls(
                tuple(
                    Column(one["name"], one["kind"], tuple(one["values"]), tuple(one["edges"]), one["length"])
                    for one in read_json(path)
                )
            )
        except (KeyError, TypeError) as error:
            raise BadDirectory(f"{path} is no list of columns ({error}).\n  do now: make the directory again") from None


def _plain(column: Column) -> dict[str, object]:
    lists = {"values": list(column.values), "edges": list(column.edges)}
    return {"name": column.name, "kind": column.kind, **lists, "length": column.length}


def _same_words(column: Column, other: Column) -> npt.NDArray[np.int64]:
    """[size of the column] the words of the other; -1 where it has none."""
    if column.kind == "words":
        known = {word: number for number, word in enumerate(other.values)}
        return np.array([known.get(word, -1) for word in column.values], np.int64)
    edges = np.array(column.edges)
    ends = (np.nextafter(edges[:1], -np.inf), edges[-1:]) if len(edges) else (np.zeros(1), edges)
    middles = np.concatenate([ends[0], (edges[1:] + edges[:-1]) / 2, ends[1]])
    return np.searchsorted(np.array(other.edges), middles, side="right").astype(np.int64)


def _fitted(items: pl.DataFrame, wanted: str) -> Column:
    name, _, said = wanted.partition(":") if wanted not in items.columns else (wanted, "", "")
    known = [column for column in items.columns if column != "item_id"]
    if name not in known:
        raise BadOption(
            f"[items], option 'features': the table of items has no column {name!r}.{did_you_mean(name, known)} "
            f"Columns: {', '.join(known) or 'none'}.\n  do now: name one of these, or prepare the log again with "
            f"reader.items_path=FILE reader.item_columns.{name}=COLUMN"
        )
    if said not in ("", "words", "number"):
        raise BadOption(f"[items], option 'features': {wanted!r} should be {name}, {name}:words or {name}:number.")
    given = items[name]
    if _is_vector(given.dtype) and not said:
        return Column(name, "vector", length=_length(given, name))
    if said == "number" or (given.dtype.is_numeric() and not said):
        return Column(name, "number", edges=_edges(given, name))
    if _is_vector(given.dtype) or (given.dtype.is_nested() and not _is_list_of(given.dtype, pl.String)):
        raise BadOption(f"[items], option 'features': {name} is of type {given.dtype}, which holds no words.")
    return Column(name, "words", values=_frequent(given))


def _is_list_of(kind: pl.DataType, inner: type[pl.DataType]) -> bool:
    return isinstance(kind, pl.List | pl.Array) and kind.inner == inner


def _is_vector(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()


def _length(given: pl.Series, name: str) -> int:
    lengths = given.cast(pl.List(pl.Float32)).list.len().drop_nulls().unique().sort().to_list()
    if len(lengths) != 1 or not lengths[0]:
        found = " and ".join(map(str, lengths[:2])) if lengths else "none at all"
        raise BadOption(
            f"[items], option 'features': the vectors of {name} should be of one length, and there are lengths {found}."
        )
    return int(lengths[0])


def _numbers(given: pl.Series) -> npt.NDArray[np.float64]:
    """[items], NaN where there is no number."""
    plain = given.str.strip_chars() if given.dtype == pl.String else given
    return plain.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()


def _edges(given: pl.Series, name: str) -> tuple[float, ...]:
    numbers = _numbers(given)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        raise BadOption(f"[items], option 'features': there is no number in the column {name!r} of the table of items.")
    edges = np.unique(np.quantile(numbers, np.arange(1, BUCKETS) / BUCKETS))
    return tuple(float(edge) for edge in edges if edge > numbers.min())


def _pairs(given: pl.Series) -> pl.DataFrame:
    """`row` and `word`: every word of every item, ancestors included, once."""
    listed = given if isinstance(given.dtype, pl.List | pl.Array) else given.cast(pl.String).str.split(SEVERAL)
    texts = pl.DataFrame({"row": np.arange(len(given)), "text": listed.cast(pl.List(pl.String))}).explode("text")
    texts = texts.with_columns(pl.col("text").str.strip_chars()).filter(pl.col("text").str.len_bytes() > 0)
    words = texts["text"].unique(maintain_order=True)
    paths = pl.DataFrame({"text": words, "word": pl.Series([_ancestors(word) for word in words], dtype=pl.List(str))})
    pairs = texts.join(paths, on="text", maintain_order="left").select("row", "word").explode("word")
    return pairs.unique(maintain_order=True)


def _ancestors(text: str) -> list[str]:
    """The category and all above it, the broadest first.

    >>> _ancestors("home > lamp > desk")
    ['home', 'home.lamp', 'home.lamp.desk']
    """
    levels = [level for part in LEVELS.split(text) if (level := part.strip())]
    return [".".join(levels[:depth]) for depth in range(1, len(levels) + 1)]


def _frequent(given: pl.Series) -> tuple[str, ...]:
    """The words of at least `LEAST_ITEMS` items, the most frequent first, then by alphabet."""
    counts = _pairs(given).group_by("word").len().filter(pl.col("len") >= LEAST_ITEMS)
    return tuple(counts.sort("len", "word", descending=[True, False])["word"].to_list())


def _words(given: pl.Series, known: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows, and numbers of words."""
    numbers = pl.DataFrame({"word": pl.Series(known, dtype=pl.String), "number": np.arange(len(known), dtype=np.int64)})
    pairs = _pairs(given).join(numbers, on="word", maintain_order="left")
    return pairs["row"].to_numpy(), pairs["number"].to_numpy()


def _buckets(given: pl.Series, column: Column) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    numbers = _numbers(given)
    rows = np.flatnonzero(np.isfinite(numbers))
    return rows, np.searchsorted(np.array(column.edges), numbers[rows], side="right").astype(np.int64)


def _vectors(given: pl.Series, column: Column) -> npt.NDArray[np.float32]:
    table = np.zeros((len(given), column.length), np.float32)
    rows = given.is_not_null().arg_true().to_numpy()
    if not len(rows):
        return table
    if not _is_vector(given.dtype):
        expected = f"a list of {column.length} numbers per item, as the run was trained on"
        raise BadData("the table of items", f"{column.name} is of type {given.dtype}", expected, "give a Parquet file")
    lists = given.drop_nulls().cast(pl.List(pl.Float32))
    wrong = (lists.list.len() != column.length).arg_true()
    if len(wrong):
        found = f"a vector of {column.name} has {lists[int(wrong[0])].len()} numbers"
        remedy = "compute the vectors as those the run was trained on"
        raise BadData("the table of items", found, f"{column.length} numbers", remedy, [int(rows[wrong[0]]) + 1])
    table[rows] = np.nan_to_num(lists.explode().to_numpy().reshape(len(rows), -1), posinf=0, neginf=0)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0))
