import { mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../exec/command.ts';
import type { ProcessGroup } from '../../exec/process-group.ts';
import { copyBorrowedObjects } from '../../git/borrowed-objects.ts';
import type { GitLimits, GitRunner } from '../../git/command/runner.ts';
import { errorText, systemCode } from '../../kernel/errors.ts';
import type { OpenFolder } from '../../system/open-folders.ts';
import { removeTree } from '../../system/remove-tree.ts';
import { StepFault } from '../fault.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobWorkspace } from './workspace.ts';

/** What a checkout needs of its job. */
interface CheckoutContext extends Pick<JobWorkspace, 'folder' | 'sandbox'> {
  processes: Promise<ProcessGroup>;
  git?: GitRunner | undefined;
  gitLimits: GitLimits;
  signal: AbortSignal;
}

/** What is checked out, and where to. */
interface StagedCheckout {
  /** target folder in the workspace */
  folder: string;
  /** whether the folder is emptied first; else only its repository is replaced */
  clean: boolean;
  /** checks out into a given folder, and returns the submodules in it */
  write(folder: string): Promise<readonly string[]>;
  /** called with that folder when the job's user owns everything in it, before the job can reach it */
  written?(folder: string): Promise<void> | undefined;
}

/**
 * Checks out in a folder that no process of the job can reach: git with Volt's rights never sees what a job planted in a work tree
 * (a configuration, a hook, a link instead of a folder). Then gives the files to the job's user and moves them into the workspace
 * through descriptors, which the job cannot redirect.
 * @returns the submodules
 */
export async function checkOutStaged(
  context: CheckoutContext,
  { folder, clean, write, written }: StagedCheckout,
): Promise<readonly string[]> {
  // the job's user gets what is in it, but not the folder itself
  const closed = mkdtempSync(join(context.folder, 'checkout-'));
  const staging = join(closed, 'tree');
  try {
    mkdirSync(staging);
    const submodules = await write(staging);
    const { sandbox } = context;
    const options = { signal: context.signal, runner: context.git, limits: context.gitLimits };
    for (const path of ['', ...submodules]) await copyBorrowedObjects(join(staging, path), sandbox.mirror, options);
    await sandbox.giveTree(staging);
    await written?.(staging);
    const target = openTarget(context, folder);
    try {
      const names = readdirSync(target.at(''));
      const processes = await context.processes;
      if (names.length > 0) await inside(context, processes, folder, clean ? empty : ['rm', '-rf', '--', '.git']);
      const moved = clean || names.length === 0 ? readdirSync(staging) : ['.git'];
      for (const name of moved) move(join(staging, name), target.at(name));
      if (moved.length === 1 && names.length > 0)
        await inside(context, processes, folder, ['git', 'reset', '--hard', '--quiet']);
    } finally {
      target.close();
    }
    return submodules;
  } finally {
    await removeTree(closed);
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // a process of the job keeps writing there
    throw new StepFault(`could not make room for the checkout: ${errorText(error)}`);
  }
}

const empty = ['find', '.', '-mindepth', '1', '-delete'];

/** Opens a folder of the workspace and makes missing folders. Follows no links. */
function openTarget({ folder: root, sandbox }: CheckoutContext, folder: string): OpenFolder {
  try {
    return openFolderInside(root, folder, sandbox.owner);
  } catch (error) {
    if (!['ELOOP', 'ENOTDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
    throw new StepFault(`Repository path '${folder}' leads out of the workspace: part of it is not a folder`);
  }
}

/** Runs a command with the job's rights. */
async function inside(
  context: CheckoutContext,
  processes: ProcessGroup,
  folder: string,
  argv: readonly string[],
): Promise<void> {
  let said = '';
  const { exitCode } = await runCommand({
    processes,
    argv,
    cwd: folder,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    output: (chunk) => {
      said = (said + chunk).slice(-1000);
    },
    signal: context.signal,
  });
  context.signal.throwIfAborted();
  if (exitCode !== 0) throw new StepFault(`could not make room for the checkout: ${said.trim()}`);
}
