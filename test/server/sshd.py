# SPDX-License-Identifier: MPL-2.0
"""A real sshd on loopback, for one test, with keys of its own in a folder of its own.

    with Sshd(folder, accepts=True) as server:      accepts: it takes GIT_PROTOCOL from clients
        server.port, server.words                   words: what network.ssh is to be
        server.connections                          so many so far

The port is any that is free: connections are taken here, and each is handed to an `sshd -i`. Who logs in is the
user who runs the test. Where that cannot be, CannotServe says why.
"""
import getpass
import os
import shlex
import shutil
import socket
import subprocess
import threading

PROGRAM = "/usr/sbin/sshd"


class CannotServe(Exception):
    pass


class Sshd:
    def __init__(self, folder, accepts=True, force=None, more=""):
        self.folder = folder
        self.user = getpass.getuser()
        self.connections = 0
        self.children = []
        if not os.path.exists(PROGRAM):
            raise CannotServe("there is no " + PROGRAM)
        if os.getuid() == 0:
            # Where sshd as root confines its half that has no privileges; its service makes it.
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.make_key("host")
        self.make_key("user")
        shutil.copy(self.path("user.pub"), self.path("authorized"))
        self.write("sshd_config", "\n".join([
            "HostKey " + self.path("host"), "AuthorizedKeysFile " + self.path("authorized"), "StrictModes no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PubkeyAuthentication yes",
            "PermitRootLogin prohibit-password", "UsePAM %s" % ("yes" if os.getuid() == 0 else "no"), "PrintMotd no",
            "PrintLastLog no", "PidFile none", "UseDNS no", "AcceptEnv GIT_PROTOCOL" if accepts else "",
            "ForceCommand " + force if force else "", more, ""]))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.write("known", "[127.0.0.1]:%d %s" % (self.port, self.read("host.pub")))
        self.write_config()
        self.words = ["ssh", "-F", self.path("ssh_config")]
        self.complaints = open(self.path("complaints"), "ab")  # what is said before there is a log
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def make_key(self, name, passphrase=""):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", self.path(name), "-C", name],
                       check=True, stdin=subprocess.DEVNULL)

    def write_config(self, key="user", known="known", more=""):
        self.write("ssh_config", "IdentityFile %s\nIdentitiesOnly yes\nIdentityAgent none\nGlobalKnownHostsFile "
                   "/dev/null\nUserKnownHostsFile %s\n%s\n" % (self.path(key), self.path(known), more))

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self.children.append(subprocess.Popen(
                    [PROGRAM, "-i", "-f", self.path("sshd_config"), "-E", self.path("log")], stdin=connection,
                    stdout=connection, stderr=self.complaints))

    def check(self):
        """Raises CannotServe where nobody can log in."""
        done = subprocess.run([*self.words, "-p", str(self.port), "-o", "BatchMode=yes", "127.0.0.1", "true"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.connections = 0
        if done.returncode:
            log = self.read("log") if os.path.exists(self.path("log")) else ""
            raise CannotServe("sshd takes no login: " + " ".join((done.stdout + log).split())[:300])

    def url(self, path, user=True):
        return "ssh://%s127.0.0.1:%d%s" % (shlex.quote(self.user) + "@" if user else "", self.port, path)

    def ended(self):
        """Waits until each connection's server has ended."""
        for child in self.children:
            child.wait(60)

    def close(self):
        # The thread must be out of accept before the descriptor's number may mean something else.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        self.complaints.close()
        for child in self.children:
            child.kill()
            child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
