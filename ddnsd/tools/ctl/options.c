/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a command's options out of its arguments. Knows no command. */
#include "tools/ctl/options.h"

#include <string.h>

static const struct option_entry *
find_option(const struct option_entry *options, const char *argument, size_t length)
{
	for (const struct option_entry *option = options; option->name != NULL; option++)
		if (strncmp(option->name, argument, length) == 0 && option->name[length] == '\0')
			return option;
	return NULL;
}

/* Returns how many arguments it took, or 0 with the usage said. */
static int
take_one(const struct option_entry *options, const char *command, char **argv, int left)
{
	size_t length = strcspn(argv[0], "=");
	bool has_value = argv[0][length] == '=';
	const struct option_entry *option = find_option(options, argv[0], length);

	if (option == NULL) {
		(void)ctl_usage(command, "there is no option \"%s\"", argv[0]);
		return 0;
	}
	if (option->flag != NULL) {
		if (has_value) {
			(void)ctl_usage(command, "%s takes no value", option->name);
			return 0;
		}
		*option->flag = true;
		return 1;
	}
	if (has_value) {
		*option->value = argv[0] + length + 1;
		return 1;
	}
	if (left < 2) {
		(void)ctl_usage(command, "%s needs a value behind it", option->name);
		return 0;
	}
	*option->value = argv[1];
	return 2;
}

enum ctl_exit
options_take(const struct option_entry *options, int *argc, char **argv)
{
	bool is_data = false;
	int kept = 1;

	for (int i = 1; i < *argc;) {
		int taken;

		/* A hyphen alone is a file: stdin or stdout. */
		if (is_data || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i++];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			is_data = true;
			i++;
			continue;
		}
		taken = take_one(options, argv[0], argv + i, *argc - i);
		if (taken == 0)
			return CTL_USAGE;
		i += taken;
	}
	argv[kept] = NULL;
	*argc = kept;
	return CTL_DONE;
}

enum ctl_exit
options_count(int argc, char *const *argv, int low, int high, const char *missing)
{
	if (argc - 1 < low)
		return ctl_usage(argv[0], "%s is missing", missing);
	if (argc - 1 > high)
		return ctl_usage(argv[0], "\"%s\" is too much", argv[high + 1]);
	return CTL_DONE;
}
