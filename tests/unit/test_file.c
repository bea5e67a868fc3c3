/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/file: whole reads, and replacements that are there entirely or not at all. */
/* LDWRAP: write fsync fstatfs64 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "folder.h"

#include "base/file.h"

static struct folder folder;
static int directory;

static int fault_on_write; /* errno for each write, 0 = none */
static int fault_on_fsync; /* errno for the fsync number fault_fsync_number */
static int fault_fsync_number;
static unsigned interruptions; /* so many writes fail with EINTR first */
static size_t piece_max;       /* a write takes no more than that */
static int fsyncs;
static long file_system; /* what fstatfs() says, 0 = the truth */

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fstatfs64(int fd, struct statfs *about);
int __wrap_fstatfs64(int fd, struct statfs *about);

ssize_t
__wrap_write(int fd, const void *bytes, size_t length)
{
	if (interruptions > 0) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	if (fault_on_write != 0) {
		errno = fault_on_write;
		return -1;
	}
	return __real_write(fd, bytes, piece_max > 0 && length > piece_max ? piece_max : length);
}

int
__wrap_fsync(int fd)
{
	if (++fsyncs == fault_fsync_number) {
		errno = fault_on_fsync;
		return -1;
	}
	return __real_fsync(fd);
}

int
__wrap_fstatfs64(int fd, struct statfs *about)
{
	int result = __real_fstatfs64(fd, about);

	if (file_system != 0)
		about->f_type = file_system;
	return result;
}

static int
make_folder(void **state)
{
	(void)state;
	fault_on_write = 0;
	fault_fsync_number = 0;
	interruptions = 0;
	piece_max = 0;
	fsyncs = 0;
	file_system = 0;
	folder_make(&folder);
	directory = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory >= 0 ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)close(directory);
	folder_remove(&folder);
	return 0;
}

static bool
exists(const char *name)
{
	struct stat about;

	return fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum status
replace(const char *name, const char *text)
{
	return file_replace(directory, name, text, strlen(text), 0644);
}

static void
a_replaced_file_holds_the_new_bytes_and_has_the_mode_asked_for(void **state)
{
	mode_t before = umask(0077);

	(void)state;
	assert_int_equal(replace("hosts", "one\n"), STATUS_OK);
	folder_expect(&folder, "hosts", "one\n");
	assert_int_equal(folder_mode(&folder, "hosts"), 0644);
	assert_int_equal(file_replace(directory, "hosts", "two\n", 4, 0600), STATUS_OK);
	folder_expect(&folder, "hosts", "two\n");
	assert_int_equal(folder_mode(&folder, "hosts"), 0600);
	assert_false(exists(".hosts.tmp"));
	(void)umask(before);
}

static void
an_empty_file_and_a_large_one_are_replaced_alike(void **state)
{
	enum { SIZE = 300000 };
	char *bytes = malloc(SIZE);
	struct buffer content;
	char path[PATH_MAX];

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7);
	assert_int_equal(file_replace(directory, "f", NULL, 0, 0644), STATUS_OK);
	assert_true(file_is_same(directory, "f", NULL, 0, 0644));
	assert_int_equal(file_replace(directory, "f", bytes, SIZE, 0644), STATUS_OK);
	assert_true(file_is_same(directory, "f", bytes, SIZE, 0644));
	buffer_init(&content, 2 * SIZE);
	assert_int_equal(file_read(folder_entry(&folder, "f", path), &content), STATUS_OK);
	assert_int_equal(content.length, SIZE);
	assert_memory_equal(content.data, bytes, SIZE);
	buffer_release(&content);
	free(bytes);
}

static void
short_and_interrupted_writes_are_carried_on(void **state)
{
	(void)state;
	piece_max = 3;
	interruptions = 2;
	assert_int_equal(replace("hosts", "0123456789"), STATUS_OK);
	folder_expect(&folder, "hosts", "0123456789");
}

