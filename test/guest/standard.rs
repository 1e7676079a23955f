// SPDX-License-Identifier: MPL-2.0
//! A guest in Rust with its standard library: what `wasm32-wasip1` needs of cab's WASI is there.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    println!("{arguments:?} {:?}", std::env::var("CAB_OUT"));

    fs::create_dir_all("out/a/b")?;
    fs::write("out/a/b/file", "hello world")?;
    let mut file = OpenOptions::new().read(true).write(true).open("out/a/b/file")?;
    file.seek(SeekFrom::Start(6))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    assert_eq!(text, "world");
    file.set_len(5)?;
    assert_eq!(fs::metadata("out/a/b/file")?.len(), 5);
    assert!(fs::metadata("out")?.is_dir());

    fs::hard_link("out/a/b/file", "out/hard")?;
    fs::rename("out/hard", "out/moved")?;
    fs::copy("out/moved", "out/copy")?;
    fs::remove_file("out/moved")?;
    fs::remove_dir_all("out/a")?;
    let names: Vec<_> = fs::read_dir("out")?.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["copy"]);

    assert!(File::open("../canary").is_err());
    assert!(File::open("/etc/passwd").is_err());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(now, Duration::from_secs(1));
    assert_eq!(Instant::now().elapsed(), Duration::ZERO);
    // Its seed comes from random_get, so the order is the same in every run.
    let map: HashMap<u32, u32> = (0..100).map(|each| (each, each)).collect();
    let order: Vec<String> = map.keys().map(u32::to_string).collect();
    fs::write("order", order.join(" "))?;

    writeln!(OpenOptions::new().write(true).open("hash")?, "cab .")?;
    std::process::exit(4)
}
