import { posix } from 'node:path';
import { ContainerProblem, quoted } from './problem.ts';
import type { ContainerVolume } from './spec.ts';

const named = /^[A-Za-z0-9][A-Za-z0-9_.-]{1,127}$/;
/** Settings of a volume that change nothing for Volt. */
const idle = ['rw', 'z', 'Z', 'cached', 'delegated', 'consistent'];

/** Where GitHub's runner has the workspace inside of containers; `/__w/repository/repository` is the other one. */
export const workspaceInContainers = '/github/workspace';

/**
 * One entry of `volumes`: `target`, `name:target`, or a path of the workspace and a target; `:ro` at the end makes it
 * read-only.
 * @param workspaces the paths that mean the job's workspace; any other absolute path is one of the machine
 * @throws ContainerProblem
 */
export function volumeOf(text: string, workspaces: readonly string[]): ContainerVolume {
  const parts = text.split(':');
  const settings = parts.length > 1 && !parts.at(-1)?.startsWith('/') ? (parts.pop() ?? '').split(',') : [];
  const target = posix.normalize(parts.pop() ?? '').replace(/(.)\/$/, '$1');
  const source = parts.pop();
  const invalid = (why: string) => new ContainerProblem('invalid', `${quoted(text)} is not a volume: ${why}`);
  if (parts.length > 0 || !target.startsWith('/') || target === '/')
    throw invalid('use path, name:path or name:path:ro, with an absolute path inside of the container');
  const unknown = settings.find((setting) => setting !== 'ro' && !idle.includes(setting));
  if (unknown !== undefined) throw invalid(`the setting ${quoted(unknown)} is not known; \`ro\` makes it read-only`);
  return { source: sourceOf(source, workspaces, text), target, readOnly: settings.includes('ro') };
}

function sourceOf(source: string | undefined, workspaces: readonly string[], text: string): ContainerVolume['source'] {
  if (source === undefined) return { kind: 'anonymous' };
  if (!source.startsWith('/')) {
    if (named.test(source)) return { kind: 'named', name: source };
    const remedy = 'a name has letters, digits, ".", "_" and "-"; a path is absolute';
    throw new ContainerProblem('invalid', `${quoted(text)} is not a volume: ${remedy}`);
  }
  for (const workspace of workspaces) {
    const path = posix.relative(workspace, source);
    if (path !== '..' && !path.startsWith('../')) return { kind: 'workspace', path };
  }
  return { kind: 'machine', path: posix.normalize(source) };
}

/**
 * The volumes that are paths of the machine, for people.
 * @param isIsolated whether the job is: a service or another process of it can put a link in the place of a folder in the workspace,
 * and the engine follows it
 */
export function machineVolumes(volumes: readonly ContainerVolume[], isIsolated: boolean): string[] {
  return volumes.flatMap(({ source }) => {
    if (source.kind === 'machine') return [`the volume ${quoted(source.path)}, a path of the machine,`];
    if (source.kind !== 'workspace' || source.path === '' || !isIsolated) return [];
    return [`the volume ${quoted(source.path)}, a path in the workspace where the job can put a link,`];
  });
}
