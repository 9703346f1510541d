import type { Context } from 'hono';
import { queueNames } from '../../queues/names.ts';
import type { WebEnv } from '../access/env.ts';
import type { QueueDepth } from '../schemas/system.ts';
import type { Web } from '../services.ts';
import { askRedis } from '../status/ask-redis.ts';
import { queueDepths } from '../status/queue-depths.ts';
import { queueWords } from '../status/queue-words.ts';
import { Command } from './command.tsx';
import { answerPage } from './layout.tsx';
import { FleetHead } from './runner-parts.tsx';
import { Table } from './table.tsx';

/** `/internals`: the queues between the stages, in plain words, for administrators. */
export async function internalsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const seen = await askRedis(web, () => Promise.all([queueDepths(web), web.queues.labelSets()]));
  return answerPage(context, web, {
    title: 'Internals',
    section: 'runners',
    confidential: true,
    content: (
      <div data-refresh="3">
        <FleetHead context={context} view="internals" />
        <section id="queues" data-live="">
          <h2>Queues</h2>
          <p>
            The stages hand work to each other as messages in Redis. The database knows what is true: what is lost here
            is sent again.
          </p>
          {seen ? <Queues depths={seen[0]} labelSets={seen[1]} /> : <p class="empty">Redis does not answer.</p>}
        </section>
        <section>
          <h2>Messages</h2>
          <p>
            The queue board shows single messages, and retries or removes them. <em>Completed</em> messages are kept for
            a while so that none is sent twice. <em>Failed</em> ones are dead letters: no stage has understood them, and{' '}
            <Command line="volt status" /> reports them. It says <em>No workers</em> of{' '}
            <code>{queueNames.setAside}</code>, which is normal. The board is a program of others, Bull Board, and is
            not made for keyboards and screen readers; this page has the same numbers.
          </p>
          <p>
            <a class="button" href="/queues">
              Open the queue board
            </a>
          </p>
        </section>
      </div>
    ),
  });
}

/** Whether the messages that wait in a queue are dead letters. */
function isSetAside({ name }: QueueDepth): boolean {
  return name === queueNames.setAside;
}

function Queues({ depths, labelSets }: { depths: QueueDepth[]; labelSets: string[][] }) {
  return (
    <Table
      class="cards"
      rows={depths}
      idOf={({ name }) => `queue-${name}`}
      columns={[
        {
          head: 'Queue',
          class: 'name',
          cell: ({ name }) => <a href={`/queues/queue/${encodeURIComponent(name)}`}>{name}</a>,
        },
        { head: 'What it is for', label: false, cell: ({ name }) => queueWords(name, labelSets) },
        {
          head: 'Waiting',
          class: 'number',
          cell: (depth) => (isSetAside(depth) ? 0 : depth.waiting + depth.prioritized),
        },
        { head: 'At work', class: 'number', cell: ({ active }) => active },
        { head: 'Later', class: 'number', cell: ({ delayed }) => delayed },
        {
          head: 'Dead letters',
          class: 'number',
          cell: (depth) => depth.failed + (isSetAside(depth) ? depth.waiting : 0),
        },
      ]}
    />
  );
}
