-- SPDX-License-Identifier: Apache-2.0
-- Prebuilt body for every request; environment: BODY (file), HEADERS (file with "Name: value" lines). Prints one JSON line.
local f = assert(io.open(os.getenv("BODY"), "rb")); wrk.body = f:read("*a"); f:close()
wrk.method = "POST"
for line in io.lines(os.getenv("HEADERS")) do
  local k, v = line:match("^(.-):%s*(.-)\r?$"); if k then wrk.headers[k] = v end
end
local r
init = function(args) r = wrk.format() end
request = function() return r end
done = function(s, l, _)
  local e = s.errors
  io.write(string.format('RESULT {"n":%d,"seconds":%.4f,"rps":%.3f,"p50_ms":%.4f,"p95_ms":%.4f,"p99_ms":%.4f,"max_ms":%.3f,"mean_ms":%.4f,"non2xx":%d,"errors":%d,"bytes":%d}\n',
    s.requests, s.duration / 1e6, s.requests / (s.duration / 1e6), l:percentile(50) / 1e3, l:percentile(95) / 1e3, l:percentile(99) / 1e3,
    l.max / 1e3, l.mean / 1e3, e.status, e.connect + e.read + e.write + e.timeout, s.bytes))
end
