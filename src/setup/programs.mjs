/** Programs that Volt needs but npm does not bring: where they are found, and the one command that installs each. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {keyof typeof INSTALL} Family systems that install software alike
 * @typedef {object} Program
 * @property {string} title as people call it
 * @property {string[]} names its executables, the preferred one first
 * @property {string} [versions] a folder beside the search path that holds a folder for each version, with a `bin` in it
 * @property {string[]} [proof] arguments with which it must end well: a name may be there without what is behind it
 * @property {string} code of the error when it is missing
 * @property {string} [otherwise] what to do instead of installing it
 * @property {string} [service] the system service that its package starts, which Volt does not want
 * @property {string} package the package it is in
 * @property {Partial<Record<Family, string>>} [packages] where that has another name; an empty one is no package
 */

/** @satisfies {Record<string, Program>} */
export const PROGRAMS = {
  git: {
    title: 'git',
    names: ['git'],
    code: 'git_missing',
    package: 'git',
  },
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
  chromium: {
    title: 'a browser (chromium or google-chrome)',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    code: 'chromium_missing',
    package: 'chromium',
    // Ubuntu's package only fetches a snap, which does not run in most containers; brew's is a cask.
    packages: { ubuntu: '', macos: '--cask chromium' },
  },
  make: {
    title: 'make',
    names: ['make'],
    code: 'make_missing',
    package: 'make',
  },
  pytest: {
    title: 'pytest',
    names: ['pytest', 'pytest-3'],
    code: 'pytest_missing',
    package: 'python3-pytest',
    packages: { alpine: 'py3-pytest', arch: 'python-pytest', macos: 'pytest' },
  },
  cargo: {
    title: 'Cargo',
    names: ['cargo'],
    // rustup puts a `cargo` there that only looks for the real one
    proof: ['--version'],
    code: 'cargo_missing',
    package: 'cargo',
    packages: { macos: 'rust', arch: 'rust' },
  },
  go: {
    title: 'Go',
    names: ['go'],
    code: 'go_missing',
    package: 'golang-go',
    packages: { fedora: 'golang', rhel: 'golang', alpine: 'go', arch: 'go', suse: 'go', macos: 'go' },
  },
  // brings Maven, a Java compiler and the plugins by which Maven works without a network; others have no such package
  maven: {
    title: "Maven with Debian's repository",
    names: ['mh_make'],
    code: 'maven_missing',
    package: 'maven-debian-helper',
    packages: { fedora: '', rhel: '', alpine: '', arch: '', suse: '', macos: '' },
  },
  gradle: {
    title: 'Gradle',
    names: ['gradle'],
    code: 'gradle_missing',
    package: 'gradle',
    packages: { fedora: '', rhel: '', suse: '' },
  },
  elixir: {
    title: 'Elixir',
    names: ['mix'],
    code: 'elixir_missing',
    package: 'elixir',
  },
  lfs: {
    title: 'Git LFS',
    names: ['git-lfs'],
    code: 'lfs_missing',
    package: 'git-lfs',
  },
  ip: {
    title: "ip, for networks of a test's own",
    names: ['ip'],
    code: 'ip_missing',
    package: 'iproute2',
    packages: { fedora: 'iproute', rhel: 'iproute', macos: '' },
  },
  systemd: {
    title: "systemd's own check of units (systemd-analyze)",
    names: ['systemd-analyze'],
    code: 'systemd_missing',
    package: 'systemd',
    packages: { alpine: '', macos: '' },
  },
  bubblewrap: {
    title: 'bubblewrap, for sandboxes',
    names: ['bwrap'],
    code: 'bubblewrap_missing',
    package: 'bubblewrap',
    packages: { macos: '' },
  },
  pasta: {
    title: 'pasta, for networks of jobs',
    names: ['pasta'],
    code: 'pasta_missing',
    package: 'passt',
    packages: { macos: '' },
  },
  nft: {
    title: 'nft, for the rules of such networks',
    names: ['nft'],
    code: 'nft_missing',
    package: 'nftables',
    packages: { macos: '' },
  },
  keyctl: {
    title: "keyctl, for keys of the kernel's",
    names: ['keyctl'],
    code: 'keyctl_missing',
    package: 'keyutils',
    packages: { macos: '' },
  },
  sshd: {
    title: 'an ssh server (sshd)',
    names: ['sshd'],
    code: 'sshd_missing',
    service: 'ssh',
    package: 'openssh-server',
    packages: { alpine: 'openssh', arch: 'openssh', suse: 'openssh', macos: 'openssh' },
  },
  postgres: {
    title: 'a PostgreSQL server',
    names: ['postgres'],
    // where Debian keeps it
    versions: '/usr/lib/postgresql',
    code: 'postgres_missing',
    service: 'postgresql',
    package: 'postgresql',
    packages: { fedora: 'postgresql-server', rhel: 'postgresql-server', suse: 'postgresql-server' },
  },
};

/**
 * Families by the names that os-release gives.
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

/** Searched after PATH, which lacks them for many ordinary users and services. */
const FURTHER_FOLDERS = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * The machine as the setup sees it; tests make up others.
 * @typedef {object} Machine
 * @property {string[]} folders where programs are looked for, in order
 * @property {Family | undefined} family
 * @property {boolean} root
 * @property {boolean} interactive whether a person can answer a question
 * @property {string} policy the file that Debian's packages ask before they start a service
 * @property {string | undefined} systemctl where systemd runs
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
      // The other one, or none: then no command can be named.
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
 * @returns {string | undefined} the path of the first such executable, the order of the names coming first
 */
export function find(names, folders) {
  return findAll(names, folders)[0];
}

/**
 * @param {Program} program
 * @param {Machine} machine
 * @returns {string | undefined} its path, where it is there and does what it should
 */
export function findProgram({ names, versions, proof }, { folders }) {
  const found = findAll(names, [...folders, ...(versions ? versionsIn(versions) : [])]);
  return proof ? found.find((path) => endsWell(path, proof)) : found[0];
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
function endsWell(path, args) {
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
 * @returns {string} its package there, empty when there is none
 */
export function packageOf(program, family) {
  return family ? (program.packages?.[family] ?? program.package) : '';
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
