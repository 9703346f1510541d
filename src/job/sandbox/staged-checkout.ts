import { mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../exec/command.ts';
import type { ProcessGroup } from '../../exec/process-group.ts';
import type { GitLimits, GitRunner } from '../../git/command.ts';
import { detach } from '../../git/detach.ts';
import { errorText, systemCode } from '../../kernel/errors.ts';
import type { OpenFolder } from '../../system/open-folders.ts';
import { removeTree } from '../../system/remove-tree.ts';
import { StepFault } from '../fault.ts';
import { openFolderInside } from '../files/hand-over.ts';
import type { JobWorkspace } from './workspace.ts';

/** What a checkout needs of its job. */
interface Host extends Pick<JobWorkspace, 'folder' | 'sandbox'> {
  processes: Promise<ProcessGroup>;
  git?: GitRunner | undefined;
  gitLimits: GitLimits;
  signal: AbortSignal;
}

/** What is checked out. */
interface StagedCheckout {
  /** where it is to be, in the workspace */
  folder: string;
  /** whether everything that is there goes first; else only the repository is exchanged */
  clean: boolean;
  /** checks out into the folder that it is given, and returns the submodules in it */
  write(folder: string): Promise<readonly string[]>;
  /** is told of that folder when all in it is the job's, which cannot reach it yet */
  written?(folder: string): Promise<void> | undefined;
}

/**
 * Has git check out where no process of the job can reach: what a job has planted in a work tree (a configuration, a
 * hook, a link in the place of a folder) is never met by a git that has Volt's rights. What has come out is given to the
 * job and moved to its place by descriptors, which lead nowhere else whatever the job does meanwhile.
 * @returns the submodules
 */
export async function checkOutStaged(
  host: Host,
  { folder, clean, write, written }: StagedCheckout,
): Promise<readonly string[]> {
  // what is in it is given to the job, it itself is not
  const closed = mkdtempSync(join(host.folder, 'checkout-'));
  const staging = join(closed, 'tree');
  try {
    mkdirSync(staging);
    const submodules = await write(staging);
    const { sandbox } = host;
    const options = { signal: host.signal, runner: host.git, limits: host.gitLimits };
    for (const path of ['', ...submodules]) await detach(join(staging, path), sandbox.mirror, options);
    await sandbox.giveTree(staging);
    await written?.(staging);
    const target = openTarget(host, folder);
    try {
      const names = readdirSync(target.at(''));
      const processes = await host.processes;
      if (names.length > 0) await inside(host, processes, folder, clean ? empty : ['rm', '-rf', '--', '.git']);
      const moved = clean || names.length === 0 ? readdirSync(staging) : ['.git'];
      for (const name of moved) move(join(staging, name), target.at(name));
      if (moved.length === 1 && names.length > 0)
        await inside(host, processes, folder, ['git', 'reset', '--hard', '--quiet']);
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
    // the job goes on writing there
    throw new StepFault(`could not make room for the checkout: ${errorText(error)}`);
  }
}

const empty = ['find', '.', '-mindepth', '1', '-delete'];

/** Opens a folder of the workspace, making what is missing; no link on the way is followed. */
function openTarget({ folder: root, sandbox }: Host, folder: string): OpenFolder {
  try {
    return openFolderInside(root, folder, sandbox.owner);
  } catch (error) {
    if (!['ELOOP', 'ENOTDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
    throw new StepFault(`Repository path '${folder}' leads out of the workspace: something on the way is no folder`);
  }
}

/** Runs a command with the job's own rights, which can harm nobody else. */
async function inside(host: Host, processes: ProcessGroup, folder: string, argv: readonly string[]): Promise<void> {
  let said = '';
  const { exitCode } = await runCommand({
    processes,
    argv,
    cwd: folder,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    output: (chunk) => {
      said = (said + chunk).slice(-1000);
    },
    signal: host.signal,
  });
  host.signal.throwIfAborted();
  if (exitCode !== 0) throw new StepFault(`could not make room for the checkout: ${said.trim()}`);
}
