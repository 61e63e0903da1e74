"""What one rule may see of a chart."""

from collections.abc import Iterable

from cds.knowledge.load import Knowledge
from cds.rules.reads import FIELDS, Reads


class UndeclaredReadError(LookupError):
    """A rule asked its view for something that its row does not declare."""

    def __init__(self, rule: str, kind: str, names: Iterable[str]) -> None:
        super().__init__(f"{rule} reads {kind} that its row does not declare: {', '.join(sorted(names))}")


class Access:
    """What one rule may see, resolved once for the knowledge of the service."""

    __slots__ = ("_allowed", "always", "days", "knowledge", "on_chart", "rule", "thresholds")

    def __init__(self, rule: str, reads: Reads, knowledge: Knowledge) -> None:
        self.rule = rule
        self.knowledge = knowledge
        self.days = {name: knowledge.days(name) for name in reads.windows}
        self.thresholds = {name: knowledge.at(name) for name in reads.thresholds}
        self.on_chart = reads.on_chart
        self.always = "twitch" in reads.attributes or not self.on_chart  # a twitch there is on every chart asked about
        self._allowed = {name: frozenset(getattr(reads, name)) for name in FIELDS}

    def check(self, kind: str, *names: str) -> None:
        """Raise UndeclaredReadError unless the row declares all of these."""
        allowed = self._allowed[kind]
        if not allowed.issuperset(names):
            raise UndeclaredReadError(self.rule, kind, set(names) - allowed)
