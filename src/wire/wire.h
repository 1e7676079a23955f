/* SPDX-License-Identifier: MPL-2.0 */
/*
 * wire: packets between cab's three programs on one machine, over SOCK_SEQPACKET pairs.
 *
 * A packet is one message: u32 kind, then fields, little-endian; bytes are u32 length and data. At
 * most WIRE_PACKET bytes and WIRE_FDS descriptors; what is larger travels as a memory file. The
 * programs are built together, so there is one version: a packet that does not decode is
 * ERR_CORRUPT, and its sender is ended.
 *
 *     cleanup_buf struct buf out = BUF(WIRE_PACKET);
 *     wire_begin(&out, kind); buf_add_u32(&out, id); wire_add(&out, url);
 *     if (!wire_send(fd, &out, fds, count, err)) ...
 *
 *     struct wire_packet packet;                      owns its descriptors until they are taken
 *     switch (wire_receive(fd, &packet, err)) ...
 *     struct wire_in in = wire_open(&packet);
 *     uint32_t id = wire_u32(&in); struct bytes url = wire_bytes(&in);      borrowed from the
 * packet if (!wire_end(&in, err)) ...                    one check for the whole packet
 *     wire_release(&packet);
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/fd.h"

enum { WIRE_PACKET = 96 << 10, WIRE_FDS = 4 };

struct wire_packet {
	uint32_t kind;
	size_t size;
	int fds[WIRE_FDS]; /* -1 where none */
	size_t fd_count;
	uint8_t data[WIRE_PACKET];
};

struct wire_in {
	struct bytes rest;
	bool broken;
};

enum wire_result {
	WIRE_PACKET_READ,
	WIRE_LATER,  /* a non-blocking socket has nothing */
	WIRE_CLOSED, /* the other side is gone */
	WIRE_FAILED, /* *err says why */
};

MUST_CHECK bool wire_pair(int *left, int *right, struct err *err);

void wire_begin(struct buf *out, uint32_t kind);
void wire_add(struct buf *out, struct bytes data);
void wire_add_list(struct buf *out, const struct bytes *items, size_t count);

/* Blocking sockets wait for room; on a non-blocking one a full socket is ERR_LIMIT. Never raises
 * SIGPIPE. */
MUST_CHECK bool wire_send(
	int fd, const struct buf *packet, const int *fds, size_t fd_count, struct err *err);
enum wire_result wire_receive(int fd, struct wire_packet *packet, struct err *err);
/* Closes the descriptors that were not taken. */
void wire_release(struct wire_packet *packet);
/* Takes descriptor `at`; -1 where the packet has none. */
int wire_take_fd(struct wire_packet *packet, size_t at);

/* The packet's bytes, its kind included. */
struct bytes wire_whole(const struct wire_packet *packet);
struct wire_in wire_open(const struct wire_packet *packet);
uint32_t wire_u32(struct wire_in *in);
uint64_t wire_u64(struct wire_in *in);
struct bytes wire_bytes(struct wire_in *in);
/* At most `capacity` items; more is a broken packet. Returns how many. */
size_t wire_list(struct wire_in *in, struct bytes *items, size_t capacity);
MUST_CHECK bool wire_end(const struct wire_in *in, struct err *err);
