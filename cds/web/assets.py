"""What pages load beside themselves: style sheet, script, icon. Named by their content, cached for good."""

from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Request, Response
from msgspec import Struct

from cds.errors import UnknownPath

HERE = Path(__file__).parent / "static"
DEMO = Path(__file__).parents[1] / "demo" / "static"
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
PATH = "/assets/"


class Asset(Struct, frozen=True):
    """One file, and the first letters of its digest."""

    content: bytes
    kind: str
    digest: str


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, KINDS[path.suffix], sha256(content).hexdigest()[:12])


ASSETS = {path.name: _read(path) for path in sorted((*HERE.iterdir(), *DEMO.iterdir())) if path.suffix in KINDS}


def asset(name: str) -> str:
    """The address of a file; it changes with the file, so that no browser keeps an old one."""
    return f"{PATH}{name}?v={ASSETS[name].digest}"


async def serve(request: Request) -> Response:
    """Send one file; no file is looked up on the disk."""
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        raise UnknownPath
    current = request.query_params.get("v") == asset.digest
    headers = {"cache-control": FOR_GOOD if current else ASK_AGAIN, "etag": f'"{asset.digest}"'}
    return Response(asset.content, headers=headers, media_type=asset.kind)


def add_assets(app: FastAPI) -> None:
    """Serve the files in every mode."""
    app.add_api_route(PATH + "{name}", serve, methods=["GET"])
