/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The released island.wasm, but for the one that this cab holds, in whose reports it still believes (cab-store(5),
 * "IDENTITIES"): so that a new cab knows what an old one found out. Nothing is released yet.
 *
 *     BELIEVED("DIGEST")       of the module's bytes, 52 letters; at most TABLE_BELIEVED, the newest first
 *
 * A module goes out of it where one of its formats turned out not to hold what it says. A format whose meaning changes gets
 * another name, and its module may stay.
 */
