import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bundle.ts';

/** Mounts the checkout at another path, visible to this process only, and goes there. */
const enter = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec setpriv "$@"';

/**
 * Runs TypeScript as another user, from tests that root runs; it may import from `./src/`. Only root may be able to
 * reach the checkout.
 * @param who numbers of the user and the group
 * @param code an ES module; `process.argv.at(-1)` is the argument
 * @returns its output
 */
export function evaluateAs(
  { uid, gid }: { uid: number; gid: number },
  code: string,
  argument: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const seen = mkdtempSync(join(tmpdir(), 'volt-checkout-'));
  chmodSync(seen, 0o755);
  const program = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', code, '--', argument];
  const lowered = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=-all', ...program];
  try {
    return execFileSync('unshare', ['--mount', 'sh', '-c', enter, 'sh', root, seen, ...lowered], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } finally {
    rmdirSync(seen);
  }
}
