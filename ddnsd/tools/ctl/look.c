/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quiet requests, and values by their path. */
#include "tools/ctl/look.h"

#include <string.h>
#include <time.h>

#include "tools/ctl/client.h"

enum { ANSWER_TIMEOUT_MS = 10000, MEMBER_MAX = 64 };

enum ctl_exit
look_send(const struct ctl *ctl, const char *method, const char *path, const json_t *body,
    unsigned *ret_code, json_t **ret_json)
{
	struct client_request request = { .method = method,
		.path = path,
		.timeout_ms = ANSWER_TIMEOUT_MS };
	struct client_answer answer;
	enum ctl_exit code = client_send_json(ctl, &request, body, true, &answer);

	*ret_code = 0;
	*ret_json = NULL;
	if (code != CTL_DONE)
		return code;
	*ret_code = answer.code;
	if (answer.body.length > 0)
		*ret_json = json_loadb(answer.body.data, answer.body.length, JSON_REJECT_DUPLICATES,
		    NULL);
	client_answer_release(&answer);
	return CTL_DONE;
}

json_t *
look_get(const struct ctl *ctl, const char *path)
{
	unsigned code;
	json_t *json;

	if (look_send(ctl, "GET", path, NULL, &code, &json) == CTL_DONE && code == 200)
		return json;
	json_decref(json);
	return NULL;
}

const json_t *
look_value(const json_t *json, const char *path)
{
	while (json != NULL) {
		size_t length = strcspn(path, ".");
		char member[MEMBER_MAX];

		if (length >= sizeof(member))
			return NULL;
		memcpy(member, path, length);
		member[length] = '\0';
		json = json_object_get(json, member);
		if (path[length] == '\0')
			return json_is_null(json) ? NULL : json;
		path += length + 1;
	}
	return NULL;
}

const char *
look_text(const json_t *json, const char *path, const char *otherwise)
{
	const char *text = json_string_value(look_value(json, path));

	return text != NULL && text[0] != '\0' ? text : otherwise;
}

void
look_pause(unsigned ms)
{
	struct timespec length = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&length, NULL);
}
