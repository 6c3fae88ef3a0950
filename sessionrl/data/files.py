"""Opening files: found, unpacked, in UTF-8, and what their suffix says."""

import gzip
import lzma
import zlib
from collections.abc import Sequence
from pathlib import Path

from sessionrl.errors import BadData, did_you_mean

PACKED = {".gz": "gzip", ".xz": "xz"}
_BEGINNINGS = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip (or a spreadsheet)",
    b"ARROW1": "Arrow",
    b"SQLite format 3": "SQLite",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def find(folder: Path, stems: Sequence[str]) -> Path | None:
    """The first of ``stem``, ``stem.xz``, ``stem.gz`` that is in the folder, for the stems in order."""
    for stem in stems:
        for suffix in ("", *PACKED):
            if (folder / (stem + suffix)).is_file():
                return folder / (stem + suffix)
    return None


def check_exists(path: Path, folder: bool = False) -> None:
    """Raises BadData unless there is such a file (or folder), with the nearest name beside it."""
    kind = "folder" if folder else "file"
    if path.is_dir() if folder else path.is_file():
        return
    if path.exists():
        found = f"this is a {'file' if folder else 'folder'}"
        raise BadData(path, found, f"a {kind}", f"give the path of a {kind}")
    beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    raise BadData(path, f"there is no such {kind}.{did_you_mean(path.name, beside)}", f"a {kind}", "check the path")


def check_content(path: Path) -> None:
    """Raises BadData where the first bytes of the file contradict its suffix, or where it is empty."""
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise BadData(path, "the file is empty", "a header line and rows of data", "check how it was made or copied")
    found = next((name for magic, name in _BEGINNINGS.items() if start.startswith(magic)), "text")
    expected = {".parquet": "Parquet", ".gz": "gzip", ".xz": "xz"}.get(path.suffix, "text")
    if found != expected:
        remedy = (
            "save it as UTF-8 (a spreadsheet offers 'CSV UTF-8')"
            if found == "UTF-16 text"
            else f"rename it to what it is, or make a {expected} file of it"
        )
        raise BadData(path, f"the name says {expected}, the content is {found}", f"a file of {expected}", remedy)


def text_of(path: Path) -> bytes:
    """The unpacked bytes of a text file, checked to be UTF-8, without a byte order mark.

    Raises:
        BadData: no such file, empty, damaged, not what its suffix says, or not UTF-8.
    """
    check_exists(path)
    check_content(path)
    raw = _unpack(path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadData(path, "the unpacked text is UTF-16", "text in UTF-8", "save it as UTF-8")
    if not raw.strip():
        raise BadData(path, "the file is empty", "a header line and rows of data", "check how it was made or copied")
    _check_utf8(path, raw)
    return raw.removeprefix(b"\xef\xbb\xbf")


def _unpack(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if path.suffix == ".xz":
            return lzma.decompress(path.read_bytes())
        return path.read_bytes()
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        found = f"the file cannot be unpacked ({error})"
        raise BadData(path, found, f"a whole {PACKED.get(path.suffix, 'readable')} file", "copy it again") from None


def _check_utf8(path: Path, raw: bytes) -> None:
    if raw.isascii():
        return
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadData(
            f"{path}, line {line} (the first line of the file is line 1)",
            f"the byte 0x{raw[error.start]:02x}, which is not UTF-8",
            "text in UTF-8",
            "convert it, for example: iconv -f latin1 -t utf-8 OLD > NEW",
        ) from None
