-- Prints wrk's own totals, unrounded, as one line. It defines done() only: a response() or request() function
-- would make wrk call Lua for every request.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    "SUMMARY %d %d %d %d %d %d %d %d %d %d\n",
    summary.duration, summary.requests, summary.bytes,
    e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
