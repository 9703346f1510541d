import type { LineMark } from '../text/log-line.ts';
import type { Line } from '../text/terminal.ts';

/** A line in which something was found. */
export interface Hit {
  /** number of the line, from 0 */
  line: number;
  /** position in bytes of its beginning */
  start: number;
  mark: LineMark | null;
  /** the line as a page shows it, or a part of it if it is long */
  spans: Line;
  /** number of the first character of `spans` in the line */
  from: number;
  /** where it was found: ranges of characters of the whole line */
  found: [from: number, to: number][];
}

export interface Hits {
  hits: Hit[];
  /** where to continue; null after the whole log */
  next: Place | null;
}

/** A place in a log: a position in bytes, and the number of the line that begins there. */
export interface Place {
  position: number;
  line: number;
}

/** Hits as the API answers them: with the times at which their lines arrived, in ISO 8601. */
export interface TimedHits extends Hits {
  hits: TimedHit[];
}

export interface TimedHit extends Hit {
  at: string | null;
}
