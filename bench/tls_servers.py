"""TLS servers on this machine in many configurations, good and bad, for `tls.py`."""

from __future__ import annotations

import contextlib
import datetime
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HOST = "localhost"
INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"
)
CURVES = "X25519:prime256v1:secp384r1"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Server:
    """One configuration of nginx."""

    name: str
    certificates: tuple[str, ...] = ("p256",)
    protocols: str = "TLSv1.2 TLSv1.3"
    ciphers: str = INTERMEDIATE
    curves: str = CURVES
    dh: int = 0


SERVERS = [
    Server("modern", protocols="TLSv1.3"),
    Server("intermediate, ECDSA"),
    Server("intermediate, RSA", ("rsa2048",)),
    Server("intermediate, both kinds of key", ("rsa2048", "p256")),
    Server("nginx as it comes", ("rsa2048",), ciphers="", curves=""),
    Server("TLS 1.0 to 1.2", ("rsa2048",), "TLSv1 TLSv1.1 TLSv1.2", "ALL:@SECLEVEL=0"),
    Server("TLS 1.0 only", ("rsa2048",), "TLSv1", "ALL:@SECLEVEL=0"),
    Server("TLS 1.1 and 1.3", ("rsa2048",), "TLSv1.1 TLSv1.3", "ALL:@SECLEVEL=0"),
    Server("without forward secrecy", ("rsa2048",), "TLSv1.2", "AES128-SHA:AES256-SHA:AES128-GCM-SHA256"),
    Server("CBC only", ("rsa2048",), "TLSv1.2", "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384"),
    Server("a prime of 1024 bits", ("rsa2048",), "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", dh=1024),
    Server("a prime of 2048 bits", ("rsa2048",), "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256", dh=2048),
    Server("anonymous suites", ("rsa2048",), "TLSv1.2", "aNULL:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"),
    Server("an RSA key of 1024 bits", ("rsa1024",), ciphers=INTERMEDIATE + ":@SECLEVEL=0"),
    Server("an ECDSA key on P-521", ("p521",)),
    Server("untrusted certificate", ("untrusted",)),
    Server("expired certificate", ("expired",)),
    Server("certificate for another name", ("elsewhere",)),
    Server("certificate for 800 days", ("long",)),
    Server("every curve", curves="X25519:X448:prime256v1:secp384r1:secp521r1"),
    Server("one suite", ciphers="ECDHE-ECDSA-CHACHA20-POLY1305", curves="X25519"),
]


class Authority:
    """Certifies names, as well or badly as asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "ca.pem"
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Measured Authority")])
        self._certificate = self._certify(self._name, self._key, 3650, self._name, self._key, authority=True)
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        kinds: dict[str, tuple[Key, int, str, bool]] = {
            "p256": (ec.generate_private_key(ec.SECP256R1()), 80, HOST, True),
            "rsa2048": (rsa.generate_private_key(65537, 2048), 80, HOST, True),
            "rsa1024": (rsa.generate_private_key(65537, 1024), 80, HOST, True),  # noqa: S505  # that is what is measured
            "p521": (ec.generate_private_key(ec.SECP521R1()), 80, HOST, True),
            "untrusted": (ec.generate_private_key(ec.SECP256R1()), 80, HOST, False),
            "expired": (ec.generate_private_key(ec.SECP256R1()), -5, HOST, True),
            "elsewhere": (ec.generate_private_key(ec.SECP256R1()), 80, "elsewhere.example", True),
            "long": (ec.generate_private_key(ec.SECP256R1()), 800, HOST, True),
        }
        other = ec.generate_private_key(ec.SECP256R1())
        for name, (key, days, host, trusted) in kinds.items():
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
            signer = self._key if trusted else other
            issuer = self._name if trusted else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody")])
            certificate = self._certify(subject, key, days, issuer, signer, host=host)
            (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            (folder / f"{name}.key").write_bytes(private)

    @staticmethod
    def _certify(
        subject: x509.Name, key: Key, days: int, issuer: x509.Name, signer: Key, *, host: str = "", authority: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        begin = now - datetime.timedelta(days=60 if days < 0 else 1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if authority:
            usage = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign",
                 "encipher_only", "decipher_only"), False,
            )  # fmt: skip
            builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(signer, hashes.SHA256())


@contextlib.contextmanager
def serving(authority: Authority) -> Iterator[dict[str, int]]:
    """Run nginx with every configuration, each on a port of its own; give name → port."""
    folder, ports, blocks = authority.folder, {}, []
    for server in SERVERS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports[server.name] = probe.getsockname()[1]
        lines = [f"listen 127.0.0.1:{ports[server.name]} ssl", f"ssl_protocols {server.protocols}"]
        for certificate in server.certificates:
            lines += [f"ssl_certificate {folder}/{certificate}.crt", f"ssl_certificate_key {folder}/{certificate}.key"]
        if server.ciphers:
            lines.append(f"ssl_ciphers {server.ciphers}")
        if server.curves:
            lines.append(f"ssl_ecdh_curve {server.curves}")
        if server.dh:
            file = folder / f"dh{server.dh}.pem"
            if not file.exists():
                command = ["openssl", "dhparam", "-dsaparam", "-out", str(file), str(server.dh)]
                subprocess.run(command, check=True, capture_output=True)
            lines.append(f"ssl_dhparam {file}")
        blocks.append("server { " + " ".join(f"{line};" for line in lines) + ' location / { return 200 "measured"; } }')
    paths = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{ worker_connections 256; }}\n"
        f"http {{ access_log off; {paths}\n" + "\n".join(blocks) + "\n}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(config)], stdin=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[SERVERS[-1].name]), 1):
                break
            time.sleep(0.05)
        else:
            raise SystemExit((folder / "error.log").read_text())
        yield ports
    finally:
        process.terminate()
        process.wait(10)
