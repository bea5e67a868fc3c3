/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes certificates that sign themselves. */
#include "certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "world.h"

enum { PATH_SIZE = 32, PEM_MAX = 4096, DAY_S = 86400 };

struct pair {
	char certificate[PATH_SIZE];
	char key[PATH_SIZE];
};

static struct pair pairs[CERTIFICATE_PAIRS];

static void
write_file(const char *pem, size_t size, char path[static PATH_SIZE])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	expect(fd >= 0 && write(fd, pem, size) == (ssize_t)size);
	(void)snprintf(path, PATH_SIZE, "/proc/self/fd/%d", fd);
}

static void
make_pair(struct pair *pair)
{
	static const unsigned char serial = 1;
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	char pem[PEM_MAX];
	size_t size = sizeof(pem);

	expect(gnutls_x509_privkey_init(&key) == 0 && gnutls_x509_crt_init(&certificate) == 0);
	expect(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		   (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
	expect(gnutls_x509_crt_set_version(certificate, 3) == 0);
	expect(gnutls_x509_crt_set_serial(certificate, &serial, 1) == 0);
	expect(gnutls_x509_crt_set_activation_time(certificate, CERTIFICATE_WALL_S) == 0);
	expect(gnutls_x509_crt_set_expiration_time(certificate, CERTIFICATE_WALL_S + DAY_S) == 0);
	expect(gnutls_x509_crt_set_key(certificate, key) == 0);
	expect(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0) == 0);
	expect(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, pem, &size) == 0);
	write_file(pem, size, pair->certificate);
	size = sizeof(pem);
	expect(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &size) == 0);
	write_file(pem, size, pair->key);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(certificate);
}

static const struct pair *
obtain(unsigned place)
{
	expect(place < CERTIFICATE_PAIRS);
	if (pairs[place].key[0] == '\0')
		make_pair(&pairs[place]);
	return &pairs[place];
}

const char *
certificate_path(unsigned pair)
{
	return obtain(pair)->certificate;
}

const char *
certificate_key_path(unsigned pair)
{
	return obtain(pair)->key;
}
