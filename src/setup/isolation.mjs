/** What keeps jobs apart from the machine. Volt runs without it, and says what that means. */
import { SetupError, say } from './fault.mjs';
import { findProgram, PROGRAMS, remedyFor } from './programs.mjs';
import { provide } from './provide.mjs';

/** For sandboxes, for networks of jobs, and for the rules of these. */
const TOOLS = [PROGRAMS.bubblewrap, PROGRAMS.pasta, PROGRAMS.nft];

/**
 * Installs what is missing where that is possible, as it does Redis: says so first, and asks a person at the terminal.
 * Everybody else is told the one command. With VOLT_ISOLATION=none nothing is looked for.
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
    // who has said no to one, or has no network, is not asked for the others
    if (!(error instanceof SetupError)) throw error;
  }
  const left = missing.filter((program) => !findProgram(program, machine));
  if (left.length === 0) return;
  const titles = left.map(({ title }) => title).join('; ');
  say(`jobs are kept apart from this machine only with ${titles}: to have them, ${remedyForAll(left, machine)}`);
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
