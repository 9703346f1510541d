import type { Change } from '../../redis/channels.ts';
import { Bell } from './bell.ts';
import type { Notices } from './notices.ts';
import { event, type Producer } from './sse.ts';

/** A client that does not keep up misses the oldest changes beyond this many builds. */
const limit = 1000;

/** Changes of builds as they are announced; of several that a slow client has not taken yet, the last of each build. */
export function followChanges(notices: Notices): Producer {
  return async function* (gone) {
    const untold = new Map<string, Change>();
    const bell = new Bell();
    gone.addEventListener('abort', () => bell.ring());
    const stop = notices.onChange((change) => {
      untold.delete(change.build);
      untold.set(change.build, change);
      if (untold.size > limit) untold.delete(untold.keys().next().value as string);
      bell.ring();
    });
    try {
      while (!gone.aborted) {
        for (const [build, change] of untold) {
          untold.delete(build);
          yield event({ data: change });
        }
        await bell.wait(60_000);
      }
    } finally {
      stop();
    }
  };
}
