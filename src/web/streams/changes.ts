import { changesAfter, latestChange } from '../../record/changes.ts';
import type { Database } from '../../record/database.ts';
import type { Reader } from '../../record/visibility.ts';
import { Bell } from '../../system/wait.ts';
import type { Notices } from './notices.ts';
import { event, type Producer } from './sse.ts';

/** A notice may be lost, and there is none while Redis is away, so the record is looked at this often (ms) all the same. */
const lookEvery = 2000;
/** So many changes are read from the record at once. */
const page = 100;

/**
 * Changes of builds, from the record: each event's id is the number of the change, so that a client that connects again
 * goes on where it was, whatever was restarted meanwhile. Of several changes that a client has not been told yet, it is
 * told the last of each build. What Redis announces only says when to look.
 * @param reader who is told
 * @param last number of the change that the client knows already; undefined to begin with what happens from now on
 */
export function followChanges(
  { database, notices }: { database: Database; notices: Notices },
  reader: Reader,
  last: number | undefined,
): Producer {
  return async function* (gone) {
    const bell = new Bell();
    const ring = () => bell.ring();
    gone.addEventListener('abort', ring);
    const stop = notices.onChange(ring);
    try {
      const latest = await latestChange(database);
      let told = last ?? latest;
      if (told > latest) {
        // the record is another one than the client has heard of, or builds were removed; numbers go on from here
        told = latest;
        yield event({ event: 'reset', id: String(told), data: {} });
      } else yield position(told);
      while (!gone.aborted) {
        const seen = await latestChange(database);
        const changes = await changesAfter(database, told, page, reader);
        for (const { id, ...change } of changes) {
          told = id;
          yield event({ id: String(id), data: change });
          if (gone.aborted) return;
        }
        if (changes.length === page) continue;
        // what this reader may not see is passed over
        told = Math.max(told, seen);
        await bell.wait(lookEvery);
      }
    } finally {
      stop();
    }
  };
}

/** Tells a client where it stands without an event: one that loses its connection before the first goes on from there. */
function position(id: number): string {
  return `id: ${id}\n\n`;
}
