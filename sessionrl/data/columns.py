"""Whose column is whose: the names that shops use -> ours, and values -> our types."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from sessionrl.data.schema import Origin, names, short
from sessionrl.errors import BadData, BadOption, did_you_mean

EVENT_ALIASES: dict[str, tuple[str, ...]] = {
    "item_id": ("itemid", "item", "product_id", "productid", "product", "sku", "article_id"),
    "timestamp": ("time", "ts", "event_time", "eventtime", "event_timestamp", "datetime"),
    "event_type": ("event", "eventtype", "type", "behavior", "behaviour", "behavior_type", "action"),
    "session_id": ("sessionid", "session", "user_session", "sid"),
    "user_id": ("userid", "user", "visitorid", "visitor_id", "customer_id", "customerid"),
    "price": (),
    "quantity": ("qty",),
    "propensity": (),
    "part": (),
    "category": (),
    "name": (),
    "picture": (),
}
ITEM_ALIASES: dict[str, tuple[str, ...]] = {
    "item_id": EVENT_ALIASES["item_id"],
    "category": ("category_code", "category_id", "categoryid", "category_name"),
    "price": ("item_price",),
    "name": ("item_name", "product_name", "title"),
    "picture": ("image", "image_url", "picture_url"),
    "recommendable": (),
}
KIND_ALIASES: dict[str, tuple[str, ...]] = {
    "view": ("pv", "click", "clicks", "product_view", "page_view", "pageview", "detail"),
    "cart": ("addtocart", "add_to_cart", "add-to-cart", "basket", "carts"),
    "purchase": ("transaction", "buy", "order", "orders", "bought"),
}
# Of a picture: /path, \\path, C:\path, https://…, data:…, <svg …
ABSOLUTE = r"^(?:[/\\<]|[A-Za-z][A-Za-z0-9+.-]*:)"


def resolve(
    header: Sequence[str], given: Mapping[str, str], aliases: Mapping[str, tuple[str, ...]], path: Path, option: str
) -> dict[str, str]:
    """Our names -> the file's names, for the columns that the file has.

    given: the user's map; what it does not name is found by our own name, else by an alias (case and ``-`` for ``_``
        do not matter)

    Raises:
        BadOption: the map has a name that is not ours.
        BadData: the map names a column that the file lacks, or two columns could be meant.
    """
    for ours in given:
        if ours not in aliases:
            known = ", ".join(aliases)
            raise BadOption(f"reader.{option} has no column {ours!r}.{did_you_mean(ours, aliases)} Known: {known}.")
    for ours, theirs in given.items():
        if theirs not in header:
            raise BadData(
                path,
                f"there is no column {short(theirs)}, which reader.{option}.{ours} names."
                + did_you_mean(theirs, header),
                f"one of its columns: {names(header)}",
                f"correct reader.{option}.{ours}",
            )
    recognised = {ours: _recognised(header, ours, aliases, path, option, given) for ours in aliases}
    return {**{ours: theirs for ours, theirs in recognised.items() if theirs is not None}, **given}


def _recognised(
    header: Sequence[str],
    ours: str,
    aliases: Mapping[str, tuple[str, ...]],
    path: Path,
    option: str,
    given: Mapping[str, str],
) -> str | None:
    if ours in given:
        return None
    plain = {theirs: theirs.strip().lower().replace("-", "_").replace(" ", "_") for theirs in header}
    free = [theirs for theirs in header if theirs not in given.values()]
    own = [theirs for theirs in free if plain[theirs] == ours]
    meant = own or [theirs for theirs in free if plain[theirs] in aliases[ours]]
    if len(meant) > 1:
        raise BadData(
            path,
            f"the columns {' and '.join(repr(one) for one in meant)} could both be {ours}",
            f"one column for {ours}",
            f"say which, for example: reader.{option}.{ours}={meant[0]}",
        )
    return meant[0] if meant else None


def require(
    found: Mapping[str, str], header: Sequence[str], aliases: Mapping[str, tuple[str, ...]], path: Path, option: str
) -> None:
    """Raises BadData where a column is missing that nothing works without."""
    wanted = [("item_id",)] if option == "item_columns" else [("item_id",), ("timestamp",), ("session_id", "user_id")]
    for choices in wanted:
        if not any(ours in found for ours in choices):
            known = [name for ours in choices for name in (ours, *aliases[ours])]
            near = next((hint for name in known if (hint := did_you_mean(name, header))), "")
            raise BadData(
                f"{path}, line 1 (the first line of the file is line 1)" if path.suffix != ".parquet" else path,
                f"no column for {' or '.join(choices)} among: {names(header)}.{near}",
                f"one of the names {', '.join(known)}",
                f"say which column it is: reader.{option}.{choices[0]}=NAME "
                "(or, if the file has no header line, reader.header)",
            )


def as_ids(values: pl.Series, column: str, origin: Origin) -> pl.Series:
    """Int64 where every id is a whole number written plainly (``7``, not ``007``), else text.

    Raises:
        BadData: the column holds no ids: fractions, times, lists, ….
    """
    if values.dtype.is_integer():
        number = values.cast(pl.Int64, strict=False)
        return number if number.count() == values.count() else values.cast(pl.String)  # hashes may need 64 bits
    if values.dtype.is_float():
        whole = values.fill_nan(None)
        bad = (whole != whole.round()) | whole.is_infinite() | (whole.abs() > 2.0**53)
        origin.refuse(bad, f"{{n}} where {column} is a fraction", "ids: text or whole numbers", f"correct {column}")
        return whole.cast(pl.Int64)
    if values.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise BadData(
            origin.path, f"{column} has the type {values.dtype}", "text or whole numbers", f"correct {column}"
        )
    text = values.cast(pl.String)
    number = text.cast(pl.Int64, strict=False)
    plainly = number.count() == text.count() and bool((number.cast(pl.String) == text).all())
    return number if plainly else text


def as_text(values: pl.Series, column: str, origin: Origin) -> pl.Series:
    """Text.

    Raises:
        BadData: the column holds lists, bytes, or whatever else is no text.
    """
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        found = f"{column} has the type {values.dtype}"
        raise BadData(origin.path, found, "text or numbers", f"write {column} as text, or leave the column out")
    return values.cast(pl.String)


def as_pictures(values: pl.Series, origin: Origin) -> pl.Series:
    """Where pictures are, with paths that are relative to the folder of the table made absolute.

    Absolute paths, addresses, data URIs, the text of an SVG, and what is no text (bytes) stay as they are.
    """
    if values.dtype != pl.String:
        return values
    text = values.str.strip_chars()
    relative = (text != "") & ~text.str.contains(ABSOLUTE)
    folder = f"{Path(origin.path).resolve().parent}{os.sep}"
    return values.zip_with(~relative.fill_null(False), (folder + text).alias(values.name))


def as_kinds(values: pl.Series, given: Mapping[str, str], origin: Origin) -> pl.Series:
    """Kinds of event in our names: by the user's map, else by `KIND_ALIASES`, else as they are."""
    text = as_text(values, "event_type", origin).str.strip_chars()
    known = {alias: ours for ours, aliases in KIND_ALIASES.items() for alias in (ours, *aliases)}
    found = [str(kind) for kind in text.drop_nulls().unique().to_list()]
    ours = {kind: given.get(kind, known.get(kind.lower(), kind)) for kind in found}
    return text.replace_strict(list(ours), list(ours.values()), default=None, return_dtype=pl.String)


