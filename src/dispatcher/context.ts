import type { Problems } from '../kernel/problems.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';

/** What the parts of the dispatcher work with. */
export interface DispatcherContext extends StageContext {
  readonly database: Database;
}

/** What those work with that report what fails and is tried again. */
export interface WatchContext extends DispatcherContext {
  readonly problems: Problems;
}
