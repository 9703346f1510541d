import type { Config } from '../kernel/config.ts';
import { userName } from '../system/user-name.ts';
import { recordAction } from './audit.ts';
import type { Database } from './database.ts';

/** Adds an entry to the audit log for what a user of this machine does to the database directly, without the API. */
export async function recordLocalAction(
  database: Database,
  { host }: Pick<Config, 'host'>,
  { action, target }: { action: string; target: string },
): Promise<void> {
  await recordAction(database, { actor: localActor(host), address: '', action, target, status: 200 });
}

/** The user of this machine, as the audit log names whoever changes the database without the API. */
export function localActor(host: string): string {
  return `${userName()} on ${host}`;
}
