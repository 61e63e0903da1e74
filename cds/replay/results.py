"""What comes out: three Parquet files, in an order that does not depend on who did what."""

from pathlib import Path

from cds.replay.rows import GATE, TWO_PATIENTS
from cds.replay.run import DAYS, read_gate
from cds.replay.tables import CARDS, EVENTS, UNREADS, VISITS, Tables
from cds.replay.worker import DONE, UNREAD, Plan, Setup

VISITS_FILE, CARDS_FILE, UNREAD_FILE = "visits.parquet", "cards.parquet", "unread.parquet"
AGES = """
    CREATE TABLE ages AS
    SELECT patient, any_value(try_cast(nullif(born, '') AS DATE)) AS born, any_value(nullif(sex, '')) AS sex
    FROM persons JOIN (SELECT DISTINCT owner, patient FROM owners) USING (owner)
    GROUP BY patient HAVING count(DISTINCT (born, sex)) = 1
"""
GATED_OUT = """
    CREATE TABLE gated AS
    SELECT visit, patient, clinician, hook, day, clinic,
           CASE WHEN list_contains($twice, owner) THEN $two ELSE $gate END AS outcome, '' AS reason,
           $visits AND day_only AS day_only, []::VARCHAR[] AS changes,
           0 AS cards, 0 AS silenced, 0 AS not_checked, 0 AS unread, 0 AS later, 0 AS undated, 0 AS unknown_then
    FROM calls
    WHERE moment <> '' AND NOT list_contains($deleted, source) AND NOT list_contains($deleted, 'Patient/' || owner)
      AND owner NOT IN (SELECT owner FROM suspects)
    QUALIFY row_number() OVER (PARTITION BY visit ORDER BY moment) = 1
"""
OF_VISITS, OF_DAYS = "CREATE VIEW calls AS FROM events", "CREATE VIEW calls AS FROM days"
ALL_VISITS = """
    SELECT visit, v.patient, nullif(clinician, '') AS clinician, hook, CAST(day AS DATE) AS day,
           nullif(clinic, '') AS clinic,
           CASE WHEN born IS NOT NULL -- older ones could be told
                THEN least(date_part('year', age(CAST(day AS DATE), born)), 90)::INTEGER END AS age, sex,
           day_only, outcome, nullif(reason, '') AS reason, cards, silenced, not_checked, unread, later, undated,
           unknown_then, changes
    FROM (SELECT * FROM gated UNION ALL BY NAME SELECT * FROM played) v LEFT JOIN ages USING (patient)
    ORDER BY v.patient, day, hook DESC, visit
"""
ALL_CARDS = """
    SELECT visit, patient, number::INTEGER AS number, CAST(day AS DATE) AS day, card, indicator, shown, first, tags,
           flags, rules, ages, undated_facts::INTEGER AS undated_facts, not_checked, fingerprint,
           nullif(words, '') AS words
    FROM cards ORDER BY patient, day, visit, number
"""
ALL_UNREAD = "SELECT * FROM unreads ORDER BY line DESC, entries DESC, type, kind, system, code, text, about"


def write(database: Tables, setup: Setup, plan: Plan) -> None:
    """Write the three files. All stages are done."""
    work, out = setup.work, Path(setup.out)
    read_gate(database, work)
    database.read("days", work / DAYS, "*.ndjson", EVENTS)
    database.run("CREATE TABLE suspects (owner VARCHAR)")
    database.run("INSERT INTO suspects SELECT unnest($owners)", {"owners": list(plan.selected)})
    database.run(OF_VISITS if setup.schedule.is_visits else OF_DAYS)
    database.run(AGES)
    twice = sorted(owner for (owner,) in database.rows("SELECT owner FROM twice"))
    database.run(
        GATED_OUT,
        {
            "twice": twice,
            "two": TWO_PATIENTS,
            "gate": GATE,
            "visits": setup.schedule.is_visits,
            "deleted": plan.deleted,
        },
    )
    database.read("played", work / DONE, "*.visits.ndjson", VISITS)
    database.read("cards", work / DONE, "*.cards.ndjson", CARDS)
    database.read("unreads", work / UNREAD, "*.ndjson", UNREADS)
    database.write(ALL_VISITS, out / VISITS_FILE)
    database.write(ALL_CARDS, out / CARDS_FILE)
    database.write(ALL_UNREAD, out / UNREAD_FILE)
