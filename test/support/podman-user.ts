import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sendSignal } from '../../src/system/processes.ts';
import { root } from './bundle.ts';
import { hasEngine, isRoot, tinyImage } from './engine.ts';
import { processesIn } from './seen-processes.ts';
import { makeTinyRoot } from './tiny-root.ts';

const run = promisify(execFile);

/** The user and the group that own nothing on Linux (nobody, nogroup). */
export const nobody = 65_534;

/**
 * Shows what follows the checkout at a path that everybody can reach, an opened /dev/net/tun, and subordinate ids of the user; the
 * machine stays as it is.
 */
const enter = `
mount --bind "$1" "$2/checkout"
touch /etc/subuid /etc/subgid
for name in subuid subgid; do mount --bind "$2/$name" "/etc/$name"; done
mount --bind "$2/tun" /dev/net/tun
cd "$2/home"
shift 2
exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups --inh-caps=-all "$@"`;

/** Whether tests can have podman as an ordinary user; they must run as root. */
export function hasPodmanUser(): boolean {
  const programs = ['/usr/bin/newuidmap', '/usr/bin/pasta', '/dev/net/tun'];
  return isRoot && hasEngine() && programs.every((path) => existsSync(path));
}

/** An ordinary user who has podman with subordinate ids and networks. */
export class PodmanUser {
  /** what `VoltProcesses.start` needs to start Volt as the user */
  readonly inside: string[];
  readonly env: Record<string, string>;
  readonly home: string;
  readonly #enter: string[];
  readonly #folder: string;

  /** @param folder empty */
  constructor(folder: string) {
    this.#folder = folder;
    this.home = join(folder, 'home');
    const settings = join(this.home, 'containers.conf');
    const runtime = join(this.home, 'run');
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'checkout'));
    for (const path of [this.home, runtime]) mkdirSync(path, { mode: 0o700 });
    for (const name of ['subuid', 'subgid']) writeFileSync(join(folder, name), `${nobody}:231072:65536\n`);
    // only root may raise limits
    const limits = '[containers]\ndefault_ulimits = ["nofile=1024:1024"]\n';
    writeFileSync(
      settings,
      `${limits}[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n`,
    );
    for (const path of [this.home, runtime, settings]) chownSync(path, nobody, nobody);
    this.env = { HOME: this.home, XDG_RUNTIME_DIR: runtime, CONTAINERS_CONF: settings };
    this.#enter = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-ec', enter, 'sh', root, folder];
    const cli = join(folder, 'checkout/dist/cli.js');
    this.inside = [...this.#enter, 'sh', '-c', 'node=$1 && shift 2 && exec "$node" "$0" "$@"', cli];
  }

  /** Makes the device of networks, and the image that tests use. */
  async prepare(): Promise<void> {
    await run('mknod', ['--mode=666', join(this.#folder, 'tun'), 'c', '10', '200']);
    const archive = join(this.#folder, 'tiny.tar');
    makeTinyRoot(join(this.#folder, 'tiny'), archive);
    copyFileSync(archive, join(this.home, 'tiny.tar'));
    const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await this.podman('import', '--change', path, join(this.home, 'tiny.tar'), `docker.io/library/${tinyImage}`);
  }

  /** @returns its output */
  async podman(...args: string[]): Promise<string> {
    const env = { ...this.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
    const [program = '', ...rest] = [...this.#enter, 'podman', ...args];
    return (await run(program, rest, { env })).stdout;
  }

  /** Ends podman's service, and removes all that podman has with the folder. */
  async remove(): Promise<void> {
    for (const pid of processesIn(this.home)) sendSignal(pid, 'SIGKILL');
    await this.podman('system', 'reset', '--force').catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
