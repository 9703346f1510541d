import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VoltError } from '../../kernel/errors.ts';
import { decoded } from '../../system/decoded.ts';

/**
 * The address of a repository: a path on this machine, or a URL that any machine can fetch. The URL contains no password:
 * a password that a person gives in it becomes `credential`.
 */
export type Source =
  | { kind: 'path'; url: string }
  | { kind: 'url'; url: string; credential?: { user: string; password: string } };

const schemes = ['http:', 'https:', 'ssh:', 'git:'];
/** `user@host:path`, as ssh has it; a path that begins with "-" would be an option. */
const scpForm = /^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!-)[^\s:][^\s]*$/;

/** The same form with a password, which ssh does not support. */
const scpPassword = /^[^\s/@:]*:[^\s/]*@/;
/** A user name over HTTP that must be a token: people's names are shorter. */
const tokenPattern = /^[A-Za-z0-9_-]{20,}$/;

/**
 * Parses the address that a person gives for a repository.
 * @throws VoltError `bad_url` for anything that is neither a repository's path nor a URL that git may fetch;
 * `no_repository` for a path that holds no repository
 */
export function parseSource(text: string): Source {
  const given = text.trim();
  if (given === '' || given.startsWith('-') || /\p{Cc}/u.test(given)) throw badUrl(text);
  if (given.startsWith('file://')) return pathSource(pathOf(given));
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*:)\/\//.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined) return urlSource(given, scheme);
  // "ext::…", "fd::…" and other remote helpers run commands
  if (/^[A-Za-z0-9+.-]+::/.test(given)) throw badUrl(text);
  const path = resolve(given.replace(/^~(?=\/|$)/, homedir()));
  if (existsSync(path)) return pathSource(path);
  if (scpPassword.test(given)) throw uselessPassword();
  if (scpForm.test(given) && !given.includes('/./')) return { kind: 'url', url: given };
  return pathSource(path);
}

function pathOf(fileUrl: string): string {
  try {
    const path = fileURLToPath(fileUrl);
    if (!/\p{Cc}/u.test(path)) return path;
  } catch {
    // another host, or "%2F"
  }
  throw badUrl(fileUrl);
}

function urlSource(given: string, scheme: string): Source {
  // the class URL takes a backslash for a slash, and git does not: they would see different hosts and passwords
  if (!schemes.includes(scheme) || given.includes('\\')) throw badUrl(given);
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw badUrl(given);
  }
  // git and ssh take a host that begins with "-" for an option
  if (url.hostname === '' || url.hostname.startsWith('-') || url.pathname === '/') throw badUrl(given);
  const login = url.password !== '' || tokenPattern.test(url.username);
  if (!login) return { kind: 'url', url: given };
  if (scheme !== 'http:' && scheme !== 'https:') {
    if (url.password === '') return { kind: 'url', url: given };
    throw uselessPassword();
  }
  const credential = { user: decoded(url.username) || 'git', password: decoded(url.password) };
  return { kind: 'url', url: given.replace(/^([^/]*\/\/)[^/?#]*@/, '$1'), credential };
}

function uselessPassword(): VoltError {
  return new VoltError('bad_url', 'only https takes a password; ssh and git do not use the one in this URL', {
    remedy: 'Leave it out. For ssh, give the repository a deploy key: `volt credential set <repository> --ssh`.',
  });
}

function pathSource(path: string): Source {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new VoltError('no_repository', `there is no folder ${path}`, {
      remedy: 'Give the path of a git repository, or its URL.',
    });
  }
  const real = realpathSync(path);
  if (gitDirectory(real) === undefined) {
    throw new VoltError('no_repository', `${path} is not a git repository`, {
      remedy: 'Give the folder that holds ".git", or a bare repository; "git init" makes one.',
    });
  }
  return { kind: 'path', url: real };
}

/** The folder with HEAD and refs of the repository at that path: of a work tree, a linked one, or a bare one. */
export function gitDirectory(path: string): string | undefined {
  const inside = join(path, '.git');
  if (existsSync(inside)) return inside;
  return existsSync(join(path, 'HEAD')) && existsSync(join(path, 'objects')) ? path : undefined;
}

function badUrl(text: string): VoltError {
  const shown = text.replace(/\/\/.*@/s, '//***@');
  return new VoltError('bad_url', `"${shown}" is not the address of a repository that Volt can fetch`, {
    remedy: "Give a path, https://…, ssh://…, git://…, or ssh's short form user@host:path.",
  });
}
