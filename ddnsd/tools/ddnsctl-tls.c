/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ddnsctl-tls: what "ddnsctl tls" runs. Makes certificates for a network of one's own, and says what is in
 * one (over GnuTLS). Speaks to nobody, but to the daemon to learn its zones.
 */
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <grp.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "tools/ctl/command.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/key.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"
#include "tools/ctl/process.h"
#include "tools/ctl/site.h"
#include "tools/ctl/tls_names.h"
#include "tools/ctl/tls_store.h"

#define SOCKET_DEFAULT "/run/ddnsd/control.sock"
#define FOLDER_DEFAULT "/etc/ddnsd/tls"

enum {
	DAYS_DEFAULT = 825, /* more, and Apple's systems do not take it even when it is trusted */
	DAYS_MAX = 36500,
	DAY_S = 86400,
	EARLY_S = 3600, /* clocks of others that are late */
	SERIAL_SIZE = 16,
	DIGEST_SIZE = 32,
	FINGERPRINT_MAX = DIGEST_SIZE * 3,
	COMMON_NAME_MAX = 64, /* RFC 5280 A.1, ub-common-name */
	FILE_CEILING = 128 * 1024,
	TIME_MAX = 32,
};

/* 2025: a clock that says less has not been set. */
static const int64_t earliest_wall_s = INT64_C(1735689600);

/* --- what is in a certificate --- */

static enum ctl_exit
fail_gnutls(const char *what, int code)
{
	return ctl_fail(CTL_FAILED, "%s: %s", what, gnutls_strerror(code));
}

/* "AB:CD:...", SHA-256. */
static int
read_fingerprint(gnutls_x509_crt_t certificate, char text[static FINGERPRINT_MAX])
{
	unsigned char digest[DIGEST_SIZE];
	size_t size = sizeof(digest);
	int code = gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &size);

	for (size_t i = 0; i < DIGEST_SIZE && code >= 0; i++)
		(void)snprintf(text + 3 * i, 4, i + 1 < DIGEST_SIZE ? "%02X:" : "%02X", digest[i]);
	return code;
}

static const char *
iso_time(int64_t wall_s, char text[static TIME_MAX])
{
	time_t seconds = (time_t)wall_s;
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(text, TIME_MAX, "?");
	return text;
}

/* "2029-02-22": a day, where the hour says nothing. */
static const char *
day_text(int64_t wall_s, char text[static TIME_MAX])
{
	iso_time(wall_s, text);
	text[strcspn(text, "T")] = '\0';
	return text;
}

/* --- self-signed --- */

struct wishes {
	struct tls_names names;
	int days;
	bool replaces;
	char folder[PATH_MAX];
};

static enum ctl_exit
take_days(const char *text, struct wishes *wishes)
{
	char *end;
	long days;

	errno = 0;
	days = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || days < 1 || days > DAYS_MAX)
		return ctl_usage("tls", "--days: \"%s\" is no number from 1 to %d", text, DAYS_MAX);
	wishes->days = (int)days;
	return CTL_DONE;
}

static enum ctl_exit
take_names(const struct key_items *items, struct wishes *wishes)
{
	for (size_t i = 0; i < items->count; i++) {
		if (tls_names_add(&wishes->names, items->items[i]) != STATUS_OK)
			return ctl_usage("tls",
			    "--name: \"%s\" is no name of a host and no address", items->items[i]);
	}
	return CTL_DONE;
}

/* What the configuration will have to name: absolute. */
static enum ctl_exit
take_folder(const char *text, struct wishes *wishes)
{
	char here[PATH_MAX];
	int length;

	if (text[0] == '/')
		length = snprintf(wishes->folder, PATH_MAX, "%s", text);
	else if (getcwd(here, sizeof(here)) == NULL)
		return ctl_fail(CTL_FAILED, "the present folder is not known: %s", strerror(errno));
	else
		length = snprintf(wishes->folder, PATH_MAX, "%s/%s", here, text);
	if (length < 0 || length >= PATH_MAX)
		return ctl_fail(CTL_USAGE, "the path of the folder is too long");
	while (length > 1 && wishes->folder[length - 1] == '/')
		wishes->folder[--length] = '\0';
	return CTL_DONE;
}

