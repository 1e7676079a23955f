# SPDX-License-Identifier: MPL-2.0
"""What cab shows on a terminal and off it, how it is interrupted there, and with which status it ends."""
import errno
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from harness import Failed, HERE, Skip, case, main, shell

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\u202e\u2066"
COMMANDS = r"^  ([a-z]+(?: [a-z]+)?) {2,}"
# What cab itself may send: colours, lines up, the rest erased.
OWN = re.compile(rb"\x1b\[(?:[0-9;]*m|[0-9]+A|0J)")


class Terminal:
    """cab on a pseudo-terminal of its own, in a session of its own: Ctrl-C is typed, not sent."""

    def __init__(self, box, *arguments, columns=80, environment=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.text = b""

        def lead():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([box.program, *arguments], cwd=box.here, stdin=slave, stdout=slave,
                                        stderr=slave, preexec_fn=lead,
                                        env={**box.environment, "TERM": "xterm", **(environment or {})})
        os.close(slave)
        box.stops.append(self.close)

    def read(self, seconds):
        """Reads once, False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.master, 65536)
        except OSError as why:
            if why.errno != errno.EIO:
                raise
            return False
        self.text += piece
        return bool(piece)

    def wait_for(self, words, seconds=120):
        end = time.monotonic() + seconds
        while words not in self.text:
            if time.monotonic() > end or not self.read(1):
                raise Failed(f"{words!r} was never shown: {self.text!r}")

    def type(self, keys):
        os.write(self.master, keys)

    def finish(self, seconds=120):
        end = time.monotonic() + seconds
        while self.read(1):
            if time.monotonic() > end:
                raise Failed(f"cab did not end: {self.text!r}")
        return self.process.wait(timeout=30)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def screen(text):
    """The lines that are left, once cursor movements and erasures are obeyed."""
    lines, row = [""], 0
    for piece in re.split(r"(\x1b\[[0-9;]*[A-Za-z]|\r\n|\n)", text.decode("utf-8", "replace")):
        if piece in ("\n", "\r\n"):
            row += 1
            if row == len(lines):
                lines.append("")
        elif piece.startswith("\x1b[") and piece.endswith("A"):
            row = max(0, row - int(piece[2:-1] or 1))
        elif piece == "\x1b[0J":
            del lines[row:]
            lines.append("")
        elif not piece.startswith("\x1b["):
            lines[row] += piece
    return [line for line in lines if line]


def plain(text, where):
    """Nothing but what cab itself means reaches a terminal."""
    rest = OWN.sub(b"", text.encode() if isinstance(text, str) else text).replace(b"\r\n", b"\n")
    shown = rest.decode("utf-8", "surrogateescape")
    for letter in shown:
        point = ord(letter)
        if (point < 0x20 and letter != "\n") or 0x7f <= point < 0xa0 or point in range(0x202a, 0x202f) or \
                point in range(0x2066, 0x206a) or point in range(0xd800, 0xe000):
            raise Failed(f"{where}: U+{point:04X} is shown raw: {rest!r}")


def printf(text):
    """A shell's command that writes these bytes, whatever they are."""
    return "printf '" + "".join(f"\\{byte:03o}" for byte in text.encode("utf-8", "surrogateescape")) + "'"


@case("rows of what runs are drawn, and erased when it has ended")
def _(box):
    box.write("default.cab", shell("slow", "echo first; i=0; while [ ! -e /nonexistent ] && [ $i -lt 30 ]; "
                                   "do i=$((i+1)); sleep 0.1; done; mkdir $out"))
    terminal = Terminal(box, "build")
    terminal.wait_for(b"build  slow")
    terminal.wait_for(b"\x1b[0J")
    status = terminal.finish()
    box.check(status == 0, f"status {status}: {terminal.text!r}")
    lines = screen(terminal.text)
    box.check(not any(line.startswith("  build") for line in lines), f"a row is left: {lines}")
    box.check(any(line.startswith("build slow") for line in lines), f"the end is told: {lines}")
    box.check(lines[-1].endswith("-slow"), f"the result stands last: {lines}")
    plain(terminal.text, "the terminal")


@case("a fetch's row shows bytes, of how many, and how fast they come")
def _(box):
    box.write("files/a", "x" * 12000)
    server = box.serve(box.path("files"))
    server.rules("/a drip 0.0002")
    box.configure(network_allow='["127.0.0.1"]')
    terminal = Terminal(box, "build", "-e", f"<file:{server.url}/a>")
    terminal.wait_for(b" of 12 kB")
    terminal.wait_for(b"B/s")
    box.check(terminal.finish() == 0, f"{terminal.text!r}")
    plain(terminal.text, "the terminal")


@case("no row is wider than the terminal, in letters that take two columns each")
def _(box):
    box.write("default.cab", shell("wide", printf("\u6f22" * 200 + "\n") + "; sleep 1; mkdir $out"))
    terminal = Terminal(box, "build", columns=40)
    terminal.wait_for("\u6f22".encode())
    box.check(terminal.finish() == 0, f"{terminal.text!r}")
    for line in re.split(r"\r?\n", OWN.sub(b"", terminal.text).decode()):
        if line.startswith("  build"):
            columns = sum(2 if letter == "\u6f22" else 1 for letter in line)
            box.check(columns < 40, f"{columns} columns: {line!r}")


@case("what a build's log or a name holds never reaches a terminal raw")
def _(box):
    box.write("default.cab", shell("log", printf(HOSTILE + "\n") + "; printf '\\377\\233\\n'; sleep 0.5; exit 3"))
    for arguments in (("build",), ("build", "--json"), ("build", "--quiet")):
        terminal = Terminal(box, *arguments)
        status = terminal.finish()
        box.check(status == 1, f"status {status}: {terminal.text!r}")
        plain(terminal.text, " ".join(arguments))
        box.check(b"owned" in terminal.text, f"the log is shown: {terminal.text!r}")
    for island in ("github:a/" + HOSTILE, "fs:/" + HOSTILE, HOSTILE):
        terminal = Terminal(box, "build", "--offline", island)
        box.check(terminal.finish() in (1, 2), f"{island!r}: {terminal.text!r}")
        plain(terminal.text, f"island {island!r}")
    for arguments in ((HOSTILE,), ("build", "--" + HOSTILE), ("build", "--jobs=" + HOSTILE),
                      ("build", "--set", HOSTILE), ("eval", "-e", HOSTILE), ("eval", "-e", f'"{HOSTILE}"'),
                      ("eval", "-e", f'throw "{HOSTILE}"'), ("config", HOSTILE), ("store", "ls", HOSTILE),
                      ("store", "cat", HOSTILE), ("log", HOSTILE), ("island", "show", "github:a/" + HOSTILE)):
        terminal = Terminal(box, *arguments)
        terminal.finish()
        plain(terminal.text, f"cab {arguments!r}")


@case("a log and an error are as plain in a pipe")
def _(box):
    box.write("default.cab", shell("log", printf(HOSTILE + "\n") + "; exit 3"))
    result = box.fails("build", says="owned")
    plain(result.err, "standard error")
    box.check("\x1b" not in result.err, "nothing is redrawn where there is no terminal")


@case("colours are for terminals that want them")
def _(box):
    box.write("default.cab", "1 +\n")
    for environment, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"CLICOLOR": "0"}, False),
                                ({"TERM": "dumb"}, False)):
        terminal = Terminal(box, "eval", environment=environment)
        terminal.finish()
        box.check((b"\x1b[" in terminal.text) == wanted, f"{environment}: {terminal.text!r}")
    result = box.fails("eval")
    box.check("\x1b" not in result.err, f"no colours in a pipe: {result}")


