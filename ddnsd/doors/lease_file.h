/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsmasq's lease file as a door: watched by inotify, read whole at the start and after each change, and
 * handed to the service as a reading. So nothing is lost that no hook told. Never writes to it.
 */
#pragma once

#include "base/loop.h"
#include "service/service.h"

struct lease_reader;

/* service is borrowed. NULL when out of memory. */
struct lease_reader *lease_reader_new(struct loop *loop, struct service *service);

/* Takes NULL. */
void lease_reader_free(struct lease_reader *reader);

/*
 * Reads this file from now on, and once at once (within the open turn); "": none. A file that is not
 * there yet is no fault: dnsmasq makes it with the first lease.
 */
void lease_reader_set_file(struct lease_reader *reader, const char *file);

/* Reads it once more, at the end of this turn: what is registered was replaced (a restore). */
void lease_reader_again(struct lease_reader *reader);

/* The turn's commit is over; what of a reading could not be stored is read again later. */
void lease_reader_turn_ended(struct lease_reader *reader, enum status commit_status);

/* Why the file cannot be read, as a sentence with the mend; "" = nothing is wrong. */
const char *lease_reader_problem(const struct lease_reader *reader);