static void
a_reader_of_the_old_file_keeps_it_whole(void **state)
{
	char path[PATH_MAX];
	char text[8] = { 0 };
	int fd;

	(void)state;
	folder_write(&folder, "hosts", "old");
	fd = open(folder_entry(&folder, "hosts", path), O_RDONLY | O_CLOEXEC);
	assert_int_equal(replace("hosts", "new one"), STATUS_OK);
	assert_int_equal(read(fd, text, sizeof(text) - 1), 3);
	assert_string_equal(text, "old");
	(void)close(fd);
}

static void
a_temporary_file_left_by_a_crash_is_replaced(void **state)
{
	(void)state;
	folder_write(&folder, ".hosts.tmp", "half of it");
	assert_int_equal(replace("hosts", "all"), STATUS_OK);
	folder_expect(&folder, "hosts", "all");
	assert_false(exists(".hosts.tmp"));
}

static void
a_left_over_temporary_that_links_elsewhere_is_not_written_through(void **state)
{
	(void)state;
	folder_write(&folder, "precious", "untouched");
	assert_int_equal(symlinkat("precious", directory, ".hosts.tmp"), 0);
	assert_int_equal(replace("hosts", "new"), STATUS_OK);
	folder_expect(&folder, "precious", "untouched");
	folder_expect(&folder, "hosts", "new");
	assert_false(exists(".hosts.tmp"));
}

static void
a_target_that_is_a_link_is_replaced_and_not_followed(void **state)
{
	struct stat about;

	(void)state;
	folder_write(&folder, "precious", "untouched");
	assert_int_equal(symlinkat("precious", directory, "hosts"), 0);
	assert_false(file_is_same(directory, "hosts", "untouched", 9, 0644));
	assert_int_equal(replace("hosts", "new"), STATUS_OK);
	folder_expect(&folder, "precious", "untouched");
	folder_expect(&folder, "hosts", "new");
	assert_int_equal(fstatat(directory, "hosts", &about, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(about.st_mode));
}

static void
expect_failure_that_leaves_the_old_file(enum status expected)
{
	assert_int_equal(replace("hosts", "new and longer"), expected);
	folder_expect(&folder, "hosts", "old");
	assert_false(exists(".hosts.tmp"));
}

static void
a_failed_write_leaves_the_old_file_and_no_temporary(void **state)
{
	static const struct {
		int error;
		enum status status;
	} faults[] = {
		{ ENOSPC, STATUS_NO_SPACE },
		{ EDQUOT, STATUS_NO_SPACE },
		{ EIO, STATUS_IO },
		{ EFBIG, STATUS_TOO_LARGE },
	};

	(void)state;
	folder_write(&folder, "hosts", "old");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fault_on_write = faults[i].error;
		expect_failure_that_leaves_the_old_file(faults[i].status);
		fault_on_write = 0;
	}
	assert_int_equal(replace("hosts", "new"), STATUS_OK);
	folder_expect(&folder, "hosts", "new");
}

static void
a_failed_sync_leaves_the_old_file_and_no_temporary(void **state)
{
	(void)state;
	folder_write(&folder, "hosts", "old");
	file_system = EXT4_SUPER_MAGIC;
	fault_on_fsync = EIO;
	fault_fsync_number = 1;
	expect_failure_that_leaves_the_old_file(STATUS_IO);
}

static void
a_failed_sync_of_the_directory_is_told(void **state)
{
	(void)state;
	folder_write(&folder, "hosts", "old");
	file_system = EXT4_SUPER_MAGIC;
	fault_on_fsync = EIO;
	fault_fsync_number = 2;
	assert_int_equal(replace("hosts", "new"), STATUS_IO);
	assert_false(exists(".hosts.tmp"));
}

static void
on_a_disk_file_and_directory_are_synced_and_in_memory_neither(void **state)
{
	(void)state;
	file_system = EXT4_SUPER_MAGIC;
	assert_int_equal(replace("hosts", "one"), STATUS_OK);
	assert_int_equal(fsyncs, 2);
	file_system = TMPFS_MAGIC;
	assert_int_equal(replace("hosts", "two"), STATUS_OK);
	file_system = RAMFS_MAGIC;
	assert_int_equal(replace("hosts", "three"), STATUS_OK);
	assert_int_equal(fsyncs, 2);
}

