"""A name server of the tests, in place of the engine's: over UDP and TCP on loopback, in a thread of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from struct import unpack
from threading import Thread

from .queries import answered

ADDRESS = "192.0.2.1"
LONG = 5000
"""Bytes that it adds to an answer over TCP, and to one that must be asked for again over TCP."""


class NameServer:
    """Answers everything with one address, and records what it was asked."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listening.getsockname()
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(self.address)
        self.asked: list[bytes] = []

    def serve_datagrams(self) -> None:
        while True:
            asked, source = self.datagrams.recvfrom(65535)
            if not asked:
                return
            self.asked.append(asked)
            self.datagrams.sendto(b"\0\0" + answered(asked, [])[2:], source)  # another's id: nobody's answer
            self.datagrams.sendto(answered(asked, [ADDRESS]), source)

    def serve_streams(self) -> None:
        while True:
            connection, _ = self.listening.accept()
            with connection:
                head = connection.recv(2)
                if not head:
                    return
                asked = connection.recv(unpack("!H", head)[0])
                self.asked.append(asked)
                answer = answered(asked, [ADDRESS], bytes(LONG))
                connection.sendall(len(answer).to_bytes(2, "big") + answer)


@contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    threads = [Thread(target=serve, daemon=True) for serve in (server.serve_datagrams, server.serve_streams)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", server.address)
        socket.create_connection(server.address).close()
        for thread in threads:
            thread.join()
        server.datagrams.close()
        server.listening.close()
