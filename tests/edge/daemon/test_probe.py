"""`edge mqtt-test` and `edge support-dump` with a real mosquitto: each fault named by its stage, no secret shown."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.config import MqttConfig, TlsConfig
from edge.daemon.probe import STAGES, Stage, probe
from tests.authority import Authority
from tests.mosquitto import Broker

Until = Callable[..., None]


def failed(stages: list[Stage]) -> tuple[str, str]:
    """The one stage that failed, which must be the last, and its sentence."""
    assert [stage.ok for stage in stages] == [True] * (len(stages) - 1) + [False]
    assert [stage.name for stage in stages] == list(STAGES[: len(stages)])
    return stages[-1].name, stages[-1].detail


def cli(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def written(tmp_path: Path, mqtt: MqttConfig, more: str = "") -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(
        f'node = "shed"\nstate_dir = "{tmp_path / "state"}"\n{more}\n[mqtt]\nhost = "{mqtt.host}"\nport = {mqtt.port}\n'
        f'credentials_file = "{mqtt.credentials_file}"\n'
    )
    return path


def test_all_stages_pass_beside_a_daemon_of_the_same_node(broker: Broker, tmp_path: Path) -> None:
    broker.start()
    done = cli("mqtt-test", "--config", written(tmp_path, broker.config()), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["stage"], row["ok"]) for row in rows] == [(name, True) for name in STAGES]
    assert rows[3]["detail"] == "MQTTv5 as shed"
    assert "right" not in done.stdout.replace("rights", "")


def test_each_fault_is_named_by_its_stage(broker: Broker) -> None:
    good = broker.config()
    assert failed(list(probe(replace(good, host="no-such-host.invalid"), "shed")))[0] == "dns"
    name, detail = failed(list(probe(good, "shed")))
    assert (name, "refused" in detail) == ("tcp", True)
    broker.start()
    name, detail = failed(list(probe(broker.config("shed", "wrong"), "shed")))
    assert (name, "Not authorized" in detail) == ("connect", True)
    broker.config("shed", "right")
    name, detail = failed(list(probe(broker.config("barn", "other"), "shed")))
    assert (name, "permission to publish on tympan/shed/response/test wanted" in detail) == ("acl", True)


def test_a_port_that_says_nothing_is_a_connect_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.daemon.session.CONNACK_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name, detail = failed(list(probe(MqttConfig("127.0.0.1", silent.getsockname()[1]), "shed")))
    assert (name, "Got none" in detail) == ("connect", True)


def test_tls_says_whose_certificate_and_until_when(broker: Broker, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    cert, key = authority.issue("server")
    with (broker.folder / "tympan.conf").open("a") as conf:
        conf.write(f"cafile {authority.ca}\ncertfile {cert}\nkeyfile {key}\n")
    broker.start()
    secure = replace(broker.config(), tls=TlsConfig(ca=authority.ca))
    stages = list(probe(secure, "shed"))
    assert all(stage.ok for stage in stages)
    assert "only 1 days left" in stages[2].detail
    name, detail = failed(list(probe(replace(secure, tls=TlsConfig(ca=other.ca)), "shed")))
    assert (name, "certificate verify failed" in detail) == ("tls", True)


def test_an_expired_certificate_is_named(broker: Broker, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    cert, key = authority.issue("server", days=0)
    time.sleep(1.1)
    with (broker.folder / "tympan.conf").open("a") as conf:
        conf.write(f"cafile {authority.ca}\ncertfile {cert}\nkeyfile {key}\n")
    broker.start()
    name, detail = failed(list(probe(replace(broker.config(), tls=TlsConfig(ca=authority.ca)), "shed")))
    assert (name, "certificate has expired" in detail) == ("tls", True)


def test_a_support_dump_has_no_secrets(broker: Broker, tmp_path: Path) -> None:
    secret = "s3cr3t-horse"
    config = written(tmp_path, broker.config("shed", secret), 'bundle = "/nowhere"')
    done = cli("support-dump", "--config", config)
    assert done.returncode == 0, done.stderr
    assert secret not in done.stdout
    assert str(broker.config("shed", secret).credentials_file) not in done.stdout
    dump = json.loads(done.stdout)
    assert dump["config"]["mqtt"]["credentials_readable"] is True
    assert dump["config"]["events"]["rule"]["k"] == 3
    assert "Got" in dump["bundle"]["error"]
    assert dump["outbox"] == {"error": "no such file"}
    assert dump["packages"]["paho-mqtt"]

    broken = tmp_path / "broken.toml"
    broken.write_text("[mqtt]\nprot = 1\n")
    dump = json.loads(cli("support-dump", "--config", broken).stdout)
    assert dump["config_error"] == "broken.toml: a known key wanted. Got mqtt.prot instead."
