/** The tests that `npm test` runs: several runs of mocha side by side, and their results. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/setup/child.mjs';
import { say } from '../../src/setup/fault.mjs';
import { isLong } from './long.mjs';
import { inMemory } from './memory-folder.mjs';

/**
 * The results of the tests of one file, as test/support/mocha-reporter.cjs writes them.
 * @typedef {{ passed: number, failed: { title: string, error: string }[], skipped: string[], seconds: number }} FileResult
 * @typedef {{ files: string[], env?: Record<string, string> }} Run of mocha
 * @typedef {import('./compile.mjs').Compiled} Compiled
 * @typedef {{ file: string, args: string[], cwd: string, env: NodeJS.ProcessEnv }} Mocha how it is started
 * @typedef {{ code: number, output: string, files: Record<string, FileResult> }} Ended
 */

/**
 * Jobs in the other tests of these folders have networks of their own. A browser gives up what it is loading when the
 * machine gets or loses a network, so the tests in the browser run before all of them.
 */
const BROWSER = 'test/web/browser.test.ts';
const NETWORKS = /^test\/(flow|attack|chaos)\//;

/** Tests in these folders wait for other processes for most of their time, so their runs take longest. */
const WAITING = /^test\/(bench|cli|engine|exec|git|job|notifier|runner)\//;

/** These load sources a second time, or start them as processes. */
const FROM_SOURCES = ['test/reporter/test-results.test.ts', 'test/system/task-process.test.ts'];

/** These keep checkouts for later jobs, which needs file times that are finer than those of files in memory. */
const ON_DISK = /^test\/((attack|chaos|flow|runner)\/|.*\b(kept-trees?|tree-manifest)\.test)/;

/** What `npm run test:all` runs once more with the database in PostgreSQL, see test/support/database.ts. */
const ON_POSTGRES = new RegExp(
  `^test/(${[
    'record/.*',
    'dispatcher/(commits|environments)',
    'flow/(approvals|database-away|pull-requests|several-stages|statuses-at-forges|verdicts)',
    'notifier/(notices|notices-to-people|status-delivery|target-maintainers)',
    'observer/pull-requests',
    'web/(approvals|audit|changes|forge-links|forge-problems|hooks|roles)',
  ].join('|')})\\.test\\.ts$`,
);

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
 * @param {Mocha} mocha when its `env` has `VOLT_TEST_RESULTS`, the numbers are written to that file:
 * `{ passed, failed, skipped: [title] }`
 * @param {boolean} all with those of long.mjs, and with PostgreSQL
 * @returns {Promise<number>} the exit code of the first run that failed, else 0
 */
export async function runTests(mocha, all) {
  // loaded here: before the setup there is no bundler
  const { compileTests } = await import('./compile.mjs');
  const files = testFiles(mocha.cwd).filter((name) => all || !isLong(name));
  const compiled = await compileTests(
    mocha.cwd,
    files.filter((name) => !FROM_SOURCES.includes(name)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'volt-results-'));
  try {
    const ended = await inMemory((memory) => {
      const fast = memory === undefined ? mocha : { ...mocha, env: { ...mocha.env, TMPDIR: memory } };
      return runAll(planRuns(files, all), (run) =>
        runMocha(run.files.some(isOnDisk) ? mocha : fast, compiled, folder, run),
      );
    });
    return conclude(ended, mocha.env.VOLT_TEST_RESULTS);
  } finally {
    compiled.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {ReturnType<typeof planRuns>} runs
 * @param {(run: Run) => Promise<Ended>} start
 * @returns {Promise<Ended[]>}
 */
async function runAll({ browser, networks, others }, start) {
  const inBrowser = Promise.all(browser.map(start));
  // those that take longest come as early as they may
  const left = [...others.splice(0, SLOTS - 1), ...networks, ...others];
  /** @type {Ended[]} */
  const ended = [];
  /** @param {Promise<Ended[]>} [first] what the slot begins with */
  const slot = async (first) => {
    if (first) ended.push(...(await first));
    for (let next = left.shift(); next; next = left.shift()) {
      if (networks.includes(next)) await inBrowser;
      ended.push(await start(next));
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
 * @param {string} root the checkout
 * @returns {string[]} all files of tests, relative to it
 */
function testFiles(root) {
  return readdirSync(join(root, 'test'), { recursive: true })
    .map((name) => join('test', String(name)))
    .filter((name) => /\.test\.tsx?$/.test(name))
    .sort();
}

/** @param {string} name of a file of tests */
function isOnDisk(name) {
  return ON_DISK.test(name);
}

/**
 * Deals files of tests out to runs.
 * @param {string[]} files
 * @param {boolean} all
 * @returns {{ browser: Run[], networks: Run[], others: Run[] }}
 */
function planRuns(files, all) {
  const hasNetworks = (/** @type {string} */ name) => NETWORKS.test(name);
  const withoutNetworks = (/** @type {string} */ name) => !NETWORKS.test(name);
  const apart = [BROWSER, ...FROM_SOURCES];
  const rest = files.filter((name) => withoutNetworks(name) && !apart.includes(name));
  const onDisk = rest.filter(isOnDisk);
  rest.sort((one, other) => Number(WAITING.test(other)) - Number(WAITING.test(one)));
  const onPostgres = (/** @type {(name: string) => boolean} */ is, /** @type {number} */ size) =>
    portions(all ? files.filter((name) => ON_POSTGRES.test(name) && is(name)) : [], size).map((run) => ({
      ...run,
      env: { VOLT_TEST_DATABASE: 'postgres' },
    }));
  return {
    browser: files.filter((name) => name === BROWSER).map((name) => ({ files: [name] })),
    networks: [
      ...portions(files.filter(hasNetworks), FILES_WITH_NETWORKS),
      ...onPostgres(hasNetworks, FILES_WITH_NETWORKS),
    ],
    others: [
      ...onPostgres(withoutNetworks, FILES),
      ...portions([...onDisk, ...rest.filter((name) => !onDisk.includes(name))], FILES),
      ...portions(
        files.filter((name) => FROM_SOURCES.includes(name)),
        FILES,
      ),
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
 * @param {Mocha} mocha
 * @param {Compiled} compiled
 * @param {string} folder for the results
 * @param {Run} what
 * @returns {Promise<Ended>}
 */
async function runMocha({ file, args, cwd, env }, compiled, folder, { files, env: change }) {
  const results = join(mkdtempSync(join(folder, 'run-')), 'results.json');
  const begun = Date.now();
  const sources = files.some((name) => FROM_SOURCES.includes(name));
  const paths = new Map(files.map((name) => [sources ? name : compiled.path(name), name]));
  const ended = await run(file, [...args, ...(sources ? [] : compiled.args), ...paths.keys()], {
    cwd,
    env: { ...env, ...change, VOLT_TEST_RESULTS: results },
    news: NEWS_INTERVAL,
  });
  say(
    `tests (${Math.round((Date.now() - begun) / 1000)} s)${change ? ' with PostgreSQL' : ''}: mocha ${files.join(' ')}`,
  );
  process.stdout.write(ended.output);
  return { ...ended, files: readResults(results, paths) };
}

/**
 * @param {string} file
 * @param {Map<string, string>} paths the source of each file that mocha ran
 * @returns {Record<string, FileResult>} by source; nothing when mocha ended before it could write them
 */
function readResults(file, paths) {
  try {
    const results = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
    return Object.fromEntries(results.map(([path, result]) => [paths.get(path) ?? path, result]));
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
