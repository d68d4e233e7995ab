"""Addresses are shown without the passwords in them, wherever they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.archive.address import check_cold_address, check_warm_address, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql://user:secret@host/archive", "postgresql://user:***@host/archive"),
        ("postgresql://user:se/cr@et@host/archive", "postgresql://user:***@host/archive"),
        ("postgresql://user@host:5432/archive", "postgresql://user@host:5432/archive"),
        (
            "postgresql://host/archive?password=secret&sslmode=require",
            "postgresql://host/archive?password=***&sslmode=require",
        ),
        ("connection failed: host=db password='se cret' user=me", "connection failed: host=db password=*** user=me"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("see http://127.0.0.1:8750/ for more", "see http://127.0.0.1:8750/ for more"),
    ],
)
def test_passwords_are_masked_and_nothing_else_is(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=1))
def test_no_password_is_shown_whatever_is_in_it(password: str) -> None:
    shown = masked(f"cannot reach postgresql://monitor:{password}@db.example/archive now")
    assert shown == "cannot reach postgresql://monitor:***@db.example/archive now"


def test_what_can_be_used_is_given_back() -> None:
    assert check_warm_address("postgres:///archive?host=/run/postgresql").startswith("postgres:///archive")
    for url in ("s3://bucket", "gs://bucket/prefix", "az://container", "file:///srv/cold", "/srv/cold", "cold"):
        assert check_cold_address(url) == url
