/* SPDX-License-Identifier: MPL-2.0 */
/*
 * spawner: what realizer and cab-guest say to each other.
 *
 * cab-guest has two modes, chosen by argv[1]:
 *
 *   cab-guest spawn      fd 3: the SOCK_SEQPACKET to the realizer
 *                        fd 4: the artifact of island.wasm (sealed memory file)
 *                        Empty environment. Ends when fd 3 closes.
 *   cab-guest compile    fd 3: a module (sealed memory file)
 *                        fd 4: an empty memory file that takes the artifact
 *                        Exit 0: done. Exit 1: standard error says in one line why the module is refused.
 *
 * realizer -> spawner                                                 descriptors
 *   SPAWNER_START    u32 run, u32 uid, u32 gid, u64 memory,           working directory (O_PATH or read-only folder),
 *                    bytes seed (32), bytes name,                     control socket (GUEST_*, below),
 *                    list arguments, list environment,                log pipe (write end),
 *                    bytes store, list inputs                         [artifact, when the module is not island.wasm]
 * spawner -> realizer
 *   SPAWNER_STARTED  u32 run, u32 pid                                 pidfd
 *   SPAWNER_FAILED   u32 run, bytes why
 *
 * The guest process is the realizer's own child (CLONE_PARENT): waited for with waitid(P_PIDFD).
 * uid and gid are ids of the host; an ordinary user's realizer gives its own. `arguments` are the
 * derivation's (argv[0] is `name`), `environment` is lines NAME=VALUE, `inputs` are names in the
 * folder `store` that the guest sees read-only as cull/store/NAME. Exit status of a guest
 * process: what the module gave to proc_exit (at most 255), 0 after
 * `_start` returned; a trap is 134 with a line in the log, a process that could not be set up 135 with one.
 *
 * guest -> realizer, on the control socket                            descriptors
 *   GUEST_OPEN       u32 id, bytes method, url, headers, body         [memory file with the body, when `body` is empty]
 *   GUEST_CLOSE      u32 id, u64 received                             bytes of the body that were read; no GUEST_END is heard
 *   GUEST_PROGRESS   u64 received, u64 expected, u64 objects, u64 bytes of linear memory
 *   GUEST_FORMER     it looks for the files of its hint (CAB_HINT), and waits; once a run
 * realizer -> guest
 *   GUEST_HEAD       u32 id, u32 status, bytes url, bytes headers     read end of the body's pipe
 *   GUEST_FAIL       u32 id, u32 error (CAB_ERROR_*), bytes why       (instead of a head)
 *   GUEST_END        u32 id, u64 size, bytes why                      after the body; `why` is empty when it came whole
 *   GUEST_FORMER     they are there, or there are none
 *
 * ids count up from 0 and are not used again. `headers` is lines "name: value\n", names in lower
 * case in replies. A body's pipe that closes without a GUEST_END is an error of that request.
 */
#pragma once

enum spawner_message {
	SPAWNER_START = 1,
	SPAWNER_STARTED,
	SPAWNER_FAILED,
	GUEST_OPEN,
	GUEST_CLOSE,
	GUEST_PROGRESS,
	GUEST_HEAD,
	GUEST_FAIL,
	GUEST_END,
	GUEST_FORMER,
};

enum {
	SPAWNER_SOCKET = 3,
	SPAWNER_ARTIFACT = 4,
	SPAWNER_LIST = 1024,
	SPAWNER_INPUTS = 1024,
	GUEST_EXIT_TRAP = 134,
	GUEST_EXIT_SETUP = 135,
};
