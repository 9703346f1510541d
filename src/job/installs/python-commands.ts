import { join } from 'node:path';
import { shellWord } from '../../system/shell-word.ts';
import type { PythonEnvironment } from '../discovery/project.ts';
import type { PythonMachine } from './python-machine.ts';

/** What is installed. `built` copies the project into the environment, `editable` refers to its files in the checkout. */
export type PythonWanted = Omit<PythonEnvironment, 'project'> & { project: 'editable' | 'built' | 'none' };

/** How an environment is made and filled. */
export interface PythonCommands {
  /** makes the empty environment; `-I` keeps Python from taking a module of the checkout for one of its own */
  create: string;
  /** installs everything; repeated in an environment that has it, it changes nothing */
  install: string[];
  /** installs packages, without a shell */
  packages: string[];
  /** whether the project's own manager installs everything, as its lock file says */
  isOwn: boolean;
  /** why the project's own manager is not used */
  notice?: string;
}

/** Settings of pip that uv does not read. Without effect on what is installed are these. */
const harmless = /^PIP_(DISABLE_PIP_VERSION_CHECK|NO_INPUT|DEFAULT_TIMEOUT|PROGRESS_BAR|CACHE_DIR|NO_CACHE_DIR|USER)$/;

/**
 * @param venv path of the environment
 * @returns undefined where the runner lacks the only program that can do it
 */
export function pythonCommands(
  wanted: PythonWanted,
  { programs, pip, settings }: PythonMachine,
  { env, venv }: { env: Readonly<Record<string, string>>; venv: string },
): PythonCommands | undefined {
  const hasSettings = Object.keys(env).some((name) => name.startsWith('PIP_') && !harmless.test(name));
  const usesUv = programs.uv != null && (wanted.manager === 'uv' || !(hasSettings || settings.some(Boolean)));
  const isTrivial =
    wanted.project === 'none' && wanted.requirements.length + wanted.groups.length + wanted.packages.length === 0;
  const python = join(venv, 'bin', 'python');
  const packages = usesUv
    ? ['uv', 'pip', 'install', '--quiet', '--python', python]
    : [python, '-I', '-m', 'pip', 'install', '--quiet', '--no-warn-script-location'];
  const common = {
    packages,
    create: usesUv
      ? `uv venv --quiet --seed --python python3 ${shellWord(venv)}`
      : `python3 -I -m venv ${isTrivial ? '--without-pip ' : ''}${shellWord(venv)}`,
  };
  const installer = usesUv ? 'uv pip install' : 'pip install';
  const extra = wanted.packages.length === 0 ? [] : [`${installer} ${wanted.packages.map(shellWord).join(' ')}`];
  const own = ofManager(wanted);
  if (own !== undefined && programs[wanted.manager as 'uv'] != null)
    return { ...common, install: [own, ...extra], isOwn: true };
  if (wanted.manager === 'poetry') return undefined;
  const notice =
    own === undefined ? undefined : `the lock file of ${wanted.manager} has no effect, since it is not installed`;
  const upgrade = !usesUv && wanted.groups.length > 0 && isOlder(pip ?? '0') ? ['pip install --upgrade pip'] : [];
  const words = [
    ...(wanted.project === 'none' ? [] : [...(usesUv ? [] : ['--use-pep517']), ...target(wanted)]),
    ...wanted.requirements.map((path) => `-r ${shellWord(path)}`),
    ...wanted.groups.map((group) => `--group ${shellWord(group)}`),
    ...wanted.packages.map(shellWord),
  ];
  const install = isTrivial ? [] : [...upgrade, `${installer} ${words.join(' ')}`];
  return { ...common, install, isOwn: false, ...(notice !== undefined && { notice }) };
}

function target({ project, extras }: PythonWanted): string[] {
  const self = shellWord(extras.length === 0 ? '.' : `.[${extras.join(',')}]`);
  return project === 'editable' ? ['-e', self] : [self];
}

function ofManager({ manager, project, extras, groups }: PythonWanted): string | undefined {
  const each = (flag: string, names: readonly string[]) => names.map((name) => ` ${flag} ${shellWord(name)}`).join('');
  if (manager === 'uv') {
    const without = project === 'none' ? ' --no-install-project' : project === 'built' ? ' --no-editable' : '';
    return `uv sync --locked${without}${each('--extra', extras)}${each('--group', groups)}`;
  }
  if (manager === 'poetry')
    return `poetry install --no-interaction${project === 'none' ? ' --no-root' : ''}${each('--extras', extras)}${each('--with', groups)}`;
  if (manager === 'pdm')
    return `pdm sync${project === 'none' ? ' --no-self' : ''}${each('--group', [...extras, ...groups])}`;
  return undefined;
}

/** Whether a version of pip knows no dependency groups. */
function isOlder(pip: string): boolean {
  const [major = 0, minor = 0] = pip.split('.').map(Number);
  return major < 25 || (major === 25 && minor < 1);
}
