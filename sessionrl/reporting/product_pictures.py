"""Pictures of products from where the shop has them -> small ones that stand inside the page.

A source is the path of a file, an address (http, https), a data URI, the text of an SVG, or the bytes of any of these
files. Pictures of pixels become WebP of at most `SIDE` pixels a side; an SVG stays as it is, if nothing in it can run:
as the `src` of an `<img>` it could not, but Markdown has it as a file, which may be opened.
"""

import base64
import binascii
import codecs
import io
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeGuard
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from sessionrl.data.schema import short
from sessionrl.errors import MissingExtra
from sessionrl.reporting.fetching import SCHEMES, Fetcher, NotFetched

SIDE = 160  # pixels: a page shows 96, and a sharp screen has more pixels than it says
QUALITY = 70  # of WebP: a few KB a picture
LARGEST_FILE = 32 * 2**20  # bytes
LARGEST_SVG = 16 * 2**10  # bytes: it is not reduced
LONGEST_SHOWN = 200  # letters of a path or an address in a message
AT_ONCE = 16  # addresses
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # no EPS, which would run a program
SVG_ROOT = "{http://www.w3.org/2000/svg}svg"
RUNNING = ("script", "foreignObject", "iframe", "handler", "listener")


class Shown(NamedTuple):
    """uri: a data URI, empty where the picture cannot be shown; problem: then, where it should be and why not."""

    uri: str
    problem: str = ""


class _NotShown(Exception):
    """What is wrong with a picture, in words that follow its name."""


def show(sources: Sequence[object]) -> list[Shown]:
    """One answer per source; addresses are fetched side by side.

    Raises:
        MissingExtra: Pillow is not installed.
    """
    fetcher = Fetcher(LARGEST_FILE)
    addresses = list(dict.fromkeys(source for source in sources if _is_address(source)))
    found: dict[str, Shown] = {}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for first in range(0, len(addresses), AT_ONCE):  # reduced before more are fetched, so that few are kept whole
            batch = addresses[first : first + AT_ONCE]
            contents = threads.map(fetcher.fetch, batch)
            found |= {address: _shown(address, content) for address, content in zip(batch, contents, strict=True)}
    return [found[source] if _is_address(source) else _shown(source) for source in sources]


def data_uri(kind: str, content: bytes) -> str:
    """``data:image/svg+xml;base64,…``: of letters that need no escaping anywhere."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _is_address(source: object) -> TypeGuard[str]:
    return isinstance(source, str) and source.strip().lower().startswith(SCHEMES)


def _shown(source: object, fetched: bytes | NotFetched | None = None) -> Shown:
    try:
        if isinstance(fetched, NotFetched):
            raise _NotShown(fetched.reason)
        return Shown(_reduced(_content(source) if fetched is None else fetched))
    except _NotShown as problem:
        return Shown("", f"{_where(source)}: {problem}")


def _where(source: object) -> str:
    """What is said of a source in a message."""
    if not isinstance(source, str):
        return "inside the table"
    text = source.strip()
    if text.lower().startswith(("data:", "<")):
        return "inside the table"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _content(source: object) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, str):
        raise _NotShown(f"this is {type(source).__name__}, and a picture is a path, an address, SVG text or bytes")
    text = source.removeprefix("\ufeff").strip()
    if text.startswith("<"):
        return text.encode()
    if text.lower().startswith("data:"):
        return _of_data_uri(text)
    return _of_file(Path(unquote(urlsplit(text).path)) if text.lower().startswith("file://") else Path(text))


def _of_data_uri(text: str) -> bytes:
    header, comma, content = text.partition(",")
    if not comma:
        raise _NotShown("this data URI has no comma")
    try:
        return base64.b64decode(unquote(content)) if header.endswith(";base64") else unquote_to_bytes(content)
    except (binascii.Error, ValueError):
        raise _NotShown("this data URI is damaged") from None


def _of_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _NotShown("there is no such file" if not path.exists() else "this is no file")
        if path.stat().st_size > LARGEST_FILE:
            raise _NotShown(f"it has more than {LARGEST_FILE // 2**20} MB")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # no permission; a name that no file can have
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _NotShown(f"it cannot be read ({reason})") from None


def _reduced(content: bytes) -> str:
    if not content:
        raise _NotShown("it is empty")
    text = content.removeprefix(codecs.BOM_UTF8).strip()
    if text.startswith(b"<"):
        return data_uri("image/svg+xml", _checked_svg(text))
    return data_uri("image/webp", _thumbnail(content))


def _checked_svg(content: bytes) -> bytes:
    if len(content) > LARGEST_SVG:
        raise _NotShown(f"it is an SVG of {len(content):,} bytes, and at most {LARGEST_SVG:,} are shown")
    try:
        if "<!ENTITY" in content.decode():
            raise _NotShown("it is an SVG with entities, which may be endless")
        root = ET.fromstring(content)
    except UnicodeDecodeError:
        raise _NotShown("it is an SVG that is not UTF-8") from None
    except (ET.ParseError, ValueError, LookupError) as error:
        raise _NotShown(f"it is no well-formed SVG ({error})") from None
    if root.tag != SVG_ROOT:
        raise _NotShown("it is no SVG but a page or another document")
    if any(map(_runs, root.iter())):
        raise _NotShown("it is an SVG in which something would run")
    return content


def _runs(element: ET.Element) -> bool:
    """A script, a page within, or an attribute that is one."""
    names = [name.rpartition("}")[2].lower() for name in element.attrib]
    return (
        str(element.tag).rpartition("}")[2] in RUNNING
        or any(name.startswith("on") for name in names)
        or any("script:" in value.lower().replace(" ", "") for value in element.attrib.values())
    )


def _thumbnail(content: bytes) -> bytes:
    """WebP of the first frame, upright, at most `SIDE` pixels a side."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise MissingExtra("pillow", "report", "Showing pictures of products") from None
    Image.init()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=[one for one in FORMATS if one in Image.OPEN]) as image:
                image.draft("RGB", (2 * SIDE, 2 * SIDE))  # a large JPEG is read small at once
                small = image.convert("RGBA" if image.has_transparency_data else "RGB")
                small.thumbnail((SIDE, SIDE))
                ImageOps.exif_transpose(small).save(buffer, "WEBP", quality=QUALITY)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _NotShown(f"it has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels") from None
        except UnidentifiedImageError:
            raise _NotShown("it is no picture of a known kind (JPEG, PNG, WebP, GIF, BMP, TIFF, SVG)") from None
        except Exception as error:  # decoders raise whatever they like on a damaged file
            raise _NotShown(f"the picture is damaged ({short(error)})") from None
    return buffer.getvalue()
