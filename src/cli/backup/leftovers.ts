import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../kernel/config.ts';
import { systemCode } from '../../kernel/errors.ts';

/**
 * What a backup writes before it is whole: a folder with a copy of the record in the data directory, and the archive,
 * ending in `.tar`, beside where it is to be. Both names tell whose they are, so that what a killed backup has left can be told from what is being written:
 * a folder for backups may be shared by several machines, and each knows only of its own processes.
 */
export function draftName({ host }: Pick<Config, 'host'>, pid = process.pid): string {
  return `.volt-backup-${host}-${pid}`;
}

/** Names in `folder` that backups have left which ended before their time. */
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
    // another user's process is alive as well
    return systemCode(error) === 'EPERM';
  }
}
