from pathlib import Path

import pytest

from tests.judges.running_worker import FUNCTIONS_WORKER, RunningWorker


@pytest.fixture
def worker(tmp_path: Path) -> RunningWorker:
    if not (FUNCTIONS_WORKER / "azure_functions_runtime").is_dir():
        pytest.skip("Microsoft's worker code is not installed: run `make judges`")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return RunningWorker(elsewhere)
