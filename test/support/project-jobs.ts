import { join } from 'node:path';
import type { JobEngine } from '../../src/engine/engine-session.ts';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import { ownerFetchPolicy } from '../../src/git/access/fetch-policy.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import type { JobResult } from '../../src/job/input-and-result.ts';
import { runJob } from '../../src/job/job.ts';
import type { RunnerImages } from '../../src/job/runner-images.ts';
import { JobIsolation } from '../../src/job/sandbox/job-isolation.ts';
import { KeptInstalls } from '../../src/job/storage/kept-installs.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { TestFolders } from './folder.ts';
import { noEngine, usualContainers } from './no-engine.ts';
import { TestRepository } from './repository.ts';

const discover = { kind: 'discover' } as const;

interface Options {
  secrets?: { [name: string]: string };
  /** beside those of the machine */
  env?: { [name: string]: string };
  toolCache?: string;
  /** jobs that share installs; by default this one shares none */
  installs?: string;
  /** image that `.volt.yml` names */
  image?: string;
  engine?: JobEngine;
  images?: RunnerImages;
  labels?: string[];
}

/** Jobs without isolation that find out how a commit is tested, and test it. Close it in `after`. */
export class ProjectJobs {
  readonly #folders = new TestFolders();
  readonly #mirrors = this.#folders.make();
  readonly #installs = this.#folders.make();
  readonly #texts = new TextWorker();

  /** Runs the job of a commit that holds these files. */
  async run(
    files: Record<string, string>,
    { secrets = {}, env = {}, toolCache = this.#folders.make(), installs, image, ...around }: Options = {},
  ): Promise<JobResult & { log: string }> {
    const folders = this.#folders;
    const repository = new TestRepository(files);
    const chunks: Buffer[] = [];
    const processes = await ProcessGroup.open(3600, 'group');
    try {
      const result = await runJob(
        {
          repo: { name: 'app', url: repository.path },
          ref: 'refs/heads/main',
          trust: ownTrust,
          sha: repository.head(),
          plan: image === undefined ? discover : { kind: 'image', image, from: 'file', plan: discover },
          labels: around.labels,
        },
        {
          folder: join(folders.make(), 'job'),
          mirrors: this.#mirrors,
          fetchPolicy: ownerFetchPolicy,
          gitLimits: {},
          actions: new ActionStore(folders.make(), '/nowhere', { fetchPolicy: ownerFetchPolicy, limits: {} }),
          toolCache,
          ownActions: [],
          containers: usualContainers,
          caches: folders.make(),
          artifacts: folders.make(),
          ...(installs !== undefined && { installs: new KeptInstalls(this.#installs, installs, 1_073_741_824) }),
          runner: 'box',
          engine: around.engine ?? noEngine,
          images: around.images,
          texts: this.#texts.forJob('box'),
          sandbox: JobIsolation.none,
          env: { ...jobEnvironment(), ...env },
          processes: Promise.resolve(processes),
          output: (chunk) => void chunks.push(Buffer.from(chunk)),
          progress: () => {},
          secrets: async () => ({ values: secrets, withheld: null }),
          credential: async () => undefined,
          signal: new AbortController().signal,
        },
      );
      return { ...result, log: Buffer.concat(chunks).toString() };
    } finally {
      await processes.close();
      repository.remove();
    }
  }

  async close(): Promise<void> {
    await this.#texts.close();
    this.#folders.remove();
  }
}
