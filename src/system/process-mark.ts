import { readlinkSync } from 'node:fs';
import { isAlive, statOf } from './processes.ts';
import { readText } from './read-text.ts';

/** Parts of a mark; none of them contains a colon. */
interface Mark {
  machine: string;
  /** since which start of the machine */
  boot: string;
  /** of process ids */
  namespace: string;
  pid: string;
  startedAt: string;
}

/** What tells this process from every other one, also on other machines, in containers, and before a restart of this machine. */
export function processMark(): string {
  const { machine, boot, namespace } = here();
  return [machine, boot, namespace, process.pid, statOf(process.pid)?.startedAt ?? ''].join(':');
}

/** Whether the process with a mark is known to have ended; false where it may run elsewhere. */
export function hasEnded(mark: string): boolean {
  const [machine = '', boot, namespace, pid, startedAt] = mark.split(':');
  const own = here();
  if (boot !== own.boot) return machine !== '' && machine === own.machine;
  if (namespace !== own.namespace) return false;
  if (!isAlive(Number(pid))) return true;
  // that of another user may be hidden
  const stat = statOf(Number(pid));
  return stat !== undefined && (stat.state === 'Z' || stat.startedAt !== startedAt);
}

function here(): Pick<Mark, 'machine' | 'boot' | 'namespace'> {
  const text = (path: string) => (readText(path) ?? '').trim();
  return {
    machine: text('/etc/machine-id'),
    boot: text('/proc/sys/kernel/random/boot_id'),
    namespace: /\d+/.exec(linkOf('/proc/self/ns/pid'))?.[0] ?? '',
  };
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
