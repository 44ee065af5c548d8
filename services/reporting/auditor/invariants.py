"""The table of invariants: what careroute promises and its journals can show."""

from __future__ import annotations

from services.reporting.auditor.fold.audit_log import GENUINE, UNCUT, WHOLE
from services.reporting.auditor.fold.heard import JUDGED, PAGED, PAUSED, TOLD
from services.reporting.auditor.invariant import Invariant, planted

_CALLS = (
    Invariant(
        "call-taken-in",
        "A version with which a call begins, or begins again, is taken in, or refused with an alarm.",
        """SELECT v.event_id AS about, v.agency, v.call_id, NULL AS district, v.at_us AS broken_us
        FROM version v WHERE v.owed = 1 AND v.at_us < :settled""",
        planted("call-taken-in", ("version", {"owed": 1})),
        lasting=False,
    ),
    Invariant(
        "sender-accounted-for",
        "What was acknowledged to a CAD, by its own list, stands in the topic `calls`.",
        """SELECT a.source || '/' || a.incident || ' ' || a.event_id AS about, a.agency,
            a.agency || '/' || a.source || '/' || a.incident AS call_id, NULL AS district, a.at_us AS broken_us
        FROM acknowledged a WHERE a.seen = 0 AND a.at_us < :settled""",
        planted("sender-accounted-for", ("acknowledged", {})),
        lasting=False,
    ),
    Invariant(
        "outcome-by-deadline",
        "An episode has its outcome by its deadline.",
        """SELECT 'episode ' || e.episode AS about, e.agency, e.call_id, e.district, e.due_us AS broken_us
        FROM episode e WHERE e.outcomes = 0 AND e.failed = 0 AND e.due_us < :settled""",
        planted("outcome-by-deadline", ("episode", {})),
        lasting=False,
    ),
    Invariant(
        "one-outcome",
        "An episode has one outcome, and begins once.",
        """SELECT 'episode ' || e.episode AS about, e.agency, e.call_id, e.district, e.due_us AS broken_us
        FROM episode e WHERE (e.outcomes > 1 OR e.begun > 1) AND e.changed > :after AND e.changed <= :upto
        UNION ALL
        SELECT 'episode ' || o.episode || ' never began', o.agency, o.call_id, o.district, o.at_us
        FROM outcome o WHERE o.changed > :after AND o.changed <= :upto AND NOT EXISTS
            (SELECT 1 FROM episode e WHERE e.call_id = o.call_id AND e.episode = o.episode)""",
        planted("one-outcome", ("episode", {"outcomes": 2})),
    ),
    Invariant(
        "outcome-in-time",
        "An outcome stands a second after its deadline at the latest, unless the journal changed hands meanwhile.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.due_us AS broken_us
        FROM outcome o WHERE o.changed > :after AND o.changed <= :upto AND o.at_us > o.due_us + 1000000
        AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.topic = 'assignments' AND c.partition = o.partition
            AND c.at_us > o.due_us - 10000000 AND c.at_us < o.at_us + 1000000)""",
        planted("outcome-in-time", ("outcome", {"partition": -1, "record_offset": 1, "at_us": 2_000_000})),
        severity="late",
    ),
    Invariant(
        "hold-acknowledged",
        "A call waits for a team only once its CAD or a named person acknowledged that, and no longer than was asked.",
        """SELECT 'episode ' || h.episode AS about, h.agency, h.call_id, NULL AS district, h.at_us AS broken_us
        FROM hold h WHERE h.at_us < :settled AND (h.due_us > h.at_us + h.minutes * 60000000
            OR (h.by_person = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.call_id = h.call_id
                AND m.episode = h.episode AND m.kind = 'call.hold' AND m.over = 1 AND m.alarmed = 1)))""",
        planted("hold-acknowledged", ("hold", {})),
        lasting=False,
    ),
    Invariant(
        "outcome-explained",
        "A default has a reason; a team that nobody sent by hand goes by a document.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o WHERE o.changed > :after AND o.changed <= :upto
        AND ((o.outcome = 'default' AND o.reasons = 0)
            OR (o.outcome IN ('team-accepted', 'phone-accepted') AND o.cites = 0 AND o.by_hand = 0))""",
        planted("outcome-explained", ("outcome", {"partition": -1, "record_offset": 2, "reasons": 0})),
    ),
    Invariant(
        "outcome-as-judged",
        "An outcome cites the document by which triage had judged its call.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o JOIN judgement j ON j.partition = o.partition AND j.record_offset = o.judged_offset
        WHERE o.changed > :after AND o.changed <= :upto
        AND (j.call_id <> o.call_id OR j.programme_hash <> o.programme_hash)
        UNION
        SELECT 'episode ' || o.episode, o.agency, o.call_id, o.district, o.at_us
        FROM judgement j JOIN outcome o ON o.partition = j.partition AND o.judged_offset = j.record_offset
        WHERE j.changed > :after AND j.changed <= :upto
        AND (j.call_id <> o.call_id OR j.programme_hash <> o.programme_hash)""",
        planted(
            "outcome-as-judged",
            ("judgement", {"record_offset": 6, "programme_hash": "one"}),
            ("outcome", {"partition": -1, "record_offset": 10, "judged_offset": 6, "programme_hash": "another"}),
        ),
    ),
    Invariant(
        "outcome-as-accepted",
        "The outcome names the team and response that accepted the call, or came with a merged one, and only these.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o WHERE o.changed > :after AND o.changed <= :upto
        AND ((o.outcome IN ('team-accepted', 'phone-accepted') AND NOT EXISTS (SELECT 1 FROM assignment a
                WHERE a.call_id = o.call_id AND a.episode = o.episode AND a.record_offset < o.record_offset
                AND a.team_id = o.team_id AND a.response = o.response))
            OR (o.outcome NOT IN ('team-accepted', 'phone-accepted') AND EXISTS (SELECT 1 FROM offer f
                WHERE f.call_id = o.call_id AND f.episode = o.episode AND f.how_it_ended = 'accepted'
                AND f.ended_offset < o.record_offset)))""",
        planted(
            "outcome-as-accepted",
            ("outcome", {"partition": -1, "record_offset": 5, "outcome": "team-accepted"}),
        ),
    ),
    Invariant(
        "cancelled-as-ended",
        "A call has nobody sent to it because its CAD had ended it.",
        # once what team availability had taken in is read, so is what came before; the clocks are not the same
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o JOIN call c ON c.call_id = o.call_id
            JOIN version v ON v.call_id = c.call_id AND v.record_offset = c.taken_offset
        WHERE o.outcome = 'cancelled' AND o.changed > :after AND o.changed <= :upto AND NOT EXISTS
            (SELECT 1 FROM version e WHERE e.call_id = o.call_id AND e.ended = 1 AND e.order_us < o.at_us + 5000000)
        UNION
        SELECT 'episode ' || o.episode, o.agency, o.call_id, o.district, o.at_us
        FROM version v JOIN call c ON c.call_id = v.call_id AND c.taken_offset = v.record_offset
            JOIN outcome o ON o.call_id = v.call_id
        WHERE o.outcome = 'cancelled' AND v.changed > :after AND v.changed <= :upto AND NOT EXISTS
            (SELECT 1 FROM version e WHERE e.call_id = o.call_id AND e.ended = 1 AND e.order_us < o.at_us + 5000000)""",
        planted(
            "cancelled-as-ended",
            ("call", {"taken_offset": 9}),
            ("version", {"record_offset": 9}),
            ("outcome", {"partition": -1, "record_offset": 9, "outcome": "cancelled"}),
        ),
    ),
    Invariant(
        "judgement-explained",
        "A judgement has every gate with its sentence, and cites the document and the switchboard that were in force.",
        """SELECT 'decisions/' || j.partition || '/' || j.record_offset AS about, j.agency, j.call_id, j.district,
            j.at_us AS broken_us
        FROM judgement j WHERE j.changed > :after AND j.changed <= :upto
        AND (j.gates = 0 OR j.cites = 0 OR j.has_sentence = 0)""",
        planted("judgement-explained", ("judgement", {"gates": 0})),
    ),
)

_TEAMS = (
    Invariant(
        "offer-allowed",
        "A team is asked where the newest judgement lets its response go, live or confirmed, or a person sends it.",
        """SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.at_us AS broken_us
        FROM offer f WHERE f.changed > :after AND f.changed <= :upto AND f.by_hand = 0
        AND (f.may_go = 0 OR f.phase IS NULL OR f.phase NOT IN ('live', 'advisory')
            OR (f.phase = 'advisory' AND f.confirmed = 0))""",
        planted("offer-allowed", ("offer", {"may_go": 0})),
    ),
    Invariant(
        "offer-as-judged",
        "What let a response go for team availability is what triage wrote.",
        """SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.at_us AS broken_us
        FROM offer f LEFT JOIN judgement j ON j.partition = f.partition AND j.record_offset = f.judged_offset
        LEFT JOIN verdict v ON v.partition = j.partition AND v.record_offset = j.record_offset
            AND v.response = f.response AND v.call_id = f.call_id
        WHERE f.changed > :after AND f.changed <= :upto AND f.by_hand = 0
        AND (f.judged_offset IS NULL OR f.judged_offset < 0
            OR (j.record_offset IS NOT NULL AND coalesce(v.may_go, 0) = 0))
        UNION
        SELECT f.offer_id, f.agency, f.call_id, f.district, f.at_us
        FROM judgement j JOIN offer f ON f.call_id = j.call_id AND f.partition = j.partition
            AND f.judged_offset = j.record_offset
        LEFT JOIN verdict v ON v.partition = j.partition AND v.record_offset = j.record_offset
            AND v.response = f.response
        WHERE j.changed > :after AND j.changed <= :upto AND f.by_hand = 0 AND coalesce(v.may_go, 0) = 0""",
        planted("offer-as-judged", ("judgement", {"record_offset": 5}), ("offer", {"judged_offset": 5})),
    ),
    *(
        Invariant(
            name,
            sentence,
            f"""SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.at_us AS broken_us
            FROM offer f WHERE f.{flag} = 1 AND f.changed > :after AND f.changed <= :upto""",  # noqa: S608
            planted(name, ("offer", {flag: 1})),
        )
        for name, flag, sentence in (
            ("offer-not-paused", "paused", "No team is asked where careroute is paused."),
            (
                "silent-not-offered",
                "unheard",
                "A team that let offers run out is asked nothing before it is heard from.",
            ),
            ("offer-to-free-team", "busy", "No team is asked to take a call while it has one."),
        )
    ),
    Invariant(
        "offer-ended",
        "An offer ends by its time.",
        """SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.expires_us AS broken_us
        FROM offer f WHERE f.ended_offset IS NULL AND f.expires_us < :settled""",
        planted("offer-ended", ("offer", {"ended_offset": None, "expires_us": 1})),
        lasting=False,
    ),
    Invariant(
        "offer-before-outcome",
        "No team is asked to take a call that has its outcome.",
        """SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.at_us AS broken_us
        FROM offer f JOIN outcome o ON o.call_id = f.call_id AND o.episode = f.episode
            AND o.record_offset < f.record_offset
        WHERE f.changed > :after AND f.changed <= :upto""",
        planted(
            "offer-before-outcome",
            ("outcome", {"partition": -1, "record_offset": 6}),
            ("offer", {"record_offset": 7}),
        ),
    ),
    Invariant(
        "accepted-as-offered",
        "A team has a call by its own offer, taken in time, not declined or withdrawn before, or with a merged one.",
        # an answer in time that is read once the offer had expired is good
        """SELECT a.team_id || ' at ' || a.record_offset AS about, a.agency, a.call_id, a.district, a.at_us AS broken_us
        FROM assignment a WHERE a.changed > :after AND a.changed <= :upto
        AND NOT EXISTS (SELECT 1 FROM offer f WHERE f.call_id = a.call_id AND f.episode = a.episode
            AND f.team_id = a.team_id AND f.accepted_us <= f.expires_us
            AND ((f.how_it_ended = 'accepted' AND f.ended_offset = a.record_offset)
                OR (f.how_it_ended = 'expired' AND f.ended_offset < a.record_offset)))
        AND NOT EXISTS (SELECT 1 FROM assignment b WHERE b.agency = a.agency AND b.team_id = a.team_id
            AND b.how_it_ended = 'moved' AND b.ended_offset = a.record_offset)""",
        planted("accepted-as-offered", ("assignment", {"partition": -1, "record_offset": 7})),
    ),
    Invariant(
        "synthetic-not-offered",
        "No team is asked to go to a test call.",
        """SELECT f.offer_id AS about, f.agency, f.call_id, f.district, f.at_us AS broken_us
        FROM version v JOIN offer f ON f.call_id = v.call_id
        WHERE v.synthetic = 1 AND v.changed > :after AND v.changed <= :upto
        UNION
        SELECT f.offer_id, f.agency, f.call_id, f.district, f.at_us
        FROM offer f JOIN version v ON v.call_id = f.call_id
        WHERE v.synthetic = 1 AND f.changed > :after AND f.changed <= :upto""",
        planted("synthetic-not-offered", ("version", {"synthetic": 1, "record_offset": 7}), ("offer", {})),
    ),
    Invariant(
        "test-call-is-one",
        "Only a call whose versions say so is treated as a test call, of which no CAD hears.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o JOIN version v ON v.call_id = o.call_id
        WHERE o.synthetic = 1 AND v.synthetic = 0 AND o.changed > :after AND o.changed <= :upto
        UNION
        SELECT 'episode ' || o.episode, o.agency, o.call_id, o.district, o.at_us
        FROM version v JOIN outcome o ON o.call_id = v.call_id
        WHERE o.synthetic = 1 AND v.synthetic = 0 AND v.changed > :after AND v.changed <= :upto""",
        planted(
            "test-call-is-one",
            ("version", {"record_offset": 8}),
            ("outcome", {"partition": -1, "record_offset": 4, "synthetic": 1}),
        ),
    ),
    Invariant(
        "one-team-a-call",
        "A call has one team at a time, and a team one call.",
        # of intervals in the order of their beginnings, two that overlap mean that two neighbours do
        """SELECT b.team_id || ' at ' || b.record_offset AS about, b.agency, b.call_id, b.district, b.at_us AS broken_us
        FROM assignment b JOIN assignment a ON a.agency = b.agency AND a.team_id = b.team_id AND a.record_offset =
            (SELECT max(c.record_offset) FROM assignment c WHERE c.agency = b.agency AND c.team_id = b.team_id
                AND c.record_offset < b.record_offset)
        WHERE b.changed > :after AND b.changed <= :upto
        AND (a.ended_offset IS NULL OR a.ended_offset > b.record_offset)
        UNION
        SELECT b.team_id || ' at ' || b.record_offset, b.agency, b.call_id, b.district, b.at_us
        FROM assignment b JOIN assignment a ON a.call_id = b.call_id AND a.record_offset =
            (SELECT max(c.record_offset) FROM assignment c WHERE c.call_id = b.call_id
                AND c.record_offset < b.record_offset)
        WHERE b.changed > :after AND b.changed <= :upto
        AND (a.ended_offset IS NULL OR a.ended_offset > b.record_offset)""",
        planted(
            "one-team-a-call",
            ("assignment", {"partition": -1, "record_offset": 1}),
            ("assignment", {"partition": -1, "record_offset": 2, "team_id": "another"}),
        ),
    ),
    Invariant(
        "nobody-dropped",
        "A team that is with somebody leaves its call by its own or a named person's word alone, all of it.",
        """SELECT b.team_id || ' at ' || b.record_offset AS about, b.agency, b.call_id, b.district, b.at_us AS broken_us
        FROM assignment b WHERE b.changed > :after AND b.changed <= :upto AND (b.left_behind = 1
        OR (b.how_it_ended = 'withdrawn' AND b.by_person = 0)
        OR (b.how_it_ended = 'shift-ends' AND b.stands = 'staged')
        OR (b.how_it_ended IS NOT NULL AND b.how_it_ended NOT IN ('cleared', 'moved', 'withdrawn')
            AND (b.police_asked = 1 OR b.stands IN ('on-phone', 'on-scene', 'transporting'))))""",
        planted(
            "nobody-dropped",
            (
                "assignment",
                {
                    "partition": -1,
                    "record_offset": 3,
                    "stands": "on-scene",
                    "how_it_ended": "cancelled",
                    "ended_offset": 4,
                },
            ),
        ),
    ),
    Invariant(
        "silence-asked-about",
        "A team that is with somebody and says nothing is asked whether it is well.",
        """SELECT b.team_id || ' at ' || b.record_offset AS about, b.agency, b.call_id, b.district,
            b.spoken_us AS broken_us
        FROM assignment b WHERE b.ended_offset IS NULL AND b.spoken_us < :settled
        AND (b.police_asked = 1 OR b.stands IN ('on-phone', 'on-scene', 'transporting'))
        AND b.spoken_us + coalesce(b.check_minutes, 30) * 60000000 < :settled""",
        planted("silence-asked-about", ("assignment", {"partition": -1, "record_offset": 5, "stands": "on-scene"})),
        lasting=False,
        patience_seconds=60,
    ),
    Invariant(
        "a-person-wins",
        "Nobody accepts a call for which a dispatcher has sent the default.",
        """SELECT b.team_id || ' at ' || b.record_offset AS about, b.agency, b.call_id, b.district, b.at_us AS broken_us
        FROM assignment b WHERE b.after_default = 1 AND b.changed > :after AND b.changed <= :upto""",
        planted("a-person-wins", ("assignment", {"partition": -1, "record_offset": 6, "after_default": 1})),
    ),
)

