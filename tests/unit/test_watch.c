/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/watch: what editors, package managers and other daemons do to files. The clock is the test's
 * own: the kernel queues an event before the call that causes it returns, so nothing has to wait.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "folder.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/watch.h"

static struct folder folder;
static struct loop *loop;
static struct watch *watch;
static unsigned calls;
static int64_t fake_now_ms;

static int64_t
read_fake_now_ns(void)
{
	return fake_now_ms * 1000000;
}

static int64_t
read_no_wall_s(void)
{
	return 0;
}

static const struct clock_source fake = { .now_ns = read_fake_now_ns, .wall_s = read_no_wall_s };

static void
on_change(void *context)
{
	assert_ptr_equal(context, &calls);
	calls++;
}

static int
make_watch(void **state)
{
	(void)state;
	folder_make(&folder);
	fake_now_ms = 1000000;
	clock_replace(&fake);
	calls = 0;
	loop = loop_new();
	if (loop == NULL)
		return -1;
	watch = watch_new(loop, on_change, &calls);
	return watch != NULL ? 0 : -1;
}

static int
free_watch(void **state)
{
	(void)state;
	watch_free(watch);
	loop_free(loop);
	clock_replace(NULL);
	folder_remove(&folder);
	return 0;
}

/* --- what happens to files -------------------------------------------------------------------- */

static const char *
entry(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;

	next = (next + 1) % 4;
	return folder_entry(&folder, name, paths[next]);
}

static void
write_file(const char *name, const char *text)
{
	folder_write(&folder, name, text);
}

static void
rename_entry(const char *from, const char *to)
{
	if (rename(entry(from), entry(to)) != 0)
		fail_msg("%s to %s: %s", from, to, strerror(errno));
}

static void
remove_entry(const char *name)
{
	assert_int_equal(remove(entry(name)), 0);
}

static void
make_directory(const char *name)
{
	assert_int_equal(mkdir(entry(name), 0755), 0);
}

static void
link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, entry(name)), 0);
}

static void
watch_file_ok(const char *name)
{
	assert_int_equal(watch_file(watch, entry(name)), STATUS_OK);
}

static void
watch_directory_ok(const char *name)
{
	assert_int_equal(watch_directory(watch, entry(name)), STATUS_OK);
}

/* Lets the loop see all that has happened so far; one read takes a bounded number of events. */
static void
look(void)
{
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
}

static void
look_after(int64_t ms)
{
	fake_now_ms += ms;
	look();
}

/* So many calls since the last time, after everything has settled. */
static void
expect_calls(unsigned count)
{
	look();
	look_after(WATCH_QUIET_MS);
	look_after(10 * WATCH_LATEST_MS);
	assert_int_equal(calls, count);
	calls = 0;
}

/* --- one file --------------------------------------------------------------------------------- */

static void
a_file_written_in_place_is_one_call(void **state)
{
	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	write_file("conf", "new");
	expect_calls(1);
	write_file("conf", "newer");
	expect_calls(1);
}

static void
a_file_replaced_by_a_rename_is_one_call_each_time(void **state)
{
	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	for (unsigned i = 0; i < 3; i++) {
		write_file("conf.new", "new");
		rename_entry("conf.new", "conf");
		expect_calls(1);
	}
	write_file("conf", "and in place again");
	expect_calls(1);
}

/* vim with backupcopy=no: try a file 4913, move the old one away, write the new, remove the old. */
static void
an_editors_dance_is_one_call(void **state)
{
	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	write_file(".conf.swp", "");
	write_file("4913", "");
	remove_entry("4913");
	rename_entry("conf", "conf~");
	write_file("conf", "new");
	assert_int_equal(chmod(entry("conf"), 0640), 0);
	remove_entry("conf~");
	remove_entry(".conf.swp");
	expect_calls(1);
}

