/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/job.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "realize/network.h"

static void
gate_on_reached(void *context, struct bytes origin)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->active = loop_now();
	job_tell(job, REALIZER_EVENT_REACHED, origin);
}

static void
gate_on_note(void *context, struct bytes text)
{
	job_say((struct realizer_job *)context, text);
}

static void
gate_on_moved(void *context, uint64_t received)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->active = loop_now();
	struct realizer_event event = {.kind = REALIZER_EVENT_PROGRESS, .received = received};
	job->listener.event(job->listener.context, &event);
}

static void
gate_on_end(void *context, const struct network_end *end)
{
	struct realizer_job *job = (struct realizer_job *)context;
	job->gate = NULL;
	job->gate_account = *end;
	job->gate_account.why = bytes_of(NULL, 0);
	if (end->why.size)
		job_say(job, end->why);
	/* Later: this may be the network's own end, in which nothing new should begin. */
	if (job->is_ending)
		job->end_timer = loop_after(job->embedded->settings.loop, 0, job_end, job);
}

bool
gate_check(const struct realizer_job *job, struct err *err)
{
	if (job->request.derivation->fixed == DERIVATION_ORDINARY)
		return err_set(err, ERR_REFUSED,
			"it requires \"network\", which is for derivations that are self-fixing or "
			"have a fixed hash");
	if (job->embedded->settings.offline)
		return err_set(err, ERR_REFUSED,
			"it requires \"network\", and the network is off (--offline)");
	return true;
}

bool
gate_open(struct realizer_job *job, int *courier_out, struct err *err)
{
	const struct derivation *derivation = job->request.derivation;
	struct bytes *origins = arena_array(&job->arena, struct bytes, derivation->origin_count);
	size_t count = 0;
	bool open = false;
	for (size_t at = 0; at < derivation->origin_count; at++) {
		if (bytes_equal_text(derivation->origins[at], "redirects"))
			open = true;
		else
			origins[count++] = derivation->origins[at];
	}
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_system(err, errno, "socket pair");
	const struct network_listener listener = {.context = job,
		.reached = gate_on_reached,
		.note = gate_on_note,
		.moved = gate_on_moved,
		.end = gate_on_end};
	job->gate = network_listen(
		job->embedded->network, pair[1], origins, count, open, &listener, err);
	if (!job->gate) {
		fd_close(pair[0]);
		return false;
	}
	*courier_out = pair[0];
	return true;
}

bool
gate_close(struct realizer_job *job)
{
	if (!job->gate)
		return false;
	job->is_ending = true;
	network_close(job->gate);
	return true;
}

void
gate_forget(struct realizer_job *job)
{
	loop_stop(job->end_timer);
	job->end_timer = NULL;
	if (job->gate)
		network_cancel(job->gate);
	job->gate = NULL;
}
