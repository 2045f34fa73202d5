/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work in pieces, by several threads: see hands.h. */
#include "tool/base/hands.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* To begin and end a thread takes as long as a few small runs. */
#define LEAST_PIECES_EACH 16

/* The caller's own limit may be tiny, or have no end. */
#define STACK_SIZE ((size_t)1024 * 1024)

struct hands {
	const struct rlg_hands_work *work;
	size_t pieces;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t room; /* there is something to begin again, or nothing any more */
	pthread_cond_t done; /* the piece that is to be told of is */
	size_t begun, told;
	bool is_done[RLG_HANDS_AHEAD]; /* by piece, modulo this */
	bool stop;
};

struct hand {
	struct hands *hands;
	size_t number;
	pthread_t thread;
};

static size_t hands_set;

void rlg_hands_set(size_t hands)
{
	hands_set = hands < RLG_HANDS_MOST ? hands : RLG_HANDS_MOST;
}

size_t rlg_hands_for(size_t pieces)
{
	size_t most = pieces / LEAST_PIECES_EACH, processors;
	cpu_set_t set;

	if (hands_set != 0)
		return hands_set;
	if (most < 2 || sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	processors = (size_t)CPU_COUNT(&set);
	most = most < RLG_HANDS_MOST ? most : RLG_HANDS_MOST;
	return processors < most ? processors : most;
}

static bool may_begin(const struct hands *hands)
{
	return !hands->stop && hands->begun < hands->pieces && hands->begun < hands->told + RLG_HANDS_AHEAD;
}

/* With the lock, which is left meanwhile. */
static void do_piece(struct hands *hands, size_t hand)
{
	size_t piece = hands->begun++;

	pthread_mutex_unlock(&hands->lock);
	hands->work->work(hands->work->context, piece, hand);
	pthread_mutex_lock(&hands->lock);
	hands->is_done[piece % RLG_HANDS_AHEAD] = true;
	if (piece == hands->told)
		pthread_cond_signal(&hands->done);
}

static void *help(void *context)
{
	const struct hand *hand = context;
	struct hands *hands = hand->hands;

	pthread_mutex_lock(&hands->lock);
	while (!hands->stop && hands->begun < hands->pieces) {
		if (may_begin(hands))
			do_piece(hands, hand->number);
		else
			pthread_cond_wait(&hands->room, &hands->lock);
	}
	pthread_mutex_unlock(&hands->lock);
	return NULL;
}

/* With the lock, which is left meanwhile. */
static int tell_piece(struct hands *hands)
{
	size_t piece = hands->told;

	pthread_mutex_unlock(&hands->lock);
	int code = hands->work->tell(hands->work->context, piece);
	pthread_mutex_lock(&hands->lock);
	hands->is_done[piece % RLG_HANDS_AHEAD] = false;
	hands->told++;
	pthread_cond_broadcast(&hands->room);
	return code;
}

/* The caller tells what is done, and helps while nothing is. */
static int lead(struct hands *hands)
{
	int code = 0;

	pthread_mutex_lock(&hands->lock);
	while (code == 0 && hands->told < hands->pieces) {
		if (hands->is_done[hands->told % RLG_HANDS_AHEAD])
			code = tell_piece(hands);
		else if (may_begin(hands))
			do_piece(hands, 0);
		else
			pthread_cond_wait(&hands->done, &hands->lock);
	}
	hands->stop = true;
	pthread_cond_broadcast(&hands->room);
	pthread_mutex_unlock(&hands->lock);
	return code;
}

/* How many there are.  Signals are the caller's business. */
static size_t call_helpers(struct hand *helpers, struct hands *hands, size_t wanted)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	size_t count = 0;

	if (wanted == 0 || pthread_attr_init(&attributes) != 0)
		return 0;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; count < wanted; count++) {
		helpers[count] = (struct hand){.hands = hands, .number = count + 1};
		if (pthread_create(&helpers[count].thread, &attributes, help, &helpers[count]) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return count;
}

int rlg_hands_do(const struct rlg_hands_work *work, size_t pieces, size_t hands_wanted)
{
	struct hands hands = {.work = work,
			      .pieces = pieces,
			      .lock = PTHREAD_MUTEX_INITIALIZER,
			      .room = PTHREAD_COND_INITIALIZER,
			      .done = PTHREAD_COND_INITIALIZER};
	struct hand helpers[RLG_HANDS_MOST - 1];
	size_t wanted = hands_wanted < RLG_HANDS_MOST ? hands_wanted : RLG_HANDS_MOST;
	size_t count = call_helpers(helpers, &hands, wanted == 0 ? 0 : wanted - 1);
	int code = lead(&hands);

	for (size_t i = 0; i < count; i++)
		pthread_join(helpers[i].thread, NULL);
	return code;
}
