import { age } from '../../kernel/times.ts';
import type { FleetMoment } from '../../record/fleet-minutes.ts';
import { type FleetInterval, type FleetRange, fleetIntervals, fleetRanges } from '../status/fleet-intervals.ts';
import { type Bar, Chart } from './chart.tsx';
import { countScale } from './chart-scale.ts';
import { RangeLinks } from './range-links.tsx';
import { Table } from './table.tsx';

const words: { readonly [R in FleetRange]: string } = { hour: 'hour', day: '24 hours' };

/** The range that a query names, the last hour by default. */
export function fleetRangeOf(text: string | undefined): FleetRange {
  return text === 'day' ? 'day' : 'hour';
}

interface Shown {
  /** the measured minutes of the range */
  minutes: readonly FleetMoment[];
  range: FleetRange;
  now: number;
}

/** Charts of waiting jobs and busy slots, and their numbers as a table. */
export function FleetCharts({ minutes, range, now }: Shown) {
  const intervals = fleetIntervals(minutes, range, fleetRanges[range].bar, now);
  const end = intervals.at(-1)?.to ?? now;
  const labels = intervals.map(({ from, to }) => (to === end ? 'now' : shortAge(end - from)));
  const bars = (value: (use: NonNullable<FleetInterval['use']>) => number, kind: string, what: string) =>
    intervals.map(({ from, use }): Bar => {
      if (use === null) return { title: '', parts: [] };
      return {
        title: `${age(now - from)}: ${countScale.label(value(use))} ${what}`,
        parts: [{ value: value(use), class: kind }],
      };
    });
  const known = intervals.flatMap(({ use }) => use ?? []);
  const slots = Math.max(0, ...known.map((use) => use.slots));
  const busy = known.reduce((sum, { meanBusy }) => sum + meanBusy, 0) / known.length;
  return (
    <>
      <div class="charts">
        <Chart
          title={`Waiting jobs, last ${words[range]}`}
          headline={known.length === 0 ? undefined : `at most ${Math.max(...known.map((use) => use.mostWaiting))}`}
          bars={bars((use) => use.mostWaiting, 'wait', 'waiting')}
          scale={countScale}
          labels={labels}
        />
        <Chart
          title={`Busy slots, last ${words[range]}`}
          headline={known.length === 0 ? undefined : `${countScale.label(busy)} of ${slots} on average`}
          bars={bars((use) => use.meanBusy, 'running', `of ${slots} busy`)}
          scale={countScale}
          {...(slots > 0 ? { top: slots } : {})}
          labels={labels}
        />
      </div>
      {known.length > 0 && (
        <Numbers intervals={fleetIntervals(minutes, range, fleetRanges[range].row, now)} now={now} />
      )}
    </>
  );
}

/** `−45 min`, `−18 h`; several fit below a chart on a phone */
function shortAge(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `−${minutes} min` : `−${Math.round(minutes / 60)} h`;
}

/** Links that choose the range. */
export function FleetRanges({ chosen, addressOf }: { chosen: FleetRange; addressOf: (range: FleetRange) => string }) {
  const ranges = Object.keys(fleetRanges) as FleetRange[];
  return (
    <RangeLinks
      ranges={ranges.map((range) => ({ words: words[range], href: addressOf(range), current: range === chosen }))}
    />
  );
}

/** What the charts show, for those who cannot see them. */
function Numbers({ intervals, now }: { intervals: FleetInterval[]; now: number }) {
  const rows = intervals.flatMap(({ from, use }) => (use === null ? [] : [{ from, ...use }])).toReversed();
  return (
    <details id="fleet-numbers">
      <summary>The charts as a table</summary>
      <Table
        class="cards"
        rows={rows}
        columns={[
          { head: 'From', class: 'name', cell: ({ from }) => age(now - from) },
          { head: 'Most waiting jobs', class: 'number', cell: ({ mostWaiting }) => String(mostWaiting) },
          { head: 'Busy slots', class: 'number', cell: ({ meanBusy }) => meanBusy.toFixed(1) },
          { head: 'Slots', class: 'number', cell: ({ slots }) => String(slots) },
        ]}
      />
    </details>
  );
}
