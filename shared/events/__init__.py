"""The language: every event and every command, once, by the topic that it is written to."""

from shared.events.assignments import *
from shared.events.audit_log import *
from shared.events.audits import *
from shared.events.base import *
from shared.events.call_keys import *
from shared.events.calls import *
from shared.events.commands import *
from shared.events.contacts import *
from shared.events.decisions import *
from shared.events.journals import *
from shared.events.notifications import *
from shared.events.rosters import *
from shared.events.rota import *
from shared.events.staff import *
