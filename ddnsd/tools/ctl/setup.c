/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl setup": shows, asks, does; or takes back. Restarts nothing. */
#include "tools/ctl/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"
#include "tools/ctl/program.h"

enum { TEST_TIMEOUT_MS = 5000, TEST_OUTPUT_MAX = 65536 };

/* --- showing --- */

static void
show_text(const char *sign, enum output_style style, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		output_format(style, "  %s %.*s\n", sign, (int)length, text);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
}

/* The line of an edit, without its end. */
static const char *
line_of(const char *text, unsigned line, int *ret_length)
{
	for (unsigned i = 1; i < line && strchr(text, '\n') != NULL; i++)
		text = strchr(text, '\n') + 1;
	*ret_length = (int)strcspn(text, "\n");
	return text;
}

static void
show_action(const struct setup_plan *plan, const struct setup_action *action, bool is_undo)
{
	int length;
	const char *line;

	switch (action->kind) {
	case SETUP_WRITE:
		output_format(STYLE_STRONG, "%s %s%s\n", is_undo ? "Remove" : "Write", plan->root,
		    action->path);
		show_text(is_undo ? "-" : "+", is_undo ? STYLE_BAD : STYLE_GOOD, action->after);
		break;
	case SETUP_EDIT:
		output_format(STYLE_STRONG, "Change line %u of %s%s\n", action->line, plan->root,
		    action->path);
		line = line_of(is_undo ? action->after : action->before, action->line, &length);
		output_format(STYLE_BAD, "  - %.*s\n", length, line);
		line = line_of(is_undo ? action->before : action->after, action->line, &length);
		output_format(STYLE_GOOD, "  + %.*s\n", length, line);
		break;
	case SETUP_LINK:
		output_format(STYLE_STRONG, "%s %s%s -> %s\n", is_undo ? "Remove" : "Link",
		    plan->root, action->path, action->after);
		break;
	}
}

static void
show(const struct setup_plan *plan, bool is_undo)
{
	for (size_t i = 0; i < plan->count; i++) {
		show_action(plan, &plan->actions[i], is_undo);
		output_format(STYLE_PLAIN, "\n");
	}
	(void)fflush(stdout);
}

static void
show_list(const char *title, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	output_format(STYLE_STRONG, "%s\n", title);
	for (size_t i = 0; i < json_array_size(list); i++)
		output_format(STYLE_PLAIN, "  %s\n", json_string_value(json_array_get(list, i)));
}

static void
print_json(const struct setup_plan *plan, bool is_done)
{
	static const char *const words[] = { "write", "edit", "link" };
	json_t *actions = json_array();
	json_t *json;

	for (size_t i = 0; i < plan->count; i++) {
		const struct setup_action *action = &plan->actions[i];

		(void)json_array_append_new(actions,
		    json_pack("{s:s, s:s, s:s, s:i}", "action", words[action->kind], "path",
			action->path, "after", action->after, "line", (int)action->line));
	}
	json = json_pack("{s:s, s:b, s:o, s:O?, s:O?}", "platform",
	    setup_platform_name(plan->platform), "done", is_done, "actions", actions, "notes",
	    plan->notes, "commands", plan->commands);
	output_json(json);
	json_decref(json);
}

/* --- dnsmasq's own opinion --- */

/* True when it is good, or nobody here can tell. */
static bool
is_good_snippet(const char *text, struct buffer *complaint)
{
	char path[] = "/tmp/ddnsctl-setup-XXXXXX";
	int fd = mkstemp(path);
	int code = 0;
	enum status status;

	if (fd < 0)
		return true;
	status = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? STATUS_OK : STATUS_IO;
	(void)close(fd);
	if (status == STATUS_OK)
		status = program_run((const char *const[]){ "dnsmasq", "--test", "-C", path, NULL },
		    TEST_TIMEOUT_MS, complaint, &code);
	(void)unlink(path);
	return status != STATUS_OK || code == 0;
}

