/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the Unix socket, asks the kernel who connects, and leaves the rest to the server and its site. */
#include "doors/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

enum {
	BACKLOG = 64,
	IDLE_MS = 10000,
	REQUEST_MS = 10000,
	ANSWERS_MAX = 32 << 20,
	NAMES_MAX = 8,
	NO_GROUP = -1,
};

struct user_name {
	uid_t uid;
	char name[33]; /* "" = none */
};

struct control {
	struct http_server *server;
	struct control_options options;
	int socket;   /* the server's; -1 = none */
	dev_t device; /* what we made, so that we remove nobody else's */
	ino_t inode;
	struct principal admin;
	struct peer_principal *peers;
	size_t peer_count;
	struct user_name names[NAMES_MAX];
	size_t name_count;
};

/* --- who is there --- */

/* Supplementary groups count as the primary one does. More than fit are left out: that only denies. */
static void
ask_groups(int connection, struct peer_credentials *credentials)
{
	socklen_t size = sizeof(credentials->groups) - sizeof(credentials->groups[0]);

	/* Linux 4.13; before it, and with more groups than fit, the primary one has to do. */
	if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, &credentials->groups[1], &size) == 0)
		credentials->group_count = 1 + size / sizeof(credentials->groups[0]);
}

/* The user database may be slow, and the same few users come again and again. */
static const char *
find_name(struct control *control, uid_t uid)
{
	struct user_name *found;
	const struct passwd *user;

	for (size_t i = 0; i < control->name_count; i++) {
		if (control->names[i].uid == uid)
			return control->names[i].name;
	}
	if (control->name_count == NAMES_MAX)
		control->name_count = 0;
	user = getpwuid(uid);
	found = &control->names[control->name_count++];
	found->uid = uid;
	(void)snprintf(found->name, sizeof(found->name), "%s", user != NULL ? user->pw_name : "");
	return found->name;
}

static void
describe(struct control *control, uid_t uid, struct http_peer *peer)
{
	const char *name = find_name(control, uid);

	if (name[0] != '\0')
		(void)snprintf(peer->who, sizeof(peer->who), "uid %u (%s)", (unsigned)uid, name);
	else
		(void)snprintf(peer->who, sizeof(peer->who), "uid %u", (unsigned)uid);
}

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	struct control *control = context;
	struct peer_credentials credentials = { .group_count = 1 };
	struct ucred kernel;
	socklen_t size = sizeof(kernel);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &kernel, &size) != 0)
		return false;
	credentials.pid = kernel.pid;
	credentials.uid = kernel.uid;
	credentials.groups[0] = kernel.gid;
	ask_groups(connection, &credentials);
	*ret_peer = (struct http_peer){ .door = "unix", .sees_all = true };
	ret_peer->principal = peer_find(control->peers, control->peer_count, &control->admin,
	    geteuid(), &credentials);
	describe(control, credentials.uid, ret_peer);
	return true;
}

struct control *
control_new(struct loop *loop, const struct http_site *site)
{
	static const struct http_limits limits = {
		.connections_max = CONTROL_CONNECTIONS_MAX,
		.streams_max = CONTROL_STREAMS_MAX,
		.streams_of_strangers = CONTROL_STREAMS_MAX / 2,
		.streams_for_admins = CONTROL_STREAMS_MAX / 4,
		.answers_max = ANSWERS_MAX,
		.idle_ms = IDLE_MS,
		.request_ms = REQUEST_MS,
	};
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->socket = -1;
	control->admin = (struct principal){
		.kind = PRINCIPAL_PEER,
		.identity = PRINCIPAL_ADMIN_IDENTITY,
		.is_admin = true,
		.may_tell_leases = true,
	};
	control->server = http_server_new(loop, site, identify, control, &limits);
	if (control->server == NULL) {
		free(control);
		return NULL;
	}
	return control;
}

/* --- the socket --- */

/* Fills ret_problem from the format and, where error is not 0, what errno says. */
__attribute__((format(printf, 3, 4))) static void
tell(char *ret_problem, int error, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(ret_problem, CONTROL_PROBLEM_MAX, format, arguments);
	va_end(arguments);
	if (error != 0 && length >= 0 && length < CONTROL_PROBLEM_MAX)
		(void)snprintf(ret_problem + length, (size_t)(CONTROL_PROBLEM_MAX - length), ": %s",
		    strerror(error));
}

