import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { remember } from '../system/remember.ts';
import { canFilterCalls } from './call-filter.ts';
import { inEnglish, whyUnsupported } from './capability-check.ts';
import { detectGroupKind } from './group-kind.ts';
import type { Isolation, IsolationLevel, JobUser, SandboxView } from './isolation.ts';
import { type Launcher, starterTelling } from './launcher.ts';
import type { GroupKind } from './process-group.ts';
import { tryCommand } from './try-command.ts';

/** How jobs are isolated on this machine. */
export interface SettledIsolation {
  /** of what a job does on the machine itself */
  level: IsolationLevel;
  /** whether each job runs in a container; the level then is that of what Volt does for it on the machine */
  inContainers: boolean;
  groupKind: GroupKind;
  /** whether a filter can block system calls of isolated jobs */
  filtersCalls: boolean;
  /** why there is no sandbox, for the setting `auto` */
  notice: string | undefined;
  /** whether jobs would run as root though no setting says so */
  isUnasked: boolean;
}

/** The user for the trial: `nobody` on most systems. */
const nobody: JobUser = { uid: 65534, gid: 65534 };
const plainView: SandboxView = { temporary: [], readable: [], writable: [], hidden: [] };

/**
 * Tries how jobs can be isolated on this machine, once in a process.
 * @param wanted `auto` means `sandbox` where that works, else `none`; `container` the best level that works around containers
 * @throws VoltError `isolation_unavailable` where the wanted level does not work, or fails for a reason that may pass
 */
export const settleIsolation = remember(async (wanted: Config['isolation']): Promise<SettledIsolation> => {
  if (wanted === 'none') return without(undefined);
  const isRoot = process.getuid?.() === 0;
  if (wanted === 'container') return aroundContainers(isRoot);
  if (wanted === 'user' && !isRoot) {
    throw new VoltError('isolation_unavailable', 'isolation "user" needs root: only root can switch to another user', {
      remedy: 'Start the runner as root, or use VOLT_ISOLATION=sandbox, which works for any user.',
    });
  }
  const level = wanted === 'user' ? 'user' : 'sandbox';
  const { settled, why } = await tryLevel(level, isRoot);
  if (settled) return settled;
  if (wanted !== 'auto') throw unavailable(level, why);
  return { ...(await without(`no sandbox works here: ${why}`)), isUnasked: isRoot };
});

/** Root can give jobs another user where there is no sandbox, so that root of a container is not root of the machine. */
async function aroundContainers(isRoot: boolean): Promise<SettledIsolation> {
  const { settled, why } = await tryLevel('sandbox', isRoot);
  const found = settled ?? (isRoot ? (await tryLevel('user', isRoot)).settled : undefined);
  return { ...(found ?? (await without(`no sandbox works around the containers: ${why}`))), inContainers: true };
}

/** @returns `why` it does not work */
async function tryLevel(
  level: 'user' | 'sandbox',
  isRoot: boolean,
): Promise<{ settled?: SettledIsolation; why: string }> {
  const groupKind = isRoot ? 'namespace' : 'user-namespace';
  const why = await whyUnsupported(`isolation "${level}"`, 'VOLT_ISOLATION=none', () => tryOut(level, groupKind));
  if (why !== undefined) return { why };
  const common = { inContainers: false, notice: undefined, isUnasked: false };
  return { settled: { level, groupKind, filtersCalls: await canFilterCalls(), ...common }, why: '' };
}

async function without(notice: string | undefined): Promise<SettledIsolation> {
  const groupKind = await detectGroupKind();
  return { level: 'none', groupKind, filtersCalls: false, inContainers: false, notice, isUnasked: false };
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
    await tryCommand(groupKind, ['true'], { isolation, launcher });
  } catch (error) {
    const text = (await readFile(said, 'utf8')).trim().replaceAll('\n', '; ').slice(0, 500);
    throw text === '' ? error : new Error(`${errorText(error)}: ${text}`);
  } finally {
    await errors.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export const sandboxRemedy =
  'Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap), and allow this user to make namespaces; see docs/isolation.md.';

/** Why a runner that is root builds no repository with a URL; see `SettledIsolation.isUnasked`. */
export const unaskedText =
  "this runner is root and has no sandbox, so the commit's code would run as root; install bubblewrap on its machine, or start it with VOLT_ISOLATION=none if you trust every repository with root";

/** What users see when setpriv(1) is too old to load a filter. */
export const unfilteredText =
  'system calls are not filtered, because setpriv here has no --seccomp-filter: jobs can use ptrace and the session keyring of the user who started Volt';

/** What users see about each level. */
const levelMeanings: { readonly [L in IsolationLevel]: string } = {
  none: "jobs run with this user's rights, so only watch repositories that you trust",
  user: 'jobs run as another user and can read only what that user can read',
  sandbox: 'jobs see the system read-only and nothing of Volt or of other jobs',
};

/** The level that jobs have, as the setting names it. */
export function levelName({ level, inContainers }: Pick<SettledIsolation, 'level' | 'inContainers'>): string {
  return inContainers ? 'container' : level;
}

/** What users see about the level that jobs have. */
export function levelMeaning({ level, inContainers }: Pick<SettledIsolation, 'level' | 'inContainers'>): string {
  if (!inContainers) return levelMeanings[level];
  return `each job runs in a container of the image that is named for it; what Volt does for it on the machine has the isolation ${level}`;
}

/** The user that Volt runs as. */
export function ownUser(): JobUser {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function unavailable(level: IsolationLevel, why: string): VoltError {
  return new VoltError('isolation_unavailable', `isolation "${level}" does not work on this machine: ${why}`, {
    remedy:
      level === 'sandbox'
        ? `${sandboxRemedy} Or set VOLT_ISOLATION=none.`
        : 'A container may not be allowed to make namespaces; see docs/isolation.md. Or set VOLT_ISOLATION=none.',
  });
}
