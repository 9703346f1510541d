import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { run, step, succeeds } from './run.ts';

/** A health check that takes longer (ms) is given up; podman itself would wait. */
const healthTimeout = 15_000;

/** A container engine with the commands of Docker. */
export interface Engine {
  readonly name: 'docker' | 'podman';
  /** Runs a command of the engine, such as `inspect`. */
  command(...args: string[]): Promise<string>;
  /** Runs a command of Compose. */
  compose(...args: string[]): Promise<string>;
  /**
   * Runs the health check of a container once. Podman leaves it to systemd to do that at the right times, and there is
   * none in containers and here; Docker does it by itself.
   */
  checkHealth?(container: string): Promise<void>;
  /** further arguments of `build` */
  readonly buildArguments: readonly string[];
  close(): Promise<void>;
}

/** Docker where it works, else podman with its service for Compose. @param folder for files of its own */
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

/** What podman takes to do Docker's work here, by Debian's packages; containers need the last two for their networks. */
const podmanPrograms = {
  podman: 'podman',
  'docker-compose': 'docker-compose',
  mmdebstrap: 'mmdebstrap',
  nftables: 'nft',
  'aardvark-dns': '/usr/lib/podman/aardvark-dns',
};

/** @throws with what to install, where something is missing */
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
      // a check that fails is noted by podman, and the container may be gone meanwhile
      await succeeds('podman', ['healthcheck', 'run', container], { env, timeout: healthTimeout });
    },
    // health checks are part of Docker's format alone; packages are fetched as the machine itself fetches them; no
    // images of single layers are left behind
    buildArguments: ['--format', 'docker', '--network', 'host', '--layers=false'],
    close: async () => {
      if (service.exitCode !== null) return;
      service.kill('SIGTERM');
      await once(service, 'close');
    },
  };
}

/**
 * What lets podman work where crun or its limits do not: runc, which takes every layout of cgroups, and the limits that
 * this process has itself, since only a privileged one may raise them.
 */
async function podmanSettings(folder: string): Promise<Record<string, string>> {
  const limit = async (flag: string) => {
    const text = await run('sh', ['-c', `ulimit -H${flag}`]);
    return text === 'unlimited' ? '1048576' : text;
  };
  // dash calls processes "p", bash "u"
  const [files, processes] = [await limit('n'), await limit('p').catch(() => limit('u'))];
  const file = join(folder, 'containers.conf');
  const runtime = (await succeeds('runc', ['--version'])) ? 'runtime = "runc"\n' : '';
  writeFileSync(
    file,
    `[containers]\ndefault_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]\n[engine]\n${runtime}`,
  );
  return { CONTAINERS_CONF: file, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
}
