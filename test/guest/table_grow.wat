(; SPDX-License-Identifier: MPL-2.0 ;)
(; Doubles a table until it is told no; traps where it becomes larger than the ceiling, a million elements. ;)
(module
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (func (export "_start")
    (loop $again
      (if (i32.ge_u (table.size $table) (i32.const 0x100001)) (then unreachable))
      (br_if $again
        (i32.ne (table.grow $table (ref.null func) (table.size $table)) (i32.const -1))))
    (if (i32.ne (table.size $table) (i32.const 0x100000)) (then unreachable))))
