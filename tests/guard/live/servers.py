"""Starts real servers for a test, each in a folder and on a port of its own, and ends them."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import trustme

EXAMPLES = Path(__file__).parents[3] / "examples" / "article"
HOST = "127.0.0.1"


_kept: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody else gets while the tests run: it stays bound, and only who asks for this very port may listen there, too."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((HOST, 0))
    _kept.append(probe)
    return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens. A server that ends or stays silent fails the test with its log."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=60):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}:\n{log.read_text()}")


@contextlib.contextmanager
def running(command: Sequence[str], port: int, folder: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    log = folder / f"{Path(command[0]).name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
        try:
            wait_for(port, process, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def program(name: str) -> str:
    """Find a server program; they are part of what the tests need (scripts/services)."""
    path = ":".join([os.environ.get("PATH", ""), "/usr/sbin", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)])  # noqa: PTH207
    found = shutil.which(name, path=path)
    assert found, f"{name} is not installed: run scripts/services"
    return found


@contextlib.contextmanager
def site(example: str, folder: Path, *, server: str = "gunicorn") -> Iterator[int]:
    """Serve an example project over plain HTTP on a port of this machine, as behind a proxy."""
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "office.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(40),
        "LEAKTIGHT_KEYS": secrets.token_urlsafe(40),
        "SITE_DATABASE": str(folder / "site.sqlite3"),
        "SITE_HOST": "localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if example == "guarded":
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=EXAMPLES / example, env=environment, check=True)
    command = {
        "gunicorn": [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"{HOST}:{port}", "office.wsgi"],
        "uvicorn": [
            sys.executable,
            "-m",
            "uvicorn",
            "--host",
            HOST,
            "--port",
            str(port),
            "--factory",
            "django.core.asgi:get_asgi_application",
        ],
    }[server]
    with running(command, port, folder, cwd=EXAMPLES / example, env=environment):
        yield port


@contextlib.contextmanager
def nginx(site_port: int, folder: Path, ca: trustme.CA) -> Iterator[tuple[int, int]]:
    """Put nginx in front of a site: TLS on one port, plain HTTP on the other. It says which was used, whatever the client says."""
    tls, plain = free_port(), free_port()
    certificate = ca.issue_cert("localhost", HOST)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    server = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; proxy_pass http://{HOST}:{site_port};"
    server = server.replace("{HOST}", HOST).replace("{site_port}", str(site_port))
    config = f"""
        daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
        events {{ worker_connections 64; }}
        http {{
            access_log {folder}/access.log;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            server {{ listen {HOST}:{plain}; location / {{ {server} }} }}
            server {{
                listen {HOST}:{tls} ssl; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
                ssl_protocols TLSv1.2 TLSv1.3; location / {{ {server} }}
            }}
        }}
    """
    (folder / "nginx.conf").write_text(config)
    with running([program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)], tls, folder):
        yield tls, plain


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[int]:
    port = free_port()
    command = [
        program("redis-server"),
        "--port",
        str(port),
        "--bind",
        HOST,
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    with running(command, port, folder):
        yield port


@contextlib.contextmanager
def cluster(port: int) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Make the files of a PostgreSQL server: the command that starts it on a port, and the options of its process.

    It refuses to run as root. What it is given instead is no folder of pytest's: each pytest that starts shuts those to everybody else,
    and there are tests that start one.
    """
    with tempfile.TemporaryDirectory(prefix="leaktight-postgres-") as data:
        options: dict[str, Any] = {"cwd": "/"}
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            options["user"] = "postgres"
        command = [program("initdb"), "-D", data, "-U", "site", "--auth=trust", "-E", "UTF8", "--no-sync"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
        assert done.returncode == 0, done.stderr
        yield [program("postgres"), "-D", data, "-p", str(port), "-h", HOST, "-k", data, "-c", "fsync=off"], options


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[int]:
    port = free_port()
    with cluster(port) as (command, options), running(command, port, folder, **options):
        yield port
