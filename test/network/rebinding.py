# SPDX-License-Identifier: MPL-2.0
"""Row H3, inside namespaces of its own: a name server that says a public address first and
loopback afterwards. Prints what came of it; exits 77, with the reason, where it cannot be set up."""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

PUBLIC = "192.31.196.1"  # AS112: public, and here an address of our own loopback


def skip(why):
    print(why)
    sys.exit(77)


def prepare():
    for command in (["ip", "link", "set", "lo", "up"],
                    ["ip", "address", "add", PUBLIC + "/32", "dev", "lo"]):
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode:
            skip("%s: %s" % (" ".join(command), said.stderr.strip()))
    folder = tempfile.mkdtemp()
    for name, text in (("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
                       ("nsswitch.conf", "hosts: dns\n")):
        with open(os.path.join(folder, name), "w") as out:
            out.write(text)
        said = subprocess.run(["mount", "--bind", out.name, "/etc/" + name],
                              capture_output=True, text=True)
        if said.returncode:
            skip("%s: %s" % (name, said.stderr.strip()))


def answer(query, address):
    """An answer of one A record, or of none where another type was asked for."""
    end = 12
    while query[end]:
        end += query[end] + 1
    end += 5
    (kind,) = struct.unpack(">H", query[end - 4 : end - 2])
    head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(kind == 1), 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
    return head + query[12:end] + (record if kind == 1 else b"")


def serve_names(said):
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))

    def serve():
        while True:
            query, peer = names.recvfrom(512)
            names.sendto(answer(query, said[0]), peer)

    threading.Thread(target=serve, daemon=True).start()


def serve_http(requests):
    listener = socket.socket()
    listener.bind(("0.0.0.0", 8000))
    listener.listen(16)

    def serve():
        while True:
            connection, _ = listener.accept()
            requests.append(connection.getsockname()[0])
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
            connection.close()

    threading.Thread(target=serve, daemon=True).start()


def main():
    from realizer import Network

    prepare()
    said, requests = [PUBLIC], []
    serve_names(said)
    serve_http(requests)
    origin = "http://rebinding.example:8000"
    limits = {"connect": 5, "stall": 5, "total": 30, "retries": 0}
    first = Network(sys.argv[1], limits=limits)
    reply = first.fetch("GET", origin + "/a", origins=[origin])
    assert (reply.why, reply.body) == ("", b"x"), vars(reply)
    said[0] = "127.0.0.1"
    # A program that keeps the first answer stays with the public address; one that asks again is
    # refused: at no time is loopback reached.
    second = Network(sys.argv[1], limits=limits)
    reply = second.fetch("GET", origin + "/a", origins=[origin])
    assert (reply.refused, reply.requests) == (1, 0) and "loopback" in reply.why, vars(reply)
    assert first.fetch("GET", origin + "/a", origins=[origin])
    for one in (first, second):
        one.close()
    assert set(requests) == {PUBLIC}, requests
    print("public, then refused")


if __name__ == "__main__":
    main()
