// The closed loop of load.py, by npm's autocannon: asked on stdin, told on stdout, as there.
// Only to see whether both say the same. `make autocannon` installs it below build/node.
const fs = require("fs");
const path = require("path");
const autocannon = require(
  path.join(__dirname, "..", "build", "node", "node_modules", "autocannon"));

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const request = (body) => ({
  method: "POST", path: asked.path, headers: { "content-type": "application/json" }, body });
const each = Math.floor(asked.bodies.length / asked.clients);
const latencies = [];
const failed = [];
let next = 0;
let ended = 0;
const run = autocannon({
  url: `http://127.0.0.1:${asked.port}`,
  connections: asked.clients,
  amount: each * asked.clients,
  timeout: 600,
  setupClient: (client) => {  // each sends goals of its own
    client.setRequests(asked.bodies.slice(next, next + each).map(request));
    next += each;
  },
}, (error, told) => {
  if (error || failed.length || told.errors) {
    console.error(error || `status ${failed[0]}, ${told.errors} errors`);
    process.exit(1);
  }
  const seconds = (ended - began) / 1000;  // not when it notices, up to a second later
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({
    latencies_ms: latencies, seconds, cpu_share: (used.user + used.system) / 1e6 / seconds }));
});
const began = Date.now();
const before = process.cpuUsage();
run.on("response", (client, status, bytes, ms) => {
  latencies.push(ms);
  ended = Date.now();
  if (status !== 200) failed.push(status);
});
