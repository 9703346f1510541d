import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel } from '../../src/exec/isolation.ts';
import { root } from './bundle.ts';

/** Who attacks; docs/threat-model.md says of each what it may. */
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

/** What the attacker is after. */
export type Asset =
  | 'the machine'
  | 'private sources'
  | 'secrets'
  | 'sessions and tokens'
  | 'Volt going on'
  | "other repositories' jobs"
  | 'results and logs'
  | 'the network';

/** Who the runner is: the tests must be run as root to try both. */
export type VoltUser = 'root' | 'ordinary user';

export interface Setting {
  level: IsolationLevel;
  user: VoltUser;
}

export interface Attack {
  attacker: Attacker;
  asset: Asset;
  /** what is tried and what is left standing, as the end of a sentence */
  title: string;
  /** the levels at which it is tried; by default once, at `none` */
  levels?: readonly IsolationLevel[];
  /** whose rights Volt has; by default those of who runs the tests */
  users?: readonly VoltUser[];
  /** takes longer than `npm test` has: only `npm run attack` tries it */
  long?: boolean;
  /** milliseconds */
  timeout?: number;
}

/** Set by `npm run attack`: the file to which what came of each attack is appended, a line of JSON each. */
const resultsFile = process.env.VOLT_TEST_ATTACKS;

/** What came of one attack. */
export interface AttackResult extends Setting {
  attacker: Attacker;
  asset: Asset;
  title: string;
  held: boolean;
}

/**
 * A test that carries out an attack, once in each setting.
 * @param run fails where the attack succeeds
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

/** The user and the group that own nothing, on every Linux. */
const nobody = 65_534;

/**
 * What `VoltProcesses.start` needs to start Volt as an ordinary user from tests that root runs. The checkout may lie where
 * only root can go, so it is seen at its own path through a mount that the process has alone.
 * @param folder empty; its `home` will be that user's home, and its `data` is for the data directory
 * @returns the command that Volt is started by, and its environment
 */
export function asOrdinaryUser(folder: string): { inside: string[]; env: Record<string, string>; dataDir: string } {
  chmodSync(folder, 0o755);
  const [seen, home] = [join(folder, 'checkout'), join(folder, 'home')];
  for (const path of [seen, home]) mkdirSync(path);
  chownSync(home, nobody, nobody);
  const script =
    'mount --bind "$1" "$2" && cd "$3" && node=$5 && cli=$2/dist/cli.js && user=$4 && shift 6 && exec setpriv --reuid "$user" --regid "$user" --clear-groups "$node" "$cli" "$@"';
  return {
    // what follows are the program and its arguments: Node, and the command in the place that only root may see
    inside: ['unshare', '--mount', 'sh', '-c', script, 'sh', root, seen, home, String(nobody)],
    env: { HOME: home },
    dataDir: join(home, 'data'),
  };
}

/** Gives a repository or folder of a test to that user, who could not read it else. */
export function giveToOrdinaryUser(path: string): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['--recursive', '--no-dereference', `${nobody}:${nobody}`, path]);
}
