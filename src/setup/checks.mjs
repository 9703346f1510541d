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
 * What runs beside all other tests, each list one after the other: most of their time is spent waiting, for what a fault
 * brings about, or for programs of others. PostgreSQL: see test/support/database.ts.
 */
const BESIDE = [
  [{ name: 'tests of the whole system', args: ['test/chaos', 'test/flow'], env: {} }],
  [
    { name: 'tests of commands and jobs', args: ['test/cli', 'test/job'], env: {} },
    {
      name: 'tests with PostgreSQL',
      args: [
        'test/record',
        ...['database-away', 'several-stages', 'verdicts'].map((name) => `test/flow/${name}.test.ts`),
        'test/web/changes.test.ts',
      ],
      env: { VOLT_TEST_DATABASE: 'postgres' },
    },
  ],
];

/** Arguments of mocha for all others. */
const OTHERS = ['chaos', 'flow', 'cli', 'job'].flatMap((folder) => ['--ignore', `test/${folder}/**`]);

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
 * Runs all tests. Those that run beside the others are told of when those are over.
 * @param {string} root
 * @returns {Promise<number>} the exit code of the first that failed, else 0
 */
async function runLanes(root) {
  // all have ended before a signal or a fault ends the setup
  const [others, ...beside] = await Promise.allSettled([
    show(root, { name: 'tests', bin: 'mocha', args: OTHERS }),
    ...BESIDE.map((runs) => runSilently(root, runs)),
  ]);
  if (others.status === 'rejected') throw others.reason;
  const codes = [others.value];
  for (const lane of beside) {
    if (lane.status === 'rejected') throw lane.reason;
    for (const { name, args, result } of lane.value) {
      say(`${name}: mocha ${args.join(' ')}`);
      process.stdout.write(result.output);
      codes.push(result.code);
    }
  }
  return codes.find((code) => code !== 0) ?? 0;
}

/**
 * @param {string} root
 * @param {(typeof BESIDE)[number]} runs
 */
async function runSilently(root, runs) {
  const ended = [];
  for (const { name, args, env } of runs) {
    const { cwd, env: usual } = environment(root);
    const result = await run(...command(root, { bin: 'mocha', args }), {
      cwd,
      env: { ...usual, ...env },
      news: SILENT,
    });
    ended.push({ name, args, result });
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
