import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { errorText } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';

/** Sockets and folders of container engines. */
const engines = [
  ...['/run/docker.sock', '/run/podman', '/run/containerd', '/run/crio', '/run/buildkit', '/run/user'],
  ...['/var/lib/docker', '/var/lib/containers', '/var/lib/containerd'],
];

/**
 * A path of the machine that a container may get, without links.
 * @param path absolute
 * @param closed files and folders that no container gets: the engine's socket, and Volt's data
 * @throws StepFault where there is nothing, or the container would get one of them
 */
export function machinePath(path: string, closed: readonly string[]): string {
  const real = realOf(path);
  if (lstatSync(real).isSocket()) throw refusal(path, 'a socket');
  if (real === '/proc' || /^\/proc\/\d/.test(real)) throw refusal(path, 'processes of the machine');
  for (const each of [...closed, ...engines].map(realIfThere)) {
    if (isInside(real, each) || isInside(each, real)) throw refusal(path, each);
  }
  return real;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new StepFault(`the volume ${path} is not on the machine of the runner: ${errorText(error)}`);
  }
}

function realIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith('../') || isAbsolute(way));
}

function refusal(path: string, what: string): StepFault {
  return new StepFault(`no container gets the volume ${path}: it is or has ${what}`);
}
