import { homedir } from 'node:os';
import { join } from 'node:path';
import { decoded } from './decoded.ts';

/** The environment of this process; no other file reads `process.env`. */
export const environment = process.env;

/** Whether no person is watching, as in continuous integration. */
export function isAutomated(): boolean {
  return Boolean(environment.CI);
}

/** Whether programs that this process starts can show a window. */
export function hasDisplay(platform: NodeJS.Platform): boolean {
  return platform === 'darwin' || Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}

/** A variable that a person names, such as one that holds a secret. */
export function variableOf(name: string): string | undefined {
  return environment[name];
}

/** The user's folder for caches of Volt. */
export function userCache(): string {
  return join(environment.XDG_CACHE_HOME || join(home(), '.cache'), 'volt');
}

/** The user's folder for settings of Volt. */
export function userSettings(): string {
  return join(environment.XDG_CONFIG_HOME || join(home(), '.config'), 'volt');
}

/** Variables for proxies; some programs read lower case, others upper case. */
const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'] as const;
/** Variables by which package managers find mirrors of their registries, and what they take from elsewhere. */
const registries = [
  ...(['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'UV_INDEX_URL', 'UV_EXTRA_INDEX_URL', 'UV_DEFAULT_INDEX'] as const),
  ...(['NPM_CONFIG_REGISTRY', 'GOPROXY', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GOFLAGS'] as const),
] as const;
/** Variables that name files with trusted certificates, for Node, OpenSSL, curl, git, Python, pip, Cargo and AWS. */
export const certificateFiles = [
  ...(['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'REQUESTS_CA_BUNDLE'] as const),
  ...(['PIP_CERT', 'CARGO_HTTP_CAINFO', 'AWS_CA_BUNDLE'] as const),
] as const;
/** Variables that name folders with such files. */
export const certificateFolders = ['SSL_CERT_DIR', 'GIT_SSL_CAPATH'] as const;

const common = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'],
  ...[...proxies, 'no_proxy', 'NO_PROXY', ...certificateFiles, ...certificateFolders],
] as const;
const credentials = ['SSH_AUTH_SOCK', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'] as const;
/** Programs such as nft are here, and the search path of an ordinary user at Debian lacks these folders. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'] as const;
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The base environment of a job's commands: the machine's search path, language, home, proxies, registries and certificates,
 * and no variable of Volt.
 * @param options.trusted whether the job may know passwords of proxies and registries
 * @param options.named further variables for jobs
 */
export function jobEnvironment({
  trusted = false,
  named = [],
}: {
  trusted?: boolean;
  named?: readonly string[];
} = {}): Record<string, string> {
  const machine = inherited([...named, ...common, ...registries]);
  for (const name of trusted ? [] : proxies) if (machine[name]) machine[name] = withoutLogin(machine[name]);
  for (const name of trusted ? [] : registries)
    if (machine[name]) machine[name] = machine[name].replaceAll(loginInList, '$1');
  return { PATH: usualPath, HOME: home(), ...machine, CI: 'true' };
}

/** The environment of programs that Volt runs for itself, such as git with the user's configuration and keys. */
export function toolEnvironment(): Record<string, string> {
  const { PATH: path = usualPath, ...machine } = forGit(inherited([...common, ...credentials]));
  return { PATH: [...new Set([...path.split(':'), ...systemFolders])].join(':'), HOME: home(), ...machine };
}

/** Variables by which podman finds its settings, its images and the registries. */
const engineSettings = [
  ...(['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'CONTAINERS_REGISTRIES_CONF', 'REGISTRY_AUTH_FILE'] as const),
  ...(['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'DBUS_SESSION_BUS_ADDRESS'] as const),
] as const;

/** The environment of a container engine that Volt starts. */
export function engineEnvironment(): Record<string, string> {
  return { ...toolEnvironment(), ...inherited(engineSettings) };
}

/** The search path of the programs that Volt runs for itself. */
export function searchPath(): string {
  return toolEnvironment().PATH ?? usualPath;
}

/** The environment of git without the machine's user: no home, no agent. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: usualPath, ...forGit(inherited(common)), HOME: '/nonexistent' };
}

/** The variables for proxies in an environment, in both cases of letters as far as they are set at all. */
export function proxiesIn(env: Readonly<Record<string, string>>): Record<string, string> {
  const names = [...proxies, 'no_proxy', 'NO_PROXY'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name] || env[name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase()];
      return value ? [[name, value]] : [];
    }),
  );
}

/** Variables of the machine that mean nothing in an image, such as paths, or that containers get in another form. */
const ofMachine: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'RUSTUP_HOME'],
  ...certificateFiles,
  ...certificateFolders,
  ...[...proxies, 'no_proxy', 'NO_PROXY'],
]);

/** What a job's environment has for its containers, beside proxies and certificates: registries, and what people have set. */
export function environmentInside(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofMachine.has(name)));
}

/** Passwords of proxies and registries in an environment, URL-encoded and decoded. */
export function networkPasswords(env: Readonly<Record<string, string>>): string[] {
  const logins = [
    ...proxies.map((name) => loginPattern.exec(env[name] ?? '')?.[2]),
    ...registries.flatMap((name) => [...(env[name] ?? '').matchAll(loginInList)].map(([, , login]) => login)),
  ];
  const found = logins.flatMap((login) => login?.slice(login.indexOf(':') + 1) ?? []);
  return [...new Set(found.flatMap((password) => [password, decoded(password)]))].filter((one) => one !== '');
}

/** A name and a password, up to the last "@": an unescaped password may contain "@". */
const loginPattern = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)@/is;
/** The same in each URL of a list, as in `https://me:word@host,direct`. */
const loginInList = /([a-z][a-z0-9+.-]*:\/\/)([^\s,|/]*)@/gi;

function withoutLogin(proxy: string): string {
  return proxy.replace(loginPattern, '$1');
}

/** Names the certificates in git's own variables, since its HTTP library often reads no others. */
function forGit({ SSL_CERT_FILE, SSL_CERT_DIR, ...others }: Record<string, string>): Record<string, string> {
  return {
    ...(SSL_CERT_FILE !== undefined && { SSL_CERT_FILE, GIT_SSL_CAINFO: SSL_CERT_FILE }),
    ...(SSL_CERT_DIR !== undefined && { SSL_CERT_DIR, GIT_SSL_CAPATH: SSL_CERT_DIR }),
    ...others,
  };
}

/** In many containers the user has no entry in the passwd file, and so no home. */
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
