"""Raw files -> a prepared data set with its card."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
import tomli_w

from sessionrl import __version__, registry
from sessionrl.data.card import describe_log, describe_part
from sessionrl.data.catalogue import Catalogue
from sessionrl.data.cutting import Log, cut, immediate_repeats, owner_of
from sessionrl.data.encoding import Encoded, encode
from sessionrl.data.item_codes import Attributes, ItemCodes
from sessionrl.data.preparation import Preparation
from sessionrl.data.prepared import Prepared, fingerprint, write_prepared
from sessionrl.data.schema import DAY_MS, check_events, refuse_missing
from sessionrl.data.splits import Split, as_published, at_random, by_time, describe_split
from sessionrl.data.tables import Table, together
from sessionrl.data.vectors import cooccurrence_vectors
from sessionrl.errors import BadData, BadOption
from sessionrl.runs import PreparedDirectory, new_directory

__all__ = ["Preparation", "Prepared", "Reader", "prepare"]


class Reader(Protocol):
    """A source of events: a frozen dataclass whose fields are its options."""

    @property
    def order_only(self) -> bool:
        """The timestamps are a running number and no time."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read; the first holds the events (it is named in messages)."""
        ...

    def chunks(self) -> Iterator[Table]:
        """The events table in pieces of at most about a million rows, in the order of the files.

        Columns as in `sessionrl.data.schema.EVENT_COLUMNS`, the same in every piece; an id may be a whole number in
        one piece and text in another. Any other column is an attribute of the item; its earliest value is kept.
        """
        ...

    def items(self) -> pl.DataFrame | None:
        """One row per item, `item_id` and its attributes; None where only the events tell of the items."""
        ...

    def notes(self) -> dict[str, str]:
        """How the files were understood, for the card."""
        ...


