"""A state as bytes: compressed JSON, written and read back bit by bit, so that other work can go on meanwhile.

There is a line break wherever the writing can pause. A state that is packed may thus be read line by line, whatever its
size, and it is JSON all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from shared.engine.state import EMPTY, MapSchema

AT_ONCE, BYTES_AT_ONCE = 50, 16_384
"""Entries of a map that are written in one go, and bytes of JSON that make a piece of a packed state."""

LEVEL = 1
"""Of the compression: the fastest."""

Write = Callable[[Any], Iterator[bytes]]
"""Writes a value as JSON, some lines of it at a time."""

Read = Callable[[Iterator[bytes]], Generator[None, None, Any]]
"""Reads those lines back. It pauses after each in which much may stand, and returns the value."""


@dataclass(frozen=True, slots=True)
class Packer:
    """Writes one kind of state to bytes and reads it back."""

    write: Write
    read: Read
    unpack: Callable[[bytes], Any]
    """Reads the whole at once."""

    def pack(self, state: Any) -> bytes:
        """The whole at once."""
        return b"".join(self.pieces(state))

    def pieces(self, state: Any) -> Iterator[bytes]:
        """The same piece by piece, so that other work can go on between them."""
        compressor, bytes_written = zlib.compressobj(LEVEL), 0
        piece = bytearray()
        for line in self.write(state):
            piece += compressor.compress(line + b"\n")
            bytes_written += len(line)
            if bytes_written >= BYTES_AT_ONCE:
                yield bytes(piece)
                piece, bytes_written = bytearray(), 0
        yield bytes(piece + compressor.flush())

    def unpacking(self, packed: Iterable[bytes]) -> Generator[None, None, Any]:
        """Read the state back, pausing so that other work can go on. It need not be packed in one piece."""
        return self.read(_lines(packed))


def packer(kind: type[Any]) -> Packer:
    """A packer for a frozen dataclass. What it reads is checked."""
    form, adapter = _form(kind), TypeAdapter(kind)
    return Packer(form.write, form.read, unpack=lambda data: adapter.validate_json(zlib.decompress(data)))


def _lines(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Raises ValueError where they end before the state does."""
    decompressor, begun = zlib.decompressobj(), b""
    for piece in packed:
        for start in range(0, len(piece), BYTES_AT_ONCE):
            *lines, begun = (begun + decompressor.decompress(piece[start : start + BYTES_AT_ONCE])).split(b"\n")
            yield from lines
    message = "a packed state ends early"
    raise ValueError(message)


class _Form(NamedTuple):
    """How a kind of value stands in lines."""

    write: Write
    read: Read


def _form(kind: Any) -> _Form:
    """A dataclass field by field, a map some entries at a time, all else in a line."""
    plain = get_origin(kind) or kind
    if _is_map(kind):
        key, value = get_args(kind.__origin__)
        return _map_of_maps(key, value) if _is_map(value) else _map(key, value)
    if is_dataclass(plain) and not hasattr(plain, "__get_pydantic_core_schema__"):
        hints = get_type_hints(plain, include_extras=True)
        return _record(
            plain, {field.name: _form(_filled(hints[field.name], get_args(kind))) for field in fields(plain)}
        )
    return _value(kind)


def _is_map(kind: Any) -> bool:
    return get_origin(kind) is Annotated and isinstance(kind.__metadata__[0], MapSchema)


def _filled(hint: Any, arguments: tuple[Any, ...]) -> Any:
    """The kind of a field, where its dataclass is generic."""
    return hint[arguments] if arguments and getattr(hint, "__parameters__", ()) else hint


def _value(kind: Any) -> _Form:
    adapter = TypeAdapter(kind)

    def read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
        yield
        return adapter.validate_json(next(lines))

    return _Form(lambda value: iter((adapter.dump_json(value),)), read)


def _record(kind: Any, forms: Mapping[str, _Form]) -> _Form:
    def write(value: Any) -> Iterator[bytes]:
        return _object((name, form.write(getattr(value, name))) for name, form in forms.items())

    def read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
        values = {}
        for name in _names(lines):
            if name in forms:
                values[name] = yield from forms[name].read(lines)
            else:
                yield from _pass_over(lines)
        return kind(**values)

    return _Form(write, read)


def _pass_over(lines: Iterator[bytes]) -> Generator[None, None, None]:
    """Read what a later version of the same state has added."""
    depth = 0
    while True:
        line = next(lines)
        if line == b"{" or (line.startswith(b"{") and line.endswith(b":")):
            depth += 1
        elif line == b"}":
            depth -= 1
        if depth == 0:
            return
        yield


def _map_of_maps(key: Any, value: Any) -> _Form:
    keys, form = TypeAdapter(key), _form(value)

    def write(maps: Mapping[Any, Any]) -> Iterator[bytes]:
        return _object((str(name), form.write(inner)) for name, inner in maps.items())

    def read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
        with EMPTY.mutate() as maps:
            for name in _names(lines):
                maps[keys.validate_strings(name)] = yield from form.read(lines)
            return maps.finish()

    return _Form(write, read)


def _map(key: Any, value: Any) -> _Form:
    adapter = TypeAdapter(dict[key, value])

    def write(entries: Mapping[Any, Any]) -> Iterator[bytes]:
        left, comma = iter(entries.items()), b""
        yield b"{"
        while some := dict(islice(left, AT_ONCE)):
            yield comma + adapter.dump_json(some)[1:-1]
            comma = b","
        yield b"}"

    def read(lines: Iterator[bytes]) -> Generator[None, None, Any]:
        next(lines)
        with EMPTY.mutate() as entries:
            while (line := next(lines)) != b"}":
                entries.update(adapter.validate_json(b"{%b}" % line.removeprefix(b",")))
                yield
            return entries.finish()

    return _Form(write, read)


def _object(members: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    comma = b"{"
    for name, lines in members:
        yield comma + to_json(name) + b":"
        yield from lines
        comma = b","
    yield b"{}" if comma == b"{" else b"}"


def _names(lines: Iterator[bytes]) -> Iterator[str]:
    """Of the members of an object, each when its value comes next."""
    while (line := next(lines)) not in (b"}", b"{}"):
        yield from_json(line[1:-1])
