"""Faults that somebody may write into the table one day; the proof must find each of them."""

from table import Fault

FAULTS = (
    Fault(
        "decide",
        "if assessment.emergencies:\n        return _with_emergency",
        "if False:\n        return _with_emergency",
    ),
    Fault(
        "decide",
        "return _with_known_disease(assessment) or _unseen(assessment)",
        "return _with_known_disease(assessment)",
    ),
    Fault("decide", "if assessment.childhood:\n        return Topic.PED", "if False:\n        return Topic.PED"),
    Fault(
        "decide",
        "if assessment.urgent:\n        return Topic",
        "if assessment.urgent and assessment.picture.is_marked:\n        return Topic",
    ),
    Fault("decide", "critical or assessment.hides or is_today(flags)", "assessment.hides or is_today(flags)"),
    Fault("decide", "critical or assessment.hides or is_today(flags)", "critical or is_today(flags)"),
    Fault("decide", "critical or assessment.hides or is_today(flags)", "critical or assessment.hides"),
    Fault("decide", " and covers(request, flag_days((*flags, *_evaluated(assessment))))", ""),
    Fault("decide", "flag_days((*flags, *_evaluated(assessment)))", "flag_days(flags)"),
    Fault(
        "decide",
        "if not assessment.hides:\n        return [Choice(topic=Topic.EMERG",
        "if True:\n        return [Choice(topic=Topic.EMERG",
    ),
    Fault("decide", ", Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, flags=assessment.emergencies)]", "]"),
    Fault(
        "decide",
        "if any(lab.indicator is Indicator.WARNING for lab in labs) else",
        "if all(lab.indicator is Indicator.WARNING for lab in labs) and False else",
    ),
    Fault("decide", "if not assessment.is_normal or calm.is_hushed(choices)", "if not assessment.is_normal"),
    Fault(
        "decide",
        " or not calm.may_reassure(assessment):\n        return []\n    return [Choice(topic=Topic.REASSURE",
        ":\n        return []\n    return [Choice(topic=Topic.REASSURE",
    ),
    Fault("calm", "            or other_results.of(picture)\n", ""),
    Fault("calm", "may_reassure(assessment) and not assessment.picture.answered", "may_reassure(assessment)"),
    Fault("decide", "calm.is_hushed(choices) or not was_seen or unread", "not was_seen or unread"),
    Fault("decide", "calm.is_hushed(choices) or not was_seen or unread", "calm.is_hushed(choices) or unread"),
    Fault(
        "decide",
        "topic = Topic.LIFESTYLE if calm.words_allowed(assessment) else Topic.DATA_GAP",
        "topic = Topic.LIFESTYLE",
    ),
    Fault(
        "decide",
        "spare = [choice for choice in choices_left if not _is_protected(choice)]",
        "spare = list(choices_left)",
    ),
    Fault("decide", "while len(choices_left) > limit and spare", "while len(choices_left) > limit + 1 and spare"),
    Fault("decide", "dropped.append(victim.topic)", "pass"),
    Fault(
        "decide",
        "key=lambda choice: (URGENCY[choice.indicator], RANKS[choice.topic])",
        "key=lambda choice: RANKS[choice.topic]",
    ),
    Fault("decide", "if assessment.hides:  # what", "if False:  # what"),
    Fault("calm", "was_seen = picture.complete.all and not", "was_seen = not"),
    Fault("calm", "picture.complete.all", 'picture.complete.arrived("Patient", "Condition", "Observation")'),
    Fault("calm", "is_examined(assessment)\n        and was_seen", "was_seen"),
    Fault("calm", "assessment.failed or picture.unclear or picture.unread", "assessment.failed or picture.unclear"),
    Fault("lines", "return tuple(lab for lab in assessment.labs if not _is_line(lab, assessment))", "return ()"),
)
