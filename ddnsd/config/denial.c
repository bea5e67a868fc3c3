/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at owners and modes, and into the user database. */
#include "config/denial.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ACCOUNT_MAX = 64 };

static void
copy_account(char account[static ACCOUNT_MAX], const char *name, unsigned long number)
{
	if (name != NULL)
		(void)snprintf(account, ACCOUNT_MAX, "%s", name);
	else
		(void)snprintf(account, ACCOUNT_MAX, "%lu", number);
}

static void
find_group(gid_t gid, char account[static ACCOUNT_MAX])
{
	const struct group *entry = getgrgid(gid);

	copy_account(account, entry != NULL ? entry->gr_name : NULL, gid);
}

/* The group that ddnsd's files ought to have. */
static void
find_own_group(const char *user, const char *group, char account[static ACCOUNT_MAX])
{
	const struct passwd *password = user[0] != '\0' ? getpwnam(user) : NULL;

	if (group[0] != '\0')
		copy_account(account, group, 0);
	else
		find_group(password != NULL ? password->pw_gid : getegid(), account);
}

/* The folder that holds path, without the / behind it. */
static void
cut_to_folder(char path[static PATH_MAX])
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		(void)snprintf(path, PATH_MAX, ".");
	else
		slash[slash == path ? 1 : 0] = '\0';
}

/* What keeps us out: path itself, or the first folder on the way to it that does. */
static bool
find_obstacle(const char *path, char obstacle[static PATH_MAX], struct stat *ret_about)
{
	(void)snprintf(obstacle, PATH_MAX, "%s", path);
	while (stat(obstacle, ret_about) != 0) {
		if (errno != EACCES || strcmp(obstacle, ".") == 0)
			return false;
		cut_to_folder(obstacle);
	}
	return true;
}

const char *
config_denial(const char *path, bool is_folder, const char *user, const char *group,
    char text[static CONFIG_DENIAL_MAX])
{
	const struct passwd *password = getpwuid(geteuid());
	mode_t needed = is_folder ? S_IRGRP | S_IXGRP : S_IRGRP;
	char obstacle[PATH_MAX];
	char who[ACCOUNT_MAX];
	char readers[ACCOUNT_MAX];
	struct stat about;
	bool is_seen = find_obstacle(path, obstacle, &about);

	copy_account(who, password != NULL ? password->pw_name : NULL, geteuid());
	if (strcmp(obstacle, path) != 0)
		needed = S_IXGRP;
	if (is_seen && about.st_gid != 0 && (about.st_mode & needed) == needed &&
	    group_member(about.st_gid) == 0) {
		find_group(about.st_gid, readers);
		(void)snprintf(text, CONFIG_DENIAL_MAX,
		    " for the user \"%s\"; %.300s is for the group \"%s\": run ddnsd as a user in it",
		    who, obstacle, readers);
		return text;
	}
	find_own_group(user, group, readers);
	if (needed == S_IRGRP)
		(void)snprintf(text, CONFIG_DENIAL_MAX,
		    " for the user \"%s\"; run: chown root:%s %.300s && chmod 640 %.300s", who,
		    readers, obstacle, obstacle);
	else
		(void)snprintf(text, CONFIG_DENIAL_MAX,
		    " for the user \"%s\"; run: chgrp %s %.300s && chmod g+rx %.300s", who, readers,
		    obstacle, obstacle);
	return text;
}
