/** What `npm test` runs, in this order; the first failure ends it. */
import { join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, say } from './fault.mjs';
import { PROGRAMS } from './programs.mjs';
import { provide } from './provide.mjs';

/** Tools without which tests are skipped, and which ones. */
const TEST_TOOLS = [
  { program: PROGRAMS.chromium, skipped: 'the tests of the dashboard in a browser' },
  { program: PROGRAMS.make, skipped: 'the test of a project with a Makefile' },
  { program: PROGRAMS.pytest, skipped: 'the test of a project of pytest' },
  { program: PROGRAMS.cargo, skipped: 'the test of a project of Cargo' },
  { program: PROGRAMS.go, skipped: 'the test of a Go module' },
  { program: PROGRAMS.maven, skipped: 'the test of a project of Maven' },
  { program: PROGRAMS.gradle, skipped: 'the test of a project of Gradle' },
  { program: PROGRAMS.elixir, skipped: 'the test of a project of Mix' },
  { program: PROGRAMS.lfs, skipped: 'the tests of files in Git LFS' },
  { program: PROGRAMS.ip, skipped: 'the tests of runners that are cut off' },
  { program: PROGRAMS.bubblewrap, skipped: 'the tests of jobs in a sandbox' },
  { program: PROGRAMS.sshd, skipped: 'the tests of deploy keys' },
  { program: PROGRAMS.postgres, skipped: 'the tests of the record in PostgreSQL' },
  { program: PROGRAMS.systemd, skipped: 'the check of the systemd units' },
];

/** Checks before the tests: the cheap ones that explain a later failure come first. */
const CHECKS = [
  { name: 'style and lint', bin: 'biome', args: ['check', '.'] },
  { name: 'types', bin: 'tsc', args: [] },
  { name: 'types of the browser scripts', bin: 'tsc', args: ['-p', 'tsconfig.client.json'] },
  { name: 'unused code', bin: 'knip', args: [] },
];

/**
 * Tests that make networks of their own, and those of the browser, which gives up what it is loading when a network comes
 * or goes: they must not run at the same time.
 */
const NETWORKS = ['test/chaos', 'test/flow', 'test/web/browser.test.ts'];

/** Tests that start many programs, and wait for them. */
const PROGRAMS_OF_OTHERS = ['test/cli', 'test/job'];

/** What is run again with the record in PostgreSQL, see test/support/database.ts. */
const ON_POSTGRES = [
  'test/record',
  ...['database-away', 'several-stages', 'verdicts'].map((name) => `test/flow/${name}.test.ts`),
  'test/web/changes.test.ts',
];

/**
 * Lists of runs of mocha; the lists run side by side, what is in one list one after the other.
 * @type {{ name: string, args: string[], env?: Record<string, string> }[][]}
 */
const LANES = [
  [
    { name: 'tests', args: [...NETWORKS, ...PROGRAMS_OF_OTHERS].flatMap(excluded) },
    { name: 'tests with PostgreSQL', args: ON_POSTGRES, env: { VOLT_TEST_DATABASE: 'postgres' } },
  ],
  [{ name: 'tests of the whole system', args: NETWORKS }],
  [{ name: 'tests of commands and jobs', args: PROGRAMS_OF_OTHERS }],
];

/**
 * @param {string} path of a file or a folder of tests
 * @returns {string[]} arguments of mocha
 */
function excluded(path) {
  return ['--ignore', path.endsWith('.ts') ? path : `${path}/**`];
}

/** A run that ends it within this time (ms) has nothing to tell meanwhile. */
const SILENT = 2 ** 31 - 1;

/** @param {import('./programs.mjs').Machine} machine */
export async function provideTestTools(machine) {
  for (const { program, skipped } of TEST_TOOLS) {
    try {
      await provide(program, machine);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      say(`${error.message}: skipping ${skipped} (to have them, ${error.remedy})`);
    }
  }
}

/**
 * @param {string} root
 * @param {string[]} args for mocha; with any, only mocha runs
 * @returns {Promise<number>} the exit code of the first that failed, else 0
 */
export async function runChecks(root, args) {
  if (args.length > 0) return show(root, { name: 'tests', bin: 'mocha', args });
  for (const check of CHECKS) {
    const code = await show(root, check);
    if (code !== 0) return code;
  }
  return runLanes(root);
}

/**
 * Runs all tests. Those of the first lane are shown as they run, the others are told of when those are over.
 * @param {string} root
 * @returns {Promise<number>} the exit code of the first that failed, else 0
 */
async function runLanes(root) {
  const [first = [], ...others] = LANES;
  // all have ended before a signal or a fault ends the setup
  const ended = await Promise.allSettled([
    runLane(root, first, true),
    ...others.map((lane) => runLane(root, lane, false)),
  ]);
  const codes = [];
  for (const lane of ended) {
    if (lane.status === 'rejected') throw lane.reason;
    for (const { title, result } of lane.value) {
      if (result.output) {
        say(title);
        process.stdout.write(result.output);
      }
      codes.push(result.code);
    }
  }
  return codes.find((code) => code !== 0) ?? 0;
}

/**
 * @param {string} root
 * @param {(typeof LANES)[number]} lane
 * @param {boolean} shown
 */
async function runLane(root, lane, shown) {
  const ended = [];
  for (const { name, args, env = {} } of lane) {
    const title = `${name}: mocha ${args.join(' ')}`;
    if (shown) say(title);
    const { cwd, env: usual } = environment(root);
    const options = { cwd, env: { ...usual, ...env }, ...(shown ? { show: true } : { news: SILENT }) };
    ended.push({ title, result: await run(...command(root, { bin: 'mocha', args }), options) });
  }
  return ended;
}

/**
 * @param {string} root
 * @param {{ name: string, bin: string, args: string[] }} check
 * @returns {Promise<number>} its exit code
 */
async function show(root, check) {
  say(`${check.name}: ${[check.bin, ...check.args].join(' ')}`);
  const { code } = await run(...command(root, check), { ...environment(root), show: true });
  return code;
}

/**
 * @param {string} root
 * @param {{ bin: string, args: string[] }} check
 * @returns {[string, string[]]}
 */
function command(root, { bin, args }) {
  return [process.execPath, [join(root, 'node_modules', '.bin', bin), ...args]];
}

/** @param {string} root */
function environment(root) {
  return { cwd: root, env: testEnvironment(process.env) };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} without the person's own settings of Volt: tests must not meet a Redis that is in use
 */
export function testEnvironment(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('VOLT_') || name.startsWith('VOLT_TEST_')),
  );
}
