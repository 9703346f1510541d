import { join } from 'node:path';
import { readText } from '../system/read-text.ts';

/** Where the controllers of control groups are mounted, on machines with either version. */
const root = '/sys/fs/cgroup';

/** How often the kernel has enforced limits of a control group. */
export interface GroupEvents {
  /** processes that it has killed for want of memory */
  killed: number;
  /** processes that it has refused to start */
  refused: number;
}

/**
 * What has happened in the control group of a process, such as the first one of a container.
 * @returns undefined where the process has ended, or its groups are not visible here
 */
export function groupEvents(pid: number): GroupEvents | undefined {
  const groups = readText(`/proc/${pid}/cgroup`);
  if (groups === undefined) return undefined;
  const [unified, memory, pids] = ['', 'memory', 'pids'].map((name) => groupOf(groups, name));
  const isOld = memory !== undefined;
  const killed = isOld
    ? count('memory', memory, 'memory.oom_control', 'oom_kill')
    : count('', unified, 'memory.events', 'oom_kill');
  const refused = count(isOld ? 'pids' : '', isOld ? pids : unified, 'pids.events', 'max');
  return killed === undefined && refused === undefined ? undefined : { killed: killed ?? 0, refused: refused ?? 0 };
}

/** The path of the process's group in the hierarchy of a controller; the unified one has no name. */
function groupOf(groups: string, controller: string): string | undefined {
  for (const line of groups.split('\n')) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names.split(',').includes(controller)) return path;
  }
  return undefined;
}

function count(controller: string, group: string | undefined, file: string, event: string): number | undefined {
  const text = group === undefined ? undefined : readText(join(root, controller, group, file));
  const found = text === undefined ? undefined : new RegExp(`^${event} (\\d+)$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