static bool
is_ours(const struct control *control)
{
	struct stat status;

	return control->socket >= 0 && lstat(control->options.socket, &status) == 0 &&
	    S_ISSOCK(status.st_mode) && status.st_dev == control->device &&
	    status.st_ino == control->inode;
}

static void
remove_socket(const struct control *control)
{
	if (is_ours(control))
		(void)unlink(control->options.socket);
}

/* 0: somebody listens there; ECONNREFUSED: nobody does; else why that cannot be known. */
static int
knock(const struct control_options *options)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	memcpy(address.sun_path, options->socket, sizeof(address.sun_path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	(void)close(fd);
	/* Its queue is full. */
	return error == EAGAIN ? 0 : error;
}

/* May the place be had: is it free, or a socket that nobody serves, or ours? */
static enum status
check_place(const struct control *control, const struct control_options *options, char *ret_problem)
{
	const char *path = options->socket;
	struct stat status;
	int error;

	if (lstat(path, &status) != 0) {
		if (errno == ENOENT)
			return STATUS_OK;
		error = errno;
		tell(ret_problem, error, "cannot look at the control socket %s", path);
		return file_status(error);
	}
	if (!S_ISSOCK(status.st_mode)) {
		tell(ret_problem, 0,
		    "%s is there already and is no socket: move it away, or set another `socket` "
		    "in `control`",
		    path);
		return STATUS_IO;
	}
	if (strcmp(path, control->options.socket) == 0 && is_ours(control))
		return STATUS_OK;
	error = knock(options);
	if (error == 0) {
		tell(ret_problem, 0,
		    "another program (another ddnsd?) listens on the control socket %s: stop it, "
		    "or set another `socket` in `control`",
		    path);
		return STATUS_REFUSED;
	}
	/* ENOENT: its owner has just removed it. */
	if (error == ECONNREFUSED || error == ENOENT)
		return STATUS_OK;
	tell(ret_problem, error, "cannot find out whether another program listens on %s", path);
	return file_status(error);
}

/* What a socket is made from, step by step. */
struct making {
	int directory;
	int socket;
	gid_t group;
	char name[sizeof(((struct control_options *)0)->socket)]; /* its path, at first */
	bool is_bound;
};

static enum status
find_group(const struct control_options *options, struct making *making, char *ret_problem)
{
	const struct group *group;

	making->group = (gid_t)NO_GROUP;
	if (options->group[0] == '\0')
		return STATUS_OK;
	errno = 0;
	group = getgrnam(options->group);
	if (group == NULL) {
		tell(ret_problem, errno, "there is no group %s for the control socket",
		    options->group);
		return STATUS_NOT_FOUND;
	}
	making->group = group->gr_gid;
	return STATUS_OK;
}

static enum status
open_folder(const struct control_options *options, struct making *making, char *ret_problem)
{
	enum status status = file_open_directory_of(options->socket, &making->directory);
	const char *base = file_base_name(options->socket);

	if (status == STATUS_NOT_FOUND)
		tell(ret_problem, 0,
		    "the folder of the control socket %s is not there: make it (systemd-tmpfiles "
		    "--create), or set another `socket` in `control`",
		    options->socket);
	else if (status != STATUS_OK)
		tell(ret_problem, 0, "cannot open the folder of the control socket %s: %s",
		    options->socket, status_text(status));
	else if (*base == '\0') {
		tell(ret_problem, 0, "the control socket %s has no name", options->socket);
		status = STATUS_MALFORMED;
	}
	return status;
}

/* Removes what a daemon that died has left; anything but a socket stays. */
static void
clear_name(const struct making *making)
{
	const char *name = file_base_name(making->name);
	struct stat status;

	if (fstatat(making->directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISSOCK(status.st_mode))
		(void)unlinkat(making->directory, name, 0);
}

/*
 * In exchange for one that lives it is bound under another name in the same folder, as long as its
 * own, for sun_path has no room to spare. The kernel gives the file the mode that the socket has;
 * nobody can connect before listen(), and the group is right by then. No path is followed that
 * somebody else may have put there meanwhile.
 */
static enum status
make_socket(const struct control *control, const struct control_options *options,
    struct making *making, char *ret_problem)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t last = strlen(options->socket) - 1;
	int error;
	mode_t mask;

	memcpy(making->name, options->socket, sizeof(making->name));
	if (strcmp(control->options.socket, options->socket) == 0 && is_ours(control))
		making->name[last] = options->socket[last] == '~' ? '-' : '~';
	clear_name(making);
	memcpy(address.sun_path, making->name, sizeof(address.sun_path));
	making->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (making->socket < 0 || fchmod(making->socket, options->mode) != 0)
		goto fail;
	mask = umask(0);
	making->is_bound = bind(making->socket, (struct sockaddr *)&address, sizeof(address)) == 0;
	(void)umask(mask);
	if (!making->is_bound)
		goto fail;
	if (making->group != (gid_t)NO_GROUP &&
	    fchownat(making->directory, file_base_name(making->name), (uid_t)-1, making->group,
		AT_SYMLINK_NOFOLLOW) != 0) {
		tell(ret_problem, errno,
		    "cannot give the control socket %s to group %s (when running, only groups of "
		    "the daemon's user will do; else restart it)",
		    options->socket, options->group);
		return STATUS_PERMISSION;
	}
	if (listen(making->socket, BACKLOG) == 0)
		return STATUS_OK;
fail:
	error = errno;
	tell(ret_problem, error, "cannot make the control socket %s", options->socket);
	return file_status(error);
}

/* Puts it in its place: from now on it is what clients find. */
static enum status
publish(struct control *control, const struct control_options *options, struct making *making,
    char *ret_problem)
{
	const char *name = file_base_name(making->name);
	struct stat made;
	enum status status = http_server_listen(control->server, making->socket);

	if (status != STATUS_OK) {
		tell(ret_problem, 0, "cannot listen on the control socket %s: %s", options->socket,
		    status_text(status));
		return status;
	}
	if (fstatat(making->directory, name, &made, AT_SYMLINK_NOFOLLOW) != 0 ||
	    renameat(making->directory, name, making->directory, file_base_name(options->socket)) !=
		0) {
		int error = errno;

		tell(ret_problem, error, "cannot put the control socket at %s", options->socket);
		http_server_unlisten(control->server, making->socket);
		making->socket = -1;
		return file_status(error);
	}
	if (strcmp(control->options.socket, options->socket) != 0)
		remove_socket(control);
	if (control->socket >= 0)
		http_server_unlisten(control->server, control->socket);
	control->socket = making->socket;
	control->device = made.st_dev;
	control->inode = made.st_ino;
	control->options = *options;
	making->socket = -1;
	making->is_bound = false;
	return STATUS_OK;
}

static bool
is_same(const struct control *control, const struct control_options *options)
{
	const struct control_options *now = &control->options;

	return strcmp(now->socket, options->socket) == 0 &&
	    strcmp(now->group, options->group) == 0 && now->mode == options->mode;
}

static void
close_socket(struct control *control)
{
	remove_socket(control);
	if (control->socket >= 0)
		http_server_unlisten(control->server, control->socket);
	control->socket = -1;
	control->options = (struct control_options){ 0 };
}

enum status
control_listen(struct control *control, const struct control_options *options,
    char ret_problem[static CONTROL_PROBLEM_MAX])
{
	struct making making = { .directory = -1, .socket = -1 };
	enum status status;

	if (options->socket[0] == '\0') {
		close_socket(control);
		return STATUS_OK;
	}
	/* One that somebody has removed is made anew. */
	if (is_same(control, options) && is_ours(control))
		return STATUS_OK;
	status = check_place(control, options, ret_problem);
	if (status == STATUS_OK)
		status = find_group(options, &making, ret_problem);
	if (status == STATUS_OK)
		status = open_folder(options, &making, ret_problem);
	if (status == STATUS_OK)
		status = make_socket(control, options, &making, ret_problem);
	if (status == STATUS_OK)
		status = publish(control, options, &making, ret_problem);
	if (making.is_bound)
		(void)unlinkat(making.directory, file_base_name(making.name), 0);
	if (making.socket >= 0)
		(void)close(making.socket);
	if (making.directory >= 0)
		(void)close(making.directory);
	return status;
}

void
control_set_peers(struct control *control, struct peer_principal *peers, size_t count)
{
	control->peers = peers;
	control->peer_count = count;
	control->name_count = 0;
	http_server_forget_peers(control->server);
}

void
control_flush(struct control *control, enum status commit_status)
{
	http_server_flush(control->server, commit_status);
}

void
control_send(struct control *control)
{
	http_server_send(control->server);
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	close_socket(control);
	http_server_free(control->server);
	free(control);
}
