import type { Percentiles, StatisticsGroup } from '../../../kernel/model/statistics-shapes.ts';
import { duration } from '../../../kernel/times.ts';
import { Table } from '../table.tsx';
import { countOf, type Days, nameOf, passRate } from './group-words.ts';

/** What the charts show, as a table for those who cannot see them or want to copy the numbers. */
export function Numbers({ groups, days }: { groups: readonly StatisticsGroup[]; days: Days | undefined }) {
  const rows = groups.filter((group) => countOf(group) > 0).toReversed();
  return (
    <details id="numbers">
      <summary>The charts as a table</summary>
      <Table
        class="cards"
        rows={rows}
        columns={[
          { head: days ? 'Time' : 'Builds', class: 'name', cell: (group) => nameOf(group, days) },
          { head: 'Passed', class: 'number', cell: ({ passed }) => String(passed) },
          { head: 'Failed', class: 'number', cell: ({ failed }) => String(failed) },
          { head: 'Errors', class: 'number', cell: ({ errors }) => String(errors) },
          { head: 'Pass rate', class: 'number', cell: passRate },
          { head: 'Duration', class: 'number', cell: (group) => timesText(group.duration) },
          { head: 'Waited', class: 'number', cell: ({ wait }) => timesText(wait) },
          { head: 'Tests', class: 'number', cell: ({ tests }) => (tests === null ? '–' : String(tests.total)) },
        ]}
      />
    </details>
  );
}

/** `32 s`, or `32 s, p95 1 min 4 s` of several */
function timesText(times: Percentiles | null): string {
  if (times === null) return '–';
  const { p50, p95 } = times;
  return p50 === p95 ? duration(p50) : `${duration(p50)}, p95 ${duration(p95)}`;
}
