/** The command `start`. On a machine that is set up it only reads a few files. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildBundle, isBundleCurrent } from './bundle.mjs';
import { Interrupted } from './child.mjs';
import { areDependenciesCurrent, installDependencies } from './dependencies.mjs';
import { SetupError } from './fault.mjs';
import { provideIsolation } from './isolation.mjs';
import { PROGRAMS, thisMachine } from './programs.mjs';
import { provide } from './provide.mjs';

/**
 * Runs the command and sets the process's exit code.
 *
 * @param {string} root the checkout
 * @param {string[]} argv the command's name and its arguments
 * @param {import('./programs.mjs').Machine} [machine]
 */
export async function runSetup(root, [command, ...args], machine = thisMachine()) {
  if (command === 'start') return reportFaults(() => start(root, args, machine));
  console.error('usage: node src/setup.mjs start [arguments of `volt up`]');
  process.exitCode = 2;
}

/**
 * Runs a command, prints the error that ended it, and sets the exit code.
 *
 * @param {() => Promise<void>} work
 */
export async function reportFaults(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Interrupted)) console.error(error instanceof SetupError ? error.report() : error);
    process.exitCode = error instanceof Interrupted ? error.exitCode : 3;
  }
}

/**
 * Sets everything up and becomes `volt up`, in the same process: a second Node would use memory for as long as Volt runs.
 *
 * @param {string} root
 * @param {string[]} args
 * @param {import('./programs.mjs').Machine} machine
 */
async function start(root, args, machine) {
  await provide(PROGRAMS.git, machine);
  if (needsRedis(args, process.env)) await provide(PROGRAMS.redis, machine);
  if (!asksForHelp(args) && !wantsNoIsolation(args)) await provideIsolation(machine, process.env);
  await prepare(root, machine);
  const cli = join(root, 'dist', 'cli.js');
  process.argv = [process.execPath, cli, 'up', ...upArguments(args)];
  await import(pathToFileURL(cli).href);
}

/**
 * Installs the dependencies and builds, if either is missing or out of date.
 *
 * @param {string} root
 * @param {import('./programs.mjs').Machine} machine
 */
export async function prepare(root, machine) {
  if (areDependenciesCurrent(root) && isBundleCurrent(root)) return;
  const { withLock } = await import('./lock.mjs');
  await withLock(join(root, '.setup.lock'), async () => {
    if (!areDependenciesCurrent(root)) await installDependencies(root, await provide(PROGRAMS.npm, machine));
    if (!isBundleCurrent(root)) await buildBundle(root);
  });
}

/**
 * @param {string[]} args of `volt up`
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether Volt will start a Redis server of its own
 */
export function needsRedis(args, env) {
  return !env.VOLT_REDIS_URL && !has(args, '--redis') && !asksForHelp(args);
}

/**
 * @param {string[]} args given to `npm start`
 * @returns {boolean} whether jobs run without isolation
 */
export function wantsNoIsolation(args) {
  return args.some((arg, at) => arg === '--isolation=none' || (arg === '--isolation' && args[at + 1] === 'none'));
}

/**
 * @param {string[]} args given to `npm start`
 * @returns {string[]} those for `volt up`, which observes a sample repository where none was ever named
 */
export function upArguments(args) {
  const decided = ['--repo', '--sample', '--sample-if-none'].some((option) => has(args, option));
  return decided || asksForHelp(args) ? args : ['--sample-if-none', ...args];
}

/** @param {string[]} args */
function asksForHelp(args) {
  return has(args, '--help') || args.includes('-h');
}

/**
 * @param {string[]} args
 * @param {string} option
 */
function has(args, option) {
  return args.some((arg) => arg === option || arg.startsWith(`${option}=`));
}
