"""Where the tiers are and how they are used, as a person writes it under `archive:` in the exporter's settings."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from exporter.archive.address import ColdAddress, HotAddress, WarmAddress
from exporter.monitor.size import ByteSize, ByteSizeField

_OPTIONS: dict[str, str] = {}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def _refuse_both(self, key: str) -> None:
        """An address stands here, or in a file, not in both."""
        if getattr(self, key) is not None and getattr(self, f"{key}_file") is not None:
            raise ValueError(f"{key} and {key}_file: both are there; write one of them")


class SpoolSection(_Section):
    """The write-ahead log on this machine's disk, in the folder `spool` of the state."""

    limit: ByteSizeField = ByteSize("4GiB")
    """Beyond it senders are told to wait (503), until what is there has landed."""
    file: ByteSizeField = ByteSize("64MiB")
    """The size of one file, taken from the disk before it is written to."""

    @model_validator(mode="after")
    def _has_room_for_two_files(self) -> Self:
        if self.limit.bytes < 2 * self.file.bytes:
            raise ValueError(f"limit: {self.limit} is less than two files of {self.file}; raise it, or lower file")
        return self


class HotSection(_Section):
    """Recent predictions by id, for labels that come to another replica."""

    url: HotAddress | None = Field(None, repr=False)
    """`redis://HOST:PORT/DATABASE`, or rediss:// for TLS; in this exporter's memory where absent."""
    url_file: str | None = None
    """A file that holds the address, where it has a password in it."""
    shared_duplicates: bool = False
    """An id that another exporter has taken is a duplicate too; for it the ids of each body are looked up there."""

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        self._refuse_both("url")
        if self.shared_duplicates and not (self.url or self.url_file):
            raise ValueError("shared_duplicates: there is no url; the memory of one exporter is shared with nobody")
        return self


class WarmSection(_Section):
    """The last weeks, in a database."""

    url: WarmAddress | None = Field(None, repr=False)
    """`postgresql://USER@HOST/DATABASE`; a file in the state folder where absent."""
    url_file: str | None = None
    """A file that holds the address, where it has a password in it."""
    replica: WarmAddress | None = Field(None, repr=False)
    """A second address for queries: a standby of the same database."""
    replica_file: str | None = None
    """A file that holds it."""

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        self._refuse_both("url")
        self._refuse_both("replica")
        if (self.replica or self.replica_file) and not (self.url or self.url_file):
            raise ValueError("replica: there is no url; a file in the state folder has no standby")
        return self


class ColdSection(_Section):
    """The last years, as Parquet files."""

    enabled: bool = True
    """Without it rows are gone once their time in the warm tier is over."""
    url: ColdAddress | None = Field(None, repr=False)
    """`s3://BUCKET/PREFIX`, `gs://…`, `az://…` or a folder; the folder `cold` of the state where absent."""
    options: dict[str, str] = Field(_OPTIONS, repr=False)
    """Passed to the client: `endpoint`, `region`, `allow_http`, …; credentials come from the environment."""
    storage_class: str | None = None
    """S3: STANDARD_IA, GLACIER_IR, …"""
    encryption: Literal["none", "aes256", "kms"] = "none"
    """Server-side encryption."""
    kms_key: str | None = None
    """The key for `kms`."""
    object_lock: Literal["none", "governance", "compliance"] = "none"
    """S3: nobody can delete a file before its retention is over."""
    column_keys: str | None = None
    """A file of master keys: columns are encrypted within the files, with a key for each monitor and month."""
    file_rows: int = Field(500_000, ge=1)
    """The most rows in one file; a million take most of a gigabyte of memory while they are written."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.encryption == "kms") != (self.kms_key is not None):
            raise ValueError("encryption: kms and kms_key go together; write both or none of them")
        return self


class ArchiveConfiguration(_Section):
    """What is kept of every prediction and label, and when a sender is told that it is."""

    ack: Literal["spool", "sink", "none"] = "spool"
    """When a 202 is sent: once the rows are flushed to this machine's disk; once the warm tier has them; or, none: at
    once, and nothing is archived."""
    pseudonym_key: str | None = None
    """A file with the key that `privacy.pseudonymise` hashes with, the same for all replicas; the file `pseudonym-key`
    of the state, made at the first start, where absent."""
    spool: SpoolSection = SpoolSection()
    hot: HotSection = HotSection()
    warm: WarmSection = WarmSection()
    cold: ColdSection = ColdSection()

    @model_validator(mode="after")
    def _lands_what_is_shared(self) -> Self:
        if self.hot.shared_duplicates and self.ack != "spool":
            raise ValueError(
                "hot.shared_duplicates: ids are shared as the spool lands; use ack: spool, or leave it out"
            )
        return self
