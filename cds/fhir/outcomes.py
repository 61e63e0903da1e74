"""What an OperationOutcome or the status of a batch entry says of a search: a notice, a part withheld, or a failure.

FHIR R4, OperationOutcome, issue-type and Bundle.entry.response; CDS Hooks 2.0, prefetch.
"""

from collections.abc import Iterable

from msgspec import Struct

from cds.fhir.resources import Issue, OperationOutcome

UNNAMED = "processing"  # FHIR's issue type for what says no more
# Issue types that mean a part is missing, however mild the severity that a server gives them.
CUTS = frozenset({"suppressed", "forbidden", "incomplete", "throttled", "timeout", "too-costly"})
NOTICES = frozenset({"information", "success", "warning"})
MILD = frozenset({"information", "success"})
FATAL = frozenset({"error", "fatal"})
_STATUS_ISSUES = {"401": "login", "403": "forbidden", "404": "not-found", "410": "not-found", "429": "throttled"}


class Response(Struct, gc=False):
    """The response of one entry of a batch."""

    status: str | int | None = None
    outcome: OperationOutcome | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the request of this entry brought no resource; an entry without a status is taken as it is."""
        return self.status is not None and not self._status.startswith("2")

    def issues(self) -> frozenset[str]:
        """The issue types behind a failed response: its outcome's, else that of its HTTP status."""
        issue_codes = codes((self.outcome,)) if self.outcome is not None else frozenset()
        return issue_codes or frozenset({_STATUS_ISSUES.get(self._status[:3], UNNAMED)})

    @property
    def _status(self) -> str:
        return str(self.status).strip()


def is_notice(issues: Iterable[Issue]) -> bool:
    """Whether nothing is missing: information and warnings only, none of them about a part left out."""
    severities = {issue.severity for issue in issues}
    return bool(severities) and severities <= NOTICES and not cuts(issues)


def cuts(issues: Iterable[Issue]) -> frozenset[str]:
    """The issue types that say that a part is missing."""
    return frozenset(issue.code for issue in issues if issue.code in CUTS)


def codes(outcomes: Iterable[OperationOutcome]) -> frozenset[str]:
    """The issue types of some outcomes."""
    return frozenset(issue.code or UNNAMED for outcome in outcomes for issue in outcome.issue or (Issue(),))


def is_failure(outcome: OperationOutcome, *, has_results: bool, in_bundle: bool) -> bool:
    """Whether a search failed: by an error, or by an outcome without results that does not say that it is mild.

    A warning without results is a failure only outside a Bundle: in a Bundle it reports an empty search.
    """
    severities = {issue.severity for issue in outcome.issue or ()}
    if severities & FATAL:
        return True
    mild = NOTICES if in_bundle else MILD
    return not has_results and not (severities and severities <= mild)
