import { join } from 'node:path';
import { errorText } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { age, duration } from '../../kernel/times.ts';
import { variableOf } from '../../system/environment.ts';
import type { PythonEnvironment } from '../discovery/project.ts';
import { makeFoldersInside } from '../files/hand-over.ts';
import { readInside } from '../files/inside.ts';
import { CommandFailed } from '../steps/command.ts';
import type { KeptInstall, KeptInstalls } from '../storage/kept-installs.ts';
import { installDigest, listed, whyUnknown } from './install-digest.ts';
import { checkSize, type InstallJob, keep, restore, runQuietly } from './install-job.ts';
import { type PythonCommands, type PythonWanted, pythonCommands } from './python-commands.ts';
import { pythonInstaller } from './python-installer.ts';
import { pythonMachine } from './python-machine.ts';

/** Milliseconds after which packages whose versions nobody has fixed are looked for again. */
const freshFor = 86_400_000;

/** Files that say what a Python project is installed with, or how. */
const describing =
  /(^|\/)(pyproject\.toml|setup\.(py|cfg)|Pipfile(\.lock)?|(uv|poetry|pdm)\.lock|pylock\.[\w.-]*toml|hatch\.toml|pdm\.toml|\.python-version|[^/]*(requirements|constraints)[^/]*\.(txt|in))$|(^|\/)requirements\//;

const noVenv = (title: string) =>
  `the python3 of ${title} cannot make environments. Install its module venv there, on Debian and Ubuntu by \`apt-get install python3-venv\``;

/** A program is missing without which no environment can be made. */
function missing(message: string): CommandFailed {
  return new CommandFailed({ status: 'error', reason: 'tool_missing', message, exitCode: null });
}

/**
 * Makes the environment of a Python project, which has nothing of the packages that are there already. What it installs for the project is
 * kept for later jobs, but never the project itself: that is installed anew for each commit.
 * @returns variables for the project's commands
 * @throws CommandFailed `tool_missing`, and where an install fails
 */
export async function makePythonEnvironment(
  { project, ...others }: PythonEnvironment,
  job: InstallJob,
  installs: KeptInstalls | undefined,
): Promise<Record<string, string>> {
  const wanted: PythonWanted = { ...others, project: project ? formOf(job) : 'none' };
  const own = join(job.context.folder, 'environment');
  makeFoldersInside(job.context.folder, [own], job.context.sandbox.owner);
  const folder = job.context.environment ?? own;
  const venv = join(folder, 'venv');
  const bare = withoutPython(job.context.env);
  const env = active(venv, bare);
  const machine = await pythonMachine(job, bare);
  const { title, install } = job.host;
  if (!machine) throw missing(`${title} has no python3 that works. ${install}`);
  const commands = pythonCommands(wanted, machine, { env: bare, venv });
  if (!commands)
    throw missing(`${wanted.manager} installs this project, but ${title} has no ${wanted.manager}. ${install}`);
  if (machine.pip === null && !commands.create.startsWith('uv')) throw missing(noVenv(title));
  if (commands.notice !== undefined) await job.log.say(commands.notice);
  const describes = (path: string) => describing.test(path) || wanted.requirements.includes(path);
  const files = job.files.filter(({ path }) => describes(path));
  const why = whyUnknown(job, describes);
  const store = why === undefined ? installs : undefined;
  if (why !== undefined && installs?.isOff === false)
    await job.log.say(`the Python environment is not kept for later builds: ${why}`);
  const isLocked = commands.isOwn && files.some(({ path }) => path === `${wanted.manager}.lock`);
  const day = isLocked ? null : Math.floor(Date.now() / freshFor);
  const digest = installDigest(job, files, [wanted, machine, day]);
  const environment = new Environment(wanted, commands, { folder, env, job });
  const because = listed(files);
  const kept = await store?.find(digest);
  const reused = kept && (await environment.reuse(kept, because));
  const given = { ...env, ...pathOfSettings(job.context.env) };
  if (reused === 'done') return given;
  const isNew = reused === undefined || reused === 'broken';
  const began = performance.now();
  await (isNew ? environment.make() : environment.fill());
  const took = duration(performance.now() - began);
  const made = isNew ? `made the Python environment in ${took}` : `installed the project in ${took}`;
  const mayKeep = store !== undefined && !store.isOff && commands.install.length > 0 && reused !== 'managed';
  await job.log.say(mayKeep ? `${made}; ${await environment.keep(store, digest, because)}` : made);
  return given;
}

