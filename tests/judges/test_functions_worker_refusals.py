"""Apps that Microsoft's worker code must refuse: they show that the judge of function_app.py can say no."""

from pathlib import Path

import pytest

from tests.judges.running_worker import RunningWorker

HEAD = """
import typing
import azure.functions as func
app = func.FunctionApp()

@app.queue_trigger(arg_name="message", queue_name="in", connection="AzureWebJobsStorage")
"""
OUTPUT = """
@app.queue_output(arg_name="out", queue_name="out", connection="AzureWebJobsStorage")
def control(message: func.QueueMessage, out: func.Out[{annotation}]) -> None:
    out.set(["one", "two"])
"""
CALL = {"function": "control", "argument": "message", "text": "{}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def test_an_app_that_needs_a_setting_at_import_is_refused(worker: RunningWorker, folder: Path) -> None:
    (folder / "function_app.py").write_text("import os\nos.environ['DATAVERSE_URL']\n")
    report = worker.run(app=folder, settings={"DATAVERSE_URL": "https://klint.example"})
    assert report.refused is not None
    assert "DATAVERSE_URL" in report.refused


def test_an_output_of_list_of_str_is_refused(worker: RunningWorker, folder: Path) -> None:
    (folder / "function_app.py").write_text(HEAD + OUTPUT.format(annotation="list[str]"))
    report = worker.run(app=folder)
    assert report.refused is not None
    assert "control" in report.refused
    assert "out" in report.refused


def test_an_output_of_typing_list_is_not(worker: RunningWorker, folder: Path) -> None:
    (folder / "function_app.py").write_text(HEAD + OUTPUT.format(annotation="typing.List[str]"))
    report = worker.run(CALL, app=folder)
    assert report.refused is None
    assert report.answers == [{"ok": True, "status": None, "error": None}]


def test_a_queue_function_that_returns_a_value_fails_when_it_is_called(worker: RunningWorker, folder: Path) -> None:
    (folder / "function_app.py").write_text(
        HEAD + "def control(message: func.QueueMessage) -> str:\n    return 'done'\n"
    )
    report = worker.run(CALL, app=folder)
    assert set(report.functions) == {"control"}
    (answer,) = report.answers
    assert not answer["ok"]
    assert "without a $return binding" in answer["error"]
