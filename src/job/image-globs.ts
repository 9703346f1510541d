import { fitsGlobs } from '../kernel/names.ts';

/**
 * Whether an image matches one of the patterns.
 * @param globs names of images in which "*" matches anything. As in workflows, a name without a registry is one of Docker Hub; one
 * without a tag matches all tags and digests
 * @param image full name, with a tag or digest; a digest goes before a tag
 */
export function fitsImageGlobs(globs: readonly string[], image: string): boolean {
  const [named = '', digest] = image.split('@', 2);
  const repository = named.replace(/:[^:/]*$/, '');
  const names = [repository, ...(digest === undefined ? [named] : [`${repository}@${digest}`, image])];
  return names.some((name) => fitsGlobs(globs.map(qualified), name));
}

function qualified(glob: string): string {
  const [first = '', ...rest] = glob.split('/');
  if (first.startsWith('*') || (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost'))) return glob;
  return rest.length > 0 ? `docker.io/${glob}` : `docker.io/library/${glob}`;
}
