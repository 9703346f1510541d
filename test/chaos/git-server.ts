import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Serves one repository by git's own protocol. Only polling finds its commits, and any machine may fetch it. */
export class GitServer {
  readonly #daemon: ChildProcess;
  readonly port: number;

  private constructor(daemon: ChildProcess, port: number) {
    this.#daemon = daemon;
    this.port = port;
  }

  /** @param path of the repository */
  static async start(path: string): Promise<GitServer> {
    const port = await freePort();
    // not through `git`, which would stay as a process in between
    const program = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-daemon');
    const options = ['--reuseaddr', '--export-all', `--port=${port}`, `--base-path=${path}`];
    const daemon = spawn(program, [...options, path], { stdio: 'ignore', detached: true });
    await until('the git server accepts connections', () => accepts(port));
    return new GitServer(daemon, port);
  }

  /**
   * @param host name of this machine for the clients
   * @param port of the tunnel to it
   */
  url(host: string, port = this.port): string {
    return `git://${host}:${port}/.git`;
  }

  async stop(): Promise<void> {
    if (this.#daemon.exitCode !== null || this.#daemon.signalCode !== null) return;
    this.#daemon.kill('SIGKILL');
    await once(this.#daemon, 'exit');
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
