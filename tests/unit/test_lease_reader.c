/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/lease_file: when dnsmasq's lease file is read, and what is made of it. */
/* LDWRAP: store_commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doors/lease_file.h"
#include "service/dhcp.h"

#include "failing_commit.h"
#include "served.h"

enum { STEP_MS = 50 };

#define LAPTOP "3000007200 02:00:00:00:00:01 10.77.0.55 Laptop 01:02:00:00:00:00:01\n"
#define PHONE "3000007200 02:00:00:00:00:02 10.77.0.56 phone *\n"

static struct lease_reader *reader;
static char path[PATH_MAX];

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_name_leases(&served);
	served_start(&served);
	(void)folder_entry(&served.folder, "leases", path);
	reader = lease_reader_new(served.loop, served.service);
	assert_non_null(reader);
	*state = &served;
	return 0;
}

static int
close_world(void **state)
{
	lease_reader_free(reader);
	served_close(*state);
	return 0;
}

/* Lets that much time go by, with the loop running and a commit a turn. */
static void
pass(struct served *served, int64_t ms)
{
	for (int64_t at = 0; at < ms; at += STEP_MS) {
		served_now_ms += STEP_MS;
		for (int i = 0; i < 3; i++) {
			served_turn(served);
			lease_reader_turn_ended(reader, service_commit(served->service));
		}
	}
}

/* As dnsmasq writes it: in place. */
static void
write_file(const char *text)
{
	FILE *file = fopen(path, "r+");

	if (file == NULL)
		file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
start(struct served *served)
{
	lease_reader_set_file(reader, path);
	assert_int_equal(service_commit(served->service), STATUS_OK);
}

static void
file_is_read_at_the_start(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	assert_string_equal(lease_reader_problem(reader), "");
}

static void
change_is_seen(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP);
	start(served);
	write_file(LAPTOP PHONE);
	pass(served, 300);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
}

