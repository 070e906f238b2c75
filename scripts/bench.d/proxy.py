"""A network with a round trip, on loopback: forwards connections and delays every chunk by half of it.

Usage: proxy.py ROUND-TRIP-MS LISTEN-PORT TARGET-PORT ADDRESS[=TARGET]…      without a target: the same address

It delays each chunk by a fixed time without limiting the amount in transit, so it adds latency without reducing bandwidth.
Opening a connection costs a round trip too, as TCP's handshake does. It is a separate process, so that its cost is not
counted for any tool.
"""

import heapq
import itertools
import selectors
import socket
import subprocess
import sys
import time

CHUNK = 1 << 18


class Pipe:
    """One direction of a connection."""

    def __init__(self, source: socket.socket, sink: socket.socket, earliest: float):
        self.source, self.sink, self.earliest = source, sink, earliest
        self.backlog = bytearray()
        self.ended = False


class Proxy:
    def __init__(self, round_trip: float, listen_port: int, target_port: int, addresses: list[str]):
        self.round_trip, self.target_port = round_trip, target_port
        # select(2) waits with microsecond precision; epoll and poll would add up to a millisecond to each delay.
        self.selector = selectors.SelectSelector()
        self.order = itertools.count()
        # The target of connections to each address.
        self.targets = {here: there or here for here, _, there in (address.partition("=") for address in addresses)}
        # (when, order, action, arguments), sorted by time and then by order.
        self.due: list[tuple] = []
        for address in self.targets:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, listen_port))
            listener.listen(512)
            listener.setblocking(False)
            self.selector.register(listener, selectors.EVENT_READ, self.accept)

    def later(self, when: float, action, *arguments) -> None:
        heapq.heappush(self.due, (when, next(self.order), action, arguments))

    def accept(self, listener: socket.socket, _events: int) -> None:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        # The client's kernel reports the connection at once. On a real network, that takes a round trip. The server accepts
        # half a round trip later, when the third packet of the handshake has arrived.
        established = time.monotonic() + 1.5 * self.round_trip
        server = socket.socket()
        up = Pipe(client, server, established)
        down = Pipe(server, client, established)
        self.later(established, self.connect, up, down)
        # Data that the client sends meanwhile is in transit.
        self.listen(up, down)

    def connect(self, up: Pipe, down: Pipe) -> None:
        try:
            up.sink.connect((self.targets[up.source.getsockname()[0]], self.target_port))
        except OSError:
            self.selector.unregister(up.source)
            up.source.close()
            return
        up.sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        up.sink.setblocking(False)
        self.listen(down, up)

    def listen(self, pipe: Pipe, other: Pipe) -> None:
        self.selector.register(
            pipe.source, selectors.EVENT_READ, lambda _, events: self.ready(pipe, other, events)
        )

    def ready(self, pipe: Pipe, other: Pipe, events: int) -> None:
        """`pipe` can be read from, or `other`, which ends at the same socket, can be written to."""
        if events & selectors.EVENT_WRITE:
            self.write(other)
        if not events & selectors.EVENT_READ:
            return
        try:
            data = pipe.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        now = time.monotonic()
        # Data sent before the connection was established is forwarded once it is.
        when = max(pipe.earliest, now + self.round_trip / 2)
        if data:
            self.later(when, self.deliver, pipe, data)
        else:
            self.selector.unregister(pipe.source)
            self.later(when, self.end, pipe, other)

    def deliver(self, pipe: Pipe, data: bytes) -> None:
        pipe.backlog += data
        self.write(pipe)

    def write(self, pipe: Pipe) -> None:
        try:
            while pipe.backlog:
                del pipe.backlog[: pipe.sink.send(pipe.backlog)]
        except BlockingIOError:
            self.watch(pipe.sink, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return
        except OSError:
            pipe.backlog.clear()
        self.watch(pipe.sink, selectors.EVENT_READ)

    def watch(self, end: socket.socket, events: int) -> None:
        try:
            key = self.selector.get_key(end)
        except (KeyError, ValueError):
            return
        if key.events != events:
            self.selector.modify(end, events, key.data)

    def end(self, pipe: Pipe, other: Pipe) -> None:
        if pipe.backlog:
            self.later(time.monotonic() + 0.001, self.end, pipe, other)
            return
        pipe.ended = True
        try:
            pipe.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The other side closed first.
        if other.ended:
            pipe.source.close()
            pipe.sink.close()

    def run(self) -> None:
        while True:
            wait = max(0.0, self.due[0][0] - time.monotonic()) if self.due else None
            for key, events in self.selector.select(wait):
                key.data(key.fileobj, events)
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                _, _, action, arguments = heapq.heappop(self.due)
                action(*arguments)


def start(round_trip: int, listen_port: int, target_port: int, addresses: list[str]) -> subprocess.Popen:
    """Starts a proxy in a process of its own, and returns when it listens."""
    words = [str(round_trip), str(listen_port), str(target_port), *addresses]
    process = subprocess.Popen([sys.executable, __file__, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if process.stdout.readline() != b"ready\n":
        raise RuntimeError("the proxy did not start")
    return process


if __name__ == "__main__":
    proxy = Proxy(float(sys.argv[1]) / 1000, int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    print("ready", flush=True)
    proxy.run()
