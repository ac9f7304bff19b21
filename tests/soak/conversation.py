"""One connection to the sink: a small, fast reading of RFC 5321 with PIPELINING, which goes wrong when the lots say so."""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.books import Books, PostfixLog
    from tests.soak.faults import Lots

END = b"\r\n.\r\n"
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(rb"<([^>]*)>")
EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n"
_queue_ids = count(0x3A0000)


class Conversation(asyncio.Protocol):
    def __init__(self, number: int, books: Books, lots: Lots, postfix: PostfixLog | None) -> None:
        self._number, self._books, self._lots, self._postfix = number, books, lots, postfix
        self._in = bytearray()
        self._out: list[bytes] = []
        self._waits = False      # answers are under way, and wait for their time
        self._hung_up = False    # by us; when the client goes, what it sent before still counts
        self._in_body = False
        self._looked = 0         # so much of the body has no end in it
        self._sender = self._recipient = self._queue_id = ""
        self._breaks_in_body = False

    # the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._line = transport
        self._books.event(self._number, "open")
        transport.write(b"220 sink.example ESMTP\r\n")

    def connection_lost(self, _error: Exception | None) -> None:
        self._books.event(self._number, "close")
        self._waits = False
        self._go_on()
        if self._in_body and not self._hung_up:
            self._break_off(bytes(self._in))

    def data_received(self, data: bytes) -> None:
        self._in += data
        self._go_on()

    def _go_on(self) -> None:
        while not self._waits and not self._hung_up:
            if not (self._body() if self._in_body else self._command()):
                break
        if not self._waits and self._out:
            self._answer_after(self._lots.up_to(self._lots.faults.latency))

    def _answer_after(self, seconds: float) -> None:
        if seconds <= 0 or self._line.is_closing():
            self._say_it()
            return
        self._waits = True
        asyncio.get_running_loop().call_later(seconds, self._time_has_come)

    def _time_has_come(self) -> None:
        if not self._waits:
            return  # the client has gone meanwhile
        self._waits = False
        self._say_it()
        self._go_on()

    def _say_it(self) -> None:
        if self._out and not self._line.is_closing():
            self._line.write(b"".join(self._out))
        self._out.clear()

    def _drop(self, fault: str) -> bool:
        """What was answered before is on its way; then the line is cut, or closed."""
        self._books.event(self._number, fault)
        self._say_it()
        self._hung_up = True
        (self._line.abort if self._lots.either() else self._line.close)()
        return False

    # commands; each returns whether to read on

    def _command(self) -> bool:
        end = self._in.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._in[:end])
        del self._in[:end + 2]
        verb = line[:4].upper()
        if verb == b"MAIL":
            return self._mail(line)
        if verb == b"RCPT":
            return self._rcpt(line)
        if verb == b"DATA":
            return self._data()
        if verb == b"QUIT":
            self._books.event(self._number, "quit")
            self._out.append(b"221 2.0.0 Bye\r\n")
            self._say_it()
            self._hung_up = True
            self._line.close()
            return False
        if verb == b"RSET":
            self._sender = self._recipient = ""
        elif verb not in {b"EHLO", b"HELO", b"NOOP"}:
            return self._out_of_step(b"502 5.5.2 unknown command\r\n")
        self._out.append(EHLO if verb == b"EHLO" else b"250 2.0.0 Ok\r\n")
        return True

    def _mail(self, line: bytes) -> bool:
        if self._sender:
            return self._out_of_step(b"503 5.5.1 nested MAIL\r\n")
        if self._lots.drawn("closing"):
            self._out.append(b"421 4.3.2 sink.example closing\r\n")
            return self._drop("closing")
        if self._lots.drawn("dropped_after_mail"):
            return self._drop("dropped_after_mail")
        self._sender = _address(line)
        self._out.append(b"250 2.1.0 Ok\r\n")
        return True

    def _rcpt(self, line: bytes) -> bool:
        if not self._sender or self._recipient:
            return self._out_of_step(b"503 5.5.1 one MAIL, one RCPT\r\n")
        if self._lots.drawn("dropped_after_rcpt"):
            return self._drop("dropped_after_rcpt")
        if self._lots.drawn("later_at_rcpt"):
            self._books.event(self._number, "later_at_rcpt")
            self._out.append(b"451 4.3.0 try again\r\n")
            return True
        self._recipient = _address(line)
        self._out.append(b"250 2.1.5 Ok\r\n")
        return True

    def _data(self) -> bool:
        if not self._recipient:  # a refused RCPT with DATA behind it in one group is no fault of the client's
            self._out.append(b"554 5.5.1 no valid recipients\r\n")
            return True
        self._in_body, self._looked, self._queue_id = True, 0, f"{next(_queue_ids):X}"
        if self._postfix:
            self._postfix.client(self._number, self._queue_id)
        self._breaks_in_body = self._lots.drawn("dropped_in_body")
        self._out.append(b"354 go on\r\n")
        return True

    def _out_of_step(self, answer: bytes) -> bool:
        self._books.event(self._number, "out_of_step")
        self._out.append(answer)
        return True

    # the mail

    def _body(self) -> bool:
        if self._breaks_in_body and self._in:
            self._break_off(bytes(self._in))
            return self._drop("dropped_in_body")
        if self._in[:3] == b".\r\n":  # the lone dot of a client that has nothing to say
            del self._in[:3]
            self._end_mail()
            self._out.append(b"554 5.6.0 an empty mail\r\n")
            return True
        end = self._in.find(END, self._looked)
        if end < 0:
            self._looked = max(len(self._in) - len(END) + 1, 0)
            return False
        content = bytes(self._in[:end + 2])
        del self._in[:end + len(END)]
        return self._take(content)

    def _take(self, content: bytes) -> bool:
        """The dot is read: from here on the mail is the sink's, unless the lots say otherwise."""
        if self._lots.drawn("dropped_after_dot"):
            self._break_off(content)
            return self._drop("dropped_after_dot")
        message_id = _message_id(content) or "<none>"
        queue_id, sender, recipient = self._queue_id, self._sender, self._recipient
        self._end_mail()
        if self._postfix:
            self._postfix.message_id(queue_id, message_id)
        if self._lots.drawn("later_after_dot"):
            self._books.event(self._number, "later_after_dot")
            if self._postfix:
                self._postfix.refused(queue_id)
            self._out.append(b"451 4.3.0 try again\r\n")
            return True
        self._books.copy(self._number, message_id, recipient, sha256(_unstuffed(content)).hexdigest())
        self._tell_postfix(queue_id, sender, len(content))
        if self._lots.drawn("lost_250"):
            return self._drop("lost_250")
        self._out.append(f"250 2.0.0 Ok: queued as {queue_id}\r\n".encode())
        if self._lots.drawn("hang"):
            self._books.event(self._number, "hang")
            self._answer_after(self._lots.up_to(self._lots.faults.hang_seconds))
        return True

    def _tell_postfix(self, queue_id: str, sender: str, size: int) -> None:
        if self._postfix is None:
            return
        wait = self._lots.up_to(self._lots.faults.log_delay)
        asyncio.get_running_loop().call_later(wait, self._postfix.active, queue_id, sender, size)

    def _break_off(self, content: bytes) -> None:
        """As far as Postfix knows the dot never came."""
        self._in_body = False
        if self._postfix is None:
            return
        if message_id := _message_id(content):
            self._postfix.message_id(self._queue_id, message_id)
        self._postfix.broken_off(self._number, len(content))

    def _end_mail(self) -> None:
        self._in_body, self._sender, self._recipient = False, "", ""


def _message_id(content: bytes) -> str | None:
    found = _MESSAGE_ID.search(content)
    return found[1].decode() if found else None


def _address(line: bytes) -> str:
    found = _ADDRESS.search(line)
    return found[1].decode("utf-8", "replace") if found else ""


def _unstuffed(content: bytes) -> bytes:
    """RFC 5321 4.5.2."""
    whole = content.replace(b"\r\n..", b"\r\n.")
    return whole[1:] if whole.startswith(b"..") else whole