static enum ctl_exit
take_wishes(int argc, char **argv, struct wishes *ret_wishes)
{
	struct key_items names;
	const char *days = NULL;
	const struct option_entry options[] = { { "--days", NULL, &days },
		{ "--force", &ret_wishes->replaces, NULL }, { NULL, NULL, NULL } };
	enum ctl_exit code = key_take_items("tls", "--name", &names, &argc, argv);

	*ret_wishes = (struct wishes){ .days = DAYS_DEFAULT };
	if (code == CTL_DONE)
		code = options_take(options, &argc, argv);
	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code == CTL_DONE && days != NULL)
		code = take_days(days, ret_wishes);
	if (code == CTL_DONE)
		code = take_names(&names, ret_wishes);
	if (code == CTL_DONE)
		code = take_folder(argc > 1 ? argv[1] : FOLDER_DEFAULT, ret_wishes);
	return code;
}

static enum ctl_exit
add_machine(const struct ctl *ctl, struct wishes *wishes)
{
	struct site *site = site_new(ctl, "");

	if (site == NULL)
		return ctl_fail(CTL_FAILED, "no memory");
	tls_names_add_machine(&wishes->names, site_first_zone(site));
	site_free(site);
	if (wishes->names.count == 0)
		return ctl_fail(CTL_FAILED,
		    "this machine has no name and no address that clients could use; say --name NAME");
	tls_names_add_loopback(&wishes->names);
	return CTL_DONE;
}

static int
set_names(gnutls_x509_crt_t certificate, const struct tls_names *names)
{
	const char *first = names->names[0].text;
	int code = GNUTLS_E_SUCCESS;

	if (strlen(first) <= COMMON_NAME_MAX)
		code = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
		    first, (unsigned)strlen(first));
	for (size_t i = 0; i < names->count && code >= 0; i++) {
		const struct tls_name *name = &names->names[i];

		if (name->address.family == 0)
			code = gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME,
			    name->text, (unsigned)strlen(name->text), GNUTLS_FSAN_APPEND);
		else
			code = gnutls_x509_crt_set_subject_alt_name(certificate,
			    GNUTLS_SAN_IPADDRESS, name->address.bytes,
			    name->address.family == 4 ? 4 : 16, GNUTLS_FSAN_APPEND);
	}
	return code;
}

/* As browsers ask of a server's own certificate, which is taken for true one by one. */
static int
set_uses(gnutls_x509_crt_t certificate)
{
	unsigned char id[DIGEST_SIZE];
	size_t size = sizeof(id);
	int code = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);

	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER,
		    0);
	if (code >= 0)
		code = gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, id, &size);
	if (code >= 0)
		code = gnutls_x509_crt_set_subject_key_id(certificate, id, 20);
	return code;
}

static int
fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const struct wishes *wishes)
{
	unsigned char serial[SERIAL_SIZE];
	int64_t now_s = clock_wall_s();
	int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	/* Positive, and not shorter (RFC 5280 4.1.2.2). */
	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
	if (code >= 0)
		code = gnutls_x509_crt_set_version(certificate, 3);
	if (code >= 0)
		code = gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
	if (code >= 0)
		code = gnutls_x509_crt_set_activation_time(certificate, (time_t)(now_s - EARLY_S));
	if (code >= 0)
		code = gnutls_x509_crt_set_expiration_time(certificate,
		    (time_t)(now_s - EARLY_S + (int64_t)wishes->days * DAY_S));
	if (code >= 0)
		code = gnutls_x509_crt_set_key(certificate, key);
	if (code >= 0)
		code = set_names(certificate, &wishes->names);
	if (code >= 0)
		code = set_uses(certificate);
	if (code >= 0)
		code = gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
	return code;
}

