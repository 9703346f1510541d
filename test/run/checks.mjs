/** What `npm test` and `npm run test:all` run, in this order; the first failure ends it. */
import { delimiter, join } from 'node:path';
import { run } from '../../src/setup/child.mjs';
import { prepare, reportFaults } from '../../src/setup/commands.mjs';
import { SetupError, say } from '../../src/setup/fault.mjs';
import { PROGRAMS, thisMachine } from '../../src/setup/programs.mjs';
import { provide } from '../../src/setup/provide.mjs';
import { LONG } from './long.mjs';
import { runTests } from './runs.mjs';
import { TOOLS } from './tools.mjs';

/** The argument of `npm run test:all`. */
const ALL = '--all';

/**
 * Tools without which tests are skipped.
 * @param {boolean} all with those of long tests
 */
const testTools = (all) => [
  ...Object.entries(TOOLS).flatMap(([name, tool]) =>
    all || !LONG.some(({ tools }) => tools.includes(name)) ? [tool] : [],
  ),
  { ...PROGRAMS.bubblewrap, skipped: 'the tests of jobs in a sandbox' },
  { ...PROGRAMS.pasta, skipped: 'the tests of networks of jobs' },
  { ...PROGRAMS.nft, skipped: 'the tests of networks of jobs' },
];

/** Checks before the tests: the cheap ones that explain a later failure come first. */
const CHECKS = [
  { name: 'style and lint', bin: 'biome', args: ['check', '.'] },
  { name: 'types', bin: 'tsc', args: [] },
  { name: 'types of the browser scripts', bin: 'tsc', args: ['-p', 'tsconfig.client.json'] },
  { name: 'unused code', bin: 'knip', args: [] },
];

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Where a check runs */

/**
 * Sets everything up, runs the suite, and sets the process's exit code.
 *
 * @param {string} root the checkout
 * @param {string[]} args for mocha; with any, nothing else runs. A first one `--all` adds the long tests and their tools
 * @param {import('../../src/setup/programs.mjs').Machine} [machine]
 */
export async function runSuite(root, args, machine = thisMachine()) {
  const all = args[0] === ALL;
  const forMocha = all ? args.slice(1) : args;
  await reportFaults(async () => {
    await provide(PROGRAMS.git, machine);
    await provide(PROGRAMS.redis, machine);
    await prepare(root, machine);
    await provideTestTools(all, machine);
    const where = { cwd: root, env: testEnvironment(process.env, machine.folders) };
    process.exitCode = await runChecks(where, forMocha, all);
  });
}

/**
 * @param {boolean} all
 * @param {import('../../src/setup/programs.mjs').Machine} machine
 */
async function provideTestTools(all, machine) {
  for (const { skipped, ...program } of testTools(all)) {
    try {
      await provide(program, machine);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      say(`${error.message}: skipping ${skipped} (to run them, ${error.remedy})`);
    }
  }
}

/**
 * @param {Where} where
 * @param {string[]} args for mocha; with any, only mocha runs
 * @param {boolean} all
 * @returns {Promise<number>} the exit code of the first that failed, else 0
 */
async function runChecks(where, args, all) {
  if (args.length > 0) return show(where, { name: 'tests', bin: 'mocha', args });
  for (const check of CHECKS) {
    const code = await show(where, check);
    if (code !== 0) return code;
  }
  const [file, mocha] = command(where.cwd, { bin: 'mocha', args: [] });
  return runTests({ file, args: mocha, ...where }, all);
}

/**
 * @param {Where} where
 * @param {{ name: string, bin: string, args: string[] }} check
 * @returns {Promise<number>} its exit code
 */
async function show(where, check) {
  say(`${check.name}: ${[check.bin, ...check.args].join(' ')}`);
  const { code } = await run(...command(where.cwd, check), { ...where, show: true });
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

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} folders where the setup has found the tools of the tests
 * @returns {NodeJS.ProcessEnv} without the person's own settings of Volt: tests must not meet a Redis that is in use. The
 * thousands of repositories of tests are made without git's samples of hooks, which are most of the files of a new one
 */
export function testEnvironment(env, folders) {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('VOLT_') || name.startsWith('VOLT_TEST_'));
  return { ...Object.fromEntries(own), PATH: folders.join(delimiter), GIT_TEMPLATE_DIR: '' };
}
