(; SPDX-License-Identifier: MPL-2.0 ;)
(module
  (import "cab" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "firstthen")
  (func $first (call $log (i32.const 0) (i32.const 5)))
  (start $first)
  (func (export "_start") (call $log (i32.const 5) (i32.const 4))))
