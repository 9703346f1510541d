import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { run, step, succeeds } from './run.ts';

/** Timeout of a health check (ms), which podman lacks. */
const healthTimeout = 15_000;

/** A container engine with Docker's command line. */
export interface Engine {
  readonly name: 'docker' | 'podman';
  /** Runs a command of the engine, such as `inspect`. */
  command(...args: string[]): Promise<string>;
  /** Runs a command of Compose. */
  compose(...args: string[]): Promise<string>;
  /**
   * Runs the health check of a container once. Podman leaves scheduling to systemd, which is missing here and in
   * containers; Docker schedules checks itself.
   */
  checkHealth?(container: string): Promise<void>;
  /** further arguments of `build` */
  readonly buildArguments: readonly string[];
  close(): Promise<void>;
}

/**
 * Docker if it works, otherwise podman with its service for Compose.
 * @param folder for files of its own
 */
export async function startEngine(folder: string): Promise<Engine> {
  if (await succeeds('docker', ['info'], { timeout: 20_000 })) return docker();
  step('there is no Docker that answers: podman takes its place');
  await requirePodman();
  return startPodman(folder);
}

function docker(): Engine {
  return {
    name: 'docker',
    command: (...args) => run('docker', args),
    compose: (...args) => run('docker', ['compose', ...args]),
    buildArguments: [],
    close: async () => {},
  };
}

/** Debian packages that podman needs to replace Docker; the last two are for container networks. */
const podmanPrograms = {
  podman: 'podman',
  'docker-compose': 'docker-compose',
  mmdebstrap: 'mmdebstrap',
  nftables: 'nft',
  'aardvark-dns': '/usr/lib/podman/aardvark-dns',
};

/** @throws Error that says what to install, if something is missing */
async function requirePodman(): Promise<void> {
  const missing: string[] = [];
  for (const [name, program] of Object.entries(podmanPrograms)) {
    if (!(await succeeds('sh', ['-c', 'PATH="$PATH:/usr/sbin:/sbin" command -v "$1"', 'sh', program])))
      missing.push(name);
  }
  if (missing.length === 0) return;
  throw new Error(
    `missing: ${missing.join(', ')}. On Debian: apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
}

async function startPodman(folder: string): Promise<Engine> {
  const socket = join(folder, 'podman.sock');
  const env = {
    ...(await podmanSettings(folder)),
    DOCKER_HOST: `unix://${socket}`,
  };
  const service: ChildProcess = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const failed = once(service, 'error').then(([error]) => Promise.reject(error));
  await Promise.race([until('podman listens', () => existsSync(socket)), failed]);
  return {
    name: 'podman',
    command: (...args) => run('podman', args, { env }),
    compose: (...args) => run('docker-compose', args, { env }),
    checkHealth: async (container) => {
      // podman records a failed check itself; the container may be gone
      await succeeds('podman', ['healthcheck', 'run', container], { env, timeout: healthTimeout });
    },
    // health checks exist in Docker's format only; packages are fetched as on the machine; no layer images remain
    buildArguments: ['--format', 'docker', '--network', 'host', '--layers=false'],
    close: async () => {
      if (service.exitCode !== null) return;
      service.kill('SIGTERM');
      await once(service, 'close');
    },
  };
}

/**
 * Makes podman work where crun or its limits do not: runc, which supports every cgroup layout, and the limits of this
 * process, because only a privileged process may raise them.
 */
async function podmanSettings(folder: string): Promise<Record<string, string>> {
  const limit = async (flag: string) => {
    const text = await run('sh', ['-c', `ulimit -H${flag}`]);
    return text === 'unlimited' ? '1048576' : text;
  };
  // dash calls the limit of processes "p", bash "u"
  const [files, processes] = [await limit('n'), await limit('p').catch(() => limit('u'))];
  const file = join(folder, 'containers.conf');
  const runtime = (await succeeds('runc', ['--version'])) ? 'runtime = "runc"\n' : '';
  writeFileSync(
    file,
    `[containers]\ndefault_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]\n[engine]\n${runtime}`,
  );
  return { CONTAINERS_CONF: file, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
}
