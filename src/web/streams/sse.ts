import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { within } from '../../kernel/wait.ts';

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

/** Every event stream of this process. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #open = new Set<AbortController>();
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Answers with a stream of events. The producer is asked for the next event only when the client has taken the one
   * before, so a slow client holds one event in memory and no more.
   */
  answer(produce: Producer): Response {
    const gone = new AbortController();
    const events = produce(gone.signal);
    const encoder = new TextEncoder();
    let asked: Promise<IteratorResult<string>> | undefined;
    let over = false;
    const finish = () => {
      over = true;
      this.#open.delete(gone);
      gone.abort();
      // a generator that waits ends when its wait does; nobody is there to hear of an error
      void events.return(undefined).catch(() => undefined);
    };
    /** The next event, or a comment where there is none for long; undefined at the end. */
    const next = async (): Promise<string | undefined> => {
      asked ??= events.next();
      const result = await within(asked, keepAlive);
      if (result === undefined) return ': still here\n\n';
      asked = undefined;
      return result.done ? undefined : result.value;
    };
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(encoder.encode(`retry: ${retry}\n\n`)),
        pull: async (controller) => {
          // not before somebody reads: the answer to a HEAD request never gets here
          this.#open.add(gone);
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
    for (const gone of this.#open) gone.abort();
  }
}
