/**
 * A test that leaves a connection, a timer or a child behind fails the run. Mocha itself would wait for them for ever
 * (`exit: false`); this names them and ends with a code of its own. A rejection that nobody handles fails it too, also between two
 * tests and after the last one: Mocha passes it on to listeners of the process, and forgets it where there is none.
 */
import type { Server, Socket } from 'node:net';

/** The exit code, which is no number of failed tests that a run may have had besides. */
const LEFT_BEHIND = 254;

/** What is closing when the last test ends gets this long. */
const GRACE_MS = 3_000;

/** by promise: Mocha passes each on, so that it is heard twice */
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
    // Without a reference the timer does not keep the process alive: it fires only when something else does.
    setTimeout(fail, GRACE_MS).unref();
  },
};

function fail(): void {
  console.error(`\nThe tests are over, but ${GRACE_MS / 1000} s later these still keep the process alive:`);
  for (const name of openHandles()) console.error(`  - ${name}`);
  tellRejections();
  failWhenExiting();
  process.exit(LEFT_BEHIND);
}

/** Mocha sets its own exit code when the process exits; listeners that come later win. */
function failWhenExiting(): void {
  process.on('exit', () => {
    process.exitCode = LEFT_BEHIND;
  });
}

/** What Node knows by kind, and of sockets and children the details from an inner list that has no public twin. */
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
