from pathlib import Path

import pytest

from exporter.cli.ownership import require_own_packages
from exporter.errors import InvalidSettings


def a_distribution(folder: Path, name: str, *files: str) -> None:
    metadata = folder / f"{name}.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text("".join(f"{file},sha256=abc,1\n" for file in files))


@pytest.mark.parametrize("package", ["exporter", "collectors", "rules", "dashboards", "alertmanager"])
def test_a_package_that_another_distribution_owns_is_refused_by_name(tmp_path: Path, package: str) -> None:
    a_distribution(tmp_path, "harmless-1.0", "harmless/__init__.py")
    a_distribution(tmp_path, "stranger-2.1", "stranger/__init__.py", f"{package}/__init__.py")
    with pytest.raises(InvalidSettings, match=rf"'{package}' in {tmp_path} belongs to stranger-2\.1"):
        require_own_packages([str(tmp_path)])


def test_a_package_in_the_first_line_of_the_list_is_seen(tmp_path: Path) -> None:
    a_distribution(tmp_path, "stranger-2.1", "rules/__init__.py")
    with pytest.raises(InvalidSettings, match="an environment of its own"):
        require_own_packages([str(tmp_path)])


def test_infranaut_itself_may_own_them(tmp_path: Path) -> None:
    a_distribution(tmp_path, "infranaut-0.1.0", "exporter/__init__.py", "rules/__init__.py")
    require_own_packages([str(tmp_path)])


def test_a_folder_of_that_name_inside_another_package_is_no_owner(tmp_path: Path) -> None:
    a_distribution(tmp_path, "stranger-2.1", "stranger/rules/__init__.py", "rules_of_others/__init__.py")
    require_own_packages([str(tmp_path)])


def test_folders_that_do_not_exist_and_distributions_without_a_list_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "stranger-2.1.dist-info").mkdir()
    require_own_packages([str(tmp_path), str(tmp_path / "absent"), ""])


def test_the_environment_of_the_tests_is_accepted() -> None:
    require_own_packages()
