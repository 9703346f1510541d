/** The tests that `npm test` runs: several runs of mocha side by side, and their results. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/setup/child.mjs';
import { say } from '../../src/setup/fault.mjs';

/**
 * The results of the tests of one file, as test/support/mocha-reporter.cjs writes them.
 * @typedef {{ passed: number, failed: { title: string, error: string }[], skipped: string[], seconds: number }} FileResult
 * @typedef {{ name: string, args: string[], env?: Record<string, string> }} Run of mocha
 * @typedef {{ code: number, output: string, files: Record<string, FileResult>, seconds: number }} Ended
 */

/**
 * Jobs in these tests have networks of their own. A browser gives up what it is loading when the machine gets or loses a
 * network, so the tests in the browser run before all of these.
 */
const BROWSER = 'test/web/browser.test.ts';
const NETWORKS = ['test/flow/[a-r]*.test.ts', 'test/flow/[!a-r]*.test.ts', 'test/attack', 'test/chaos'];

/** Large folders have runs of their own, the longest first, so that all runs end at about the same time. */
const FOLDERS = ['test/cli', 'test/job', 'test/git', 'test/web'];

/** What runs once more with the database in PostgreSQL, see test/support/database.ts. */
const ON_POSTGRES = [
  'test/record',
  ...['database-away', 'several-stages', 'verdicts'].map((name) => `test/flow/${name}.test.ts`),
  'test/web/changes.test.ts',
];

/** @type {Run} */
const IN_A_BROWSER = { name: 'tests in a browser', args: [BROWSER] };

/** @type {Run[]} */
const WITH_NETWORKS = NETWORKS.map((path) => ({ name: `tests of the whole system (${path})`, args: [path] }));

/** @type {Run[]} */
const OTHERS = [
  ...FOLDERS.map((path) => ({ name: `tests of ${path}`, args: [path, '--ignore', BROWSER] })),
  {
    name: 'all other tests',
    args: [
      'test',
      ...[...FOLDERS, 'test/flow', 'test/attack', 'test/chaos'].flatMap((path) => ['--ignore', `${path}/**`]),
    ],
  },
  { name: 'tests with PostgreSQL', args: ON_POSTGRES, env: { VOLT_TEST_DATABASE: 'postgres' } },
];

/** Runs at a time: tests wait most of their time, and three keep two cores busy. */
const SLOTS = 3;

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
  const inBrowser = runMocha(mocha, folder, IN_A_BROWSER);
  const left = [...OTHERS.slice(0, SLOTS - 1), ...WITH_NETWORKS, ...OTHERS.slice(SLOTS - 1)];
  /** @type {Ended[]} */
  const ended = [];
  /** @param {Promise<Ended>} [first] what the slot begins with */
  const slot = async (first) => {
    if (first) ended.push(await first);
    for (let next = left.shift(); next; next = left.shift()) {
      if (WITH_NETWORKS.includes(next)) await inBrowser;
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
 * @param {Parameters<typeof runTests>[0]} mocha
 * @param {string} folder
 * @param {Run} what
 * @returns {Promise<Ended>}
 */
async function runMocha({ file, args, cwd, env }, folder, { name, args: more, env: change }) {
  const results = join(mkdtempSync(join(folder, 'run-')), 'results.json');
  say(`${name} begin`);
  const begun = Date.now();
  const ended = await run(file, [...args, ...more], {
    cwd,
    env: { ...env, ...change, VOLT_TEST_RESULTS: results },
    news: NEWS_INTERVAL,
  });
  const seconds = Math.round((Date.now() - begun) / 1000);
  say(`${name}: mocha ${more.join(' ')} (${seconds} s)`);
  process.stdout.write(ended.output);
  return { ...ended, files: readResults(results), seconds };
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
