import type { Config } from '../kernel/config.ts';
import { fitsGlobs } from '../kernel/names.ts';
import type { ContainerRights, Right } from '../workflow/containers/rights.ts';
import { fitsImageGlobs } from './image-globs.ts';
import type { JobInput } from './input-and-result.ts';

/** What the owner of the machine lets the containers of a job do. */
export interface ContainerPolicy {
  rights: ContainerRights;
  /** whether only some images may be used */
  isListed: boolean;
  /** @param image its full name */
  allows(image: string): boolean;
  /** bytes of an image that the job builds, or that is fetched for it; undefined for no limit */
  largestImage: number | undefined;
  /** folder of Volt's data, which no container gets */
  dataDir: string;
}

export type PolicySettings = Pick<Config, 'allowPrivileged' | 'allowVolumes' | 'allowImages' | 'dataDir' | 'jobDisk'>;

/** The policy for a job. Whoever may push to a ref that is not trusted gets no right. */
export function containerPolicyOf(
  { allowPrivileged, allowVolumes, allowImages, dataDir, jobDisk }: PolicySettings,
  { repo, trust }: Pick<JobInput, 'repo' | 'trust'>,
): ContainerPolicy {
  const right = (setting: string) => rightOf(setting, { repo, trust });
  const images = listOf(allowImages);
  return {
    rights: { privileged: right(allowPrivileged), volumes: right(allowVolumes) },
    isListed: images.length > 0,
    allows: (image) => images.length === 0 || fitsImageGlobs(images, image),
    largestImage: jobDisk * 1_048_576 || undefined,
    dataDir,
  };
}

/**
 * Whether a job has a right that a setting gives to repositories by their names.
 * @param setting comma-separated names, in which "*" matches anything
 */
export function rightOf(setting: string, { repo, trust }: Pick<JobInput, 'repo' | 'trust'>): Right {
  const globs = listOf(setting);
  if (globs.length === 0 || !fitsGlobs(globs, repo.name)) return 'refused';
  return trust.trusted ? 'allowed' : 'untrusted';
}

function listOf(setting: string): string[] {
  return setting.split(',').flatMap((part) => part.trim() || []);
}