static json_t *
names_json(const struct tls_names *names)
{
	json_t *array = json_array();

	for (size_t i = 0; i < names->count; i++)
		(void)json_array_append_new(array, json_string(names->names[i].text));
	return array;
}

static void
tell_json(const struct wishes *wishes, const char *until, const char *fingerprint)
{
	char path[2][PATH_MAX + sizeof(TLS_CERTIFICATE_FILE) + 1];
	json_t *json;

	(void)snprintf(path[0], sizeof(path[0]), "%s/" TLS_CERTIFICATE_FILE, wishes->folder);
	(void)snprintf(path[1], sizeof(path[1]), "%s/" TLS_KEY_FILE, wishes->folder);
	json = json_pack("{s:s, s:s, s:o, s:s, s:s}", "certificate", path[0], "key", path[1],
	    "names", names_json(&wishes->names), "until", until, "fingerprint", fingerprint);
	output_json(json);
	json_decref(json);
}

static void
tell(const struct ctl *ctl, const struct wishes *wishes, gnutls_x509_crt_t certificate)
{
	int64_t until_s = gnutls_x509_crt_get_expiration_time(certificate);
	char fingerprint[FINGERPRINT_MAX] = "?";
	char until[TIME_MAX];

	(void)read_fingerprint(certificate, fingerprint);
	if (ctl->is_json) {
		tell_json(wishes, iso_time(until_s, until), fingerprint);
		return;
	}
	output_format(STYLE_PLAIN, "A certificate for");
	for (size_t i = 0; i < wishes->names.count; i++)
		output_format(STYLE_STRONG, "%s%s", i > 0 ? ", " : " ",
		    wishes->names.names[i].text);
	output_format(STYLE_PLAIN, "\nvalid until %s, SHA-256 fingerprint\n  %s\n",
	    day_text(until_s, until), fingerprint);
	output_format(STYLE_PLAIN,
	    "\nInto the block listen \"http\" of ddnsd.conf, then \"ddnsctl reload\":\n"
	    "  tls-cert = \"%s/" TLS_CERTIFICATE_FILE "\"\n"
	    "  tls-key = \"%s/" TLS_KEY_FILE "\"\n",
	    wishes->folder, wishes->folder);
	output_format(STYLE_PLAIN,
	    "\nNobody vouches for it, so clients have to be told. A browser asks once: compare the "
	    "fingerprint.\nOthers need " TLS_CERTIFICATE_FILE ", which is no secret:\n"
	    "  curl --cacert " TLS_CERTIFICATE_FILE " https://%s:8053/healthz\n"
	    "  Debian: copy it to /usr/local/share/ca-certificates/, then update-ca-certificates\n",
	    wishes->names.names[0].text);
}

static enum ctl_exit
store(const struct wishes *wishes, gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	gnutls_datum_t texts[2] = { { NULL, 0 }, { NULL, 0 } };
	char problem[TLS_STORE_PROBLEM_MAX];
	enum ctl_exit exit = CTL_DONE;
	int code = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &texts[0]);

	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
		    GNUTLS_PKCS_PLAIN, &texts[1]);
	/* GnuTLS ends both with a NUL. */
	if (code < 0)
		exit = fail_gnutls("the certificate cannot be written", code);
	else if (tls_store_write(wishes->folder, (const char *)texts[0].data,
		     (const char *)texts[1].data, wishes->replaces, problem) != STATUS_OK)
		exit = ctl_fail(CTL_FAILED, "%s", problem);
	if (texts[1].data != NULL)
		explicit_bzero(texts[1].data, texts[1].size);
	gnutls_free(texts[0].data);
	gnutls_free(texts[1].data);
	return exit;
}

static enum ctl_exit
make(const struct ctl *ctl, const struct wishes *wishes)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t certificate = NULL;
	enum ctl_exit exit = CTL_DONE;
	int code = gnutls_x509_privkey_init(&key);

	if (code >= 0)
		code = gnutls_x509_crt_init(&certificate);
	if (code >= 0)
		code = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		    (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (code >= 0)
		code = fill(certificate, key, wishes);
	if (code < 0)
		exit = fail_gnutls("the certificate cannot be made", code);
	if (exit == CTL_DONE)
		exit = store(wishes, certificate, key);
	if (exit == CTL_DONE)
		tell(ctl, wishes, certificate);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
	return exit;
}

