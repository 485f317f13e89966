"""Contents the report tests share, built once."""

import pytest
from report_examples import HOSTILE, build


@pytest.fixture(scope="session")
def content():
    return build(["dos", "probe", "r2l", "u2r"], "plain words")


@pytest.fixture(scope="session")
def hostile():
    return build(list(HOSTILE), " ".join(HOSTILE))
