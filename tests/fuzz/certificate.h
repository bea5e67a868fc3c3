/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates with their keys, for fuzz targets: made once, in files without a name, good for one day. */
#pragma once

enum { CERTIFICATE_PAIRS = 2, CERTIFICATE_WALL_S = 1753000000 };

/* Of the pair, below CERTIFICATE_PAIRS. */
const char *certificate_path(unsigned pair);
const char *certificate_key_path(unsigned pair);