/** With meson-python, an editable project is built again whenever it is imported, which needs the backend then. */
function formOf({ context, folder }: InstallJob): 'editable' | 'built' {
  try {
    const text = readInside(join(context.folder, 'workspace'), join(folder, 'pyproject.toml'), 1_000_000);
    return /^\s*build-backend\s*=\s*["']mesonpy\b/m.test(text) ? 'built' : 'editable';
  } catch {
    return 'editable';
  }
}

/** The environment of one job. */
class Environment {
  readonly #wanted: PythonWanted;
  readonly #commands: PythonCommands;
  readonly #job: InstallJob;
  readonly #folder: string;
  readonly #env: Record<string, string>;

  constructor(
    wanted: PythonWanted,
    commands: PythonCommands,
    { folder, env, job }: { folder: string; env: Record<string, string>; job: InstallJob },
  ) {
    this.#wanted = wanted;
    this.#commands = commands;
    this.#folder = folder;
    this.#env = env;
    this.#job = job;
  }

  /**
   * Unpacks a kept environment, and installs the project into it. Where that is not enough, the project needs other packages than
   * are there (`outdated`), or only its manager can install it (`managed`).
   */
  async reuse({ about, archive }: KeptInstall, because: string): Promise<'done' | 'outdated' | 'managed' | 'broken'> {
    const { log } = this.#job;
    const began = performance.now();
    if (!(await restore(this.#job, archive, this.#folder))) {
      await log.say('the kept Python environment cannot be unpacked, so it is made again');
      return 'broken';
    }
    const unpacked = performance.now();
    const when = age(Date.now() - about.madeAt);
    await log.say(
      `reused the Python environment that an earlier build made ${when} (${sizeText(about.bytes)}), since nothing in ${because} has changed: unpacked it in ${duration(unpacked - began)}`,
    );
    const exitCode = await this.#python('install');
    if (exitCode !== 0) return exitCode === 4 ? 'outdated' : 'managed';
    if (this.#wanted.project !== 'none')
      await log.say(`installed the project in ${duration(performance.now() - unpacked)}`);
    return 'done';
  }

  async make(): Promise<void> {
    const [folder, env] = [this.#folder, this.#env];
    await runQuietly(this.#job, ['rm', '-rf', '--', join(folder, 'venv'), join(folder, 'build')], {
      cwd: folder,
      env,
    });
    await this.#job.run(this.#commands.create, env);
    await this.fill();
  }

  async fill(): Promise<void> {
    for (const command of this.#commands.install) await this.#job.run(command, this.#env);
  }

  /** @returns what was kept, as part of a sentence */
  async keep(installs: KeptInstalls, digest: string, because: string): Promise<string> {
    const job = this.#job;
    try {
      await checkSize(job, installs, { folder: this.#folder, paths: ['venv'], options: [] });
      const noted = await this.#python('note');
      if (noted !== 0) return 'nothing of it is kept, since its own files cannot be told from those of the project';
      const excluded = `--exclude-from=${join(this.#folder, 'excluded')}`;
      const packing = {
        folder: this.#folder,
        paths: ['venv', 'build', 'state.json'],
        options: ['--no-wildcards', '--anchored', excluded],
      };
      const what = `Python environment of ${job.input.repo.name}`;
      const bytes = await keep(job, installs, { digest, what }, packing);
      return `kept ${sizeText(bytes)} for later builds in which nothing in ${because} changes`;
    } catch (error) {
      job.context.signal.throwIfAborted();
      return `it is not kept: ${errorText(error)}`;
    }
  }

  async #python(task: 'note' | 'install'): Promise<number | null> {
    const python = join(this.#folder, 'venv', 'bin', 'python');
    const about = {
      editable: this.#wanted.project === 'editable',
      requirements: this.#wanted.requirements,
      install: this.#commands.packages,
    };
    const flags = task === 'install' ? ['-I', '-S'] : ['-I'];
    const argv = [python, ...flags, '-c', pythonInstaller, task, this.#folder, this.#job.folder, JSON.stringify(about)];
    const { exitCode } = await runQuietly(this.#job, argv, { cwd: this.#job.folder, env: this.#env });
    return exitCode;
  }
}

/** Without variables that show packages outside of the environment to Python. */
function withoutPython({
  PYTHONPATH: _path,
  PYTHONHOME: _home,
  ...env
}: Readonly<Record<string, string>>): Record<string, string> {
  return { ...env, PYTHONNOUSERSITE: '1', PIP_USER: '0', PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
}

/** The folders of modules that the repository's settings name for its commands; those that the runner has are its own. */
function pathOfSettings({ PYTHONPATH: path }: Readonly<Record<string, string>>): Record<string, string> {
  return path === undefined || path === variableOf('PYTHONPATH') ? {} : { PYTHONPATH: path };
}

/** What activates an environment, as its script `activate` does. */
function active(venv: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const path = `${join(venv, 'bin')}:${env.PATH ?? ''}`;
  return {
    ...env,
    VIRTUAL_ENV: venv,
    PATH: path,
    UV_PROJECT_ENVIRONMENT: venv,
    POETRY_VIRTUALENVS_CREATE: 'false',
    PDM_IGNORE_SAVED_PYTHON: '1',
  };
}
