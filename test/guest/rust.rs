// SPDX-License-Identifier: MPL-2.0
//! A guest in Rust, of `core` and `alloc` alone: an allocator and a few calls over cab's WASI, and what a program does
//! with them: arguments, environment, files, folders, the clock, random bytes, a panic's message.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};
use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::sync::atomic::{AtomicUsize, Ordering};

const WORK: u32 = 3;
const PAGE: usize = 65536;
const CREATE: u32 = 1;
const DIRECTORY: u32 = 2;
const READ: u64 = 2;
const WRITE: u64 = 64;

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
    fn clock_time_get(clock: u32, precision: u64, out: *mut u64) -> u32;
    fn random_get(data: *mut u8, size: usize) -> u32;
    fn proc_exit(status: u32) -> !;
    fn fd_close(fd: u32) -> u32;
    fn fd_read(fd: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn fd_write(fd: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn fd_readdir(fd: u32, data: *mut u8, size: usize, cookie: u64, used: *mut usize) -> u32;
    fn path_create_directory(fd: u32, path: *const u8, size: usize) -> u32;
    fn path_link(
        from: u32, flags: u32, path: *const u8, size: usize, to: u32, to_path: *const u8, to_size: usize,
    ) -> u32;
    fn path_open(
        fd: u32, look: u32, path: *const u8, size: usize, flags: u32, rights: u64, inherited: u64, mode: u32,
        out: *mut u32,
    ) -> u32;
    fn path_unlink_file(fd: u32, path: *const u8, size: usize) -> u32;
}

/// Hands out memory behind what the linker laid out, and never takes any back.
struct Bump;

static NEXT: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let top = memory_size(0) * PAGE;
        let next = match NEXT.load(Ordering::Relaxed) {
            0 => top,
            next => next.next_multiple_of(layout.align()),
        };
        let end = next + layout.size();
        if end > top && memory_grow(0, (end - top).div_ceil(PAGE)) == usize::MAX {
            return core::ptr::null_mut();
        }
        NEXT.store(end, Ordering::Relaxed);
        next as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: Bump = Bump;

/// What the compiler calls for slices; a loop over `==` of bytes, which it does not turn into a call of this.
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

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    put(2, &format!("{info}\n"));
    unsafe { proc_exit(101) }
}

fn put(fd: u32, text: &str) {
    let mut done = 0;
    let piece = Piece { data: text.as_ptr(), size: text.len() };
    let number = unsafe { fd_write(fd, &piece, 1, &mut done) };
    assert_eq!((number, done), (0, text.len()));
}

fn open(path: &str, flags: u32, rights: u64) -> Result<u32, u32> {
    let mut fd = 0;
    match unsafe { path_open(WORK, 0, path.as_ptr(), path.len(), flags, rights, 0, 0, &mut fd) } {
        0 => Ok(fd),
        number => Err(number),
    }
}

fn write(path: &str, text: &str) {
    let fd = open(path, CREATE, WRITE).unwrap();
    put(fd, text);
    assert_eq!(unsafe { fd_close(fd) }, 0);
}

fn read(path: &str) -> String {
    let fd = open(path, 0, READ).unwrap();
    let (mut whole, mut room) = (Vec::new(), vec![0u8; 7]);
    loop {
        let mut done = 0;
        let piece = Piece { data: room.as_mut_ptr(), size: room.len() };
        assert_eq!(unsafe { fd_read(fd, &piece, 1, &mut done) }, 0);
        if done == 0 {
            return String::from_utf8(whole).unwrap();
        }
        whole.extend_from_slice(&room[..done]);
    }
}

type Sizes = unsafe extern "C" fn(*mut usize, *mut usize) -> u32;
type Texts = unsafe extern "C" fn(*mut *const u8, *mut u8) -> u32;

fn texts(sizes: Sizes, get: Texts) -> Vec<String> {
    let (mut count, mut size) = (0, 0);
    assert_eq!(unsafe { sizes(&mut count, &mut size) }, 0);
    let (mut places, mut room) = (vec![core::ptr::null(); count], vec![0u8; size]);
    assert_eq!(unsafe { get(places.as_mut_ptr(), room.as_mut_ptr()) }, 0);
    room.split_terminator(|byte| *byte == 0).map(|text| String::from_utf8(text.to_vec()).unwrap()).collect()
}

trait Terminated {
    fn split_terminator(&self, end: fn(&u8) -> bool) -> impl Iterator<Item = &[u8]>;
}

impl Terminated for Vec<u8> {
    fn split_terminator(&self, end: fn(&u8) -> bool) -> impl Iterator<Item = &[u8]> {
        self.split_inclusive(end).map(|piece| &piece[..piece.len() - 1])
    }
}

/// The names of a folder, without `.` and `..`, sorted.
fn names(path: &str) -> Vec<String> {
    let fd = open(path, DIRECTORY, READ).unwrap();
    let (mut room, mut used) = (vec![0u8; 4096], 0);
    assert_eq!(unsafe { fd_readdir(fd, room.as_mut_ptr(), room.len(), 0, &mut used) }, 0);
    let (mut found, mut at) = (Vec::new(), 0);
    // A header of 24 bytes, the name's length at 16, and the name.
    while at + 24 <= used {
        let size = u32::from_le_bytes(room[at + 16..at + 20].try_into().unwrap()) as usize;
        let name = core::str::from_utf8(&room[at + 24..at + 24 + size]).unwrap();
        if !name.starts_with('.') {
            found.push(String::from(name));
        }
        at += 24 + size;
    }
    found.sort();
    found
}

/// Numbers by a key that random bytes choose: the same in every run, for they are the derivation's.
fn order() -> String {
    let mut map = BTreeMap::new();
    for each in 0..100u32 {
        let mut key = [0u8; 8];
        assert_eq!(unsafe { random_get(key.as_mut_ptr(), key.len()) }, 0);
        map.insert(u64::from_le_bytes(key), each);
    }
    map.values().map(|each| format!("{each}")).collect::<Vec<_>>().join(" ")
}

#[unsafe(no_mangle)]
extern "C" fn _start() {
    put(1, &format!("{:?} {:?}\n", texts(args_sizes_get, args_get), texts(environ_sizes_get, environ_get)));

    for folder in ["out", "out/a"] {
        assert_eq!(unsafe { path_create_directory(WORK, folder.as_ptr(), folder.len()) }, 0);
    }
    write("out/a/file", "hello world");
    assert_eq!(read("out/a/file"), "hello world");
    let (from, to) = ("out/a/file", "out/hard");
    assert_eq!(unsafe { path_link(WORK, 0, from.as_ptr(), from.len(), WORK, to.as_ptr(), to.len()) }, 0);
    assert_eq!(unsafe { path_unlink_file(WORK, from.as_ptr(), from.len()) }, 0);
    assert_eq!(names("out"), ["a", "hard"]);
    assert!(open("../canary", 0, READ).is_err() && open("/etc/passwd", 0, READ).is_err());

    let mut now = 0;
    assert_eq!(unsafe { clock_time_get(0, 1, &mut now) }, 0);
    assert_eq!(now, 1_000_000_000);
    write("order", &order());
    // Beyond what the module starts with.
    assert_eq!((0..3_000_000u64).collect::<Vec<_>>().iter().sum::<u64>(), 4_499_998_500_000);

    let hash = open("hash", 0, WRITE).unwrap();
    put(hash, "cab .\n");
    let empty: Vec<u32> = Vec::new();
    let _ = empty[texts(args_sizes_get, args_get).len() - 2];
}
