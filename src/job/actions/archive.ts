import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInside, removeInside, writeInside } from '../files/hand-over.ts';
import { openInside } from '../files/inside.ts';
import { runStepCommand } from '../steps/command.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

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
  job: WorkflowState,
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
    await pipeline(createReadStream('', { fd: descriptor }), measure, createWriteStream(target, { flags: 'wx' }), {
      signal,
    });
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
  job: WorkflowState,
  archive: string,
  { folder, options }: { folder: string; options: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { context, folders } = job;
  const { sandbox } = context;
  const copy = join(folders.temp, `${randomUUID()}.tar`);
  try {
    await createInside(folders.root, copy, sandbox, async (draft) => {
      await copyFile(archive, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    });
    const make = { argv: ['mkdir', '-p', '--', folder], cwd: folders.workspace, env: context.env };
    await runStepCommand(context.processes, { ...make, output: (chunk) => job.log.write(chunk), signal });
    await tar(job, ['--extract', `--file=${copy}`, `--directory=${folder}`, ...options], signal);
  } finally {
    removeInside(folders.root, copy);
  }
}

async function tar(job: WorkflowState, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { context, folders } = job;
  await runStepCommand(context.processes, {
    argv: ['tar', ...args],
    cwd: folders.workspace,
    env: context.env,
    output: (chunk) => job.log.write(chunk),
    signal,
  });
}
