import type { Context } from 'hono';
import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import { buildIdOf, parseAttemptName } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { lostAttempts } from '../../record/runner-history.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/permission.ts';
import type { QueueDepth, SystemStatus } from '../schemas/system.ts';
import type { Web } from '../services.ts';
import { type FleetRunner, readFleet } from '../status/fleet.ts';
import { pageOfRunners } from '../status/runner-list.ts';
import { systemStatus } from '../status/system-status.ts';
import { FleetCharts, Losses } from './fleet-history.tsx';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Age, Problems } from './parts.tsx';
import { DrainNote, DrainOf, RunnerMark } from './runner-drain.tsx';
import { Table } from './table.tsx';
import { PageLinks, TextFilter } from './text-filter.tsx';

/** Days for which lost work is summed up. */
const lostDays = 7;
/** The most lost attempts that are summed up. */
const mostLost = 1000;

/** Runners on one page. */
const pageSize = 100;
/** Up to this many runners there is no filter. */
const few = 10;

/** `/runners`: the runners, the stages and the queues. */
export async function runnersPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const reader = context.get('reader');
  const [status, fleet] = await Promise.all([systemStatus(web, reader), readFleet(web, reader)]);
  const text = (context.req.query('text') ?? '').trim().slice(0, 256);
  const after = context.req.query('after')?.slice(0, 300) || undefined;
  const { runners, next } = pageOfRunners(fleet?.runners ?? [], { limit: pageSize, text, after });
  const now = serverNow();
  const lost = await lostAttempts(web.database, reader, now - lostDays * 86_400_000, mostLost);
  return answerPage(context, web, {
    title: 'Runners',
    section: 'runners',
    content: (
      <div data-refresh="3">
        <Problems problems={status.problems} />
        <PageHead title="Runners" />
        {((fleet?.runners.length ?? 0) > few || text !== '') && (
          <TextFilter action="/runners" label="Name or machine" text={text} />
        )}
        <section id="runners" data-live="">
          <p class="faint">
            {status.runners ? `${status.runners.busy} of ${status.runners.slots} slots busy` : 'Slots unknown'} ·{' '}
            {status.builds
              ? `${status.builds.running} ${status.builds.running === 1 ? 'build' : 'builds'} running · ${status.builds.queued} queued`
              : 'builds unknown'}
          </p>
          {fleet ? (
            <Fleet runners={runners} narrowed={text !== '' || after !== undefined} now={now} />
          ) : (
            <p class="empty">Redis does not answer.</p>
          )}
          <PageLinks action="/runners" text={text} after={after} next={next} />
          {fleet && text === '' && after === undefined && <Away drains={fleet.away} now={now} />}
          <FleetCharts moments={web.fleet.moments} />
        </section>
        <section id="losses" data-live="">
          <h2>Work lost with runners</h2>
          <Losses lost={lost} days={lostDays} now={now} />
        </section>
        <section id="stages" data-live="">
          <h2>Stages</h2>
          <Stages stages={status.stages} now={now} />
        </section>
        <section id="queues" data-live="">
          <h2>Queues</h2>
          <Queues queues={status.queues} linked={may(context, 'admin')} />
        </section>
      </div>
    ),
  });
}

function Fleet({ runners, narrowed, now }: { runners: FleetRunner[]; narrowed: boolean; now: number }) {
  if (runners.length === 0 && narrowed) return <p class="empty">No runners match.</p>;
  if (runners.length === 0) {
    return (
      <p class="empty">
        No runners. Start one with <code>volt runner</code>.
      </p>
    );
  }
  return (
    <Table
      class="cards"
      rows={runners}
      idOf={({ id }) => `runner-${id}`}
      columns={[
        { head: 'Runner', class: 'name', cell: (runner) => <Name runner={runner} /> },
        { head: 'State', cell: (runner) => <State runner={runner} now={now} /> },
        { head: 'Slots', cell: ({ running, slots }) => `${running.length}/${slots}` },
        { head: 'Jobs', cell: ({ running }) => <AttemptLinks names={running} /> },
        { head: 'Labels', cell: ({ labels }) => labels.map((label) => <span class="label">{label}</span>) },
        { head: 'Load', class: 'number', cell: ({ load }) => load.toFixed(2) },
        { head: 'Heartbeat', class: 'number', cell: ({ heartbeatAt }) => <Age time={heartbeatAt} now={now} /> },
      ]}
    />
  );
}

function State({ runner, now }: { runner: FleetRunner; now: number }) {
  return (
    <>
      <RunnerMark runner={runner} />
      <DrainOf runner={runner} now={now} />
    </>
  );
}

/** The drained runners that are not connected. */
function Away({ drains, now }: { drains: RunnerDrain[]; now: number }) {
  return (
    <>
      {drains.map((drain) => (
        <p class="faint">
          <a href={`/runners/${encodeURIComponent(drain.runner)}`}>{drain.runner}</a> is not connected and{' '}
          <DrainNote drain={drain} now={now} />
        </p>
      ))}
    </>
  );
}

function Name({ runner }: { runner: FleetRunner }) {
  return (
    <>
      <a href={`/runners/${encodeURIComponent(runner.name)}`}>{runner.name}</a>
      <span class="by">
        {runner.host} · {runner.version}
      </span>
      {clockFault(runner) !== undefined && <span class="by">{clockFault(runner)}</span>}
    </>
  );
}

function AttemptLinks({ names }: { names: string[] }) {
  if (names.length === 0) return <span class="faint">none</span>;
  return (
    <>
      {names.map((name, index) => {
        const ref = parseAttemptName(name);
        return (
          <>
            {index > 0 && ' '}
            {ref ? <a href={`/builds/${buildIdOf(ref.job)}?job=${ref.job}`}>{name}</a> : name}
          </>
        );
      })}
    </>
  );
}

function Stages({ stages, now }: { stages: SystemStatus['stages']; now: number }) {
  return (
    <table class="cards">
      <thead>
        <tr>
          <th>Stage</th>
          <th>Machine</th>
          <th>Process</th>
          <th>Version</th>
          <th class="number">Up since</th>
        </tr>
      </thead>
      <tbody>
        {stages.flatMap(({ kind, alive, members }) =>
          members.length === 0 ? (
            <tr>
              <td class="name">
                <strong>{kind}</strong>
              </td>
              <td colspan={4}>{alive === null ? 'unknown' : <span class="status error">not running</span>}</td>
            </tr>
          ) : (
            members.map((member) => (
              <tr>
                <td class="name">
                  <strong>{kind}</strong>
                </td>
                <td data-label="Machine">{member.host}</td>
                <td data-label="Process">{member.pid}</td>
                <td data-label="Version">{member.version}</td>
                <td class="number" data-label="Up since">
                  <Age time={member.startedAt} now={now} />
                </td>
              </tr>
            ))
          ),
        )}
      </tbody>
    </table>
  );
}

/** @param linked whether the reader may open the queue board */
function Queues({ queues, linked }: { queues: QueueDepth[]; linked: boolean }) {
  return (
    <Table
      class="queues"
      rows={queues}
      columns={[
        {
          head: 'Queue',
          class: 'name',
          cell: ({ name }) => (linked ? <a href={`/queues/queue/${encodeURIComponent(name)}`}>{name}</a> : name),
        },
        { head: 'Waiting', class: 'number', cell: ({ waiting, prioritized }) => waiting + prioritized },
        { head: 'Active', class: 'number', cell: ({ active }) => active },
        { head: 'Delayed', class: 'number', cell: ({ delayed }) => delayed },
        { head: 'Dead letters', class: 'number', cell: ({ failed }) => failed },
      ]}
    />
  );
}
