/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds every file of the given folders to a fuzz target, so that a corpus is an ordinary test
 * with any compiler. It fails when a folder cannot be read or holds nothing; it never fuzzes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* libFuzzer's own limit for an input it was not told a length for. */
#define INPUT_SIZE_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* The file's name is printed ahead of a crash only when the caller asks with REPLAY_VERBOSE. */
static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (file == NULL) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return -1;
	}
	uint8_t *data = malloc(INPUT_SIZE_MAX);
	if (data == NULL) {
		fprintf(stderr, "replay: out of memory\n");
		fclose(file);
		return -1;
	}
	size_t size = fread(data, 1, INPUT_SIZE_MAX, file);
	fclose(file);

	/* A block of exactly the input's size lets AddressSanitizer see the first byte beyond. */
	uint8_t *input = malloc(size > 0 ? size : 1);
	if (input == NULL) {
		fprintf(stderr, "replay: out of memory\n");
		free(data);
		return -1;
	}
	memcpy(input, data, size);
	free(data);
	if (getenv("REPLAY_VERBOSE") != NULL)
		fprintf(stderr, "replay: %s\n", path);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
	return 0;
}

/* Returns the number of inputs replayed, or -1. */
static int
replay_folder(const char *folder)
{
	struct dirent **entries = NULL;
	int entry_count = scandir(folder, &entries, NULL, alphasort);
	if (entry_count == -1) {
		fprintf(stderr, "replay: %s: %s\n", folder, strerror(errno));
		return -1;
	}
	int replayed = 0;
	int failed = 0;
	for (int i = 0; i < entry_count; i++) {
		char path[4096];
		struct stat status;
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
			if (replay_file(path) == 0)
				replayed++;
			else
				failed = 1;
		}
		free(entries[i]);
	}
	free(entries);
	return failed ? -1 : replayed;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
		return 2;
	}
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		int replayed = replay_folder(argv[i]);
		if (replayed == 0)
			fprintf(stderr, "replay: %s holds no input\n", argv[i]);
		if (replayed <= 0)
			return 1;
		printf("  %-8s%s: %d inputs\n", "REPLAY", argv[i], replayed);
	}
	return 0;
}
