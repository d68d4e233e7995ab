import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli.ownership import PACKAGES

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / ".importlinter"
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def a_copy_with(folder: Path, planted_in: str, statement: str) -> Path:
    """The five packages in another folder, with one import added to the module `planted_in`."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONTRACT, folder)
    with (folder / planted_in).open("a") as module:
        module.write(f"\n{statement}\n")
    return folder


@pytest.mark.parametrize(
    ("planted_in", "statement", "broken"),
    [
        ("exporter/catalog.py", "import exporter.settings", "imports point down only"),
        ("collectors/source.py", "import exporter.errors", "imports point down only"),
        ("rules/links.py", "import exporter.batch", "generators read the catalogue and the monitor"),
        ("collectors/source.py", "import collectors.file", "adapters never import each other"),
    ],
)
def test_a_planted_import_breaks_the_contract(tmp_path: Path, planted_in: str, statement: str, broken: str) -> None:
    copy = a_copy_with(tmp_path, planted_in, statement)
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    told = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert re.search(rf"{broken}.* BROKEN", told.stdout)


def test_every_part_of_the_exporter_has_its_layer() -> None:
    contract = configparser.ConfigParser()
    contract.read(CONTRACT)
    placed = set(re.findall(r"exporter\.(\w+)", contract["importlinter:contract:layers"]["layers"]))
    parts = {path.stem for path in (ROOT / "exporter").iterdir() if path.is_dir() or path.suffix == ".py"}
    assert parts - {"__init__", "__pycache__"} <= placed
