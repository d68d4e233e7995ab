"""What PostgreSQL says is passed on in one line, without the statement of ours that it stumbled over."""

from __future__ import annotations

from psycopg import errors

from exporter.archive.warm.postgres_errors import told


def test_the_words_of_the_server_stand_in_one_line_without_our_statement() -> None:
    words = 'relation "infranaut.rows" does not exist'
    said = f"{words}\nLINE 1: SELECT 1 FROM infranaut.rows\n                      ^\nHINT:  look  again"
    message = str(told(errors.UndefinedTable(said), "db:5432/archive"))
    assert f"db:5432/archive: {words} HINT: look again" in message
    assert "SELECT" not in message
    assert "\n" not in message
