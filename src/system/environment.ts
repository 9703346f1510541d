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

/** By which a machine behind a proxy comes to the network; programs look for one or the other case. */
const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'] as const;
/** Files with the certificates of whom programs believe: of Node, OpenSSL, curl, git, Python, pip, Cargo and AWS. */
export const certificateFiles = [
  ...(['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'REQUESTS_CA_BUNDLE'] as const),
  ...(['PIP_CERT', 'CARGO_HTTP_CAINFO', 'AWS_CA_BUNDLE'] as const),
] as const;
/** Folders with such files. */
export const certificateFolders = ['SSL_CERT_DIR', 'GIT_SSL_CAPATH'] as const;

const common = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'],
  ...[...proxies, 'no_proxy', 'NO_PROXY', ...certificateFiles, ...certificateFolders],
] as const;
const credentials = ['SSH_AUTH_SOCK', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'] as const;
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment that a job's commands start from: the machine's search path, language, home, proxies and certificates,
 * and nothing of Volt's own; a job's code is not trusted with it.
 * @param options.trusted whether it may know the passwords of proxies
 * @param options.named further variables that jobs get
 */
export function jobEnvironment({
  trusted = false,
  named = [],
}: {
  trusted?: boolean;
  named?: readonly string[];
} = {}): Record<string, string> {
  const machine = inherited([...named, ...common]);
  for (const name of trusted ? [] : proxies) if (machine[name]) machine[name] = withoutLogin(machine[name]);
  return { PATH: searchPath, HOME: home(), ...machine, CI: 'true' };
}

/** The environment for programs of Volt's own: git with the user's configuration and keys, and the embedded Redis. */
export function toolEnvironment(): Record<string, string> {
  return { PATH: searchPath, HOME: home(), ...forGit(inherited([...common, ...credentials])) };
}

/** The environment for git where nothing of the machine's user is to count: no home, no agent. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: searchPath, ...forGit(inherited(common)), HOME: '/nonexistent' };
}

/** Passwords of proxies in an environment, as they are written and as they are meant. */
export function proxyPasswords(env: Readonly<Record<string, string>>): string[] {
  const found = proxies.flatMap((name) => {
    const login = env[name] === undefined ? undefined : loginPattern.exec(env[name])?.[2];
    return login?.slice(login.indexOf(':') + 1) ?? [];
  });
  return [...new Set(found.flatMap((password) => [password, decoded(password)]))].filter((one) => one !== '');
}

/** A name and a password, up to the last "@": one that was not escaped may hold one itself. */
const loginPattern = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)@/is;

function withoutLogin(proxy: string): string {
  return proxy.replace(loginPattern, '$1');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** git knows certificates by variables of its own, and its HTTP library often by nothing else. */
function forGit({ SSL_CERT_FILE, SSL_CERT_DIR, ...others }: Record<string, string>): Record<string, string> {
  return {
    ...(SSL_CERT_FILE !== undefined && { SSL_CERT_FILE, GIT_SSL_CAINFO: SSL_CERT_FILE }),
    ...(SSL_CERT_DIR !== undefined && { SSL_CERT_DIR, GIT_SSL_CAPATH: SSL_CERT_DIR }),
    ...others,
  };
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
