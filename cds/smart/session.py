"""One visit to the app, as the browser keeps it for us: sealed, for fifteen minutes, under a path of its own."""

from msgspec import Struct

from cds.access import Authorization
from cds.secrecy import Secret

SECONDS = 15 * 60
MOST_TRIES = 5
Given = dict[str, list[str]]


class Session(Struct, frozen=True, kw_only=True):
    """Who asks, about whom, with which token, and what was answered.

    `topic` is the card it was launched from. `began` and `until` are seconds since 1970. `handed` is the code that ends
    a hand-over. `sent` names the answers that were sent to the EHR, `outcome` says what became of them.
    """

    sid: str
    client: str
    issuer: str
    patient: str
    user: str
    scope: str
    token: str
    topic: str = ""
    began: int
    until: int
    handed: str = ""
    by_patient: bool = False
    tries: int = 0
    given: Given = {}
    sent: str = ""
    outcome: str = ""

    def __repr__(self) -> str:
        return "Session(***)"

    def authorization(self, subject: str, now: int) -> Authorization:
        """The token as a hook call carries it."""
        return Authorization(
            token=Secret(self.token),
            expires_in=max(0, self.until - now),
            scope=self.scope,
            subject=subject,
            patient=self.patient,
        )
