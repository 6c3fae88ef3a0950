"""Raw files -> a prepared data set with its card, in memory that does not grow with the log."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import tomli_w

from sessionrl import __version__, registry
from sessionrl.data.catalogue import FLAG, Catalogue, recommendable
from sessionrl.data.cold_items import items_of
from sessionrl.data.encoding import Encoded, Known, encode
from sessionrl.data.preparation import Preparation
from sessionrl.data.prepared import Prepared, fingerprint
from sessionrl.data.reading import Reader, Reading, read
from sessionrl.data.sorting import CutLog, cut_log, in_order
from sessionrl.data.split_log import SplitLog, split_log
from sessionrl.data.splits import Split, as_published, at_random, by_time
from sessionrl.data.vectors import NEWEST_EVENTS, cooccurrence_vectors, newest_sessions
from sessionrl.errors import BadOption
from sessionrl.runs import PreparedDirectory, new_directory, write_json

__all__ = ["Preparation", "Prepared", "Reader", "prepare"]

_KEY = "\0key"  # a name that no table has


def prepare(
    reader: Reader,
    preparation: Preparation,
    directory: Path | str,
    now_ms: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Prepared:
    """Read, check, cut, split, filter, encode; the directory appears when all of it is done, or not at all.

    Until then the events lie in a temporary directory beside it, at most about twice, as numbers. What grows in memory
    is what is known of each item, and of each session of a random split.

    now_ms:   events more than a day later than this are refused; None: only those of 2100 and later
    progress: is told what comes next

    Raises:
        BadData: what was read is no log of events, or nothing is left of the training or the test part.
        BadDirectory: the directory exists.
        BadOption: the split does not fit the reader.
    """
    tell = progress or (lambda _: None)
    with new_directory(Path(directory)) as unfinished:
        scratch, target = unfinished / "scratch", PreparedDirectory(unfinished)
        scratch.mkdir()
        steps = _sort_and_encode(reader, preparation, now_ms, scratch, tell)
        tell(f"making vectors of {len(steps.encoded.vocabulary) - 1:,} items")
        catalogue, found = _catalogue(steps, preparation, reader.files[-1])
        tell("writing")
        card = _card(reader, preparation, steps, found)
        card["fingerprint"] = _fingerprint(steps.encoded, preparation, catalogue)
        for name, part in steps.encoded.parts.items():
            part.join(target.events(name))
        steps.encoded.vocabulary.save(target.vocabulary)
        catalogue.save(target.items, target.vectors)
        if len(steps.encoded.features):
            steps.encoded.features.save(target.session_features)
        target.settings.write_text(tomli_w.dumps(_settings(reader, preparation)), encoding="utf-8")
        shutil.rmtree(scratch)
        write_json(target.card, card)  # the last, because a directory with a card is a finished one
    return Prepared.opened(directory)


class _Steps(NamedTuple):
    """What every step left, most of it on disk."""

    reading: Reading
    cut: CutLog
    log: SplitLog
    table: pl.DataFrame | None
    encoded: Encoded


def _sort_and_encode(
    reader: Reader, preparation: Preparation, now_ms: int | None, scratch: Path, tell: Callable[[str], None]
) -> _Steps:
    path = reader.files[0]
    tell(f"reading the events (laid aside in {scratch})")
    reading = read(reader, preparation, now_ms, scratch / "owners")
    tell(f"cutting {reading.kept:,} events into sessions")
    cut = cut_log(reading, scratch / "starts", path)
    tell(f"splitting and filtering {cut.sessions:,} sessions")
    log = split_log(in_order(cut), _split(cut, preparation, reader, reading), preparation, scratch / "log")
    table = reader.items()
    known = Known(items_of(reading.item_ids, table, reading.told, preparation.cold_items), reading.features)
    return _Steps(reading, cut, log, table, encode(log, known, preparation, scratch / "encoded", path))


def _split(cut: CutLog, preparation: Preparation, reader: Reader, reading: Reading) -> Split:
    rule = preparation.split
    if rule == "auto":
        rule = "published" if reading.published else "time"
    if rule == "time" and reader.order_only:
        raise BadOption("data, option 'split' = 'time': this reader knows only an order. Use 'published' or 'random'.")
    if rule == "time":
        return by_time(cut.last_start, preparation.valid_days, preparation.test_days)
    if rule == "random":
        return at_random(cut.sessions, preparation.valid_share, preparation.test_share, preparation.seed)
    if not reading.published:
        raise BadOption("data, option 'split' = 'published': this log has no column part. Use 'time'.")
    return as_published(cut.training, preparation.valid_share)


def _catalogue(steps: _Steps, preparation: Preparation, path: Path) -> tuple[Catalogue, dict[str, int]]:
    """The catalogue, and counts for the card: items, items described, items of the shop's table without events.

    Of what the events tell those columns count that the shop's table of items lacks.
    """
    encoded, known, told = steps.encoded, steps.table, steps.reading.told
    train, size = encoded.counts["train"], len(encoded.vocabulary)
    # Ids are joined as text: a shop may write 17 in one file and "17" in the other.
    key = pl.col("item_id").cast(pl.String).alias(_KEY)
    items = encoded.vocabulary.ids.to_frame("item_id").with_columns(key)
    tables = [table for table in (known, told) if table is not None]
    described = int(items[_KEY].is_in(tables[0].select(key)[_KEY].to_list()).sum()) if tables else 0
    without_events = 0 if known is None else len(known) - described
    for table in tables:
        words = table.select(key, *(name for name in table.columns if name not in items.columns))
        items = items.join(words, on=_KEY, how="left", maintain_order="left")
    items, flags = items.drop(_KEY), recommendable(items, path)
    newest = newest_sessions(encoded.parts["train"], NEWEST_EVENTS)
    vectors = cooccurrence_vectors(newest, size, preparation.vector_dim, preparation.seed)
    catalogue = Catalogue(train.events, train.sessions, vectors, items.drop(FLAG, strict=False), flags)
    found = {"items": size - 1, "described": described, "described_without_events": without_events}
    if not flags[1:].all():
        found["recommendable"] = int(flags.sum())
    if preparation.cold_items:
        found["without_events"] = int((train.events[1:] == 0).sum())
        found["rare"] = int((train.events[1:] < preparation.min_item_events).sum()) - found["without_events"]
    return catalogue, found


def _card(reader: Reader, preparation: Preparation, steps: _Steps, catalogue: dict[str, int]) -> dict[str, Any]:
    reading, cut, log, _, encoded = steps
    return {
        "sessionrl_version": __version__,
        "reader": _name(reader),
        "files": [file.name for file in reader.files],
        "notes": reader.notes(),
        "order_only": reader.order_only,
        "rewards": preparation.reward,
        "repeats": preparation.repeats,
        "vocabulary_from": preparation.vocabulary_from,
        "rows_read": reading.kept + reading.ignored,
        "cut": log.cut.describe(reading.cutting.rule, cut.several),
        "catalogue": catalogue,
        "dropped": {"ignored_kinds": reading.ignored, "immediate_repeats": log.repeats, **encoded.dropped},
        "split": {
            "rule": log.split.rule,
            "leaks_future": log.split.leaks_future,
            "test_sessions_before_last_training_event": encoded.early,
        },
        **({"propensities": reading.logged} if reading.logged else {}),
        **({"session_features": encoded.features.known()} if len(encoded.features) else {}),
        "unseen": {name: unseen._asdict() for name, unseen in encoded.unseen.items()},
        "parts": {name: counts.describe(reader.order_only) for name, counts in encoded.counts.items()},
    }


def _fingerprint(encoded: Encoded, preparation: Preparation, catalogue: Catalogue) -> str:
    shown = catalogue.recommendable
    return fingerprint(encoded.vocabulary, encoded.parts, preparation.reward, encoded.features, shown)


def _settings(reader: Reader, preparation: Preparation) -> dict[str, Any]:
    """Everything that was asked, complete, so that it can be repeated after a default has changed."""
    options = asdict(reader)  # type: ignore[call-overload]
    section = {"name": _name(reader), **{key: value for key, value in options.items() if value is not None}}
    return {"sessionrl_version": __version__, "reader": section, "data": asdict(preparation)}


def _name(reader: Reader) -> str:
    names = [name for name in registry.names("reader") if registry.part("reader", name) is type(reader)]
    return names[0] if names else type(reader).__name__
