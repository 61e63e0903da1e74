"""The key of the hashes that stand for patients and users: given, or made once for the data folder."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cds.errors import StoreError, UsageError, reason_of
from cds.secrecy import Secret
from cds.setting_kinds import weakness_of
from cds.settings import Settings

FILE = "hash.key"
OWNER_ONLY = 0o600


def _new_key() -> str:
    """32 random bytes, as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def hash_key(settings: Settings, new: Callable[[], str] = _new_key) -> Secret:
    """The key of the settings, or the one in the data folder, which is made if there is none. Raises StoreError."""
    if settings.hash_key:
        return Secret(settings.hash_key)
    path = Path(settings.data_dir) / FILE
    try:
        key = _read_or_made(path, new)
    except (OSError, ValueError) as problem:
        raise StoreError(f"The hash key, {path}, cannot be read or created: {reason_of(problem)}.") from problem
    if weakness := weakness_of(key):
        raise StoreError(f"The hash key, DATA_DIR/{FILE}, {weakness}. Restore it from a backup.")
    return Secret(key)


def has_key(settings: Settings) -> bool:
    """Whether there is a key already: who only reads must not make one."""
    return bool(settings.hash_key) or (Path(settings.data_dir) / FILE).is_file()


def known_key(settings: Settings) -> Secret:
    """The key that is there already: who proves something with it must not make another. Raises UsageError."""
    if not has_key(settings):
        raise UsageError(f"{settings.data_dir}: there is no hash key, so nothing can be verified")
    return hash_key(settings)


def _read_or_made(path: Path, new: Callable[[], str]) -> str:
    """Of several who make it at once, one comes first, and all read that one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path, new())
    return path.read_text("ascii").strip()


def _make(path: Path, key: str) -> None:
    """Write it aside and link it into place: whoever finds the file finds it whole."""
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    try:
        _write(draft, key)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, key: str) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    with os.fdopen(handle, "w") as file:
        file.write(f"{key}\n")
        file.flush()
        os.fsync(handle)
