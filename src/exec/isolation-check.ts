import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText, VoltError } from '../kernel/errors.ts';
import { toolEnvironment } from '../system/environment.ts';
import { canFilterCalls } from './call-filter.ts';
import { runCommand } from './command.ts';
import { detectGroupKind } from './group-kind.ts';
import type { Isolation, IsolationLevel, JobUser, SandboxView } from './isolation.ts';
import { type Launcher, starterTelling } from './launcher.ts';
import { type GroupKind, ProcessGroup } from './process-group.ts';
import { inEnglish, trialTime, whyNever } from './trial.ts';

/** What jobs of this machine run in. */
export interface SettledIsolation {
  level: IsolationLevel;
  groupKind: GroupKind;
  /** whether jobs that are kept apart can be refused system calls */
  filtersCalls: boolean;
  /** where a sandbox was wanted if possible, why there is none */
  notice: string | undefined;
  /** whether jobs would have the rights of root without anybody having said so by name */
  isUnasked: boolean;
}

/** As what to try whether another user is possible: `nobody` of most systems. */
const nobody: JobUser = { uid: 65534, gid: 65534 };
const plainView: SandboxView = { temporary: [], readable: [], writable: [], hidden: [] };

const tried = new Map<string, Promise<SettledIsolation>>();

/**
 * Finds out by trying, once in a process, what a setting comes to on this machine.
 * @param wanted `auto` is `sandbox` where that works, else `none`
 * @throws VoltError `isolation_unavailable` where what is wanted does not work, or fails in a way that may pass
 */
export function settleIsolation(wanted: 'auto' | IsolationLevel): Promise<SettledIsolation> {
  const known = tried.get(wanted);
  if (known) return known;
  const settled = settle(wanted);
  tried.set(wanted, settled);
  // what has failed may work the next time
  settled.catch(() => tried.delete(wanted));
  return settled;
}

async function settle(wanted: 'auto' | IsolationLevel): Promise<SettledIsolation> {
  if (wanted === 'none') return without(undefined);
  const isRoot = process.getuid?.() === 0;
  if (wanted === 'user' && !isRoot) {
    throw new VoltError('isolation_unavailable', 'isolation "user" needs root, who alone may become another user', {
      remedy: 'Start the runner as root, or use VOLT_ISOLATION=sandbox, for which any user will do.',
    });
  }
  const level = wanted === 'user' ? 'user' : 'sandbox';
  const groupKind = isRoot ? 'namespace' : 'user-namespace';
  const why = await whyNever(`isolation "${level}"`, 'VOLT_ISOLATION=none', () => tryOut(level, groupKind));
  if (why === undefined)
    return { level, groupKind, filtersCalls: await canFilterCalls(), notice: undefined, isUnasked: false };
  if (wanted !== 'auto') throw unavailable(level, why);
  return { ...(await without(`no sandbox works here: ${why}`)), isUnasked: isRoot };
}

async function without(notice: string | undefined): Promise<SettledIsolation> {
  return { level: 'none', groupKind: await detectGroupKind(), filtersCalls: false, notice, isUnasked: false };
}

async function tryOut(level: 'user' | 'sandbox', groupKind: GroupKind): Promise<void> {
  const user = groupKind === 'namespace' ? nobody : ownUser();
  const folder = await mkdtemp(join(tmpdir(), 'volt-trial-'));
  const own = { folder: join(folder, 'own'), among: folder };
  await mkdir(own.folder);
  const isolation: Isolation = level === 'user' ? { level, user, own } : { level, user, view: plainView };
  const said = join(folder, 'errors');
  const errors = await open(said, 'w');
  const telling = starterTelling(errors.fd);
  const launcher: Launcher = { ...telling, hold: ({ argv, env }) => telling.hold({ argv, env: inEnglish(env) }) };
  try {
    await tryCommand(groupKind, isolation, launcher);
  } catch (error) {
    const text = (await readFile(said, 'utf8')).trim().replaceAll('\n', '; ').slice(0, 500);
    throw text === '' ? error : new Error(`${errorText(error)}: ${text}`);
  } finally {
    await errors.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryCommand(groupKind: GroupKind, isolation: Isolation, launcher: Launcher): Promise<void> {
  const processes = await ProcessGroup.open(trialTime, groupKind, { isolation, launcher });
  const late = AbortSignal.timeout(trialTime * 1000);
  try {
    const { exitCode, signal } = await runCommand({
      processes,
      argv: ['true'],
      cwd: '/',
      env: { PATH: toolEnvironment().PATH ?? '' },
      output: () => undefined,
      signal: late,
    });
    if (late.aborted) throw new Error(`a command in it did not end by itself in the ${trialTime} s that it had`);
    if (exitCode !== 0) throw new Error(`a command in it ended with ${signal ?? `code ${exitCode}`}`);
  } finally {
    await processes.close();
  }
}

export const sandboxRemedy =
  'Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap), and let this user make namespaces; docs/isolation.md tells how.';

/** Why a runner that is root builds nothing of a URL; see `SettledIsolation.isUnasked`. */
export const unaskedText =
  "this runner is root and has no sandbox, so the commit's code would have root's rights; install bubblewrap on its machine, or start it with VOLT_ISOLATION=none if every repository is trusted that far";

/** What jobs are not refused where setpriv(1) is too old to load a filter, for people. */
export const unfilteredText =
  'system calls are not filtered, since setpriv here does not know --seccomp-filter: jobs can use the session keyring of who has started Volt, and ptrace';

/** What a level means, for people. */
export const levelMeanings: { readonly [L in IsolationLevel]: string } = {
  none: "jobs run with this user's rights, so let only repositories be observed that you trust",
  user: 'jobs run as another user, and do not see what that user may not read',
  sandbox: 'jobs see the system read-only, and nothing of Volt or of each other',
};

/** The user that Volt itself is. */
export function ownUser(): JobUser {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function unavailable(level: IsolationLevel, why: string): VoltError {
  return new VoltError('isolation_unavailable', `isolation "${level}" does not work on this machine: ${why}`, {
    remedy:
      level === 'sandbox'
        ? `${sandboxRemedy} VOLT_ISOLATION=none does without.`
        : 'A container may not be allowed to make namespaces; docs/isolation.md tells what is needed. VOLT_ISOLATION=none does without.',
  });
}
