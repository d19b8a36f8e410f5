"""The command line: every command is there, loads only what it needs, and fails with one clear message."""

import importlib
import subprocess
import sys

import pytest

from labkit import cli


@pytest.mark.parametrize("module", cli._MODULES)
def test_every_command_of_a_module_is_listed_with_it(module: str) -> None:
    parser = cli.argparse.ArgumentParser()
    commands = parser.add_subparsers()
    importlib.import_module(f"labkit.cli.{module}").add_commands(commands)
    assert sorted(commands.choices) == sorted(cli._MODULES[module])


def test_help_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert all(word in said for words in cli._MODULES.values() for word in words)


def test_an_unknown_command_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["ladders"])
    assert caught.value.code == 2
    assert "invalid choice: 'ladders'" in capsys.readouterr().err


def test_a_missing_capture_is_one_message(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert cli.main(["ladder", f"{tmp_path}/none.pcap"]) == 1
    assert capsys.readouterr().err.startswith("labkit: ")


def test_tables_of_a_capture_need_neither_pandas_nor_a_lab() -> None:
    script = (
        "import sys; from labkit import cli; cli.main(['messages', '/nowhere.pcap']);"
        "print(sorted({'pandas', 'matplotlib', 'labkit.lab.lab', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