_WORD = (
    Invariant(
        "paged-once",
        "A page is tried once, and nobody is paged twice for one offer over one contact method.",
        """SELECT p.person_id || ' ' || p.page_id AS about, p.agency, p.call_id, NULL AS district,
            p.attempted_us AS broken_us
        FROM page p WHERE p.changed > :after AND p.changed <= :upto AND (p.attempts > 1
        OR (p.attempts = 1 AND p.kind = 'offer' AND EXISTS (SELECT 1 FROM page q WHERE q.offer_id = p.offer_id
            AND q.person_id = p.person_id AND q.method_id = p.method_id AND q.kind = 'offer' AND q.attempts > 0
            AND q.page_id <> p.page_id)))""",
        planted("paged-once", ("page", {"page_id": "~planted/paged-once/1", "attempts": 2})),
    ),
    Invariant(
        "paged-in-time",
        "No page is tried after the instant that it was worth trying until.",
        """SELECT p.page_id AS about, p.agency, p.call_id, NULL AS district, p.attempted_us AS broken_us
        FROM page p WHERE p.changed > :after AND p.changed <= :upto AND p.attempted_us > p.not_after_us""",
        planted("paged-in-time", ("page", {"page_id": "~planted/paged-in-time/1", "attempted_us": 3})),
    ),
    Invariant(
        "no-ghost-page",
        "Nobody is paged for an offer of which notification had read that it is over.",
        """SELECT p.page_id AS about, p.agency, p.call_id, f.district, p.attempted_us AS broken_us
        FROM page p JOIN offer f ON f.offer_id = p.offer_id
        WHERE p.changed > :after AND p.changed <= :upto AND p.kind = 'offer' AND f.ended_offset < p.read_offset
        UNION
        SELECT p.page_id, p.agency, p.call_id, f.district, p.attempted_us
        FROM offer f JOIN page p ON p.offer_id = f.offer_id
        WHERE f.changed > :after AND f.changed <= :upto AND p.kind = 'offer' AND f.ended_offset < p.read_offset""",
        planted(
            "no-ghost-page",
            ("offer", {"ended_offset": 5}),
            ("page", {"page_id": "~planted/no-ghost-page/1", "read_offset": 6}),
        ),
    ),
    Invariant(
        "page-ended",
        "Of every page that was owed it is said what came of it.",
        """SELECT p.page_id AS about, p.agency, p.call_id, NULL AS district, p.not_after_us AS broken_us
        FROM page p WHERE p.over = 0 AND p.not_after_us < :settled""",
        planted("page-ended", ("page", {"page_id": "~planted/page-ended/1", "over": 0})),
        lasting=False,
        patience_seconds=30,
    ),
    Invariant(
        "cad-told",
        "A CAD acknowledges what it is told, or it is noted in time that it did not.",
        """SELECT m.kind || ' ' || m.message_id AS about, m.agency, m.call_id, NULL AS district,
            m.not_after_us AS broken_us
        FROM message m WHERE m.over = 0 AND m.not_after_us < :settled""",
        planted("cad-told", ("message", {"over": 0})),
        lasting=False,
        patience_seconds=30,
    ),
    Invariant(
        "outcome-told",
        "The CAD of a call is owed a message about each outcome.",
        """SELECT 'episode ' || o.episode AS about, o.agency, o.call_id, o.district, o.at_us AS broken_us
        FROM outcome o WHERE o.told = 0 AND o.at_us < :settled""",
        planted("outcome-told", ("outcome", {"partition": -1, "record_offset": 3, "told": 0})),
        lasting=False,
    ),
    Invariant(
        "outcome-told-as-is",
        "A CAD is told the outcome of its call as it is, and of the team that has it.",
        """SELECT m.message_id AS about, m.agency, m.call_id, o.district, o.at_us AS broken_us
        FROM message m JOIN outcome o ON o.call_id = m.call_id AND o.episode = m.episode
        WHERE m.changed > :after AND m.changed <= :upto AND m.kind = 'call.routed'
        AND (coalesce(m.outcome, '') <> o.outcome OR coalesce(m.team_id, '') <> coalesce(o.team_id, ''))
        UNION
        SELECT m.message_id, m.agency, m.call_id, o.district, o.at_us
        FROM outcome o JOIN message m ON m.call_id = o.call_id AND m.episode = o.episode
        WHERE o.changed > :after AND o.changed <= :upto AND m.kind = 'call.routed'
        AND (coalesce(m.outcome, '') <> o.outcome OR coalesce(m.team_id, '') <> coalesce(o.team_id, ''))""",
        planted(
            "outcome-told-as-is",
            ("outcome", {"partition": -1, "record_offset": 8}),
            ("message", {"misleads": 1, "alarmed": 1}),
        ),
    ),
    *(
        Invariant(
            name,
            sentence,
            f"""SELECT w.what || ' ' || w.topic || '/' || w.partition || '/' || w.record_offset AS about, w.agency,
                w.call_id, NULL AS district, w.at_us AS broken_us
            FROM word w WHERE w.invariant = '{name}' AND w.owed = 1 AND w.heard = 0 AND w.at_us < :settled""",  # noqa: S608
            planted(name, ("word", {"invariant": name})),
            lasting=False,
        )
        for name, sentence in (
            (JUDGED, "A version of a call is judged, or it is said why it counts for nothing, or nobody can judge it."),
            (PAGED, "For each offer that is not only a page's, its team is paged, or it is said why not."),
            (
                TOLD,
                "A CAD is owed word of its call's team: turned back, needed help, silent, staying, moved, upgraded.",
            ),
            (PAUSED, "Where triage pauses careroute, team availability makes no offers from then on."),
        )
    ),
    Invariant(
        "misled-cad-alarmed",
        "Where a CAD did not hear that a team has its call, a person is alarmed.",
        """SELECT m.message_id AS about, m.agency, m.call_id, NULL AS district, m.not_after_us AS broken_us
        FROM message m WHERE m.changed > :after AND m.changed <= :upto
        AND m.over = 1 AND m.misleads = 1 AND m.alarmed = 0""",
        planted("misled-cad-alarmed", ("message", {"misleads": 1})),
    ),
    Invariant(
        "command-answered",
        "A command is answered by the time at which it expires.",
        """SELECT c.type || ' ' || c.command_id AS about, c.agency, NULL AS call_id, NULL AS district,
            c.expires_us AS broken_us
        FROM command c WHERE c.answered = 0 AND c.expires_us < :settled""",
        planted("command-answered", ("command", {})),
        lasting=False,
        patience_seconds=30,
    ),
    Invariant(
        "answered-once",
        "A command has one answer.",
        """SELECT a.command_id AS about, a.agency, NULL AS call_id, NULL AS district, a.at_us AS broken_us
        FROM answer a WHERE a.changed > :after AND a.changed <= :upto AND EXISTS (SELECT 1 FROM answer b
            WHERE b.agency = a.agency AND b.command_id = a.command_id AND (b.topic <> a.topic
            OR b.record_offset <> a.record_offset))""",
        planted("answered-once", ("answer", {}), ("answer", {"record_offset": 2})),
    ),
)

