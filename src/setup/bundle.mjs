/** Whether dist/ was built from the current sources. The build writes the answer, the setup reads it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { SetupError, say } from './fault.mjs';

/**
 * dist/build.json: the fingerprint of the sources of the last build, and the files that it and the build before wrote.
 * @typedef {{ source: string, files: string[], previous: string[] }} Manifest
 */

/** What the bundles depend on. */
const SOURCES = ['src', 'workers', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * A fingerprint of all sources by path, size and modification time: reading them would take longer than a start.
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
 * @returns {Manifest | undefined} undefined before the first build
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
 * Builds dist/ in a child process: `start` goes on in this one, which should not keep the bundler's memory.
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
      'fix the error above, or restore the sources with `git restore src workers`',
      output,
    );
}
