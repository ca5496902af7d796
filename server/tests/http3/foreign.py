"""Speaks HTTP/3 with a server by aioquic, and prints what came back, a line an exchange.

foreign.py PORT AUTHORITY
"""

import asyncio
import sys

from aioquic.asyncio import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StopSendingReceived, StreamReset


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.exchanges = {}
        self.closed = asyncio.get_running_loop().create_future()

    def begin(self, method, path, fields=(), body=None, trailers=None):
        stream = self._quic.get_next_available_stream_id()
        done = asyncio.get_running_loop().create_future()
        self.exchanges[stream] = ([], [], done)
        head = [
            (b":method", method),
            (b":scheme", b"https"),
            (b":authority", b"localhost"),
            (b":path", path),
            *fields,
        ]
        self.http.send_headers(stream, head, end_stream=body is None)
        if body is not None:
            self.http.send_data(stream, body, end_stream=trailers is None)
        if trailers is not None:
            self.http.send_headers(stream, trailers, end_stream=True)
        self.transmit()
        return stream, done

    async def ask(self, *arguments, **more):
        _, done = self.begin(*arguments, **more)
        return await asyncio.wait_for(done, 20)

    def quic_event_received(self, event):
        if isinstance(event, StreamReset) and event.stream_id in self.exchanges:
            self.end(event.stream_id, f"reset {event.error_code:#x}")
        if isinstance(event, StopSendingReceived):
            print(f"stopped {event.error_code:#x}", flush=True)
        if isinstance(event, ConnectionTerminated) and not self.closed.done():
            self.closed.set_result(event.error_code)
        for event in self.http.handle_event(event):
            sections, data, _ = self.exchanges[event.stream_id]
            if isinstance(event, HeadersReceived):
                sections.append(dict(event.headers))
            elif isinstance(event, DataReceived):
                data.append(event.data)
            if event.stream_ended:
                self.end(event.stream_id, None)

    def end(self, stream, why):
        sections, data, done = self.exchanges[stream]
        if not done.done():
            done.set_result(why or (sections, b"".join(data)))


def show(what, answer):
    if isinstance(answer, str):
        print(what, answer, flush=True)
        return
    sections, body = answer
    status = sections[0].get(b":status", b"?").decode()
    trailers = sections[-1].get(b"x-sum", b"-").decode() if len(sections) > 1 else "-"
    shown = body.decode().strip() if len(body) < 80 else f"{len(body)} bytes"
    print(what, status, sections[0].get(b"content-length", b"-").decode(), trailers, shown, flush=True)


async def main(port, authority):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=True)
    configuration.load_verify_locations(authority)
    configuration.server_name = "localhost"
    connecting = connect(
        "127.0.0.1", port, configuration=configuration, create_protocol=Client
    )
    async with connecting as client:
        show("get", await client.ask(b"GET", b"/facts?x=%20"))
        show("post", await client.ask(b"POST", b"/count", body=bytes(300_000)))
        trailers = [(b"x-sum", b"3")]
        show("trailers", await client.ask(b"POST", b"/trailers", body=b"abc", trailers=trailers))
        show("large", await client.ask(b"GET", b"/large"))
        show("panic", await client.ask(b"GET", b"/panic"))
        many = [client.ask(b"GET", b"/facts") for _ in range(50)]
        print("many", len([a for a in await asyncio.gather(*many) if a[0][0][b":status"] == b"200"]))
        length = [(b"content-length", b"4")]
        show("short", await client.ask(b"POST", b"/count", length, body=b"abc"))
        show("fields", await client.ask(b"GET", b"/facts", [(b"connection", b"close")]))
        long = [(b"x-%d" % number, b"x" * 200) for number in range(90)]
        show("long", await client.ask(b"GET", b"/facts", long))
        show("unread", await client.ask(b"POST", b"/unread", [], body=bytes(2_000_000)))
        show("hints", await client.ask(b"GET", b"/hints"))
        stream, _ = client.begin(b"GET", b"/never")
        await asyncio.sleep(0.2)
        client._quic.stop_stream(stream, 0x10C)
        client.transmit()
        show("after", await client.ask(b"GET", b"/dropped"))
        print("stop", flush=True)
        code = await asyncio.wait_for(client.closed, 20)
        print(f"closed {code:#x}", flush=True)


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
