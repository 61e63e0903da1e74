"""One visit to the app, as the browser keeps it for us: sealed, for fifteen minutes, under a path of its own."""

from msgspec import Struct

from cds.access import Authorization
from cds.secrecy import Secret

SECONDS = 15 * 60
MOST_TRIES = 5
STORED = ("stored", "partly")
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


class Unsent(Struct, frozen=True, kw_only=True):
    """Whose a form is; with `given`, answers that came when its visit was over. Nothing else of a visit outlives it.

    `sid` is the visit's, `stored` names the answers of it that the EHR has.
    """

    client: str
    issuer: str
    patient: str
    user: str
    by_patient: bool = False
    sid: str
    stored: str = ""
    given: Given = {}

    def __repr__(self) -> str:
        return "Unsent(***)"

    def is_of(self, session: Session) -> bool:
        """Whether a visit is of the same patient and the same user, at the same EHR."""
        return (self.client, self.issuer, self.patient, self.user) == (
            session.client,
            session.issuer,
            session.patient,
            session.user,
        )


def unsent_of(session: Session) -> Unsent:
    """What the form of a visit says of whose it is."""
    return Unsent(
        client=session.client,
        issuer=session.issuer,
        patient=session.patient,
        user=session.user,
        by_patient=session.by_patient,
        sid=session.sid,
        stored=session.sent if session.outcome in STORED else "",
    )
