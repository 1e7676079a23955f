(; SPDX-License-Identifier: MPL-2.0 ;)
(module (import "env" "surprise" (func)) (memory (export "memory") 1) (func (export "_start")))