static void
a_failed_rename_leaves_no_temporary(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(directory, "hosts", 0755), 0);
	assert_int_equal(replace("hosts", "new"), STATUS_IO);
	assert_true(exists("hosts"));
	assert_false(exists(".hosts.tmp"));
}

static void
a_directory_without_write_permission_is_told_as_such(void **state)
{
	bool is_root = geteuid() == 0;

	(void)state;
	folder_write(&folder, "hosts", "old");
	assert_int_equal(fchmod(directory, 0555), 0);
	/* Nothing is forbidden to root. */
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(replace("hosts", "new"), STATUS_PERMISSION);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	folder_expect(&folder, "hosts", "old");
	assert_int_equal(fchmod(directory, 0755), 0);
}

/* Mounts a tmpfs over the test's folder, in a mount namespace of this process's own. */
static void
mount_small(const char *options, unsigned long flags)
{
	if (geteuid() != 0) {
		print_message("skipped: only root may mount a file system\n");
		skip();
	}
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", folder.path, "tmpfs", flags, options) != 0) {
		print_message("skipped: this machine lets nobody mount: %s\n", strerror(errno));
		skip();
	}
	(void)close(directory);
	directory = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(directory >= 0);
}

static int
unmount_small(void **state)
{
	(void)close(directory);
	directory = -1;
	(void)umount(folder.path);
	return remove_folder(state);
}

static void
a_full_disk_leaves_the_old_file_and_recovers_when_there_is_room(void **state)
{
	static char large[40000];

	(void)state;
	mount_small("size=65536", 0);
	memset(large, 'x', sizeof(large));
	assert_int_equal(replace("hosts", "old"), STATUS_OK);
	assert_int_equal(file_replace(directory, "ballast", large, sizeof(large), 0644), STATUS_OK);
	assert_int_equal(file_replace(directory, "hosts", large, sizeof(large), 0644),
	    STATUS_NO_SPACE);
	folder_expect(&folder, "hosts", "old");
	assert_false(exists(".hosts.tmp"));
	assert_int_equal(unlinkat(directory, "ballast", 0), 0);
	assert_int_equal(file_replace(directory, "hosts", large, sizeof(large), 0644), STATUS_OK);
	assert_true(file_is_same(directory, "hosts", large, sizeof(large), 0644));
}

static void
a_read_only_file_system_is_told_as_such(void **state)
{
	(void)state;
	mount_small("size=65536", 0);
	assert_int_equal(replace("hosts", "old"), STATUS_OK);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	expect_failure_that_leaves_the_old_file(STATUS_READ_ONLY);
}

static void
a_name_too_long_for_its_temporary_is_too_large(void **state)
{
	char name[NAME_MAX + 1];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[NAME_MAX - 5] = '\0';
	assert_int_equal(replace(name, "fits"), STATUS_OK);
	name[NAME_MAX - 5] = 'n';
	name[NAME_MAX - 4] = '\0';
	assert_int_equal(replace(name, "does not"), STATUS_TOO_LARGE);
}

static void
the_same_bytes_and_mode_are_recognised_and_any_difference_is(void **state)
{
	(void)state;
	assert_false(file_is_same(directory, "hosts", "text", 4, 0644));
	assert_int_equal(replace("hosts", "text"), STATUS_OK);
	assert_true(file_is_same(directory, "hosts", "text", 4, 0644));
	assert_false(file_is_same(directory, "hosts", "texT", 4, 0644));
	assert_false(file_is_same(directory, "hosts", "tex", 3, 0644));
	assert_false(file_is_same(directory, "hosts", "text.", 5, 0644));
	assert_false(file_is_same(directory, "hosts", "text", 4, 0640));
	assert_int_equal(mkfifoat(directory, "fifo", 0644), 0);
	assert_false(file_is_same(directory, "fifo", NULL, 0, 0644));
	assert_int_equal(mkdirat(directory, "folder", 0755), 0);
	assert_false(file_is_same(directory, "folder", NULL, 0, 0755));
}

