# SPDX-License-Identifier: MPL-2.0
"""measure: commands timed in turn, A B A B …, with their ratio pair by pair: a machine's speed drifts, a pair's less.

    table = Table("fetch, redis", work)
    table.add("cab island fetch", [...], prepare=function)
    table.add("git clone --depth 1", [...], prepare=function, peer=True)
    table.run(rounds)                 prints a table: medians, min-max, and the ratio to the peer of the same round

Wall and CPU (user and system, of all processes waited for) of each run. A command that fails ends the program: a time
of something that did not happen is no time.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Case:
    def __init__(self, name, command, prepare, peer, environment, shell):
        self.name, self.command, self.prepare, self.peer = name, command, prepare, peer
        self.environment, self.shell = environment, shell
        self.wall, self.cpu = [], []

    def once(self, folder, counted):
        if self.prepare:
            self.prepare()
        environment = dict(os.environ, **self.environment)
        out = tempfile.TemporaryFile()
        start = time.monotonic()
        child = subprocess.Popen(self.command, shell=self.shell, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            out.seek(0)
            sys.exit(f"bench: {self.name} failed: {out.read().decode(errors='replace')[-2000:]}")
        if counted:
            self.wall.append(wall)
            self.cpu.append(usage.ru_utime + usage.ru_stime)


class Table:
    def __init__(self, title, folder):
        self.title, self.folder, self.cases = title, folder, []

    def add(self, name, command, prepare=None, peer=False, environment=None, shell=False):
        self.cases.append(Case(name, command, prepare, peer, environment or {}, shell))

    def run(self, rounds=5, warmup=1):
        for number in range(-warmup, rounds):
            for each in self.cases:
                each.once(self.folder, number >= 0)
        self.show()

    def show(self):
        peer = next((each for each in self.cases if each.peer), None)
        print(f"\n### {self.title}\n\n| case | wall ms (min-max) | cpu ms | wall / peer (min-max) | cpu / peer |")
        print("|---|---|---|---|---|")
        for each in self.cases:
            wall = [1000 * value for value in each.wall]
            row = f"| {each.name} | {statistics.median(wall):.1f} ({min(wall):.1f}-{max(wall):.1f}) "
            row += f"| {1000 * statistics.median(each.cpu):.1f} "
            if peer and each is not peer:
                ratios = [own / other for own, other in zip(each.wall, peer.wall)]
                cpus = [own / other for own, other in zip(each.cpu, peer.cpu) if other]
                row += f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
                row += f"| {statistics.median(cpus):.2f} |" if cpus else "| |"
            else:
                row += "| peer | |" if each is peer else "| | |"
            print(row, flush=True)


def build_folder():
    return os.environ.get("CAB_BUILD", os.path.join(ROOT, "build"))


def cab_environment(work):
    """The built cab, with a store and HOME of its own."""
    build = build_folder()
    home = os.path.join(work, "home")
    os.makedirs(home, exist_ok=True)
    return {
        "HOME": home, "CAB_ROOT": os.path.join(work, "root"), "CAB_CONFIG": config(work, "{ }"),
        "CAB_LIBEXEC": os.path.join(build, "test", "e2e", "libexec"), "CAB_SHARE": os.path.join(build, "test", "e2e", "share"),
    }


def config(work, text):
    path = os.path.join(work, "config.cab")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def cab_program():
    return os.path.join(build_folder(), "src", "cli", "cab")


def remove(*paths):
    for path in paths:
        subprocess.run(["chmod", "-R", "u+rwX", path], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", path], check=True)


def fresh_root(work, root):
    """An empty store, but for the compiled island.wasm, once there is one: it is made once a machine."""
    kept = os.path.join(work, "artifacts")
    if os.path.isdir(os.path.join(root, "artifacts")) and not os.path.isdir(kept):
        os.mkdir(kept)
        for name in ("artifacts", "version"):
            subprocess.run(["cp", "-a", os.path.join(root, name), kept], check=True)
    remove(root)
    if os.path.isdir(kept):
        subprocess.run(["cp", "-a", kept, root], check=True)


def work_folder(name):
    """On tmpfs where there is one: a disk's own pace would drown the rest. BENCH_WORK names another place."""
    top = os.environ.get("BENCH_WORK", "/dev/shm" if os.path.isdir("/dev/shm") else None)
    return tempfile.mkdtemp(prefix=f"cab-bench-{name}-", dir=top)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "?")
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cpus ({model}), Linux {os.uname().release}, load {load:.1f}")
