(; SPDX-License-Identifier: MPL-2.0 ;)
(module (memory 1) (func (export "_start")))
