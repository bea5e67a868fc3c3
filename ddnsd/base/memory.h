/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that only the start needed. */
#pragma once

/*
 * Gives pages of code and constants back, the program's and its libraries', and what the heap has
 * free. They are clean copies of files: what is needed again comes from there at the next touch. A
 * daemon that waits for days then holds what its work takes, not what loading, linking and checking
 * the database took. Where the kernel does not want to, nothing happens.
 */
void memory_give_back(void);
