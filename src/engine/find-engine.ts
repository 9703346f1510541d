import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import { searchPath, variableOf } from '../system/environment.ts';
import { programOn } from '../system/search-path.ts';
import { Engine } from './engine.ts';
import { podmanService } from './podman-service.ts';

/** Variables of Docker and podman with the engine's address. */
const variables = ['DOCKER_HOST', 'CONTAINER_HOST'] as const;

/** Where containers can be run. */
export type EngineChoice = { engine: Engine } | { podman: string } | undefined;

/**
 * Finds the container engine of this machine: the one that a setting or a variable names, else one at a usual socket, else the
 * program podman.
 * @throws VoltError `engine_failed` where the named engine does not answer, and no other is to be used
 */
export async function chooseEngine({ engine }: Pick<Config, 'engine'>): Promise<EngineChoice> {
  if (engine) return { engine: await Engine.at(socketOf('VOLT_ENGINE', engine)) };
  for (const name of variables) {
    const address = variableOf(name);
    if (address) return { engine: await Engine.at(socketOf(name, address)) };
  }
  const silent: VoltError[] = [];
  for (const socket of usualSockets()) {
    if (!existsSync(socket)) continue;
    try {
      return { engine: await Engine.at(socket) };
    } catch (error) {
      // its daemon has ended, or serves other users
      silent.push(asVoltError(error));
    }
  }
  const podman = programOn(searchPath(), 'podman');
  if (podman !== undefined) return { podman };
  if (silent[0]) throw silent[0];
  return undefined;
}

/**
 * The engine that `chooseEngine` finds; Volt starts the service of podman if only the program is there.
 * @throws VoltError `engine_failed`
 */
export async function findEngine(config: Pick<Config, 'engine' | 'dataDir'>): Promise<Engine> {
  const choice = await chooseEngine(config);
  if (choice) return 'engine' in choice ? choice.engine : podmanService(choice.podman, config.dataDir);
  throw new VoltError('engine_failed', 'this machine has no container engine', { remedy: engineRemedy });
}

/**
 * The engine at a socket.
 * @param dataDir whose own service of podman is started again, if the socket is that one's
 * @throws VoltError `engine_failed`
 */
export async function engineAt(socket: string, dataDir: string): Promise<Engine> {
  try {
    return await Engine.at(socket);
  } catch (error) {
    const podman = programOn(searchPath(), 'podman');
    if (podman === undefined || !socket.startsWith(`${dataPaths(dataDir).engine}/`)) throw error;
    return podmanService(podman, dataDir);
  }
}

export const engineRemedy =
  'Install podman (Debian, Ubuntu: apt-get install podman nftables aardvark-dns) or Docker, or name the socket of a running engine in VOLT_ENGINE.';

/** @throws VoltError `engine_failed` where it is not the address of a Unix socket */
function socketOf(name: string, address: string): string {
  const path = address.replace(/^unix:\/\//, '');
  if (path.startsWith('/')) return path;
  const other = name === 'VOLT_ENGINE' ? '' : `, or set VOLT_ENGINE, which goes before ${name}`;
  throw new VoltError('engine_failed', `${name} is "${address}", which is not the path of a Unix socket`, {
    remedy: `Name a path such as /run/podman/podman.sock${other}.`,
  });
}

function usualSockets(): string[] {
  const own = variableOf('XDG_RUNTIME_DIR');
  const ofUser = own ? [join(own, 'docker.sock'), join(own, 'podman/podman.sock')] : [];
  return [...ofUser, '/run/docker.sock', '/run/podman/podman.sock'];
}
