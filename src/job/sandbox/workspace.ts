import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { callFilter } from '../../exec/call-filter.ts';
import type { Isolation, JobUser, Overlays, SandboxPath, SandboxView } from '../../exec/isolation.ts';
import type { SettledIsolation } from '../../exec/isolation-check.ts';
import type { NetworkKind } from '../../exec/network/network-check.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import { type Config, settingFiles } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { networkPolicy } from '../../kernel/network-policy.ts';
import { jobEnvironment } from '../../system/environment.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobInput } from '../input-and-result.ts';
import { withCertificates } from './certificates.ts';
import { hostNameFiles } from './host-names.ts';
import { type JobHome, makeHome, tools } from './job-home.ts';
import { jobPaths, makeJobFolders } from './job-paths.ts';
import { namedUser } from './job-user.ts';
import { Sandbox } from './sandbox.ts';
import { behindShims } from './version-managers.ts';
import { keepWhole } from './whole-file.ts';

/** The folders of a job, owned by its user. */
const own = ['workspace', 'temp', 'actions', 'reports', 'tmp', 'var-tmp'] as const;
/** The folder of the command files of steps: the job's user owns the files, but not the folder. */
const commands = 'commands';

/** The folders made for one job, and as what its programs run there. */
export interface JobWorkspace {
  /** The job's own folder. Under isolation `none` it may be missing. */
  folder: string;
  sandbox: Sandbox;
  /** the home of an isolated job, where Volt sees the same files in it as the job */
  home?: string | undefined;
  /** folder of tools that jobs share (RUNNER_TOOL_CACHE) */
  toolCache: string;
  /** environment that commands start from */
  env: Readonly<Record<string, string>>;
}

export interface Workspace extends JobWorkspace {
  /** the part of the home that stays when the job is over */
  keptHome?: string | undefined;
  /** Call it when the job is over: its home may then be removed. */
  leave(): void;
}

/**
 * Makes the workspace of one job.
 * @param runner its name
 * @param name of the job, unique within the runner
 * @param network the kind of network that its process group gets
 * @throws VoltError where it cannot be made
 */
export async function makeWorkspace(
  config: Config,
  settledIsolation: SettledIsolation,
  {
    runner,
    name,
    network,
    ...job
  }: Pick<JobInput, 'repo' | 'trust'> & { runner: string; name: string; network: NetworkKind },
): Promise<Workspace> {
  const { level } = settledIsolation;
  const paths = jobPaths(level, config.dataDir, runner);
  // random, so that knowing the name of a job does not give its path
  const folder = join(paths.jobs, `${name}-${randomBytes(8).toString('hex')}`);
  if (level === 'none') {
    const toolCache = toolCacheOf(config) ?? dataPaths(config.dataDir).tools;
    return {
      folder,
      toolCache,
      env: machineVariables(config, job.trust),
      sandbox: Sandbox.none,
      leave: () => undefined,
    };
  }
  makeJobFolders(config.dataDir, paths);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const { dataDir, jobUser } = config;
  const named = jobUser === undefined ? undefined : await namedUser(jobUser);
  const home = await makeHome(settledIsolation, job, { dataDir, homes: paths.homes, folder }, named);
  try {
    const { filtersCalls } = settledIsolation;
    return {
      ...(await isolatedWorkspace(config, { level, filtersCalls }, job, home, {
        folder,
        among: paths.among,
        shared: paths.shared,
        network,
      })),
      leave: home.leave,
    };
  } catch (error) {
    home.leave();
    throw error;
  }
}

async function isolatedWorkspace(
  config: Config,
  { level, filtersCalls }: { level: 'user' | 'sandbox'; filtersCalls: boolean },
  { repo, trust }: Pick<JobInput, 'repo' | 'trust'>,
  { path: home, from, kept: keptHome, user, overlays }: JobHome,
  {
    folder,
    among,
    shared,
    network,
  }: { folder: string; among: string | undefined; shared: string; network: NetworkKind },
): Promise<Omit<Workspace, 'leave'>> {
  const configured = toolCacheOf(config);
  const toolCache = configured ?? join(home, tools);
  const { env: machine, shown: certificates } = withCertificates(machineVariables(config, trust), shared);
  const searchPath = (machine.PATH ?? '').split(':').filter((entry) => entry.startsWith('/') && entry !== '/');
  const behind = behindShims(searchPath);
  const env = { ...environmentOf(machine, home, level === 'user' ? join(folder, 'tmp') : undefined), ...behind.env };
  const mirror = level === 'sandbox' ? await mirrorOf(dataPaths(config.dataDir).mirrors, repo) : undefined;
  const filter = filtersCalls ? join(shared, 'calls.bpf') : undefined;
  if (filter !== undefined) keepWhole(filter, callFilter());
  const replaced = network === 'own' ? hostNameFiles(shared, networkPolicy(config)) : [];
  const isolation: Isolation =
    level === 'user'
      ? { level, user, callFilter: filter, replaced, ...(among && { own: { folder, among } }) }
      : {
          ...{ level, user, callFilter: filter },
          view: viewOf(config, {
            folder,
            home: { from, to: home },
            overlays,
            replaced: [...accounts(from === home ? shared : folder, basename(home), user, home), ...replaced],
            shown: [
              ...programFolders([...searchPath, ...behind.folders], config.dataDir),
              ...shownBy(config),
              ...certificates,
              ...[configured, mirror, filter].filter((each) => each !== undefined),
            ],
          }),
        };
  const sandbox = new Sandbox(isolation, mirror);
  mkdirSync(join(folder, commands), { mode: 0o711 });
  for (const each of own) openFolderInside(folder, join(folder, each), sandbox.owner).close();
  const isWhole = overlays === undefined && from === home;
  return { folder, home: isWhole ? home : undefined, keptHome, toolCache, env, sandbox };
}

