import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Isolation } from '../../exec/isolation.ts';
import type { SettledIsolation } from '../../exec/isolation-check.ts';
import type { NetworkKind } from '../../exec/network/network-check.ts';
import { Mirror } from '../../git/mirror/mirror.ts';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { networkPolicy } from '../../kernel/network-policy.ts';
import { jobEnvironment } from '../../system/environment.ts';
import { rightOf } from '../container-policy.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobInput } from '../input-and-result.ts';
import { withCertificates } from './certificates.ts';
import { filterFiles } from './filter-files.ts';
import { hostNameFiles } from './host-names.ts';
import { type JobHome, makeHome, tools } from './job-home.ts';
import { JobIsolation } from './job-isolation.ts';
import { type JobPaths, jobPaths, makeJobFolders } from './job-paths.ts';
import { namedUser } from './job-user.ts';
import { ownBuilds } from './own-builds.ts';
import { commands, containerFolders, environmentPath, sandboxView } from './sandbox-view.ts';
import { subordinateIds } from './spare-ids.ts';
import { behindShims, versionFolders } from './version-managers.ts';

/** The folders of a job, owned by its user. */
const folders = [
  ...['workspace', 'temp', 'actions', 'reports', 'environment', 'tmp', 'var-tmp'],
  ...Object.values(containerFolders),
] as const;

/** The folders made for one job, and as what its programs run there. */
export interface JobWorkspace {
  /** The job's own folder. Under isolation `none` it may be missing. */
  folder: string;
  sandbox: JobIsolation;
  /** the home of an isolated job, where Volt sees the same files in it as the job */
  home?: string | undefined;
  /** folder of tools that jobs share (RUNNER_TOOL_CACHE) */
  toolCache: string;
  /** environment that commands start from */
  env: Readonly<Record<string, string>>;
  /** where the job sees its folder `environment`; absent where that is the folder's own path */
  environment?: string | undefined;
}

export interface Workspace extends JobWorkspace {
  /** the part of the home that stays when the job is over */
  keptHome?: string | undefined;
  /** Call it when the job is over: its home may then be removed. */
  leave(): void;
}

/** The job that a workspace is made for. */
interface WorkspaceJob extends Pick<JobInput, 'repo' | 'trust'> {
  /** name of its runner */
  runner: string;
  /** unique within the runner */
  name: string;
  /** the kind of network that its process group gets */
  network: NetworkKind;
}

/**
 * Makes the workspace of one job.
 * @throws VoltError where it cannot be made
 */
export async function makeWorkspace(
  config: Config,
  settledIsolation: SettledIsolation,
  job: WorkspaceJob,
): Promise<Workspace> {
  const { level } = settledIsolation;
  const { dataDir, jobUser, jobVariables, toolCache } = config;
  const paths = jobPaths(level, dataDir, job.runner);
  // random, so that knowing the name of a job does not give its path
  const folder = join(paths.jobs, `${job.name}-${randomBytes(8).toString('hex')}`);
  const variables = (jobVariables ?? '').split(',').flatMap((name) => name.trim() || []);
  const env = { ...jobEnvironment({ trusted: job.trust.trusted, named: variables }), ...job.repo.env };
  const configured = toolCache === undefined ? undefined : resolve(toolCache);
  if (level === 'none') {
    const machine = { env, toolCache: configured ?? dataPaths(dataDir).tools };
    return { ...machine, folder, sandbox: JobIsolation.none, leave: () => undefined };
  }
  makeJobFolders(dataDir, paths);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const named = jobUser === undefined ? undefined : await namedUser(jobUser);
  const home = await makeHome(settledIsolation, job, { dataDir, homes: paths.homes, folder }, named);
  try {
    const isolated = { ...settledIsolation, level, env, configured };
    return { ...(await isolatedWorkspace(config, isolated, job, { ...paths, folder }, home)), leave: home.leave };
  } catch (error) {
    home.leave();
    throw error;
  }
}

/** @param machine `env` is the environment that jobs begin with, `configured` the tool cache of the settings */
async function isolatedWorkspace(
  config: Config,
  {
    level,
    filtersCalls,
    ...machine
  }: { level: 'user' | 'sandbox'; filtersCalls: boolean; env: Record<string, string>; configured: string | undefined },
  { repo, trust, network }: WorkspaceJob,
  { folder, among, shared }: JobPaths & { folder: string },
  { path: home, from, kept: keptHome, user, overlays }: JobHome,
): Promise<Omit<Workspace, 'leave'>> {
  const { env: found, shown: certificates } = withCertificates(machine.env, shared);
  const { TMPDIR: _, ...variables } = found;
  const searchPath = (found.PATH ?? '').split(':').filter((entry) => entry.startsWith('/') && entry !== '/');
  const behind = behindShims(searchPath);
  const temporary = level === 'user' && { TMPDIR: join(folder, 'tmp') };
  const own = { HOME: home, USER: 'volt', LOGNAME: 'volt', ...temporary, ...behind.env };
  const mirror = level === 'sandbox' ? new Mirror(dataPaths(config.dataDir).mirrors, repo.url, repo) : undefined;
  // a sandbox shows only what exists when it is opened
  await mirror?.create();
  const isAllowed = rightOf(config.allowBuilds, { repo, trust }) === 'allowed';
  // only root may give a namespace more users than one
  const mayBuild = level === 'sandbox' && isAllowed && process.getuid?.() === 0;
  const builds = mayBuild ? ownBuilds(folder, shared) : undefined;
  const filters = filtersCalls ? filterFiles(shared, mayBuild) : undefined;
  const hosts = network === 'own' ? hostNameFiles(shared, networkPolicy(config)) : [];
  const replaced = [...hosts, ...(builds?.replaced ?? [])];
  const env = { ...variables, ...own, ...builds?.env };
  const apart = { user, ...filters };
  const isolation: Isolation =
    level === 'user'
      ? { level, ...apart, replaced, ...(among && { own: { folder, among } }) }
      : {
          level,
          ...apart,
          ids: mayBuild ? subordinateIds(user) : undefined,
          view: sandboxView(config, {
            folder,
            shared,
            home: { path: home, from, user, overlays },
            programs: [...searchPath, ...behind.folders, ...versionFolders(homedir())],
            shown: [
              ...certificates,
              ...[machine.configured, mirror?.path].filter((each) => each !== undefined),
              ...Object.values(filters ?? {}),
              ...(builds?.shown ?? []),
            ],
            replaced,
          }),
        };
  const sandbox = new JobIsolation(isolation, mirror?.path);
  mkdirSync(join(folder, commands), { mode: 0o711 });
  for (const each of folders) openFolderInside(folder, join(folder, each), sandbox.owner).close();
  const isWhole = overlays === undefined && from === home;
  const toolCache = machine.configured ?? join(home, tools);
  const environment = level === 'sandbox' ? environmentPath : undefined;
  return { folder, home: isWhole ? home : undefined, keptHome, toolCache, env, environment, sandbox };
}
