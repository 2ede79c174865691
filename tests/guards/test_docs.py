"""What the documentation says is what the product does."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from admin.__main__ import app
from scoring.operators import OPERATORS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_worked_example_of_the_models_page_runs_and_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "klint.yaml").write_text(blocks(MODELS, "yaml")[0], encoding="utf-8")
    echo, run, *output = blocks(MODELS, "console")[0].splitlines()
    words = shlex.split(echo.removeprefix("$ "))
    (tmp_path / words[-1]).write_text(words[1], encoding="utf-8")
    result = CliRunner().invoke(app, shlex.split(run.removeprefix("$ leadgate ")))
    assert (result.exit_code, result.stdout.splitlines()) == (0, output)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_one(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "console"):
        for line in block.splitlines():
            if line.startswith(("leadgate ", "$ leadgate ")):
                check_command(shlex.split(line.removeprefix("$ "), comments=True)[1:])


def check_command(words: list[str]) -> None:
    command = get_command(app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    for word in words:
        assert not word.startswith("--") or word in options, word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_command_is_in_the_documentation() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        for sub in getattr(command, "commands", {"": command}):
            assert f"leadgate {name} {sub}".strip() in text or f"{sub} | " in text, f"{name} {sub}"


def test_every_example_of_the_help_is_a_command() -> None:
    for command in get_command(app).commands.values():  # type: ignore[attr-defined]
        for each in getattr(command, "commands", {"": command}).values():
            assert each.epilog.startswith("Example: leadgate "), each.name
            check_command(shlex.split(each.epilog.removeprefix("Example: "))[1:])


def test_the_models_page_names_every_operator() -> None:
    for name in OPERATORS:
        assert f"`{name}`" in MODELS, name
