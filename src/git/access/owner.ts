import { isAbsolute, resolve, sep } from 'node:path';
import { canonicalUrl, isSameHost, serverOf } from './server.ts';

/**
 * Whether a repository belongs to an owner: it is below the owner's name on a server, with any protocol, or in the owner's
 * folder. Upper and lower case in names of owners are the same.
 * @param url of the repository
 * @param base URL or folder that `owner/name` is appended to
 */
export function isOfOwner(url: string, base: string, owner: string): boolean {
  if (isAbsolute(base)) return isAbsolute(url) && isBelow(resolve(url), `${resolve(base, owner)}${sep}`);
  const [one, other] = [serverOf(url), serverOf(base)];
  return one !== undefined && isSameHost(one, other) && isBelow(pathOf(url), `${pathOf(base)}/${owner}/`);
}

function isBelow(path: string, folder: string): boolean {
  return path.toLowerCase().startsWith(folder.toLowerCase());
}

/** Without the "/" at the end. */
function pathOf(url: string): string {
  const path = /^[a-z+]+:\/\//i.test(url) ? new URL(canonicalUrl(url)).pathname : `/${url.slice(url.indexOf(':') + 1)}`;
  return path.replace(/^\/+/, '/').replace(/\/+$/, '');
}
