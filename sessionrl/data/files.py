"""Opening files: found, unpacked, in UTF-8, and what their suffix says."""

import gzip
import lzma
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from sessionrl.errors import BadData, did_you_mean

PACKED = {".gz": "gzip", ".xz": "xz"}
PIECE_BYTES = 1 << 24  # of text at a time: a few hundred thousand rows
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


def text_pieces(path: Path) -> Iterator[bytes]:
    """The unpacked text in pieces of whole lines, `PIECE_BYTES` or a line more, without a byte order mark.

    Raises:
        BadData: no such file, empty, damaged, not what its suffix says, or not UTF-8.
    """
    check_exists(path)
    check_content(path)
    line = 1
    with _unpacked(path) as stream:
        piece = stream.read(PIECE_BYTES) + stream.readline()
        if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise BadData(path, "the unpacked text is UTF-16", "text in UTF-8", "save it as UTF-8")
        if not piece.strip():
            expected = "a header line and rows of data"
            raise BadData(path, "the file is empty", expected, "check how it was made or copied")
        while piece:
            _check_utf8(path, piece, line)
            yield piece.removeprefix(b"\xef\xbb\xbf") if line == 1 else piece
            line += piece.count(b"\n")
            piece = stream.read(PIECE_BYTES) + stream.readline()


def text_of(path: Path) -> bytes:
    """All pieces of the text; raises as `text_pieces` does."""
    return b"".join(text_pieces(path))


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    try:
        with _open(path) as stream:
            yield stream
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        found = f"the file cannot be unpacked ({error})"
        raise BadData(path, found, f"a whole {PACKED.get(path.suffix, 'readable')} file", "copy it again") from None


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path))
    if path.suffix == ".xz":
        return lzma.open(path)
    return path.open("rb")


def _check_utf8(path: Path, piece: bytes, first_line: int) -> None:
    if piece.isascii():
        return
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + piece.count(b"\n", 0, error.start)
        raise BadData(
            f"{path}, line {line} (the first line of the file is line 1)",
            f"the byte 0x{piece[error.start]:02x}, which is not UTF-8",
            "text in UTF-8",
            "convert it, for example: iconv -f latin1 -t utf-8 OLD > NEW",
        ) from None