static void
file_that_comes_later_is_seen(void **state)
{
	struct served *served = *state;

	start(served);
	assert_string_equal(lease_reader_problem(reader), "");
	write_file(LAPTOP);
	pass(served, 300);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
lease_that_is_gone_ends_at_the_second_look(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	write_file(LAPTOP);
	pass(served, 300);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	pass(served, 1500);
	assert_string_equal(served_records(served, "phone"), "");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
half_a_file_is_not_believed(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	write_file("3000007200 02:00:00:00:00:01 10.77.0.55 Lap");
	pass(served, 2000);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	write_file(LAPTOP PHONE "3000007200 02:00:00:00:00:03 10.77.0.57 tv *\n");
	pass(served, 1000);
	assert_string_equal(served_records(served, "tv"), "60 A 10.77.0.57\n");
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
}

static void
half_a_file_that_stays_so_is_read_as_it_is(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	write_file(LAPTOP "3000007200 02:00:00:0");
	pass(served, 10000);
	assert_string_equal(served_records(served, "phone"), "");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
missing_file_ends_nothing(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP);
	start(served);
	assert_int_equal(unlink(path), 0);
	pass(served, 3000);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
what_cannot_be_read_is_a_problem_with_a_mend(void **state)
{
	struct served *served = *state;

	assert_int_equal(mkdir(path, 0700), 0);
	start(served);
	assert_non_null(strstr(lease_reader_problem(reader), path));
	assert_non_null(strstr(lease_reader_problem(reader), "dhcp-leasefile"));
	assert_int_equal(rmdir(path), 0);
	write_file(LAPTOP);
	pass(served, 300);
	assert_string_equal(lease_reader_problem(reader), "");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
missing_folder_is_tried_again(void **state)
{
	struct served *served = *state;
	char folder[PATH_MAX];

	(void)folder_entry(&served->folder, "later", folder);
	(void)folder_entry(&served->folder, "later/leases", path);
	start(served);
	assert_non_null(strstr(lease_reader_problem(reader), "cannot be watched"));
	assert_int_equal(mkdir(folder, 0700), 0);
	write_file(LAPTOP);
	pass(served, 61000);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	assert_string_equal(lease_reader_problem(reader), "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void
another_file_takes_its_place(void **state)
{
	struct served *served = *state;
	char other[PATH_MAX];

	write_file(LAPTOP);
	start(served);
	folder_write(&served->folder, "other", PHONE);
	lease_reader_set_file(reader, folder_entry(&served->folder, "other", other));
	pass(served, 1500);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	assert_string_equal(served_records(served, "laptop"), "");
	lease_reader_set_file(reader, "");
	write_file(LAPTOP);
	pass(served, 1500);
	assert_string_equal(served_records(served, "laptop"), "");
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
}

static void
change_is_no_second_look(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	/* dnsmasq writes again and again, and each time a part is seen that ends with a line. */
	write_file(LAPTOP);
	pass(served, 300);
	write_file(LAPTOP LAPTOP);
	pass(served, 300);
	write_file(LAPTOP);
	pass(served, 300);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	write_file(LAPTOP PHONE);
	pass(served, 3000);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	/* And it does end while the file goes on changing. */
	for (int i = 0; i < 5; i++) {
		write_file(i % 2 == 0 ? LAPTOP : LAPTOP LAPTOP);
		pass(served, 600);
	}
	assert_string_equal(served_records(served, "phone"), "");
}

static void
second_look_is_not_brought_forward(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	write_file(LAPTOP);
	pass(served, 300);
	/* Half a line makes it look again after 200 ms: that is too early to believe it. */
	write_file(LAPTOP "30000072");
	pass(served, 150);
	write_file(LAPTOP);
	lease_reader_again(reader);
	pass(served, 150);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	pass(served, 2000);
	assert_string_equal(served_records(served, "phone"), "");
}

static void
reading_that_could_not_be_stored_comes_again(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP);
	start(served);
	commit_outcome = STATUS_NO_SPACE;
	write_file(LAPTOP PHONE);
	pass(served, 300);
	assert_string_equal(served_records(served, "phone"), "");
	commit_outcome = STATUS_OK;
	pass(served, 9000);
	assert_string_equal(served_records(served, "phone"), "");
	pass(served, 2000);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
}

static void
restored_leases_are_read_once_more(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = { .action = DHCP_DEL, .server = "dnsmasq" };

	write_file(LAPTOP);
	start(served);
	assert_int_equal(address_from_text("10.77.0.55", &event.address), STATUS_OK);
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "");
	lease_reader_again(reader);
	pass(served, STEP_MS);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	/* Without a file there is nothing to read. */
	lease_reader_set_file(reader, "");
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	lease_reader_again(reader);
	lease_reader_turn_ended(reader, STATUS_NO_SPACE);
	pass(served, 12000);
	assert_string_equal(served_records(served, "laptop"), "");
}

static void
patience_with_half_a_file_is_as_long_each_time(void **state)
{
	struct served *served = *state;

	write_file(LAPTOP PHONE);
	start(served);
	write_file(LAPTOP PHONE "3000007200 02:00:00:0");
	pass(served, 10000);
	write_file(LAPTOP PHONE);
	pass(served, 300);
	write_file(LAPTOP "3000007200 02:00:00:0");
	pass(served, 2500);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	pass(served, 8000);
	assert_string_equal(served_records(served, "phone"), "");
}

static void
problem_is_over_when_the_file_is_gone(void **state)
{
	struct served *served = *state;

	assert_int_equal(mkdir(path, 0700), 0);
	start(served);
	assert_string_not_equal(lease_reader_problem(reader), "");
	assert_int_equal(rmdir(path), 0);
	pass(served, 300);
	assert_string_equal(lease_reader_problem(reader), "");
}

static void
change_in_the_other_file_is_seen(void **state)
{
	struct served *served = *state;
	char other[PATH_MAX];

	write_file(LAPTOP);
	start(served);
	folder_write(&served->folder, "other", LAPTOP);
	lease_reader_set_file(reader, folder_entry(&served->folder, "other", other));
	pass(served, 300);
	folder_write(&served->folder, "other", LAPTOP PHONE);
	pass(served, 300);
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
	/* The same file once more is no reason to read it. */
	lease_reader_set_file(reader, other);
	assert_false(service_is_dirty(served->service));
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(file_is_read_at_the_start),
		WORLD_TEST(change_is_seen),
		WORLD_TEST(file_that_comes_later_is_seen),
		WORLD_TEST(lease_that_is_gone_ends_at_the_second_look),
		WORLD_TEST(change_is_no_second_look),
		WORLD_TEST(second_look_is_not_brought_forward),
		WORLD_TEST(half_a_file_is_not_believed),
		WORLD_TEST(half_a_file_that_stays_so_is_read_as_it_is),
		WORLD_TEST(missing_file_ends_nothing),
		WORLD_TEST(what_cannot_be_read_is_a_problem_with_a_mend),
		WORLD_TEST(missing_folder_is_tried_again),
		WORLD_TEST(another_file_takes_its_place),
		WORLD_TEST(reading_that_could_not_be_stored_comes_again),
		WORLD_TEST(restored_leases_are_read_once_more),
		WORLD_TEST(patience_with_half_a_file_is_as_long_each_time),
		WORLD_TEST(problem_is_over_when_the_file_is_gone),
		WORLD_TEST(change_in_the_other_file_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
