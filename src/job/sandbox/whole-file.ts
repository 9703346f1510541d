import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../kernel/errors.ts';

/** Others find all of it, or what was there before, though the disk is full or this process is killed over it. */
export function writeWhole(path: string, content: string | Buffer): void {
  const draft = join(dirname(path), `.${basename(path)}-${randomUUID()}`);
  try {
    writeFileSync(draft, content, { mode: 0o644 });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Has a file with that content, which is written only where it is not so already. Whoever has the earlier one, open or
 * mounted, keeps it as it was.
 */
export function keepWhole(path: string, content: Buffer): void {
  try {
    if (readFileSync(path).equals(content)) return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  }
  writeWhole(path, content);
}

/** Has those who have the file open or mounted find other content in it. */
export function overwrite(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileSync(path, text, { mode: 0o644, flag: existsSync(path) ? 'r+' : 'w' });
  truncateSync(path, Buffer.byteLength(text));
}
