import { isAbsolute, resolve, sep } from 'node:path';
import { canonicalUrl, isSameHost, serverOf } from './server.ts';

/**
 * Whether a repository is of an owner: below the owner's name at a server, whatever is spoken with it, or in the owner's
 * folder. Names of owners do not count their case.
 * @param url of the repository
 * @param base what `owner/name` is appended to
 */
export function isOfOwner(url: string, base: string, owner: string): boolean {
  if (isAbsolute(base)) return isAbsolute(url) && isBelow(resolve(url), `${resolve(base, owner)}${sep}`);
  const [one, other] = [serverOf(url), serverOf(base)];
  return one !== undefined && isSameHost(one, other) && isBelow(pathOf(url), `${pathOf(base)}/${owner}/`);
}

function isBelow(path: string, folder: string): boolean {
  return path.toLowerCase().startsWith(folder.toLowerCase());
}

/** Without a "/" at its end. */
function pathOf(url: string): string {
  const path = /^[a-z+]+:\/\//i.test(url) ? new URL(canonicalUrl(url)).pathname : `/${url.slice(url.indexOf(':') + 1)}`;
  return path.replace(/^\/+/, '/').replace(/\/+$/, '');
}
