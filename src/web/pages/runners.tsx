import type { Context } from 'hono';
import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { fleetMinutes } from '../../record/fleet-minutes.ts';
import { lostAttempts } from '../../record/runner-history.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import type { WebEnv } from '../access/env.ts';
import type { SystemStatus } from '../schemas/system.ts';
import type { Web } from '../services.ts';
import { type FleetRunner, readFleet } from '../status/fleet.ts';
import { type FleetRange, fleetRanges } from '../status/fleet-intervals.ts';
import { pageOfRunners } from '../status/runner-list.ts';
import { jobsNow, sharesBusy } from '../status/runner-work.ts';
import { systemStatus } from '../status/system-status.ts';
import { CommandLine } from './command.tsx';
import { FleetCharts, FleetRanges, fleetRangeOf } from './fleet-charts.tsx';
import { answerPage } from './layout.tsx';
import { Nothing } from './nothing.tsx';
import { Age, Problems } from './parts.tsx';
import { Losses } from './past-attempts.tsx';
import { DrainNote, DrainOf, RunnerMark } from './runner-drain.tsx';
import { FleetHead, Load, RunningJobs, Use } from './runner-parts.tsx';
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

/** `/runners`: the runners and the stages. */
export async function runnersPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const reader = context.get('reader');
  const now = serverNow();
  const range = fleetRangeOf(context.req.query('range'));
  const [status, fleet, minutes, lost] = await Promise.all([
    systemStatus(web, reader),
    readFleet(web, reader),
    fleetMinutes(web.database, now - fleetRanges[range].length - fleetRanges[range].row),
    lostAttempts(web.database, reader, now - lostDays * 86_400_000, mostLost),
  ]);
  const text = (context.req.query('text') ?? '').trim().slice(0, 256);
  const after = context.req.query('after')?.slice(0, 300) || undefined;
  const { runners, next } = pageOfRunners(fleet?.runners ?? [], { limit: pageSize, text, after });
  const [jobs, shares] = await Promise.all([
    jobsNow(web, reader, runners),
    sharesBusy(web, runners, fleetRanges.hour.length, now),
  ]);
  const isWhole = text === '' && after === undefined;
  return answerPage(context, web, {
    title: 'Runners',
    section: 'runners',
    content: (
      <div data-refresh="3">
        <FleetHead context={context} view="runners" />
        <Problems problems={status.problems} />
        {((fleet?.runners.length ?? 0) > few || text !== '') && (
          <TextFilter action="/runners" label="Name or machine" text={text} />
        )}
        <section id="runners" data-live="">
          <Summary status={status} />
          {fleet ? (
            <Fleet runners={runners} narrowed={!isWhole} work={{ jobs, shares }} now={now} />
          ) : (
            <p class="empty">Redis does not answer.</p>
          )}
          <PageLinks action="/runners" filter={{ text }} after={after} next={next} />
          {fleet && isWhole && <Away drains={fleet.away} now={now} />}
        </section>
        <section>
          <div class="list-head">
            <h2>Use</h2>
            <FleetRanges chosen={range} addressOf={(other) => addressOf(context, other)} />
          </div>
          <div id="use" data-live="">
            <FleetCharts minutes={minutes} range={range} now={now} />
          </div>
        </section>
        <section id="losses" data-live="">
          <h2>Work lost with runners</h2>
          <Losses lost={lost} days={lostDays} now={now} />
        </section>
        <section id="stages" data-live="">
          <h2>Stages</h2>
          <Stages stages={status.stages} now={now} />
        </section>
      </div>
    ),
  });
}

/** The address of this page with another range. */
function addressOf(context: Context<WebEnv>, range: FleetRange): string {
  const query = new URL(context.req.url).searchParams;
  query.set('range', range);
  return `/runners?${query}`;
}

function Summary({ status: { runners, jobs } }: { status: SystemStatus }) {
  const waiting = jobs && `${jobs.queued} ${jobs.queued === 1 ? 'job' : 'jobs'} waiting`;
  return (
    <p class="faint">
      {runners ? `${runners.busy} of ${runners.slots} slots busy` : 'Slots unknown'} · {waiting ?? 'jobs unknown'}
      {runners && runners.drained > 0 && ` · ${runners.drained} drained`}
      {runners && runners.stopping > 0 && ` · ${runners.stopping} stopping`}
    </p>
  );
}

interface FleetShown {
  runners: FleetRunner[];
  /** whether others exist that do not fit the filter or are on other pages */
  narrowed: boolean;
  work: { jobs: Awaited<ReturnType<typeof jobsNow>>; shares: ReadonlyMap<string, number> };
  now: number;
}

function Fleet({ runners, narrowed, work: { jobs, shares }, now }: FleetShown) {
  if (runners.length === 0 && narrowed) return <p class="empty">No runners match.</p>;
  if (runners.length === 0) {
    return (
      <Nothing title="No runner is connected">
        <p>Builds wait until there is one. On this machine, start it with:</p>
        <CommandLine line="volt runner" />
        <p>For another machine, make a key; the command prints what to type there:</p>
        <CommandLine line="volt runner-key add NAME" />
      </Nothing>
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
        { head: 'Busy', cell: ({ running, slots }) => `${running.length} of ${slots}` },
        { head: 'Last hour', cell: ({ name }) => <Use share={shares.get(name)} /> },
        { head: 'Jobs now', cell: ({ id }) => <RunningJobs {...(jobs.get(id) ?? { jobs: [], hidden: 0 })} /> },
        { head: 'Labels', cell: ({ labels }) => labels.map((label) => <span class="label">{label}</span>) },
        { head: 'Load', class: 'number', cell: (runner) => <Load runner={runner} /> },
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
        {runner.host === runner.name ? '' : `${runner.host} · `}Volt {runner.version}
      </span>
      {clockFault(runner) !== undefined && <span class="by">{clockFault(runner)}</span>}
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
          <th class="number">Started</th>
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
                <td class="number" data-label="Started">
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