static enum ctl_exit
run_self_signed(struct ctl *ctl, int argc, char **argv)
{
	struct wishes wishes;
	char problem[TLS_STORE_PROBLEM_MAX];
	enum ctl_exit code = take_wishes(argc, argv, &wishes);

	if (code != CTL_DONE)
		return code;
	if (clock_wall_s() < earliest_wall_s)
		return ctl_fail(CTL_FAILED,
		    "the clock of this machine is not set, and a certificate made now would be over "
		    "when it is; set it first");
	if (tls_store_is_taken(wishes.folder, wishes.replaces, problem))
		return ctl_fail(CTL_FAILED, "%s", problem);
	if (wishes.names.count == 0)
		code = add_machine(ctl, &wishes);
	return code == CTL_DONE ? make(ctl, &wishes) : code;
}

/* --- show --- */

struct view {
	char path[PATH_MAX];
	char key_path[PATH_MAX];
	gnutls_x509_crt_t *chain;
	unsigned chain_length;
	json_t *names;
	int64_t from_s;
	int64_t until_s;
	char fingerprint[FINGERPRINT_MAX];
	char key[PATH_MAX +
	    128]; /* in words, whether the key fits, and whether the daemon may read it */
	bool is_key_good;
};

static enum ctl_exit
read_bounded(const char *path, struct buffer *ret_text)
{
	enum status status;

	buffer_init(ret_text, FILE_CEILING);
	status = buffer_reserve(ret_text, FILE_CEILING);
	if (status == STATUS_OK)
		status = file_read(path, ret_text);
	if (status == STATUS_OK)
		return CTL_DONE;
	return ctl_fail(CTL_FAILED, "%s: cannot be read: %s", path, status_text(status));
}

static enum ctl_exit
read_chain(struct view *view)
{
	struct buffer text;
	enum ctl_exit exit = read_bounded(view->path, &text);
	gnutls_datum_t datum = { (unsigned char *)text.data, (unsigned)text.length };
	int code;

	if (exit == CTL_DONE) {
		code = gnutls_x509_crt_list_import2(&view->chain, &view->chain_length, &datum,
		    GNUTLS_X509_FMT_PEM, 0);
		if (code < 0)
			exit = ctl_fail(CTL_FAILED, "%s: is no certificate in PEM form: %s",
			    view->path, gnutls_strerror(code));
	}
	buffer_release(&text);
	return exit;
}

static void
add_name(struct view *view, int kind, const char *octets, size_t size)
{
	struct address address;
	char text[ADDRESS_TEXT_MAX];

	if (kind == GNUTLS_SAN_DNSNAME)
		(void)json_array_append_new(view->names, json_stringn(octets, size));
	else if (kind == GNUTLS_SAN_IPADDRESS &&
	    address_from_bytes((const uint8_t *)octets, size, &address))
		(void)json_array_append_new(view->names,
		    json_string(address_to_text(&address, text)));
}

