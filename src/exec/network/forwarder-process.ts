import { spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { errorText } from '../../system/error-text.ts';
import type { ForwardedPort, ForwarderAnswer, ForwarderTask } from './port-forwarder.ts';

/**
 * The process of port-forwarder.ts. A process cannot listen in one network and connect in another, so it starts itself again in the
 * job's network. That second process listens, hands the listening sockets over, and ends.
 */
const task = JSON.parse(process.argv[2] ?? '') as ForwarderTask;

if (process.send) await listen(task.ports);
else forward(task);

/** In the job's network. */
async function listen(ports: readonly ForwardedPort[]): Promise<void> {
  try {
    for (const [index, { port = 0 }] of ports.entries()) {
      const ipv4 = await serverAt('127.0.0.1', port);
      const chosen = (ipv4?.address() as AddressInfo | undefined)?.port;
      if (ipv4 && chosen !== undefined) {
        // a network without IPv6 has no such address
        const ipv6 = await serverAt('::1', chosen).catch(() => undefined);
        for (const server of [ipv4, ipv6]) if (server) await handOver({ index, port: chosen }, server);
      }
    }
  } catch (error) {
    // a message may be lost behind a socket that is being handed over
    process.stderr.write(errorText(error));
  }
  process.disconnect();
}

function serverAt(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port }, () => resolve(server));
  });
}

function handOver(message: Listening, server: Server): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, server, undefined, () => server.close(() => resolve()));
  });
}

/** A listening socket in the job's network. */
interface Listening {
  /** in the list of ports */
  index: number;
  port: number;
}

/** In the machine's network. */
function forward({ ports, enter }: ForwarderTask): void {
  const wrong = ports.find(({ to }) => isIP(to.host) === 0);
  // a name, or none, may mean the machine itself
  if (wrong) {
    answer({ problem: `"${wrong.to.host}" is not an IP address` });
    return;
  }
  const [program = '', ...args] = enter;
  const inside = [...args, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, inside, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const chosen: number[] = [];
  let problem = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    problem = (problem + chunk).slice(-500);
  });
  child.on('message', ({ index, port }: Listening, server) => {
    chosen[index] = port;
    const { to } = ports[index] as ForwardedPort;
    (server as Server).on('connection', (socket) => join(socket, to));
  });
  child.once('error', (error) => answer({ problem: errorText(error) }));
  child.once('close', () => {
    const isWhole = ports.every((_, index) => chosen[index] !== undefined);
    answer(isWhole ? { ports: chosen } : { problem: problem.trim() || 'nothing listens' });
  });
  process.stdin.on('end', () => process.exit());
  process.stdin.resume();
  // whoever signals a whole group or session does not mean it
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
}

function answer(said: ForwarderAnswer): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

/** Connects both ways; what one side ends, ends for the other one. */
function join(socket: Socket, to: { host: string; port: number }): void {
  const other = connect({ ...to, allowHalfOpen: true, noDelay: true });
  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.pipe(other);
  other.pipe(socket);
  socket.once('error', () => other.resetAndDestroy());
  other.once('error', () => socket.resetAndDestroy());
  socket.once('close', () => other.destroySoon());
  other.once('close', () => socket.destroySoon());
}
