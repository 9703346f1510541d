import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { within } from '../../system/wait.ts';

/** Milliseconds between two comments on a quiet stream: proxies and browsers close a connection without data. */
const keepAlive = 15_000;

/** Milliseconds after which a browser reconnects. */
const retry = 1000;

/** One event in the form of https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export function event(fields: { event?: string; id?: string; data: unknown }): string {
  const head = `${fields.event ? `event: ${fields.event}\n` : ''}${fields.id === undefined ? '' : `id: ${fields.id}\n`}`;
  // JSON has no line ends, so one data line is enough
  return `${head}data: ${JSON.stringify(fields.data)}\n\n`;
}

/** Makes the events of a stream. It must end when `gone` is aborted. */
export type Producer = (gone: AbortSignal) => AsyncGenerator<string>;

/** The client of a stream. */
export interface Listener {
  /** its token, or its address without one: what counts as one client for the limits */
  sender: string;
  /** whether it has a token */
  known: boolean;
  /** whether its token or session is still valid, with the same rights */
  isValid(): Promise<boolean>;
}

/**
 * The most open streams, about 45 kB each: of one sender, of all clients without a token, and of all. A browser has one or
 * two for each tab.
 */
const most = { sender: 100, unknown: 250, all: 500 } as const;

/** Milliseconds between two checks whether the client may still have its stream. */
const checkInterval = 2000;

/** Every event stream of this process. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #most: { sender: number; unknown: number; all: number };
  readonly #open = new Map<AbortController, Listener>();
  #closed = false;

  constructor(logger: Logger, bounds: { sender: number; unknown: number; all: number } = most) {
    this.#logger = logger;
    this.#most = bounds;
  }

  /**
   * Answers with a stream of events. The producer makes the next event only when the client has taken the one before, so a
   * slow client has one event in memory.
   * @returns undefined if too many streams are open
   */
  answer(produce: Producer, listener: Listener): Response | undefined {
    if (!this.#hasRoomFor(listener)) return undefined;
    const gone = new AbortController();
    const events = produce(gone.signal);
    const encoder = new TextEncoder();
    let pending: Promise<IteratorResult<string>> | undefined;
    let over = false;
    let quietSince = Date.now();
    let checkedAt = Date.now();
    const finish = () => {
      over = true;
      this.#open.delete(gone);
      gone.abort();
      // the generator ends after its current wait; nobody is left to get its error
      void events.return(undefined).catch(() => undefined);
    };
    /** The next event, or a comment if there is none for a while; undefined at the end. */
    const next = async (): Promise<string | undefined> => {
      for (;;) {
        if (Date.now() - checkedAt >= checkInterval) {
          if (!(await listener.isValid())) return undefined;
          checkedAt = Date.now();
        }
        pending ??= events.next();
        const result = await within(pending, checkInterval);
        if (result === undefined && Date.now() - quietSince < keepAlive) continue;
        quietSince = Date.now();
        if (result === undefined) return ': still here\n\n';
        pending = undefined;
        return result.done ? undefined : result.value;
      }
    };
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(encoder.encode(`retry: ${retry}\n\n`)),
        pull: async (controller) => {
          // only when the client reads: the answer to a HEAD request never gets here
          this.#open.set(gone, listener);
          if (this.#closed) gone.abort();
          const text = await next().catch((error) => {
            if (!over) this.#logger.warn(`an event stream failed: ${errorText(error)}`);
            return undefined;
          });
          if (over) return;
          if (text !== undefined) return controller.enqueue(encoder.encode(text));
          finish();
          controller.close();
        },
        cancel: finish,
      },
      { highWaterMark: 1 },
    );
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    for (const gone of this.#open.keys()) gone.abort();
  }

  #hasRoomFor({ sender, known }: Listener): boolean {
    const open = [...this.#open.values()];
    const count = (like: (listener: Listener) => boolean) => open.filter(like).length;
    if (open.length >= this.#most.all || count((one) => one.sender === sender) >= this.#most.sender) return false;
    return known || count((one) => !one.known) < this.#most.unknown;
  }
}
