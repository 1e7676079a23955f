(; SPDX-License-Identifier: MPL-2.0 ;)
(module
  (import "wasi_snapshot_preview1" "fd_renumber" (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
