import os
from pathlib import Path

import pytest


@pytest.fixture
def shared_data():
    """Folder of the real data sets; the test is skipped where it is absent."""
    folder = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (folder / "adbench").exists():
        pytest.skip("the data sets are absent")
    return folder
