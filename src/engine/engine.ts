import { statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { EngineConnection } from './connection.ts';

/** Milliseconds for the answer to a ping; a busy machine can be slow. */
const pingPatience = 20_000;

/** A container engine that answers. */
export class Engine {
  readonly connection: EngineConnection;
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  /** whether it runs as a user without root's rights */
  readonly isRootless: boolean;

  private constructor(connection: EngineConnection, about: Pick<Engine, 'kind' | 'version' | 'isRootless'>) {
    this.connection = connection;
    this.kind = about.kind;
    this.version = about.version;
    this.isRootless = about.isRootless;
  }

  /**
   * Asks what answers at a socket.
   * @param socket its path
   * @throws VoltError `engine_failed` where nothing answers in time, or something else; EngineRefusal
   */
  static async at(socket: string): Promise<Engine> {
    const connection = new EngineConnection(socket);
    const { headers } = await ping(connection);
    // the question for versions makes podman run the programs that it uses
    const podman = headers['libpod-api-version'];
    const docker = /^Docker\/(\S+)/.exec(String(headers.server ?? ''))?.[1];
    const version = podman === undefined ? (docker ?? 'of an unknown version') : String(podman);
    const kind = podman === undefined ? 'docker' : 'podman';
    // an engine that runs as a user has made the socket
    return new Engine(connection, { kind, version, isRootless: statSync(socket).uid !== 0 });
  }

  /** Whether it still answers. */
  async answers(): Promise<boolean> {
    return ping(this.connection).then(
      () => true,
      () => false,
    );
  }

  /** Its name, version and rights, for people. */
  get name(): string {
    const rights = this.isRootless ? 'without root' : 'as root';
    return `${this.kind === 'podman' ? 'podman' : 'Docker'} ${this.version}, ${rights}`;
  }

  /** Its name and its address. */
  get title(): string {
    return `${this.name}, at ${this.connection.socket}`;
  }
}

/** @throws VoltError `engine_failed` where nothing answers in time, EngineRefusal where it is no container engine */
async function ping(connection: EngineConnection): Promise<IncomingMessage> {
  const answer = await connection.stream('/_ping', { patience: pingPatience });
  return answer.resume();
}
