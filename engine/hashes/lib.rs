// SPDX-License-Identifier: MPL-2.0
//! libcab_hashes.a: BLAKE3 and collision-detecting SHA-1 behind the C face of engine.h.

use core::slice;
use sha1_checked::{Digest, Sha1};

/// The bytes that C points to; `data` may be null when `size` is 0.
///
/// # Safety
/// Otherwise `data` is valid for `size` bytes.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        &[]
    } else {
        slice::from_raw_parts(data, size)
    }
}

#[no_mangle]
pub extern "C" fn engine_blake3_new() -> Box<blake3::Hasher> {
    Box::new(blake3::Hasher::new())
}

/// # Safety
/// As engine.h says.
#[no_mangle]
pub unsafe extern "C" fn engine_blake3_add(
    state: &mut blake3::Hasher,
    data: *const u8,
    size: usize,
) {
    state.update(bytes(data, size));
}

#[no_mangle]
pub extern "C" fn engine_blake3_finish(state: &mut blake3::Hasher, digest: &mut [u8; 32]) {
    *digest = *state.finalize().as_bytes();
    state.reset();
}

#[no_mangle]
pub extern "C" fn engine_blake3_free(state: Option<Box<blake3::Hasher>>) {
    drop(state);
}

/// # Safety
/// As engine.h says.
#[no_mangle]
pub unsafe extern "C" fn engine_blake3_once(data: *const u8, size: usize, digest: &mut [u8; 32]) {
    *digest = *blake3::hash(bytes(data, size)).as_bytes();
}

/// # Safety
/// As engine.h says.
#[no_mangle]
pub unsafe extern "C" fn engine_blake3_derive(
    context: *const u8,
    context_size: usize,
    data: *const u8,
    size: usize,
    digest: &mut [u8; 32],
) {
    let context = core::str::from_utf8(bytes(context, context_size)).expect("a context is UTF-8");
    *digest = blake3::derive_key(context, bytes(data, size));
}

/// Says with `Err` that a collision was attempted; does not put a "safe" hash in its place.
fn sha1_new() -> Sha1 {
    Sha1::builder().safe_hash(false).build()
}

#[no_mangle]
pub extern "C" fn engine_sha1_new() -> Box<Sha1> {
    Box::new(sha1_new())
}

/// # Safety
/// As engine.h says.
#[no_mangle]
pub unsafe extern "C" fn engine_sha1_add(state: &mut Sha1, data: *const u8, size: usize) {
    state.update(bytes(data, size));
}

#[no_mangle]
pub extern "C" fn engine_sha1_finish(state: &mut Sha1, digest: &mut [u8; 20]) -> bool {
    let result = core::mem::replace(state, sha1_new()).try_finalize();
    *digest = (*result.hash()).into();
    !result.has_collision()
}

#[no_mangle]
pub extern "C" fn engine_sha1_free(state: Option<Box<Sha1>>) {
    drop(state);
}
