import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Addresses of the internet; the closed ones belong to no machine there. */
export const world = {
  public4: '203.0.113.9',
  public6: '2001:db8:9::9',
  private: ['10.1.2.3', '172.20.0.3', '192.168.5.5', '100.64.1.1', 'fd12:3456::3'],
  closed: ['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::23', 'fd00:c1::a9fe:a9fe'],
} as const;
/** Addresses of the machine, on three interfaces; the first is in its network. */
export const machine = ['198.51.100.2', '2001:db8:1::2', '172.17.0.1', '10.66.0.1'] as const;
/** Other hosts in the machine's network, at addresses that could also be on the internet. */
export const neighbours = ['198.51.100.1', '2001:db8:1::1'] as const;
/** Address of the machine's resolver, which knows this one name. */
const resolver = '127.0.0.53';
export const publicName = 'somewhere.example';

/**
 * Makes the machine, with a network and mounts of its own and a /dev/net/tun that everybody may open, and beside it a
 * network for the internet. Both end with the process group.
 */
const script = `
set -e
ip link set lo up
unshare --net sleep 3600 & world=$!
until [ "$(readlink /proc/$world/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link add eth0 type veth peer name world
ip link set world netns $world
ip link add docker0 type veth peer name tun7
there() { nsenter --net=/proc/$world/ns/net "$@"; }
there ip link set lo up
there ip link set world up
there ip addr add ${neighbours[0]}/24 dev world
there ip addr add ${neighbours[1]}/64 dev world nodad
for address in ${[world.public4, world.public6, ...world.private, ...world.closed].join(' ')}; do there ip addr add $address dev lo; done
ip link set eth0 up
ip link set docker0 up
ip addr add ${machine[0]}/24 dev eth0
ip addr add ${machine[1]}/64 dev eth0 nodad
ip addr add ${machine[2]}/16 dev docker0
ip addr add ${machine[3]}/24 dev tun7
ip route add default via ${neighbours[0]}
ip -6 route add default via ${neighbours[1]}
mount --bind "$1" /etc/resolv.conf
mount -t tmpfs -o mode=755 none /dev/net
mknod -m 666 /dev/net/tun c 10 200
echo $world
exec sleep 3600`;

/** Answers "you are there" to every connection, and at /said the next line of standard input, once. */
const everybody = `
const { createServer } = require('node:http');
const lines = []; const waiting = [];
const meet = () => { while (lines.length > 0 && waiting.length > 0) waiting.shift().end(lines.shift()); };
require('node:readline').createInterface(process.stdin).on('line', (line) => { lines.push(line); meet(); });
createServer((request, response) => {
  if (request.url !== '/said') return response.end('you are there');
  waiting.push(response);
  meet();
}).listen(80, '::', () => console.log('ready'));`;

/** Resolves every name to the public IPv4 address. */
const nameServer = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5;
  const isFour = query.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isFour ? 1 : 0, 6);
  head.writeUInt16BE(0, 8); head.writeUInt16BE(0, 10);
  const answer = isFour ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ${world.public4.split('.').join(', ')}]) : Buffer.alloc(0);
  socket.send(Buffer.concat([head, answer]), port, address);
}).bind(53, '${resolver}', () => console.log('ready'));`;

/** A machine with a network, and an internet with everything that a job might look for. Needs root and ip(8). */
export class SmallInternet {
  readonly #folder: string;
  readonly #holder: ChildProcess;
  readonly #others: ChildProcess[] = [];
  #world = '';

  private constructor(folder: string, holder: ChildProcess) {
    this.#folder = folder;
    this.#holder = holder;
  }

  static async start(): Promise<SmallInternet> {
    const folder = mkdtempSync(join(tmpdir(), 'volt-internet-'));
    const names = join(folder, 'resolv.conf');
    writeFileSync(names, `nameserver ${resolver}\n`);
    const holder = spawn('unshare', ['--net', '--mount', 'bash', '-c', script, 'sh', names], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const internet = new SmallInternet(folder, holder);
    try {
      const [said] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
      if (holder.exitCode !== null) throw new Error(`the network was not made: code ${holder.exitCode}`);
      internet.#world = String(said).trim();
      await internet.node(everybody, { outside: true });
      await internet.node(nameServer);
      return internet;
    } catch (error) {
      await internet.end();
      throw error;
    }
  }

  /** Command prefix that runs a command on the machine. */
  get inside(): string[] {
    return ['nsenter', `--target=${this.#holder.pid}`, '--net', '--mount', '--'];
  }

  /** Command prefix that runs a command outside of the machine. */
  get outside(): string[] {
    return ['nsenter', `--net=/proc/${this.#world}/ns/net`, '--'];
  }

  /**
   * Runs a Node script on the machine or outside of it, and waits for its first output; the script runs until the end.
   */
  node(text: string, where: { outside?: boolean } = {}): Promise<ChildProcess> {
    return this.program([process.execPath, '-e', text], where);
  }

  /** The same for any program, until it prints that text. */
  async program(argv: readonly string[], { outside = false, says = '' } = {}): Promise<ChildProcess> {
    const [command = '', ...rest] = [...(outside ? this.outside : this.inside), ...argv];
    const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#others.push(child);
    let output = '';
    const said = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk;
        if (output.includes(says)) resolve();
      });
    });
    await Promise.race([said, once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`ended before it began: ${argv.join(' ')}\n${output}`);
    return child;
  }

  /** Makes the internet answer the next request for /said with a text. */
  say(text: string): void {
    this.#others[0]?.stdin?.write(`${text}\n`);
  }

  async end(): Promise<void> {
    for (const child of this.#others) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    // after a failure, its child processes are still in its group
    const ended = this.#holder.exitCode === null ? once(this.#holder, 'exit') : undefined;
    process.kill(-(this.#holder.pid as number), 'SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
