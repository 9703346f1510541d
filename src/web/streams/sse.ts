import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { within } from '../../system/wait.ts';

/** Proxies and browsers give up a connection on which nothing moves; a comment is sent this often, in milliseconds. */
const keepAlive = 15_000;

/** How soon a browser shall connect again, in milliseconds. */
const retry = 1000;

/** One event in the form of https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export function event(fields: { event?: string; id?: string; data: unknown }): string {
  const head = `${fields.event ? `event: ${fields.event}\n` : ''}${fields.id === undefined ? '' : `id: ${fields.id}\n`}`;
  // JSON holds no line ends, so one data line is enough
  return `${head}data: ${JSON.stringify(fields.data)}\n\n`;
}

/** What a producer of events is given: it ends when `gone` is aborted, and rings for itself then. */
export type Producer = (gone: AbortSignal) => AsyncGenerator<string>;

/** Who a stream is for. */
export interface Listener {
  /** what counts as one: a token, or an address */
  sender: string;
  /** whether it has shown a token */
  known: boolean;
  /** whether it may still listen */
  holds(): Promise<boolean>;
}

/**
 * Streams that are open at once, some 45 kB each: of one sender, of all who have shown no token, and of all. A browser has
 * one or two for each tab.
 */
const most = { sender: 100, unknown: 250, all: 500 } as const;

/** Whether somebody may still listen is asked this often, in milliseconds. */
const askEvery = 2000;

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
   * Answers with a stream of events. The producer is asked for the next event only when the client has taken the one
   * before, so a slow client holds one event in memory and no more.
   * @returns undefined where too many are open
   */
  answer(produce: Producer, listener: Listener): Response | undefined {
    if (!this.#hasRoomFor(listener)) return undefined;
    const gone = new AbortController();
    const events = produce(gone.signal);
    const encoder = new TextEncoder();
    let asked: Promise<IteratorResult<string>> | undefined;
    let over = false;
    let quietSince = Date.now();
    let heldAt = Date.now();
    const finish = () => {
      over = true;
      this.#open.delete(gone);
      gone.abort();
      // a generator that waits ends when its wait does; nobody is there to hear of an error
      void events.return(undefined).catch(() => undefined);
    };
    /** The next event, or a comment where there is none for long; undefined at the end. */
    const next = async (): Promise<string | undefined> => {
      for (;;) {
        if (Date.now() - heldAt >= askEvery) {
          if (!(await listener.holds())) return undefined;
          heldAt = Date.now();
        }
        asked ??= events.next();
        const result = await within(asked, askEvery);
        if (result === undefined && Date.now() - quietSince < keepAlive) continue;
        quietSince = Date.now();
        if (result === undefined) return ': still here\n\n';
        asked = undefined;
        return result.done ? undefined : result.value;
      }
    };
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(encoder.encode(`retry: ${retry}\n\n`)),
        pull: async (controller) => {
          // not before somebody reads: the answer to a HEAD request never gets here
          this.#open.set(gone, listener);
          if (this.#closed) gone.abort();
          const text = await next().catch((error) => {
            if (!over) this.#logger.warn(`an event stream broke off: ${errorText(error)}`);
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

  /** Ends all of them. */
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