def as_amounts(values: pl.Series, column: str, origin: Origin) -> pl.Series:
    """Float64, null where the file has none.

    Raises:
        BadData: values that are no numbers, or negative, or infinite.
    """
    plain = values if values.dtype.is_numeric() else as_text(values, column, origin)
    number = plain.cast(pl.Float64, strict=False).fill_nan(None)
    missing = plain.fill_nan(None).is_null() if plain.dtype.is_float() else plain.is_null()
    bad = (number.is_null() & ~missing) | (number < 0).fill_null(False) | number.is_infinite().fill_null(False)
    if bad.any():
        origin.refuse(
            bad,
            f"{{n}} whose {column} is no number of at least 0, the first {short(values.filter(bad)[0])}",
            "numbers like 12.50, or nothing",
            f"correct {column} in these rows",
        )
    return number


def as_flags(values: pl.Series, column: str, origin: Origin) -> pl.Series:
    """Boolean of true and false, 1 and 0; null where the file has nothing.

    Raises:
        BadData: values that are neither.
    """
    if values.dtype == pl.Boolean:
        return values
    meaning = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    plain = values.fill_nan(None) if values.dtype.is_float() else values
    text = as_text(plain, column, origin).str.strip_chars().str.to_lowercase()
    flags = text.replace_strict(list(meaning), list(meaning.values()), default=None, return_dtype=pl.Boolean)
    bad = flags.is_null() & text.is_not_null()
    if bad.any():
        origin.refuse(
            bad,
            f"{{n}} whose {column} is neither true nor false, the first {short(values.filter(bad)[0])}",
            "true or 1, false or 0, or nothing",
            f"correct {column} in these rows",
        )
    return flags
