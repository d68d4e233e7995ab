"""The pictures of the documentation: each is shown somewhere, can be made again, and is small."""

from __future__ import annotations

from tests.pictures.__main__ import FOLDER, LARGEST_BYTES, SHOTS
from tests.support.documentation import PAGES


def test_every_picture_is_one_that_can_be_made_again() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == {shot.file for shot in SHOTS}


def test_every_picture_is_shown_on_a_page() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    for shot in SHOTS:
        assert f"pictures/{shot.file}.png)" in pages


def test_every_picture_is_a_small_png() -> None:
    for path in FOLDER.glob("*"):
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size <= LARGEST_BYTES, path.name
