"""What all tests share: one thread, where the real logs are, and that continuous integration never skips them."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports torch: on tiny tensors a pool of threads is fifteen times slower on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("house", deadline=None)
if not os.environ.get("CI"):  # hypothesis has its own profile there: no deadline, and the same examples every time
    settings.load_profile("house")

VARIABLE = "SESSIONRL_DATA"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `data` needs the real logs: skipped without them on a desk, failed in continuous integration."""
    if item.get_closest_marker("data") is None and "shop_data" not in getattr(item, "fixturenames", ()):
        return
    named = os.environ.get(VARIABLE)
    if named and Path(named).is_dir():
        return
    reason = f"{VARIABLE} = {named!r} is no directory" if named else f"{VARIABLE} is not set"
    reason += f"; this test reads real event logs: export {VARIABLE}=/path/to/the/logs"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shop_data() -> Path:
    """The directory with the real logs."""
    return Path(os.environ[VARIABLE])
