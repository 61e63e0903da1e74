"""A crowd without right tokens keeps nobody out who has one."""

import asyncio
from collections.abc import Mapping

import httpx
from web_fakes import CALL, FakeEngine

from cds.account import Caller
from cds.settings import load
from cds.trust.refusal import refused
from cds.trust.standing import Standing
from cds.web.app import create_app
from cds.web.parts import Parts

RIGHT, FORGED = "Bearer right", "Bearer forged"
PLACES = 2


class Slow:
    """Knows one token; it takes its time over the others, until it is told to hurry."""

    is_up = True
    standing = Standing()

    def __init__(self) -> None:
        self.hurry = asyncio.Event()
        self.asked = 0

    @property
    def modes(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        self.asked += 1
        if authorization != RIGHT:
            await self.hurry.wait()
            raise refused("signature", "It is forged.")
        return Caller(client="ehr")


async def statuses(verifier: Slow) -> tuple[int, list[int]]:
    """Of a right call while many forged ones wait to be verified, and of those."""
    engine = FakeEngine()
    parts = Parts(engine=engine, hook_handler=engine, verifier=verifier)
    transport = httpx.ASGITransport(create_app(parts, load({"TWITCH_CDS_MAX_CONCURRENT": str(PLACES)})))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:

        async def call(token: str) -> int:
            headers = {"authorization": token, "content-type": "application/json"}
            return (await client.post(CALL, content=b"{}", headers=headers)).status_code

        crowd = [asyncio.create_task(call(FORGED)) for _ in range(3 * PLACES)]
        while verifier.asked < len(crowd):
            await asyncio.sleep(0)
        right = await call(RIGHT)
        verifier.hurry.set()
        return right, await asyncio.gather(*crowd)


def test_who_waits_to_be_verified_takes_no_place() -> None:
    """Else a stranger would need no more connections than MAX_CONCURRENT to have every client refused."""

    async def visit() -> tuple[int, list[int]]:
        return await asyncio.wait_for(statuses(Slow()), 600)

    assert (200, [401] * 3 * PLACES) == asyncio.run(visit())
