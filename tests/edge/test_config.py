"""edge.toml: what it accepts, and the sentence for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import EdgeConfig, EventConfig, InferenceConfig, LabelRule, MqttConfig, SourceConfig, slugify
from edge.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "deploy" / "edge.toml.example"


def load(tmp_path: Path, text: str) -> EdgeConfig:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return EdgeConfig.load(path)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == EdgeConfig()


def test_every_section_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        node = "shed"
        bundle = "/opt/bundle"
        [mqtt]
        port = 2883
        root = "house/tympan"
        [[source]]
        slug = "mic_north"
        device = "USB PnP"
        [[source]]
        slug = "mic_south"
        [inference]
        hop_s = 0.5
        gate = false
        [events]
        k = 2
        n = 5
        """,
    )
    assert config.node == "shed"
    assert config.bundle == Path("/opt/bundle")
    assert config.mqtt == MqttConfig(port=2883, root="house/tympan")
    assert config.sources == (SourceConfig("mic_north", "USB PnP"), SourceConfig("mic_south", None))
    assert config.inference == InferenceConfig(hop_s=0.5, gate=False)
    assert (config.events.rule.k, config.events.rule.n) == (2, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[mqtt]\nport = 0", "edge.toml: mqtt.port must be in [1, 65535]. Got 0 instead."),
        ("[mqtt]\nport = true", "edge.toml: mqtt.port must be in [1, 65535]. Got True instead."),
        ("[mqtt]\nprot = 1883", "edge.toml: a known key wanted. Got mqtt.prot instead."),
        ("[inference]\nhop_s = 0.0", "edge.toml: inference.hop_s must be in [0.1, 60]. Got 0.0 instead."),
        ('[inference]\ngate = "on"', "edge.toml: inference.gate must be true or false. Got 'on' instead."),
        ("ringo = 1", "edge.toml: a known key wanted. Got ringo instead."),
        ("ring_s = nan", "edge.toml: ring_s must be in [1, 60]. Got nan instead."),
        ('[[source]]\nslug = "a"\ndevise = "x"', "edge.toml: a known key wanted. Got source[0].devise instead."),
        ("[[source]]", "edge.toml: source[0].slug must be given. Got None instead."),
        (
            '[[source]]\nslug = "status"',
            "edge.toml: source[0].slug must be unique and not a topic of the node. Got 'status' instead.",
        ),
        (
            '[[source]]\nslug = "a"\n[[source]]\nslug = "a"',
            "edge.toml: source[1].slug must be unique and not a topic of the node. Got 'a' instead.",
        ),
        (
            'node = "My Shed"',
            "edge.toml: node must be a slug (lower-case letters, digits, _ and - between them). Got 'My Shed' instead.",
        ),
        ("[events]\nk = 5", "edge.toml: events.k must be in [1, 4]. Got 5 instead."),
        (
            "[events]\nmin_confidence = 0.5\nrelease_confidence = 0.6",
            "edge.toml: events.release_confidence must be in [0, 0.5]. Got 0.6 instead.",
        ),
        (
            "[events]\nk = 3\n[events.labels.rain]\nn = 2\nk = 3",
            "edge.toml: events.labels.rain.k must be in [1, 2]. Got 3 instead.",
        ),
        (
            "[events]\nloud_dbfs = -10\nloud_release_dbfs = -5",
            "edge.toml: events.loud_release_dbfs must be in [-140, -10]. Got -5 instead.",
        ),
        ("[events.labels]\nrain = 0.5", "edge.toml: events.labels.rain must be a table. Got 0.5 instead."),
        (
            "[events.labels.rain]\nloud_dbfs = -3.0",
            "edge.toml: a known key wanted. Got events.labels.rain.loud_dbfs instead.",
        ),
        ('[mqtt]\nroot = "a/#"', "must be topic levels without wildcards or white space. Got 'a/#' instead."),
        ("mqtt = 3", "edge.toml: mqtt must be a table. Got 3 instead."),
        ("node = ", "edge.toml: valid TOML wanted. Got: "),
    ],
)
def test_a_bad_value_is_named_with_what_came(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 78


def test_a_label_has_its_own_rule_and_the_rest_of_the_common_one(tmp_path: Path) -> None:
    text = "[events]\nk = 2\ncooldown_s = 5\n[events.labels.rain]\nmin_confidence = 0.9"
    events = load(tmp_path, text).events
    assert events.rule_of("rain") == LabelRule(k=2, min_confidence=0.9, release_confidence=0.8 * 0.9, cooldown_s=5)
    assert events.rule_of("dog_bark") == LabelRule(k=2, cooldown_s=5)


def test_a_rule_must_fit_the_bundle() -> None:
    config = EventConfig(labels={"rian": LabelRule()})
    with pytest.raises(ConfigError, match=r"must name labels of the bundle \(hail, rain\)\. Got 'rian' instead\."):
        config.check_against(("rain", "hail"), hop_s=1.0)
    with pytest.raises(ConfigError, match=r"far_per_hour must be at most the windows of an hour, 1800\. Got 3600"):
        EventConfig(far_per_hour=3600).check_against(("rain",), hop_s=2.0)
    EventConfig(labels={"rain": LabelRule()}, far_per_hour=1800).check_against(("rain",), hop_s=2.0)


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        EdgeConfig.load(tmp_path / "edge.toml")


class TestPlainConnections:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
    def test_loopback_is_allowed(self, tmp_path: Path, host: str) -> None:
        assert load(tmp_path, f'[mqtt]\nhost = "{host}"').mqtt == MqttConfig(host=host)

    @pytest.mark.parametrize("host", ["broker.lan", "192.168.1.2", "localhost.evil.example"])
    def test_any_other_host_is_refused(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(ConfigError, match=r"mqtt.host must be on this machine.*insecure = true"):
            load(tmp_path, f'[mqtt]\nhost = "{host}"')

    def test_unless_the_operator_insists(self, tmp_path: Path) -> None:
        config = load(tmp_path, '[mqtt]\nhost = "broker.lan"\ninsecure = true')
        assert config.mqtt is not None
        assert config.mqtt.host == "broker.lan"

    def test_or_there_is_tls(self, tmp_path: Path) -> None:
        ca = tmp_path / "ca.pem"
        ca.write_text("")
        config = load(tmp_path, f'[mqtt]\nhost = "broker.lan"\n[mqtt.tls]\nca = "{ca}"')
        assert config.mqtt is not None
        assert config.mqtt.tls is not None
        assert config.mqtt.port == 8883

    def test_a_tls_file_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"mqtt.tls.ca must be a readable file"):
            load(tmp_path, '[mqtt.tls]\nca = "/nowhere.pem"')

    def test_certificate_and_key_come_together(self, tmp_path: Path) -> None:
        cert = tmp_path / "cert.pem"
        cert.write_text("")
        with pytest.raises(ConfigError, match="and key must come together"):
            load(tmp_path, f'[mqtt.tls]\ncert = "{cert}"')


class TestCredentials:
    def test_are_read_from_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "mqtt").write_text("shed:se:cret\n")
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        config = MqttConfig(credentials_file=Path("$CREDENTIALS_DIRECTORY/mqtt"))
        assert config.credentials() == ("shed", "se:cret")

    def test_a_file_without_a_colon_is_an_error_that_does_not_show_it(self, tmp_path: Path) -> None:
        path = tmp_path / "mqtt"
        path.write_text("secret")
        with pytest.raises(ConfigError, match="one line user:password wanted") as caught:
            MqttConfig(credentials_file=path).credentials()
        assert "secret" not in str(caught.value)

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="a readable file with user:password wanted"):
            MqttConfig(credentials_file=tmp_path / "none").credentials()


def test_slugify_gives_slugs() -> None:
    assert [slugify(text) for text in ("Shed 2", "öl", "", "a--b")] == ["shed_2", "l", "unnamed", "a_b"]


def test_the_example_is_a_valid_configuration_with_every_key() -> None:
    config = EdgeConfig.load(EXAMPLE)
    assert config.mqtt is not None
    text = EXAMPLE.read_text(encoding="utf-8")
    tables = {"sources", "decision", "inference", "events", "mqtt", "tls", "rule", "labels"}
    parts = config.mqtt, config.decision, config.inference, config.events, config.events.rule, config.sources[0]
    for value in (config, *parts):
        for key in set(value.__dataclass_fields__) - tables:
            assert f"{key} = " in text, key


def test_an_operator_may_want_no_unknown(tmp_path: Path) -> None:
    assert load(tmp_path, "").decision.unknown
    assert not load(tmp_path, "[decision]\nunknown = false").decision.unknown
    with pytest.raises(ConfigError, match=r"decision\.unknwon"):
        load(tmp_path, "[decision]\nunknwon = false")
