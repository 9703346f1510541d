import { chmodSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { type SettledIsolation, settleIsolation } from '../exec/isolation-check.ts';
import { type JobNetworks, settleNetworks } from '../exec/network/network-check.ts';
import { NetworkPool } from '../exec/network/network-pool.ts';
import { gitVersion } from '../git/command/version.ts';
import { KeptTrees } from '../job/kept-trees.ts';
import { parseRunnerImages } from '../job/runner-images.ts';
import { tellHosts } from '../job/sandbox/host-names.ts';
import { jobPaths, makeJobFolders, removeLeftJobs } from '../job/sandbox/job-paths.ts';
import { checkJobUser } from '../job/sandbox/job-user.ts';
import type { Config } from '../kernel/config.ts';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunnerId } from '../kernel/model.ts';
import { checkRepositoryGlobs, hostLabel, parseLabels } from '../kernel/names.ts';
import { networkPolicy } from '../kernel/network-policy.ts';
import { voltServers } from '../kernel/volt-servers.ts';
import type { Stage, StageContext } from '../queues/stage.ts';
import { ownRunnerKey, parseRunnerKey } from '../secrets/runner-key.ts';
import { LauncherProcess } from './launcher/launcher-process.ts';
import { hasOlder, removeOlder } from './prune.ts';
import { startPruning } from './pruning.ts';
import { Runner } from './runner.ts';
import type { RunnerServices } from './services.ts';
import { weaknesses } from './weaknesses.ts';
import { takeWorkFolder } from './work-folder.ts';

export interface RunnerOptions {
  name?: string | undefined;
  /** beside those of every runner: platform, architecture and host */
  labels: string[];
  slots: number;
  /** patterns of the repositories whose jobs it takes; the settings' by default */
  repos?: string[] | undefined;
  /** images for jobs that name none, as IMAGE or LABEL=IMAGE; those of the settings by default */
  images?: readonly string[] | undefined;
  /** how long running jobs may go on when it is stopped */
  graceSeconds: number;
  /** the settings' by default */
  isolation?: Config['isolation'] | undefined;
  /** seconds without Redis after which it gives up; the settings' by default */
  orphanSeconds?: number | undefined;
}

export interface RunnerStage extends Stage {
  readonly id: RunnerId;
  readonly name: string;
  readonly labels: readonly string[];
  readonly settledIsolation: SettledIsolation;
  readonly networks: JobNetworks;
  /** what changes against the version of Volt that used the data directory before, as sentences */
  readonly changes: readonly string[];
  /** Gives all running jobs back at once; a `stop` that waits for them resolves soon. */
  handBack(): void;
  /** Resolves if the runner cannot go on. */
  readonly failed: Promise<VoltError>;
}

const olderHomes = 'removing homes and caches of an older version, which refs of different trust classes shared';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Starts a runner. It registers, and takes jobs from every queue whose labels it has.
 * @throws VoltError `bad_name`, `bad_label`, `name_taken`, `isolation_unavailable`, `git_missing`, `git_old`,
 * `data_unwritable`
 */
export async function startRunner(context: StageContext, options: RunnerOptions): Promise<RunnerStage> {
  const { config } = context;
  const key = config.runnerKey === undefined ? undefined : parseRunnerKey(config.runnerKey);
  if (options.name !== undefined && !namePattern.test(options.name)) {
    throw new VoltError('bad_name', `"${options.name}" cannot be the name of a runner`, {
      remedy: 'Use 1 to 64 letters, digits, ".", "_" and "-", beginning with a letter or digit.',
    });
  }
  const given = options.images ?? config.runnerImages.split(',').filter((entry) => entry.trim() !== '');
  const images = parseRunnerImages(given);
  const labels = parseLabels([...options.labels, ...images.byLabel.keys(), platform(), arch(), hostLabel(config.host)]);
  const host = hostLabel(config.host).slice('host:'.length);
  makeDataDirectory(config.dataDir);
  await gitVersion();
  const settledIsolation = await settleIsolation(options.isolation ?? config.isolation);
  checkJobUser(settledIsolation.level, config.jobUser);
  const networks = await settleNetworks(settledIsolation.level, networkPolicy(config));
  if (settledIsolation.level === 'user') chmodSync(config.dataDir, 0o700);
  const folder = await takeWorkFolder(dataPaths(config.dataDir).work, host, options.name);
  await removeLeftJobs(config.dataDir, folder.name);
  const logger = context.logger.child({ stage: 'runner', runner: folder.name });
  const trees = await openTrees(config, settledIsolation, folder.name, logger);
  // other systems start programs by posix_spawn(3), which copies nothing, and have no /proc to hand on pipes
  const launcherProcess = platform() === 'linux' ? new LauncherProcess() : undefined;
  const { shared } = jobPaths(settledIsolation.level, config.dataDir, folder.name);
  const pool = new NetworkPool(networks, options.slots + 1, voltServers(config), (lines) => tellHosts(shared, lines));
  for (const name of await pool.start()) logger.warn(`${name} of VOLT_SANDBOX_NETWORK has no address so far`);
  const services: RunnerServices = {
    ...context,
    logger,
    folder,
    key: key ?? ownRunnerKey(config),
    settledIsolation,
    images: { ...images, isRequired: settledIsolation.inContainers },
    networks: pool,
    trees,
    launcherProcess,
  };
  const runner = new Runner(services, {
    isApart: key !== undefined,
    repos: checkRepositoryGlobs(options.repos ?? config.runnerRepos.split(',').filter((glob) => glob !== '')),
    labels,
    slots: options.slots,
    grace: options.graceSeconds * 1000,
    orphanTimeout: (options.orphanSeconds ?? config.orphanTimeout) * 1000,
  });
  const changes = (await hasOlder(config)) ? [olderHomes] : [];
  await runner.start();
  const removing = removeOlder(config, (message) => logger.warn(message)).then(
    ({ homes, caches }) => {
      if (homes.length + caches.length > 0)
        logger.info(`${olderHomes}: ${homes.length} homes, ${caches.length} caches`);
    },
    (error) => logger.warn(`cannot remove what an older version has left: ${errorText(error)}`),
  );
  for (const warning of await weaknesses(config, settledIsolation, networks)) logger.warn(warning);
  const pruning = startPruning(config, trees, logger);
  return {
    get id() {
      return runner.id;
    },
    name: runner.name,
    labels,
    settledIsolation,
    networks,
    changes,
    stop: async () => {
      await pruning.stop();
      await removing;
      await runner.stop();
    },
    handBack: () => runner.handBack(),
    failed: runner.failed,
  };
}

/**
 * Opens the kept checkouts. There are none where the settings say so, where processes may outlive their job, or where a job
 * in a sandbox could change a file without a trace in its ctime.
 */
async function openTrees(
  { dataDir, checkoutLimit }: Config,
  { level, groupKind, filtersCalls }: SettledIsolation,
  runner: string,
  logger: Logger,
): Promise<KeptTrees | undefined> {
  if (checkoutLimit === 0 || groupKind === 'group' || (level !== 'none' && !filtersCalls)) return undefined;
  const paths = jobPaths(level, dataDir, runner);
  makeJobFolders(dataDir, paths);
  return KeptTrees.open(paths.trees, checkoutLimit * 1_073_741_824, (message) => logger.debug(message));
}
