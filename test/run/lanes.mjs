/** The tests that `npm test` runs: several runs of mocha side by side, and what they came to. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/setup/child.mjs';
import { say } from '../../src/setup/fault.mjs';

/**
 * What the tests of one file came to, as test/support/mocha-reporter.cjs writes it.
 * @typedef {{ passed: number, failed: { title: string, error: string }[], skipped: string[] }} FileResult
 * @typedef {{ name: string, args: string[], env?: Record<string, string> }} Run of mocha
 * @typedef {{ run: Run, code: number, files: Record<string, FileResult> }} Ended
 * @typedef {(run: Run, shown: boolean) => Promise<{ code: number, output: string, files: Record<string, FileResult> }>} Mocha
 */

/**
 * Tests that make networks of their own, and those of the browser, which gives up what it is loading when a network comes
 * or goes: they must not run at the same time.
 */
const NETWORKS = ['test/attack', 'test/chaos', 'test/flow', 'test/web/browser.test.ts'];

/** Tests that start many programs, and wait for them. */
const PROGRAMS_OF_OTHERS = ['test/cli', 'test/job'];

/** What runs once more with the database in PostgreSQL, see test/support/database.ts. */
const ON_POSTGRES = [
  'test/record',
  ...['database-away', 'several-stages', 'verdicts'].map((name) => `test/flow/${name}.test.ts`),
  'test/web/changes.test.ts',
];

/**
 * The lists run side by side, what is in one list one after the other.
 * @type {Run[][]}
 */
const LANES = [
  [
    { name: 'tests', args: [...NETWORKS, ...PROGRAMS_OF_OTHERS].flatMap(excluded) },
    { name: 'tests with PostgreSQL', args: ON_POSTGRES, env: { VOLT_TEST_DATABASE: 'postgres' } },
  ],
  [{ name: 'tests of the whole system', args: NETWORKS }],
  [{ name: 'tests of commands and jobs', args: PROGRAMS_OF_OTHERS }],
];

/** A run that ends within this time (ms) has nothing to tell meanwhile. */
const SILENT = 2 ** 31 - 1;

/**
 * @param {string} path of a file or a folder of tests
 * @returns {string[]} arguments of mocha
 */
function excluded(path) {
  return ['--ignore', path.endsWith('.ts') ? path : `${path}/**`];
}

/**
 * Runs all tests. Those of the first lane are shown as they run, the output of the others follows; a list of what failed
 * comes last.
 *
 * @param {{ file: string, args: string[], cwd: string, env: NodeJS.ProcessEnv }} mocha how mocha is started. When `env`
 * has `VOLT_TEST_RESULTS`, the numbers are written to that file: `{ passed, failed, skipped: [title] }`
 * @returns {Promise<number>} the exit code of the first run that failed, else 0
 */
export async function runTests({ file, args, cwd, env }) {
  const folder = mkdtempSync(join(tmpdir(), 'volt-results-'));
  let begun = 0;
  /** @type {Mocha} */
  const mocha = async ({ args: what, env: more = {} }, shown) => {
    begun += 1;
    const results = join(folder, String(begun));
    const options = {
      cwd,
      env: { ...env, ...more, VOLT_TEST_RESULTS: results },
      ...(shown ? { show: true } : { news: SILENT }),
    };
    const ended = await run(file, [...args, ...what], options);
    return { ...ended, files: readResults(results) };
  };
  try {
    return conclude(await runLanes(mocha), env.VOLT_TEST_RESULTS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @returns {Record<string, FileResult>} nothing when mocha ended before it could tell
 */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * @param {Mocha} mocha
 * @returns {Promise<Ended[]>}
 */
async function runLanes(mocha) {
  // all have ended before a signal or a fault ends the setup
  const ended = await Promise.allSettled(LANES.map((lane, index) => runLane(mocha, lane, index === 0)));
  return ended.flatMap((lane) => {
    if (lane.status === 'rejected') throw lane.reason;
    return lane.value.map(({ title, output, ...result }) => {
      if (output) {
        say(title);
        process.stdout.write(output);
      }
      return result;
    });
  });
}

/**
 * @param {Mocha} mocha
 * @param {Run[]} lane
 * @param {boolean} shown
 */
async function runLane(mocha, lane, shown) {
  const ended = [];
  for (const each of lane) {
    const title = `${each.name}: mocha ${each.args.join(' ')}`;
    if (shown) say(title);
    ended.push({ title, run: each, ...(await mocha(each, shown)) });
  }
  return ended;
}

/**
 * Says what failed, last of all, where nobody has to look for it.
 * @param {Ended[]} runs
 * @param {string | undefined} file for the numbers
 * @returns {number} the exit code
 */
function conclude(runs, file) {
  const results = runs.flatMap(({ files }) => Object.values(files));
  const failed = results.flatMap((result) => result.failed);
  for (const { title, error } of failed) console.log(`\nfailed: ${title}\n${error}`);
  if (file) {
    const passed = results.reduce((sum, result) => sum + result.passed, 0);
    const skipped = results.flatMap((result) => result.skipped);
    writeFileSync(file, JSON.stringify({ passed, failed: failed.length, skipped }));
  }
  return runs.find(({ code }) => code !== 0)?.code ?? 0;
}
