import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../kernel/errors.ts';
import { writeWhole } from '../../system/write-whole.ts';

/**
 * Makes sure that a file has this content. A process that has an older file open or mounted keeps seeing the older content.
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

/** Changes the content of a file for all who have it open or mounted. */
export function overwrite(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileSync(path, text, { mode: 0o644, flag: existsSync(path) ? 'r+' : 'w' });
  truncateSync(path, Buffer.byteLength(text));
}
