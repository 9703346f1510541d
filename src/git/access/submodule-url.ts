import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, resolve, sep } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { parseSource } from './source.ts';

/**
 * Where a submodule is, given where the repository is that names it. Its address comes with the commit, so it may be no
 * more than what any machine can fetch; a path only where it is relative to a repository that is a path itself, and not
 * outside of the folder that this one is in: a commit must not get at what else is on the machine.
 * @param parent path or URL of the repository
 * @param url as in .gitmodules; what begins with "./" or "../" is relative to the parent, see git-submodule(1)
 * @throws VoltError `bad_url`
 */
export function submoduleUrl(parent: string, url: string): string {
  if (/^\.\.?\//.test(url))
    return isAbsolute(parent) ? neighbour(parent, url) : fetchable(relativeTo(parent, url), url);
  return fetchable(url, url);
}

function neighbour(parent: string, url: string): string {
  const folder = dirname(parent);
  const path = resolve(parent, url);
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw refused(url, `there is nothing at ${path}`);
  }
  if (real.startsWith(folder === sep ? sep : folder + sep)) return real;
  throw refused(url, `it leads out of ${folder}, the folder that the repository is in`);
}

/** The parent's URL without as many of its last parts as there are "../". */
function relativeTo(parent: string, url: string): string {
  let base = parent.replace(/\/+$/, '');
  let rest = url;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      const cut = Math.max(base.lastIndexOf('/'), base.indexOf('://') < 0 ? base.lastIndexOf(':') : -1);
      // what is left of "https://host" contains no repositories
      if (cut < 0 || base.slice(0, cut + 1).endsWith('://')) throw refused(url, 'it leads out of the server');
      // the colon of ssh's short form stays
      base = base[cut] === ':' ? base.slice(0, cut + 1) : base.slice(0, cut);
      rest = rest.slice(3);
    } else break;
  }
  return base.endsWith(':') ? base + rest : `${base}/${rest}`;
}

function fetchable(url: string, written: string): string {
  if (isAbsolute(url) || url.startsWith('file:')) throw refused(written, 'it is a path of the machine');
  const source = (() => {
    try {
      return parseSource(url);
    } catch {
      return undefined;
    }
  })();
  if (source?.kind !== 'url') throw refused(written, 'it is no address that Volt fetches from');
  return source.url;
}

function refused(url: string, why: string): VoltError {
  return new VoltError('bad_url', `the submodule at "${url.slice(0, 300)}" is not fetched: ${why}`, {
    remedy: 'Give it an https or ssh address in .gitmodules, or one relative to that of the repository ("../name").',
  });
}
