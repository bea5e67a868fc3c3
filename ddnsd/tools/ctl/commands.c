/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands, and help by it. Each command's work is in a file of its own. */
#include "tools/ctl/commands.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "tools/ctl/command.h"
#include "tools/ctl/output.h"
#include "tools/ctl/text.h"

enum { NAME_MAX_LENGTH = 16, NEAR = 2, FAILURE_MAX = 1024 * 1024 };

static enum ctl_exit run_help(struct ctl *ctl, int argc, char **argv);

const struct ctl_entry ctl_entries[] = {
	{ "status", ctl_status, "", "how the daemon, its names and their publication are", NULL,
	    false },
	{ "list", ctl_list, "[PATTERN] [--zone ZONE] [--source SOURCE] [--owner OWNER] [--leases]",
	    "the names and their addresses",
	    "  PATTERN          * and ? stand for any characters: 'print*'\n"
	    "  --zone ZONE      only names of this zone\n"
	    "  --source SOURCE  admin, registered, or lease\n"
	    "  --owner OWNER    only names of this key or peer\n"
	    "  --leases         the DHCP leases in place of the names\n",
	    false },
	{ "show", ctl_show, "NAME", "all there is to know of one name", NULL, false },
	{ "add", ctl_add,
	    "NAME ADDRESS... | NAME TYPE DATA... [--ttl TTL] [--lease TIME] [--replace] "
	    "[--owner KEY]",
	    "give a name addresses or other records",
	    "  NAME           printer, or printer.home.arpa\n"
	    "  --ttl TTL      how long resolvers may keep it: 60, 5m, 1h\n"
	    "  --lease TIME   how long it stays without being refreshed: 7d, or forever\n"
	    "  --replace      drop what the name had before\n"
	    "  --owner KEY    whose it is to be; without an address only the owner changes\n"
	    "examples:\n"
	    "  ddnsctl add printer 192.168.1.9 fd00::9\n"
	    "  ddnsctl add printer TXT 'second floor'\n"
	    "  ddnsctl add www CNAME web.home.arpa.\n",
	    false },
	{ "del", ctl_del, "NAME [TYPE [DATA...]]", "take away a name, a type, or one record",
	    "examples:\n"
	    "  ddnsctl del printer\n"
	    "  ddnsctl del printer AAAA\n"
	    "  ddnsctl del printer A 192.168.1.9\n",
	    false },
	{ "watch", ctl_watch, "[PATTERN] [--retry]", "follow changes as they happen",
	    "  --retry  go on when the daemon ends: wait for the next\n"
	    "Ctrl-C ends it.\n",
	    false },
	{ "zone", ctl_zone, "[ZONE]", "the zones, or one of them as a zone file", NULL, false },
	{ "export", ctl_export, "[--format hosts|zone|json] [--zone ZONE]",
	    "write all names to standard output", NULL, false },
	{ "import", ctl_import,
	    "[--format hosts|leases|zone|json] [--zone ZONE] [--replace] [--dry-run] FILE|-",
	    "take names from a hosts file, dnsmasq's leases, a zone file or an export",
	    "  --format FORMAT  in place of a guess from what the file holds\n"
	    "  --zone ZONE      where bare names go; the first forward zone otherwise\n"
	    "  --replace        drop what the names had before\n"
	    "  --dry-run        only show what would be done\n",
	    false },
	{ "key", ctl_key, "new NAME | rotate NAME | revoke NAME | list  [OPTION...]",
	    "make and end the keys of clients, or list them",
	    "  new NAME               make a secret, write the key file, print the client's part\n"
	    "    --for CLIENT         nsupdate, kea, ddclient, openwrt, certbot, external-dns, agent;\n"
	    "                         over HTTP: curl, ddclient-http, inadyn, openwrt-http, fritzbox,\n"
	    "                         unifi, synology, ddns-go, prometheus\n"
	    "    --allow GRANT        what it may change: 'self A AAAA'; may be given again\n"
	    "    --from NETWORK       where it may come from: 192.168.1.0/24; may be given again\n"
	    "    --algorithm NAME     hmac-sha256 unless said otherwise\n"
	    "    --server ADDRESS     as the client reaches this machine\n"
	    "    --admin              it may take over the names of others; what it may\n"
	    "                         change is still up to --allow\n"
	    "  rotate NAME            a new secret; the old one goes on for a while\n"
	    "    --overlap TIME       so long: 7d\n"
	    "  revoke NAME            end it at once\n"
	    "    --names              and delete the names that it registered\n"
	    "  list                   all keys, when each was last used and from where\n"
	    "  --directory DIRECTORY  of the key files; else that of the configuration\n",
	    false },
	{ "backup", ctl_backup, "FILE|- [--force]", "write a copy of the database",
	    "  --force  overwrite FILE\n"
	    "The copy is whole, whatever happens meanwhile. It holds no key.\n",
	    false },
	{ "restore", ctl_restore, "FILE|-", "put a backup in the place of all names", NULL, false },
	{ "check", ctl_check, "[FILE]", "check the configuration without using it", NULL, false },
	{ "reload", ctl_reload, "", "have the daemon read its configuration again", NULL, false },
	{ "doctor", ctl_doctor, "", "walk the whole chain, say what is wrong and what mends it",
	    NULL, false },
	{ "setup", ctl_setup, "[--for PLATFORM] [--root DIRECTORY] [--undo]",
	    "connect dnsmasq with the daemon, or undo that",
	    "  --for PLATFORM    debian, pihole, openwrt or networkmanager, in place of a guess\n"
	    "  --root DIRECTORY  change the files below it: of an image, not of this machine\n"
	    "  --undo            take back what setup did\n"
	    "It shows what it will do, and asks first.\n",
	    false },
	{ "tls", ctl_tls,
	    "self-signed [--name NAME]... [--days DAYS] [--force] [DIRECTORY] | "
	    "show [--key KEY] [FILE]",
	    "make a certificate for the HTTP door, or look at one",
	    "  self-signed    one that no authority vouches for: server.crt and server.key\n"
	    "    --name NAME  of this machine, or an address; may be given again;\n"
	    "                 else its names and addresses, localhost, 127.0.0.1, ::1\n"
	    "    --days DAYS  how long it is valid: 825\n"
	    "    --force      replace what is in DIRECTORY\n"
	    "    DIRECTORY    /etc/ddnsd/tls\n"
	    "  show           names, until when, fingerprint, and whether the key fits\n"
	    "    --key KEY    its file, in place of a guess\n"
	    "    FILE         /etc/ddnsd/tls/server.crt\n",
	    false },
	{ "help", run_help, "[COMMAND]", "this, or one command in full", NULL, false },
	{ "lease", ctl_lease, "...", "report a DHCP lease, for hooks", NULL, true },
	{ NULL, NULL, NULL, NULL, NULL, false },
};