/** The variables of the machine's environment that jobs of a trust class get. */
function machineVariables({ jobVariables }: Config, { trusted }: JobInput['trust']): Record<string, string> {
  return jobEnvironment({ trusted, named: (jobVariables ?? '').split(',').flatMap((name) => name.trim() || []) });
}

function toolCacheOf({ toolCache }: Config): string | undefined {
  return toolCache === undefined ? undefined : resolve(toolCache);
}

/** Makes the mirror if it is missing: a sandbox shows only what exists when it is opened. */
async function mirrorOf(mirrors: string, repo: JobInput['repo']): Promise<string> {
  const mirror = new Mirror(mirrors, repo.url, repo);
  await mirror.create();
  return mirror.path;
}

function environmentOf(
  { TMPDIR: _, ...machine }: Record<string, string>,
  home: string,
  temporary: string | undefined,
): Record<string, string> {
  return {
    ...machine,
    HOME: home,
    USER: 'volt',
    LOGNAME: 'volt',
    ...(temporary === undefined ? {} : { TMPDIR: temporary }),
  };
}

function viewOf(
  config: Config,
  workspace: {
    folder: string;
    home: SandboxPath;
    overlays: Overlays | undefined;
    replaced: readonly SandboxPath[];
    shown: readonly string[];
  },
): SandboxView {
  const { folder, home, overlays } = workspace;
  const same = (path: string): SandboxPath => ({ from: path, to: path });
  const inside = (name: string, to = join(folder, name)): SandboxPath => ({ from: join(folder, name), to });
  return {
    readable: [...workspace.replaced, ...workspace.shown.map(same)],
    temporary: [inside('tmp', '/tmp'), inside('var-tmp', '/var/tmp')],
    writable: [...['workspace', 'temp', 'actions', 'reports', commands].map((name) => inside(name)), home],
    overlays,
    hidden: hiddenPaths(config),
  };
}

function shownBy({ sandboxPaths }: Config): string[] {
  return (sandboxPaths?.split(':') ?? []).map((path) => resolve(path));
}

/** The paths of Volt's secrets, wherever they are. */
function hiddenPaths(config: Config): string[] {
  const database = /^sqlite:(?:\/\/)?(\/.*)$/.exec(config.databaseUrl ?? '')?.[1];
  // files that SQLite writes next to a database contain parts of it
  const databaseFiles =
    database === undefined ? [] : ['', '-wal', '-shm', '-journal'].map((end) => `${database}${end}`);
  return [config.dataDir, ...databaseFiles, config.secretsKeyFile, '/etc/volt', ...settingFiles()].flatMap((path) =>
    path === undefined ? [] : resolve(path),
  );
}

/** Node, which runs actions, and the folders of the search path. The rest of a home stays hidden. */
function programFolders(folders: readonly string[], dataDir: string): string[] {
  const programs = dirname(process.execPath);
  const modules = join(dirname(programs), 'lib', 'node_modules');
  return [...new Set([programs, modules, ...folders])].filter(
    (entry) => !`${dataDir}/`.startsWith(`${entry}/`) && entry !== homedir() && existsSync(entry),
  );
}

/** /etc/passwd and /etc/group with the job's user, whom many programs look up. */
function accounts(shared: string, owner: string, { uid, gid }: JobUser, home: string): SandboxPath[] {
  const files: [file: string, line: string, number: number][] = [
    ['passwd', `volt:x:${uid}:${gid}:Job of Volt:${home}:/bin/sh`, uid],
    ['group', `volt:x:${gid}:`, gid],
  ];
  return files.flatMap(([file, line, number]) => {
    const known = `/etc/${file}`;
    if (!existsSync(known)) return [];
    const others = readFileSync(known, 'utf8').replace(new RegExp(`^[^:\\n]*:[^:\\n]*:${number}:.*\\n?`, 'gm'), '');
    const own = join(shared, `${file}-${owner}`);
    keepWhole(own, Buffer.from(`${line}\n${others}`));
    return [{ from: own, to: known }];
  });
}
