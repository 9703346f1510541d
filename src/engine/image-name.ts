/** Host of the images whose names say none. */
export const defaultHost = 'docker.io';

/** An image's name in full. */
export interface ImageName {
  /** of the registry */
  host: string;
  /** name without tag and digest, with the host */
  repository: string;
  /** a tag, or a digest such as `sha256:…` */
  version: string;
  /** name that means the same to every engine */
  full: string;
}

/**
 * Completes the name of an image as Docker does: `node` is `docker.io/library/node:latest`.
 * @see https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed
 */
export function imageName(name: string): ImageName {
  const [named = '', digest] = name.split('@', 2);
  const colon = named.lastIndexOf(':');
  const isTagged = colon > named.lastIndexOf('/');
  const path = isTagged ? named.slice(0, colon) : named;
  const tag = isTagged ? named.slice(colon + 1) : 'latest';
  const [first = '', ...rest] = path.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = hasHost && first !== 'index.docker.io' ? first : defaultHost;
  const own = hasHost ? rest.join('/') : path;
  const repository = `${host}/${host === defaultHost && !own.includes('/') ? `library/${own}` : own}`;
  const version = digest ?? tag;
  return { host, repository, version, full: `${repository}${digest === undefined ? ':' : '@'}${version}` };
}
