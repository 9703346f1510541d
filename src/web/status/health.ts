import { within } from '../../system/wait.ts';
import { askRedis } from './ask-redis.ts';
import type { StatusSources } from './sources.ts';

/** Whether the database and Redis answer within a second, for load balancers and container engines. */
export async function health(
  web: StatusSources,
): Promise<{ status: 'ok' | 'failing'; record: boolean; redis: boolean }> {
  const [record, redis] = await Promise.all([
    answers(within(databaseAnswers(web), 1000)),
    answers(askRedis(web, () => web.access.client.ping())),
  ]);
  return { status: record && redis ? 'ok' : 'failing', record, redis };
}

async function databaseAnswers(web: StatusSources): Promise<true> {
  await web.database.db.selectFrom('meta').select('key').limit(1).execute();
  return true;
}

async function answers(asked: Promise<unknown>): Promise<boolean> {
  try {
    return (await asked) !== undefined;
  } catch {
    return false;
  }
}
