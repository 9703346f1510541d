import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Engine } from '../../src/engine/engine.ts';
import type { TestEngine, TestRegistries } from './engine.ts';
import { makeTinyRoot } from './tiny-root.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Whether this machine and user can run a daemon of Docker for tests; `npm test` as root installs it on Debian. Two daemons would
 * share the rules of the firewall, so a person's own keeps tests from starting another.
 */
export function hasDocker(): boolean {
  if (existsSync('/run/docker.sock')) return false;
  const programs = ['/usr/sbin/dockerd', '/usr/bin/docker', '/usr/sbin/iptables', '/bin/busybox'];
  return process.getuid?.() === 0 && programs.every((program) => existsSync(program));
}

/** The daemon does not start here: some machines lack what it needs, such as modules of the kernel. */
export class DockerDoesNotStart extends Error {}

/** Starts Docker's daemon with a store of its own, as `startEngine` does. @throws DockerDoesNotStart */
export async function startDocker({ plain = [], mirror }: TestRegistries): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-engine-'));
  const at = (...names: string[]) => join(folder, ...names);
  const socket = at('engine.sock');
  const settings = {
    ...{ 'data-root': at('store'), 'exec-root': at('run'), pidfile: at('pid'), hosts: [`unix://${socket}`] },
    // containers outlive the daemon, as those of podman do
    'live-restore': true,
    // it does not shut the machine for what it forwards, which is podman's as well
    'ip-forward': false,
    ...{ bridge: 'none', 'userland-proxy': false, 'log-level': 'error', 'insecure-registries': plain },
    'default-address-pools': [{ base: `10.${128 + (process.pid % 120)}.0.0/16`, size: 24 }],
    ...(mirror !== undefined && { 'registry-mirrors': [`http://${mirror}`] }),
  };
  writeFileSync(at('daemon.json'), JSON.stringify(settings));
  const env = { PATH: path, HOME: folder, DOCKER_HOST: `unix://${socket}` };
  const docker = async (...args: string[]) => (await run('docker', args, { env, cwd: '/' })).stdout;
  const connect = () => Engine.at(socket);
  let service: ChildProcess;
  const start = async () => {
    rmSync(at('pid'), { force: true });
    const args = ['--pdeathsig', 'KILL', 'dockerd', '--config-file', at('daemon.json')];
    service = spawn('setpriv', args, { env, stdio: 'ignore', cwd: '/' });
    const isOver = () => service.exitCode !== null;
    const isServing = () =>
      connect().then(
        () => true,
        () => false,
      );
    await until('Docker serves, or does not start', async () => isOver() || (await isServing()));
    if (isOver()) throw new DockerDoesNotStart();
  };
  const end = async (signal: NodeJS.Signals) => {
    if (service.exitCode !== null || service.signalCode !== null) return;
    const ended = once(service, 'exit');
    service.kill(signal);
    await ended;
  };
  makeTinyRoot(at('tiny'), at('tiny.tar'));
  const makeImage = async (name: string, ...changes: string[]) => {
    const options = changes.flatMap((change) => ['--change', change]);
    const usual = `ENV PATH=/usr/local/sbin:/usr/local/bin:${path}`;
    await docker('import', '--change', usual, ...options, at('tiny.tar'), `docker.io/library/${name}`);
  };
  await start();
  await makeImage('tiny:1');
  return {
    ...{ socket, env, connect, podman: docker, makeImage, start },
    push: async (image, name, login) => {
      const host = name.split('/', 1)[0] as string;
      if (login) await docker('login', '--username', login.username, '--password', login.password, host);
      await docker('tag', image, name);
      await docker('push', name);
      await docker('rmi', name);
      if (login) await docker('logout', host);
    },
    kill: () => end('SIGKILL'),
    freeze: () => void service.kill('SIGSTOP'),
    thaw: () => void service.kill('SIGCONT'),
    stop: async () => {
      if (service.exitCode !== null || service.signalCode !== null) await start();
      const ids = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await docker('rm', '--force', '--volumes', ...ids);
      await docker('network', 'prune', '--force');
      await end('SIGTERM');
      await unmountAll(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A daemon whose containers outlive it leaves its folders mounted. */
async function unmountAll(folder: string): Promise<void> {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((each) => each.startsWith(`${folder}/`)).reverse()) await run('umount', [point]);
}
