/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the DNS door is told by the configuration. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "doors/listen.h"
#include "wire/address.h"

enum { DNS_LISTEN_MAX = LISTENERS_MAX };

struct dns_options {
	struct endpoint listen[DNS_LISTEN_MAX];
	size_t listen_count;
	unsigned tcp_connections_max; /* at least 1 */
	int64_t tcp_idle_ms;
};
