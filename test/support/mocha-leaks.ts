/**
 * A test that leaves a connection, a timer or a child behind fails the run. Mocha would wait for them for ever (`exit:
 * false`); this hook names them and ends with its own exit code. A rejection that nobody handles fails the run, too,
 * also between two tests and after the last one. Mocha passes it on to listeners of the process, and ignores it if
 * there is none.
 */
import type { Server, Socket } from 'node:net';

/** The exit code; too high to be a number of failed tests. */
const LEFT_BEHIND = 254;

/** Milliseconds for what is still closing when the last test ends. */
const GRACE_MS = 3_000;

/** by promise, because Mocha reports each rejection twice */
const rejections = new Map<Promise<unknown>, { reason: unknown; when: string }>();
let latest = 'before the first test';

process.on('unhandledRejection', (reason, promise) => {
  rejections.set(promise, { reason, when: latest });
});

process.once('beforeExit', () => {
  if (rejections.size === 0) return;
  tellRejections();
  failWhenExiting();
});

function tellRejections(): void {
  for (const { reason, when } of rejections.values()) {
    console.error(`\nA rejection that nobody has handled, ${when}:`, reason);
  }
}

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    latest = `in or after the test "${this.currentTest?.fullTitle() ?? ''}"`;
  },

  afterAll(): void {
    // The timer is unreferenced, so it fires only if something else keeps the process alive.
    setTimeout(fail, GRACE_MS).unref();
  },
};

function fail(): void {
  const handles = openHandles();
  // on a busy machine the process may only not have come to its end
  if (handles.length === 0) return;
  console.error(`\nThe tests are over, but ${GRACE_MS / 1000} s later these still keep the process alive:`);
  for (const name of handles) console.error(`  - ${name}`);
  tellRejections();
  failWhenExiting();
  process.exit(LEFT_BEHIND);
}

/** Mocha sets its own exit code when the process exits; later listeners override it. */
function failWhenExiting(): void {
  process.on('exit', () => {
    process.exitCode = LEFT_BEHIND;
  });
}

/**
 * What keeps Node alive, by kind; details of sockets and children come from an internal list that has no public
 * equivalent.
 */
function openHandles(): string[] {
  const handles = (process as { _getActiveHandles?: () => object[] })._getActiveHandles?.() ?? [];
  const details = handles.map(describe).filter((text) => text !== undefined);
  const kinds = process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(TTYWrap|PipeWrap|ProcessWrap|TCP\w*Wrap)$/.test(kind));
  return [...details, ...kinds];
}

function describe(handle: object): string | undefined {
  if ('pid' in handle)
    return `child ${handle.pid}: ${'spawnargs' in handle ? (handle.spawnargs as string[]).join(' ') : ''}`;
  const kind = handle.constructor.name;
  if (kind === 'Server') return `server ${JSON.stringify((handle as Server).address())}`;
  if (kind !== 'Socket' && kind !== 'TLSSocket') return undefined;
  const socket = handle as Socket & { fd?: number; path?: string };
  if (socket.remoteAddress) return `connection to ${socket.remoteAddress}:${socket.remotePort}`;
  return undefined;
}
