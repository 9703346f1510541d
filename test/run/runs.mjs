/** The tests that `npm test` runs: several runs of mocha side by side, and their results. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/setup/child.mjs';
import { say } from '../../src/setup/fault.mjs';

/**
 * The results of the tests of one file, as test/support/mocha-reporter.cjs writes them.
 * @typedef {{ passed: number, failed: { title: string, error: string }[], skipped: string[], seconds: number }} FileResult
 * @typedef {{ files: string[], env?: Record<string, string> }} Run of mocha
 * @typedef {{ code: number, output: string, files: Record<string, FileResult> }} Ended
 */

/**
 * Jobs in the other tests of these folders have networks of their own. A browser gives up what it is loading when the
 * machine gets or loses a network, so the tests in the browser run before all of them.
 */
const BROWSER = 'test/web/browser.test.ts';
const NETWORKS = /^test\/(flow|attack|chaos)\//;

/** What runs once more with the database in PostgreSQL, see test/support/database.ts. */
const ON_POSTGRES =
  /^test\/(record\/.*|flow\/(database-away|several-stages|verdicts)\.test\.ts|web\/changes\.test\.ts)$/;

/**
 * Files of one run: few enough that all runs end at about the same time, and many enough that what all of them load, two
 * or three seconds of processor time, is loaded seldom. The longest runs, those with networks, are begun early.
 */
const FILES = 16;
const FILES_WITH_NETWORKS = 6;

/** Runs at a time: tests wait for leases and timeouts most of their time, and five keep two cores busy. */
const SLOTS = 5;

/** Milliseconds after which a run that goes on is mentioned again. */
const NEWS_INTERVAL = 60_000;

/** Of the files that took longest so many are named at the end. */
const SLOWEST = 10;

/**
 * Runs all tests, and prints the output of each run when it has ended; a list of what failed comes last.
 *
 * @param {{ file: string, args: string[], cwd: string, env: NodeJS.ProcessEnv }} mocha how mocha is started. When `env`
 * has `VOLT_TEST_RESULTS`, the numbers are written to that file: `{ passed, failed, skipped: [title] }`
 * @returns {Promise<number>} the exit code of the first run that failed, else 0
 */
export async function runTests(mocha) {
  const folder = mkdtempSync(join(tmpdir(), 'volt-results-'));
  try {
    return conclude(await runAll(mocha, folder), mocha.env.VOLT_TEST_RESULTS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Parameters<typeof runTests>[0]} mocha
 * @param {string} folder for the results
 * @returns {Promise<Ended[]>}
 */
async function runAll(mocha, folder) {
  const { browser, networks, others } = planRuns(mocha.cwd);
  const inBrowser = Promise.all(browser.map((run) => runMocha(mocha, folder, run)));
  // those that take longest come as early as they may
  const left = [...others.splice(0, SLOTS - 1), ...networks, ...others];
  /** @type {Ended[]} */
  const ended = [];
  /** @param {Promise<Ended[]>} [first] what the slot begins with */
  const slot = async (first) => {
    if (first) ended.push(...(await first));
    for (let next = left.shift(); next; next = left.shift()) {
      if (networks.includes(next)) await inBrowser;
      ended.push(await runMocha(mocha, folder, next));
    }
  };
  // all have ended before a signal or a fault ends the setup
  const slots = await Promise.allSettled(
    Array.from({ length: SLOTS }, (_, index) => slot(index === 0 ? inBrowser : undefined)),
  );
  const failed = slots.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  return ended;
}

/**
 * Deals all files of tests out to runs.
 * @param {string} root the checkout
 * @returns {{ browser: Run[], networks: Run[], others: Run[] }}
 */
function planRuns(root) {
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .map((name) => join('test', String(name)))
    .filter((name) => /\.test\.tsx?$/.test(name))
    .sort();
  const networks = files.filter((name) => NETWORKS.test(name));
  const rest = files.filter((name) => !NETWORKS.test(name) && name !== BROWSER);
  const onPostgres = files.filter((name) => ON_POSTGRES.test(name));
  return {
    browser: files.filter((name) => name === BROWSER).map((name) => ({ files: [name] })),
    networks: portions(networks, FILES_WITH_NETWORKS),
    others: [
      ...portions(onPostgres, FILES).map((run) => ({ ...run, env: { VOLT_TEST_DATABASE: 'postgres' } })),
      ...portions(rest, FILES),
    ],
  };
}

/**
 * @param {string[]} files
 * @param {number} size
 * @returns {Run[]}
 */
function portions(files, size) {
  return files.flatMap((_, at) => (at % size === 0 ? [{ files: files.slice(at, at + size) }] : []));
}

/**
 * @param {Parameters<typeof runTests>[0]} mocha
 * @param {string} folder
 * @param {Run} what
 * @returns {Promise<Ended>}
 */
async function runMocha({ file, args, cwd, env }, folder, { files, env: change }) {
  const results = join(mkdtempSync(join(folder, 'run-')), 'results.json');
  const begun = Date.now();
  const ended = await run(file, [...args, ...files], {
    cwd,
    env: { ...env, ...change, VOLT_TEST_RESULTS: results },
    news: NEWS_INTERVAL,
  });
  say(
    `tests (${Math.round((Date.now() - begun) / 1000)} s)${change ? ' with PostgreSQL' : ''}: mocha ${files.join(' ')}`,
  );
  process.stdout.write(ended.output);
  return { ...ended, files: readResults(results) };
}

/**
 * @param {string} file
 * @returns {Record<string, FileResult>} nothing when mocha ended before it could write them
 */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * Says what took longest and, last of all, where nobody has to look for it, what failed.
 * @param {Ended[]} runs
 * @param {string | undefined} file for the numbers
 * @returns {number} the exit code
 */
function conclude(runs, file) {
  const results = runs.flatMap(({ files }) => Object.entries(files));
  const slowest = results.sort(([, one], [, other]) => other.seconds - one.seconds).slice(0, SLOWEST);
  console.log('\nthe slowest files of tests:');
  for (const [name, { seconds }] of slowest) console.log(`  ${Math.round(seconds)} s  ${name}`);
  const failed = results.flatMap(([, result]) => result.failed);
  for (const { title, error } of failed) console.log(`\nfailed: ${title}\n${error}`);
  if (file) {
    const passed = results.reduce((sum, [, result]) => sum + result.passed, 0);
    const skipped = results.flatMap(([, result]) => result.skipped);
    writeFileSync(file, JSON.stringify({ passed, failed: failed.length, skipped }));
  }
  return runs.find(({ code }) => code !== 0)?.code ?? 0;
}
