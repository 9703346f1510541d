import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Engine } from '../../src/engine/engine.ts';
import type { RegistryLogin } from '../../src/engine/images.ts';
import { hasDocker, startDocker } from './docker-engine.ts';
import { makeTinyRoot } from './tiny-root.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** The image that each engine of a test has: a static busybox, and a user `node`. */
export const tinyImage = 'tiny:1';

/** Where distributions put what podman's networks need. */
const nameServers = ['/usr/lib/podman/aardvark-dns', '/usr/libexec/podman/aardvark-dns'];

/**
 * The engine that tests use: VOLT_TEST_ENGINE, which is `podman` by default, or `docker`. As another user than root, podman needs
 * subordinate ids and /dev/net/tun.
 */
export const engineKind = process.env.VOLT_TEST_ENGINE === 'docker' ? 'docker' : 'podman';
export const isRoot = process.getuid?.() === 0;

/** Whether this machine and user can run a container engine for tests; `npm test` as root installs podman on Debian. */
export function hasEngine(): boolean {
  if (engineKind === 'docker') return hasDocker();
  const has = (name: string) =>
    ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((folder) => existsSync(join(folder, name)));
  const programs = ['podman', 'runc', 'nft', 'busybox'].every(has);
  if (!programs || !nameServers.some((path) => existsSync(path))) return false;
  return isRoot ? mayStartContainers() : process.env.VOLT_TEST_ENGINE === 'podman' && has('newuidmap') && has('pasta');
}

/** Whether this machine can build images in jobs; `npm test` as root installs buildah on Debian. */
export function hasBuilder(): boolean {
  return ['/usr/bin', '/bin'].some((folder) => existsSync(join(folder, 'buildah')));
}

/** Whether root may make namespaces and control groups here, which it often may not inside of a container. */
function mayStartContainers(): boolean {
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/pids'].filter((path) => existsSync(path));
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    });
    return groups.some(isWritable);
  } catch {
    return false;
  }
}

/** Whether the engine can limit memory and processes here: without root, only with control groups of version 2. */
export function limitsContainers(): boolean {
  return isRoot || existsSync('/sys/fs/cgroup/cgroup.controllers');
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** An engine with its own store and its own service. */
export interface TestEngine {
  /** path of its socket, for VOLT_ENGINE */
  socket: string;
  /** environment in which its program uses its store */
  env: Record<string, string>;
  /** a new client */
  connect(): Promise<Engine>;
  /** Runs its program, `podman` or `docker`, on its store. @returns its output */
  podman(...args: string[]): Promise<string>;
  /** Makes an image of the tiny one. @param changes lines of a Dockerfile, such as `USER node` */
  makeImage(name: string, ...changes: string[]): Promise<void>;
  /** Puts an image into a registry. @param name with the registry's host */
  push(image: string, name: string, login?: RegistryLogin): Promise<void>;
  /** Kills the service with SIGKILL; containers live on. */
  kill(): Promise<void>;
  /** Starts the service again. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Removes all containers and networks, and the store. */
  stop(): Promise<void>;
}

export interface TestRegistries {
  plain?: string[];
  mirror?: string;
}

/**
 * Starts an engine with the image `tiny:1`.
 * @param registries hosts of registries that speak HTTP; `mirror` is asked first for images of Docker Hub
 */
export async function startEngine(registries: TestRegistries = {}): Promise<TestEngine> {
  if (engineKind === 'docker') return startDocker(registries);
  const folder = mkdtempSync(join(tmpdir(), 'volt-engine-'));
  const at = (...names: string[]) => join(folder, ...names);
  for (const name of ['store', 'run', 'state', 'networks']) mkdirSync(at(name));
  writeFileSync(
    at('storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${at('store')}"\nrunroot = "${at('run')}"\n`,
  );
  writeFileSync(at('containers.conf'), configuration(at));
  writeFileSync(at('registries.conf'), registriesConfiguration(registries));
  const env = {
    ...{ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' },
    XDG_RUNTIME_DIR: at('run'),
    ...{ CONTAINERS_CONF: at('containers.conf'), CONTAINERS_STORAGE_CONF: at('storage.conf') },
    // no logins of this machine
    ...{ CONTAINERS_REGISTRIES_CONF: at('registries.conf'), REGISTRY_AUTH_FILE: at('auth.json') },
  };
  const podman = async (...args: string[]) => (await run('podman', args, { env, cwd: '/' })).stdout;
  const socket = at('engine.sock');
  let service: ChildProcess;
  const connect = () => Engine.at(socket);
  const start = async () => {
    rmSync(socket, { force: true });
    const args = ['podman', 'system', 'service', '--time=0', `unix://${socket}`];
    service = spawn('setpriv', ['--pdeathsig', 'KILL', ...args], { env, stdio: 'ignore', cwd: '/' });
    await until('podman serves', () => connect().catch(() => undefined));
  };
  const kill = async () => {
    if (service.exitCode !== null || service.signalCode !== null) return;
    const ended = once(service, 'exit');
    service.kill('SIGKILL');
    await ended;
  };
  makeTinyRoot(at('tiny'), at('tiny.tar'));
  const makeImage = async (name: string, ...changes: string[]) => {
    const options = changes.flatMap((change) => ['--change', change]);
    const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await podman('import', '--change', path, ...options, at('tiny.tar'), `docker.io/library/${name}`);
  };
  await makeImage(tinyImage);
  await start();
  return {
    ...{ socket, env, connect, podman, makeImage, kill, start },
    push: async (image, name, login) => {
      await podman('push', ...(login ? ['--creds', `${login.username}:${login.password}`] : []), image, name);
    },
    freeze: () => void service.kill('SIGSTOP'),
    thaw: () => void service.kill('SIGCONT'),
    stop: async () => {
      await kill();
      // the last of these gives up what podman has mounted
      await podman('rm', '--all', '--force', '--time', '0', '--volumes');
      await podman('network', 'prune', '--force');
      // what it has mounted in its own namespace, and files of subordinate ids
      if (!isRoot)
        await podman(
          'unshare',
          'sh',
          '-c',
          // programs of podman that end may still write there
          'umount -l "$0/.local/share/containers/storage/overlay"; for time in 1 2 3; do rm -rf "$0/.local" && exit; sleep 1; done; exit 1',
          folder,
        );
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Nothing of it is shared with an engine of the machine, or with that of another run of tests. */
function configuration(at: (...names: string[]) => string): string {
  // podman looks for a free one in the range
  const range = `10.${128 + (process.pid % 120)}.0.0/16`;
  // only root may raise limits
  const most = isRoot ? '"nofile=20000:20000", "nproc=90000:90000"' : '"nofile=1024:1024"';
  return `[containers]
default_ulimits = [${most}]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
exit_command_delay = 30
tmp_dir = "${at('state')}"
[network]
network_config_dir = "${at('networks')}"
default_subnet_pools = [{"base" = "${range}", "size" = 24}]
`;
}

function registriesConfiguration({ plain = [], mirror }: TestRegistries): string {
  const registries = plain.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  if (mirror === undefined) return registries.join('');
  const hub = `[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "${mirror}"\ninsecure = true\n`;
  return [...registries, hub].join('');
}
