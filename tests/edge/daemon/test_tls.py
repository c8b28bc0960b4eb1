"""TLS to a real mosquitto: a broker that proves itself, one that does not, and a client certificate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import MqttConfig, TlsConfig
from edge.daemon.message import Topics
from edge.daemon.outbox import Outbox
from edge.daemon.publish import Publisher
from tests.authority import Authority
from tests.mosquitto import Broker

Until = Callable[..., None]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def secure(broker: Broker, authority: Authority) -> MqttConfig:
    """The broker's only listener speaks TLS and wants a certificate of the client, too."""
    cert, key = authority.issue("server")
    with (broker.folder / "tympan.conf").open("a") as conf:
        conf.write(f"cafile {authority.ca}\ncertfile {cert}\nkeyfile {key}\nrequire_certificate true\n")
    broker.start()
    client_cert, client_key = authority.issue("client")
    return replace(broker.config(), tls=TlsConfig(ca=authority.ca, cert=client_cert, key=client_key))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[MqttConfig], Publisher]]:
    outbox = Outbox(tmp_path / "outbox.sqlite", max_bytes=1000)
    running: list[tuple[Publisher, threading.Thread]] = []

    def begin(config: MqttConfig) -> Publisher:
        publisher = Publisher(config, Topics("tympan", "shed"), outbox, live_messages=4)
        thread = threading.Thread(target=publisher.run, daemon=True)
        thread.start()
        running.append((publisher, thread))
        return publisher

    yield begin
    for publisher, thread in running:
        publisher.stop()
        thread.join(30)
        publisher.close()
    outbox.close()


def test_with_the_right_authority_and_a_client_certificate_it_connects(
    secure: MqttConfig, start: Callable[[MqttConfig], Publisher], until: Until
) -> None:
    until(start(secure).connected.is_set, "connection")


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_of_another_authority_is_not_spoken_to(
    secure: MqttConfig,
    start: Callable[[MqttConfig], Publisher],
    until: Until,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Authority(tmp_path / "other")
    publisher = start(replace(secure, tls=TlsConfig(ca=other.ca)))
    until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, "the refusal")
    assert not publisher.connected.is_set()


def test_without_its_own_certificate_it_is_not_let_in(
    secure: MqttConfig, start: Callable[[MqttConfig], Publisher], until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    assert secure.tls is not None
    publisher = start(replace(secure, tls=TlsConfig(ca=secure.tls.ca)))
    until(lambda: "trying again" in caplog.text, "the refusal")
    assert not publisher.connected.is_set()
