"""A server for every test here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.trainer.fetch.server import Site, serve


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as running:
        yield running
