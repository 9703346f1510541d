import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream, createWriteStream, linkSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInside, removeInside, writeInside } from '../files/hand-over.ts';
import { openInside } from '../files/inside.ts';
import type { StepContext } from '../job-context.ts';
import type { JobLog } from '../log.ts';
import { runStepCommand } from '../steps/command.ts';
import { inProcessGroup } from '../steps/machine-host.ts';
import type { JobFolders } from '../steps/workflow-state.ts';

/** A job whose files are packed. */
export interface PackingJob {
  context: Pick<StepContext, 'sandbox' | 'processes' | 'env'>;
  folders: Pick<JobFolders, 'root' | 'workspace' | 'temp'>;
  log: Pick<JobLog, 'write'>;
}

/** The size and hash of an archive. */
export interface Packed {
  bytes: number;
  /** SHA-256, hexadecimal */
  digest: string;
}

/**
 * Packs files by tar(1) with the rights of the job, so that it reads nothing that the job could not.
 * @param folder at which relative paths begin
 * @param options of tar
 * @param target file to be written, which the job cannot reach
 */
export async function pack(
  job: PackingJob,
  { folder, paths, options }: { folder: string; paths: readonly string[]; options: readonly string[] },
  target: string,
  signal: AbortSignal,
): Promise<Packed> {
  const { root, temp } = job.folders;
  const [list, archive] = [join(temp, `${randomUUID()}.list`), join(temp, `${randomUUID()}.tar`)];
  try {
    writeInside(root, list, paths.map((path) => `${path}\0`).join(''), job.context.sandbox.owner);
    const from = [`--directory=${folder}`, '--null', `--files-from=${list}`];
    await tar(job, ['--create', `--file=${archive}`, ...options, ...from], signal);
    const descriptor = openInside(root, archive);
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    // the stream closes the descriptor
    await pipeline(
      createReadStream('', { fd: descriptor }),
      measure,
      createWriteStream(target, { flags: 'wx', mode: 0o644 }),
      {
        signal,
      },
    );
    return { bytes, digest: hash.digest('hex') };
  } finally {
    for (const file of [list, archive]) removeInside(root, file);
  }
}

/**
 * Unpacks an archive with the rights of the job, so that it writes nothing that the job could not.
 * @param folder is created if it is missing
 */
export async function unpack(
  job: PackingJob,
  archive: string,
  { folder, options }: { folder: string; options: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { folders } = job;
  const { sandbox } = job.context;
  const copy = sandbox.isClosed ? join(folders.temp, `${randomUUID()}.tar`) : archive;
  try {
    if (copy !== archive) await showArchive(archive, copy, job);
    // to start a program in the sandbox takes longer than the program
    const make = ['sh', '-c', 'mkdir -p -- "$0" && exec "$@"', folder];
    await tar(job, ['--extract', `--file=${copy}`, `--directory=${folder}`, ...options], signal, make);
  } finally {
    if (copy !== archive) removeInside(folders.root, copy);
  }
}

/**
 * Shows an archive to the job. A link saves a copy where the job is another user, who can read the file but not change it;
 * nobody may give that file to the job then.
 */
async function showArchive(archive: string, path: string, { context, folders }: PackingJob): Promise<void> {
  const { owner } = context.sandbox;
  let isLink = false;
  const giveTree = async (draft: string) => (isLink ? undefined : context.sandbox.giveTree(draft));
  await createInside(folders.root, path, { owner, giveTree }, async (draft) => {
    isLink = owner !== undefined && linked(archive, draft);
    if (!isLink) await copyFile(archive, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  });
}

/** @returns false where others cannot read the file, the paths are on different disks, or the disk has no hard links */
function linked(archive: string, path: string): boolean {
  try {
    const isOpen = (statSync(archive).mode & constants.S_IROTH) !== 0;
    if (isOpen) linkSync(archive, path);
    return isOpen;
  } catch {
    return false;
  }
}

/** @param before a command that runs tar, whose command line follows it */
async function tar(
  job: PackingJob,
  args: readonly string[],
  signal: AbortSignal,
  before: readonly string[] = [],
): Promise<void> {
  const { context, folders } = job;
  await runStepCommand(inProcessGroup(context.processes), {
    argv: [...before, 'tar', ...args],
    cwd: folders.workspace,
    env: context.env,
    output: (chunk) => job.log.write(chunk),
    signal,
  });
}
