/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits and times that the service keeps, as the configuration gives them. */
#pragma once

#include <stdint.h>

struct service_options {
	uint32_t addresses_per_name; /* A and AAAA together; 0 = no limit */
	uint32_t names_max;          /* in the whole registry; 0 = no limit */
	int64_t quiet_s; /* nothing expires so long after a start or a clock step (rule 35) */
};
