import { statSync } from 'node:fs';
import { EngineConnection } from './connection.ts';

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
    const patience = 10_000;
    const { Version: version, Components: components = [] } = await connection.docker<{
      Version: string;
      Components?: { Name: string }[];
    }>('/version', { patience });
    const kind = components.some(({ Name: name }) => name === 'Podman Engine') ? 'podman' : 'docker';
    // an engine that runs as a user has made the socket
    return new Engine(connection, { kind, version, isRootless: statSync(socket).uid !== 0 });
  }

  /** Whether it still answers. */
  async answers(): Promise<boolean> {
    return this.connection.docker('/version', { patience: 5000 }).then(
      () => true,
      () => false,
    );
  }

  /** Its name, version and rights, for people. */
  get title(): string {
    const rights = this.isRootless ? 'without root' : 'as root';
    return `${this.kind === 'podman' ? 'podman' : 'Docker'} ${this.version}, ${rights}, at ${this.connection.socket}`;
  }
}
