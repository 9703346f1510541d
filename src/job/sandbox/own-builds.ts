import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxPath } from '../../exec/isolation.ts';
import { subordinateText } from './spare-ids.ts';
import { keepWhole } from './whole-file.ts';

/** What a job needs to build images by its own commands. */
interface OwnBuilds {
  env: Record<string, string>;
  /** files of Volt that the job reads */
  shown: string[];
  /** files of /etc that the job sees others for */
  replaced: SandboxPath[];
}

/**
 * Prepares a job that may build images by its own commands. Its images are in its temporary folder: no other job has them.
 * @param folder the job's own, which the job does not have yet
 * @param shared folder of files that all jobs of a runner see
 */
export function ownBuilds(folder: string, shared: string): OwnBuilds {
  const settings = join(folder, 'storage.conf');
  const images = join(folder, 'temp', '.images');
  const text = `[storage]\ndriver = "overlay"\ngraphroot = "${join(images, 'store')}"\nrunroot = "${join(images, 'run')}"\n`;
  keepWhole(settings, Buffer.from(text));
  const replaced = ['subuid', 'subgid'].flatMap((name) => {
    const known = join('/etc', name);
    if (!existsSync(known)) return [];
    keepWhole(join(shared, name), Buffer.from(subordinateText('volt')));
    return [{ from: join(shared, name), to: known }];
  });
  const env = {
    CONTAINERS_STORAGE_CONF: settings,
    // commands of a build need no engine and no control groups then
    BUILDAH_ISOLATION: 'chroot',
    // keeps what the other format has no words for, such as HEALTHCHECK
    BUILDAH_FORMAT: 'docker',
    PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
  };
  return { env, shown: [settings], replaced };
}
