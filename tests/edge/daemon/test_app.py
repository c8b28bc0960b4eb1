"""The daemon as a whole, in this process, with a fake bundle, real files, pipes and a real mosquitto."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edge.bundle import Bundle
from edge.config import EdgeConfig, EventConfig, LabelRule, MqttConfig
from edge.daemon import app
from edge.daemon.broker_voice import BrokerVoice
from edge.daemon.feeds import FileFeed, PcmFeed
from edge.daemon.prints import VerdictPrinter
from edge.daemon.voice import PrintVoice, Voice
from edge.daemon.wire import Origin, Wire
from edge.errors import AudioError, ConfigError
from tests.mosquitto import Broker, Subscriber

RATE_HZ = 1000
Until = Callable[..., None]


@pytest.fixture
def loud_then_soft(tmp_path: Path) -> Path:
    """Two seconds loud, twelve seconds soft, two silent: 16 s, 61 windows of 1 s every 0.25 s."""
    rng = np.random.default_rng(1)
    sound = np.concatenate([rng.uniform(-0.9, 0.9, 2000), rng.uniform(-0.1, 0.1, 12000), np.zeros(2000)])
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    return path


def config(tmp_path: Path, mqtt: MqttConfig | None) -> EdgeConfig:
    return EdgeConfig(node="shed", state_dir=tmp_path / "state", mqtt=mqtt, events=EventConfig(far_per_hour=360))


def run(config: EdgeConfig, bundle: Bundle, *, feed: app.Feed) -> None:
    """Through the broker if the configuration has one, else to standard output."""
    voice: Voice
    if config.mqtt is None:
        wire = Wire(Origin(config.node, "", bundle.name, bundle.id))
        voice = PrintVoice(lambda source: VerdictPrinter(source.slug, wire))
    else:
        voice = BrokerVoice(config, config.mqtt, bundle)
    app.run(config, bundle, voice, feed=feed)


def feed(path: Path) -> app.Feed:
    return app.Feed("mic", FileFeed(path, rate_hz=RATE_HZ, fast=True))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_on_stdout_is_one_object_a_hop(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config(tmp_path, None), bundle, feed=feed(loud_then_soft))
    verdicts = lines(capsys)
    assert [verdict["start_s"] for verdict in verdicts] == [0.25 * i for i in range(61)]
    assert verdicts[0]["label"] == "loud"
    assert verdicts[20]["label"] == "soft"
    assert (verdicts[-1]["label"], verdicts[-1]["reason"], verdicts[-1]["rms_dbfs"]) == (None, "silence", None)


def test_raw_pcm_from_a_pipe(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_fd, write_fd = os.pipe()
    pcm = (np.random.default_rng(1).uniform(-0.9, 0.9, 20_000) * 32767).astype("<i2").tobytes()

    def write() -> None:
        with open(write_fd, "wb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor, not a path
            pipe.writelines(pcm[first : first + 333] for first in range(0, len(pcm), 333))  # samples cut in two

    writer = threading.Thread(target=write)
    writer.start()
    run(
        config(tmp_path, None),
        bundle,
        feed=app.Feed("stdin", PcmFeed(read_fd, pcm_rate_hz=2 * RATE_HZ, rate_hz=RATE_HZ)),
    )
    writer.join()
    os.close(read_fd)
    verdicts = lines(capsys)
    assert 36 <= len(verdicts) <= 37
    assert {verdict["label"] for verdict in verdicts} == {"loud"}


def test_an_empty_pipe_is_an_audio_error(bundle: Bundle, tmp_path: Path) -> None:
    read_fd, write_fd = os.pipe()
    os.close(write_fd)
    with pytest.raises(AudioError, match="Got no bytes"):
        run(
            config(tmp_path, None),
            bundle,
            feed=app.Feed("stdin", PcmFeed(read_fd, pcm_rate_hz=RATE_HZ, rate_hz=RATE_HZ)),
        )
    os.close(read_fd)


def test_everything_of_a_file_reaches_the_broker(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, broker: Broker, subscriber: Subscriber, until: Until
) -> None:
    run(config(tmp_path, broker.config()), bundle, feed=feed(loud_then_soft))
    until(lambda: subscriber.texts("tympan/shed/status") == ["online", "offline"], "offline")

    verdicts = subscriber.values("tympan/shed/mic/verdict")
    assert [verdict["start_s"] for verdict in verdicts] == [0.25 * i for i in range(61)]
    assert {message.qos for message in subscriber.on("tympan/shed/mic/verdict")} == {0}

    events = subscriber.values("tympan/shed/mic/event")
    said = [(event["event_type"], event["label"]) for event in events]
    assert ("detected", "loud") in said
    assert ("detected", "soft") in said
    assert said[-1] == ("ended", "soft")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["id"] for event in events}) == len(events)

    assert subscriber.texts("tympan/shed/mic/availability") == ["online", "offline"]
    assert subscriber.values("tympan/shed/mic/level")[0]["peak_dbfs"] < 0
    states = subscriber.values("tympan/shed/mic/state")
    assert states[-1]["reason"] == "silence"
    assert states[-1]["scores"] == {}
    (info,) = subscriber.values("tympan/shed/info")
    assert info["previous"] is None
    assert info["boot_id"] == events[0]["boot_id"]
    health = subscriber.values("tympan/shed/health")[0]
    assert {"cpu", "rss", "temperature", "rtf_p95", "latency_ms_p95", "lost_ms", "dropped_windows"} <= set(health)
    assert {"outbox", "disk_free", "clock_synced"} <= set(health)
    qos_1 = ("status", "info", "health", "mic/availability", "mic/state", "mic/event")
    for name in qos_1:
        assert {message.qos for message in subscriber.on(f"tympan/shed/{name}")} == {1}, name

    late = broker.subscriber()
    late.start()
    retained = {"tympan/shed/" + name for name in qos_1 if name != "mic/event"}
    until(lambda: {message.topic for message in late.heard} == retained, "the retained topics")
    assert all(message.retain for message in late.heard)
    late.stop()


def test_the_next_run_says_what_the_one_before_sent(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, broker: Broker, subscriber: Subscriber, until: Until
) -> None:
    for _ in range(2):
        run(config(tmp_path, broker.config()), bundle, feed=feed(loud_then_soft))
    until(lambda: len(subscriber.on("tympan/shed/info")) == 2, "two infos")
    first, second = subscriber.values("tympan/shed/info")
    events = [event for event in subscriber.values("tympan/shed/mic/event") if event["boot_id"] == first["boot_id"]]
    assert second["previous"] == {"boot_id": first["boot_id"], "last_seq": events[-1]["seq"]}


def test_without_a_broker_it_goes_on_classifying_and_keeps_the_events(
    bundle: Bundle,
    tmp_path: Path,
    loud_then_soft: Path,
    broker: Broker,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("edge.daemon.broker_voice.FIRST_CONNECT_S", 0.2)
    run(config(tmp_path, broker.config()), bundle, feed=feed(loud_then_soft))
    assert "trying again, events are kept" in caplog.text
    with broker.closed_to_node():
        broker.start()
        subscriber = broker.subscriber()
        subscriber.start()
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(5000), RATE_HZ)
    run(config(tmp_path, broker.config()), bundle, feed=feed(silent))
    until(lambda: subscriber.texts("tympan/shed/status") == ["online", "offline"], "offline")
    history = subscriber.values("tympan/shed/mic/history")
    assert {("detected", "loud"), ("detected", "soft")} <= {(event["event_type"], event["label"]) for event in history}
    assert all(event["replayed"] for event in history)
    subscriber.stop()


def test_the_debug_topic_is_off_by_default_and_says_why_when_it_is_on(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, broker: Broker, subscriber: Subscriber, until: Until
) -> None:
    quiet = config(tmp_path, broker.config())
    run(quiet, bundle, feed=feed(loud_then_soft))
    until(lambda: len(subscriber.on("tympan/shed/status")) == 2, "the first farewell")
    assert not subscriber.on("tympan/shed/mic/debug")
    run(replace(quiet, events=replace(quiet.events, debug=True)), bundle, feed=feed(loud_then_soft))
    until(lambda: len(subscriber.on("tympan/shed/status")) == 4, "the second farewell")
    whys = subscriber.values("tympan/shed/mic/debug")
    assert len(whys) == 61
    assert [why["why"]["detected"] for why in whys[:4]] == [
        "1_of_1_windows", "2_of_2_windows", "3_of_3_windows", "still_on",
    ]  # fmt: skip
    assert whys[2]["events"] == [{"event_type": "detected", "label": "loud", "reason": "3_of_3_windows"}]
    assert {message.qos for message in subscriber.on("tympan/shed/mic/debug")} == {0}


def test_rules_that_do_not_fit_the_bundle_stop_it_at_the_start(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path
) -> None:
    wrong = replace(config(tmp_path, None), events=EventConfig(labels={"lood": LabelRule()}))
    with pytest.raises(ConfigError, match=r"labels of the bundle \(loud, soft\)\. Got 'lood' instead"):
        run(wrong, bundle, feed=feed(loud_then_soft))


def test_a_flag_that_the_calibration_cannot_support_is_null(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    modest = replace(config(tmp_path, None), events=EventConfig(far_per_hour=1.0))
    run(modest, bundle, feed=feed(loud_then_soft))
    assert {verdict["suspicion_flag"] for verdict in lines(capsys)} == {None}
    assert "suspicion_flag is null" in caplog.text


def test_missing_credentials_stop_it_at_the_start(bundle: Bundle, tmp_path: Path, loud_then_soft: Path) -> None:
    mqtt = MqttConfig(credentials_file=tmp_path / "none")
    with pytest.raises(ConfigError, match="a readable file with user:password"):
        run(config(tmp_path, mqtt), bundle, feed=feed(loud_then_soft))


def test_a_file_that_is_not_sound_ends_it_with_one_sentence(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("not sound")
    with pytest.raises(AudioError, match="a sound file wanted"):
        run(config(tmp_path, None), bundle, feed=feed(path))


def test_a_bug_in_inference_ends_the_daemon(bundle: Bundle, tmp_path: Path, loud_then_soft: Path) -> None:
    def bug(_window: object) -> None:
        raise TypeError("bug")

    broken: Any = replace(bundle, judging=bug)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="bug"):
        run(config(tmp_path, None), broken, feed=feed(loud_then_soft))


def test_a_file_in_real_time_is_live(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(1500, 0.5), RATE_HZ, subtype="FLOAT")
    live = FileFeed(path, rate_hz=RATE_HZ, fast=False)
    run(config(tmp_path, None), bundle, feed=app.Feed("mic", live))
    assert lines(capsys)[0]["start_s"] == 0.0


def test_a_closed_pipe_behind_us_is_not_swallowed(
    bundle: Bundle, tmp_path: Path, loud_then_soft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(BrokenPipeError):
        run(config(tmp_path, None), bundle, feed=feed(loud_then_soft))
