// SPDX-License-Identifier: MPL-2.0
//! sums: the fetcher of `<sums:FOLDER>`: the files that BASE/FOLDER/SHA256SUMS lists, in the form of sha256sum(1).
//!
//! The list is the early identity: `sha256.sums1 HEX` is the SHA-256 of its lines, sorted. Each file is held to its
//! sum in the list, so the value proves the whole output: section `cab.identities` says so, and every run of this
//! module may believe it, wherever the files came from. A run that is pinned fetches nothing but the list that its
//! pin has.
//!
//! Rust without a library but `core`: what it needs of cab-guest(7) is declared here; texts live in fixed room.
#![no_std]
#![no_main]

use core::str::from_utf8;

const WORK: u32 = 3;
const CREATE: u32 = 1;
const WRITE: u64 = 1 << 6;
const SHA256: u32 = 2;
const LIST: usize = 256 << 10;
const LINES: usize = 4096;

#[unsafe(link_section = "cab.identities")]
#[used]
static IDENTITIES: [u8; 13] = *b"sha256.sums1\n";

#[repr(C)]
struct Piece {
    data: *const u8,
    size: usize,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn args_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn args_get(texts: *mut *const u8, room: *mut u8) -> u32;
    fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn environ_get(texts: *mut *const u8, room: *mut u8) -> u32;
    fn proc_exit(status: u32) -> !;
    fn fd_close(fd: u32) -> u32;
    fn fd_write(fd: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn path_create_directory(fd: u32, path: *const u8, size: usize) -> u32;
    fn path_open(
        fd: u32, look: u32, path: *const u8, size: usize, flags: u32, rights: u64, inherited: u64, mode: u32,
        out: *mut u32,
    ) -> u32;
}

#[link(wasm_import_module = "cab")]
unsafe extern "C" {
    fn http_open(
        method: *const u8, method_size: usize, url: *const u8, url_size: usize, headers: *const u8, headers_size: usize,
        body: *const u8, body_size: usize,
    ) -> i32;
    fn http_status(handle: i32) -> i32;
    fn http_read(handle: i32, data: *mut u8, room: usize) -> i32;
    fn http_close(handle: i32) -> i32;
    fn hash_new(algorithm: u32) -> i32;
    fn hash_add(handle: i32, data: *const u8, size: usize) -> i32;
    fn hash_finish(handle: i32, sum: *mut u8) -> i32;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    fail(&["sums: a fault in the fetcher itself\n"])
}

/// What the compiler calls to compare slices; a loop that it does not turn into a call of this.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, size: usize) -> i32 {
    for at in 0..size {
        let (left, right) = unsafe { (left.add(at).read_volatile(), right.add(at).read_volatile()) };
        if left != right {
            return left as i32 - right as i32;
        }
    }
    0
}

/// Bytes of fixed room, which parts are put together in.
struct Text<const ROOM: usize> {
    bytes: [u8; ROOM],
    size: usize,
}

impl<const ROOM: usize> Text<ROOM> {
    fn of(parts: &[&str]) -> Self {
        let mut text = Text { bytes: [0; ROOM], size: 0 };
        for part in parts {
            for byte in part.bytes() {
                if text.size == ROOM {
                    fail(&["sums: a name is too long\n"]);
                }
                text.bytes[text.size] = byte;
                text.size += 1;
            }
        }
        text
    }

    fn as_str(&self) -> &str {
        from_utf8(&self.bytes[..self.size]).unwrap_or("")
    }
}

/// A sentence for the log, which ends with its line.
fn fail(parts: &[&str]) -> ! {
    for part in parts {
        let _ = put(2, part.as_bytes());
    }
    unsafe { proc_exit(1) }
}

fn put(fd: u32, mut data: &[u8]) -> bool {
    while !data.is_empty() {
        let mut done = 0;
        let piece = Piece { data: data.as_ptr(), size: data.len() };
        if unsafe { fd_write(fd, &piece, 1, &mut done) } != 0 {
            return false;
        }
        data = data.get(done..).unwrap_or(&[]);
    }
    true
}

fn open(path: &str, flags: u32) -> u32 {
    let mut fd = 0;
    match unsafe { path_open(WORK, 0, path.as_ptr(), path.len(), flags, WRITE, 0, 0, &mut fd) } {
        0 => fd,
        _ => fail(&["sums: cannot be written: ", path, "\n"]),
    }
}

/// One line of the FIFO, in one write.
fn report(parts: &[&str]) {
    let line = Text::<512>::of(parts);
    let fd = open("hash", 0);
    if !put(fd, line.as_str().as_bytes()) {
        fail(&["sums: the hash FIFO cannot be written\n"]);
    }
    unsafe { fd_close(fd) };
}

fn hex(sum: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    for (at, byte) in sum.iter().enumerate() {
        text[2 * at] = b"0123456789abcdef"[(byte >> 4) as usize];
        text[2 * at + 1] = b"0123456789abcdef"[(byte & 15) as usize];
    }
    text
}

/// A GET whose body goes to `take`, piece by piece; its end is verified by the realizer.
fn get(url: &str, mut take: impl FnMut(&[u8])) {
    let handle = unsafe { http_open(b"GET".as_ptr(), 3, url.as_ptr(), url.len(), url.as_ptr(), 0, url.as_ptr(), 0) };
    if handle < 0 || unsafe { http_status(handle) } != 200 {
        fail(&["sums: the server does not give ", url, "\n"]);
    }
    let mut room = [0; 16 << 10];
    loop {
        match unsafe { http_read(handle, room.as_mut_ptr(), room.len()) } {
            0 => break,
            size if size > 0 => take(room.get(..size as usize).unwrap_or(&[])),
            _ => fail(&["sums: it broke off: ", url, "\n"]),
        }
    }
    unsafe { http_close(handle) };
}

