"""Candidates of a shadow, of every kind, as small programs."""

import os
import shutil
import sys
from pathlib import Path

from cds.knowledge.load import DATA

# What every candidate program begins with. `say` writes a message, `heard` reads one; the hello names its process.
BEGIN = """
import os, struct, sys, time
import msgspec
out, inn = sys.stdout.buffer, sys.stdin.buffer
def say(**message):
    body = msgspec.msgpack.encode(message)
    out.write(struct.pack(">I", len(body)) + body)
    out.flush()
def heard():
    (length,) = struct.unpack(">I", inn.read(4))
    return msgspec.msgpack.decode(inn.read(length))
def hello(*names):
    say(software=str(os.getpid()), knowledge="k", names=names)
def answer(*cards):
    say(body=msgspec.json.encode({"cards": cards}), refused=False)
def card(topic, indicator="info", summary="s", tags=(), flags=()):
    basis = {"org.twitch-cds.basis": {"tags": tags, "flags": flags}}
    source = {"label": "l", "topic": {"code": topic}}
    return {"summary": summary, "indicator": indicator, "source": source, "extension": basis}
"""
FAULTS = {
    "ends at once": ("", "crashed"),
    "fails at the start": ("raise SystemExit(3)", "crashed"),
    "fails on a call": ("hello(); heard(); os.abort()", "crashed"),
    "hangs on a call": ("hello(); heard()\nwhile True: pass", "late"),
    "hangs at the start": ("while True: time.sleep(1)", "late"),
    "closes its ears": ("hello(); os.close(0); time.sleep(10**6)", "crashed"),
    "reads nothing": ("hello(); time.sleep(10**6)", "late"),
    "eats memory": ("hello(); heard(); bytearray(4 * 2**30)", "crashed"),
    "writes garbage": ("out.write(b'\\xff' * 100); out.flush(); time.sleep(10**6)", "garbage"),
    "writes what is no message": ("hello(); heard(); out.write(struct.pack('>I', 3) + b'abc'); out.flush()", "garbage"),
    "answers with no cards at all": ("hello(); heard(); say(body=b'{', refused=False); heard()", "garbage"),
    "answers twice": ("hello(); heard(); os.write(1, 2 * (struct.pack('>I', 1) + b'\\x80')); heard()", "garbage"),
    "writes gigabytes": ("hello()\nwhile True: out.write(bytes(2**20))", "garbage"),
    "says too much of itself": ("hello('x' * 65); heard()", "garbage"),
}


def program(code: str) -> tuple[str, ...]:
    """The command of a candidate that does this."""
    return (sys.executable, "-c", BEGIN + code)


def python(folder: Path, code: str) -> Path:
    """The Python of an installation that does this, whatever it is asked to run."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\n{BEGIN}{code}\n", "utf-8")
    path.chmod(0o755)
    return path


def running(mark: object) -> list[int]:
    """The processes that have this in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if str(mark).encode() in command:
                found.append(int(entry.name))
    return found


def knowledge(folder: Path, name: str = "limits.toml", old: str = "", new: str = "", after: str = "") -> Path:
    """A folder of knowledge in which something in one file, after a mark, is something else."""
    shutil.copytree(DATA, folder)
    file = folder / name
    before, mark, rest = file.read_text("utf-8").partition(after) if after else ("", "", file.read_text("utf-8"))
    assert old in rest
    file.write_text(before + mark + rest.replace(old, new, 1), "utf-8")
    return folder
