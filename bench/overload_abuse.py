"""What strangers and broken clients do to a protector, one kind a process: started and ended by bench/quorum_overload.py.

The kinds marked (TLS) have a certificate of the cluster, as a broken client of ours would; the others are strangers.
"""
import asyncio
import ssl
import sys

HEAD = b"POST /v1/attestations HTTP/1.1\r\nhost: p\r\ncontent-type: application/octet-stream\r\n"
PIECE = b"x" * 65536


class Target:
    def __init__(self, port, folder, name):
        self.port = port
        self.tls = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        self.tls.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")

    async def connect(self, tls):
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls if tls else None)

    def client_hello(self):
        """The first bytes of a handshake: the server answers them with its signature."""
        outgoing = ssl.MemoryBIO()
        context = ssl.create_default_context()
        hand = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
        try:
            hand.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()


async def silent(target):
    """Connects and says nothing."""
    reader, _ = await target.connect(False)
    await reader.read()


async def drip(target, head):
    reader, writer = await target.connect(True)
    writer.write(head)
    closed = asyncio.ensure_future(reader.read())
    while not closed.done() and not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.wait([closed], timeout=1)


async def slow_header(target):
    """(TLS) a header that comes at one byte a second."""
    await drip(target, HEAD + b"x-slow: ")


async def slow_body(target):
    """(TLS) a body that comes at one byte a second."""
    await drip(target, HEAD + b"content-length: 1000000\r\n\r\n")


async def pour(target, head, piece):
    reader, writer = await target.connect(True)
    writer.write(head)
    closed = asyncio.ensure_future(reader.read())
    while not closed.done() and not writer.is_closing():
        writer.write(piece)
        await writer.drain()


async def oversized(target):
    """(TLS) a header that says 1 GB, and bytes for it without end."""
    await pour(target, HEAD + b"content-length: 1000000000\r\n\r\n", PIECE)


async def endless(target):
    """(TLS) chunks without end."""
    await pour(target, HEAD + b"transfer-encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n" % (len(PIECE), PIECE))


async def handshakes(target):
    """Begins a TLS handshake and lets the server wait for the rest."""
    reader, writer = await target.connect(False)
    writer.write(target.client_hello())
    await reader.read()


KINDS = {"silent": (silent, 900), "slow_header": (slow_header, 200), "slow_body": (slow_body, 200), "oversized": (oversized, 20),
         "endless": (endless, 20), "handshakes": (handshakes, 1000)}


async def again_and_again(act, target):
    while True:
        try:
            await act(target)
        except (OSError, ssl.SSLError):
            await asyncio.sleep(0.1)


async def waves(act, target, count):
    """All at once; then all are dropped, and a moment later the next wave comes."""
    while True:
        wave = [asyncio.ensure_future(act(target)) for _ in range(count)]
        await asyncio.wait(wave, timeout=2)
        for one in wave:
            one.cancel()
        await asyncio.gather(*wave, return_exceptions=True)


async def main(kind, port, folder, name):
    act, count = KINDS[kind]
    target = Target(port, folder, name)
    if kind == "handshakes":
        await waves(act, target, count)
    await asyncio.gather(*(again_and_again(act, target) for _ in range(count)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