static void
read_leaf(struct view *view)
{
	gnutls_x509_crt_t leaf = view->chain[0];
	char octets[TLS_NAME_TEXT_MAX];

	view->names = json_array();
	for (unsigned i = 0;; i++) {
		size_t size = sizeof(octets);
		int kind = gnutls_x509_crt_get_subject_alt_name(leaf, i, octets, &size, NULL);

		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (kind < 0 && kind != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
		add_name(view, kind, octets, size);
	}
	view->from_s = gnutls_x509_crt_get_activation_time(leaf);
	view->until_s = gnutls_x509_crt_get_expiration_time(leaf);
	(void)snprintf(view->fingerprint, sizeof(view->fingerprint), "?");
	(void)read_fingerprint(leaf, view->fingerprint);
}

/* As we call it, and as certbot and others do. */
static void
guess_key(struct view *view)
{
	const char *base = file_base_name(view->path);
	int folder = (int)(base - view->path);
	const char *dot = strrchr(base, '.');

	if (strcmp(base, "fullchain.pem") == 0 || strcmp(base, "cert.pem") == 0)
		(void)snprintf(view->key_path, PATH_MAX, "%.*sprivkey.pem", folder, view->path);
	else
		(void)snprintf(view->key_path, PATH_MAX, "%.*s.key",
		    (int)((dot != NULL ? dot : base + strlen(base)) - view->path), view->path);
}

static bool
fits(gnutls_x509_crt_t certificate, const struct buffer *text)
{
	gnutls_datum_t datum = { (unsigned char *)text->data, (unsigned)text->length };
	unsigned char ids[2][DIGEST_SIZE];
	size_t sizes[2] = { DIGEST_SIZE, DIGEST_SIZE };
	gnutls_x509_privkey_t key;
	bool is_right;

	if (gnutls_x509_privkey_init(&key) < 0)
		return false;
	is_right = gnutls_x509_privkey_import2(key, &datum, GNUTLS_X509_FMT_PEM, NULL,
		       GNUTLS_PKCS_PLAIN) >= 0 &&
	    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]) >= 0 &&
	    gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]) >=
		0 &&
	    sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
	gnutls_x509_privkey_deinit(key);
	return is_right;
}

/* The daemon's user with its groups, as one of its processes would be. False: there is no such user. */
static bool
find_daemon(const struct site *site, const char **ret_user, struct process *ret_process)
{
	const char *user = site->user[0] != '\0' ? site->user : "ddnsd";
	struct passwd *account = getpwnam(user);
	int count = PROCESS_GROUPS_MAX;

	if (account == NULL)
		return false;
	*ret_process = (struct process){ .uid = account->pw_uid };
	if (getgrouplist(user, account->pw_gid, ret_process->groups, &count) < 0)
		count = PROCESS_GROUPS_MAX;
	ret_process->group_count = (unsigned)count;
	*ret_user = user;
	return true;
}

static void
judge_key(struct view *view, const struct site *site)
{
	struct buffer text;
	struct process daemon;
	char obstacle[PATH_MAX] = "";
	const char *user;
	enum status status;

	buffer_init(&text, FILE_CEILING);
	status = buffer_reserve(&text, FILE_CEILING);
	if (status == STATUS_OK)
		status = file_read(view->key_path, &text);
	if (status != STATUS_OK)
		(void)snprintf(view->key, sizeof(view->key), "%s: cannot be read: %s",
		    view->key_path, status_text(status));
	else if (!fits(view->chain[0], &text))
		(void)snprintf(view->key, sizeof(view->key),
		    "%s: does not belong to this certificate", view->key_path);
	else if (find_daemon(site, &user, &daemon) &&
	    !process_may(&daemon, view->key_path, R_OK, obstacle))
		(void)snprintf(view->key, sizeof(view->key),
		    "%s: fits, but the user %.32s may not read %s", view->key_path, user,
		    obstacle[0] != '\0' ? obstacle : "it");
	else {
		(void)snprintf(view->key, sizeof(view->key), "%s: fits", view->key_path);
		view->is_key_good = true;
	}
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_release(&text);
}

static void
show_json(const struct view *view)
{
	char from[TIME_MAX];
	char until[TIME_MAX];
	json_t *json = json_pack("{s:s, s:O, s:s, s:s, s:s, s:i, s:s, s:b}", "certificate",
	    view->path, "names", view->names, "from", iso_time(view->from_s, from), "until",
	    iso_time(view->until_s, until), "fingerprint", view->fingerprint, "chain",
	    (int)view->chain_length, "key", view->key, "key_usable", view->is_key_good);

	output_json(json);
	json_decref(json);
}

static bool
is_in_time(const struct view *view)
{
	int64_t now_s = clock_wall_s();

	return view->from_s <= now_s && now_s < view->until_s;
}

