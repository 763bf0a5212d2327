"""Connects its input and output to a TCP port on loopback; run as PORT. It ends with either side."""

import os
import socket
import sys
import threading

PIECE = 1 << 16
CONNECT_S = 10.0


def send(connection: socket.socket) -> None:
    while piece := os.read(0, PIECE):
        connection.sendall(piece)
    # Nobody reads the rest.
    os._exit(0)


def main(port: str) -> None:
    try:
        connection = socket.create_connection(("127.0.0.1", int(port)), CONNECT_S)
    except OSError as error:
        sys.exit(str(error))
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=send, args=(connection,), daemon=True).start()
    while piece := connection.recv(PIECE):
        view = memoryview(piece)
        while view:
            view = view[os.write(1, view) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
