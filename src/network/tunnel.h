/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tunnel: one connection that a native program has made to its proxy, from request to end.
 *
 *     struct tunnel *tunnel = tunnel_new(gate, fd);     owns fd
 *     if (tunnel_is_done(tunnel)) tunnel_free(tunnel);
 *
 *     program ── CONNECT HOST:PORT, or METHOD http://HOST/… ──▶ tunnel ── bare connection ──▶ server
 *             ◀── 200, then bytes as they come; or 4xx, 5xx and a sentence ──
 *
 * What goes through is not looked into, and nothing is added to it. It ends when both sides have
 * ended, when nothing moves for the stall's time, or after the total's.
 */
#pragma once

#include <stdbool.h>

struct gate;
struct tunnel;

struct tunnel *tunnel_new(struct gate *gate, int fd);
bool tunnel_is_done(const struct tunnel *tunnel);
void tunnel_free(struct tunnel *tunnel);
