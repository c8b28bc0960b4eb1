"""A certificate authority of the tests' own, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.mosquitto import need_programs

__all__ = ["Authority"]

CURVE = ("-pkeyopt", "ec_paramgen_curve:prime256v1")


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        need_programs("openssl", "openssl")
        folder.mkdir()
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._openssl(
            "req", "-x509", "-newkey", "ec", *CURVE, "-nodes", "-days", "1", "-subj", "/CN=test authority",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", folder / "ca.key", "-out", self.ca,
        )  # fmt: skip

    def issue(self, name: str, *, days: int = 1) -> tuple[Path, Path]:
        """Certificate and key for this machine; 0 days are over at once."""
        cert, key, request = (self.folder / f"{name}.{suffix}" for suffix in ("pem", "key", "csr"))
        extensions = self.folder / "extensions"
        extensions.write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=digitalSignature,keyEncipherment\n"
            "authorityKeyIdentifier=keyid\n"
        )
        self._openssl("req", "-newkey", "ec", *CURVE, "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-days", str(days),
            "-extfile", extensions, "-out", cert,
        )  # fmt: skip
        return cert, key

    @staticmethod
    def _openssl(*args: object) -> None:
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)
