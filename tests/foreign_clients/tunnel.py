"""An HTTPS proxy that leads every host to one port: so a client with an address built in reaches the sandbox."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def tunnel(port: int) -> Iterator[str]:
    """Lead what is connected to, whatever its name, to ``port`` of this machine. Yield the proxy's URL."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if not self.rfile.readline().startswith(b"CONNECT "):
                return
            while self.rfile.readline().strip():
                pass
            with socket.create_connection(("127.0.0.1", port)) as service:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pass_on, args=(service, self.connection), daemon=True)
                back.start()
                _pass_on(self.connection, service)
                back.join()

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
