// SPDX-License-Identifier: MPL-2.0
//! libcab_engine.a: Wasmtime's own C API, and nothing else. Its headers come with its package.

pub use wasmtime_c_api::*;
