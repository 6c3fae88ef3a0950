"""One prepared toy shop for all tests of the area."""

import pytest
import toy_shop


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """The toy shop, prepared; nobody writes into it."""
    return toy_shop.prepare_log(tmp_path_factory.mktemp("toy shop"))
