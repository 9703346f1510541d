/** The built Volt, which tests start as separate processes. */
import { join } from 'node:path';
import { build } from '../../src/build.mjs';
import { isBundleCurrent } from '../../src/setup/bundle.mjs';

/** Root of the checkout. */
export const root = join(import.meta.dirname, '../..');

/** The command `volt`; it starts much faster than from the sources. */
export const program = join(root, 'dist/cli.js');

/** Brings dist/ up to date. */
export async function currentBundle(): Promise<void> {
  if (!isBundleCurrent(root)) await build(root);
}
