import { ContainerProblem, quoted } from './problem.ts';
import { bytesOf } from './quantities.ts';

/**
 * The value of the option `--mount`, which is a longer way to write `--tmpfs` and `--volume`.
 * @returns the path and the settings of a file system in memory, or an entry of `volumes`
 * @throws ContainerProblem
 */
export function mountOf(text: string): { tmpfs: string; settings: string } | { volume: string } {
  const parts = text.split(',').map((part) => /^([^=]*)=?(.*)$/s.exec(part)?.slice(1) ?? []);
  const given = (...names: string[]) => parts.find(([name = '']) => names.includes(name))?.[1] ?? '';
  const target = given('destination', 'dst', 'target');
  const type = given('type') || 'volume';
  if (type === 'tmpfs') {
    const size = given('tmpfs-size');
    return { tmpfs: target, settings: size === '' ? '' : `size=${bytesOf(size)}` };
  }
  if (type !== 'volume' && type !== 'bind')
    throw new ContainerProblem('unsupported', `${quoted(text)}: mounts of type ${quoted(type)} are not supported`);
  const source = given('source', 'src');
  const isReadOnly = parts.some(([name = '', on]) => /^(?:readonly|ro)$/.test(name) && on !== 'false');
  return { volume: `${source === '' ? '' : `${source}:`}${target}${isReadOnly ? ':ro' : ''}` };
}
