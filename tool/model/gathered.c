/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of one run, gathered: see gathered.h. */
#include "tool/model/gathered.h"

#include "tool/base/in_order.h"
#include "tool/base/names.h"

void rlg_gathered_init(struct rlg_gathered *gathered, struct rlg_arena *arena)
{
	*gathered = (struct rlg_gathered){.arena = arena, .progress = rlg_progress_records_new(arena)};
}

static int compare_events(const void *left, const void *right)
{
	return rlg_event_compare(left, right);
}

/* Behind the last mark: what stands before it has its number. */
static void drop_repeated(struct rlg_gathered *gathered)
{
	gathered->n_events = gathered->marked + rlg_put_in_order_once(gathered->events + gathered->marked,
								      gathered->n_events - gathered->marked,
								      sizeof(*gathered->events), compare_events);
}

static void make_room(struct rlg_gathered *gathered)
{
	if (gathered->n_events - gathered->marked >= RLG_GATHERED_MANY)
		drop_repeated(gathered);
	if (gathered->n_events <= gathered->room / 2 && gathered->room > 0)
		return;
	gathered->room = gathered->room == 0 ? 8 : 2 * gathered->room;
	gathered->events = rlg_arena_grow(gathered->arena, gathered->events, gathered->n_events, gathered->room,
					  sizeof(*gathered->events));
}

static struct rlg_event *new_event(struct rlg_gathered *gathered)
{
	if (gathered->n_events == gathered->room)
		make_room(gathered);
	return &gathered->events[gathered->n_events++];
}

void rlg_gathered_add(struct rlg_gathered *gathered, const struct rlg_record *record)
{
	gathered->records++;
	if (record->word == RLG_WORD_PROGRESS)
		rlg_progress_add(gathered->progress, record);
	else
		*new_event(gathered) = rlg_event_from_record(gathered->arena, record);
}

static void sort_events(struct rlg_gathered *gathered)
{
	struct rlg_names *seen = rlg_names_new_for(gathered->arena, gathered->n_events);
	struct rlg_event *events = gathered->events;
	size_t kept = 0;

	rlg_put_in_order(events, gathered->n_events, sizeof(*events), compare_events);
	for (size_t i = 0; i < gathered->n_events; i++) {
		const char *id = events[i].id;
		if (id != NULL ? rlg_names_put(seen, id, i) != RLG_NAMES_NONE
			       : kept > 0 && compare_events(&events[kept - 1], &events[i]) == 0)
			continue;
		if (kept != i)
			events[kept] = events[i];
		kept++;
	}
	gathered->n_events = kept;
}

void rlg_gathered_sort(struct rlg_gathered *gathered)
{
	sort_events(gathered);
	rlg_progress_sort(gathered->progress);
}

struct rlg_gathered_mark rlg_gathered_mark(struct rlg_gathered *gathered)
{
	gathered->marked = gathered->n_events;
	return (struct rlg_gathered_mark){gathered->n_events, rlg_progress_mark(gathered->progress)};
}

/* ---- packed ---- */

#define TEXT(member) {offsetof(struct rlg_event, member), RLG_PACKED_TEXT, 0}
#define INT(member) {offsetof(struct rlg_event, member), RLG_PACKED_INT, 0}
#define BOOL(member) {offsetof(struct rlg_event, member), RLG_PACKED_BOOL, 0}

/* All of it but the id. */
static const struct rlg_packed_member event_members[] = {
	{offsetof(struct rlg_event, kind), RLG_PACKED_ENUM, RLG_EVENT_OTHER + 1},
	INT(time_us), TEXT(sid), TEXT(cluster), TEXT(phase), INT(job_id), INT(array_job_id), INT(array_task_id),
	INT(het_job_id), TEXT(matched_by), TEXT(step), TEXT(node), INT(rank), INT(oom), INT(n_cpus), TEXT(tres),
	INT(cpu_us), INT(user_us), INT(system_us), INT(elapsed_us), INT(peak_memory), INT(page_cache), INT(max_rss),
	INT(tasks), TEXT(exec), TEXT(state), BOOL(final), BOOL(final_said), BOOL(never_ran), TEXT(reason), TEXT(source),
	INT(exit_code), INT(signal), INT(time_limit_s), INT(restarts), INT(submit_us), INT(start_us), INT(end_us),
	TEXT(nodes), TEXT(user), TEXT(job_name), TEXT(stdout_path), TEXT(script), TEXT(command), TEXT(cwd), TEXT(host),
	TEXT(git_commit), TEXT(git_branch), TEXT(agent), TEXT(session), TEXT(field), TEXT(value), TEXT(text),
	TEXT(verdict), TEXT(wandb), TEXT(description), TEXT(action), TEXT(subject), TEXT(details), TEXT(result), TEXT(sync),
};
#define N_EVENT_MEMBERS (sizeof(event_members) / sizeof(event_members[0]))
_Static_assert(N_EVENT_MEMBERS <= RLG_PACKED_MOST, "a bit for each");
_Static_assert(sizeof(struct rlg_event) == 8 * (N_EVENT_MEMBERS + 1 - 2), "a member of the event that is forgotten here");

void rlg_gathered_pack(const struct rlg_gathered *gathered, struct rlg_gathered_mark from, struct rlg_bytes *to)
{
	struct rlg_event nothing = {.time_us = 0};
	const struct rlg_event *like = &nothing;

	rlg_pack_number(to, gathered->n_events - from.events);
	for (size_t i = from.events; i < gathered->n_events; like = &gathered->events[i++]) {
		rlg_pack_id(to, gathered->events[i].id);
		rlg_pack_struct(to, &gathered->events[i], like, event_members, N_EVENT_MEMBERS);
	}
	rlg_progress_pack(gathered->progress, from.progress, to);
}

bool rlg_gathered_unpack(struct rlg_gathered *gathered, const void *bytes, size_t count)
{
	struct rlg_unpack from = rlg_unpack_begin(bytes, count);
	struct rlg_event event = {.time_us = 0};

	for (size_t left = rlg_unpack_count(&from, 2); left > 0 && !from.bad; left--) {
		event.id = rlg_unpack_id(&from, gathered->arena);
		rlg_unpack_struct(&from, &event, event_members, N_EVENT_MEMBERS);
		*new_event(gathered) = event;
	}
	return rlg_progress_unpack(gathered->progress, &from) && !from.bad && from.at == from.end;
}
