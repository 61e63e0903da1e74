"""Who is calling: one token in, one Caller out, or a refusal with its reason (CDS Hooks 2.0, Trusting CDS Clients)."""

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cds.account import Caller
from cds.clock import utc_now
from cds.settings import CLOSED, Settings
from cds.trust.algorithms import is_signed_by
from cds.trust.claims import Rules, Times, check_audience, check_times, issuer_of, word
from cds.trust.compact import Token, credentials, read
from cds.trust.fetching import Fetch
from cds.trust.header import Header, check_header, read_header
from cds.trust.kept import FOLDER, KeyFiles
from cds.trust.keyring import Keyring
from cds.trust.keys import NoKey
from cds.trust.once import UNSHARED, Once, UsedHere, UsedOnce
from cds.trust.public_sandbox import WHY, is_of_the_sandbox
from cds.trust.refusal import Refused, quoted, refused
from cds.trust.registry import Client
from cds.trust.registry_file import RegistryFile
from cds.trust.standing import Standing, standing_of
from cds.trust.turn_queue import TurnQueue

PARTS = ("cds-services", "feedback")
EVERY = 5.0
LONGER = 2  # times its own patience is the store waited for: it keeps the time itself, and this ends no answer of its


class Verifier:
    """Judges the token of each call. What is cheap is checked first, and nothing is believed before the signature."""

    def __init__(
        self,
        registry_file: RegistryFile,
        keyring: Keyring,
        once: Once,
        rules: Rules,
        services: Collection[str] = (),
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._registry_file = registry_file
        self._keyring = keyring
        self._once = once
        self._rules = rules
        self._services = services
        self._now = now
        self._turns = TurnQueue()
        self._tending: asyncio.Task[None] | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What an operator should know: a broken file of clients, keys that cannot be had, a store that is down."""
        problems = [self._registry_file.problem, *self._keyring.problems(self._registry_file.registry)]
        unshared = UNSHARED if self._once.is_down else None
        return tuple(problem for problem in (*problems, unshared) if problem)

    @property
    def is_up(self) -> bool:
        """Whether there is nothing that an operator should know; callers may well be served meanwhile."""
        return not self.problems

    @property
    def standing(self) -> Standing:
        """Whether any caller can be verified now."""
        ages = self._keyring.ages(self._registry_file.registry)
        return standing_of(ages, is_closed=self._once.is_closed, is_down=self._once.is_down)

    @property
    def unshared(self) -> int:
        """How many tokens were checked for replay in this process only, because the store was down."""
        return self._once.unshared

    def rate_of(self, client: str) -> int | None:
        """The calls per second of one client, where its registration says so."""
        return self._registry_file.registry.rate_of(client)

    @property
    def modes(self) -> dict[str, dict[str, str]]:
        """The services that are not simply on, by client: what the file says now."""
        return self._registry_file.registry.not_on(self._services)

    @property
    def clients(self) -> tuple[Client, ...]:
        """The clients that are registered now."""
        return self._registry_file.registry.clients

    async def warm(self) -> None:
        """Fetch all keys before the first call; never fails."""
        await self._keyring.warm(self._registry_file.registry)

    def tend(self, every: float = EVERY) -> None:
        """See to the keys every few seconds, beside the calls: without any keys no balancer sends a call."""
        self._tending = asyncio.create_task(self._tend(every))

    async def close(self) -> None:
        """End what goes on in the background."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.wait([self._tending])
        await self._keyring.close()

    async def _tend(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self.warm()

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        """Who is calling this address; Refused with the reason for the operator."""
        token = read(credentials(authorization))
        header = read_header(token.header)
        client = self._client(token)
        try:
            return await self._judge(token, header, client, audience)
        except Refused as refusal:
            raise refusal.of(client.name) from refusal

    async def _judge(self, token: Token, header: Header, client: Client, audience: str) -> Caller:
        check_header(header, client)
        self._check_audience(token, client, audience)
        times = check_times(token.claims, self._now().timestamp(), self._rules)
        tenant = _tenant(token, client)
        name = word(token.claims, "jti", "replay")
        await self._check_signature(token, header, client)
        await self._check_first_use(name, client, times)
        return Caller(
            client=client.name,
            tenant=tenant,
            fhir_servers=client.fhir_servers,
            rate_per_second=client.rate_per_second,
            patient_users=client.patient_users,
            card_extension=client.card_extension,
            many_actions=client.many_actions,
            modes=client.modes,
            smart=client.smart is not None,
        )

    def _client(self, token: Token) -> Client:
        """The client that the token says to be from."""
        issuer = issuer_of(token.claims)
        if is_of_the_sandbox(issuer) and not self._rules.demo:
            raise refused("issuer", f"The token's iss is {quoted(issuer)}: {WHY}.")
        if not self._registry_file.has_file:
            raise refused(
                "issuer", f"No client is registered: set TWITCH_CDS_CLIENTS. The token's iss is {quoted(issuer)}."
            )
        candidates = self._registry_file.registry.by_issuer.get(issuer, ())
        if not candidates:
            raise refused("issuer", f"The token's iss {quoted(issuer)} is not registered.")
        return candidates[0] if len(candidates) == 1 else _of_tenant(token, candidates)

    def _check_audience(self, token: Token, client: Client, called: str) -> None:
        """For the address that was called, or for one that the registration gives instead."""
        if client.audiences:
            check_audience(token.claims, client.audiences, str)
        else:
            check_audience(token.claims, (called,), self._rules.shown)

    async def _check_signature(self, token: Token, header: Header, client: Client) -> None:
        try:
            key = await self._keyring.of(client).find(header.kid)
        except NoKey as problem:
            raise refused("key", f"The token's key is not known: {problem}.") from problem
        if header.algorithm not in key.algorithms:
            fits = ", ".join(sorted(key.algorithms))
            raise refused("algorithm", f"The key {quoted(key.kid)} is made for {fits}, not for {header.algorithm}.")
        await self._turns.turn(client.name)
        if not is_signed_by(key.key, header.algorithm, token.signed, token.signature):
            raise refused("signature", f"The signature is not that of the key {quoted(key.kid)}.")

    async def _check_first_use(self, name: str, client: Client, times: Times) -> None:
        """Single use of a token's name, until the token has expired on every clock."""
        key = sha256(f"{client.issuer}\n{name}".encode()).hexdigest()
        expires = datetime.fromtimestamp(times.expires, UTC) + timedelta(seconds=self._rules.skew + 1)
        if not await self._once.is_first(key, expires):
            raise refused("replay", f"The token with jti {quoted(name)} was used before: each call needs a new one.")


def _tenant(token: Token, client: Client) -> str | None:
    """The tenant, which must be on the client's list when there is one."""
    if "tenant" not in token.claims and not client.tenants:
        return None
    tenant = word(token.claims, "tenant", "tenant")
    if client.tenants and tenant not in client.tenants:
        raise refused("tenant", f"The token's tenant {quoted(tenant)} is not on this client's list.")
    return tenant


def _of_tenant(token: Token, candidates: tuple[Client, ...]) -> Client:
    """Clients of one issuer are told apart by the tenant."""
    tenant = word(token.claims, "tenant", "tenant")
    match = next((client for client in candidates if tenant in client.tenants), None)
    if match is None:
        raise refused("tenant", f"The token's tenant {quoted(tenant)} is not on the list of any client of this issuer.")
    return match


async def _fetch(url: str) -> bytes:
    """What speaks HTTP is loaded with the first key set that lies behind an address: many are files."""
    from cds.trust.fetch import fetch  # noqa: PLC0415 - see test_architecture

    return await fetch(url)


def build_verifier(
    settings: Settings,
    shared_tokens: UsedOnce | None,
    services: Collection[str] = (),
    *,
    now: Callable[[], datetime] = utc_now,
    seconds: Callable[[], float] = time.monotonic,
    get: Fetch = _fetch,
) -> Verifier:
    """The verifier of a service; `shared_tokens` is the shared store of used tokens, None keeps them in this process.

    `services` are the ids of its services: the file of clients may name them, and the audit tells them from others.
    """
    path = Path(settings.clients) if settings.clients else None
    return Verifier(
        RegistryFile(path, demo=settings.demo, services=services, seconds=seconds),
        Keyring(
            get,
            demo=settings.demo,
            seconds=seconds,
            files=KeyFiles(Path(settings.data_dir, FOLDER), now, demo=settings.demo),
        ),
        Once(
            UsedHere(now),
            shared_tokens,
            LONGER * settings.store_timeout_ms / 1000,
            is_closed=settings.token_reuse == CLOSED,
        ),
        Rules(
            settings.clock_skew_seconds,
            settings.token_seconds,
            settings.demo,
            settings.public_url,
            frozenset({"", *PARTS, *services}),
        ),
        services,
        now=now,
    )
