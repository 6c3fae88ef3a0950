"""Fetching what lies at an address: within seconds, up to a size, and nothing more from a server that is silent."""

import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

SCHEMES = ("http://", "https://")
SECONDS = 4.0  # for every answer of the server
SECONDS_IN_ALL = 12.0  # for a file that comes drop by drop
PIECE = 2**16  # bytes
NOT_THERE = (ConnectionRefusedError, TimeoutError, socket.gaierror)
FAILURES = 3  # of another kind, after which a server is not asked again
KEPT = "/%:@!$&'()*+,;=~"  # of an address, besides letters and digits


def quoted(address: str) -> str:
    """An address as people write it, as HTTP takes it; what is quoted already stays.

    >>> quoted("http://tüv.example/red chair/stühle%20.png?größe=1#top")
    'http://xn--tv-xka.example/red%20chair/st%C3%BChle%20.png?gr%C3%B6%C3%9Fe=1'
    """
    parts = urlsplit(address)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return urlunsplit((parts.scheme, host, quote(parts.path, KEPT), quote(parts.query, f"{KEPT}?"), ""))


class NotFetched(NamedTuple):
    """Why, in words that follow the address."""

    reason: str


class Fetcher:
    """Fetches; several threads may share it.

    largest: bytes; what is larger is not fetched
    """

    def __init__(self, largest: int):
        self._largest = largest
        self._silent: set[str] = set()
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()
        self._opener = urllib.request.OpenerDirector()
        for handler in (  # those of http alone: a redirection must not lead to a file of this machine
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPRedirectHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.UnknownHandler(),
        ):
            self._opener.add_handler(handler)

    def fetch(self, address: str) -> bytes | NotFetched:
        """The bytes, or the reason why there are none; a server that is not there is not asked again."""
        host = address.strip().partition("://")[2].partition("/")[0]
        if host in self._silent:
            return NotFetched(f"{host} does not answer")
        try:
            return self._read(quoted(address.strip()))
        except urllib.error.HTTPError as error:
            error.close()
            return NotFetched(f"the server says {error.code} {error.reason}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, OSError):
                with self._lock:
                    self._failures[host] = self._failures.get(host, 0) + 1
                    if isinstance(reason, NOT_THERE) or self._failures[host] >= FAILURES:
                        self._silent.add(host)
                return NotFetched(f"{host} does not answer ({reason})")
            return NotFetched(f"it cannot be fetched ({reason})")

    def _read(self, address: str) -> bytes | NotFetched:
        until = time.monotonic() + SECONDS_IN_ALL
        request = urllib.request.Request(address, headers={"User-Agent": "sessionrl", "Accept": "image/*"})
        with self._opener.open(request, timeout=SECONDS) as answer:
            content = bytearray()
            while piece := answer.read1(PIECE):
                content += piece
                if len(content) > self._largest:
                    return NotFetched(f"it has more than {self._largest // 2**20} MB")
                if time.monotonic() > until:
                    return NotFetched(f"it did not come within {SECONDS_IN_ALL:g} seconds")
            return bytes(content)
