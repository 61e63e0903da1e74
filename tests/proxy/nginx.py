"""A real nginx on loopback with the file that we ship, only its names, ports and places changed."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy/nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
HOST = "127.0.0.1"
MAIN = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
{user}
events {{ worker_connections 512; }}
http {{
    log_format everything '$request $http_authorization $request_body';
    access_log {folder}/access.log everything;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/site.conf;
}}
"""
PATIENCE = 600


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as door:
        port: int = door.getsockname()[1]
        return port


class Proxy:
    """A place for nginx: its ports, its certificate, its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain, self.secure = free_port(), free_port()
        self.authority = trustme.CA()
        certificate = self.authority.issue_cert(HOST)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(folder / "cert.pem", append=True)
        self.authority.cert_pem.write_to_path(folder / "ca.pem")

    @property
    def url(self) -> str:
        """Where clients call."""
        return f"https://{HOST}:{self.secure}"

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts the certificate."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def told(self) -> str:
        """What nginx wrote of itself."""
        return (self.folder / "error.log").read_text("utf-8", "replace")

    def configuration(self, upstreams: tuple[str, ...], rate: int) -> str:
        """The shipped file with other names; each of them must be there to be changed."""
        changed = SHIPPED.read_text("utf-8")
        replicas = re.findall(r"    server 127\.0\.0\.1:(?:8000|8001)( .*;)\n", changed)
        assert len(replicas) == 2
        lines = "".join(f"    server {upstream}{replicas[0]}\n" for upstream in upstreams)
        for shipped, here in (
            (f"    server 127.0.0.1:8000{replicas[0]}\n", lines),
            (f"    server 127.0.0.1:8001{replicas[1]}\n", ""),
            ("listen 80;", f"listen {HOST}:{self.plain};"),
            ("listen 443 ssl;", f"listen {HOST}:{self.secure} ssl;"),
            ("https://$host$request_uri", f"https://$host:{self.secure}$request_uri"),
            ("/etc/ssl/cds.example.org.pem", f"{self.folder}/cert.pem"),
            ("/etc/ssl/private/cds.example.org.key", f"{self.folder}/key.pem"),
            ("client_header_timeout 10s", "client_header_timeout 3s"),
            ("rate=200r/s", f"rate={rate}r/s"),
        ):
            assert changed.count(shipped) == 1, shipped
            changed = changed.replace(shipped, here)
        return re.sub(r"server_name cds\.example\.org", f"server_name {HOST}", changed)

    @contextmanager
    def running(self, *upstreams: str, rate: int = 20) -> Iterator[None]:
        """Before replicas at addresses without scheme; a rate that a slow machine can exceed too."""
        assert NGINX
        (self.folder / "site.conf").write_text(self.configuration(upstreams, rate), "utf-8")
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, user=user), "utf-8")
        command = [NGINX, "-p", str(self.folder), "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                self._wait(process)
                yield
            finally:
                process.terminate()
                process.wait(PATIENCE)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection((HOST, self.secure), timeout=60).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(self.told())
