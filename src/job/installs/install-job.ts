import { join } from 'node:path';
import type { ListedFile } from '../../git/commit-tree.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { type PackingJob, pack, unpack } from '../actions/pack-files.ts';
import { makeFoldersInside } from '../files/hand-over.ts';
import type { JobInput } from '../input-and-result.ts';
import type { StepContext } from '../job-context.ts';
import type { JobLog } from '../log.ts';
import type { KeptInstalls } from '../storage/kept-installs.ts';
import type { TestHost } from '../test-host.ts';

type Environment = Readonly<Record<string, string>>;

/** A job that installs what its project needs. */
export interface InstallJob {
  input: Pick<JobInput, 'repo' | 'trust'>;
  context: StepContext;
  /** where its commands run, and the machine, where archives are packed */
  host: TestHost;
  machine: TestHost;
  log: JobLog;
  /** of the project in the checkout */
  folder: string;
  /** the files of the commit below that folder, with paths relative to it */
  files: readonly ListedFile[];
  /** whether the commit has more files than Volt reads, so that some are not in that list */
  isCut: boolean;
  /** Runs a command of the install, which the log shows, in the project's folder. Rejects if it fails. */
  run(command: string, env: Environment): Promise<unknown>;
}

/** Characters of what a quiet command prints. */
const mostPrinted = 1_000_000;

/** Runs a command with the job's rights that prints nothing into the log. @returns its exit code and what it printed */
export async function runQuietly(
  { context, host }: Pick<InstallJob, 'context' | 'host'>,
  argv: readonly string[],
  { cwd, env }: { cwd: string; env: Environment },
): Promise<{ exitCode: number | null; output: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const { exitCode } = await host.run({
    argv,
    cwd,
    env,
    output: (chunk) => {
      size += chunk.length;
      if (size <= mostPrinted) chunks.push(Buffer.from(chunk));
    },
    signal: context.signal,
  });
  context.signal.throwIfAborted();
  return { exitCode, output: Buffer.concat(chunks).toString() };
}

/** What an archive takes up, and options of tar(1). */
interface Packing {
  folder: string;
  paths: readonly string[];
  options: readonly string[];
}

/**
 * Refuses to keep what is larger than all installs of the machine may be, before it is packed.
 * @throws Error that says so, as the end of a sentence
 */
export async function checkSize(job: InstallJob, installs: KeptInstalls, packing: Packing): Promise<void> {
  // tar reads no file for this archive
  const argv = ['tar', '--create', '--file=/dev/null', '--totals', ...packing.options, '--', ...packing.paths];
  const { context, machine } = job;
  const env = { ...machine.env, LC_ALL: 'C' };
  const { output } = await runQuietly({ context, host: machine }, argv, { cwd: packing.folder, env });
  const bytes = Number(/^Total bytes written: (\d+)/m.exec(output)?.[1] ?? 0);
  if (bytes > installs.limit)
    throw new Error(`it has ${sizeText(bytes)}, and VOLT_INSTALL_LIMIT is ${sizeText(installs.limit)}`);
}

/** Keeps what the job has installed. @returns the size in bytes @throws Error if it is too large */
export async function keep(
  job: InstallJob,
  installs: KeptInstalls,
  about: { digest: string; what: string },
  packing: Packing,
): Promise<number> {
  await checkSize(job, installs, packing);
  const { bytes } = await installs.keep(about, (archive) =>
    pack(packingJob(job), packing, archive, job.context.signal),
  );
  return bytes;
}

/** Unpacks what an earlier job has installed. @returns whether that succeeded */
export async function restore(job: InstallJob, archive: string, folder: string): Promise<boolean> {
  try {
    const options = ['--no-same-owner'];
    await unpack(packingJob(job), archive, { folder, options }, job.context.signal);
    return true;
  } catch {
    // such as a job at isolation `none` that has changed it
    job.context.signal.throwIfAborted();
    return false;
  }
}

function packingJob({ context, machine, log }: InstallJob): PackingJob {
  const at = (name: string) => join(context.folder, name);
  const folders = { root: context.folder, workspace: at('workspace'), temp: at('temp') };
  makeFoldersInside(folders.root, [folders.temp], context.sandbox.owner);
  return { context: { ...context, env: machine.env }, folders, log };
}
