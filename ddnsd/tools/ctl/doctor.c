/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl doctor": the steps one by one, and what they say. */
#include "tools/ctl/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { TEXT_MAX = 2048 };

static const struct {
	const char *word;
	enum output_style style;
} results[] = {
	[DOCTOR_OK] = { "ok", STYLE_GOOD },
	[DOCTOR_WARNING] = { "warning", STYLE_WARN },
	[DOCTOR_FAULT] = { "fault", STYLE_BAD },
};

const char *
doctor_mend(const char *format, ...)
{
	static char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

/* A path may hold anything; JSON is UTF-8. */
static json_t *
json_text(const char *text)
{
	json_t *json = json_string(text);
	char plain[TEXT_MAX];
	size_t length = 0;

	if (json != NULL)
		return json;
	for (; length < sizeof(plain) - 1 && text[length] != '\0'; length++)
		plain[length] = (char)((unsigned char)text[length] < 0x80 ? text[length] : '?');
	plain[length] = '\0';
	return json_string(plain);
}

void
doctor_say(struct doctor *doctor, const char *check, enum doctor_result result, const char *mend,
    const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	doctor->faults += result == DOCTOR_FAULT;
	doctor->warnings += result == DOCTOR_WARNING;
	if (doctor->ctl->is_json) {
		(void)json_array_append_new(doctor->findings,
		    json_pack("{s:s, s:s, s:o, s:o}", "check", check, "result",
			results[result].word, "text", json_text(text), "mend",
			mend != NULL ? json_text(mend) : json_null()));
		return;
	}
	output_format(results[result].style, "%-8s", results[result].word);
	output_format(STYLE_STRONG, "%-14s", check);
	output_format(STYLE_PLAIN, "%s\n", text);
	if (mend != NULL) {
		output_format(STYLE_DIM, "%22s", "to do: ");
		output_format(STYLE_PLAIN, "%s\n", mend);
	}
	(void)fflush(stdout);
}

static void
walk(struct doctor *doctor)
{
	static void (*const steps[])(struct doctor * doctor) = {
		doctor_look_at_daemon,
		doctor_look_at_clock,
		doctor_look_at_configuration,
		doctor_look_at_files,
		doctor_look_at_http,
		doctor_find_dnsmasq,
		doctor_look_at_dnsmasq,
		doctor_look_for_dangers,
		doctor_look_at_dhcp,
		/* The trial first: what was waited for has come when it is over. */
		doctor_try,
		doctor_look_at_publication,
		doctor_look_at_leases,
		doctor_look_at_keys,
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		steps[i](doctor);
}

static void
print_sum(const struct doctor *doctor)
{
	if (doctor->ctl->is_json)
		output_json(doctor->findings);
	else if (doctor->faults + doctor->warnings == 0)
		output_format(STYLE_GOOD, "\nAll is well.\n");
	else
		output_format(doctor->faults > 0 ? STYLE_BAD : STYLE_WARN,
		    "\n%u fault%s, %u warning%s.\n", doctor->faults, doctor->faults == 1 ? "" : "s",
		    doctor->warnings, doctor->warnings == 1 ? "" : "s");
}

enum ctl_exit
ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	const struct option_entry options[] = {
		{ NULL, NULL, NULL },
	};
	struct doctor doctor = { .ctl = ctl };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code != CTL_DONE)
		return code;
	if (argc != 1)
		return ctl_usage("doctor", "doctor takes no argument");
	doctor.findings = json_array();
	doctor.site = site_new(ctl, "");
	if (doctor.findings == NULL || doctor.site == NULL) {
		json_decref(doctor.findings);
		site_free(doctor.site);
		return ctl_fail(CTL_FAILED, "out of memory");
	}
	walk(&doctor);
	print_sum(&doctor);
	dnsmasq_conf_free(doctor.conf);
	json_decref(doctor.findings);
	site_free(doctor.site);
	return output_flush() && doctor.faults == 0 ? CTL_DONE : CTL_FAILED;
}
