import type { Context } from 'hono';
import { serverNow } from '../../kernel/server-time.ts';
import { attemptsOfRunner } from '../../record/runner-history.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/permission.ts';
import type { Web } from '../services.ts';
import { readFleet } from '../status/fleet.ts';
import { PastAttempts } from './fleet-history.tsx';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { DrainForm, DrainNote, DrainOf, RunnerMark } from './runner-drain.tsx';

const shown = 100;

/** `/runners/:name`: the jobs of one runner. */
export async function runnerPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = (context.req.param('name') ?? '').slice(0, 256);
  const reader = context.get('reader');
  const [attempts, fleet] = await Promise.all([
    attemptsOfRunner(web.database, reader, name, shown),
    readFleet(web, reader),
  ]);
  const alive = fleet?.runners.filter((runner) => runner.name === name) ?? [];
  const drain = alive[0]?.drain ?? fleet?.away.find(({ runner }) => runner === name) ?? null;
  const now = serverNow();
  return answerPage(context, web, {
    title: name,
    section: 'runners',
    content: (
      <section id="runner" data-live="">
        <PageHead
          title={
            <>
              {name}{' '}
              {alive.map((runner) => (
                <RunnerMark runner={runner} />
              ))}
            </>
          }
          above={[{ title: 'Runners', href: '/runners' }]}
          about={
            alive.length === 0
              ? 'Not connected.'
              : alive
                  .map(({ host, slots, running }) => `On ${host}: ${running.length} of ${slots} slots busy.`)
                  .join(' ')
          }
        >
          {may(context, 'admin') && <DrainForm runner={name} isDrained={drain !== null} />}
        </PageHead>
        {alive.map((runner) => (
          <p>
            <DrainOf runner={runner} now={now} />
          </p>
        ))}
        {alive.length === 0 && drain && (
          <p>
            <DrainNote drain={drain} now={now} />
          </p>
        )}
        {attempts.length === 0 ? <p class="empty">No jobs yet.</p> : <PastAttempts attempts={attempts} now={now} />}
      </section>
    ),
  });
}
