/** Makes sure that a program is installed. */
import { SetupError, say } from './fault.mjs';
import { find, findProgram, packageOf, remedyFor } from './programs.mjs';

/**
 * Finds a program. As root on Debian and Ubuntu, installs it when it is missing: says so first, and asks when a person is at
 * the terminal. Never uses sudo: only the person decides to become root.
 *
 * @param {import('./programs.mjs').Program} program
 * @param {import('./programs.mjs').Machine} machine
 * @returns {Promise<string>} its path
 * @throws {SetupError} when it is missing; the remedy is one command
 */
export async function provide(program, machine) {
  const found = findProgram(program, machine);
  if (found) return found;
  const missing = new SetupError(program.code, `${program.title} is not installed`, remedyFor(program, machine));
  const apt = machine.root && aptGet(program, machine);
  if (!apt) throw missing;
  const { installPackage, isWelcome } = await import('./apt.mjs');
  say(`${program.title} is missing; installing the package ${apt.name} with apt-get (no service is started)`);
  if (machine.interactive && !(await isWelcome())) throw missing;
  await installPackage(apt.path, apt.name, program.service, machine);
  const installed = findProgram(program, machine);
  if (!installed) throw missing;
  return installed;
}

/**
 * @param {import('./programs.mjs').Program} program
 * @param {import('./programs.mjs').Machine} machine
 * @returns {{ path: string, name: string } | undefined} apt-get and the package to install, on Debian and Ubuntu
 */
function aptGet(program, machine) {
  if (machine.family !== 'debian' && machine.family !== 'ubuntu') return undefined;
  const path = find(['apt-get'], machine.folders);
  const name = packageOf(program, machine.family);
  return path && name ? { path, name } : undefined;
}
