import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel } from '../../src/exec/isolation.ts';
import { root } from './bundle.ts';

/** Who attacks; docs/threat-model.md says what each may do. */
export type Attacker =
  | 'anonymous reader'
  | 'person with a token'
  | 'pusher to a trusted branch'
  | 'pusher to another branch'
  | 'author of a pull request'
  | 'action that is used'
  | 'job beside mine'
  | 'runner'
  | 'forge'
  | 'neighbour on the network';

/** What the attacker wants. */
export type Asset =
  | 'the machine'
  | 'private sources'
  | 'secrets'
  | 'sessions and tokens'
  | 'availability'
  | "other repositories' jobs"
  | 'results and logs'
  | 'the network';

/** The runner's user; the tests must run as root to try both. */
export type VoltUser = 'root' | 'ordinary user';

export interface Setting {
  level: IsolationLevel;
  user: VoltUser;
}

export interface Attack {
  attacker: Attacker;
  asset: Asset;
  /** what is tried and what must stay intact, as the end of a sentence */
  title: string;
  /** the isolation levels to try; by default only `none` */
  levels?: readonly IsolationLevel[];
  /** the user that Volt runs as; by default the user who runs the tests */
  users?: readonly VoltUser[];
  /** too slow for `npm test`: only `npm run attack` runs it */
  long?: boolean;
  /** milliseconds */
  timeout?: number;
}

/** Set by `npm run attack`: the file to which each attack appends its result, as a line of JSON. */
const resultsFile = process.env.VOLT_TEST_ATTACKS;

/** The result of one attack. */
export interface AttackResult extends Setting {
  attacker: Attacker;
  asset: Asset;
  title: string;
  held: boolean;
}

/**
 * A test that carries out an attack, once in each setting.
 * @param run must fail if the attack succeeds
 */
export function attack(about: Attack, run: (this: Mocha.Context, setting: Setting) => Promise<void>): void {
  const { attacker, asset, title, levels = ['none'], long = false, timeout = 120_000 } = about;
  if (long && resultsFile === undefined) return;
  const isRoot = process.getuid?.() === 0;
  const users: readonly VoltUser[] = isRoot ? (about.users ?? ['root']) : ['ordinary user'];
  for (const level of levels) {
    for (const user of users) {
      if (level === 'user' && user === 'ordinary user') continue;
      it(`${attacker} → ${asset}: ${title} (isolation ${level}, Volt as ${user})`, async function () {
        this.timeout(timeout);
        const note = (held: boolean) => {
          const result: AttackResult = { attacker, asset, title, level, user, held };
          if (resultsFile !== undefined) appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
        };
        try {
          await run.call(this, { level, user });
        } catch (error) {
          note(false);
          throw error;
        }
        note(true);
      });
    }
  }
}

/** The user and the group that own nothing on Linux (nobody, nogroup). */
const nobody = 65_534;

/**
 * What `VoltProcesses.start` needs to start Volt as an ordinary user from tests that root runs. Only root may be able
 * to read the checkout's parent folders, so the process sees the checkout at the same path through a private mount.
 * @param folder empty; its `home` becomes the user's home, and its `data` the data directory
 * @returns the command that starts Volt, and its environment
 */
export function asOrdinaryUser(folder: string): { inside: string[]; env: Record<string, string>; dataDir: string } {
  chmodSync(folder, 0o755);
  const [seen, home] = [join(folder, 'checkout'), join(folder, 'home')];
  for (const path of [seen, home]) mkdirSync(path);
  chownSync(home, nobody, nobody);
  const script =
    'mount --bind "$1" "$2" && cd "$3" && node=$5 && cli=$2/dist/cli.js && user=$4 && shift 6 && exec setpriv --reuid "$user" --regid "$user" --clear-groups "$node" "$cli" "$@"';
  return {
    // the program and its arguments follow: Node, and the command in the folder that only root can read
    inside: ['unshare', '--mount', 'sh', '-c', script, 'sh', root, seen, home, String(nobody)],
    env: { HOME: home },
    dataDir: join(home, 'data'),
  };
}

/** Makes that user the owner of a repository or folder of a test. */
export function giveToOrdinaryUser(path: string): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['--recursive', '--no-dereference', `${nobody}:${nobody}`, path]);
}
