/** Programs that isolate jobs from the machine. Volt runs without them, and says what that means. */
import { SetupError, say } from './fault.mjs';
import { findProgram, PROGRAMS, remedyFor } from './programs.mjs';
import { provide } from './provide.mjs';

/** For sandboxes, for networks of jobs, and for the rules of these. */
const TOOLS = [PROGRAMS.bubblewrap, PROGRAMS.pasta, PROGRAMS.nft];

/**
 * As root on Debian and Ubuntu, installs what is missing, as `provide` does. Otherwise prints the one command that does. With
 * VOLT_ISOLATION=none it does nothing.
 *
 * @param {import('./programs.mjs').Machine} machine
 * @param {NodeJS.ProcessEnv} env
 */
export async function provideIsolation(machine, env) {
  if (machine.family === 'macos' || env.VOLT_ISOLATION === 'none') return;
  const missing = TOOLS.filter((program) => !findProgram(program, machine));
  try {
    for (const program of machine.root ? missing : []) await provide(program, machine);
  } catch (error) {
    // after a "no" or without a network, do not ask for the others
    if (!(error instanceof SetupError)) throw error;
  }
  const left = missing.filter((program) => !findProgram(program, machine));
  if (left.length === 0) return;
  const titles = left.map(({ title }) => title).join('; ');
  say(`missing for the isolation of jobs: ${titles}. To install them, ${remedyForAll(left, machine)}`);
}

/**
 * @param {import('./programs.mjs').Program[]} programs
 * @param {import('./programs.mjs').Machine} machine
 */
function remedyForAll(programs, machine) {
  const [first, ...others] = programs.map((program) => remedyFor(program, machine));
  const names = others.map((remedy) => /`.* (\S+)`/.exec(remedy)?.[1]).filter(Boolean);
  return names.length === others.length && first?.endsWith('`')
    ? `${first.slice(0, -1)}${names.map((name) => ` ${name}`).join('')}\``
    : [first, ...others].join(', ');
}