static void
a_file_is_read_behind_what_the_buffer_holds(void **state)
{
	struct buffer content;
	char path[PATH_MAX];

	(void)state;
	folder_write(&folder, "f", "file\n");
	buffer_init(&content, 1000);
	assert_int_equal(buffer_append_text(&content, "before "), STATUS_OK);
	assert_int_equal(file_read(folder_entry(&folder, "f", path), &content), STATUS_OK);
	assert_int_equal(content.length, 12);
	assert_memory_equal(content.data, "before file\n", 12);
	buffer_release(&content);
}

static void
a_file_as_large_as_the_ceiling_is_read_and_one_byte_more_is_too_large(void **state)
{
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, 50000 };
	static char bytes[50001];
	char path[PATH_MAX];

	(void)state;
	memset(bytes, 'b', sizeof(bytes));
	(void)folder_entry(&folder, "f", path);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buffer content;

		buffer_init(&content, sizes[i]);
		assert_int_equal(file_replace(directory, "f", bytes, sizes[i], 0644), STATUS_OK);
		assert_int_equal(file_read(path, &content), STATUS_OK);
		assert_int_equal(content.length, sizes[i]);
		assert_int_equal(content.status, STATUS_OK);
		buffer_clear(&content);

		assert_int_equal(file_replace(directory, "f", bytes, sizes[i] + 1, 0644),
		    STATUS_OK);
		assert_int_equal(file_read(path, &content), STATUS_TOO_LARGE);
		assert_int_equal(content.length, 0);
		buffer_release(&content);
	}
}

static void
what_is_no_regular_file_is_neither_read_nor_waited_for(void **state)
{
	struct buffer content;
	char path[PATH_MAX];

	(void)state;
	buffer_init(&content, 1000);
	assert_int_equal(file_read(folder_entry(&folder, "none", path), &content),
	    STATUS_NOT_FOUND);
	assert_int_equal(file_read(folder.path, &content), STATUS_IO);
	assert_int_equal(mkfifoat(directory, "fifo", 0644), 0);
	assert_int_equal(file_read(folder_entry(&folder, "fifo", path), &content), STATUS_IO);
	assert_int_equal(file_read("/dev/zero", &content), STATUS_IO);
	assert_int_equal(content.length, 0);
	buffer_release(&content);
}

static void
the_folder_of_a_path_is_opened_close_on_exec(void **state)
{
	char path[PATH_MAX];
	struct stat one, other;
	int fd = -1;

	(void)state;
	assert_int_equal(file_open_directory_of(folder_entry(&folder, "f", path), &fd), STATUS_OK);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &one), 0);
	assert_int_equal(fstat(directory, &other), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	(void)close(fd);

	assert_int_equal(file_open_directory_of("bare", &fd), STATUS_OK);
	assert_int_equal(fstat(fd, &one), 0);
	assert_int_equal(stat(".", &other), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	(void)close(fd);

	assert_int_equal(file_open_directory_of("/file", &fd), STATUS_OK);
	assert_int_equal(fstat(fd, &one), 0);
	assert_int_equal(stat("/", &other), 0);
	assert_int_equal(one.st_ino, other.st_ino);
	(void)close(fd);
}

static void
the_folder_of_a_path_that_is_not_there_is_not_found(void **state)
{
	static char endless[PATH_MAX + 10];
	char path[PATH_MAX];
	int fd = -77;

	(void)state;
	assert_int_equal(file_open_directory_of(folder_entry(&folder, "none/f", path), &fd),
	    STATUS_NOT_FOUND);
	folder_write(&folder, "plain", "");
	assert_int_equal(file_open_directory_of(folder_entry(&folder, "plain/f", path), &fd),
	    STATUS_NOT_FOUND);
	memset(endless, '/', sizeof(endless) - 1);
	assert_int_equal(file_open_directory_of(endless, &fd), STATUS_TOO_LARGE);
	assert_int_equal(fd, -77);
}

static void
the_base_name_is_what_stands_behind_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(file_base_name("/etc/ddnsd/ddnsd.conf"), "ddnsd.conf");
	assert_string_equal(file_base_name("ddnsd.conf"), "ddnsd.conf");
	assert_string_equal(file_base_name("/file"), "file");
	assert_string_equal(file_base_name("folder/"), "");
}

