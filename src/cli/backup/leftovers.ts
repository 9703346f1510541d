import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../kernel/config.ts';
import { systemCode } from '../../kernel/errors.ts';

/**
 * The name of the drafts of a backup: a folder with a copy of the database in the data directory, and the archive with `.tar` in the
 * target folder. It contains host and process id, so that leftovers of a killed backup are recognised: several machines may
 * share a folder for backups, and each can check only its own processes.
 */
export function draftName({ host }: Pick<Config, 'host'>, pid = process.pid): string {
  return `.volt-backup-${host}-${pid}`;
}

/** Names in `folder` that killed backups have left. */
export async function leftovers(config: Pick<Config, 'host'>, folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => {
    const pid = Number(/-(\d+)(\.tar)?$/.exec(name)?.[1]);
    if (name.replace(/\.tar$/, '') !== draftName(config, pid)) return false;
    return pid === process.pid || !isAlive(pid);
  });
}

export async function removeLeftovers(config: Pick<Config, 'host'>, folder: string): Promise<void> {
  for (const name of await leftovers(config, folder)) await rm(join(folder, name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // the process of another user is alive
    return systemCode(error) === 'EPERM';
  }
}