_LOG = (
    Invariant(
        "log-not-shorter",
        "No topic ends before what was read of it.",
        """SELECT e.topic || '/' || e.partition AS about, '' AS agency, NULL AS call_id, NULL AS district,
            e.at_us AS broken_us
        FROM log_end e WHERE e.end_offset < e.read_offset""",
        planted("log-not-shorter", ("log_end", {"topic": "~planted/log-not-shorter/1", "read_offset": 2})),
        lasting=False,
    ),
    Invariant(
        "record-readable",
        "A record is what it says it is.",
        """SELECT u.topic || '/' || u.partition || '/' || u.record_offset AS about, u.agency, NULL AS call_id,
            NULL AS district, u.at_us AS broken_us
        FROM unreadable u WHERE u.changed > :after AND u.changed <= :upto""",
        planted("record-readable", ("unreadable", {})),
    ),
    Invariant(
        "nothing-personal",
        "A planted personal word stands in no record in the open.",
        """SELECT l.topic || '/' || l.partition || '/' || l.record_offset AS about, l.agency, NULL AS call_id,
            NULL AS district, l.at_us AS broken_us
        FROM leak l WHERE l.changed > :after AND l.changed <= :upto""",
        planted("nothing-personal", ("leak", {})),
    ),
    *(
        Invariant(
            name,
            sentence,
            f"""SELECT f.about, '' AS agency, NULL AS call_id, NULL AS district, f.at_us AS broken_us
            FROM chain_fault f WHERE f.invariant = '{name}' AND f.changed > :after AND f.changed <= :upto""",  # noqa: S608
            planted(name, ("chain_fault", {"invariant": name})),
        )
        for name, sentence in (
            (GENUINE, "An entry of the audit log was written with one of its keys, and not changed since."),
            (WHOLE, "An entry of the audit log comes next after the one that its writer wrote before it."),
            (UNCUT, "What a writer of the audit log had seen of another's entries stands in it."),
        )
    ),
)

INVARIANTS: tuple[Invariant, ...] = (*_CALLS, *_TEAMS, *_WORD, *_LOG)
