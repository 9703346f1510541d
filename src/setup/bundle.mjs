/** Whether dist/ was built from the sources that are there now. Shared by the setup, which asks, and the build, which answers. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/**
 * What the last build wrote and from what, kept as dist/build.json.
 * @typedef {{ source: string, files: string[], previous: string[] }} Manifest
 */

/** What the bundles depend on. */
const SOURCES = ['src', 'workers', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * A fingerprint of all sources by path, size and time of change: reading them all would cost more than starting.
 *
 * @param {string} root
 * @returns {string}
 */
export function fingerprint(root) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`);
    } else if (stat) {
      hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
    }
  };
  SOURCES.forEach(add);
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @returns {Manifest | undefined} undefined when nothing was built yet
 */
export function readManifest(root) {
  try {
    return JSON.parse(readFileSync(join(root, 'dist', 'build.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} root
 * @returns {boolean}
 */
export function isBundleCurrent(root) {
  return readManifest(root)?.source === fingerprint(root);
}

/**
 * Builds dist/ in a child process: `start` lives on in this one and should not carry the bundler's memory.
 *
 * @param {string} root
 * @throws {SetupError}
 */
export async function buildBundle(root) {
  say('building');
  const { code, output } = await run(process.execPath, [join(root, 'src', 'build.mjs')], { cwd: root });
  if (code !== 0)
    throw new SetupError(
      'build_failed',
      'the build failed',
      'mend the error above, or restore src/ with `git restore src workers`',
      output,
    );
}
