import { fitsGlobs } from '../kernel/names.ts';

/**
 * Whether an image matches one of the patterns.
 * @param globs names of images in which "*" matches anything. As in workflows, a name without a registry is one of Docker Hub; one
 * without a tag matches all tags and digests
 * @param image full name, with a tag or digest. A digest alone decides what runs, whatever the tag beside it, so a pattern of tags
 * matches no image with a digest
 */
export function fitsImageGlobs(globs: readonly string[], image: string): boolean {
  const [named = '', digest] = image.split('@', 2);
  const repository = withoutTag(named);
  return globs.map(qualified).some((glob) => {
    if (digest === undefined) return fitsGlobs([glob], repository) || fitsGlobs([glob], named);
    const [first = '', own = '*'] = glob.split('@', 2);
    if (own === digest) return fitsGlobs([withoutTag(first)], repository);
    return ['*', 'sha256:*'].includes(own) && fitsGlobs([first.replace(/:\*$/, '')], repository);
  });
}

function withoutTag(name: string): string {
  return name.replace(/:[^:/]*$/, '');
}

function qualified(glob: string): string {
  const [first = '', ...rest] = glob.split('/');
  if (first.startsWith('*') || (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost'))) return glob;
  return rest.length > 0 ? `docker.io/${glob}` : `docker.io/library/${glob}`;
}
