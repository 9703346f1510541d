import type { EngineSession } from '../engine/engine-session.ts';
import type { SettledIsolation } from '../exec/isolation-check.ts';
import type { NetworkPool } from '../exec/network/network-pool.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import type { KeptTrees } from '../job/kept-trees.ts';
import type { RunnerImages } from '../job/runner-images.ts';
import type { TextWorker } from '../job/texts/text-worker.ts';
import type { StageContext } from '../queues/stage.ts';
import type { RunnerKey } from '../secrets/runner-key.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { LauncherProcess } from './launcher/launcher-process.ts';
import type { SecretRequests } from './secret-requests.ts';
import type { WorkFolder } from './work-folder.ts';

/** What a runner works with; `logger` names the runner. Made once, when it starts, and handed on whole. */
export interface RunnerServices extends StageContext {
  folder: WorkFolder;
  key: RunnerKey;
  settledIsolation: SettledIsolation;
  /** for jobs that name none */
  images: RunnerImages;
  networks: NetworkPool;
  /** absent where nothing is kept of checkouts */
  trees: KeptTrees | undefined;
  /** starts the programs of jobs; absent where this process does */
  launcherProcess: LauncherProcess | undefined;
}

/** What its attempts work with. */
export interface AttemptServices extends RunnerServices {
  disk: DiskWatch;
  secretRequests: SecretRequests;
  texts: TextWorker;
  /** folder of the logs that are not archived yet */
  spools: string;
  lease: AttemptLease;
  engine: EngineSession;
}

/** What an attempt asks the runner's registration. */
export interface AttemptLease {
  /** milliseconds until the lease ends, 0 when it has run out */
  left(): number;
  /** An attempt's process group is open. @returns whether the registration renews its lease; else `beat` does */
  opened(processes: ProcessGroup): boolean;
}