const struct ctl_entry *
commands_find(const char *name)
{
	for (const struct ctl_entry *entry = ctl_entries; entry->name != NULL; entry++)
		if (strcmp(entry->name, name) == 0)
			return entry;
	return NULL;
}

static unsigned
least(unsigned one, unsigned two, unsigned three)
{
	unsigned smaller = one < two ? one : two;

	return smaller < three ? smaller : three;
}

/* Letters to add, drop, change or swap with their neighbour until one is the other. */
static unsigned
distance(const char *one, const char *other)
{
	unsigned rows[NAME_MAX_LENGTH + 1][NAME_MAX_LENGTH + 1] = { 0 };
	size_t one_length = strlen(one), other_length = strlen(other);

	if (one_length > NAME_MAX_LENGTH || other_length > NAME_MAX_LENGTH)
		return UINT32_MAX;
	for (unsigned i = 0; i <= NAME_MAX_LENGTH; i++)
		rows[i][0] = rows[0][i] = i;
	for (size_t i = 1; i <= one_length; i++) {
		for (size_t k = 1; k <= other_length; k++) {
			unsigned differs = one[i - 1] != other[k - 1];

			rows[i][k] = least(rows[i - 1][k] + 1, rows[i][k - 1] + 1,
			    rows[i - 1][k - 1] + differs);
			if (i > 1 && k > 1 && one[i - 1] == other[k - 2] &&
			    one[i - 2] == other[k - 1] && rows[i - 2][k - 2] + 1 < rows[i][k])
				rows[i][k] = rows[i - 2][k - 2] + 1;
		}
	}
	return rows[one_length][other_length];
}

