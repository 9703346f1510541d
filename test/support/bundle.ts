/** Volt as it is shipped: what tests start as processes of their own. */
import { join } from 'node:path';
import { build } from '../../src/build.mjs';
import { isBundleCurrent } from '../../src/setup/bundle.mjs';

/** Of the checkout. */
export const root = join(import.meta.dirname, '../..');

/** The command `volt`; its processes start in a fraction of the time that the sources take. */
export const program = join(root, 'dist/cli.js');

/** Brings dist/ up to date. */
export async function currentBundle(): Promise<void> {
  if (!isBundleCurrent(root)) await build(root);
}
