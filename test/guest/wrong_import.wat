(; SPDX-License-Identifier: MPL-2.0 ;)
(module (import "cab" "http_status" (func (param i64))) (memory (export "memory") 1)
  (func (export "_start")))