/// A list of texts that end in NUL, as WASI gives arguments and environment.
struct Texts {
    room: [u8; 64 << 10],
    starts: [*const u8; 64],
    count: usize,
}

impl Texts {
    fn read(
        &mut self, sizes: unsafe extern "C" fn(*mut usize, *mut usize) -> u32,
        fill: unsafe extern "C" fn(*mut *const u8, *mut u8) -> u32,
    ) {
        let mut size = 0;
        unsafe {
            if sizes(&mut self.count, &mut size) != 0
                || self.count > self.starts.len()
                || size > self.room.len()
                || fill(self.starts.as_mut_ptr(), self.room.as_mut_ptr()) != 0
            {
                fail(&["sums: too much was given\n"]);
            }
        }
    }

    fn get(&self, at: usize) -> &str {
        let start = self.starts[at] as usize - self.room.as_ptr() as usize;
        let rest = self.room.get(start..).unwrap_or(&[]);
        let size = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        from_utf8(&rest[..size]).unwrap_or("")
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        (0..self.count).find_map(|at| self.get(at).strip_prefix(prefix))
    }
}

static mut ARGUMENTS: Texts = Texts { room: [0; 64 << 10], starts: [core::ptr::null(); 64], count: 0 };
static mut ENVIRONMENT: Texts = Texts { room: [0; 64 << 10], starts: [core::ptr::null(); 64], count: 0 };
static mut BYTES: [u8; LIST] = [0; LIST];

/// One "HEX  NAME" line; the name is one name, not a path.
fn parse(line: &str) -> (&str, &str) {
    let (sum, name) = line.split_once("  ").unwrap_or(("", ""));
    let plain = !name.is_empty()
        && name != "."
        && name != ".."
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte));
    let digits = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !plain || !digits {
        fail(&["sums: a line of the list is not \"SHA-256, two spaces, NAME\": ", line, "\n"]);
    }
    (sum, name)
}

/// Sorted by insertion: lists are short, and nothing is allocated.
fn sort(lines: &mut [&str]) {
    for at in 1..lines.len() {
        let mut to = at;
        while to > 0 && lines[to - 1] > lines[to] {
            lines.swap(to - 1, to);
            to -= 1;
        }
    }
}

fn fetch_file(base: &str, folder: &str, line: &str) {
    let (sum, name) = parse(line);
    let path = Text::<512>::of(&["out/", name]);
    let url = Text::<4096>::of(&[base, "/", folder, "/", name]);
    let fd = open(path.as_str(), CREATE);
    let mut found = [0; 32];
    let hash = unsafe { hash_new(SHA256) };
    get(url.as_str(), |data| {
        unsafe { hash_add(hash, data.as_ptr(), data.len()) };
        if !put(fd, data) {
            fail(&["sums: cannot be written: ", name, "\n"]);
        }
    });
    unsafe {
        fd_close(fd);
        if hash_finish(hash, found.as_mut_ptr()) != 32 || hex(&found) != *sum.as_bytes() {
            fail(&["sums: it is not what the list says: ", name, "\n"]);
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() {
    // The program has one thread, and each is used here alone.
    let (arguments, environment, bytes) =
        unsafe { (&mut *(&raw mut ARGUMENTS), &mut *(&raw mut ENVIRONMENT), &mut *(&raw mut BYTES)) };
    arguments.read(args_sizes_get, args_get);
    environment.read(environ_sizes_get, environ_get);
    let base = arguments.find("base=").unwrap_or("");
    if base.is_empty() || arguments.count != 4 || arguments.get(2).is_empty() {
        fail(&["sums: <sums:FOLDER> and a base are wanted, without a configuration or a subpath\n"]);
    }
    let folder = arguments.get(2);

    let mut size = 0;
    get(Text::<4096>::of(&[base, "/", folder, "/SHA256SUMS"]).as_str(), |data| {
        for byte in data {
            if size == LIST {
                fail(&["sums: the list has more than 256 KiB\n"]);
            }
            bytes[size] = *byte;
            size += 1;
        }
    });
    let mut room = [""; LINES];
    let mut count = 0;
    for line in from_utf8(&bytes[..size]).unwrap_or("?").lines() {
        if count == LINES {
            fail(&["sums: the list has more than 4,096 lines\n"]);
        }
        room[count] = line;
        count += 1;
    }
    let lines = &mut room[..count];
    sort(lines);

    let mut sum = [0; 32];
    unsafe {
        let hash = hash_new(SHA256);
        for line in lines.iter() {
            hash_add(hash, line.as_ptr(), line.len());
            hash_add(hash, b"\n".as_ptr(), 1);
        }
        hash_finish(hash, sum.as_mut_ptr());
    }
    let digits = hex(&sum);
    let value = from_utf8(&digits).unwrap_or("");
    let pins = environment.find("CAB_PIN=").unwrap_or("");
    for pin in pins.lines().filter_map(|line| line.strip_prefix("sha256.sums1 ")) {
        if pin != value {
            fail(&["sums: the list is another than the pinned one: ", pin, "\n"]);
        }
    }
    report(&["sha256.sums1 ", value, "\n"]);

    if unsafe { path_create_directory(WORK, b"out".as_ptr(), 3) } != 0 {
        fail(&["sums: the output cannot be made\n"]);
    }
    for line in lines.iter() {
        fetch_file(base, folder, line);
    }
    report(&["cab .\n"]);
}
