/** The tests that `npm test` runs: several runs of mocha side by side, and what they came to. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.mjs';
import { say } from './fault.mjs';

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

/** What is run again with the record in PostgreSQL, see test/support/database.ts. */
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

/** Files of one run that are run again when tests in them failed; more than this is not the doing of a busy machine. */
const FILES_AGAIN_MAX = 3;

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
 * Runs all tests. Those of the first lane are shown as they run, the others are told of when those are over; a list of
 * what failed comes last. Files in which tests failed run a second time with nothing beside them, and the second time
 * counts: three lanes on a small machine leave a test less time than anybody's commit will. What passes only then is
 * named, so that it is mended all the same.
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
    const runs = await runLanes(mocha);
    const flaky = [];
    for (const ended of runs) flaky.push(...(await runAgain(mocha, ended)));
    return conclude(runs, flaky, env.VOLT_TEST_RESULTS);
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
 * Runs files in which tests failed by themselves, and puts what they came to in place of what they came to before.
 * @param {Mocha} mocha
 * @param {Ended} ended
 * @returns {Promise<FileResult['failed']>} what failed at first and not again
 */
async function runAgain(mocha, ended) {
  const failed = Object.entries(ended.files).filter(([, result]) => result.failed.length > 0);
  if (failed.length === 0 || failed.length > FILES_AGAIN_MAX || !isAllAbout(failed, ended.code)) return [];
  const names = failed.map(([name]) => name);
  say(`${ended.run.name}, again by themselves: mocha ${names.join(' ')}`);
  const again = await mocha({ ...ended.run, args: names }, true);
  // one that has ended before it could tell has mended nothing
  if (names.some((name) => !again.files[name])) return [];
  ended.code = again.code;
  Object.assign(ended.files, again.files);
  const still = new Set(Object.values(again.files).flatMap((result) => result.failed.map(({ title }) => title)));
  return failed.flatMap(([, result]) => result.failed).filter(({ title }) => !still.has(title));
}

/**
 * Whether nothing went wrong in a run but these tests: mocha ends with their number, while something that was left behind
 * (see test/support/mocha-leaks.ts) has a code of its own, and a hook of all files has no file.
 * @param {[string, FileResult][]} failed
 * @param {number} code
 * @returns {boolean}
 */
function isAllAbout(failed, code) {
  const count = failed.reduce((sum, [, result]) => sum + result.failed.length, 0);
  return code === count && failed.every(([name]) => name !== '');
}

/**
 * Says what failed, last of all, where nobody has to look for it.
 * @param {Ended[]} runs
 * @param {FileResult['failed']} flaky
 * @param {string | undefined} file for the numbers
 * @returns {number} the exit code
 */
function conclude(runs, flaky, file) {
  const results = runs.flatMap(({ files }) => Object.values(files));
  const failed = results.flatMap((result) => result.failed);
  for (const { title, error } of flaky) console.log(`\npassed only by itself: ${title}\n${error}`);
  for (const { title, error } of failed) console.log(`\nfailed: ${title}\n${error}`);
  if (file) {
    const passed = results.reduce((sum, result) => sum + result.passed, 0);
    const skipped = results.flatMap((result) => result.skipped);
    writeFileSync(file, JSON.stringify({ passed, failed: failed.length, skipped }));
  }
  return runs.find(({ code }) => code !== 0)?.code ?? 0;
}
