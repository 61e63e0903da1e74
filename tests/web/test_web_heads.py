"""What a connection refuses before any route is asked: slow heads, large heads, endless framing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import loop_clock
import pytest
from uvicorn.server import ServerState

from cds.errors import CallError, MalformedHttp, TooLargeHead
from cds.web import heads
from cds.web.heads import LIMITED, Config, Connection

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
SOON, LATE = 0.05, 30.0


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers with the length of the body, and before reading it to whoever asks for /early."""
    length, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    answer = str(length).encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def talk(words: Talk, seconds: float = LATE) -> tuple[bytes, list[str]]:
    """Open one connection to an application; what was said, and which limits were passed."""
    limited: list[str] = []

    async def run() -> bytes:
        config = Config(echo, head_seconds=seconds, lifespan="off", log_config=None, timeout_keep_alive=1)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        door = await loop.create_server(lambda: Connection(config, state, {LIMITED: limited.append}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
        try:
            async with asyncio.timeout(600):
                return await words(reader, writer)
        finally:
            writer.close()
            door.close()
            await asyncio.gather(*state.tasks, return_exceptions=True)

    return loop_clock.run(run()), limited


def saying(*pieces: bytes) -> Talk:
    """Send all, then read until the other side hangs up."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        try:
            return await reader.read()
        except ConnectionResetError:  # it hung up while more was on its way
            return b""

    return words


def test_a_head_that_stalls_is_told_so_and_the_connection_ends() -> None:
    """408 as an OperationOutcome, with the headers of every answer."""
    said, limited = talk(saying(HEAD), SOON)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"timeout"' in said
    assert b"connection: close\r\n" in said
    assert b"x-content-type-options: nosniff\r\n" in said
    assert ["head-time"] == limited


@pytest.mark.parametrize("begun", [b"", b"\r\n"], ids=["silent", "white space"])
def test_who_never_begins_a_head_is_hung_up_on(begun: bytes) -> None:
    """There is no request that could be answered."""
    assert (b"", ["head-time"]) == talk(saying(begun), SOON)


def test_a_second_head_that_stalls_ends_the_connection() -> None:
    """On a connection that is kept alive the wait begins with the next head."""
    said, limited = talk(saying(HEAD + b"Content-Length: 2\r\n\r\n{}", HEAD), SOON)

    assert 1 == said.count(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1 408 ") <= 1
    assert ["head-time"] == limited


def test_white_space_does_not_keep_a_connection_open() -> None:
    """It would end the server's own wait for the next request."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
        said = await reader.readuntil(b"\r\n\r\n2")
        writer.write(b"\r\n")
        return said + await reader.read()

    said, limited = talk(words, SOON)

    assert said.endswith(b"\r\n\r\n2")
    assert ["head-time"] == limited


def test_a_whole_request_may_take_as_long_as_its_body_does() -> None:
    """The limit is for heads; the application minds the body."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{")
        await asyncio.sleep(4 * SOON)
        writer.write(b"}")
        return await reader.readuntil(b"\r\n\r\n2")

    said, limited = talk(words, SOON)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert [] == limited


def test_a_head_behind_a_request_that_is_under_way_waits_for_it() -> None:
    """Its own time begins when the request before it is answered."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD + b"Content-Length: 3\r\n\r\n{")
        first = await reader.readuntil(b"\r\n\r\n2")
        writer.write(b"[}")
        return first + await reader.readuntil(b"\r\n\r\n3")

    said, limited = talk(words)

    assert 2 == said.count(b"HTTP/1.1 200 ")
    assert [] == limited


def test_patience_ends_only_for_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second head has begun while the first request is still being answered: nothing is cut off."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        await asyncio.sleep(2 * SOON)
        (connection,) = (one for one in made)
        connection._lose_patience()
        writer.write(b"0\r\n\r\n")
        return await reader.readuntil(b"\r\n\r\n2")

    made: list[Connection] = []
    begin = Connection.connection_made

    def noted(self: Connection, transport: Any) -> None:
        made.append(self)
        begin(self, transport)

    monkeypatch.setattr(Connection, "connection_made", noted)
    said, limited = talk(words)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert [] == limited


@pytest.mark.parametrize(
    "endless",
    [b"GET /" + b"a" * 70_000, HEAD + b"X: " + b"a" * 70_000, HEAD + b"".join(b"X%d: y\r\n" % n for n in range(7_000))],
    ids=["path", "header", "headers"],
)
def test_a_head_without_end_is_refused(endless: bytes) -> None:
    """431, and the connection ends."""
    said, limited = talk(saying(*(endless[start : start + 8_192] for start in range(0, len(endless), 8_192))))

    assert said.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"too-long"' in said
    assert ["head-bytes"] == limited


FRAMES = {"extension": b"2;" + b"x" * 9_000, "trailers": b"0\r\n" + b"X: y\r\n" * 2_000}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_framing_without_end_is_refused(frame: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither head nor body counts too; no answer is begun while the application has one to give."""
    monkeypatch.setattr(heads, "MOST_FRAMING", 4_096)

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b" 100 Continue\r\n\r\n")
        return await saying(frame)(reader, writer)

    said, limited = talk(words)

    assert said in (b"", refusal(TooLargeHead()))
    assert ["head-bytes"] == limited


def refusal(error: CallError) -> bytes:
    """What is sent before a connection is closed."""
    return heads._answer(error)


def test_what_is_no_http_is_refused_in_the_usual_shape() -> None:
    """TLS on the wrong port, for one."""
    assert (refusal(MalformedHttp()), ["http"]) == talk(saying(b"\x16\x03\x01\x02\x00\x01"))


def test_a_body_that_is_no_http_is_refused_in_the_usual_shape() -> None:
    """The application, which waits for it, is told that the client is gone."""
    said, limited = talk(saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"))

    assert (refusal(MalformedHttp()), ["http"]) == (said, limited)


def test_garbage_behind_a_whole_request_is_not_the_answer_to_it() -> None:
    """The connection ends; the answer that is being made is not replaced."""
    said, limited = talk(saying(HEAD + b"Content-Length: 2\r\n\r\n{}garbage\r\n\r\n"))

    assert b"" == said
    assert ["http"] == limited


def test_a_body_of_many_chunks_is_read() -> None:
    """Framing of usual size is no matter."""
    body = b"".join(b"400\r\n" + b" " * 1024 + b"\r\n" for _ in range(200)) + b"0\r\n\r\n"

    said, limited = talk(saying(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n", body))

    assert said.endswith(b"\r\n\r\n204800")
    assert [] == limited


def test_the_rest_of_a_body_that_nobody_wanted_is_passed_over() -> None:
    """The answer came first; what follows of the body is no head of another request."""

    async def words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD.replace(b"/ ", b"/early ") + b"Content-Length: 100000\r\n\r\n{")
        first = await reader.readuntil(b"\r\n\r\n0")
        writer.write(b" " * 99_999 + HEAD + b"Content-Length: 4\r\n\r\nnull")
        return first + await reader.readuntil(b"\r\n\r\n4")

    said, limited = talk(words)

    assert 2 == said.count(b"HTTP/1.1 200 ")
    assert [] == limited


@pytest.mark.parametrize("offer", [b"h2c", b"websocket"])
@pytest.mark.parametrize("cut", [0, 1], ids=["at once", "body later"])
def test_an_offer_to_change_the_protocol_is_ignored(offer: bytes, cut: int) -> None:
    """Java's client makes one with every request: its body must not be lost."""
    head = HEAD + b"Connection: Upgrade, close\r\nUPGRADE: " + offer + b"\r\nContent-Length: 12\r\n\r\n"
    body = b"\r\nupgrade: x"

    said, limited = talk(saying(head + body) if not cut else saying(head, body))

    assert said.endswith(b"\r\n\r\n12")
    assert [] == limited


def test_a_connection_without_a_counter_refuses_all_the_same() -> None:
    """An application that started without lifespan has none."""
    loop = asyncio.new_event_loop()
    config = Config(echo, head_seconds=1, lifespan="off", log_config=None)
    connection = Connection(config, ServerState(), {}, loop)
    closed: list[bool] = []

    class Wire:
        def close(self) -> None:
            closed.append(True)

    connection.transport = Wire()  # type: ignore[assignment]
    connection._lose_patience()
    loop.close()

    assert [True] == closed
