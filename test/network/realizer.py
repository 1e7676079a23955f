# SPDX-License-Identifier: MPL-2.0
"""The realizer's side of wire/network.h, to drive a real cab-network from tests.

    network = Network(program, named=[...])           starts it and hands it a configuration
    reply = network.fetch("GET", url, origins=[...])   waits for the end
    reply.status, reply.headers, reply.body, reply.why, reply.refused, reply.reached, reply.notes
    network.close()                                    it must end then, by itself
"""
import array
import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import time

CONFIG, OPEN, PAUSE, RESUME, CANCEL, HEAD, REACHED, NOTE, END, LISTEN, CLOSE, MOVED = range(
    32, 44)
REDIRECTS = 1
SOCKET = 3
PATIENCE = 60  # seconds until a test says that nothing came

# Nothing of Python's own may stand where the program's socket goes.
while os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) < SOCKET:
    pass


def field(data):
    if isinstance(data, str):
        data = data.encode()
    return struct.pack("<I", len(data)) + data


class In:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def u32(self):
        return self.number("<I")

    def u64(self):
        return self.number("<Q")

    def bytes(self):
        size = self.u32()
        data = self.data[self.at : self.at + size]
        assert len(data) == size, "a field is whole"
        self.at += size
        return data

    def end(self):
        assert self.at == len(self.data), "nothing follows the last field"


class Reply:
    def __init__(self, number, pipe):
        self.id, self.pipe = number, pipe
        self.status = self.why = self.refused = self.url = None
        self.size = self.received = self.requests = None
        self.headers, self.body, self.reached, self.notes = {}, bytearray(), [], []
        self.eof = self.ended = False
        self.reads = True

    @property
    def done(self):
        return self.ended and (self.eof or not self.reads)


class Network:
    def __init__(self, program, environment=None, wait=True, **config):
        whole = {
            "allow": [],
            "named": [],
            "mirrors": {},
            "registries": {},
            "proxies": {},
            "credentials": [],
            "authorities": "",
            "ssh": ["ssh"],
            "limits": {},
            "connections": 16,
        }
        whole.update(config)
        if isinstance(whole["limits"], dict):
            whole["limits"] = {"connect": 5, "stall": 20, "total": 60, "retries": 3, "wait": 60,
                               **whole["limits"]}
        whole["credentials"] = [
            {"value": "", "use": "guess", "name": "", "realm": "", "certificate": "", "key": "",
             **one} for one in whole["credentials"]]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 96 * 1024)
        number = theirs.fileno()
        self.process = subprocess.Popen(
            [program],
            preexec_fn=lambda: os.dup2(number, SOCKET),
            pass_fds=[SOCKET],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(os.environ, **(environment or {})),
        )
        theirs.close()
        self.socket, self.replies, self.next = ours, {}, 0
        self.log = []
        self.send(struct.pack("<I", CONFIG), [memory(json.dumps(whole).encode())])

    def send(self, packet, files=()):
        rights = array.array("i", files)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if files else []
        self.socket.sendmsg([packet], control)
        for fd in files:
            os.close(fd)

    def open(self, method, url, headers="", body=b"", origins=(), redirects=False, reads=True,
             file=None):
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        reply = Reply(self.next, read_end)
        reply.reads = reads
        self.next += 1
        self.replies[reply.id] = reply
        packet = struct.pack("<III", OPEN, reply.id, REDIRECTS if redirects else 0)
        packet += field(method) + field(url) + field(headers) + field(body)
        packet += struct.pack("<I", len(origins)) + b"".join(field(one) for one in origins)
        self.send(packet, [write_end] + ([memory(file)] if file is not None else []))
        return reply

    def listen(self, origins=(), redirects=False):
        """A proxy, as for a native program; its port is the reply's `port`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reply = Reply(self.next, -1)
        reply.reads = False
        self.next += 1
        self.replies[reply.id] = reply
        packet = struct.pack("<III", LISTEN, reply.id, REDIRECTS if redirects else 0)
        packet += struct.pack("<I", len(origins)) + b"".join(field(one) for one in origins)
        self.send(packet, [theirs.detach()])
        with socket.create_server(("127.0.0.1", 0)) as listener, ours:
            reply.port = listener.getsockname()[1]
            socket.send_fds(ours, [b"\0"], [listener.fileno()])
        return reply

    def order(self, kind, reply):
        self.send(struct.pack("<II", kind, reply.id))

    def take(self, packet):
        into = In(packet)
        kind = into.u32()
        reply = self.replies[into.u32()]
        assert not reply.ended, "nothing follows END"
        self.log.append((kind, reply.id))
        if kind == HEAD:
            reply.status, reply.url = into.u32(), into.bytes().decode()
            for line in into.bytes().decode("latin-1").splitlines():
                name, value = line.split(": ", 1)
                reply.headers.setdefault(name, []).append(value)
        elif kind == REACHED:
            reply.reached.append(into.bytes().decode())
        elif kind == NOTE:
            reply.notes.append(into.bytes().decode())
        elif kind == MOVED:
            reply.moved = into.u64()
        elif kind == END:
            reply.refused, reply.size, reply.received = into.u32(), into.u64(), into.u64()
            reply.requests, reply.why = into.u32(), into.bytes().decode("utf-8", "replace")
            reply.ended = True
        else:
            raise AssertionError("a message of kind %d" % kind)
        into.end()

    def step(self, seconds):
        pipes = {one.pipe: one for one in self.replies.values() if one.reads and not one.eof}
        ready, _, _ = select.select([self.socket, *pipes], [], [], seconds)
        for fd in ready:
            if fd is self.socket:
                packet = self.socket.recv(96 * 1024)
                if not packet:
                    raise AssertionError("cab-network ended: " + self.complaint())
                self.take(packet)
                continue
            data = os.read(fd, 1 << 20)
            pipes[fd].body += data
            pipes[fd].eof = not data
        return bool(ready)

    def wait(self, condition, seconds=PATIENCE):
        """Until the condition holds: an event, not a time, ends it."""
        late = time.monotonic() + seconds
        while not condition():
            left = late - time.monotonic()
            assert left > 0, "it did not come within %d seconds" % seconds
            self.step(left)

    def finish(self, *replies):
        self.wait(lambda: all(one.done for one in replies))
        for one in replies:
            os.close(one.pipe)
            del self.replies[one.id]
        return replies[0]

    def fetch(self, method, url, **more):
        return self.finish(self.open(method, url, **more))

    def complaint(self):
        return self.process.stderr.read().decode()

    def close(self):
        self.socket.close()
        for reply in self.replies.values():
            if reply.pipe < 0:
                continue
            with contextlib.suppress(OSError):
                os.close(reply.pipe)
        complaint = self.complaint()
        return self.process.wait(PATIENCE), complaint


def memory(data):
    fd = os.memfd_create("test", os.MFD_CLOEXEC)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
