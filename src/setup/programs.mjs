/** Programs that Volt needs and npm does not bring: where they are found, and the one command that installs each. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {keyof typeof INSTALL} Family systems that install software alike
 * @typedef {object} Program
 * @property {string} title for people
 * @property {string[]} names its executables, the preferred one first
 * @property {string} [versions] a folder outside the search path that holds a folder for each version, with a `bin` in it
 * @property {string[]} [proof] arguments with which it must exit with 0: some systems have a name without the program
 * @property {string} code of the error when it is missing
 * @property {string} [otherwise] what to do instead of installing it
 * @property {string} [service] the system service that its package starts, which Volt does not want
 * @property {string} [package] its package, where most systems call it so
 * @property {Partial<Record<Family, string>>} [packages] its package where that has another name
 */

/** @satisfies {Record<string, Program>} */
export const PROGRAMS = {
  git: { title: 'git', names: ['git'], code: 'git_missing', package: 'git' },
  npm: {
    title: 'npm',
    names: ['npm'],
    code: 'npm_missing',
    package: 'npm',
    packages: { fedora: 'nodejs-npm', suse: 'npm-default', macos: 'node' },
  },
  redis: {
    title: 'a Redis server (redis-server or valkey-server)',
    names: ['redis-server', 'valkey-server'],
    code: 'redis_missing',
    otherwise: 'use a running one: set VOLT_REDIS_URL=redis://host:6379',
    service: 'redis-server',
    package: 'redis',
    packages: { debian: 'redis-server', ubuntu: 'redis-server', fedora: 'valkey', arch: 'valkey' },
  },
  bubblewrap: {
    title: 'bubblewrap, for sandboxes',
    names: ['bwrap'],
    code: 'bubblewrap_missing',
    package: 'bubblewrap',
  },
  pasta: { title: 'pasta, for networks of jobs', names: ['pasta'], code: 'pasta_missing', package: 'passt' },
  nft: { title: 'nft, for the rules of such networks', names: ['nft'], code: 'nft_missing', package: 'nftables' },
};

/**
 * Families by the ids in os-release.
 * @type {Record<string, Family>}
 */
const FAMILIES = {
  debian: 'debian',
  ubuntu: 'ubuntu',
  fedora: 'fedora',
  rhel: 'rhel',
  centos: 'rhel',
  alpine: 'alpine',
  arch: 'arch',
  suse: 'suse',
  opensuse: 'suse',
};

/** How each family installs a package. */
const INSTALL = {
  debian: 'apt-get install -y',
  ubuntu: 'apt-get install -y',
  fedora: 'dnf install -y',
  rhel: 'dnf install -y',
  alpine: 'apk add',
  arch: 'pacman -S --noconfirm',
  suse: 'zypper install -y',
  macos: 'brew install',
};

/** Searched after PATH, which often lacks them for ordinary users and services. */
const FURTHER_FOLDERS = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * The machine as the setup sees it; tests pass in others.
 * @typedef {object} Machine
 * @property {string[]} folders searched for programs, in this order
 * @property {Family | undefined} family
 * @property {boolean} root
 * @property {boolean} interactive whether a person can answer a question
 * @property {string} policy the script that decides whether a Debian package may start its service
 * @property {string | undefined} systemctl its path, on a machine with systemd
 */

/** @returns {Machine} this one */
export function thisMachine() {
  const path = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const folders = [...path, ...FURTHER_FOLDERS.filter((folder) => !path.includes(folder))];
  return {
    folders,
    family: process.platform === 'darwin' ? 'macos' : familyOf(readOsRelease()),
    root: process.getuid?.() === 0,
    interactive: Boolean(process.stdin.isTTY && process.stdout.isTTY),
    policy: '/usr/sbin/policy-rc.d',
    systemctl: existsSync('/run/systemd/system') ? find(['systemctl'], folders) : undefined,
  };
}

/** @returns {string} */
function readOsRelease() {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // try the other file; without either no command can be named
    }
  }
  return '';
}

/**
 * @param {string} osRelease the text of /etc/os-release
 * @returns {Family | undefined} by ID, or else the first of ID_LIKE that is known
 */
export function familyOf(osRelease) {
  /** @param {string} key */
  const words = (key) => {
    const value = new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
    return value.toLowerCase().split(/\s+/);
  };
  return [...words('ID'), ...words('ID_LIKE')].map((id) => FAMILIES[id]).find(Boolean);
}

/**
 * @param {string[]} names
 * @param {string[]} folders
 * @returns {string | undefined} the path of the first such executable; the order of the names goes before that of the folders
 */
export function find(names, folders) {
  return findAll(names, folders)[0];
}

/**
 * @param {Program} program
 * @param {Machine} machine
 * @returns {string | undefined} its path, if it is installed and works
 */
export function findProgram({ names, versions, proof }, { folders }) {
  const found = findAll(names, [...folders, ...(versions ? versionsIn(versions) : [])]);
  return proof ? found.find((path) => works(path, proof)) : found[0];
}

/**
 * @param {string[]} names
 * @param {string[]} folders
 */
function findAll(names, folders) {
  return names.flatMap((name) => folders.map((folder) => join(folder, name)).filter(isExecutable));
}

/** @param {string} folder */
function versionsIn(folder) {
  return existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, 'bin')) : [];
}

/**
 * @param {string} path
 * @param {string[]} args
 */
function works(path, args) {
  const { status } = spawnSync(path, args, { stdio: 'ignore', timeout: 10_000 });
  return status === 0;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {Program} program
 * @param {Family | undefined} family
 * @returns {string} its package there, empty when none is known
 */
export function packageOf(program, family) {
  return (family && (program.packages?.[family] ?? program.package)) || '';
}

/**
 * @param {Program} program
 * @param {Machine} machine
 * @returns {string} what to do when the program is missing
 */
export function remedyFor(program, machine) {
  const name = packageOf(program, machine.family);
  const sudo = machine.root || machine.family === 'macos' ? '' : 'sudo ';
  const install =
    machine.family && name
      ? `run \`${sudo}${INSTALL[machine.family]} ${name}\``
      : `install ${program.title} with your system's package manager`;
  return [install, program.otherwise].filter(Boolean).join(', or ');
}
