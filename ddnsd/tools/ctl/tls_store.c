/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of certificates. */
#include "tools/ctl/tls_store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { CERTIFICATE_MODE = 0644, GROUP_MODE = 0640, KEY_MODE = 0600, FOLDER_MODE = 0755 };

static const char daemon_group[] = "ddnsd";

struct draft {
	const char *name;
	const char *text;
	mode_t mode;
	gid_t group;
	char temporary[64]; /* "": not written yet */
};

__attribute__((format(printf, 2, 3))) static void
say(char problem[static TLS_STORE_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem, TLS_STORE_PROBLEM_MAX, format, arguments);
	va_end(arguments);
}

static enum status
say_why(char problem[static TLS_STORE_PROBLEM_MAX], const char *folder, const char *name, int error)
{
	enum status status = file_status(error);

	if (status == STATUS_PERMISSION)
		say(problem,
		    "%s%s%s cannot be written: run ddnsctl as root, or name another folder", folder,
		    name[0] != '\0' ? "/" : "", name);
	else
		say(problem, "%s%s%s cannot be written: %s", folder, name[0] != '\0' ? "/" : "",
		    name, strerror(error));
	return status;
}

static enum status
say_taken(char problem[static TLS_STORE_PROBLEM_MAX], const char *folder, const char *name)
{
	say(problem, "%s/%s is there already; --force replaces it", folder, name);
	return STATUS_NAME_EXISTS;
}

/* Who may write the folder could put a key of his own there. */
static enum status
open_folder(const char *folder, int *ret_fd, char problem[static TLS_STORE_PROBLEM_MAX])
{
	struct stat about;

	if (mkdir(folder, FOLDER_MODE) == 0)
		(void)chmod(folder, FOLDER_MODE);
	else if (errno != EEXIST)
		return say_why(problem, folder, "", errno);
	*ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return say_why(problem, folder, "", errno);
	if (fstat(*ret_fd, &about) != 0 || (about.st_uid != 0 && about.st_uid != geteuid()) ||
	    (about.st_mode & 022) != 0) {
		(void)close(*ret_fd);
		say(problem,
		    "others than root may write the folder %s, and could put a key of theirs there; "
		    "\"chmod go-w %s\" mends that, or \"chown root %s\"",
		    folder, folder, folder);
		return STATUS_REFUSED;
	}
	return STATUS_OK;
}

static int
write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t count = write(fd, text, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		text += count;
		length -= (size_t)count;
	}
	return 0;
}

/* The temporary file: owner before mode, for chown() takes bits of it away. */
static enum status
write_draft(int directory, const char *folder, struct draft *draft,
    char problem[static TLS_STORE_PROBLEM_MAX])
{
	uint64_t number;
	enum status status = STATUS_OK;
	int fd;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return say_why(problem, folder, draft->name, EIO);
	(void)snprintf(draft->temporary, sizeof(draft->temporary), ".%s.%016llx", draft->name,
	    (unsigned long long)number);
	fd = openat(directory, draft->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		draft->temporary[0] = '\0';
		return say_why(problem, folder, draft->name, errno);
	}
	if (write_all(fd, draft->text) != 0 ||
	    (draft->group != (gid_t)-1 && fchown(fd, (uid_t)-1, draft->group) != 0) ||
	    fchmod(fd, draft->mode) != 0 || fsync(fd) != 0)
		status = say_why(problem, folder, draft->name, errno);
	if (close(fd) != 0 && status == STATUS_OK)
		status = say_why(problem, folder, draft->name, errno);
	return status;
}

/* The temporary file becomes what it is called. */
static enum status
publish(int directory, const char *folder, struct draft *draft, bool replaces,
    char problem[static TLS_STORE_PROBLEM_MAX])
{
	if (replaces) {
		if (renameat(directory, draft->temporary, directory, draft->name) != 0)
			return say_why(problem, folder, draft->name, errno);
		draft->temporary[0] = '\0';
		return STATUS_OK;
	}
	if (linkat(directory, draft->temporary, directory, draft->name, 0) == 0)
		return STATUS_OK;
	if (errno == EEXIST)
		return say_taken(problem, folder, draft->name);
	return say_why(problem, folder, draft->name, errno);
}

bool
tls_store_is_taken(const char *folder, bool replaces,
    char ret_problem[static TLS_STORE_PROBLEM_MAX])
{
	static const char *const files[] = { TLS_CERTIFICATE_FILE, TLS_KEY_FILE };
	char path[PATH_MAX];
	struct stat about;

	for (size_t i = 0; i < 2 && !replaces; i++) {
		int length = snprintf(path, sizeof(path), "%s/%s", folder, files[i]);

		if (length > 0 && length < PATH_MAX && lstat(path, &about) == 0) {
			(void)say_taken(ret_problem, folder, files[i]);
			return true;
		}
	}
	return false;
}

static struct draft
key_draft(const char *text)
{
	struct group *group = geteuid() == 0 ? getgrnam(daemon_group) : NULL;

	return (struct draft){
		.name = TLS_KEY_FILE,
		.text = text,
		.mode = group != NULL ? GROUP_MODE : KEY_MODE,
		.group = group != NULL ? group->gr_gid : (gid_t)-1,
	};
}

enum status
tls_store_write(const char *folder, const char *certificate, const char *key, bool replaces,
    char ret_problem[static TLS_STORE_PROBLEM_MAX])
{
	/* The key first: a daemon that looks between the two keeps what it has, and looks again. */
	struct draft drafts[] = { key_draft(key),
		{ TLS_CERTIFICATE_FILE, certificate, CERTIFICATE_MODE, (gid_t)-1, "" } };
	enum status status;
	int directory = -1;

	if (tls_store_is_taken(folder, replaces, ret_problem))
		return STATUS_NAME_EXISTS;
	status = open_folder(folder, &directory, ret_problem);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
		status = write_draft(directory, folder, &drafts[i], ret_problem);
	if (status == STATUS_OK)
		status = publish(directory, folder, &drafts[0], replaces, ret_problem);
	if (status == STATUS_OK) {
		status = publish(directory, folder, &drafts[1], replaces, ret_problem);
		if (status != STATUS_OK && !replaces)
			(void)unlinkat(directory, drafts[0].name, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		if (drafts[i].temporary[0] != '\0')
			(void)unlinkat(directory, drafts[i].temporary, 0);
	}
	if (status == STATUS_OK && fsync(directory) != 0)
		status = say_why(ret_problem, folder, "", errno);
	(void)close(directory);
	return status;
}
