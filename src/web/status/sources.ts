import type { StageContext } from '../../queues/stage.ts';
import type { Database } from '../../record/database.ts';

/** The services that the state of Volt is read from. */
export interface StatusSources extends StageContext {
  readonly database: Database;
}