static enum ctl_exit
test_snippets(const struct setup_plan *plan)
{
	enum ctl_exit code = CTL_DONE;

	for (size_t i = 0; i < plan->count; i++) {
		struct buffer complaint;

		if (plan->actions[i].kind != SETUP_WRITE)
			continue;
		buffer_init(&complaint, TEST_OUTPUT_MAX);
		if (!is_good_snippet(plan->actions[i].after, &complaint))
			code = ctl_fail(CTL_FAILED, "dnsmasq does not take it: %.*s",
			    (int)strcspn(complaint.data, "\n"), complaint.data);
		buffer_release(&complaint);
	}
	return code;
}

/* --- doing --- */

static bool
may_go_on(const struct ctl *ctl, const char *question)
{
	return ctl->says_yes || (!ctl->is_json && output_ask(question));
}

static enum ctl_exit
finish(const struct ctl *ctl, const struct setup_plan *plan, bool is_done)
{
	if (ctl->is_json) {
		print_json(plan, is_done);
	} else {
		show_list("Also:", plan->notes);
		show_list("Then type:", plan->commands);
	}
	return output_flush() ? CTL_DONE : CTL_FAILED;
}

static enum ctl_exit
set_up(const struct ctl *ctl, struct setup_plan *plan)
{
	enum ctl_exit code;

	if (!ctl->is_json)
		output_format(STYLE_PLAIN, "Here is %s.\n\n", setup_platform_title(plan->platform));
	if (plan->count == 0) {
		if (!ctl->is_json && plan->platform != SETUP_OPENWRT)
			output_format(STYLE_GOOD, "Its configuration has everything already.\n");
		return finish(ctl, plan, false);
	}
	if (!ctl->is_json)
		show(plan, false);
	code = test_snippets(plan);
	if (code != CTL_DONE)
		return code;
	if (!may_go_on(ctl, "Go ahead?")) {
		if (ctl->is_json)
			print_json(plan, false);
		return ctl_fail(CTL_FAILED, "nothing is changed; --yes goes ahead without asking");
	}
	code = setup_apply(plan);
	if (code != CTL_DONE)
		return code;
	if (!ctl->is_json)
		output_format(STYLE_GOOD, "Done. \"ddnsctl setup --undo\" takes it back.\n");
	return finish(ctl, plan, true);
}

static enum ctl_exit
take_back(const struct ctl *ctl, const char *root)
{
	struct setup_plan plan;
	enum ctl_exit code = setup_recall(&plan, root);

	if (code == CTL_DONE && !ctl->is_json)
		show(&plan, true);
	if (code == CTL_DONE && !may_go_on(ctl, "Take it back?"))
		code = ctl_fail(CTL_FAILED, "nothing is changed; --yes goes ahead without asking");
	if (code == CTL_DONE)
		code = setup_undo(&plan);
	if (code == CTL_DONE && ctl->is_json)
		print_json(&plan, true);
	else if (code == CTL_DONE)
		output_format(STYLE_GOOD, "Everything is as it was before. Restart dnsmasq.\n");
	setup_plan_free(&plan);
	return output_flush() ? code : CTL_FAILED;
}

enum ctl_exit
ctl_setup(struct ctl *ctl, int argc, char **argv)
{
	bool is_undo = false;
	const char *root = "";
	const char *wanted = NULL;
	const struct option_entry options[] = {
		{ "--undo", &is_undo, NULL },
		{ "--for", NULL, &wanted },
		{ "--root", NULL, &root },
		{ NULL, NULL, NULL },
	};
	struct setup_plan plan;
	struct site *site;
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code != CTL_DONE)
		return code;
	if (argc != 1 || strlen(root) >= PATH_MAX)
		return ctl_usage("setup", "setup takes no argument");
	if (is_undo)
		return take_back(ctl, root);
	if (setup_is_done(root))
		return ctl_fail(CTL_FAILED,
		    "setup was done already (%s%s); \"ddnsctl setup --undo\" takes it back, then run it "
		    "again",
		    root, setup_record);
	site = site_new(ctl, root);
	if (site == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	code = setup_plan_make(&plan, site, root, wanted);
	if (code == CTL_DONE)
		code = set_up(ctl, &plan);
	setup_plan_free(&plan);
	site_free(site);
	return code;
}
