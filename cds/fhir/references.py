"""What a literal reference names: relative, absolute, versioned or a urn."""


def parts(target: str) -> tuple[str, str]:
    """The type of its target, empty if it names none, and the id."""
    path, _, ident = target.removeprefix("urn:uuid:").split("/_history/")[0].rpartition("/")
    return path.rpartition("/")[2], ident


def type_of(target: str) -> str:
    """The type of its target; empty if it names none."""
    return parts(target)[0]


def id_of(target: str) -> str:
    """The id of its target."""
    return parts(target)[1]


def entry_type(ref: str) -> str:
    """The type of an entry by the name it has here: `Type/id`, or the type alone where it has no id."""
    return ref.partition("/")[0]