static void
errors_of_the_system_have_their_status(void **state)
{
	static const struct {
		int error;
		enum status status;
	} table[] = {
		{ 0, STATUS_OK },
		{ ENOENT, STATUS_NOT_FOUND },
		{ ESRCH, STATUS_NOT_FOUND },
		{ EACCES, STATUS_PERMISSION },
		{ EPERM, STATUS_PERMISSION },
		{ ENOSPC, STATUS_NO_SPACE },
		{ EROFS, STATUS_READ_ONLY },
		{ ENOMEM, STATUS_NO_MEMORY },
		{ ENAMETOOLONG, STATUS_TOO_LARGE },
		{ EIO, STATUS_IO },
		{ EMFILE, STATUS_IO },
		{ -5, STATUS_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(file_status(table[i].error), table[i].status);
}

static void
a_folder_is_made_where_there_is_none_and_no_link_is_followed(void **state)
{
	struct stat about;
	char path[PATH_MAX];
	mode_t before = umask(0);
	int fd;

	(void)state;
	(void)folder_entry(&folder, "new", path);
	assert_int_equal(file_open_directory(path, 0700, &fd), STATUS_OK);
	(void)umask(before);
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0700);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	folder_write(&folder, "new/file", "x");
	assert_int_equal(file_remove(fd, "file"), STATUS_OK);
	assert_int_equal(file_remove(fd, "file"), STATUS_NOT_FOUND);
	(void)close(fd);
	assert_int_equal(file_open_directory(path, 0700, &fd), STATUS_OK);
	(void)close(fd);
	assert_int_equal(symlink("new", folder_entry(&folder, "link", path)), 0);
	assert_int_not_equal(file_open_directory(path, 0700, &fd), STATUS_OK);
	assert_int_equal(file_open_directory(folder_entry(&folder, "no/where", path), 0700, &fd),
	    STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
#define MOUNT_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, unmount_small)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_replaced_file_holds_the_new_bytes_and_has_the_mode_asked_for),
		TEST(an_empty_file_and_a_large_one_are_replaced_alike),
		TEST(short_and_interrupted_writes_are_carried_on),
		TEST(a_reader_of_the_old_file_keeps_it_whole),
		TEST(a_temporary_file_left_by_a_crash_is_replaced),
		TEST(a_left_over_temporary_that_links_elsewhere_is_not_written_through),
		TEST(a_target_that_is_a_link_is_replaced_and_not_followed),
		TEST(a_failed_write_leaves_the_old_file_and_no_temporary),
		TEST(a_failed_sync_leaves_the_old_file_and_no_temporary),
		TEST(a_failed_sync_of_the_directory_is_told),
		TEST(on_a_disk_file_and_directory_are_synced_and_in_memory_neither),
		TEST(a_failed_rename_leaves_no_temporary),
		TEST(a_directory_without_write_permission_is_told_as_such),
		MOUNT_TEST(a_full_disk_leaves_the_old_file_and_recovers_when_there_is_room),
		MOUNT_TEST(a_read_only_file_system_is_told_as_such),
		TEST(a_name_too_long_for_its_temporary_is_too_large),
		TEST(the_same_bytes_and_mode_are_recognised_and_any_difference_is),
		TEST(a_file_is_read_behind_what_the_buffer_holds),
		TEST(a_file_as_large_as_the_ceiling_is_read_and_one_byte_more_is_too_large),
		TEST(what_is_no_regular_file_is_neither_read_nor_waited_for),
		TEST(the_folder_of_a_path_is_opened_close_on_exec),
		TEST(the_folder_of_a_path_that_is_not_there_is_not_found),
		TEST(the_base_name_is_what_stands_behind_the_last_slash),
		TEST(a_folder_is_made_where_there_is_none_and_no_link_is_followed),
		TEST(errors_of_the_system_have_their_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
