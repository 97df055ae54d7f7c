// Asks the reference implementation for its result codes: node observatory_reference.mjs FOLDER < cases.json > results.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

if (!Set.prototype.union) {
  Set.prototype.union = function (other) {
    return new Set([...this, ...other]);
  };
}
const from = (file) => import(pathToFileURL(`${process.argv[2]}/src/${file}`).href);
const { retrieve } = await from("retriever/retriever.js");
const { ALL_TESTS } = await from("constants.js");
const { SCORE_TABLE } = await from("grader/charts.js");
const { CONFIG } = await from("config.js");
const { getGradeForScore } = await from("grader/grader.js");
const site = await from("site.js").catch(() => null);

const results = [];
for (const { host, path, httpPort, httpsPort } of JSON.parse(readFileSync(0, "utf8"))) {
  const target = site ? new site.Site(host, undefined, path) : host;
  const seen = await retrieve(target, { httpPort, httpsPort, path });
  if (!seen.responses.auto) {
    results.push(null);
    continue;
  }
  // What Node keeps of a request has no `headers`, so the origin that was sent is put where the test looks for it.
  if (seen.responses.cors) seen.responses.cors.request = { headers: { origin: CONFIG.retriever.corsOrigin } };
  const tests = {};
  let [base, all] = [100, 100];
  for (const test of ALL_TESTS) {
    const output = test(seen);
    const points = SCORE_TABLE.get(output.result).modifier;
    all += points;
    if (points < 0) base += points;
    tests[output.constructor.name] = [output.result, points];
  }
  const { score, grade } = getGradeForScore(base >= 90 ? all : base);
  results.push({ tests, score, grade });
}
console.log(JSON.stringify(results));
