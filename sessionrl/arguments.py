"""What words on the command line mean: ids, seeds, data sets; and the words of the command to give next."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessionrl.errors import BadDirectory, BadOption

if TYPE_CHECKING:
    from sessionrl.data.prepare import Prepared


def command(*words: object) -> str:
    """A command that can be pasted into a shell."""
    import shlex

    return shlex.join(["sessionrl", *map(str, words)])


def item_ids(text: str) -> list[str | int]:
    """``a, b`` -> ``["a", "b"]``; a JSON list of texts and numbers as it is."""
    import json

    if text.strip().startswith("["):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = None
        if isinstance(found, list) and all(isinstance(one, str | int) for one in found):
            return found
    return [item.strip() for item in text.split(",") if item.strip()]


def one_per_item(option: str, text: str | None, items: int) -> list[str] | None:
    """``view,cart`` -> ``["view", "cart"]``; None if it was not given.

    Raises:
        BadOption: there are not as many as items.
    """
    if text is None:
        return None
    found = [one.strip() for one in text.split(",") if one.strip()]
    if len(found) != items:
        raise BadOption(f"{option} {text!r} has {len(found)} entries for {items} items. Give one for each, in order.")
    return found


def milliseconds(text: str) -> int:
    """Raises BadOption where it is no whole number."""
    try:
        return int(text)
    except ValueError:
        raise BadOption(f"--timestamps: {text!r} is no whole number of milliseconds.") from None


def named_values(option: str, text: str) -> dict[str, str]:
    """``country=se,device=phone`` -> ``{"country": "se", "device": "phone"}``."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise BadOption(f"{option} {text!r}: write NAME=VALUE, with commas between.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def seed_numbers(text: str) -> list[int]:
    """``1,2,3`` -> ``[1, 2, 3]``, each once."""
    try:
        return list(dict.fromkeys(int(number) for number in text.split(",")))
    except ValueError:
        raise BadOption(f"--seeds {text!r}: write whole numbers with commas between, as 1,2,3.") from None


def prepared_data(given: Path | None, named: str | None) -> "Prepared":
    """The prepared data set that is given, or that the configuration names, or the only one in ./prepared."""
    from sessionrl.data.prepare import Prepared
    from sessionrl.runs import prepared_in

    if given is None and named is not None and not Path(named).is_dir():
        raise BadDirectory(
            f"The configuration was trained on {named}, which is not there (seen from {Path.cwd()}).\n"
            "  do now: say with --data what to train on"
        )
    if given is not None or named is not None:
        return Prepared.load(given or Path(str(named)))
    found = prepared_in(Path("prepared"))
    if not found:
        raise BadDirectory(
            f"There is no prepared data set in ./prepared (seen from {Path.cwd()}).\n"
            "  do now: sessionrl prepare READER PATH, or give --data"
        )
    if len(found) > 1:
        listed = "".join(f"\n    --data {path}" for path in found)
        raise BadDirectory(f"There are {len(found)} prepared data sets in ./prepared.\n  do now: say which{listed}")
    return Prepared.load(found[0])


def digest(source: Any, preparation: Any) -> str:
    """Six hexadecimal digits that change with the options and with the files that are read."""
    from hashlib import sha256

    files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in source.files if file.is_file()]
    return sha256(repr((source, preparation, files)).encode()).hexdigest()[:6]
