"""The references of the real process: applications of a few lines, run by the same server with the same settings."""

import os
import sys
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from cds.web.listener import BACKLOG, address_of, listen


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a body, parse it, and answer that there are no cards."""
    if scope["type"] != "http":
        return
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message["body"])
        more = message["more_body"]
    orjson.loads(b"".join(pieces))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"12")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"cards":[]}'})


def framework() -> ASGIApp:
    """The same as a framework is told to do it: a dictionary in, a dictionary out."""
    app = FastAPI(openapi_url=None)

    @app.post("/cds-services/{service}")
    async def call(service: str, body: dict[str, Any]) -> dict[str, list[Any]]:
        return {"cards": []}

    return app


def serve(app: ASGIApp) -> None:
    """Listen on a free port, say where, and answer until a signal comes."""
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
    )
    with listen("127.0.0.1", 0) as door:
        os.write(1, f"Answering on {address_of(door)} now\n".encode())
        uvicorn.Server(config).run(sockets=[door])


if __name__ == "__main__":
    serve(framework() if sys.argv[1:] == ["framework"] else bare)
