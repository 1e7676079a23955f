(; SPDX-License-Identifier: MPL-2.0 ;)
(module (memory (export "memory") 1) (memory 1) (func (export "_start")))
