// SPDX-License-Identifier: MPL-2.0
//! An empty crate of the name that `alloc` wants to see.
#![feature(compiler_builtins)]
#![compiler_builtins]
#![no_std]
