"""Connections to checked addresses only: a name is resolved once, judged, and the judged address is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import httpcore

from cds.prefetch.addresses import is_address, usable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
NEXT_SECONDS = 0.1  # for one address while others are left: a dead IPv6 route must not cost the whole deadline


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine's resolver gives them."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[4][0]) for where in infos))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to listed hosts. An address that is listed as such is taken as it is; a name is resolved and judged."""

    def __init__(self, hosts: Collection[str], resolver: Resolve = resolve) -> None:
        self._hosts = frozenset(hosts)
        self._resolve = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; TLS then checks the certificate against the name."""
        addresses = await self._addresses(host, port)
        problem: Exception = httpcore.ConnectError("no address may be contacted")
        for remaining, address in zip(range(len(addresses) - 1, -1, -1), addresses, strict=True):
            try:
                wait = NEXT_SECONDS if remaining else timeout
                return await self._inner.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
        raise problem

    async def _addresses(self, host: str, port: int) -> list[str]:
        if host not in self._hosts:
            return []
        if is_address(host):
            return [host]
        try:
            return usable(await self._resolve(host, port), host)
        except (OSError, ValueError) as problem:  # ValueError: a name that no resolver takes, or an odd address
            raise httpcore.ConnectError("the name cannot be resolved") from problem
