"""`twitch-cds clients hash`: by which hash a user of a client is named in the pilot's list and in the audit."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cds.account import Caller
from cds.errors import RegistryError, UsageError
from cds.keyed import Pseudonyms
from cds.secrecy import Secret
from cds.settings import Settings, environment, load
from cds.trust.check_command import NO_FILE
from cds.trust.registry import load_registry


class Options(NamedTuple):
    """A client, the `userId` values that it sends, and its tenant if its tokens name one."""

    client: str
    users: tuple[str, ...]
    tenant: str | None = None


def run(options: Options, key_of: Callable[[Settings], Secret]) -> int:
    """Print a line for each user; `key_of` finds the key of the hashes."""
    settings = load(environment())
    if not settings.clients:
        raise UsageError(NO_FILE)
    try:
        registry = load_registry(Path(settings.clients), demo=settings.demo)
    except RegistryError as problem:
        raise UsageError(problem.text) from problem
    if options.client not in {client.name for client in registry.clients}:
        raise UsageError(f"{options.client}: no such client in {settings.clients}")
    realm = Caller(client=options.client, tenant=options.tenant).realm
    pseudonyms = Pseudonyms(key_of(settings))
    sys.stdout.writelines(f"{pseudonyms.of('user', realm, user)}  {user}\n" for user in options.users)
    return 0
