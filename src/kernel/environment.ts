import { homedir } from 'node:os';
import { join } from 'node:path';

/** The environment of this process; this file is the only one that reads it. */
export const environment = process.env;

/** Whether a program watches instead of a person, as in continuous integration. */
export function isAutomated(): boolean {
  return Boolean(environment.CI);
}

/** A variable that a person names, such as one that holds a secret. */
export function variableOf(name: string): string | undefined {
  return environment[name];
}

/** Where Volt keeps what it can get again, for a user rather than for a data directory. */
export function userCache(): string {
  return join(environment.XDG_CACHE_HOME || join(home(), '.cache'), 'volt');
}

const common = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
] as const;
const credentials = ['SSH_AUTH_SOCK', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const;
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment that a job's commands start from: the machine's search path, language and home, and nothing of
 * Volt's own; a job's code is not trusted with it.
 */
export function jobEnvironment(): Record<string, string> {
  return { PATH: searchPath, HOME: home(), ...inherited(common), CI: 'true' };
}

/** The environment for programs of Volt's own: git with the user's configuration and keys, and the embedded Redis. */
export function toolEnvironment(): Record<string, string> {
  return { PATH: searchPath, HOME: home(), ...inherited([...common, ...credentials]) };
}

/** The environment for git where nothing of the machine's user is to count: no home, no agent. */
export function bareEnvironment(): Record<string, string> {
  const known = inherited([...common, 'SSL_CERT_FILE', 'SSL_CERT_DIR']);
  return { PATH: searchPath, ...known, HOME: '/nonexistent' };
}

/** A user without an entry in the passwd file, as in many containers, has no home. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}
