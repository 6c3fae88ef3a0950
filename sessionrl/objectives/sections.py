"""Sections of parts inside the section of an objective: a registered name and its options."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from sessionrl import registry


def built(kind: str, section: Mapping[str, Any]) -> Any:
    """The part of a section, the same one for equal sections: an objective needs it at every step."""
    return _built(kind, json.dumps(section, sort_keys=True))


@functools.cache
def _built(kind: str, section: str) -> Any:
    return registry.build(kind, json.loads(section))
