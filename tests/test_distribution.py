import subprocess
import sys
import zipfile
from pathlib import Path

from exporter.cli.ownership import PACKAGES

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_exactly_the_five_packages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, ROOT], check=True, timeout=120)
    (wheel,) = tmp_path.glob("infranaut-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top_level = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert top_level == set(PACKAGES)
    assert [name for name in names if name.endswith("/licenses/LICENSE")], "the wheel carries no licence"
