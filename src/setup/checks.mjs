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
  { program: PROGRAMS.sshd, skipped: 'the tests of deploy keys' },
];

/** Checks before the tests: the cheap ones that explain a later failure come first. */
const CHECKS = [
  { name: 'style and lint', bin: 'biome', args: ['check', '.'] },
  { name: 'types', bin: 'tsc', args: [] },
  { name: 'types of the browser scripts', bin: 'tsc', args: ['-p', 'tsconfig.client.json'] },
  { name: 'unused code', bin: 'knip', args: [] },
];

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
  const mocha = { name: 'tests', bin: 'mocha', args };
  for (const check of args.length > 0 ? [mocha] : [...CHECKS, mocha]) {
    say(`${check.name}: ${[check.bin, ...check.args].join(' ')}`);
    const bin = join(root, 'node_modules', '.bin', check.bin);
    const { code } = await run(process.execPath, [bin, ...check.args], {
      cwd: root,
      env: testEnvironment(process.env),
      show: true,
    });
    if (code !== 0) return code;
  }
  return 0;
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
