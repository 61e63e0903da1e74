"""What is raised within the store when the database does not do what was asked."""


class StoreDown(Exception):  # noqa: N818 - it says what happened
    """The database failed, or was too slow; what it said is in the cause, and stays inside."""


class Stale(StoreDown):
    """The connection was dead before it was used: another one may be all that is needed."""
