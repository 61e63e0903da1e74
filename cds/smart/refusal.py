"""Why the app cannot go on. The words are for the person in front of it, and quote nothing that was sent."""

from typing import Literal

Why = Literal[
    "unknown-ehr",  # the launch names a FHIR base that is not registered
    "not-understood",  # a request that the app did not make, or one that was made twice
    "no-discovery",  # the EHR does not say how to sign in, or in a way that is not allowed
    "denied",  # the EHR or its user said no
    "no-token",  # the EHR did not exchange the code
    "wrong-issuer",  # the answer comes from another server than the one that was asked
    "no-identity",  # the id token is not one that can be believed
    "no-patient",  # the EHR did not say which patient it is about
    "not-clinician",  # the user is not a health professional
    "expired",  # the time for this visit is over
]


class AppRefused(Exception):  # noqa: N818 - says what happened
    """The app stops here, and says why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why
