(; SPDX-License-Identifier: MPL-2.0 ;)
(module
  (memory (export "memory") 1)
  (func $loop (loop (br 0)))
  (start $loop)
  (func (export "_start")))
