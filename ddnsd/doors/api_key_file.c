/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of keys that are made over the API: a folder of our own, a key a file, for us alone to read. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "doors/api_state.h"

enum { FILE_MODE = 0600, FOLDER_MODE = 0700, FILE_NAME_SIZE = API_MADE_KEY_NAME_MAX + 16 };

static const char *
file_name(const char *name, char text[static FILE_NAME_SIZE])
{
	(void)snprintf(text, FILE_NAME_SIZE, "%.*s.conf", API_MADE_KEY_NAME_MAX, name);
	return text;
}

bool
api_made_key_is_there(const struct api *api, const char *name)
{
	const char *folder = api->facts.made_keys_directory;
	char file[FILE_NAME_SIZE];
	char path[PATH_MAX];
	struct stat about;
	int length;

	if (folder == NULL || folder[0] == '\0' || strlen(name) > API_MADE_KEY_NAME_MAX)
		return false;
	length = snprintf(path, sizeof(path), "%s/%s", folder, file_name(name, file));
	return length > 0 && (size_t)length < sizeof(path) && lstat(path, &about) == 0 &&
	    S_ISREG(about.st_mode);
}

enum status
api_made_key_write(const struct api *api, const char *name, const struct buffer *text)
{
	char file[FILE_NAME_SIZE];
	int folder;
	enum status status = file_open_directory(api->facts.made_keys_directory, FOLDER_MODE,
	    &folder);

	if (status != STATUS_OK)
		return status;
	status = file_replace(folder, file_name(name, file), text->data, text->length, FILE_MODE);
	(void)close(folder);
	return status;
}

enum status
api_made_key_remove(const struct api *api, const char *name)
{
	char file[FILE_NAME_SIZE];
	int folder;
	enum status status = file_open_directory(api->facts.made_keys_directory, FOLDER_MODE,
	    &folder);

	if (status != STATUS_OK)
		return status;
	status = file_remove(folder, file_name(name, file));
	(void)close(folder);
	return status;
}
