"""Session-based recommendation with reinforcement learning.

The names below are imported when they are first used, so that ``import sessionrl`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Experiment", "Preparation", "Prepared", "Recommender", "prepare", "write_report"]

if TYPE_CHECKING:
    from sessionrl.data.prepare import Preparation, Prepared, prepare
    from sessionrl.experiment import Experiment
    from sessionrl.recommender import Recommender
    from sessionrl.reporting.report import write_report

_HOMES = {
    "Experiment": "sessionrl.experiment",
    "Preparation": "sessionrl.data.prepare",
    "Prepared": "sessionrl.data.prepare",
    "Recommender": "sessionrl.recommender",
    "prepare": "sessionrl.data.prepare",
    "write_report": "sessionrl.reporting.report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sessionrl' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
