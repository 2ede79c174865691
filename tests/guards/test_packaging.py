"""What runs in Azure, what is locked, and what people are told."""

import json
import re
import tomllib
from pathlib import Path

from connector import settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = set(
    re.findall(
        r'"([A-Z][A-Z_]{5,}|AzureWebJobsStorage(?:__[A-Za-z]+)?)"', Path(settings.__file__).read_text(encoding="utf-8")
    )
)


def locked(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.setdefault(package, set()).add(version)
    return found


def test_what_runs_in_azure_is_locked_to_the_same_versions_as_what_is_tested() -> None:
    azure, tested = locked("requirements.txt"), locked("requirements-dev.txt")
    assert azure
    assert {name: tested.get(name) for name in azure} == azure


def test_every_locked_package_has_its_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8")):
            if "==" in entry:
                assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_requirements_hold_what_pyproject_names_for_azure_and_not_the_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.split(r"[<>=]", each)[0].lower() for each in project["dependencies"]}
    assert direct <= locked("requirements.txt").keys()
    assert not {"typer", "rich", "pyyaml", "uvicorn", "starlette", "lark", "pytest"} & locked("requirements.txt").keys()


def test_every_setting_is_in_the_example_and_in_the_docs() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    documented = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert len(NAMES) > 10
    for name in NAMES - {"FUNCTIONS_WORKER_RUNTIME"}:
        assert name in example, name
        assert f"`{name}`" in documented, name
    assert set(example) <= NAMES


def test_the_example_holds_no_secret_and_the_real_one_is_ignored_by_git() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    for name in ("AZURE_CLIENT_SECRET", "WEBHOOK_SECRETS", "DATAVERSE_STATIC_TOKEN", "AzureWebJobsStorage"):
        assert example[name].startswith("<")
    assert "local.settings.json" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_the_host_settings_are_those_that_the_design_relies_on() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    queues = host["extensions"]["queues"]
    assert (queues["batchSize"], queues["newBatchThreshold"]) == (4, 0)
    assert (queues["maxPollingInterval"], queues["visibilityTimeout"]) == ("00:00:02", "00:00:30")
    assert "http" not in host["extensions"], "an HTTP throttle answers 429, and Dataverse never repeats after 429"


def test_what_is_not_for_azure_is_left_out_of_the_deployment() -> None:
    ignored = set((ROOT / ".funcignore").read_text(encoding="utf-8").split())
    assert {
        "tests/",
        "emulator/",
        "admin/",
        "docs/",
        "infra/",
        "benchmarks/",
        "mutants/",
        "pyproject.toml",
        "requirements-dev.txt",
    } <= ignored


def test_every_action_of_the_workflow_is_pinned_by_its_commit() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: \S+@(\S+)", workflow)
    assert uses
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in uses)
    assert "permissions:\n  contents: read" in workflow