static void
a_file_deleted_and_made_again_is_seen_both_times(void **state)
{
	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	remove_entry("conf");
	expect_calls(1);
	write_file("conf", "new");
	expect_calls(1);
	write_file("conf", "newer");
	expect_calls(1);
}

static void
a_file_that_is_not_there_yet_can_be_watched(void **state)
{
	(void)state;
	watch_file_ok("conf");
	expect_calls(0);
	write_file("conf", "new");
	expect_calls(1);
}

static void
a_change_of_mode_counts(void **state)
{
	(void)state;
	write_file("conf", "text");
	watch_file_ok("conf");
	assert_int_equal(chmod(entry("conf"), 0600), 0);
	expect_calls(1);
}

static void
reading_the_file_and_listing_its_folder_do_not_count(void **state)
{
	(void)state;
	write_file("conf", "text");
	make_directory("keys");
	write_file("keys/a", "text");
	watch_file_ok("conf");
	watch_directory_ok("keys");
	for (unsigned i = 0; i < 3; i++) {
		int fd = open(entry("keys"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_true(fd >= 0);
		(void)close(fd);
		folder_expect(&folder, "conf", "text");
		folder_expect(&folder, "keys/a", "text");
	}
	expect_calls(0);
}

static void
other_files_of_the_folder_do_not_count(void **state)
{
	(void)state;
	write_file("conf", "text");
	watch_file_ok("conf");
	write_file("conf2", "text");
	write_file("con", "text");
	write_file(".conf", "text");
	rename_entry("conf2", "conf3");
	remove_entry("conf3");
	assert_int_equal(chmod(folder.path, 0750), 0);
	make_directory("sub");
	write_file("sub/conf", "text");
	expect_calls(0);
}

static void
a_file_in_a_folder_that_is_not_there_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(watch_file(watch, entry("none/conf")), STATUS_NOT_FOUND);
	assert_int_equal(watch_file(watch, entry("none/deeper/conf")), STATUS_NOT_FOUND);
	assert_int_equal(watch_file(watch, ""), STATUS_NOT_FOUND);
	write_file("plain", "");
	assert_int_equal(watch_file(watch, entry("plain/conf")), STATUS_NOT_FOUND);
	make_directory("none");
	write_file("none/conf", "");
	expect_calls(0);
}

static void
the_folder_of_a_file_may_go_and_come_again(void **state)
{
	(void)state;
	make_directory("etc");
	make_directory("etc/ddnsd");
	write_file("etc/ddnsd/conf", "old");
	watch_file_ok("etc/ddnsd/conf");
	remove_entry("etc/ddnsd/conf");
	remove_entry("etc/ddnsd");
	remove_entry("etc");
	expect_calls(1);
	make_directory("etc");
	look();
	make_directory("etc/ddnsd");
	look();
	write_file("etc/ddnsd/conf", "new");
	expect_calls(1);
	write_file("etc/ddnsd/conf", "newer");
	expect_calls(1);
}

static void
a_folder_replaced_by_another_leads_to_the_file_in_the_new_one(void **state)
{
	(void)state;
	make_directory("ddnsd");
	write_file("ddnsd/conf", "old");
	make_directory("ddnsd.new");
	write_file("ddnsd.new/conf", "new");
	watch_file_ok("ddnsd/conf");
	rename_entry("ddnsd", "ddnsd.old");
	rename_entry("ddnsd.new", "ddnsd");
	expect_calls(1);
	write_file("ddnsd.old/conf", "nobody cares");
	expect_calls(0);
	write_file("ddnsd/conf", "newer");
	expect_calls(1);
}

static void
writing_through_a_mapping_is_seen_when_the_file_is_closed(void **state)
{
	void *bytes;
	int fd;

	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	fd = open(entry("conf"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	bytes = mmap(NULL, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(bytes != MAP_FAILED);
	memcpy(bytes, "new", 3);
	(void)munmap(bytes, 3);
	(void)close(fd);
	expect_calls(1);
}

/* --- links ------------------------------------------------------------------------------------ */

static void
a_linked_file_is_followed_to_its_target(void **state)
{
	(void)state;
	make_directory("real");
	write_file("real/target", "old");
	link_to("real/target", "conf");
	watch_file_ok("conf");
	write_file("real/target", "new");
	expect_calls(1);
	write_file("real/target.new", "newer");
	rename_entry("real/target.new", "real/target");
	expect_calls(1);
	write_file("real/other", "");
	expect_calls(0);
}

static void
a_link_turned_elsewhere_is_seen_and_its_new_target_watched(void **state)
{
	(void)state;
	make_directory("a");
	make_directory("b");
	write_file("a/target", "a");
	write_file("b/target", "b");
	link_to(entry("a/target"), "conf");
	watch_file_ok("conf");
	link_to(entry("b/target"), "conf.new");
	rename_entry("conf.new", "conf");
	expect_calls(1);
	write_file("b/target", "bb");
	expect_calls(1);
	write_file("a/target", "nobody cares");
	expect_calls(0);
}

/* As Kubernetes publishes a ConfigMap: conf -> ..data/conf, ..data -> ..1, then ..data -> ..2. */
static void
a_linked_folder_on_the_way_that_is_turned_is_seen(void **state)
{
	(void)state;
	make_directory("..1");
	make_directory("..2");
	write_file("..1/conf", "1");
	write_file("..2/conf", "2");
	link_to("..1", "..data");
	link_to("..data/conf", "conf");
	watch_file_ok("conf");
	link_to("..2", "..data.new");
	rename_entry("..data.new", "..data");
	expect_calls(1);
	write_file("..2/conf", "22");
	expect_calls(1);
	remove_entry("..1/conf");
	expect_calls(0);
}

static void
a_link_that_leads_nowhere_is_watched_until_its_target_comes(void **state)
{
	(void)state;
	link_to("target", "conf");
	watch_file_ok("conf");
	expect_calls(0);
	write_file("target", "new");
	expect_calls(1);
}

static void
links_in_a_circle_are_too_many(void **state)
{
	(void)state;
	link_to("two", "one");
	link_to("one", "two");
	assert_int_equal(watch_file(watch, entry("one")), STATUS_TOO_LARGE);
	write_file("three", "");
	watch_file_ok("three");
	write_file("three", "new");
	expect_calls(1);
}

static void
a_path_relative_to_the_working_directory_is_watched_too(void **state)
{
	char before[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	make_directory("sub");
	assert_int_equal(chdir(folder.path), 0);
	assert_int_equal(watch_file(watch, "conf"), STATUS_OK);
	assert_int_equal(watch_file(watch, "./sub/../sub//other"), STATUS_OK);
	write_file("conf", "new");
	expect_calls(1);
	write_file("sub/other", "new");
	expect_calls(1);
	assert_int_equal(chdir(before), 0);
}

/* --- a folder --------------------------------------------------------------------------------- */

static void
any_change_of_an_entry_of_a_folder_counts(void **state)
{
	(void)state;
	make_directory("keys");
	watch_directory_ok("keys");
	expect_calls(0);
	write_file("keys/a.conf", "a");
	expect_calls(1);
	write_file("keys/a.conf", "aa");
	expect_calls(1);
	assert_int_equal(chmod(entry("keys/a.conf"), 0640), 0);
	expect_calls(1);
	rename_entry("keys/a.conf", "keys/b.conf");
	expect_calls(1);
	rename_entry("keys/b.conf", "b.conf");
	expect_calls(1);
	rename_entry("b.conf", "keys/c.conf");
	expect_calls(1);
	remove_entry("keys/c.conf");
	expect_calls(1);
	assert_int_equal(chmod(entry("keys"), 0700), 0);
	expect_calls(1);
}

static void
what_lies_beside_or_deeper_does_not_count(void **state)
{
	(void)state;
	make_directory("keys");
	make_directory("keys/sub");
	watch_directory_ok("keys");
	write_file("keys/sub/a", "a");
	write_file("keys2", "");
	write_file("beside", "");
	expect_calls(0);
}

static void
a_folder_may_come_go_and_come_again(void **state)
{
	(void)state;
	watch_directory_ok("keys");
	for (unsigned i = 0; i < 3; i++) {
		make_directory("keys");
		expect_calls(1);
		write_file("keys/a", "a");
		expect_calls(1);
		remove_entry("keys/a");
		remove_entry("keys");
		expect_calls(1);
	}
}

static void
a_folder_below_one_that_is_not_there_may_come_too(void **state)
{
	(void)state;
	watch_directory_ok("etc/ddnsd/keys/");
	make_directory("etc");
	look();
	make_directory("etc/ddnsd");
	look();
	make_directory("etc/ddnsd/keys");
	expect_calls(1);
	write_file("etc/ddnsd/keys/a", "a");
	expect_calls(1);
}

static void
a_folder_made_in_one_go_before_we_look_is_seen_whole(void **state)
{
	(void)state;
	watch_directory_ok("etc/ddnsd/keys");
	make_directory("etc");
	make_directory("etc/ddnsd");
	make_directory("etc/ddnsd/keys");
	write_file("etc/ddnsd/keys/a", "a");
	expect_calls(1);
	write_file("etc/ddnsd/keys/a", "aa");
	expect_calls(1);
}

static void
a_folder_moved_away_and_another_in_its_place_are_seen(void **state)
{
	(void)state;
	make_directory("keys");
	make_directory("keys.new");
	watch_directory_ok("keys");
	rename_entry("keys", "keys.old");
	rename_entry("keys.new", "keys");
	expect_calls(1);
	write_file("keys.old/a", "nobody cares");
	expect_calls(0);
	write_file("keys/a", "a");
	expect_calls(1);
}

static void
a_linked_folder_is_followed(void **state)
{
	(void)state;
	make_directory("real");
	make_directory("real2");
	link_to("real", "keys");
	watch_directory_ok("keys");
	write_file("real/a", "a");
	expect_calls(1);
	link_to("real2", "keys.new");
	rename_entry("keys.new", "keys");
	expect_calls(1);
	write_file("real2/a", "a");
	expect_calls(1);
	write_file("real/a", "nobody cares");
	expect_calls(0);
}

/* The usual set: /etc/ddnsd/ddnsd.conf and the folder keys.d beside it. */
static void
a_file_and_a_folder_beside_it_share_one_watch(void **state)
{
	(void)state;
	write_file("ddnsd.conf", "old");
	make_directory("keys.d");
	watch_file_ok("ddnsd.conf");
	watch_directory_ok("keys.d");
	write_file("ddnsd.conf", "new");
	write_file("keys.d/a.conf", "a");
	expect_calls(1);
	write_file("keys.d/a.conf", "aa");
	expect_calls(1);
	write_file("ddnsd.db", "no business of ours");
	expect_calls(0);
}

/* The folder that holds the file is itself watched as a whole. */
static void
a_file_within_a_watched_folder_changes_nothing_of_what_the_folder_shows(void **state)
{
	(void)state;
	write_file("conf", "old");
	assert_int_equal(watch_directory(watch, folder.path), STATUS_OK);
	watch_file_ok("conf");
	write_file("conf", "new");
	expect_calls(1);
	write_file("other", "a");
	expect_calls(1);
	write_file("other", "aa");
	expect_calls(1);
}

/* "etc" is watched for the file, and at first for "missing" to come. */
static void
a_folder_no_longer_needed_for_one_path_stays_watched_for_another(void **state)
{
	(void)state;
	make_directory("etc");
	watch_file_ok("etc/conf");
	watch_directory_ok("etc/missing/keys");
	make_directory("etc/missing");
	make_directory("etc/missing/keys");
	expect_calls(1);
	write_file("etc/conf", "new");
	expect_calls(1);
}

/* --- when ------------------------------------------------------------------------------------- */

static void
the_call_comes_after_a_moment_of_quiet(void **state)
{
	(void)state;
	watch_file_ok("conf");
	write_file("conf", "1");
	look();
	look_after(WATCH_QUIET_MS - 1);
	assert_int_equal(calls, 0);
	write_file("conf", "2");
	look();
	look_after(WATCH_QUIET_MS - 1);
	assert_int_equal(calls, 0);
	look_after(1);
	assert_int_equal(calls, 1);
	look_after(100 * WATCH_LATEST_MS);
	assert_int_equal(calls, 1);
}

static void
where_it_is_never_quiet_the_call_comes_all_the_same(void **state)
{
	(void)state;
	watch_file_ok("conf");
	for (unsigned ms = 0; ms < 10 * WATCH_LATEST_MS; ms += 50) {
		write_file("conf", "again");
		look();
		look_after(50);
	}
	assert_int_equal(calls, 10);
}

static const char *content_at_call;

static void
read_conf(void *context)
{
	(void)context;
	folder_expect(&folder, "conf", content_at_call);
	calls++;
	/* Written by somebody while we read. */
	if (calls == 1)
		write_file("conf", "second");
	content_at_call = "second";
}

static void
what_changes_while_the_handler_reads_is_a_further_call(void **state)
{
	(void)state;
	watch_free(watch);
	watch = watch_new(loop, read_conf, NULL);
	assert_non_null(watch);
	watch_file_ok("conf");
	content_at_call = "first";
	write_file("conf", "first");
	expect_calls(2);
}

static void
free_own_watch(void *context)
{
	(void)context;
	calls++;
	watch_free(watch);
	watch = NULL;
}

static void
the_handler_may_free_the_watch(void **state)
{
	(void)state;
	watch_free(watch);
	watch = watch_new(loop, free_own_watch, NULL);
	assert_non_null(watch);
	watch_file_ok("conf");
	write_file("conf", "new");
	expect_calls(1);
	write_file("conf", "newer");
	expect_calls(0);
}

static void
a_freed_watch_does_not_call_for_what_was_on_its_way(void **state)
{
	(void)state;
	watch_file_ok("conf");
	write_file("conf", "new");
	look();
	write_file("conf", "newer");
	watch_free(watch);
	watch = NULL;
	expect_calls(0);
	watch_free(NULL);
}

/* --- limits ----------------------------------------------------------------------------------- */

static unsigned
read_queue_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	char line[32];

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	return (unsigned)strtoul(line, NULL, 10);
}

static void
events_lost_by_the_kernel_count_as_a_change(void **state)
{
	unsigned limit = read_queue_limit();
	char one[PATH_MAX], other[PATH_MAX];

	(void)state;
	if (limit > 200000) {
		print_message("skipped: the queue of this machine is too long to fill\n");
		skip();
	}
	watch_file_ok("conf");
	write_file("a", "");
	(void)folder_entry(&folder, "a", one);
	(void)folder_entry(&folder, "b", other);
	/* Two events each, none of them about the file. */
	for (unsigned i = 0; i < limit / 4 + 1; i++) {
		assert_int_equal(rename(one, other), 0);
		assert_int_equal(rename(other, one), 0);
	}
	/* One read takes a hundred or so. */
	for (unsigned i = 0; i < limit / 20; i++)
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	expect_calls(1);
}

static void
more_paths_than_there_is_room_for_are_too_large(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < WATCH_PATHS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "conf%u", i);
		watch_file_ok(name);
	}
	assert_int_equal(watch_file(watch, entry("more")), STATUS_TOO_LARGE);
	for (unsigned i = 0; i < WATCH_PATHS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "conf%u", i);
		write_file(name, "new");
		expect_calls(1);
	}
	write_file("more", "new");
	expect_calls(0);
}

static void
a_path_or_name_too_long_is_too_large(void **state)
{
	static char path[PATH_MAX + 100];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	assert_int_equal(watch_file(watch, path), STATUS_TOO_LARGE);
	path[NAME_MAX + 2] = '\0';
	assert_int_equal(watch_file(watch, path), STATUS_TOO_LARGE);
	for (size_t i = 2; i < 2000; i += 2)
		path[i] = '/';
	path[2000] = '\0';
	assert_int_equal(watch_file(watch, path), STATUS_NOT_FOUND);
}

/* Nothing is forbidden to root: be nobody for a while. */
static void
set_root(bool is_root)
{
	static bool was_root;

	if (!is_root)
		was_root = geteuid() == 0;
	if (was_root)
		assert_int_equal(seteuid(is_root ? 0 : 65534), 0);
}

static void
a_file_that_is_not_ours_to_read_shows_when_that_is_mended(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder.path, 0755), 0);
	write_file("conf", "text");
	assert_int_equal(chmod(entry("conf"), 0000), 0);
	set_root(false);
	watch_file_ok("conf");
	set_root(true);
	assert_int_equal(chmod(entry("conf"), 0644), 0);
	expect_calls(1);
	write_file("conf", "new");
	expect_calls(1);
}

