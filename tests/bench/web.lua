-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The requests of tests/bench/web, for wrk: behind "--" come KIND, NAMES, ZONE, AUTHORIZATION, "keep" or
-- "close", and the number of the first address. Ends with a line of JSON.

local prefix, suffix, names, zone, kind
local count = 0

function init(args)
	local closes

	kind, names, zone = args[1], tonumber(args[2]), args[3]
	closes = args[5] == "close" and "Connection: close\r\n" or ""
	count = tonumber(args[6])
	suffix = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " .. args[4] .. "\r\n" .. closes .. "\r\n"
	prefix = "GET /nic/update?hostname=host"
end

-- No address comes twice within 16 million requests, and none is the settled one, 10.255.255.1.
local function changed(number)
	local part = number % 16000000

	return "10." .. math.floor(part / 65536) .. "." .. math.floor(part / 256) % 256 .. "." .. part % 256
end

function request()
	local host

	if kind ~= "change" and kind ~= "refresh" then
		return "GET " .. kind .. suffix
	end
	host = prefix .. string.format("%04d", count % names) .. "." .. zone .. "&myip="
	count = count + 1
	return host .. (kind == "change" and changed(count) or "10.255.255.1") .. suffix
end

function done(summary, latency)
	local errors = summary.errors

	io.write(string.format(
		'{"requests":%d,"seconds":%.6f,"octets":%d,"failed":%d,"broken":%d,' ..
		'"p50_us":%d,"p99_us":%d}\n',
		summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout,
		latency:percentile(50), latency:percentile(99)))
end
