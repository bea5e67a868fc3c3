/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the user database for the accounts that a block names. */
#include "config/account.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

/* The option's text, or NULL with a complaint when no account's name is as long. */
static const char *
read_name(const struct config_section *section, const char *option)
{
	const char *name = config_section_text(section, option);

	if (strlen(name) < CONFIG_ACCOUNT_MAX)
		return name;
	config_section_complain(section, option, "longer than %d characters",
	    CONFIG_ACCOUNT_MAX - 1);
	return NULL;
}

bool
config_user_read(const struct config_section *section, char ret_name[static CONFIG_ACCOUNT_MAX],
    uid_t *ret_uid)
{
	const char *name = read_name(section, "user");
	uid_t uid = (uid_t)-1;

	if (name == NULL)
		return false;
	if (name[0] != '\0' && section->reader->may_look) {
		const struct passwd *entry = getpwnam(name);

		if (entry == NULL) {
			config_section_complain(section, "user",
			    "there is no user \"%s\"; run: useradd --system %s, or name one that exists",
			    name, name);
			return false;
		}
		uid = entry->pw_uid;
	}
	memcpy(ret_name, name, strlen(name) + 1);
	*ret_uid = uid;
	return true;
}

bool
config_group_read(const struct config_section *section, char ret_name[static CONFIG_ACCOUNT_MAX],
    gid_t *ret_gid)
{
	const char *name = read_name(section, "group");
	gid_t gid = (gid_t)-1;

	if (name == NULL)
		return false;
	if (name[0] != '\0' && section->reader->may_look) {
		const struct group *entry = getgrnam(name);

		if (entry == NULL) {
			config_section_complain(section, "group",
			    "there is no group \"%s\"; run: groupadd --system %s, or name one that exists",
			    name, name);
			return false;
		}
		gid = entry->gr_gid;
	}
	memcpy(ret_name, name, strlen(name) + 1);
	*ret_gid = gid;
	return true;
}