static void
a_folder_that_is_not_ours_to_read_is_told(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder.path, 0311), 0);
	set_root(false);
	assert_int_equal(watch_file(watch, entry("conf")), STATUS_PERMISSION);
	set_root(true);
	assert_int_equal(chmod(folder.path, 0700), 0);
	write_file("conf", "new");
	expect_calls(0);
}

/* Closed after a change that made us look again: the watches from before go on. */
static void
a_folder_closed_to_us_for_a_while_is_watched_all_the_same(void **state)
{
	(void)state;
	make_directory("etc");
	watch_file_ok("etc/conf");
	assert_int_equal(chmod(entry("etc"), 0700), 0);
	write_file("etc/conf", "1");
	set_root(false);
	look();
	look_after(WATCH_QUIET_MS);
	assert_int_equal(calls, 1);
	set_root(true);
	write_file("etc/conf.new", "2");
	rename_entry("etc/conf.new", "etc/conf");
	expect_calls(2);
}

/* How many watches the kernel holds for us, proc(5). */
static unsigned
count_kernel_watches(void)
{
	unsigned count = 0;

	for (int fd = 3; fd < 1024; fd++) {
		char path[64];
		char line[256];
		FILE *info;

		(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		info = fopen(path, "re");
		if (info == NULL)
			continue;
		while (fgets(line, sizeof(line), info) != NULL)
			count += strncmp(line, "inotify wd:", 11) == 0 ? 1 : 0;
		(void)fclose(info);
	}
	return count;
}

static void
a_thousand_replacements_use_up_no_watches(void **state)
{
	(void)state;
	make_directory("keys");
	make_directory("spare");
	watch_file_ok("conf");
	watch_directory_ok("keys");
	for (unsigned i = 0; i < 1000; i++) {
		write_file("conf.new", "new");
		rename_entry("conf.new", "conf");
		rename_entry("keys", "away");
		rename_entry("spare", "keys");
		rename_entry("away", "spare");
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	}
	expect_calls(1);
	/* The folder of both, the file, the folder. */
	assert_int_equal(count_kernel_watches(), 3);
}

/* Inotify descriptors of this process that a program started by it would have too. */
static unsigned
count_inotify(unsigned *ret_inherited)
{
	unsigned count = 0;

	*ret_inherited = 0;
	for (int fd = 3; fd < 1024; fd++) {
		char path[64];
		char target[64] = { 0 };

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) < 0 ||
		    strstr(target, "inotify") == NULL)
			continue;
		count++;
		*ret_inherited += (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0 ? 1 : 0;
	}
	return count;
}

