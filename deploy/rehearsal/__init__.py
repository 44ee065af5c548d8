"""A programme document rehearsed, before or after a city puts it in force.

The calls are made up from the document itself: its codes, districts, questions and hours, mostly calls that one of its
responses takes. At first everything is in shadow at most. While calls flow, people raise one response as far as the
document allows, pause its district and resume it, put the next version in force and roll it back. How soon each change
is at work is read from the journals, and so is whether every judgement cites what was in force at its place, and
whether a team was offered a call where it was paused.
"""

from deploy.rehearsal.changes import Changes
from deploy.rehearsal.documents import CannotRehearse
from deploy.rehearsal.in_force import InForce
from deploy.rehearsal.rehearsal import Rehearsal, rehearsal

__all__ = ["CannotRehearse", "Changes", "InForce", "Rehearsal", "rehearsal"]
