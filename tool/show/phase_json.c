/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A phase as members of a JSON object: see phase_json.h. */
#include "tool/show/phase_json.h"

#include "lib/clock.h"
#include "tool/base/json_out.h"

const struct rlg_attempt *rlg_phase_decided_by(const struct rlg_phase *phase)
{
	static const struct rlg_attempt nothing_known = {.exit_code = -1, .signal = -1};

	return phase->deciding != NULL ? phase->deciding : &nothing_known;
}

static int64_t elapsed_s(const struct rlg_attempt *attempt)
{
	bool known = attempt->start_us > 0 && attempt->end_us >= attempt->start_us;

	return known ? (attempt->end_us - attempt->start_us) / RLG_SECOND_US : -1;
}

void rlg_out_moments(struct rlg_bytes *out, const struct rlg_attempt *attempt)
{
	rlg_out_moment(out, "submit_time", attempt->submit_us);
	rlg_out_moment(out, "start_time", attempt->start_us);
	rlg_out_moment(out, "end_time", attempt->end_us);
}

void rlg_out_phase(struct rlg_bytes *out, const struct rlg_phase *phase)
{
	const struct rlg_attempt *attempt = rlg_phase_decided_by(phase);

	rlg_out_text(out, "phase", phase->name);
	rlg_out_text(out, "status", rlg_status_word(phase->status));
	rlg_out_text(out, "job_id", phase->job_id);
	rlg_out_text(out, "slurm_state", attempt->slurm_state);
	rlg_out_truth(out, "final", attempt->final);
	rlg_out_text(out, "reason", attempt->reason);
	rlg_out_number(out, "exit_code", attempt->exit_code);
	rlg_out_number(out, "signal", attempt->signal);
	rlg_out_moments(out, attempt);
	rlg_out_number(out, "elapsed_s", elapsed_s(attempt));
	rlg_out_text(out, "nodes", attempt->nodes);
}

void rlg_out_failure(struct rlg_bytes *out, const struct rlg_failure *failure)
{
	rlg_out_key(out, "failure");
	if (failure == NULL) {
		rlg_bytes_add(out, "null");
		return;
	}
	rlg_bytes_add(out, "{");
	rlg_out_text(out, "node", failure->node);
	rlg_out_number(out, "rank", failure->rank);
	rlg_out_text(out, "step", failure->step);
	rlg_out_number(out, "exit_code", failure->exit_code);
	rlg_out_number(out, "signal", failure->signal);
	if (failure->oom < 0)
		rlg_out_text(out, "oom", NULL);
	else
		rlg_out_truth(out, "oom", failure->oom == 1);
	rlg_bytes_add(out, "}");
}