static void
the_descriptor_is_closed_on_exec_and_when_freed(void **state)
{
	unsigned inherited;

	(void)state;
	assert_int_equal(count_inotify(&inherited), 1);
	assert_int_equal(inherited, 0);
	watch_free(watch);
	watch = NULL;
	assert_int_equal(count_inotify(&inherited), 0);
}

static void
replace_watch(void)
{
	struct watch *previous = watch;

	watch = watch_new(loop, on_change, &calls);
	assert_non_null(watch);
	watch_file_ok("conf");
	watch_take_over(watch, previous);
}

static void
what_one_watch_saw_the_next_one_reports(void **state)
{
	(void)state;
	write_file("conf", "old");
	watch_file_ok("conf");
	/* Not read from the kernel yet. */
	write_file("conf", "new");
	replace_watch();
	expect_calls(1);
	/* Read, and not settled. */
	write_file("conf", "newer");
	look();
	replace_watch();
	expect_calls(1);
	/* Nothing of ours. */
	write_file("other", "x");
	replace_watch();
	expect_calls(0);
	write_file("conf", "newest");
	expect_calls(1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_watch, free_watch)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_file_written_in_place_is_one_call),
		TEST(what_one_watch_saw_the_next_one_reports),
		TEST(a_file_replaced_by_a_rename_is_one_call_each_time),
		TEST(an_editors_dance_is_one_call),
		TEST(a_file_deleted_and_made_again_is_seen_both_times),
		TEST(a_file_that_is_not_there_yet_can_be_watched),
		TEST(a_change_of_mode_counts),
		TEST(reading_the_file_and_listing_its_folder_do_not_count),
		TEST(other_files_of_the_folder_do_not_count),
		TEST(a_file_in_a_folder_that_is_not_there_is_not_found),
		TEST(the_folder_of_a_file_may_go_and_come_again),
		TEST(a_folder_replaced_by_another_leads_to_the_file_in_the_new_one),
		TEST(writing_through_a_mapping_is_seen_when_the_file_is_closed),
		TEST(a_linked_file_is_followed_to_its_target),
		TEST(a_link_turned_elsewhere_is_seen_and_its_new_target_watched),
		TEST(a_linked_folder_on_the_way_that_is_turned_is_seen),
		TEST(a_link_that_leads_nowhere_is_watched_until_its_target_comes),
		TEST(links_in_a_circle_are_too_many),
		TEST(a_path_relative_to_the_working_directory_is_watched_too),
		TEST(any_change_of_an_entry_of_a_folder_counts),
		TEST(what_lies_beside_or_deeper_does_not_count),
		TEST(a_folder_may_come_go_and_come_again),
		TEST(a_folder_below_one_that_is_not_there_may_come_too),
		TEST(a_folder_made_in_one_go_before_we_look_is_seen_whole),
		TEST(a_folder_moved_away_and_another_in_its_place_are_seen),
		TEST(a_linked_folder_is_followed),
		TEST(a_file_and_a_folder_beside_it_share_one_watch),
		TEST(a_file_within_a_watched_folder_changes_nothing_of_what_the_folder_shows),
		TEST(a_folder_no_longer_needed_for_one_path_stays_watched_for_another),
		TEST(the_call_comes_after_a_moment_of_quiet),
		TEST(where_it_is_never_quiet_the_call_comes_all_the_same),
		TEST(what_changes_while_the_handler_reads_is_a_further_call),
		TEST(the_handler_may_free_the_watch),
		TEST(a_freed_watch_does_not_call_for_what_was_on_its_way),
		TEST(events_lost_by_the_kernel_count_as_a_change),
		TEST(more_paths_than_there_is_room_for_are_too_large),
		TEST(a_path_or_name_too_long_is_too_large),
		TEST(a_file_that_is_not_ours_to_read_shows_when_that_is_mended),
		TEST(a_folder_that_is_not_ours_to_read_is_told),
		TEST(a_folder_closed_to_us_for_a_while_is_watched_all_the_same),
		TEST(a_thousand_replacements_use_up_no_watches),
		TEST(the_descriptor_is_closed_on_exec_and_when_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
