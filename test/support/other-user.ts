import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bundle.ts';

/** Sees the checkout at another place, through a mount that the process has alone, and goes there. */
const enter = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec setpriv "$@"';

/**
 * Runs TypeScript as another user, from tests that root runs; it may import from `./src/`. The checkout may lie where only
 * root can go.
 * @param who numbers of the user and the group
 * @param code an ES module; `process.argv.at(-1)` is the argument
 * @returns what it has printed
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