@case("off a terminal each row is one line, and nothing is redrawn")
def _(box):
    box.write("default.cab", shell("plain", "echo hello; mkdir $out"))
    result = box.cab("build")
    box.check("\x1b" not in result.err and "\r" not in result.err, f"{result}")
    box.check([line for line in result.err.splitlines() if line.startswith("build plain")], f"{result}")
    box.check(len(result.out.splitlines()) == 1 and result.out.rstrip().endswith("-plain"), f"{result}")
    box.check(box.cab("build", "--quiet").err == "", "quiet is quiet")


@case("with --json each line is one object, on both streams")
def _(box):
    box.write("good.cab", shell("good", printf(HOSTILE + "\n") + "; mkdir $out"))
    box.write("bad.cab", shell("bad", "echo no; exit 1"))
    box.write("broken.cab", "1 +\n")
    for arguments, status in ((("build", "good.cab"), 0), (("build", "good.cab"), 0), (("build", "bad.cab"), 1),
                              (("build", "broken.cab"), 1), (("build", "absent.cab"), 1),
                              (("build", "--nonsense"), 2), (("build", "a", "b"), 2)):
        result = box.run(*arguments[:1], "--json", *arguments[1:])
        box.check(result.status == status, f"{arguments}: {result}")
        for line in result.out.splitlines() + result.err.splitlines():
            try:
                box.check(isinstance(json.loads(line), dict), f"{arguments}: not an object: {line}")
            except ValueError:
                raise Failed(f"{arguments}: not JSON: {line!r}: {result}") from None
        if status:
            box.check(result.err, f"{arguments}: says nothing: {result}")


@case("Ctrl-C on the terminal ends a build with 130, and its program with it")
def _(box):
    box.write("default.cab", shell("endless", "echo begun; while :; do sleep 1; done"))
    terminal = Terminal(box, "build")
    terminal.wait_for(b"begun")
    terminal.type(b"\x03")
    status = terminal.finish()
    box.check(status == 130, f"status {status}: {terminal.text!r}")
    lines = screen(terminal.text)
    box.check(not any(line.startswith("  build") for line in lines), f"a row is left: {lines}")
    box.check("result" not in os.listdir(box.here), "an interrupted build has no result")
    staging = os.path.join(box.root, "staging")
    box.check(not os.path.isdir(staging) or not os.listdir(staging), "staging is empty")


