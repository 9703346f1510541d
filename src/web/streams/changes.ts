import { changesAfter, latestChange } from '../../record/changes.ts';
import type { Database } from '../../record/database.ts';
import type { Reader } from '../../record/visibility.ts';
import { Bell } from '../../system/wait.ts';
import type { Notices } from './notices.ts';
import { event, type Producer } from './sse.ts';

/** Milliseconds between two polls of the database: a notice may be lost, and there is none while Redis is away. */
const pollInterval = 2000;
/** Changes that are read from the database at once. */
const page = 100;

/**
 * A stream of the changes of builds, from the database. The id of an event is the number of its change, so a client that
 * reconnects continues where it was, whatever was restarted in between. A client gets only the last of several changes of a
 * build. Notices from Redis only say when to poll. Resolves when the position is known where the stream begins: from then on
 * it misses nothing, so a client must not hear of its stream before.
 * @param reader who gets the stream
 * @param last number of the last change that the client knows; undefined to begin with the next change
 */
export async function followChanges(
  { database, notices }: { database: Database; notices: Notices },
  reader: Reader,
  last: number | undefined,
): Promise<Producer> {
  const latest = await latestChange(database);
  return async function* (gone) {
    const bell = new Bell();
    const ring = () => bell.ring();
    gone.addEventListener('abort', ring);
    const stop = notices.onChange(ring);
    try {
      let sent = last ?? latest;
      if (sent > latest) {
        // the client knows another database, or builds were removed; numbers continue from here
        sent = latest;
        yield event({ event: 'reset', id: String(sent), data: {} });
      } else yield position(sent);
      while (!gone.aborted) {
        const seen = await latestChange(database);
        const changes = await changesAfter(database, sent, page, reader);
        for (const { id, ...change } of changes) {
          sent = id;
          yield event({ id: String(id), data: change });
          if (gone.aborted) return;
        }
        if (changes.length === page) continue;
        // skips changes that this reader may not see
        sent = Math.max(sent, seen);
        await bell.wait(pollInterval);
      }
    } finally {
      stop();
    }
  };
}

/** Gives a client its position without an event, so that it can continue there if the connection ends before an event. */
function position(id: number): string {
  return `id: ${id}\n\n`;
}