/* What other tools call it. */
static const char *
other_word(const char *name)
{
	static const char *const words[][2] = { { "ls", "list" }, { "rm", "del" },
		{ "remove", "del" }, { "delete", "del" }, { "set", "add" }, { "get", "show" },
		{ "info", "status" }, { "events", "watch" }, { "zones", "zone" }, { "keys", "key" },
		{ "names", "list" }, { "leases", "list" }, { "dump", "export" },
		{ "load", "import" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	return NULL;
}

const char *
commands_nearest(const char *name)
{
	const char *nearest = other_word(name);
	unsigned shortest = NEAR + 1;

	if (nearest != NULL)
		return nearest;
	for (const struct ctl_entry *entry = ctl_entries; entry->name != NULL; entry++) {
		unsigned length = distance(name, entry->name);

		/* Of a word of two letters, two changes leave nothing. */
		if (!entry->is_hidden && length < shortest && length < strlen(name)) {
			shortest = length;
			nearest = entry->name;
		}
	}
	return nearest;
}

void
commands_overview(FILE *stream)
{
	fputs("usage: ddnsctl [-s SOCKET] [--json] [--yes] COMMAND ...\n\n", stream);
	for (const struct ctl_entry *entry = ctl_entries; entry->name != NULL; entry++)
		if (!entry->is_hidden)
			fprintf(stream, "  %-8s  %s\n", entry->name, entry->summary);
	fputs("\n"
	      "  -s, --socket SOCKET  of the daemon; else $DDNSD_SOCKET, else "
	      "/run/ddnsd/control.sock\n"
	      "  --json               for programs\n"
	      "  -y, --yes            ask nothing\n"
	      "  --version            print the version\n"
	      "\n"
	      "\"ddnsctl help COMMAND\" tells more; so does ddnsctl(1).\n",
	    stream);
}

static void
print_usage(FILE *stream, const struct ctl_entry *entry)
{
	fprintf(stream, "usage: ddnsctl %s%s%s\n", entry->name,
	    entry->arguments[0] != '\0' ? " " : "", entry->arguments);
}

void
commands_explain(const struct ctl_entry *entry)
{
	printf("ddnsctl %s: %s\n", entry->name, entry->summary);
	print_usage(stdout, entry);
	if (entry->details != NULL)
		fputs(entry->details, stdout);
}

static enum ctl_exit
run_help(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_entry *entry;
	const char *nearest;

	(void)ctl;
	if (argc < 2) {
		commands_overview(stdout);
		return CTL_DONE;
	}
	entry = commands_find(argv[1]);
	if (entry == NULL) {
		nearest = commands_nearest(argv[1]);
		return ctl_fail(CTL_USAGE, "there is no command \"%s\"%s%s%s", argv[1],
		    nearest == NULL ? "; \"ddnsctl help\" lists them" : "; did you mean \"",
		    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
	}
	commands_explain(entry);
	return CTL_DONE;
}

/* --- failures --- */

static json_t *failure; /* the last one, for --json */

/* Says it on stderr, where what came from elsewhere cannot steer the terminal, and keeps it. */
__attribute__((format(printf, 2, 0))) static void
say_failure(const char *command, const char *format, va_list arguments)
{
	struct buffer escaped;
	char *text = NULL;

	/* What was said so far comes first, where both go to one place. */
	(void)fflush(stdout);
	if (vasprintf(&text, format, arguments) < 0)
		return;
	buffer_init(&escaped, FAILURE_MAX);
	text_escape(&escaped, text, false);
	fprintf(stderr, "ddnsctl: %s%s%.*s\n", command, command[0] != '\0' ? ": " : "",
	    (int)escaped.length, escaped.length > 0 ? escaped.data : "");
	ctl_keep_failure(json_pack("{s:s%, s:s}", "error", escaped.length > 0 ? escaped.data : "",
	    escaped.length, "hint", ""));
	buffer_release(&escaped);
	free(text);
}

enum ctl_exit
ctl_fail(enum ctl_exit code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_failure("", format, arguments);
	va_end(arguments);
	return code;
}

enum ctl_exit
ctl_usage(const char *command, const char *format, ...)
{
	const struct ctl_entry *entry = commands_find(command);
	va_list arguments;

	va_start(arguments, format);
	say_failure(command, format, arguments);
	va_end(arguments);
	if (entry != NULL)
		print_usage(stderr, entry);
	return CTL_USAGE;
}

void
ctl_keep_failure(json_t *json)
{
	json_decref(failure);
	failure = json;
}

void
ctl_tell_failure(void)
{
	if (failure != NULL && !output_has_json())
		output_json(failure);
	ctl_keep_failure(NULL);
}
