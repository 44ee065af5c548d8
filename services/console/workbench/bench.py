"""The workbench as the door sees it: one piece of work at a time, each within its seconds, in a process apart.

A document may cost more than anybody has time for, and this door also holds the stop switch: so nothing of a document
that nobody has verified is read here. The process stays for the next piece of work, unless this one was its end.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO, Final, TypeVar, cast

from pydantic import Field, TypeAdapter

from services.console.workbench.tasks import Count, Counted, Studied, Study, Tried, Try, count, study, try_call
from shared.doors.problems import Problem
from shared.ending import ended_after

PROGRAM: Final = (sys.executable, "-m", "services.console.workbench")
MOST_WAITING: Final = 8
MOST_STUDIES: Final = 32
_MEBIBYTES: Final = 1024

Task = Study | Try | Count
Result = TypeVar("Result", Studied, Tried, Counted)
_TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="task")])
_RESULTS: Final[dict[type[Any], TypeAdapter[Any]]] = {kind: TypeAdapter(kind) for kind in (Studied, Tried, Counted)}
_DO: Final[dict[type[Any], tuple[Callable[[Any], Any], type[Any]]]] = {
    Study: (study, Studied),
    Try: (try_call, Tried),
    Count: (count, Counted),
}


class TooDear(Problem):
    """The work took more time or memory than it may."""

    def __init__(self, seconds: float) -> None:
        detail = f"This takes more than {seconds:.0f} seconds, or {_MEBIBYTES} MiB: it was ended, and nothing was done."
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


class Workbench:
    """The process, and who waits for it."""

    def __init__(self, seconds: float, program: tuple[str, ...] = PROGRAM) -> None:
        """`seconds`: how long a piece of work may take, the start of the process included."""
        self._seconds, self._program = seconds, program
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = ThreadPoolExecutor(1, "workbench")
        self._waiting = 0
        self._studied: OrderedDict[bytes, Studied] = OrderedDict()

    async def study(self, task: Study) -> Studied:
        """What a document means. Never raises: a page that could not say it has other things to tell."""
        key = sha256(
            f"{len(task.document)} {task.document}{task.in_force}{task.on}{task.waiting}".encode("utf-8", "replace")
        ).digest()
        if key not in self._studied:
            try:
                self._studied[key] = await self._do(task, Studied)
            except Problem as problem:
                return Studied(trouble=problem.detail)
        self._studied.move_to_end(key)
        while len(self._studied) > MOST_STUDIES:
            self._studied.popitem(last=False)
        return self._studied[key]

    async def try_call(self, task: Try) -> Tried:
        """What would come of a call. Raises Problem: TooDear, or 503 where too many wait."""
        return await self._do(task, Tried)

    async def count(self, task: Count) -> Counted:
        """What a document would have taken of an export. Raises Problem, as `try_call` does."""
        return await self._do(task, Counted)

    async def _do(self, task: Task, kind: type[Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            sentence = "Others try documents out just now: ask again in a moment."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        self._waiting += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, task)
        finally:
            self._waiting -= 1
        return cast("Result", _RESULTS[kind].validate_json(answer))

    def _ask(self, task: Task) -> bytes:
        process = self._started()
        try:
            with ended_after(self._seconds, process):
                _write(process.stdin, _TASK.dump_json(task))
                answer = _read(process.stdout)
        except BrokenPipeError:
            answer = b""
        if not answer:
            self._end()
            raise TooDear(self._seconds)
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(self._program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  this program
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def close(self) -> None:
        """End the process, whatever it is at."""
        if (process := self._process) is not None:
            process.kill()
        self._thread.submit(self._end)
        self._thread.shutdown(wait=True, cancel_futures=False)


def serve(tasks: BinaryIO, results: BinaryIO, seconds: int) -> None:
    """Do one task after the other until there are no more; the system ends what takes too much."""
    size = _MEBIBYTES << 20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    while written := _read(tasks):
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))
        task = _TASK.validate_json(written)
        do, kind = _DO[type(task)]
        _write(results, _RESULTS[kind].dump_json(do(task)))


def _write(pipe: Any, message: bytes) -> None:
    """A message after its length on a line."""
    pipe.write(b"%d\n%b" % (len(message), message))
    pipe.flush()


def _read(pipe: Any) -> bytes:
    """A whole message; empty where the other side has ended."""
    length = pipe.readline()
    message = pipe.read(int(length)) if length.endswith(b"\n") else b""
    return cast("bytes", message) if length and len(message) == int(length) else b""
