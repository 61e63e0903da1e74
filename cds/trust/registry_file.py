"""The registry that is in force: read anew when its file changes; a broken new file keeps the old one."""

import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path

from cds.errors import RegistryError
from cds.trust.registry import Registry, load_registry
from cds.trust.watched import Watched

log = logging.getLogger("twitch-cds")


class RegistryFile:
    """Who may call, as of now. Without a file nobody may."""

    def __init__(
        self,
        path: Path | None,
        *,
        demo: bool = False,
        services: Collection[str] = (),
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file; one that is broken at the start raises RegistryError. `services`: which ids it may name."""
        self._demo, self._services = demo, services
        self._watched = Watched(path, seconds) if path else None
        self._registry = load_registry(path, demo=demo, services=services) if path else Registry()
        self.problem: str | None = None

    @property
    def has_file(self) -> bool:
        """Whether a file of clients was set at all."""
        return self._watched is not None

    @property
    def registry(self) -> Registry:
        """The clients of the newest file that could be read."""
        if self._watched is not None and self._watched.has_changed():
            self._read(self._watched.path)
        return self._registry

    def _read(self, path: Path) -> None:
        try:
            self._registry = load_registry(path, demo=self._demo, services=self._services)
        except RegistryError as problem:
            self.problem = problem.text
            log.error("clients not read: the old ones stay", extra={"fields": {"reason": problem.text}})
        else:
            self.problem = None
            log.info("clients read", extra={"fields": {"clients": len(self._registry.clients)}})
