import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Mounts a small, nearly full disk at a new folder; needs root.
 * @returns removes it again; undefined if this user may not mount
 */
export function mountFullDisk(folder: string): (() => void) | undefined {
  if (process.getuid?.() !== 0) return undefined;
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(3_900_000, 1));
  return () => void execFileSync('umount', ['--lazy', folder]);
}
