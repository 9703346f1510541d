import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestFolders } from './folder.ts';
import { until } from './until.ts';

const program = '/usr/bin/docker-registry';

/** The user of registries that want a login. */
export const registryLogin = { username: 'ci', password: 'let me in' };
/** The password above by bcrypt, which is what the registry understands. */
const passwordHash = '$2y$05$abcdefghijklmnopqrstuu4h2R.N3/mVBA7Xh7aLzKSJDAsK61n52';

/** Whether a registry can be started here; `npm test` as root installs it on Debian. */
export function hasRegistry(): boolean {
  return existsSync(program);
}

/** A registry of images on this machine. */
export interface TestRegistry {
  port: number;
  /** Makes it forget an image. @param repository such as `library/tiny` */
  forget(repository: string): void;
  stop(): Promise<void>;
}

/** @param options `isPrivate`: only `registryLogin` may pull and push */
export async function startRegistry(folders: TestFolders, options: { isPrivate: boolean }): Promise<TestRegistry> {
  const folder = folders.make();
  const port = await freePort();
  const settings = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'images') }, cache: {}, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(options.isPrivate && { auth: { htpasswd: { realm: 'test', path: join(folder, 'users') } } }),
  };
  // JSON is YAML, too
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings));
  writeFileSync(join(folder, 'users'), `${registryLogin.username}:${passwordHash}\n`);
  const child: ChildProcess = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until('the registry answers', () => fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined));
  return {
    port,
    forget: (repository) =>
      rmSync(join(folder, 'images/docker/registry/v2/repositories', repository), { recursive: true }),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