@case("Ctrl-C twice is as one")
def _(box):
    box.write("default.cab", shell("endless", "trap '' INT TERM; echo begun; while :; do sleep 1; done"))
    terminal = Terminal(box, "build")
    terminal.wait_for(b"begun")
    terminal.type(b"\x03\x03")
    status = terminal.finish()
    box.check(status == 130, f"status {status}: {terminal.text!r}")


@case("the status is 0, 1 or 2: done, failed, called wrongly")
def _(box):
    box.write("default.cab", shell("good", "mkdir $out"))
    box.write("bad.cab", shell("bad", "exit 7"))
    for arguments, status in ((("build",), 0), (("--help",), 0), (("--version",), 0), (("build", "bad.cab"), 1),
                              (("eval", "-e", "1 +"), 1), (("eval", "absent.cab"), 1), ((), 2), (("nonsense",), 2),
                              (("build", "--nonsense"), 2), (("store",), 2), (("store", "cat"), 2),
                              (("store", "gc", "x"), 2), (("build", "--jobs=x"), 2),
                              (("build", "--locked", "--update"), 2)):
        result = box.run(*arguments)
        box.check(result.status == status, f"{arguments} should be {status}: {result}")
        if status:
            box.check(result.err or not arguments, f"{arguments} says why: {result}")


@case("a standard output that takes nothing is a failure, told, and no death")
def _(box):
    box.write("default.cab", shell("good", "mkdir $out"))
    for arguments in (("build",), ("build", "--json"), ("eval", "-e", "1"), ("build", "--help"), ("--version",),
                      ("config",), ("store", "ls")):
        with open("/dev/full", "wb") as full:
            process = subprocess.run([box.program, *arguments], cwd=box.here, env=box.environment, stdout=full,
                                     stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        wrote = arguments != ("store", "ls") or process.returncode
        box.check(process.returncode == 1 or not wrote, f"{arguments}: status {process.returncode}")
        box.check(b"standard output" in process.stderr or not wrote, f"{arguments}: {process.stderr!r}")
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run([box.program, *arguments], cwd=box.here, env=box.environment, stdout=writer,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        box.check(process.returncode == 1 or not wrote, f"{arguments}, a closed pipe: {process.returncode}")


@case("closed standard descriptors harm no file")
def _(box):
    box.write("default.cab", shell("good", "echo hello; mkdir $out; echo x >$out/file"))
    done = subprocess.run(["sh", "-c", 'exec "$0" build <&- >&- 2>&-', box.program], cwd=box.here,
                          env=box.environment, check=False)
    box.check(done.returncode in (0, 1), f"status {done.returncode}")
    box.cab("build")
    box.cab("store", "verify")
    box.check(box.read("result/file") == "x\n", "the result is whole")


def commands(box):
    return re.findall(COMMANDS, box.cab("--help").out, re.M)


@case("every command has a help of its own, and every option a line in it")
def _(box):
    names = commands(box)
    box.check(len(names) > 10, f"{names}")
    for name in names:
        result = box.cab(*name.split(), "--help")
        box.check(result.out.startswith(f"cab {name}") and result.err == "", f"{result}")
        for option in re.findall(r"--[a-z-]+", result.out):
            box.check(re.search(rf"^  .*{option}\S* +\S", result.out, re.M), f"{name}: {option} says nothing")
        box.check(max(len(line) for line in result.out.splitlines()) <= 100, f"{name}: a line is too long")


@case("every command and every option stands in the manual")
def _(box):
    manual = os.path.join(HERE, "..", "..", "doc", "cab.1.scd")
    if not os.path.exists(manual):
        raise Skip("doc/cab.1.scd is not there")
    with open(manual, encoding="utf-8") as file:
        text = file.read().replace("\\", "")
    missing = []
    for name in commands(box):
        if not re.search(rf"\b{name}\b", text):
            missing.append(name)
        for option in re.findall(r"--[a-z-]+", box.cab(*name.split(), "--help").out):
            if not re.search(rf"{option}(?![a-z-])", text):
                missing.append(option)
    box.check(not missing, f"doc/cab.1.scd lacks {sorted(set(missing))}")


@case("every key of the configuration stands in the manual")
def _(box):
    top = os.path.join(HERE, "..", "..")
    with open(os.path.join(top, "src", "session", "config_list.h"), encoding="utf-8") as file:
        keys = re.findall(r'^CONFIG\("([^"]+)"', file.read(), re.M)
    with open(os.path.join(top, "doc", "cab-config.5.scd"), encoding="utf-8") as file:
        cells = {cell.strip() for line in re.findall(r"^\|  (.*)$", file.read(), re.M) for cell in line.split(",")}
    box.check(len(keys) > 10, f"{keys}")
    missing = [key for key in keys
               if not any(re.fullmatch(re.escape(key).replace(r"\*", '("ORIGIN"|[A-Z]+)'), cell) for cell in cells)]
    box.check(not missing, f"doc/cab-config.5.scd lacks {missing}")


main()
