import type { Context } from 'hono';
import { serverNow } from '../../kernel/server-time.ts';
import { attemptsOfRunner } from '../../record/runner-history.ts';
import { listRunners } from '../../redis/membership.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { askRedis } from '../status/ask-redis.ts';
import { PastAttempts } from './fleet-history.tsx';
import { answerPage } from './layout.tsx';

const shown = 100;

/** `/runners/:name`: the jobs of one runner. */
export async function runnerPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = (context.req.param('name') ?? '').slice(0, 256);
  const [attempts, listed] = await Promise.all([
    attemptsOfRunner(web.database, context.get('reader'), name, shown),
    askRedis(web, () => listRunners(web.access)),
  ]);
  const alive = listed?.alive.filter((runner) => runner.name === name) ?? [];
  return answerPage(context, web, {
    title: name,
    section: 'runners',
    content: (
      <section id="runner" data-live="">
        <div class="path">
          <p>
            <a href="/runners">Runners</a> / {name}
          </p>
        </div>
        <h1>{name}</h1>
        <p class="faint">
          {alive.length === 0
            ? 'Not connected.'
            : alive
                .map(({ host, slots, running }) => `On ${host}: ${running.length} of ${slots} slots busy.`)
                .join(' ')}
        </p>
        {attempts.length === 0 ? (
          <p class="empty">No jobs yet.</p>
        ) : (
          <PastAttempts attempts={attempts} now={serverNow()} />
        )}
      </section>
    ),
  });
}