def prepare(
    reader: Reader,
    preparation: Preparation,
    directory: Path | str,
    now_ms: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Prepared:
    """Read, check, cut, split, filter, encode; the directory appears when all of it is done, or not at all.

    now_ms:   events more than a day later than this are refused; None: only those of 2100 and later
    progress: is told what comes next

    Raises:
        BadData: what was read is no log of events, or nothing is left of the training or the test part.
        BadDirectory: the directory exists.
        BadOption: the split does not fit the reader.
    """
    tell = progress or (lambda _: None)
    with new_directory(Path(directory)) as unfinished:
        tell("reading the events")
        events, ignored, told = _events(reader, preparation, now_ms)
        tell(f"cutting {len(events):,} events into sessions")
        log = cut(events, preparation.sessions, preparation.idle_minutes, preparation.kinds, reader.files[0])
        card = {**_reading(reader, preparation, len(events) + ignored), "cut": describe_log(log, preparation.kinds)}
        repeats = immediate_repeats(log) & (preparation.repeats == "collapse")
        tell(f"splitting and filtering {len(log.ids):,} sessions")
        log = log.keep(~repeats)
        split = _split(log, preparation, reader)
        encoded = encode(log, split, preparation, reader.files[0])
        tell(f"making vectors of {len(encoded.vocabulary) - 1:,} items")
        catalogue, card["catalogue"] = _catalogue(
            encoded, told if (known := reader.items()) is None else known, preparation
        )
        tell("writing")
        card["dropped"] = {"ignored_kinds": ignored, "immediate_repeats": int(repeats.sum()), **encoded.dropped}
        card |= {"split": describe_split(log, split), **_keeping(encoded, preparation, reader.order_only)}
        target = PreparedDirectory(unfinished)
        target.settings.write_text(tomli_w.dumps(_settings(reader, preparation)), encoding="utf-8")
        write_prepared(target, encoded.parts, encoded.vocabulary, catalogue, card)
    return Prepared.load(directory)


def _events(
    reader: Reader, preparation: Preparation, now_ms: int | None
) -> tuple[pl.DataFrame, int, pl.DataFrame | None]:
    """The checked events, how many were of a kind to be ignored, and what the events tell of the items."""
    latest = None if reader.order_only or now_ms is None else now_ms + DAY_MS
    known = (*preparation.kinds, *preparation.ignore_kinds)
    chunks, rows, codes, attributes = [], 0, ItemCodes(), Attributes()
    for events, origin in reader.chunks():
        check_events(events, origin, known, latest)
        wanted = ~events["event_type"].is_in(list(preparation.ignore_kinds))
        used = events.filter(wanted)
        owner = owner_of(events.columns, preparation.sessions, origin.path)
        refuse_missing(used[owner], owner, replace(origin, lines=origin.lines.filter(wanted)))
        if preparation.split in ("time", "random"):
            used = used.drop("part", strict=False)
        attributes.add(codes.encode(used["item_id"]), used)
        chunks.append(Table(used, origin))
        rows += len(events)
    events = together(chunks)
    path = reader.files[0]
    if not rows:
        raise BadData(
            path, "there are no events in it", "at least one row of data", "check that this is the right file"
        )
    if not len(events):
        expected = f"events of the kinds {', '.join(preparation.kinds)}"
        raise BadData(path, "all events are of kinds to be ignored", expected, "shorten data.ignore_kinds")
    return events, rows - len(events), attributes.table(codes.ids)


def _split(log: Log, preparation: Preparation, reader: Reader) -> Split:
    rule = preparation.split
    if rule == "auto":
        rule = "time" if log.published is None else "published"
    if rule == "time" and reader.order_only:
        raise BadOption("data, option 'split' = 'time': this reader knows only an order. Use 'published' or 'random'.")
    if rule == "time":
        return by_time(log, preparation.valid_days, preparation.test_days)
    if rule == "random":
        return at_random(log, preparation.valid_share, preparation.test_share, preparation.seed)
    if log.published is None:
        raise BadOption("data, option 'split' = 'published': this log has no column part. Use 'time'.")
    return as_published(log, log.published, preparation.valid_share)


def _catalogue(
    encoded: Encoded, known: pl.DataFrame | None, preparation: Preparation
) -> tuple[Catalogue, dict[str, int]]:
    """The catalogue, and counts for the card: items, items described, items described that have no events."""
    train, size = encoded.parts["train"], len(encoded.vocabulary)
    counts = np.bincount(train.items, minlength=size).astype(np.int64)
    pairs = np.unique(train.session * size + train.items)
    items = encoded.vocabulary.ids.to_frame("item_id")
    described = without_events = 0
    if known is not None:
        # Ids are joined as text: a shop may write 17 in one file and "17" in the other.
        words = known.with_columns(pl.col("item_id").cast(pl.String).alias("key")).drop("item_id")
        described = int(items["item_id"].cast(pl.String).is_in(words["key"].to_list()).sum())
        without_events = len(known) - described
        items = items.with_columns(pl.col("item_id").cast(pl.String).alias("key"))
        items = items.join(words, on="key", how="left", maintain_order="left").drop("key")
    vectors = cooccurrence_vectors(train, size, preparation.vector_dim, preparation.seed)
    catalogue = Catalogue(counts, np.bincount(pairs % size, minlength=size).astype(np.int64), vectors, items)
    return catalogue, {"items": size - 1, "described": described, "described_without_events": without_events}


def _reading(reader: Reader, preparation: Preparation, rows: int) -> dict[str, Any]:
    return {
        "sessionrl_version": __version__,
        "reader": _name(reader),
        "files": [file.name for file in reader.files],
        "notes": reader.notes(),
        "order_only": reader.order_only,
        "rewards": preparation.reward,
        "repeats": preparation.repeats,
        "vocabulary_from": preparation.vocabulary_from,
        "rows_read": rows,
    }


def _keeping(encoded: Encoded, preparation: Preparation, order_only: bool) -> dict[str, Any]:
    parts = {name: describe_part(part, preparation.kinds, order_only) for name, part in encoded.parts.items()}
    return {
        "unseen": {name: unseen._asdict() for name, unseen in encoded.unseen.items()},
        "parts": parts,
        "fingerprint": fingerprint(encoded.vocabulary, encoded.parts, preparation.reward),
    }


def _settings(reader: Reader, preparation: Preparation) -> dict[str, Any]:
    """Everything that was asked, complete, so that it can be repeated after a default has changed."""
    options = asdict(reader)  # type: ignore[call-overload]
    section = {"name": _name(reader), **{key: value for key, value in options.items() if value is not None}}
    return {"sessionrl_version": __version__, "reader": section, "data": asdict(preparation)}


def _name(reader: Reader) -> str:
    names = [name for name in registry.names("reader") if registry.part("reader", name) is type(reader)]
    return names[0] if names else type(reader).__name__
