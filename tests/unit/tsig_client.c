/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's side of TSIG, for tests. Uses nothing of ddnsd. */
#include "tsig_client.h"

#include <assert.h>
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>

const char *const client_algorithms[CLIENT_ALGORITHMS] = {
	"hmac-md5",
	"hmac-sha1",
	"hmac-sha224",
	"hmac-sha256",
	"hmac-sha384",
	"hmac-sha512",
};

const uint8_t client_secret[CLIENT_SECRET_SIZE + 1] = "a secret of 32 octets, no NUL :)";
const uint8_t client_other_secret[CLIENT_SECRET_SIZE + 1] = "another secret of 32 octets, too";

static const char secret_base64[] = "YSBzZWNyZXQgb2YgMzIgb2N0ZXRzLCBubyBOVUwgOik=";

size_t
client_make_update(uint8_t wire[static CLIENT_WIRE_MAX], uint16_t id)
{
	/* Opcode UPDATE; zone Home.ARPA SOA IN; add laptop.<zone> 60 IN A 192.0.2.1. */
	static const uint8_t update[] = "\x00\x00\x28\x00\x00\x01\x00\x00\x00\x01\x00\x00"
					"\x04Home\x04"
					"ARPA\x00\x00\x06\x00\x01"
					"\x06LapTop\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"
					"\xc0\x00\x02\x01";

	memset(wire, 0, CLIENT_WIRE_MAX);
	memcpy(wire, update, sizeof(update) - 1);
	knot_wire_set_id(wire, id);
	return sizeof(update) - 1;
}

void
client_make_key(knot_tsig_key_t *key, const char *algorithm, const char *name)
{
	int result;

	memset(key, 0, sizeof(*key));
	result = knot_tsig_key_init(key, algorithm, name, secret_base64);
	assert(result == KNOT_EOK);
	assert(key->secret.size == CLIENT_SECRET_SIZE);
	(void)result;
}

static uint8_t *
put(uint8_t *at, uint64_t value, unsigned octets)
{
	while (octets-- > 0)
		*at++ = (uint8_t)(value >> (8 * octets));
	return at;
}

static uint8_t *
put_name(uint8_t *at, const uint8_t *name)
{
	size_t size = knot_dname_size(name);

	memcpy(at, name, size);
	return at + size;
}

static uint8_t *
put_tail(uint8_t *at, const struct client_tsig *tsig)
{
	at = put(at, tsig->error, 2);
	at = put(at, tsig->other_size, 2);
	if (tsig->other_size > 0)
		memcpy(at, tsig->other, tsig->other_size);
	return at + tsig->other_size;
}

/* One buffer with all that RFC 8945 4.3 lists, one HMAC over it with a context of its own. */
static size_t
compute_mac(const struct client_tsig *tsig, dnssec_tsig_algorithm_t algorithm,
    const uint8_t *key_name, const uint8_t *wire, size_t length, uint8_t *mac)
{
	uint8_t digested[2 * CLIENT_WIRE_MAX];
	uint8_t secret[CLIENT_SECRET_SIZE];
	uint8_t *end = digested;
	dnssec_tsig_ctx_t *context = NULL;
	dnssec_binary_t data;
	dnssec_binary_t key;
	int result;

	if (tsig->prior != NULL) {
		end = put(end, tsig->prior_size, 2);
		memcpy(end, tsig->prior, tsig->prior_size);
		end += tsig->prior_size;
	}
	memcpy(end, wire, length);
	end = put_name(end + length, key_name);
	end = put(end, KNOT_CLASS_ANY, 2);
	end = put(end, 0, 4);
	end = put_name(end, dnssec_tsig_algorithm_to_dname(algorithm));
	end = put(end, tsig->time_s, 6);
	end = put(end, tsig->fudge_s, 2);
	end = put_tail(end, tsig);
	data.data = digested;
	data.size = (size_t)(end - digested);
	memcpy(secret, tsig->secret, sizeof(secret));
	key.data = secret;
	key.size = sizeof(secret);
	result = dnssec_tsig_new(&context, algorithm, &key);
	assert(result == DNSSEC_EOK);
	result = dnssec_tsig_add(context, &data);
	assert(result == DNSSEC_EOK);
	result = dnssec_tsig_write(context, mac);
	assert(result == DNSSEC_EOK);
	(void)result;
	dnssec_tsig_free(context);
	return dnssec_tsig_algorithm_size(algorithm);
}

size_t
client_sign(const struct client_tsig *tsig, uint8_t wire[static CLIENT_WIRE_MAX], size_t length)
{
	dnssec_tsig_algorithm_t algorithm = dnssec_tsig_algorithm_from_name(tsig->algorithm);
	knot_dname_storage_t key_name;
	uint8_t mac[64];
	size_t mac_size;
	uint8_t *at = wire + length;
	uint8_t *rdlength;

	(void)knot_dname_from_str(key_name, tsig->key_name, sizeof(key_name));
	mac_size = compute_mac(tsig, algorithm, key_name, wire, length, mac);
	at = put_name(at, key_name);
	at = put(at, KNOT_RRTYPE_TSIG, 2);
	at = put(at, KNOT_CLASS_ANY, 2);
	at = put(at, 0, 4);
	rdlength = at;
	at = put_name(at + 2, dnssec_tsig_algorithm_to_dname(algorithm));
	at = put(at, tsig->time_s, 6);
	at = put(at, tsig->fudge_s, 2);
	at = put(at, mac_size, 2);
	memcpy(at, mac, mac_size);
	at = put(at + mac_size, knot_wire_get_id(wire), 2);
	at = put_tail(at, tsig);
	put(rdlength, (size_t)(at - rdlength) - 2, 2);
	knot_wire_set_arcount(wire, knot_wire_get_arcount(wire) + 1);
	return (size_t)(at - wire);
}

size_t
client_resize_mac(uint8_t wire[static CLIENT_WIRE_MAX], size_t length, size_t mac_size)
{
	knot_pkt_t *packet = client_parse(wire, length);
	uint8_t *rdlength = wire + packet->size + knot_dname_size(packet->tsig_rr->owner) + 8;
	uint8_t *size_field = rdlength + 2 + knot_dname_size(packet->tsig_rr->rrs.rdata->data) + 8;
	size_t old_size = knot_wire_read_u16(size_field);
	uint8_t *behind = size_field + 2 + old_size;
	size_t behind_size = (size_t)(wire + length - behind);

	memmove(size_field + 2 + mac_size, behind, behind_size);
	if (mac_size > old_size)
		memset(size_field + 2 + old_size, 0, mac_size - old_size);
	put(size_field, mac_size, 2);
	put(rdlength, knot_wire_read_u16(rdlength) + mac_size - old_size, 2);
	client_free(packet);
	return length + mac_size - old_size;
}

knot_pkt_t *
client_parse(const uint8_t *wire, size_t length)
{
	uint8_t *copy = malloc(length);
	knot_pkt_t *packet;

	assert(copy != NULL);
	memcpy(copy, wire, length);
	packet = knot_pkt_new(copy, (uint16_t)length, NULL);
	assert(packet != NULL);
	if (knot_pkt_parse(packet, 0) != KNOT_EOK) {
		client_free(packet);
		return NULL;
	}
	return packet;
}

void
client_free(knot_pkt_t *packet)
{
	uint8_t *wire;

	if (packet == NULL)
		return;
	wire = packet->wire;
	knot_pkt_free(packet);
	free(wire);
}