static void
show_text(const struct view *view)
{
	int64_t now_s = clock_wall_s();
	char length[32];
	char day[TIME_MAX];

	output_format(STYLE_PLAIN, "names        ");
	for (size_t i = 0; i < json_array_size(view->names); i++) {
		output_text(STYLE_PLAIN, i > 0 ? ", " : "");
		output_text(STYLE_STRONG, json_string_value(json_array_get(view->names, i)));
	}
	output_format(STYLE_PLAIN, "\nvalid        ");
	if (now_s < view->from_s)
		output_format(STYLE_BAD, "not before %s\n", day_text(view->from_s, day));
	else if (now_s >= view->until_s)
		output_format(STYLE_BAD, "no more, since %s\n", day_text(view->until_s, day));
	else
		output_format(STYLE_GOOD, "until %s, for %s\n", day_text(view->until_s, day),
		    output_length(view->until_s - now_s, length));
	output_format(STYLE_PLAIN, "chain        %u certificate%s\n", view->chain_length,
	    view->chain_length == 1 ? "" : "s");
	output_format(STYLE_PLAIN, "SHA-256      %s\nkey          ", view->fingerprint);
	output_text(view->is_key_good ? STYLE_GOOD : STYLE_BAD, view->key);
	output_format(STYLE_PLAIN, "\n");
}

static void
release_view(struct view *view)
{
	for (unsigned i = 0; i < view->chain_length; i++)
		gnutls_x509_crt_deinit(view->chain[i]);
	gnutls_free(view->chain);
	json_decref(view->names);
}

static enum ctl_exit
look(const struct ctl *ctl, struct view *view, const char *key)
{
	struct site *site;
	enum ctl_exit code = read_chain(view);

	if (code != CTL_DONE)
		return code;
	site = site_new(ctl, "");
	if (site == NULL)
		return ctl_fail(CTL_FAILED, "no memory");
	read_leaf(view);
	if (key != NULL)
		(void)snprintf(view->key_path, PATH_MAX, "%s", key);
	else
		guess_key(view);
	judge_key(view, site);
	site_free(site);
	if (ctl->is_json)
		show_json(view);
	else
		show_text(view);
	return view->is_key_good && is_in_time(view) ? CTL_DONE : CTL_FAILED;
}

static enum ctl_exit
run_show(struct ctl *ctl, int argc, char **argv)
{
	const char *key = NULL;
	const struct option_entry options[] = { { "--key", NULL, &key }, { NULL, NULL, NULL } };
	struct view view = { 0 };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code != CTL_DONE)
		return code;
	(void)snprintf(view.path, sizeof(view.path), "%s",
	    argc > 1 ? argv[1] : FOLDER_DEFAULT "/" TLS_CERTIFICATE_FILE);
	code = look(ctl, &view, key);
	release_view(&view);
	return code;
}

/* --- the program --- */

/* The verb sees itself as "tls", which is what usage lines name. */
static enum ctl_exit
run(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *verb;
		ctl_command *run;
	} verbs[] = { { "self-signed", run_self_signed }, { "show", run_show } };
	char name[] = "tls";

	if (argc > 1 && strcmp(argv[1], "--json") == 0) {
		ctl->is_json = true;
		argc--;
		argv++;
	}
	if (argc < 2)
		return ctl_usage("tls", "say what to do: self-signed or show");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].verb) == 0) {
			argv[1] = name;
			return verbs[i].run(ctl, argc - 1, argv + 1);
		}
	}
	return ctl_usage("tls", "\"%s\" is unknown; allowed: self-signed, show", argv[1]);
}

int
main(int argc, char **argv)
{
	const char *socket = getenv("DDNSD_SOCKET");
	struct ctl ctl = { .socket = socket != NULL && socket[0] != '\0' ? socket
									 : SOCKET_DEFAULT };
	enum ctl_exit code;

	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	code = run(&ctl, argc, argv);
	if (code != CTL_DONE && ctl.is_json)
		ctl_tell_failure();
	ctl_keep_failure(NULL);
	if (!output_flush() && code == CTL_DONE)
		code = CTL_FAILED;
	exit(code);
}
